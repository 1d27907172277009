/**
 * How every view looks, in both themes, on a desk and on a phone, with a capture that was recorded on a real kernel
 * (e2e/record.mjs): the same every time. A new view is a line in VIEWS.
 */

import { expect, type Page } from '@playwright/test';
import { test } from './recorded.ts';

const SIZES = { '': { width: 1280, height: 800 }, '-phone': { width: 390, height: 844 } } as const;

/** By the name of its pictures: how to come to it, and what is there when all of it is. */
const VIEWS: Readonly<Record<string, (page: Page) => Promise<void>>> = {
  async list(page) {
    await page.getByRole('heading', { name: 'Packets', exact: true }).click();
    const path = page.getByRole('region', { name: 'Path of the selected packet' });
    await page.keyboard.press('Home');
    await expect(path).toContainText('hops');
    await page.keyboard.press('Escape');
    await expect(path).toHaveCount(0);
  },
  async path(page) {
    await page.getByLabel('Display filter').fill('NETFILTER_DROP UDP');
    const first = page.locator('[data-packet]').first();
    await expect(page.locator('[data-packet]')).toHaveCount(3);
    await first.click();
    const evidence = page.getByRole('list', { name: 'Evidence' });
    await expect(evidence).toContainText('udp dport 9999');
    if ((page.viewportSize()?.width ?? 0) < 640) {
      await page.locator('body').press('2');
      return;
    }
    await expect(page.getByTestId('timeline').locator('g.mark.drop')).toBeVisible();
    await evidence.getByRole('button', { name: /nftables inet/ }).click();
    await expect(page.getByRole('grid', { name: 'Hops' }).getByLabel('refused').first()).toBeVisible();
  },
  async map(page) {
    await page.keyboard.press('3');
    await expect(page.getByRole('region', { name: 'Map' })).toContainText('4 namespaces, 8 interfaces');
    // a phone gets the table
    await expect(page.getByText('vweb', { exact: true }).first()).toBeVisible();
  },
  async paths(page) {
    await showPaths(page);
    await page.locator('[data-path]').filter({ hasText: 'NETFILTER_DROP' }).first().click();
    await expect(page.getByRole('region', { name: /^Packets of path/ })).toBeVisible();
  },
  async compare(page) {
    await showPaths(page);
    for (const reason of ['NETFILTER_DROP', 'NO_SOCKET']) {
      await page.locator('[data-path]').filter({ hasText: reason }).filter({ hasText: 'db' }).first().click();
      await page.keyboard.press('c');
    }
    await expect(page.locator('[data-first-difference]')).toBeInViewport();
  },
  async drops(page) {
    await page.keyboard.press('5');
    const groups = page.getByRole('grid', { name: 'Dropped packets, grouped' });
    await expect(groups).not.toContainText('…');
    await groups.getByRole('row').filter({ hasText: 'NO_SOCKET' }).click();
    const evidence = page.getByRole('list', { name: 'Evidence' });
    await expect(evidence).toContainText('socket lookup: none');
    await expect(evidence).toHaveAttribute('aria-busy', 'false');
  },
  async latency(page) {
    await page.keyboard.press('6');
    await expect(page.getByText('101 packets, 5,057 steps from hop to hop')).toBeVisible();
    await page
      .getByRole('grid', { name: /^How long packets took/ })
      .getByText('netfilter', { exact: true })
      .click();
    await expect(page.getByRole('listbox', { name: 'Passages of the cell' })).toContainText('#80');
  },
  async health(page) {
    await page.keyboard.press('8');
    await expect(page.getByText('Programs for ends, lineage and decisions are not listed')).toBeVisible();
  },
  async flows(page) {
    await page.keyboard.press('7');
    const flows = page.getByRole('grid', { name: 'Conversations' });
    await flows.getByRole('row').filter({ hasText: '192.0.2.2:55170' }).click();
    await expect(page.getByRole('region', { name: 'The selected conversation' })).toContainText(
      '10.1.0.3:80',
    );
  },
};

async function showPaths(page: Page): Promise<void> {
  await page.keyboard.press('4');
  await expect(page.getByText('27 of 105 packets')).toBeVisible();
  await page.getByRole('columnheader', { name: 'Verdict' }).getByRole('button').click();
}

test.use({ contextOptions: { reducedMotion: 'reduce' } });
for (const colorScheme of ['dark', 'light'] as const)
  for (const [size, viewport] of Object.entries(SIZES))
    test.describe(`${colorScheme}${size}`, () => {
      test.use({ colorScheme, viewport });

      for (const [name, show] of Object.entries(VIEWS))
        test(name, async ({ page }) => {
          await expect(page.getByText('0 events/s')).toBeAttached();
          await page.evaluate(() => document.fonts.ready);
          await show(page);
          await page.mouse.move(0, 0);
          const width = await page.evaluate(() => document.documentElement.scrollWidth);
          expect(width, 'the page itself does not scroll sideways').toBe(viewport.width);
          await expect(page).toHaveScreenshot(`${name}${size}-${colorScheme}.png`);
        });
    });
