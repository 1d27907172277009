/**
 * How a live capture in the lab is doing: hops and costs move, probes are switched while the session goes on, and known
 * packets are what their records say.
 */

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

test('the self-test runs beside the capture, and every field holds', async ({ page }) => {
  // an emulated kernel boots, and starts a second agent, in its own time
  test.setTimeout(480_000);
  await page.goto(product.url);
  await expect(page.locator('[data-packet]').first()).toBeVisible({ timeout: 180_000 });
  await page.keyboard.press('8');
  const pane = region(page, 'Self-test');
  await pane.getByRole('button', { name: 'Run' }).click();
  await expect(pane.getByRole('status')).toHaveText(/^took /, { timeout: 290_000 });
  await expect(pane.locator('[data-group]')).toHaveCount(5);
  await expect(pane.locator('[data-group="UDP over IPv6 to an open port"]')).toContainText(/\d\d hold/);
  await expect(pane).not.toContainText('wrong');
  // the capture goes on
  const before = numberIn(await cell(page, /^driver/, 3).innerText());
  await expect.poll(async () => numberIn(await cell(page, /^driver/, 3).innerText())).toBeGreaterThan(before);
});

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
  await expect(region(page, 'Findings').locator('[data-finding="hooks"]')).toContainText('Told by a program on their calls');
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

  // a stage goes and comes, and the session goes on
  await page.keyboard.press('s');
  await page.keyboard.press('Escape');
  const driver = page.getByRole('checkbox', { name: 'Probe driver' });
  await driver.click();
  await expect(driver).not.toBeChecked({ timeout: 60_000 });
  await expect(page.getByRole('radio', { name: 'as chosen' })).toBeChecked();
  // what it would cost to have it back is told first
  await cell(page, /^driver/, 3).click();
  await region(page, 'The selected probe').getByRole('button', { name: 'Price' }).click();
  await expect(page.getByTestId('price')).toHaveText(
    /^driver: \d+ functions more, hit [\d,]+ times a second: at [\d,]+ ns a hit (less than )?\d+\.\d % of one CPU\.$/,
    { timeout: 60_000 },
  );
  await driver.click();
  await expect(driver).toBeChecked({ timeout: 60_000 });
  await expect(page.getByRole('radio', { name: 'waypoints' })).toBeChecked();
  await expect.poll(async () => numberIn(await cell(page, /^driver/, 3).innerText())).toBeGreaterThan(before);

  // the sample network has rules that drop: what leads to these joins
  await page.getByRole('checkbox', { name: 'Join from drops' }).click();
  await expect(region(page, 'Probes')).toContainText(/, \d+ joined from drops/, { timeout: 120_000 });
  await page.getByRole('checkbox', { name: 'Join from drops' }).click();
  await expect(region(page, 'Probes')).not.toContainText('joined from drops', { timeout: 60_000 });

  // another group: what it has more is attached as well
  const few = Number(/(\d+) probes/.exec(await glance.innerText())?.[1]);
  await page.getByRole('radio', { name: 'all functions' }).click();
  await expect
    .poll(async () => numberIn(/([\d,]+) probes/.exec(await glance.innerText())?.[1] ?? '0'), { timeout: 180_000 })
    .toBeGreaterThan(5 * few);
  await expect(page.getByRole('radio', { name: 'all functions' })).toBeChecked();
  await expect(region(page, 'Filter').getByLabel('Probes')).toHaveValue('all');
  expect(numberIn(await cell(page, /^driver/, 3).innerText())).toBeGreaterThanOrEqual(before);
}); // biome-ignore format: short

test('in tail mode only what was dropped is told, and of how many', async ({ page }) => {
  // a capture begins anew, in its own time
  test.setTimeout(420_000);
  await page.goto(product.url);
  await expect(page.locator('[data-packet]').first()).toBeVisible({ timeout: 180_000 });
  const filter = region(page, 'Filter');
  await filter.getByLabel('Tell').selectOption({ label: 'drops only' });
  await filter.getByLabel('Probes').selectOption({ label: 'waypoints' });
  // none of these is dropped
  const expression = page.getByRole('textbox', { name: 'Filter: pcap expression' });
  await expression.fill('arp');
  await filter.getByRole('button', { name: 'Apply' }).click();
  await expect(
    page.getByText(/^[1-9][\d,]* packets were followed\. Told are, at their end: drops\.$/),
  ).toBeVisible({
    timeout: 180_000,
  });
  // the sample network has rules that drop
  await expression.fill('');
  await filter.getByRole('button', { name: 'Apply' }).click();
  const strip = region(page, 'Time');
  await expect(strip).toContainText(/, [1-9][\d,]* dropped/, { timeout: 180_000 });
  await page.keyboard.press('8');
  const told = region(page, 'Source').getByText(/^drops: [1-9][\d,]* of [\d,]+ packets that were followed$/);
  await expect(told).toBeVisible();
  const [few = 0, all = 0] = (await told.innerText()).match(/[\d,]+/g)?.map(numberIn) ?? [];
  expect(few).toBeLessThan(all);
  await filter.getByLabel('Tell').selectOption({ label: 'all, for life' });
  await filter.getByRole('button', { name: 'Apply' }).click();
  await expect(told).toBeHidden({ timeout: 120_000 });
});
