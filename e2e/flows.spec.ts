/** Conversations of a recorded capture: both directions in a row, also where NAT changed them. */

import { join } from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import { expect, type Page, test } from '@playwright/test';
import { type Product, ROOT, startReplay } from './product.ts';

let product: Product;

test.beforeAll(async () => {
  product = await startReplay(join(ROOT, 'e2e', 'fixtures', 'capture.bin.gz'));
});

test.afterAll(async () => {
  await product.stop();
});

test.beforeEach(async ({ page }) => {
  await page.addInitScript(() => localStorage.setItem('skbtracer.welcomed', 'true'));
  await page.goto(product.url);
  await expect(page.locator('[data-packet]').first()).toBeVisible();
  await page.keyboard.press('7');
  await expect(table(page)).toBeVisible();
});

const table = (page: Page) => page.getByRole('grid', { name: 'Conversations' });
const detail = (page: Page) => page.getByRole('region', { name: 'The selected conversation' });
const rowOf = (page: Page, text: RegExp) => table(page).getByRole('row').filter({ hasText: text });

test('a translated connection is one conversation: who began, what went each way, whose it is', async ({
  page,
}) => {
  const row = rowOf(page, /192\.0\.2\.2:55170/);
  await expect(row).toHaveCount(1);
  await expect(row).toContainText('TCP closed');
  await expect(row).toContainText('192.0.2.1:8080');
  await expect(row).toContainText('5 / 3');
  await row.click();
  await expect(detail(page)).toContainText('A, began');
  await expect(detail(page)).toContainText('as 10.1.0.3:80');
  await expect(detail(page)).toContainText('bash (233)');
  await expect(detail(page)).toContainText('udpblast (188)');
  await expect(detail(page)).toContainText(
    /Round trip\s*\d.* ms SYN and SYN,ACK, both ends are on this host/,
  );
});

test('a ping has the median round trip of its pairs', async ({ page }) => {
  await rowOf(page, /ICMP echo 195/).click();
  await expect(detail(page)).toContainText(/median of 4/);
  await expect(detail(page)).toContainText('icmp and host 10.1.0.2 and host 10.1.0.3 and icmp[4:2] = 195');
  await expect(detail(page)).toContainText(/of these dropped: 4 SOCKET_FILTER/);
});

test('keys walk the conversations, and Enter shows the newest packet of one', async ({ page }) => {
  await page.getByRole('button', { name: 'Drops', exact: true }).last().click();
  await page.keyboard.press('Home');
  await page.keyboard.press('j');
  const selected = table(page).locator('[aria-selected="true"]');
  await expect(selected).toHaveAttribute('aria-rowindex', '3');
  await page.keyboard.press('Escape');
  await table(page).getByRole('rowgroup').focus();
  await page.keyboard.press('Enter');
  await expect(page.locator('[data-packet][aria-selected="true"]')).toBeVisible();
});

test('a capture without events of connections says so, and can be asked for them', async ({ page }) => {
  const pane = page.getByRole('region', { name: 'TCP connections' });
  await expect(pane).toContainText('This capture does not ask for connections');
  await expect(pane.getByRole('button', { name: 'Capture them as well' })).toBeVisible();
});

for (const colorScheme of ['dark', 'light'] as const)
  test(`no accessibility fault is found in the ${colorScheme} theme`, async ({ page }) => {
    await page.emulateMedia({ colorScheme });
    await rowOf(page, /192\.0\.2\.2:55170/).click();
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(
      violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(' | ')}`),
    ).toEqual([]);
  });
