/** The Map over the recorded capture: the sample network as it is wired, and its packets on it. */

import AxeBuilder from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';
import { expectCountsListed } from './map-counts.ts';
import { test } from './recorded.ts';

test.beforeEach(async ({ page }) => {
  await page.getByRole('navigation', { name: 'Views' }).getByRole('button', { name: 'Map' }).click();
  await expect(page.getByRole('region', { name: 'Map' })).toContainText('4 namespaces, 8 interfaces');
});

const map = (page: Page) => page.getByTestId('map');
const node = (page: Page, name: string) => map(page).getByRole('option', { name, exact: true });
const way = (page: Page) => page.getByRole('region', { name: 'The packet’s way' });

test('every namespace is a region, with its interfaces in it and joined as they are wired', async ({ page }) => {
  const box = async (name: string) => {
    const found = await map(page).getByRole('option', { name: new RegExp(name) }).first().boundingBox();
    if (found === null) throw new Error(`${name} is not drawn`);
    return found;
  };
  const host = await box('^Namespace host');
  for (const name of ['web', 'db', 'outside']) expect((await box(`^Namespace ${name}`)).y).toBeGreaterThan(host.y + host.height);
  await expect(map(page).locator('g.joint.wire')).toHaveCount(3);
  await expect(map(page).locator('g.joint.port')).toHaveCount(2);
  await expect(node(page, 'bridge br0 of host')).toBeVisible();
  // each stands right below the port that it is plugged into
  for (const [port, end] of [['vweb', 'web'], ['vdb', 'db'], ['vout', 'outside']]) {
    const above = await node(page, `veth ${port} of host`).locator('circle').boundingBox();
    const below = await node(page, `veth eth0 of ${end}`).locator('circle').boundingBox();
    expect(Math.abs((above?.x ?? 0) - (below?.x ?? 99))).toBeLessThan(2);
  }
}); // biome-ignore format: pairs

test('a drop count leads to its packets, and one of them to its way over the map', async ({ page }) => {
  await node(page, 'veth eth0 of db').locator('g.drops').click();
  const details = page.getByRole('complementary', { name: 'Details of eth0 of db' });
  await expect(details).toContainText('10.1.0.3/24');
  const dropped = details.getByRole('region', { name: 'Packets dropped here' });
  await expect(dropped.getByRole('listitem')).toHaveCount(6);
  await dropped.getByRole('button', { name: /:9999 NETFILTER_DROP/ }).first().click();
  await expect(way(page)).toContainText('6 places');
  await expect(map(page).locator('.journey .stops g.drop .cross')).toBeVisible();
  // netfilter on a bridge sees the bridge for a moment, then the port again
  const places = ['eth0 of web', 'vweb of host', 'br0 of host', 'vweb of host', 'vdb of host', 'eth0 of db, dropped here'];
  for (const [i, place] of places.entries()) {
    await page.keyboard.press('l');
    await expect(way(page)).toContainText(`${i + 1} of 6: ${place}`);
  }
  // the same hop is selected in the path
  await page.keyboard.press('2');
  await expect(page.getByRole('grid', { name: 'Hops' }).locator('[aria-selected="true"]')).toContainText(/db/);
}); // biome-ignore format: chains

test('what is drawn leads to its packets in the list', async ({ page }) => {
  const filter = page.getByRole('combobox', { name: 'Display filter' });
  const packets = page.locator('[data-packet]');
  await node(page, 'veth eth0 of db').locator('g.drops').click();
  const details = page.getByRole('complementary', { name: 'Details of eth0 of db' });
  await details.getByRole('button', { name: 'Show in Packets' }).click();
  await expect(filter).toHaveValue('dropped and iface.last == db/eth0');
  await expect(packets).toHaveCount(6);
  await page.goBack();
  await expect(filter).toHaveValue('');
  // by keys alone, and what only went through it
  await map(page).focus();
  await node(page, 'bridge br0 of host').click();
  await expect(page.getByRole('complementary', { name: 'Details of br0 of host' })).toBeVisible();
  await page.keyboard.press('v');
  await expect(filter).toHaveValue('iface in {host/br0, host/vweb, host/vdb}');
  await expect(page.getByRole('region', { name: 'Packets' }).getByRole('status').first()).toHaveText(
    /^\d+ of 105$/,
  );
});

test('of the last seconds it leads to those seconds, and back to all of them', async ({ page }) => {
  const status = page.getByRole('region', { name: 'Packets' }).getByRole('status').first();
  const time = page.getByRole('region', { name: 'Time' });
  await page.getByRole('radio', { name: 'Last 5 s' }).click();
  await node(page, 'bridge br0 of host').click();
  const details = page.getByRole('complementary', { name: 'Details of br0 of host' });
  // the recording ended longer ago than that
  await expect(details.getByText('Packets', { exact: true }).locator('xpath=following-sibling::dd[1]')).toHaveText('0/s', { timeout: 60_000 });
  await details.getByRole('button', { name: 'Show in Packets' }).click();
  await expect(page.getByRole('combobox', { name: 'Display filter' })).toHaveValue('iface in {host/br0, host/vweb, host/vdb}');
  await expect(time.getByRole('status')).toContainText('5.00 s');
  await expect(status).toHaveText('0 of 105');
  await page.goBack();
  await expect(page.getByRole('region', { name: 'Map' })).toBeVisible();
  await expect(time).toContainText('Whole session');
  await page.keyboard.press('1');
  await expect(status).toHaveText('105');
}); // biome-ignore format: chains

