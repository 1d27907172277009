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

const test = recorded.extend({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads from it what a fixture needs
  packets: [({}, use) => use('1'), { scope: 'worker' }],
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
  return Buffer.concat([
    ...said.map((message) => frame(FRAME_TYPE.message, Buffer.from(JSON.stringify(message)))),
    ...[...giantBatches(worldOf(said), PACKET, HOPS, 1e12, 0)].map((bytes) => frame(FRAME_TYPE.batch, bytes)),
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
