/** Sessions are kept on the disk: what memory has let go is still there, and afterwards it is a recording. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
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

const ours = (...words: string[]) =>
  spawnSync(join(ROOT, 'bin', 'skbtracer'), words, { encoding: 'utf8', maxBuffer: 1 << 28 });

const hopsIn = (lines: string) => lines.match(/^\{"kind":"hop"/gm)?.length ?? 0;
/** What was saved of it while it ran, as `--json` prints it. */
let saved = '';

test('saved while it runs it has everything, and so has an export of it', async ({ page }, info) => {
  await openCapture(page, product.url);
  const status = page.getByRole('contentinfo');
  const link = status.getByRole('link', { name: 'Save' });
  await expect(link).toHaveAttribute('title', /everything of this session that is on the disk/);
  const saving = page.waitForEvent('download');
  await link.click();
  const file = join(info.outputDir, 'saved.skbt');
  await (await saving).saveAs(file);
  const replayed = ours('replay', '--json', file);
  expect(replayed.status).toBe(0);
  saved = replayed.stdout;
  expect(hopsIn(saved)).toBeGreaterThan(5000);

  await status.getByRole('button', { name: 'Export' }).click();
  const dialog = page.getByRole('dialog', { name: 'Export' });
  await expect(dialog).toContainText('Everything of this session that is on the disk, as a file');
  const exporting = page.waitForEvent('download');
  await dialog.getByRole('button', { name: 'JSON Lines' }).click();
  const lines = join(info.outputDir, 'session.jsonl');
  await (await exporting).saveAs(lines);
  expect(readFileSync(lines, 'utf8') === saved, 'the same lines').toBe(true);
});

test('when the server has ended it is a recording, with everything', async () => {
  expect(await product.stop()).toBe(0);
  const [file = '', ...more] = kept();
  expect(more).toEqual([]);
  for (const name of readdirSync(recordings))
    expect(statSync(join(recordings, name)).mode & 0o77, name).toBe(0);
  const replayed = ours('replay', '--json', join(recordings, file));
  expect(replayed.stderr).toContain('6,298 events, 0 lost');
  expect(replayed.status).toBe(0);
  expect(replayed.stdout === saved, 'what was saved is all that there is').toBe(true);
});

test('without a disk it says so, and what memory has is shown, and saved', async ({ page }, info) => {
  product = await startServer(replay, { memoryBytes: MEMORY, recordings: '/proc/none/such' });
  await openCapture(page, product.url);
  await expect(page.getByRole('contentinfo')).toContainText('not kept on the disk');
  const link = page.getByRole('contentinfo').getByRole('link', { name: 'Save' });
  await expect(link).toHaveAttribute('title', /what memory has of this session \(it is not kept/);
  const saving = page.waitForEvent('download');
  await link.click();
  const file = join(info.outputDir, 'memory.skbt');
  await (await saving).saveAs(file);
  const hops = hopsIn(ours('replay', '--json', file).stdout);
  expect(hops).toBeGreaterThan(100);
  expect(hops).toBeLessThan(1500);
  await showFirst(page);
  await expect(path(page)).toContainText(/no longer in memory/);
  await page.getByRole('navigation', { name: 'Views' }).getByText('Health').click();
  await expect(page.getByRole('region', { name: 'Source' })).toContainText(
    'the capture goes on in memory: cannot keep sessions in /proc/none/such',
  );
  expect(await product.stop()).toBe(0);
});
