/** All that is kept: listed, noted, opened as what runs is shown, removed and brought back. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import { expect, type Page, test } from '@playwright/test';
import { PWRU_LINES } from '../core/model/import/test/imported.ts';
import { writeRecording } from '../server/recording/test/make-recording.ts';
import { type Product, ROOT, startServer } from './product.ts';
import { openCapture } from './recorded.ts';

test.describe.configure({ mode: 'serial' });

// made for the tests, not for whoever only lists them
const folder = join(tmpdir(), `skbtracer-e2e-recordings-${process.pid}`);
test.beforeAll(() => void mkdirSync(folder, { mode: 0o700 }));
const OLD = '2026-01-02T03-04-05.678Z-edge-7';
/** Of the capture's, by a rule. */
const DROPPED = 17;
const BROKEN = '2026-01-01T00-00-00.000Z-edge-7';
let product: Product;
test.beforeAll(async () => {
  mkdirSync(join(folder, 'kept'), { mode: 0o700 });
  await writeRecording(join(folder, 'kept', `${OLD}.skbt`), {
    why: 'dropped NETFILTER_DROP',
    packet: DROPPED,
    timeNs: 5_951_988_819,
  });
  writeFileSync(join(folder, 'kept', `${BROKEN}.skbt`), 'nothing that skbtracer wrote');
  const replay = [
    process.execPath,
    join(ROOT, 'e2e', 'replay.mjs'),
    join(ROOT, 'e2e', 'fixtures', 'capture.bin.gz'),
  ];
  product = await startServer(replay, { recordings: join(folder, 'kept') });
});
test.afterAll(async () => {
  expect(await product.stop()).toBe(0);
  rmSync(folder, { recursive: true });
});

test.beforeEach(async ({ page }) => {
  await openCapture(page, product.url);
  await page.getByRole('contentinfo').getByRole('link', { name: 'Recordings' }).click();
  await expect(page.getByRole('heading', { name: 'Recordings' })).toBeVisible();
});

const row = (page: Page, name: string) => page.locator(`[data-recording="${name}"]`);

test('are listed with what is known of them, the one that is written and the one that cannot be read', async ({
  page,
}) => {
  await expect(page.locator('[data-recording]')).toHaveCount(3);
  await expect(row(page, OLD)).toContainText('edge-7');
  await expect(row(page, OLD)).toContainText('105');
  await expect(page.locator('[data-recording]', { hasText: 'being written' })).toHaveCount(1);
  await expect(row(page, BROKEN)).toContainText('It cannot be read: it is no recording of skbtracer.');
  await expect(page.getByRole('banner')).toContainText(`3 in ${join(folder, 'kept')}`);
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations).toEqual([]);
});

test('have notes', async ({ page }) => {
  const note = row(page, OLD).getByRole('textbox');
  await note.fill('the day DNS died');
  await note.press('Enter');
  await page.reload();
  await expect(row(page, OLD).getByRole('textbox')).toHaveValue('the day DNS died');
});

test('are opened with all views, beside what runs', async ({ page }) => {
  await row(page, OLD).getByRole('link').first().click();
  await expect(page.getByRole('region', { name: 'Recording' })).toContainText(OLD);
  await expect(page.getByRole('region', { name: 'Packets' }).getByRole('status').first()).toHaveText('105');
  // a flight recorder's is opened at what it was kept for
  await expect(page.getByRole('region', { name: 'Path of the selected packet' })).toContainText(
    'NETFILTER_DROP',
  );
  await page.locator('[data-packet]').first().click();
  await expect(page.getByRole('region', { name: 'Path of the selected packet' })).toContainText('delivered');
  await page.getByRole('button', { name: `packet ${DROPPED}: dropped NETFILTER_DROP` }).click();
  await expect(page.getByRole('region', { name: 'Path of the selected packet' })).toContainText(
    'NETFILTER_DROP',
  );
  // the address leads there again
  await page.reload();
  await expect(page.getByRole('region', { name: 'Recording' })).toContainText(OLD);
  await expect(page.getByRole('grid', { name: 'Hops' }).getByRole('row').nth(1)).toBeVisible();
  await page.getByRole('link', { name: 'What runs now' }).click();
  await expect(page.getByRole('region', { name: 'Filter', exact: true })).toBeVisible();
  await expect(page.getByRole('region', { name: 'Packets' }).getByRole('status').first()).toHaveText('105');
});

test('are downloaded as they are', async ({ page }) => {
  const started = page.waitForEvent('download');
  await row(page, OLD)
    .getByRole('link', { name: /^Download/ })
    .click();
  const download = await started;
  expect(download.suggestedFilename()).toBe(`${OLD}.skbt`);
  expect(await download.failure()).toBeNull();
});

test('are exported in every format, from the list and when they are open', async ({ page }) => {
  const choose = async (format: string) => {
    const started = page.waitForEvent('download');
    const dialog = page.getByRole('dialog', { name: 'Export' });
    await expect(dialog.getByRole('listitem')).toHaveCount(7);
    await dialog.getByRole('button', { name: new RegExp(`^${format}`) }).click();
    await expect(dialog).toHaveCount(0);
    const download = await started;
    expect(await download.failure()).toBeNull();
    return download;
  };
  await row(page, OLD)
    .getByRole('button', { name: /^Export/ })
    .click();
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations).toEqual([]);
  expect((await choose('CSV')).suggestedFilename()).toBe(`${OLD}.csv`);
  await row(page, OLD)
    .getByRole('button', { name: /^Export/ })
    .click();
  expect((await choose('Parquet')).suggestedFilename()).toBe(`${OLD}.tar`);
  await row(page, OLD).getByRole('link').first().click();
  await page.getByRole('region', { name: 'Recording' }).getByRole('button', { name: 'Export' }).click();
  expect((await choose('pcapng')).suggestedFilename()).toBe(`${OLD}.pcapng`);
});