test('each number is how many packets are listed where it leads to', ({ page }) => expectCountsListed(page));

test('only packets that the display filter lets through are counted', async ({ page }) => {
  await page.getByRole('radio', { name: 'Table' }).click();
  const br0 = page.getByRole('row', { name: /^br0 bridge/ }).getByRole('cell').nth(4);
  const all = Number(await br0.innerText());
  const field = page.getByRole('combobox', { name: 'Display filter' });
  await field.fill('udp');
  await field.blur();
  await expect(br0).not.toHaveText(String(all));
  const some = Number(await br0.innerText());
  expect(some).toBeGreaterThan(0);
  expect(some).toBeLessThan(all);
  await page.getByRole('row', { name: /^br0 bridge/ }).getByRole('button', { name: 'br0' }).click();
  await page.keyboard.press('v');
  await expect(field).toHaveValue(/^udp and iface in /);
  await expect(page.getByRole('region', { name: 'Packets' }).getByRole('status').first()).toHaveText(`${some} of 105`);
}); // biome-ignore format: chains

test('the way plays by itself to its end', async ({ page }) => {
  await node(page, 'veth eth0 of db').locator('g.drops').click();
  await page.getByRole('complementary').getByRole('listitem').first().getByRole('button').click();
  await expect(way(page)).toContainText('places');
  await way(page).getByRole('button', { name: 'Play its way' }).click();
  await expect(way(page)).toContainText(/(\d+) of \1: /, { timeout: 20_000 });
  await expect(way(page).getByRole('button', { name: 'Play its way' })).toBeVisible();
});

test('arrows walk the map, Enter opens, and Escape closes', async ({ page }) => {
  await map(page).focus();
  await page.keyboard.press('ArrowDown');
  await expect(map(page)).toHaveAttribute('aria-activedescendant', /netns-4026531840/);
  await node(page, 'veth vdb of host').click({ position: { x: 8, y: 12 } });
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  const details = page.getByRole('complementary', { name: 'Details of eth0 of db' });
  await expect(details).toBeVisible();
  await details.getByRole('button', { name: 'Filter the capture by it' }).click();
  await expect(page.getByLabel('Interface', { exact: true })).toHaveValue('eth0');
  await expect(page.getByLabel('Namespace', { exact: true })).toHaveValue('4026532249');
  await page.keyboard.press('Escape');
  await expect(details).toHaveCount(0);
});

test('a region that a person moved stays where it is, the others stay where they were', async ({ page }) => {
  const at = (name: string) => map(page).getByRole('option', { name: new RegExp(`^Namespace ${name}`) }).boundingBox();
  const web = await at('web');
  const db = await at('db');
  if (web === null || db === null) throw new Error('not drawn');
  await page.mouse.move(web.x + 20, web.y + web.height - 10);
  await page.mouse.down();
  await page.mouse.move(web.x - 60, web.y + web.height + 60, { steps: 4 });
  await page.mouse.up();
  expect((await at('web'))?.y).toBeCloseTo(web.y + 70, -1);
  expect(await at('db')).toEqual(db);
  await page.keyboard.press('1');
  await page.keyboard.press('3');
  const [movedWeb, laterDb] = [await at('web'), await at('db')];
  expect((movedWeb?.y ?? 0) - (laterDb?.y ?? 0)).toBeGreaterThan(40);
}); // biome-ignore format: chains

test('the table says the same', async ({ page }) => {
  await page.getByRole('radio', { name: 'Table' }).click();
  const rows = page.getByRole('row');
  await expect(page.getByRole('row', { name: /^vweb veth/ })).toContainText('br0, eth0 of web');
  await rows.filter({ hasText: '10.1.0.3/24' }).getByTitle('Show these packets').click();
  await expect(page.getByRole('complementary').getByRole('listitem')).toHaveCount(6);
});

for (const colorScheme of ['dark', 'light'] as const)
  test(`no accessibility fault is found in the ${colorScheme} theme`, async ({ page }) => {
    await page.emulateMedia({ colorScheme });
    await node(page, 'veth eth0 of db').locator('g.drops').click();
    await page.getByRole('complementary').getByRole('listitem').first().getByRole('button').click();
    await expect(way(page)).toContainText('places');
    for (const form of ['Map', 'Table']) {
      await page.getByRole('radio', { name: form }).click();
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(
        violations.map(
          ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(' | ')}`,
        ),
      ).toEqual([]);
    }
  });
