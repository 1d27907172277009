/** Views on paper: white, without bars, with what they are of above them, and lists with all of their rows. */

import { expect, type Page } from '@playwright/test';
import { test } from './recorded.ts';

/** A4 across, less its margins, in CSS pixels. */
const SHEET = { width: 1046, height: 718 };

const header = (page: Page) => page.locator('[data-print-header]');

test.beforeEach(async ({ page }) => {
  await page.emulateMedia({ colorScheme: 'dark' });
  await expect(page.getByText('0 events/s')).toBeVisible();
});

async function expectPaper(page: Page, title: string): Promise<void> {
  await page.emulateMedia({ media: 'print' });
  await page.setViewportSize(SHEET);
  await expect(header(page)).toContainText(`skbtracer: ${title}`);
  await expect(header(page)).toContainText('not ip6');
  await expect(header(page)).toContainText(/Printed\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/);
  for (const bar of ['Views', 'Filter', 'Time strip'])
    await expect(page.getByLabel(bar, { exact: true }).first()).toBeHidden();
  await expect(page.getByTestId('connection')).toBeHidden();
  expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe(
    'rgb(255, 255, 255)',
  );
}

/** Nothing sticks out over the sheet's right edge. */
async function expectFits(page: Page): Promise<void> {
  const cells = await page
    .locator('main :is([role="row"], p, li)')
    .evaluateAll((all) => all.map((one) => one.getBoundingClientRect().right));
  expect(Math.max(...cells)).toBeLessThanOrEqual(SHEET.width + 1);
}

/** Rows stand one below the other, none in another, and all are there. */
async function expectAllRows(page: Page, grid: string): Promise<void> {
  const list = page.getByRole('grid', { name: grid });
  const rows = list.getByRole('rowgroup').last().getByRole('row');
  await expect(rows).toHaveCount(Number(await list.getAttribute('aria-rowcount')) - 1);
  const tops = await rows.evaluateAll((all) =>
    all.map((row) => {
      const { top, bottom } = row.getBoundingClientRect();
      return [top, bottom] as const;
    }),
  );
  await expectFits(page);
  for (const [i, [top]] of tops.entries()) expect(top).toBeGreaterThanOrEqual((tops[i - 1]?.[1] ?? top) - 1);
}

test('the list is printed with its filter and all of its rows, over several sheets', async ({ page }) => {
  await page.getByLabel('Display filter').fill('10.1.0.2');
  await expectPaper(page, 'Packets');
  await expect(header(page)).toContainText('10.1.0.2');
  await expectAllRows(page, 'Packets, one row each');
  const pdf = (await page.pdf({ preferCSSPageSize: true })).toString('latin1');
  expect(pdf.match(/\/Type \/Page\b/g)?.length).toBeGreaterThan(1);
});

test('a path is printed with why, story and every hop', async ({ page }) => {
  await page.getByLabel('Display filter').fill('NETFILTER_DROP UDP');
  await page.locator('[data-packet]').first().click();
  await page.locator('body').press('2');
  await expect(page.getByRole('list', { name: 'Evidence' })).toContainText('udp dport 9999');
  await expectPaper(page, 'Path');
  await expect(page.getByRole('region', { name: 'Why' })).toBeVisible();
  await expect(page.getByRole('list', { name: 'Evidence' }).getByRole('listitem').last()).toBeInViewport({
    ratio: 1,
  });
  await expect(page.getByRole('region', { name: 'Story' })).toContainText('Dropped in db by nftables');
  await expectAllRows(page, 'Hops');
});

for (const [key, title, grid] of [
  ['4', 'Paths', 'Distinct paths'],
  ['5', 'Drops', 'Dropped packets, grouped'],
  ['7', 'Flows', 'Conversations'],
] as const)
  test(`${title} is printed with all of its rows`, async ({ page }) => {
    await page.keyboard.press(key);
    await expect(page.getByRole('grid', { name: grid }).getByRole('row').nth(1)).toBeVisible();
    await expectPaper(page, title);
    await expectAllRows(page, grid);
  });

test('the map is printed', async ({ page }) => {
  await page.keyboard.press('3');
  await expect(page.getByTestId('map').locator('g.joint.wire')).toHaveCount(3);
  await expectPaper(page, 'Map');
  await expect(page.getByTestId('map')).toBeVisible();
});