/** As somebody drops a file on the page. */
async function drop(page: Page, name: string, bytes: Buffer): Promise<void> {
  const file = { name, base64: bytes.toString('base64') };
  const dataTransfer = await page.evaluateHandle(({ name, base64 }) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name));
    return transfer;
  }, file);
  // before the list is there nobody takes it
  await expect(page.locator('[data-recording]').first()).toBeVisible();
  await page.getByRole('main').dispatchEvent('drop', { dataTransfer });
}

test('of others are dropped on the page, or chosen; what is none is refused with why', async ({ page }) => {
  const bytes = readFileSync(join(folder, 'kept', `${OLD}.skbt`));
  await drop(page, 'from anna.skbt', bytes);
  await expect(row(page, 'from-anna')).toContainText('105');
  await page.getByLabel('Recordings to import').setInputFiles([
    { name: 'cut.skbt', mimeType: 'application/octet-stream', buffer: bytes.subarray(3) },
    { name: 'again.skbt', mimeType: 'application/octet-stream', buffer: bytes },
  ]);
  await expect(row(page, 'again')).toContainText('105');
  await expect(page.getByRole('alert').first()).toContainText(
    'cut.skbt is not taken: it is no recording of skbtracer',
  );
});

test('that are being taken in can be cancelled', async ({ page }) => {
  // as a slow line would have it
  await page.route('**/recordings?name=*', () => undefined);
  await drop(page, 'slow.skbt', readFileSync(join(folder, 'kept', `${OLD}.skbt`)));
  const status = page.getByRole('status').filter({ hasText: 'slow.skbt' });
  await status.getByRole('button', { name: 'Cancel' }).click();
  await expect(status).toHaveCount(0);
  await expect(page.getByRole('alert').filter({ hasText: 'slow.skbt' })).toHaveCount(0);
  await expect(row(page, 'slow')).toHaveCount(0);
});

test('of another tool are dropped, too: what it tells is shown, and what it does not is not told', async ({
  page,
}) => {
  await drop(page, 'case.json', Buffer.from(PWRU_LINES.join('\n')));
  const cells = row(page, 'case').getByRole('cell');
  await expect(cells.nth(4)).toHaveText('21.2 ms');
  for (const untold of [5, 7]) await expect(cells.nth(untold)).toHaveText('–');
  await row(page, 'case').getByRole('link').first().click();
  const recording = page.getByRole('region', { name: 'Recording' });
  await expect(recording).toContainText('a host that is not told');
  await expect(recording).toContainText('captured by pwru; not all is told (see Health)');
  await expect(page.getByRole('contentinfo')).toContainText('losses not told');
  await expect(page.getByRole('contentinfo')).toContainText('276 hops of 2 packets');

  await expect(page.getByRole('region', { name: 'Packets' }).getByRole('status').first()).toHaveText('2');
  await page.locator('[data-packet]').first().click();
  const path = page.getByRole('region', { name: 'Path of the selected packet' });
  await expect(path).toContainText('Nobody listens on UDP 10.1.0.3:9 in db');
  await expect(path).toContainText('Crosses the veth pair from vdb in netns 4026531840 to eth0 in db');

  await page.keyboard.press('4');
  await expect(page.locator('[data-path]')).toHaveCount(2);
  await page.keyboard.press('6');
  await expect(page.getByText('2 packets, 270 steps from hop to hop')).toBeVisible();
  await page.keyboard.press('3');
  await expect(page.getByText('How the network is wired is not told')).toBeVisible();
  await page.keyboard.press('7');
  await expect(
    page.getByText('The capture of pwru has packets, and not what happened to sockets.'),
  ).toBeVisible();
  await page.keyboard.press('8');
  await expect(page.getByText('Captured by pwru, which does not tell its probes and losses')).toBeVisible();
  await expect(page.getByText('Probes are not told')).toBeVisible();
  await expect(page.getByText('Not told: the capture of pwru does not say what was lost.')).toBeVisible();
  await expect(page.getByRole('region', { name: 'Source' })).toContainText(
    'It has times since the host was booted, not of day',
  );
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations).toEqual([]);
  expect(
    readdirSync(join(folder, 'kept'))
      .filter((file) => file.startsWith('case'))
      .sort(),
  ).toEqual(['case.duckdb', 'case.skbt']);
});

test('are removed, brought back, and removed for good', async ({ page }) => {
  const remove = () =>
    row(page, OLD)
      .getByRole('button', { name: /^Remove/ })
      .click();
  await remove();
  await expect(row(page, OLD)).toHaveCount(0);
  expect(readdirSync(join(folder, 'kept'))).not.toContain(`${OLD}.skbt`);
  await page.getByRole('button', { name: 'Bring it back' }).click();
  await expect(row(page, OLD).getByRole('textbox')).toHaveValue('the day DNS died');
  await remove();
  await expect(row(page, OLD)).toHaveCount(0);
  await page.goto(new URL(`/recordings/${OLD}`, product.url).href);
  await expect(page.getByRole('heading', { name: 'This recording cannot be shown' })).toBeVisible();
  await expect(page.getByText('there is no such file')).toBeVisible();
});
