/**
 * The one command list: every command of every view is found in the palette, runs from there without an error (the
 * fixture fails a page that writes one to its console) and leaves a page that works. Its keys have tests of their own.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, type Page } from '@playwright/test';
import { ROOT } from './product.ts';
import { test } from './recorded.ts';

test.use({ capture: 'tasks' });
test.describe.configure({ mode: 'serial' });

const palette = (page: Page) => page.getByRole('dialog', { name: 'Commands' });
const tab = (page: Page, name: string) =>
  page.getByRole('navigation', { name: 'Views' }).getByRole('button', { name });

/** Where commands are: how to come there from Packets with a packet selected. */
const PLACES: Readonly<Record<string, (page: Page) => Promise<void>>> = {
  Packets: (page) => tab(page, 'Packets').click(),
  'Packets in groups': (page) => page.getByLabel('Group').selectOption({ label: 'by flow' }).then(),
  Path: (page) => tab(page, 'Path').first().click(),
  Map: async (page) => {
    await tab(page, 'Map').click();
    await page.getByRole('option', { name: 'veth eth0 of db', exact: true }).click({ position: { x: 8, y: 12 } });
  },
  Paths: async (page) => {
    await tab(page, 'Paths').click();
    await page.locator('[data-path]').first().click();
  },
  Comparison: async (page) => {
    await tab(page, 'Paths').click();
    for (const i of [0, 1]) {
      await page.locator('[data-path]').nth(i).click();
      await page.getByRole('button', { name: /^Compare with/ }).click();
    }
    await expect(page.getByRole('grid', { name: 'Both paths, row by row' })).toBeVisible();
  },
  Drops: async (page) => {
    await tab(page, 'Drops').click();
    await page.getByRole('grid', { name: 'Dropped packets, grouped' }).getByRole('row').nth(1).click();
  },
  Flows: async (page) => {
    await tab(page, 'Flows').click();
    await page.getByRole('grid', { name: 'Conversations' }).getByRole('row').nth(1).click();
  },
  Latency: async (page) => {
    await tab(page, 'Latency').click();
    await page.getByRole('grid', { name: /^How long packets took/ }).getByRole('row').nth(1).click();
  },
  Health: async (page) => {
    await tab(page, 'Health').click();
    await page.getByRole('grid', { name: 'Probes' }).getByRole('row').nth(2).click();
  },
}; // biome-ignore format: a table

/** The graph's own, while it has the focus, which the palette takes: paths.spec.ts walks with them. */
const IN_GRAPH = ['paths.left', 'paths.right'];
const offered = new Set<string>(IN_GRAPH);

async function come(page: Page, url: string, place: string): Promise<void> {
  await page.goto(url);
  // a packet with a relative, for what is about relatives
  await page.getByLabel('Display filter').fill('10.96.0.10');
  await expect(page.locator('[data-packet]').filter({ hasNotText: '10.96.0.10' })).toHaveCount(0);
  await page.locator('[data-packet]').first().click();
  await expect(page.getByRole('grid', { name: 'Hops' })).toBeVisible();
  await page.getByLabel('Display filter').fill('');
  await PLACES[place]?.(page);
}

async function open(page: Page): Promise<void> {
  await page.keyboard.press('Control+k');
  await expect(palette(page)).toBeVisible();
}

/** Opens the palette and looks for a command; Enter would run it. */
async function isOffered(page: Page, value: string): Promise<boolean> {
  await open(page);
  await page.keyboard.insertText(value);
  const items = palette(page).locator('[cmdk-item]');
  // the list follows what is written: the command alone, or nothing
  await expect(
    items.filter({ visible: true }).or(palette(page).getByText('No command has that')).first(),
  ).toBeVisible();
  return (await items.evaluateAll((all) => all.map((item) => item.getAttribute('data-value')))).includes(
    value,
  );
}

for (const place of Object.keys(PLACES))
  test(`every command of ${place} runs from the palette`, async ({ page, product }) => {
    test.setTimeout(600_000);
    await come(page, product.url, place);
    await open(page);
    const values = await palette(page)
      .locator('[cmdk-item]')
      .evaluateAll((all) => all.map((item) => item.getAttribute('data-value') ?? ''));
    expect(values.length).toBeGreaterThan(10);
    await page.keyboard.press('Escape');
    for (const value of values) {
      const id = value.split(' ').at(-1) ?? '';
      // what is everywhere is run once
      if (offered.has(id)) continue;
      offered.add(id);
      await test.step(id, async () => {
        // the command before may have led elsewhere, or taken away what this one needs
        if (!(await isOffered(page, value))) {
          await page.keyboard.press('Escape');
          await come(page, product.url, place);
          expect(await isOffered(page, value), `${id} is offered again`).toBe(true);
        }
        const chosen = palette(page).locator('[cmdk-item][aria-selected="true"]');
        await expect(chosen).toHaveAttribute('data-value', value);
        await page.keyboard.press('Enter');
        if (id !== 'page.palette') await expect(palette(page)).toHaveCount(0);
        if (['page.palette', 'page.help', 'page.export', 'page.freeze'].includes(id)) {
          await expect(page.getByRole('dialog')).toBeVisible();
          await page.keyboard.press('Escape');
          await expect(page.getByRole('dialog')).toHaveCount(0);
        }
        if (id === 'page.recordings') {
          await expect(page.getByRole('heading', { name: 'Recordings' })).toBeVisible();
          await come(page, product.url, place);
        }
        await expect(page.getByTestId('connection')).toHaveText('Connected');
        await expect(page.locator('main section').first()).toBeVisible();
      });
    }
  });

test('no command of the sources was left out', () => {
  const folder = join(ROOT, 'components');
  const ids = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file) && !file.startsWith('test'))
    .flatMap((file) => [
      ...readFileSync(join(folder, file), 'utf8').matchAll(/\bid: '([a-z]+\.[A-Za-z]+)',\s*title:/g),
    ])
    .map(([, id = '']) => id);
  expect(ids.length).toBeGreaterThan(50);
  expect(ids.filter((id) => !offered.has(id))).toEqual([]);
});
