/** The list of a recorded capture: columns, groups, colours, and what a value can be used for. */

import AxeBuilder from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';
import { selectFound, test } from './recorded.ts';

test.beforeEach(async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await expect(page.getByText('0 events/s')).toBeVisible();
});

const rows = (page: Page) => page.locator('[data-packet]');
const filter = (page: Page) => page.getByRole('combobox', { name: 'Display filter' });
const copied = (page: Page) => page.evaluate(() => navigator.clipboard.readText());
const selected = (page: Page) => page.locator('[data-packet][aria-selected="true"]');
async function beClean(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(
    violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(' | ')}`),
  ).toEqual([]);
}

test('columns are chosen and moved, and stay', async ({ page }) => {
  await page.getByRole('button', { name: 'Columns' }).click();
  const chooser = page.getByRole('dialog', { name: 'Columns' });
  await chooser.getByLabel('Interface, first → last').click();
  await chooser.getByLabel('Number of hops').or(chooser.getByLabel('Hops')).first().click();
  await chooser.getByRole('button', { name: 'Move Verdict left' }).click();
  await beClean(page);
  await page.keyboard.press('Escape');
  const headings = page.getByRole('columnheader');
  const now = [
    'Time',
    'Namespace',
    'Interface',
    'Source',
    'Destination',
    'Protocol',
    'Length',
    'Verdict',
    'Duration',
  ];
  await expect(headings).toHaveText(now);
  await page.reload();
  await expect(headings).toHaveText(now);
});

test('packets are grouped, with counts and drops; a group opens and closes', async ({ page }) => {
  await page.getByLabel('Group').selectOption('by verdict');
  const headings = page.locator('[data-heading] button');
  await expect(headings.first()).toBeVisible();
  await page.keyboard.press('[');
  await expect(rows(page)).toHaveCount(0);
  const drop = headings.filter({ hasText: 'NETFILTER_DROP' });
  await expect(drop).toContainText('6 packets');
  await drop.click();
  await expect(drop).toHaveAttribute('aria-expanded', 'true');
  await expect(rows(page)).toHaveCount(6);
  await page.keyboard.press('j');
  await expect(selected(page)).toContainText('NETFILTER_DROP');
  await beClean(page);
  await page.getByLabel('Group').selectOption('by flow');
  await expect(headings.first()).toContainText('packet');
  await page.getByLabel('Group').selectOption('by lineage');
  await expect(headings.first()).toContainText('Packet ');
  await page.getByLabel('Group').selectOption('by path');
  await page.keyboard.press('[');
  await expect(rows(page)).toHaveCount(0);
  const way = headings
    .filter({ hasText: /Path \d+.*web.*eth0.*host.*vweb br0 vdb.*db.*eth0.*icmp_echo/ })
    .first();
  await expect(way).toBeVisible();
  await beClean(page);
  await way.click();
  // what it is grouped by can be filtered by
  await rows(page)
    .first()
    .locator('[data-column="hops"]')
    .click({ modifiers: ['Alt'] });
  await expect(filter(page)).toHaveValue(/^path == \d+$/);
  await expect(headings).toHaveCount(1);
});

test('a value is filtered on: by Alt and a click, and by the menu of mouse and keyboard', async ({
  page,
}) => {
  await filter(page).fill('udp');
  await page.keyboard.press('Enter');
  const verdict = rows(page).filter({ hasText: 'NETFILTER_DROP' }).first().locator('[data-column="verdict"]');
  await verdict.click({ modifiers: ['Alt'] });
  await expect(filter(page)).toHaveValue('udp and reason == NETFILTER_DROP');
  await filter(page).fill('');

  await rows(page)
    .filter({ hasText: 'ICMP' })
    .first()
    .locator('[data-column="source"]')
    .click({ button: 'right' });
  const menu = page.getByRole('menu').first();
  await expect(menu).toBeVisible();
  await beClean(page);
  await menu.getByRole('menuitem', { name: /^Not src == / }).click();
  await expect(filter(page)).toHaveValue(/^src != \d/);
  await filter(page).fill('');
  await filter(page).blur();
  await expect(page.getByRole('region', { name: 'Packets' }).getByRole('status').first()).toHaveText('105');

  await page.mouse.move(0, 0);
  await page.keyboard.press('Home');
  await expect(selected(page)).toBeVisible();
  await page.keyboard.press('m');
  // opened by the keyboard it has its first entry under the cursor
  await expect(menu.getByRole('menuitem', { name: /^Only/ })).toBeFocused();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  await expect(filter(page)).toHaveValue(/^ns == /);
});

test('a packet is copied as text, as a capture filter and as JSON', async ({ page }) => {
  await selectFound(page, 'NETFILTER_DROP udp');
  const copyAs = async (what: string) => {
    await rows(page).first().click({ button: 'right' });
    await page.getByRole('menuitem', { name: `Copy as ${what}` }).click();
    await expect(page.getByText(`Copied as ${what}`)).toBeVisible();
    return copied(page);
  };
  expect(await copyAs('text')).toContain('dropped NETFILTER_DROP');
  expect(await copyAs('capture filter')).toMatch(
    /^udp and host 10\.1\.0\.2 and host 10\.1\.0\.3 and port \d+ and port 9999$/,
  );
  expect(JSON.parse(await copyAs('JSON'))).toMatchObject({ verdict: 'dropped', reason: 'NETFILTER_DROP' });
});

test('n goes from drop to drop, End to the newest', async ({ page }) => {
  await page.keyboard.press('Home');
  await page.keyboard.press('n');
  await expect(selected(page)).toContainText('dropped');
  const first = await selected(page).getAttribute('data-packet');
  await page.keyboard.press('n');
  await expect(selected(page)).toContainText('dropped');
  expect(await selected(page).getAttribute('data-packet')).not.toBe(first);
  await page.keyboard.press('Shift+N');
  await expect(selected(page)).toHaveAttribute('data-packet', first ?? '');
  await page.keyboard.press('Shift+N');
  await expect(page.getByText('No drop before this')).toBeVisible();
  await page.keyboard.press('End');
  await page.keyboard.press('n');
  await expect(page.getByText('No drop after this')).toBeVisible();
});

test('rows are coloured by rules of the person’s own', async ({ page }) => {
  await page.getByRole('button', { name: 'Colours' }).click();
  const dialog = page.getByRole('dialog', { name: 'Colours of rows' });
  await dialog.getByRole('button', { name: 'Add a rule' }).click();
  await dialog.getByLabel('Rule 1', { exact: true }).fill('dport == http');
  await expect(dialog.getByRole('alert')).toContainText('no whole number');
  await dialog.getByLabel('Rule 1', { exact: true }).fill('icmp');
  await expect(dialog.getByRole('alert')).toHaveCount(0);
  await dialog.getByLabel('Colour', { exact: true }).selectOption('sky');
  await beClean(page);
  await page.keyboard.press('Escape');
  await expect(rows(page).filter({ hasText: 'ICMP' }).first()).toHaveClass(/bg-tint-sky/);
  await expect(rows(page).filter({ hasText: 'UDP' }).first()).not.toHaveClass(/bg-tint/);
  await page.reload();
  await expect(rows(page).filter({ hasText: 'ICMP' }).first()).toHaveClass(/bg-tint-sky/);
  await beClean(page);
});
