/** How a live capture in the lab is doing: hops and costs move, and another probe group begins a new session. */

import { expect, type Page, test } from '@playwright/test';
import { type Product, startProduct } from './product.ts';

let product: Product;

test.beforeAll(async () => {
  product = await startProduct();
});

test.afterAll(async () => {
  await product.stop();
});

const table = (page: Page) => page.getByRole('grid', { name: 'Probes' });
const rowOf = (page: Page, text: RegExp) => table(page).getByRole('row').filter({ hasText: text }).first();
const cell = (page: Page, row: RegExp, at: number) => rowOf(page, row).getByRole('gridcell').nth(at);
const numberIn = (text: string) => Number(text.replaceAll(',', ''));
const region = (page: Page, name: string) => page.getByRole('region', { name, exact: true });

test('hops, programs and costs are live, and the group can be switched', async ({ page }) => {
  // an emulated kernel boots, and attaches probes, in its own time
  test.setTimeout(420_000);
  await page.goto(product.url);
  await expect(page.locator('[data-packet]').first()).toBeVisible({ timeout: 180_000 });
  await page.keyboard.press('8');
  await expect(table(page)).toBeVisible();
  const glance = page.getByRole('status', { name: 'Health at a glance' });
  await expect(glance).toContainText(/\d+ probes attached/);
  await expect(region(page, 'Source')).toContainText(/connected since \d\d:\d\d:\d\d, capturing/);

  // the sample network's traffic goes on
  await expect(cell(page, /^driver/, 3)).not.toHaveText('0');
  const before = numberIn(await cell(page, /^driver/, 3).innerText());
  await expect.poll(async () => numberIn(await cell(page, /^driver/, 3).innerText())).toBeGreaterThan(before);

  // the agent was asked for its programs, and what they tell was looked at
  await expect(region(page, 'Findings').locator('[data-finding="hooks"]')).toContainText('Told by typed programs');
  await page.keyboard.press('s');
  await page.keyboard.type('skbt_clone');
  await expect(rowOf(page, /skbt_clone/)).toContainText('fexit');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('textbox', { name: 'Search' })).not.toBeFocused();

  await page.keyboard.press('e');
  await expect(page.getByRole('checkbox', { name: 'Measure cost' })).toBeChecked();
  await expect(page.getByTestId('cost')).toHaveText(
    /^Probes: [\d,]+ runs of [\d,]+ ns each; with all other programs \d+\.\d % of one CPU\.$/,
  );
  await expect(cell(page, /skbt_clone/, 5)).toHaveText(/^[1-9][\d,]*$/);
  expect(numberIn(await cell(page, /skbt_clone/, 6).innerText())).toBeGreaterThan(0);
  await page.keyboard.press('e');
  await expect(page.getByRole('checkbox', { name: 'Measure cost' })).not.toBeChecked();

  // another group: all probes are attached anew, in a new session
  const few = Number(/(\d+) probes/.exec(await glance.innerText())?.[1]);
  await page.getByRole('radio', { name: 'all functions' }).click();
  await expect
    .poll(async () => numberIn(/([\d,]+) probes/.exec(await glance.innerText())?.[1] ?? '0'), { timeout: 180_000 })
    .toBeGreaterThan(5 * few);
  await expect(page.getByRole('radio', { name: 'all functions' })).toBeChecked();
  await expect(region(page, 'Filter').getByLabel('Probes')).toHaveValue('all');
}); // biome-ignore format: short
