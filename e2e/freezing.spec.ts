/** The last of a session as a recording of its own: by hand, and once what was waited for happens. */
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, type Page, test } from '@playwright/test';
import { NO_TRIGGER } from '../core/messages/freezing.ts';
import { type Product, ROOT, startServer } from './product.ts';
import { openCapture, selectFound } from './recorded.ts';

test.describe.configure({ mode: 'serial' });

const folder = join(tmpdir(), `skbtracer-e2e-freezing-${process.pid}`);
test.beforeAll(() => void mkdirSync(folder, { mode: 0o700 }));
const replay = [
  process.execPath,
  join(ROOT, 'e2e', 'replay.mjs'),
  join(ROOT, 'e2e', 'fixtures', 'capture.bin.gz'),
];
const frozen = (name: string) =>
  readdirSync(join(folder, name)).filter((file) => file.endsWith('-frozen.skbt'));
let product: Product;
test.afterAll(async () => {
  expect(await product.stop()).toBe(0);
  rmSync(folder, { recursive: true });
});

const dialog = (page: Page) => page.getByRole('dialog', { name: 'Freeze' });
const button = (page: Page) => page.getByRole('contentinfo').getByRole('button', { name: /[Ff]reeze/ });
const kept = (page: Page) => dialog(page).getByRole('link', { name: /Packet|By hand/ });

test('by hand it is everything that there is, and opens as a recording', async ({ page }) => {
  product = await startServer(replay, { recordings: join(folder, 'a') });
  await openCapture(page, product.url);
  await button(page).click();
  await dialog(page).getByLabel('The last').selectOption('1 h');
  await dialog(page).getByRole('button', { name: 'Freeze now' }).click();
  await expect(kept(page)).toContainText('By hand');
  expect(frozen('a')).toHaveLength(1);
  await kept(page).click();
  const recording = page.getByRole('region', { name: 'Recording' });
  await expect(recording).toContainText('kept because somebody asked for it');
  await expect(page.getByRole('region', { name: 'Packets' }).getByRole('status').first()).toHaveText('105');
});

test('what is wrong with what is waited for is said where it stands', async ({ page }) => {
  await openCapture(page, product.url);
  await button(page).click();
  const wait = dialog(page).getByRole('button', { name: 'Wait for it' });
  await dialog(page).getByLabel('Reason').fill('netfilter_drop no_reason');
  await expect(dialog(page).getByRole('alert')).toHaveText('this kernel has no drop reason NO_REASON');
  await expect(wait).toHaveAttribute('aria-disabled', 'true');
  await dialog(page).getByLabel('A drop').click();
  await expect(wait).toHaveAttribute('aria-disabled', 'true');
  await dialog(page).getByLabel('A packet that takes longer').click();
  await dialog(page).getByLabel('than, in ms').fill('soon');
  await expect(dialog(page).getByRole('alert')).toHaveText('milliseconds, as 10 or 0.5');
  await dialog(page).getByLabel('than, in ms').fill('0.5');
  await expect(wait).toHaveAttribute('aria-disabled', 'false');
});

test('once it happens it is kept, and opens at the packet, with why', async ({ page }) => {
  await openCapture(page, product.url);
  await button(page).click();
  await dialog(page).getByLabel('Reason').fill('netfilter_drop');
  await dialog(page).getByLabel('The last').selectOption('1 min');
  await dialog(page).getByRole('button', { name: 'Wait for it' }).click();
  await expect(dialog(page)).toContainText('Waiting, up to 10 times, for a drop by NETFILTER_DROP');
  await page.keyboard.press('Escape');
  await expect(button(page)).toHaveText('Waiting to freeze1');
  // the capture begins anew, and plays what happened once more
  await page.getByRole('button', { name: 'Apply' }).click();
  await expect(button(page)).toHaveText('Waiting to freeze2');
  await button(page).click();
  await expect(dialog(page).getByLabel('Reason')).toHaveValue('NETFILTER_DROP');
  await expect(dialog(page)).toContainText('Waiting, up to 9 times');
  const [first] = await kept(page).all();
  await expect(kept(page).first()).toContainText(/Packet \d+: dropped NETFILTER_DROP/);
  await dialog(page).getByRole('button', { name: 'Stop waiting' }).click();
  await expect(dialog(page)).not.toContainText('Waiting');
  await first?.click();
  await expect(page.getByRole('region', { name: 'Recording' })).toContainText(
    /kept because packet \d+: dropped NETFILTER_DROP/,
  );
  await expect(page).toHaveURL(/packet=\d+/);
  await expect(page.getByRole('region', { name: 'Path of the selected packet' })).toContainText(
    'NETFILTER_DROP',
  );
  // nobody had looked at these: the host was asked when it happened
  await selectFound(page, 'NETFILTER_DROP 9999');
  await expect(page.getByRole('region', { name: 'Why' })).toContainText('udp dport 9999');
  await page.goto(`http://localhost:${product.port}/recordings`);
  await expect(page.getByRole('textbox', { name: /note/i }).first()).toHaveValue(
    /^packet \d+: dropped NETFILTER_DROP$/,
  );
});

test('from the start, when the server is told to', async ({ page }) => {
  expect(await product.stop()).toBe(0);
  product = await startServer(replay, {
    recordings: join(folder, 'b'),
    freeze: { triggers: { ...NO_TRIGGER, drops: [] }, lastMs: 60_000, afterMs: 100, times: 1 },
  });
  await openCapture(page, product.url);
  await expect(button(page)).toHaveText('Freeze1');
  expect(frozen('b')).toHaveLength(1);
});
