/** A packet with thousands of hops, put behind what the recorded capture's source said. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import AxeBuilder from '@axe-core/playwright';
import { expect } from '@playwright/test';
import { giantBatches } from '../bench/browser/blocks.ts';
import { messages, worldOf } from '../bench/browser/world.ts';
import { FRAME_TYPE } from '../core/messages/frames.ts';
import { ROOT, startReplay } from './product.ts';
import { test as recorded } from './recorded.ts';

const HOPS = 20_000;
const PACKET = 7;
/** Takes the same way, with more hops. */
const OTHER = 8;
const MORE = 21_000;
/** Is dropped after so many that nothing is told of why. */
const DROPPED = 9;
const UNTOLD = 6000;

const test = recorded.extend({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads from it what a fixture needs
  packets: [({}, use) => use('3'), { scope: 'worker' }],
  product: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads from it what a fixture needs
    async ({}, use) => {
      const folder = mkdtempSync(join(tmpdir(), 'skbtracer-long-'));
      const file = join(folder, 'capture.bin.gz');
      writeFileSync(file, gzipSync(capture()));
      const product = await startReplay(file);
      await use(product);
      await product.stop();
      rmSync(folder, { recursive: true, force: true });
    },
    { scope: 'worker' },
  ],
});

function capture(): Buffer {
  const said = messages(gunzipSync(readFileSync(join(ROOT, 'e2e', 'fixtures', 'capture.bin.gz'))));
  const frame = (type: number, payload: Uint8Array) => {
    const header = Buffer.alloc(5);
    header.writeUInt32LE(payload.length + 1, 0);
    header.writeUInt8(type, 4);
    return Buffer.concat([header, payload]);
  };
  const world = worldOf(said);
  return Buffer.concat([
    ...said.map((message) => frame(FRAME_TYPE.message, Buffer.from(JSON.stringify(message)))),
    ...[
      ...giantBatches(world, PACKET, HOPS, 1e12, 0),
      ...giantBatches(world, OTHER, MORE, 2e12, HOPS + 1),
      ...giantBatches(world, DROPPED, UNTOLD, 3e12, HOPS + MORE + 2, true),
    ].map((bytes) => frame(FRAME_TYPE.batch, bytes)),
  ]);
}

test('a path of 20,000 hops is there whole, without an element for each, and is walked by keys', async ({
  page,
}) => {
  const row = page.locator(`[data-packet="${PACKET}"]`);
  await expect(row.locator('[data-column="hops"]')).toHaveText(/20,?000/);
  await row.click();
  const hops = page.getByRole('grid', { name: 'Hops' });
  await expect(hops).toHaveAttribute('aria-rowcount', String(HOPS + 1));
  await expect(page.getByRole('img', { name: 'Timeline of 20,000 hops' })).toBeVisible();
  expect(await hops.getByRole('row').count()).toBeLessThan(100);

  const selected = hops.locator('[aria-selected="true"]');
  await page.keyboard.press('ArrowRight');
  await expect(selected).toHaveAttribute('aria-rowindex', '2');
  await page.keyboard.press('ArrowRight');
  await expect(selected).toHaveAttribute('aria-rowindex', '3');

  // the last hop's row is there once the table is scrolled to it
  await hops.getByRole('rowgroup').evaluate((element) => {
    element.scrollTop = element.scrollHeight;
  });
  await hops.locator(`[aria-rowindex="${HOPS + 1}"]`).click();
  await expect(selected).toHaveAttribute('aria-rowindex', String(HOPS + 1));
  await page.getByTestId('long-timeline').click({ position: { x: 400, y: 60 } });
  await expect(selected).not.toHaveAttribute('aria-rowindex', String(HOPS + 1));

  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations).toEqual([]);
  await page.keyboard.press('Escape');
  await expect(hops).toBeHidden();
});

test('the story tells its first and last 500 hops, and in a sentence what is between', async ({ page }) => {
  await page.locator(`[data-packet="${PACKET}"]`).click();
  const story = page.getByRole('region', { name: 'Story' });
  const between = story.getByText(
    /^19,000 hops between, 1\.90 ms, are not told one by one: [\d,]+ in \w+.*; most often at \w+ \([\d,]+\)\.$/,
  );
  await expect(between).toBeVisible();
  const steps = story.getByRole('button').filter({ hasNot: page.locator('svg.lucide-copy') });
  await expect(steps.last()).toContainText(/In flight|Delivered|Forwarded|Consumed/i);
  // a click and the keys put the cursor on a step's hops, across what is not told
  await steps.last().click();
  const selected = page.getByRole('grid', { name: 'Hops' }).locator('[aria-selected="true"]');
  await expect(selected).toBeVisible();
  const current = story.locator('[aria-current="step"]');
  const last = await current.innerText();
  await page.keyboard.press(',');
  await expect(current).not.toHaveText(last);
  expect(Number(await selected.getAttribute('aria-rowindex'))).toBeGreaterThan(19_500);
  await page.getByTestId('long-timeline').click({ position: { x: 200, y: 60 } });
  await expect(current).toHaveCount(0);
  await page.keyboard.press('.');
  await expect(selected).toHaveAttribute('aria-rowindex', '19502');
  await page.keyboard.press(',');
  expect(Number(await selected.getAttribute('aria-rowindex'))).toBeLessThan(503);
  await page.keyboard.press('t');
  await expect(story).toHaveCount(0);
});

test('where why it ended and its way on the map are not told, a sentence says so', async ({ page }) => {
  const why = page.getByLabel('Why');
  await page.locator(`[data-packet="${DROPPED}"]`).click();
  await expect(why).toHaveText(
    'Why it ended as it did is told for packets of up to 5,000 hops: this one has 6,000.',
  );
  await page.keyboard.press('3');
  const way = page.getByRole('region', { name: 'The packet’s way' });
  await expect(way.getByRole('status')).toHaveText(
    'Its way is drawn for packets of up to 5,000 hops: this one has 6,000.',
  );
  await expect(way.getByRole('button', { name: 'Next place' })).toBeDisabled();
  await page.keyboard.press('5');
  await page.getByRole('grid', { name: 'Dropped packets, grouped' }).getByRole('row').nth(1).click();
  await expect(why).toContainText(
    'Why it was dropped is told for packets of up to 5,000 hops: this one has 6,000.',
  );
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations).toEqual([]);
});

test('two of them are compared by their ends', async ({ page }) => {
  for (const packet of [PACKET, OTHER]) {
    await page.keyboard.press('1');
    await page.locator(`[data-packet="${packet}"]`).click();
    await expect(page.getByRole('grid', { name: 'Hops' })).toBeVisible();
    await page.keyboard.press('c');
    await expect(
      page.getByRole('region', { name: packet === PACKET ? 'Paths' : 'Comparison', exact: true }),
    ).toBeVisible();
  }
  const comparison = page.getByRole('region', { name: 'Comparison' });
  await expect(comparison.getByRole('status').first()).toContainText(
    'First difference: left 19,000 hops that are not compared; right 20,000 hops that are not compared',
  );
  await expect(comparison).toContainText('500 hops alike before it');
  await expect(comparison.locator('[data-first-difference]')).toContainText(
    '20,000 hops that are not compared',
  );
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations).toEqual([]);
});
