/** The Paths view over a recorded capture: which ways packets went, and why one got through and another did not. */

import AxeBuilder from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';
import { test } from './recorded.ts';

test.beforeEach(async ({ page }) => {
  await page.keyboard.press('4');
  await expect(page.getByText('27 of 105 packets')).toBeVisible();
  // it is laid out on another thread
  await expect(page.getByTestId('path-graph')).toHaveAttribute('aria-busy', 'false');
});

const line = (page: Page, text: string) => page.locator('[data-path]').filter({ hasText: text });
const accessible = async (page: Page) =>
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);

for (const colorScheme of ['dark', 'light'] as const)
  test.describe(colorScheme, () => {
    test.use({ colorScheme });

    test('all of it is accessible', async ({ page }) => {
      await accessible(page);
      await page.getByRole('radio', { name: 'Table' }).click();
      await line(page, 'SOCKET_FILTER').click();
      await page.keyboard.press('m');
      await accessible(page);
      await page.keyboard.press('c');
      await page.keyboard.press('j');
      await page.keyboard.press('c');
      await expect(page.getByRole('grid', { name: 'Both paths, row by row' })).toBeVisible();
      await accessible(page);
    });
  });

test('a path leads to its packets by keys alone', async ({ page }) => {
  await page.keyboard.press('j');
  await expect(page.locator('[data-path][aria-selected="true"]')).toHaveCount(1);
  await page.keyboard.press('Enter');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('region', { name: 'Path of the selected packet' })).toContainText('hops');
});

test('a drop in the graph leads to the paths that end there', async ({ page }) => {
  await page.getByRole('radio', { name: 'Table' }).click();
  await page.getByRole('button', { name: /nft_do_chain_ipv4 in host .* NETFILTER_DROP/ }).click();
  await expect(page.getByText('1 of 27 of 105 packets')).toBeVisible();
  await expect(page.locator('[data-path]')).toHaveCount(1);
  await page.keyboard.press('Escape');
  await expect(page.getByText('27 of 105 packets')).toBeVisible();
});

test('pointing at the graph tells what is there, and a click narrows the table', async ({ page }) => {
  const graph = page.getByTestId('path-graph');
  const box = await graph.boundingBox();
  if (box === null) throw new Error('no graph');
  const tip = graph.getByRole('status');
  // somewhere in it there is a function: the pointer goes along the first row
  for (let x = 8; x < box.width && (await tip.count()) === 0; x += 6)
    await page.mouse.move(box.x + x, box.y + 34);
  await expect(tip).toContainText('times');
  await page.mouse.down();
  await page.mouse.up();
  await expect(page.getByText(/^through /)).toBeVisible();
});

test('a drop, a function and a path lead to their packets in the list', async ({ page }) => {
  const filter = page.getByRole('combobox', { name: 'Display filter' });
  const packets = page.locator('[data-packet]');
  await page.getByRole('radio', { name: 'Table' }).click();
  await page.getByRole('button', { name: /nft_do_chain_ipv4 in host .* NETFILTER_DROP/ }).click();
  await page.getByRole('button', { name: 'Show in Packets' }).click();
  await expect(filter).toHaveValue(/^path == \d+$/);
  await expect(packets).toHaveCount(3);
  await expect(packets.filter({ hasNotText: 'NETFILTER_DROP' })).toHaveCount(0);
  // back is where it came from, without the filter
  await page.goBack();
  await expect(filter).toHaveValue('');
  await expect(page.getByText('1 of 27 of 105 packets')).toBeVisible();
  await page.keyboard.press('Escape');
  await line(page, 'SOCKET_FILTER').click();
  await page.keyboard.press('v');
  await expect(filter).toHaveValue(/^path == \d+$/);
  await expect(packets).toHaveCount(8);
});

test('the graph is walked with the arrow keys', async ({ page }) => {
  const graph = page.getByRole('application', { name: /^Graph of all paths/ });
  const said = graph.locator('[aria-live]');
  await graph.focus();
  await page.keyboard.press('ArrowDown');
  await expect(said).toHaveText(/^\w+ in \w+, .*times.*steps on/);
  const first = (await said.textContent()) ?? '';
  await page.keyboard.press('ArrowDown');
  await expect(said).not.toHaveText(first);
  const second = (await said.textContent()) ?? '';
  await accessible(page);
  // no path is selected: the arrows are the graph's
  await expect(page.locator('[data-path][aria-selected="true"]')).toHaveCount(0);
  await page.keyboard.press('Enter');
  await expect(page.getByText(/^through /)).toContainText(second.replace(/,.*/, ''));
  await page.keyboard.press('ArrowRight');
  await expect(said).not.toHaveText(second);
});

test('a link has the path that is selected', async ({ page, context }) => {
  await line(page, 'SOCKET_FILTER').click();
  const selected = page.locator('[data-path][aria-selected="true"]');
  const number = await selected.getAttribute('data-path');
  await expect.poll(() => new URL(page.url()).searchParams.get('path')).not.toBeNull();
  const other = await context.newPage();
  await other.goto(page.url());
  await expect(other.locator('[data-path][aria-selected="true"]')).toHaveAttribute('data-path', number ?? '');
  await other.close();
});

test('two packets to the same port: why did one get through?', async ({ page }) => {
  await page.getByRole('columnheader', { name: 'Verdict' }).getByRole('button').click();
  await line(page, 'NETFILTER_DROP').filter({ hasText: 'db' }).click();
  await page.keyboard.press('c');
  await expect(page.getByText('and press C')).toBeVisible();
  await line(page, 'NO_SOCKET').filter({ hasText: 'db' }).first().click();
  await page.keyboard.press('c');
  const both = page.getByRole('grid', { name: 'Both paths, row by row' });
  const first = both.locator('[data-first-difference]');
  await expect(first).toBeInViewport();
  await expect(first).toHaveAttribute('aria-selected', 'true');
  await expect(page.getByText(/First difference: /)).toBeVisible();
  await page.keyboard.press('n');
  await page.keyboard.press('Escape');
  await expect(both).toHaveCount(0);
});

test('a packet of the list is compared with one of a path', async ({ page }) => {
  await page.keyboard.press('1');
  const row = page.locator('[data-packet]').first();
  const packet = await row.getAttribute('data-packet');
  await row.click();
  await page.keyboard.press('c');
  await expect(page.getByText('and press C')).toContainText(`packet ${packet}`);
  await line(page, 'SOCKET_FILTER').click();
  await page.getByRole('button', { name: `Compare with packet ${packet}` }).click();
  const both = page.getByRole('grid', { name: 'Both paths, row by row' });
  await expect(both.getByRole('columnheader')).toHaveCount(2);
  await expect(both.getByRole('columnheader').first()).toContainText(`Packet ${packet}`);
});

test('what was chosen to be compared is forgotten with its session', async ({ page }) => {
  await line(page, 'SOCKET_FILTER').click();
  await page.keyboard.press('c');
  await expect(page.getByText('and press C')).toBeVisible();
  await page.getByLabel('Filter: pcap expression').fill('ip');
  await page.getByRole('button', { name: 'Apply' }).click();
  await expect(page.getByText('and press C')).toHaveCount(0);
  await expect(page.getByText('27 of 105 packets')).toBeVisible();
});
