/** Where the packets of a recorded capture spent their time: stages, edges, a cell's packets, by mouse and by keys. */

import AxeBuilder from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';
import { test } from './recorded.ts';

test.beforeEach(async ({ page }) => {
  await expect(page.getByText('0 events/s')).toBeVisible();
  await page.keyboard.press('6');
  await expect(page.getByText('101 packets, 5,057 steps from hop to hop')).toBeVisible();
  await expect(cellText(page)).toContainText('passage');
});

const rows = (page: Page) => page.getByRole('grid', { name: /^How long packets took/ });
const row = (page: Page, name: string) =>
  rows(page)
    .getByRole('row')
    .filter({ has: page.getByText(name, { exact: true }) });
const chosen = (page: Page) => page.getByRole('region', { name: 'The selected times' });
const map = (page: Page) => page.getByTestId('heat-map');
const cellText = (page: Page) => page.getByTestId('heat-cell');
const passages = (page: Page) => page.getByRole('listbox', { name: 'Passages of the cell' });

test('stages and waits are told, and no queue where the devices have none', async ({ page }) => {
  for (const [name, count] of [
    ['softirq backlog', '155'],
    ['socket queue', '3'],
    ['netfilter', '612'],
    ['bridge', '328'],
  ] as const) {
    await expect(row(page, name).getByRole('gridcell').nth(1)).toHaveText(count);
  }
  await expect(row(page, 'qdisc')).toHaveCount(1);
  await expect(row(page, 'qdisc queue')).toHaveCount(0);
  await expect(page.getByText('the tracer’s own work at each hop is in it')).toBeVisible();
  await expect(page.getByText('Not in it: 4 with fewer than two hops')).toBeVisible();
  // the longest first, by whatever column
  await rows(page).getByRole('button', { name: 'Total' }).click();
  await expect(rows(page).getByRole('row').nth(1)).toContainText('netfilter');
});

test('a cell gives its packets, and one of them its path at the step that took so long', async ({ page }) => {
  await row(page, 'netfilter').click();
  await expect(chosen(page).getByRole('heading', { name: 'netfilter' })).toBeVisible();
  // the cursor begins at the slowest
  await expect(cellText(page)).toHaveText(/^2\.97–4\.19 ms: 1 passage begun within 90\.7 ms from /);
  await expect(passages(page).getByRole('option')).toHaveText(/^3\.26 ms.*#80TCP|^3\.26 ms.*#80/);
  await passages(page).getByRole('option').click();
  await expect(page.getByRole('region', { name: 'Path of the selected packet' })).toContainText('Packet 80');
  await expect(
    page.locator('tr[aria-selected="true"], [role="row"][aria-selected="true"]').first(),
  ).toContainText('ip_finish_output');
  await page.goBack();
  await expect(chosen(page).getByRole('heading', { name: 'netfilter' })).toBeVisible();
});

test('the map is pointed at, and what is clicked is listed', async ({ page }) => {
  const before = await cellText(page).innerText();
  const box = await map(page).boundingBox();
  if (box === null) throw new Error('no map');
  // somewhere in its lower half there is a cell: the pointer goes along until it has found one
  const y = box.y + box.height - 40;
  for (let x = box.x + 60; x < box.x + box.width && (await cellText(page).innerText()) === before; x += 3)
    await page.mouse.move(x, y);
  const pointed = await cellText(page).innerText();
  expect(pointed).not.toBe(before);
  await page.mouse.down();
  await page.mouse.up();
  await page.mouse.move(0, 0);
  await expect(cellText(page)).toHaveText(pointed);
  const count = Number(/: (\d+) passage/.exec(pointed)?.[1]);
  await expect(passages(page).getByRole('option')).toHaveCount(count);
});

test('keys walk rows, cells and packets, and lead back', async ({ page }) => {
  await page.keyboard.press('End');
  await expect(rows(page).locator('[aria-selected="true"]')).toContainText('bridge');
  await page.keyboard.press('k');
  await expect(rows(page).locator('[aria-selected="true"]')).toContainText('qdisc');
  await expect(chosen(page).getByRole('heading', { name: 'qdisc' })).toBeVisible();
  await expect(cellText(page)).toContainText('passage');
  await page.keyboard.press('Enter');
  await expect(map(page)).toBeFocused();
  // each key leads to another cell
  for (const key of ['End', 'ArrowLeft', 'l', 'Home', 'ArrowUp', 'ArrowDown', 'ArrowRight', 'h']) {
    const before = await cellText(page).innerText();
    await page.keyboard.press(key);
    await expect(cellText(page), key).not.toHaveText(before);
  }
  await page.keyboard.press('Enter');
  await expect(passages(page)).toBeFocused();
  await page.keyboard.press('End');
  const last = passages(page).locator('[aria-selected="true"]');
  const packet = await last.getAttribute('data-option');
  await page.keyboard.press('Escape');
  await expect(map(page)).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(passages(page)).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('region', { name: 'Path of the selected packet' })).toContainText(
    `Packet ${packet}`,
  );
});

