/** Conversations of a recorded capture: both directions in a row, also where NAT changed them. */

import AxeBuilder from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';
import { test } from './recorded.ts';

test.beforeEach(async ({ page }) => {
  await page.keyboard.press('7');
  await expect(rowOf(page, /192\.0\.2\.2:55170/)).toBeVisible();
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

test('a conversation is listed in the Packets view: its packets, both ways, and their copies', async ({
  page,
}) => {
  for (const flow of [/192\.0\.2\.2:55170/, /ICMP echo 195/, /ICMP unreachable/, /10\.1\.0\.3:9999/]) {
    await rowOf(page, flow).first().click();
    const text = await detail(page).innerText();
    const packets = [...text.matchAll(/(\d+) packets?,/g)].map(([, count]) => Number(count));
    const copies = Number(/(\d+) clones/.exec(text)?.[1] ?? 0);
    const all = packets.reduce((sum, count) => sum + count, copies);
    expect(all).toBeGreaterThan(0);
    await detail(page).getByRole('button', { name: 'Show in Packets' }).click();
    await expect(page.getByRole('region', { name: 'Packets' }), text).toContainText(`${all} of 105`);
    await page.getByRole('combobox', { name: 'Display filter' }).fill('');
    await page.getByRole('navigation', { name: 'Views' }).getByRole('button', { name: 'Flows' }).click();
  }
});
