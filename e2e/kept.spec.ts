/** Sessions are kept on the disk: what memory has let go is still there, and afterwards it is a recording. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, type Page, test } from '@playwright/test';
import { type Product, ROOT, startServer } from './product.ts';
import { openCapture } from './recorded.ts';

test.describe.configure({ mode: 'serial' });

// made for the tests, not for whoever only lists them
const folder = join(tmpdir(), `skbtracer-e2e-kept-${process.pid}`);
test.beforeAll(() => void mkdirSync(folder, { mode: 0o700 }));
const recordings = join(folder, 'recordings');
const replay = [
  process.execPath,
  join(ROOT, 'e2e', 'replay.mjs'),
  join(ROOT, 'e2e', 'fixtures', 'capture.bin.gz'),
];
const kept = () => readdirSync(recordings).filter((file) => file.endsWith('.skbt'));
/** An eighth of what the capture has. */
const MEMORY = 64 << 10;
let product: Product;
test.afterAll(() => rmSync(folder, { recursive: true }));

const path = (page: Page) => page.getByRole('region', { name: 'Path of the selected packet' });

async function showFirst(page: Page): Promise<void> {
  await page.locator('[data-packet]').first().click();
  await page.keyboard.press('Home');
  await expect(page).toHaveURL(/packet=1\b/);
}

test('a packet that memory has let go is read from the disk, whole', async ({ page }) => {
  product = await startServer(replay, { memoryBytes: MEMORY, recordings });
  await openCapture(page, product.url);
  await showFirst(page);
  await expect(path(page)).toContainText('read from the disk');
  const hops = Number(/([\d,]+) hops,/.exec((await path(page).textContent()) ?? '')?.[1]?.replace(',', ''));
  expect(hops).toBeGreaterThan(10);
  const grid = page.getByRole('grid', { name: 'Hops' });
  await expect(grid).toHaveAttribute('aria-rowcount', /\d+/);
  await page.getByRole('navigation', { name: 'Views' }).getByText('Health').click();
  const source = page.getByRole('region', { name: 'Source' });
  const [file = ''] = kept();
  await expect(source).toContainText(`The session is kept as ${file}`);
  await expect(source).toContainText('Recordings on the disk');
});

test('ways and times of packets that memory has let go are read from the disk, too', async ({ page }) => {
  await openCapture(page, product.url);
  const show = (view: string) =>
    page.getByRole('navigation', { name: 'Views' }).getByRole('button', { name: view }).click();
  // of which memory has the last few
  await page.getByRole('combobox', { name: 'Display filter' }).fill('udp');
  const listed = page.getByRole('region', { name: 'Packets' }).getByRole('status').first();
  await expect(listed).toHaveText(/^\d+ of 105$/);
  const count = (await listed.textContent())?.split(' ')[0];
  await show('Paths');
  const paths = page.getByRole('region', { name: 'Paths', exact: true });
  await expect(paths.getByRole('status').first()).toHaveText(new RegExp(`^\\d+ of ${count} packets$`));
  await show('Latency');
  const latency = page.getByRole('region', { name: 'Latency', exact: true });
  await expect(latency.getByRole('status').first()).toContainText(`${count} packets`);
});

test('when the server has ended it is a recording, with everything', async () => {
  expect(await product.stop()).toBe(0);
  const [file = '', ...more] = kept();
  expect(more).toEqual([]);
  for (const name of readdirSync(recordings))
    expect(statSync(join(recordings, name)).mode & 0o77, name).toBe(0);
  const ours = spawnSync(join(ROOT, 'bin', 'skbtracer'), ['replay', '--json', join(recordings, file)], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  expect(ours.stderr).toContain('6,298 events, 0 lost');
  expect(ours.status).toBe(0);
});

test('without a disk it says so, and what memory has is shown', async ({ page }) => {
  product = await startServer(replay, { memoryBytes: MEMORY, recordings: '/proc/none/such' });
  await openCapture(page, product.url);
  await expect(page.getByRole('contentinfo')).toContainText('not kept on the disk');
  await showFirst(page);
  await expect(path(page)).toContainText(/no longer in memory/);
  await page.getByRole('navigation', { name: 'Views' }).getByText('Health').click();
  await expect(page.getByRole('region', { name: 'Source' })).toContainText(
    'the capture goes on in memory: cannot keep sessions in /proc/none/such',
  );
  expect(await product.stop()).toBe(0);
});
