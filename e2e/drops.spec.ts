/** What the kernel dropped in a recorded capture: by cause, why, and to the packets. */

import AxeBuilder from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';
import { test } from './recorded.ts';

test.beforeEach(async ({ page }) => {
  await page.keyboard.press('5');
  await expect(table(page)).toBeVisible();
  // each group's kind is known, and with it their order
  await expect(table(page)).not.toContainText('…');
});

const table = (page: Page) => page.getByRole('grid', { name: 'Dropped packets, grouped' });
const group = (page: Page) => page.getByRole('region', { name: 'The selected group' });
const rowOf = (page: Page, text: RegExp) => table(page).getByRole('row').filter({ hasText: text });

test('drops are grouped by cause, and ordinary ends are told from problems', async ({ page }) => {
  await expect(page.getByText(/^23 of 105 packets in /)).toBeVisible();
  await expect(rowOf(page, /NETFILTER_DROP nft_do_chain/)).toContainText('problem');
  await expect(rowOf(page, /NO_SOCKET __udp4_lib_rcv/)).toContainText('problem');
  await expect(rowOf(page, /QUEUE_PURGE sk_stream_kill_queues/)).toContainText('ordinary');
  // what is worth a look comes first, whatever the numbers
  await expect(table(page).getByRole('row').nth(1)).toContainText('problem');
  await page.getByRole('button', { name: 'Drops', exact: true }).last().click();
  await expect(table(page).getByRole('row').nth(1)).toContainText('ordinary');
});

test('a group says why, with evidence, what the host says, and what to do', async ({ page }) => {
  await rowOf(page, /NO_SOCKET/).click();
  await expect(group(page)).toContainText('Nobody listens on UDP 10.1.0.3:9998 in db');
  await expect(group(page).getByRole('list', { name: 'Evidence' })).toContainText('socket lookup: none');
  await expect(group(page).getByRole('list', { name: 'What to do' })).toBeVisible();
});

test('keys walk groups and packets, Enter shows the path, and back leads here again', async ({ page }) => {
  await page.keyboard.press('End');
  await page.keyboard.press('k');
  await page.keyboard.press('Home');
  await page.keyboard.press('j');
  const selected = table(page).locator('[aria-selected="true"]');
  await expect(selected).toHaveAttribute('aria-rowindex', '3');
  const name = await selected.innerText();
  await page.keyboard.press('Enter');
  const packets = page.getByRole('listbox', { name: 'Packets of the group' });
  await expect(packets).toBeFocused();
  await page.keyboard.press('j');
  const packet = await packets.locator('[aria-selected="true"]').getAttribute('data-option');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('region', { name: 'Path of the selected packet' })).toContainText(
    `Packet ${packet}`,
  );
  await page.goBack();
  await expect(selected).toContainText(name.split('\n')[1] ?? '');
  await packets.locator(`[data-option="${packet}"]`).click();
  await expect(page.getByTestId('timeline').locator('g.mark.drop')).toBeVisible();
});

test('drops are grouped by anything that they have in common', async ({ page }) => {
  const by = page.getByLabel('Group by');
  await by.selectOption('Namespace');
  await expect(rowOf(page, /\bdb\b/).first()).toBeVisible();
  await by.selectOption('Flow');
  await expect(rowOf(page, /10\.1\.0\.2:\d+ → 10\.1\.0\.3:9999/).first()).toBeVisible();
  await by.selectOption('Interface');
  await expect(rowOf(page, /eth0 in db/)).toBeVisible();
  await by.blur();
  await page.keyboard.press('g');
  await expect(by).toHaveValue('flow');
});

for (const colorScheme of ['dark', 'light'] as const)
  test(`no accessibility fault is found in the ${colorScheme} theme`, async ({ page }) => {
    await page.emulateMedia({ colorScheme });
    await rowOf(page, /NETFILTER_DROP/).click();
    await expect(group(page)).toContainText('The firewall');
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(
      violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(' | ')}`),
    ).toEqual([]);
  });

test('a group is listed in the Packets view by a display filter that lets exactly it through', async ({
  page,
}) => {
  const groupings = await page.getByLabel('Group by').locator('option').allInnerTexts();
  expect(groupings.length).toBeGreaterThan(4);
  for (const grouping of groupings) {
    await page.getByLabel('Group by').selectOption({ label: grouping });
    const row = table(page).getByRole('row').nth(1);
    await row.click();
    const title = await group(page).getByRole('heading').first().innerText();
    const drops = /(\d+) packets?, newest first/.exec(await group(page).innerText())?.[1];
    await group(page).getByRole('button', { name: 'Show in Packets' }).click();
    await expect(page.getByRole('region', { name: 'Packets' }), `${grouping}: ${title}`).toContainText(
      `${drops} of 105`,
    );
    await page.getByRole('combobox', { name: 'Display filter' }).fill('');
    await page.getByRole('navigation', { name: 'Views' }).getByRole('button', { name: 'Drops' }).click();
  }
});
