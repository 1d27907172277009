/** Two recordings held against each other: what only one has, and every number leads to its packets. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import { expect, type Page, test } from '@playwright/test';
import { writeRecording } from '../server/recording/test/make-recording.ts';
import { type Product, ROOT, startServer } from './product.ts';

test.describe.configure({ mode: 'serial' });

// made for the tests, not for whoever only lists them
const folder = join(tmpdir(), `skbtracer-e2e-compare-${process.pid}`);
test.beforeAll(() => void mkdirSync(folder, { mode: 0o700 }));
/** Of two captures that share a host: other traffic, and other drops. */
const BEFORE = '2026-01-02T03-04-05.678Z-edge-7';
const AFTER = '2026-01-03T03-04-05.678Z-edge-7';
const BROKEN = '2026-01-01T00-00-00.000Z-edge-7';
let product: Product;
test.beforeAll(async () => {
  const kept = join(folder, 'kept');
  mkdirSync(kept, { mode: 0o700 });
  await writeRecording(join(kept, `${BEFORE}.skbt`));
  await writeRecording(join(kept, `${AFTER}.skbt`), undefined, 'tasks');
  writeFileSync(join(kept, `${BROKEN}.skbt`), 'nothing that skbtracer wrote');
  const replay = [
    process.execPath,
    join(ROOT, 'e2e', 'replay.mjs'),
    join(ROOT, 'e2e', 'fixtures', 'capture.bin.gz'),
  ];
  product = await startServer(replay, { recordings: kept });
});
test.afterAll(async () => {
  expect(await product.stop()).toBe(0);
  rmSync(folder, { recursive: true });
});

const said: string[] = [];
test.beforeEach(async ({ page }) => {
  said.length = 0;
  page.on('pageerror', (error) => said.push(error.message));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) said.push(message.text());
  });
  await page.addInitScript(() => localStorage.setItem('skbtracer.welcomed', 'true'));
  await page.goto(product.url);
});
test.afterEach(() => expect(said, 'what the page wrote to its console').toEqual([]));

const section = (page: Page, name: string) => page.getByRole('region', { name, exact: true });

async function compare(page: Page, a: string, b: string): Promise<void> {
  await page.goto(new URL(`/compare?a=${a}&b=${b}`, product.url).href);
}

test('are chosen in the list by keyboard, the older one first', async ({ page }) => {
  await page.goto(new URL('/recordings', product.url).href);
  const box = (name: string) => page.locator(`[data-recording="${name}"]`).getByRole('checkbox');
  await expect(box(BROKEN)).toBeDisabled();
  await box(AFTER).press(' ');
  await expect(page.getByRole('status').filter({ hasText: 'Choose another' })).toBeVisible();
  await box(BEFORE).press(' ');
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations).toEqual([]);
  await page.getByRole('link', { name: 'Compare', exact: true }).press('Enter');
  await expect(section(page, 'Recording A')).toContainText('2026-01-02');
  await expect(section(page, 'Recording B')).toContainText('2026-01-03');
});

test('say what is different, and each number leads to the packets in its recording', async ({ page }) => {
  await compare(page, BEFORE, AFTER);
  await expect(section(page, 'Recording A')).toContainText('105 packets');
  await expect(section(page, 'Recording B')).toContainText('112 packets');
  await expect(page.getByRole('status').first()).toContainText(/dropped|only A has/);
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations).toEqual([]);
  // the count that the number shows is that of the list it leads to
  for (const [place, row] of [
    ['Verdicts', 'dropped'],
    ['Drops', 'NETFILTER_DROP'],
  ] as const) {
    const link = section(page, place).getByRole('row').filter({ hasText: row }).getByRole('link').first();
    const count = /: show them/.exec((await link.getAttribute('title')) ?? '')?.input?.split(':')[0] ?? '';
    expect(Number(count)).toBeGreaterThan(0);
    await link.click();
    await expect(page.getByRole('region', { name: 'Packets' }).getByRole('status').first()).toHaveText(
      `${count} of 105`,
    );
    await page.goBack();
  }
  const path = section(page, 'Paths').locator('tr', { hasText: 'only B' }).first();
  await expect(path).toContainText(/parts after|no path of A begins so/);
  await path.getByRole('button', { name: /^Steps/ }).press('Enter');
  await expect(page.getByRole('table', { name: 'Steps of both' })).toBeVisible();
  await path.getByRole('link').click();
  await expect(page.getByRole('region', { name: /^Packets of path/ })).toBeVisible();
});

test('that are the same have nothing only one has', async ({ page }) => {
  await page.goto(new URL('/recordings', product.url).href);
  // what runs is the same capture, and is kept, too
  const running = page.locator('[data-recording]', { hasText: 'being written' });
  await expect(running).toContainText('lab');
  const name = (await running.getAttribute('data-recording')) ?? '';
  await compare(page, BEFORE, name);
  await expect(section(page, 'Paths')).toContainText('0 only A has, 0 only B');
  await expect(page.getByRole('status').first()).toContainText('Both dropped');
});

test('that cannot be are told with why', async ({ page }) => {
  await compare(page, BEFORE, BROKEN);
  await expect(page.getByText('it is no recording of skbtracer')).toBeVisible();
  await compare(page, BEFORE, '2020-01-01-none');
  await expect(page.getByText('there is no such file')).toBeVisible();
  await compare(page, BEFORE, BEFORE);
  await expect(page.getByRole('heading', { name: 'That is one recording twice' })).toBeVisible();
  await compare(page, '', '..%2f..%2fetc');
  await expect(page.getByRole('heading', { name: 'Two recordings are needed' })).toBeVisible();
  await compare(page, BEFORE, '..%2f..%2fetc');
  await expect(page.getByRole('heading', { name: /cannot be compared/ })).toBeVisible();
});
