/**
 * Tests on a recorded capture: a worker's one server plays the recording, and each test gets a page that has opened it.
 * A page that writes an error or a warning to its console has failed.
 */
import { join } from 'node:path';
import { test as base, expect, type Page } from '@playwright/test';
import { type Product, ROOT, startReplay } from './product.ts';

/** The recordings in fixtures/, with how many packets each has. */
const RECORDINGS = { capture: '105', tasks: '112' };

/** How many times slower the page is to run than it could: a test that reads or presses too early fails then. */
const SLOWER = process.env.SLOWER;

const count = (page: Page) => page.getByRole('region', { name: 'Packets' }).getByRole('status').first();

/** Opens the page as somebody who knows it, once all packets of the capture are listed. */
export async function openCapture(page: Page, url: string): Promise<void> {
  await page.addInitScript(() => localStorage.setItem('skbtracer.welcomed', 'true'));
  await page.goto(url);
  await expect(count(page)).toHaveText(RECORDINGS.capture);
}

/** Filters the list by words and selects the first packet that has them. Returns when its path is on the page. */
export async function selectFound(page: Page, words: string): Promise<void> {
  await page.getByRole('combobox', { name: 'Display filter' }).fill(words);
  const rows = page.locator('[data-packet]');
  await expect(count(page)).toContainText(' of ');
  for (const word of words.split(' ')) await expect(rows.filter({ hasNotText: word })).toHaveCount(0);
  await rows.first().click();
  await expect(page.getByRole('grid', { name: 'Hops' }).getByRole('row').nth(1)).toBeVisible();
}

export const test = base.extend<
  object,
  { capture: keyof typeof RECORDINGS; packets: string; product: Product }
>({
  /** Which recording: `test.use({ capture })` plays another. */
  capture: ['capture', { option: true, scope: 'worker' }],
  /** How many packets the list has when all of it is there. */
  packets: [({ capture }, use) => use(RECORDINGS[capture]), { scope: 'worker' }],
  product: [
    async ({ capture }, use) => {
      const product = await startReplay(join(ROOT, 'e2e', 'fixtures', `${capture}.bin.gz`));
      await use(product);
      await product.stop();
    },
    { scope: 'worker' },
  ],
  page: async ({ page, product, packets }, use) => {
    const said: string[] = [];
    page.on('pageerror', (error) => said.push(error.message));
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) said.push(message.text());
    });
    await page.addInitScript(() => {
      if (localStorage.getItem('skbtracer.welcomed') === null)
        localStorage.setItem('skbtracer.welcomed', 'true');
    });
    if (SLOWER !== undefined) {
      const devtools = await page.context().newCDPSession(page);
      await devtools.send('Emulation.setCPUThrottlingRate', { rate: Number(SLOWER) });
    }
    await page.goto(product.url);
    // all of it is there: what a test counts and walks does not move under it
    await expect(count(page)).toHaveText(packets);
    await use(page);
    expect(said, 'what the page wrote to its console').toEqual([]);
  },
});
