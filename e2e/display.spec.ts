/** What all views show of a recorded capture: the display filter, and the range of time. */

import AxeBuilder from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';
import { test } from './recorded.ts';

const filter = (page: Page) => page.getByRole('combobox', { name: 'Display filter' });
const rows = (page: Page) => page.locator('[data-packet]');
const count = (page: Page) => page.getByRole('region', { name: 'Packets' }).getByRole('status').first();

test('a filter is written with the list’s help, and a link has it', async ({ page, context }) => {
  await page.keyboard.press('Control+f');
  await expect(filter(page)).toBeFocused();
  await page.keyboard.type('rea');
  const list = page.getByRole('listbox', { name: 'What can be written here' });
  await expect(list.getByRole('option').first()).toContainText('reason');
  await page.keyboard.press('Tab');
  await page.keyboard.type('== NETF');
  await page.keyboard.press('ArrowDown');
  const option = list.getByRole('option', { selected: true });
  await expect(option).toContainText('NETFILTER_DROP');
  await expect(filter(page)).toHaveAttribute(
    'aria-activedescendant',
    (await option.getAttribute('id')) ?? '',
  );
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations).toEqual([]);
  await page.keyboard.press('Enter');
  await expect(filter(page)).toHaveValue('reason == NETFILTER_DROP ');
  await page.keyboard.press('Escape');
  await expect(list).toHaveCount(0);
  await expect(count(page)).toHaveText(/^6 of/);
  await expect(rows(page).filter({ hasNotText: 'NETFILTER_DROP' })).toHaveCount(0);

  await expect.poll(() => new URL(page.url()).searchParams.get('q')).toBe('reason == NETFILTER_DROP ');
  const other = await context.newPage();
  await other.goto(page.url());
  await expect(filter(other)).toHaveValue('reason == NETFILTER_DROP ');
  await expect(count(other)).toHaveText(/^6 of/);
  await other.close();
});

test('what lies between the first and the last hop is asked for, and completed', async ({ page }) => {
  await filter(page).fill('func == br_hand');
  const list = page.getByRole('listbox', { name: 'What can be written here' });
  await expect(list.getByRole('option').first()).toContainText(/br_handle_frame.*packets/);
  const counted = async (text: string): Promise<number> => {
    await filter(page).fill(text);
    await page.keyboard.press('Enter');
    await expect(filter(page)).toHaveValue(text);
    const [, passed = '0'] = /^(\d+)(?: of|$)/.exec((await count(page).textContent()) ?? '') ?? [];
    return Number(passed);
  };
  const bridged = await counted('func == br_handle_frame ');
  expect(bridged).toBeGreaterThan(0);
  // br0 is never where a packet was first or last seen on that way
  expect(await counted('through == br0 and ns.last == db ')).toBeGreaterThan(0);
  expect(await counted('func == host/br_handle_frame ')).toBe(bridged);
  await filter(page).fill('func == db/br_handle_frame ');
  await page.keyboard.press('Enter');
  await expect(page.getByText('Nothing that was captured passes')).toBeVisible();
});

test('a fault is told at its place, and the filter before it stays in force', async ({ page }) => {
  await filter(page).fill('udp and dropped');
  const before = await count(page).textContent();
  await filter(page).fill('udp and dropped and dport == http');
  await expect(page.getByTestId('display-mark')).toHaveText('http');
  await expect(page.getByRole('alert').filter({ hasText: '“http” is no whole number' })).toBeVisible();
  await expect(count(page)).toHaveText(before ?? '');
  await page.getByRole('button', { name: 'Show everything' }).click();
  await expect(filter(page)).toHaveValue('');
  await expect(count(page)).not.toContainText('of');
});

test('a word that may become a field’s name waits until it is meant', async ({ page }) => {
  await filter(page).fill('du');
  await expect(count(page)).not.toContainText('of');
  await page.keyboard.press('Enter');
  await expect(page.getByText('Nothing that was captured passes')).toBeVisible();
});

test('a range of time is drawn, moved by keys, linked and left', async ({ page }) => {
  await expect(page.getByText('Whole session')).toBeVisible();
  const all = await count(page).textContent();
  const box = await page.getByTestId('time-strip').boundingBox();
  if (box === null) throw new Error('there is no strip');
  await page.mouse.move(box.x + box.width * 0.3, box.y + 12);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.6, box.y + 12, { steps: 5 });
  await page.mouse.up();
  await expect(count(page)).toContainText(' of ');
  const drawn = await count(page).textContent();
  await expect.poll(() => new URL(page.url()).searchParams.get('t')).toMatch(/^\d+-\d+$/);

  const end = page.getByRole('slider', { name: 'End of the time range' });
  await end.focus();
  await page.keyboard.press('End');
  await expect(end).toHaveAttribute('aria-valuenow', (await end.getAttribute('aria-valuemax')) ?? '');
  await expect(count(page)).not.toHaveText(drawn ?? '');
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations).toEqual([]);
  await page.keyboard.press('Escape');
  await expect(count(page)).toHaveText(all ?? '');
  await expect(page.getByText('Whole session')).toBeVisible();

  await page.locator('body').press('z');
  await expect(page.getByTestId('time-strip')).toHaveCount(0);
  await page.reload();
  await expect(rows(page).first()).toBeVisible();
  await expect(page.getByTestId('time-strip')).toHaveCount(0);
});
