/** How the page looks, with a capture that was recorded on a real kernel (e2e/record.mjs): the same every time. */

import { expect, type Page } from '@playwright/test';
import { selectFound, test } from './recorded.ts';

/** Opens the page and waits until all of the recording is there. */
async function open(page: Page): Promise<void> {
  await expect(page.locator('[data-packet]').first()).toBeVisible();
  await expect(page.getByText('0 events/s')).toBeVisible();
  await page.evaluate(() => document.fonts.ready);
}

for (const colorScheme of ['dark', 'light'] as const)
  test.describe(colorScheme, () => {
    test.use({ colorScheme });

    test('the list', async ({ page }) => {
      await open(page);
      await page.getByRole('heading', { name: 'Packets', exact: true }).click();
      await page.keyboard.press('Home');
      await page.keyboard.press('Escape');
      await expect(page).toHaveScreenshot(`list-${colorScheme}.png`);
    });

    test('the path of a dropped packet', async ({ page }) => {
      await open(page);
      await selectFound(page, 'NETFILTER_DROP UDP');
      await expect(page.getByTestId('timeline').locator('g.mark.drop')).toBeVisible();
      const evidence = page.getByRole('list', { name: 'Evidence' });
      await expect(evidence).toContainText('udp dport 9999');
      await evidence.getByRole('button', { name: /nftables inet/ }).click();
      await expect(page.getByRole('grid', { name: 'Hops' }).getByLabel('refused').first()).toBeVisible();
      await page.mouse.move(0, 0);
      await expect(page).toHaveScreenshot(`path-${colorScheme}.png`);
    });
  });
