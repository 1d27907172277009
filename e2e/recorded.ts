/**
 * Tests on a recorded capture: a worker's one server plays the recording, and each test gets a page that has opened it.
 * A page that writes an error or a warning to its console has failed.
 */
import { join } from 'node:path';
import { test as base, expect } from '@playwright/test';
import { type Product, ROOT, startReplay } from './product.ts';

const CAPTURE = join(ROOT, 'e2e', 'fixtures', 'capture.bin.gz');

export const test = base.extend<object, { product: Product }>({
  product: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads from it what a fixture needs
    async ({}, use) => {
      const product = await startReplay(CAPTURE);
      await use(product);
      await product.stop();
    },
    { scope: 'worker' },
  ],
  page: async ({ page, product }, use) => {
    const said: string[] = [];
    page.on('pageerror', (error) => said.push(error.message));
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) said.push(message.text());
    });
    await page.addInitScript(() => {
      if (localStorage.getItem('skbtracer.welcomed') === null)
        localStorage.setItem('skbtracer.welcomed', 'true');
    });
    await page.goto(product.url);
    await expect(page.locator('[data-packet]').first()).toBeVisible();
    await use(page);
    expect(said, 'what the page wrote to its console').toEqual([]);
  },
});
