/** The page's views over one recorded capture: how a person gets from one to the other, by keys, links and back. */

import AxeBuilder from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';
import { test } from './recorded.ts';

const path = (page: Page) => page.getByRole('region', { name: 'Path of the selected packet' });

test('a link leads to the view and the packet that it was copied from, and back undoes a step', async ({
  page,
  context,
}) => {
  const row = page.locator('[data-packet]').nth(3);
  const packet = await row.getAttribute('data-packet');
  await row.click();
  await page.keyboard.press('2');
  await expect(page.getByRole('button', { name: 'Path', exact: false }).first()).toHaveAttribute(
    'aria-current',
    'page',
  );
  await expect(path(page)).toContainText(`Packet ${packet}`);
  const link = page.url();

  const other = await context.newPage();
  await other.goto(link);
  await expect(path(other)).toContainText(`Packet ${packet}`);
  await expect(other.locator('[data-packet]')).toHaveCount(0);
  // a link of another session names none of this one's packets
  await other.goto(link.replace(/session=[^&]*/, 'session=9.zz'));
  await expect(other.getByText('No packet is selected')).toBeVisible();
  await other.close();

  await page.goBack();
  await expect(page.locator('[data-packet]').first()).toBeVisible();
  await expect(path(page)).toContainText(`Packet ${packet}`);
});

test('a link has how packets are listed, and which drops and conversation are chosen', async ({
  page,
  context,
}) => {
  const query = (name: string) => new URL(page.url()).searchParams.get(name);
  const group = (of: Page) => of.getByLabel('Group', { exact: true });
  await group(page).selectOption('by verdict');
  await page.getByRole('columnheader', { name: 'Length' }).getByRole('button').click();
  await expect.poll(() => [query('group'), query('sort')]).toEqual(['verdict', 'length-down']);
  const list = page.url();
  await page.keyboard.press('5');
  await page.getByLabel('Group by').selectOption('Function');
  const chosen = (of: Page, name: string) =>
    of.getByRole('region', { name }).locator('[aria-selected="true"]').first();
  await page.keyboard.press('j');
  await expect.poll(() => query('drop')).not.toBeNull();
  const drop = query('drop') ?? '';
  const drops = page.url();
  await page.keyboard.press('7');
  await expect(page.getByRole('region', { name: 'Flows' })).toBeVisible();
  await page.keyboard.press('j');
  await expect.poll(() => query('flow')).not.toBeNull();
  const flow = query('flow') ?? '';

  const other = await context.newPage();
  await other.goto(page.url());
  await expect(chosen(other, 'Flows')).toHaveAttribute('data-row', flow);
  await other.goto(drops);
  await expect(chosen(other, 'Drops')).toHaveAttribute('data-row', drop);
  await other.goto(list);
  await expect(group(other)).toHaveValue('verdict');
  await expect(other.getByRole('columnheader', { name: 'Length' })).toHaveAttribute(
    'aria-sort',
    'descending',
  );
  await other.close();

  await page.goBack();
  await expect(chosen(page, 'Drops')).toHaveAttribute('data-row', drop);
  await page.goBack();
  await expect(group(page)).toHaveValue('verdict');
  await page.goForward();
  await expect(page.getByRole('region', { name: 'Drops' })).toBeVisible();
});

test('panes stay as they were drawn', async ({ page }) => {
  const drawn = async (name: string, key: 'ArrowUp' | 'ArrowLeft') => {
    const divider = page.getByRole('separator', { name });
    const before = await divider.getAttribute('aria-valuenow');
    await divider.press(key);
    await expect(divider).not.toHaveAttribute('aria-valuenow', before ?? '');
    return divider.getAttribute('aria-valuenow');
  };
  const PANES = [
    ['1', 'Height of the path', 'ArrowUp'],
    ['2', 'Size of the story', 'ArrowLeft'],
    ['4', 'Size of the list of paths', 'ArrowLeft'],
    ['5', 'Size of the list of groups', 'ArrowLeft'],
    ['7', 'Height of the list of conversations', 'ArrowUp'],
    ['7', 'Size of the conversation', 'ArrowLeft'],
  ] as const;
  await page.locator('[data-packet]').first().click();
  const sizes = [];
  for (const [view, name, key] of PANES) {
    await page.keyboard.press(view);
    sizes.push(await drawn(name, key));
  }
  await page.keyboard.press('3');
  const eth0 = page.getByTestId('map').getByRole('option', { name: 'veth eth0 of db', exact: true });
  await eth0.locator('g.drops').click();
  const details = await drawn('Size of the details', 'ArrowLeft');

  await page.reload();
  await eth0.locator('g.drops').click();
  await expect(page.getByRole('separator', { name: 'Size of the details' })).toHaveAttribute(
    'aria-valuenow',
    details ?? '',
  );
  for (const [i, [view, name]] of PANES.entries()) {
    await page.keyboard.press(view);
    await expect(page.getByRole('separator', { name })).toHaveAttribute('aria-valuenow', sizes[i] ?? '');
  }
});

test('every command is found by its title', async ({ page }) => {
  await page.keyboard.press('Control+k');
  const palette = page.getByRole('dialog', { name: 'Commands' });
  await expect(palette).toBeVisible();
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations).toEqual([]);
  await page.keyboard.type('hop by hop');
  await page.keyboard.press('Enter');
  await expect(palette).toHaveCount(0);
  await expect(page.getByText('No packet is selected')).toBeVisible();
  await page.keyboard.press('Control+k');
  await page.keyboard.type('no such thing');
  await expect(palette).toContainText('No command has that');
  await page.keyboard.press('Escape');
  await expect(palette).toHaveCount(0);
});

test('no key of a view does two things', async ({ page }) => {
  await page.locator('[data-packet]').first().click();
  for (const key of ['1', '2', '3', '4', '5', '6', '7', '8']) {
    await page.keyboard.press(key);
    await page.keyboard.press('?');
    const help = page.getByRole('dialog', { name: 'Keys and words' });
    await expect(help).toBeVisible();
    const keys = await help.locator('kbd').allInnerTexts();
    expect(
      keys.filter((one, at) => keys.indexOf(one) !== at),
      `keys of view ${key}`,
    ).toEqual([]);
    await page.keyboard.press('Escape');
    await expect(help).toHaveCount(0);
  }
});

test('the first press of `c` compares, before the script of Paths has come', async ({ page }) => {
  const html = await (await page.request.get(page.url())).text();
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const held: string[] = [];
  // what the page itself needs comes at once; what comes when the page is idle, only when this test lets it
  await page.route(/\/_next\/.*\.js(\?|$)/, async (route) => {
    const name = new URL(route.request().url()).pathname.split('/').at(-1) ?? '';
    if (!html.includes(name)) {
      held.push(name);
      await released;
    }
    await route.continue();
  });
  await page.reload();
  await expect(page.getByRole('region', { name: 'Packets' }).getByRole('status').first()).toHaveText('105');
  const packet = await page.locator('[data-packet]').first().getAttribute('data-packet');
  const row = page.locator(`[data-packet="${packet}"]`);
  await row.click();
  await expect(row).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('c');
  await expect(page.getByRole('navigation', { name: 'Views' }).getByRole('button', { name: 'Paths' })).toHaveAttribute('aria-current', 'page');
  await expect(page.getByRole('region', { name: 'Paths', exact: true })).toHaveCount(0);
  expect(held).not.toEqual([]);
  release();
  await expect(page.getByText('and press C')).toContainText(`packet ${packet}`);
}); // biome-ignore format: chains
