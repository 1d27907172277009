/** A path as a person reads it: the story beside the timeline, functions explained, the tree of relatives. */

import AxeBuilder from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';
import { selectFound, test } from './recorded.ts';

const story = (page: Page) => page.getByRole('region', { name: 'Story' });
const steps = (page: Page) => story(page).getByRole('listitem');
const selectedRow = (page: Page) =>
  page.getByRole('grid', { name: 'Hops' }).locator('[role="row"][aria-selected="true"]');

/** Selects the first packet that the list finds, and shows it on the whole page once its story is there to be walked. */
async function open(page: Page, find: string): Promise<void> {
  await selectFound(page, find);
  await page.locator('body').press('2');
  await expect(
    page.getByRole('navigation', { name: 'Views' }).locator('[aria-current="page"]'),
  ).toContainText('Path');
  await expect(page.locator('[data-packet]')).toHaveCount(0);
  await expect(steps(page).nth(1)).toBeVisible();
}

async function expectNoFaults(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(
    violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 200)).join(' | ')}`),
  ).toEqual([]);
}

test('a person reads why a datagram died, and is led to the hops that say so', async ({ page }) => {
  await open(page, 'NETFILTER_DROP UDP');
  await expect(steps(page)).toHaveCount(8);
  await expect(steps(page).nth(2)).toContainText(
    'Crosses the veth pair from eth0 in web to vweb on the host',
  );
  await expect(steps(page).last()).toContainText(
    'Dropped in db by nftables inet sample input rule 2: NETFILTER_DROP',
  );
  await steps(page).last().getByRole('button').click();
  await expect(selectedRow(page)).toContainText('nftables inet sample input rule 2: DROP');

  await steps(page).nth(4).getByRole('button').click();
  await expect(selectedRow(page)).toContainText('br_forward');
  await expect(page.getByText('The frame is for one port, if that may send it')).toBeVisible();
  await expect(page.getByTestId('timeline').locator('g.stretch rect')).toHaveCount(1);
});

test('keys walk the story, the story follows the hops, and it stays as it was left', async ({ page }) => {
  await open(page, '192.0.2.1:8080');
  const current = story(page).locator('[aria-current="step"]');
  await expect(current).toHaveCount(0);
  for (let i = 0; i < 5; i += 1) await page.keyboard.press('.');
  await expect(current).toContainText('DNAT rewrites 192.0.2.1:8080 → 10.1.0.3:80');
  await expect(selectedRow(page)).toContainText('NAT: destination rewritten');
  await page.keyboard.press(',');
  await expect(current).toContainText('IP takes it in on vout');
  for (let i = 0; i < 3; i += 1) await page.keyboard.press('ArrowLeft');
  await expect(current).toContainText('Crosses the veth pair');

  await page.keyboard.press('i');
  await expect(story(page)).toHaveCount(0);
  await page.keyboard.press('i');
  await expect(story(page)).toBeVisible();
  await page.keyboard.press('t');
  await expect(story(page)).toHaveCount(0);
  await page.reload();
  await expect(page.getByRole('grid', { name: 'Hops' })).toBeVisible();
  await expect(story(page)).toHaveCount(0);
  await page.keyboard.press('t');
  await expect(story(page)).toBeVisible();
});

test('the details mark the fields that a hop sees changed', async ({ page }) => {
  await open(page, '192.0.2.1:8080');
  await page.keyboard.press('i');
  const details = page.getByRole('region', { name: 'Details of the selected hop' });
  await page.getByRole('grid', { name: 'Hops' }).getByText('nf_nat_manip_pkt').click();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await expect(details).toContainText('A socket of an established connection is looked for ahead of routing');
  await expect(details.getByText('changed from 192.0.2.1 → 10.1.0.3')).toBeVisible();
});

test('relatives open to a tree, each a click away', async ({ page }) => {
  await open(page, 'echo reply delivered');
  const lineage = page.getByRole('navigation', { name: 'Lineage' });
  await expect(lineage).toBeVisible();
  await page.keyboard.press('r');
  const tree = lineage.getByRole('list', { name: 'Tree of relatives' });
  await expect(tree.getByRole('button')).toHaveCount(3);
  await expect(tree.locator('[aria-current="true"]')).toContainText('#');
  const child = tree.getByRole('button').nth(1);
  const number = /#\d+/.exec((await child.textContent()) ?? '')?.[0] ?? '';
  await child.click();
  await expect(tree.locator('[aria-current="true"]')).toContainText(number);
  await expect(story(page)).toContainText('A raw socket in');
});

for (const colorScheme of ['dark', 'light'] as const)
  test(`no accessibility fault is found in the ${colorScheme} theme, on a desk and on a phone`, async ({
    page,
  }) => {
    await page.emulateMedia({ colorScheme });
    await open(page, '192.0.2.1:8080');
    for (let i = 0; i < 5; i += 1) await page.keyboard.press('.');
    await expectNoFaults(page);
    await page.keyboard.press('i');
    for (let i = 0; i < 3; i += 1) await page.keyboard.press('l');
    await expect(page.getByRole('region', { name: 'Details of the selected hop' })).toBeVisible();
    await expectNoFaults(page);

    await page.setViewportSize({ width: 390, height: 844 });
    await expect(story(page)).toBeVisible();
    await expect(page.getByRole('grid', { name: 'Hops' })).toHaveCount(0);
    await expectNoFaults(page);
    await page.getByRole('radio', { name: 'Hops' }).click();
    await expect(page.getByRole('grid', { name: 'Hops' })).toBeVisible();
    await expect(story(page)).toHaveCount(0);
  });
