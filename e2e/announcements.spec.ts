/** What is said to a person who does not see the page; of filter and source, in live.spec.ts. */

import { expect, type Page } from '@playwright/test';
import { test } from './recorded.ts';

const said = (page: Page) => page.getByRole('log', { name: 'Announcements' });

test('new kinds of drops are said, each once', async ({ page }) => {
  await expect(said(page)).toContainText('New kind of drop: ');
  const text = await said(page).innerText();
  for (const reason of ['NETFILTER_DROP', 'NO_SOCKET', 'SOCKET_FILTER', 'QUEUE_PURGE'])
    expect(text.split(reason).length - 1, reason).toBe(1);
});

test('how many packets a display filter leaves is said, and what is wrong with one', async ({ page }) => {
  const field = page.getByRole('combobox', { name: 'Display filter' });
  await field.fill('9999');
  await expect(said(page)).toContainText(/\b3 of 105 packets are shown\./);
  await field.fill('dport == nowhere');
  await field.press('Enter');
  await expect(page.getByRole('alert').filter({ hasText: 'nowhere' })).toBeVisible();
  await field.fill('');
  await expect(said(page)).toContainText('All 105 packets are shown.');
});

test('a pause is said, and its end', async ({ page }) => {
  await page.getByRole('heading', { name: 'Packets', exact: true }).click();
  await page.keyboard.press('p');
  await expect(said(page)).toContainText('The list is paused.');
  await page.keyboard.press('p');
  await expect(said(page)).toContainText('The list goes on.');
  await page.keyboard.press('4');
  await expect(page.locator('[data-path]').first()).toBeVisible();
  await page.keyboard.press('p');
  await expect(said(page)).toContainText('The paths are paused.');
  await page.keyboard.press('p');
  await expect(said(page)).toContainText('The paths go on.');
});