test('edges and whole packets have theirs, and a table says what the map shows', async ({ page }) => {
  await page.keyboard.press('g');
  const edge = rows(page)
    .getByRole('row')
    .filter({ hasText: /^enqueue_to_backlog→__netif_receive_skb/ });
  await expect(edge.getByRole('gridcell').nth(1)).toHaveText('155');
  await edge.click();
  await expect(chosen(page).getByRole('heading')).toHaveText('enqueue_to_backlog → __netif_receive_skb');
  await chosen(page).getByRole('radio', { name: 'Table' }).click();
  const cells = page.getByRole('grid', { name: /^Cells of enqueue_to_backlog/ });
  await expect(cells).toBeVisible();
  await cells.getByRole('row').nth(1).click();
  await expect(cells.locator('[aria-selected="true"]')).toHaveCount(1);
  const count = Number(
    await cells.locator('[aria-selected="true"]').getByRole('gridcell').last().innerText(),
  );
  await expect(passages(page).getByRole('option')).toHaveCount(count);
  await page.keyboard.press('g');
  await expect(row(page, 'whole packet').getByRole('gridcell').nth(1)).toHaveText('101');
});

test('the address has the times, what they are of and the cell: a link, a reload and back lead there', async ({
  page,
  context,
}) => {
  const query = (name: string) => new URL(page.url()).searchParams.get(name);
  // nobody has chosen anything yet
  expect([query('times'), query('series'), query('cell')]).toEqual([null, null, null]);
  await page.keyboard.press('g');
  await rows(page)
    .getByRole('row')
    .filter({ hasText: /^enqueue_to_backlog→__netif_receive_skb/ })
    .click();
  const title = 'enqueue_to_backlog → __netif_receive_skb';
  await expect(chosen(page).getByRole('heading')).toHaveText(title);
  await expect.poll(() => query('series')).toBe('enqueue_to_backlog-__netif_receive_skb');
  expect([query('times'), query('cell')]).toEqual(['edge', null]);
  await expect(cellText(page)).toContainText('passage');
  await page.keyboard.press('Enter');
  await expect(map(page)).toBeFocused();
  const slowest = await cellText(page).innerText();
  await page.keyboard.press('End');
  await expect(cellText(page)).not.toHaveText(slowest);
  const cell = await cellText(page).innerText();
  await expect.poll(() => query('cell')).toMatch(/^\d+-\d+$/);
  const link = page.url();

  const other = await context.newPage();
  await other.goto(link);
  await expect(chosen(other).getByRole('heading')).toHaveText(title);
  await expect(cellText(other)).toHaveText(cell);
  await expect(rows(other).locator('[aria-selected="true"]')).toContainText('enqueue_to_backlog');
  // another session has the edge, and its times at another time
  await other.goto(link.replace(/session=[^&]*/, 'session=9.zz'));
  await expect(chosen(other).getByRole('heading')).toHaveText(title);
  await expect(cellText(other)).toHaveText(slowest);
  await other.close();

  await page.reload();
  await expect(cellText(page)).toHaveText(cell);
  expect(page.url()).toBe(link);
  await passages(page).getByRole('option').first().click();
  await expect(page.getByRole('region', { name: 'Path of the selected packet' })).toContainText('Packet');
  await page.goBack();
  await expect(chosen(page).getByRole('heading')).toHaveText(title);
  await expect(cellText(page)).toHaveText(cell);
  await page.goBack();
  await expect(page.locator('[data-packet]').first()).toBeVisible();
  await page.goForward();
  await expect(cellText(page)).toHaveText(cell);

  await page.keyboard.press('g');
  await row(page, 'whole packet').click();
  await expect.poll(() => [query('times'), query('series'), query('cell')]).toEqual(['whole', 'whole', null]);
});

test('what the display filter lets through is measured, and a cell becomes a display filter', async ({
  page,
}) => {
  const field = page.getByRole('combobox', { name: 'Display filter' });
  await field.fill('udp');
  await field.blur();
  await expect(page.getByText(/^\d packets, \d+ steps from hop to hop$/)).toBeVisible();
  await row(page, 'socket queue').click();
  await expect(chosen(page).getByRole('heading', { name: 'socket queue' })).toBeVisible();
  await expect(passages(page).getByRole('option')).toHaveCount(1);
  await chosen(page).getByRole('button', { name: 'Show in Packets' }).click();
  await expect(page.getByRole('region', { name: 'Packets' })).toContainText('1 of 105');
});

test('paused, the times stay, and every key is in the help', async ({ page }) => {
  await page.keyboard.press('p');
  await expect(page.getByRole('button', { name: 'Resume' })).toBeVisible();
  await row(page, 'bridge').click();
  await expect(chosen(page).getByRole('heading', { name: 'bridge' })).toBeVisible();
  await expect(cellText(page)).toContainText('passage');
  await page.keyboard.press('?');
  const help = page.getByRole('dialog', { name: 'Keys and words' });
  for (const title of [
    'By stage, by edge or the whole packet',
    'Cell after it in time',
    'Pause or resume the times',
  ])
    await expect(help).toContainText(title);
});

for (const colorScheme of ['dark', 'light'] as const)
  test(`no accessibility fault is found in the ${colorScheme} theme`, async ({ page }) => {
    await page.emulateMedia({ colorScheme });
    const faults = async () =>
      (await new AxeBuilder({ page }).analyze()).violations.map(
        ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(' | ')}`,
      );
    expect(await faults()).toEqual([]);
    await page.keyboard.press('g');
    await expect(rows(page)).toContainText('nf_hook_slow');
    await chosen(page).getByRole('radio', { name: 'Table' }).click();
    await expect(page.getByRole('grid', { name: /^Cells of/ })).toBeVisible();
    expect(await faults()).toEqual([]);
  });
