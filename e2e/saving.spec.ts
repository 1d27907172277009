/** The session, saved from the page: the command line reads the same packets in it. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from '@playwright/test';
import { ROOT } from './product.ts';
import { selectFound, test } from './recorded.ts';

test('is a recording with all packets, and with what explained those that were looked at', async ({
  page,
}, info) => {
  await selectFound(page, 'NETFILTER_DROP 9999');
  await expect(page.getByRole('region', { name: 'Why' })).toContainText('udp dport 9999');
  const saved = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Save' }).click();
  const download = await saved;
  expect(download.suggestedFilename()).toMatch(/^skbtracer-[\w.-]+-\d{4}-\d\d-\d\dT\d{6}\.skbt$/);
  const file = join(info.outputDir, 'saved.skbt');
  await download.saveAs(file);

  const ours = (...words: string[]) =>
    spawnSync(join(ROOT, 'bin', 'skbtracer'), words, { encoding: 'utf8', maxBuffer: 1 << 28 });
  const replayed = ours('replay', '--json', file);
  expect(replayed.stderr).toContain('6,298 events, 0 lost');
  expect(replayed.status).toBe(0);
  const packets = new Set(
    replayed.stdout
      .split('\n')
      .filter((line) => line.startsWith('{"kind":"hop"'))
      .map((line) => (JSON.parse(line) as { packet: number }).packet),
  );
  expect(packets.size).toBeGreaterThan(100);
  const explained = ours('replay', '--why', file).stdout;
  expect(explained).toContain('udp dport 9999');
});

test('is exported, too: a page with what explained packets is one of its formats', async ({ page }, info) => {
  await selectFound(page, 'NETFILTER_DROP 9999');
  await expect(page.getByRole('region', { name: 'Why' })).toContainText('udp dport 9999');
  const saved = page.waitForEvent('download');
  await page.getByRole('contentinfo').getByRole('button', { name: 'Export' }).click();
  await page.getByRole('dialog', { name: 'Export' }).getByRole('button', { name: 'Web page' }).click();
  const download = await saved;
  expect(download.suggestedFilename()).toMatch(/^skbtracer-[\w.-]+\.html$/);
  const file = join(info.outputDir, 'session.html');
  await download.saveAs(file);
  const text = readFileSync(file, 'utf8');
  expect(text.match(/<details /g)).toHaveLength(105);
  expect(text).toContain('udp dport 9999');
});

test('a path is a page of its own, with why it ended so', async ({ page, browser }, info) => {
  await selectFound(page, 'NETFILTER_DROP 9999');
  await expect(page.getByRole('region', { name: 'Why' })).toContainText('udp dport 9999');
  const saved = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save the path as a page' }).click();
  const download = await saved;
  expect(download.suggestedFilename()).toMatch(/^packet-\d+-lab\.html$/);
  const file = join(info.outputDir, 'path.html');
  await download.saveAs(file);
  // a colleague's browser, without a network
  const context = await browser.newContext({ offline: true });
  const other = await context.newPage();
  await other.goto(pathToFileURL(file).href);
  await expect(other.locator('details')).toHaveAttribute('open', '');
  await expect(other.locator('details')).toContainText('udp dport 9999');
  await context.close();
});

test('by its key, too', async ({ page }) => {
  const saved = page.waitForEvent('download');
  await page.keyboard.press('Control+s');
  expect(await (await saved).failure()).toBeNull();
});
