/** What a new user must be able to find within a minute and without the manual; live in live.spec.ts. */
import { expect } from '@playwright/test';
import { expectCountsListed } from './map-counts.ts';
import { whereItSplits, whichIsSlower, whyTheyDie } from './newcomer.ts';
import { test } from './recorded.ts';

test.use({ capture: 'tasks' });

test('why the UDP datagrams to port 9999 die', async ({ page }) => whyTheyDie(page));
test('which of two paths is slower, and where', async ({ page }) => whichIsSlower(page));
test('where the datagram splits that arrives twice', async ({ page }) => whereItSplits(page));
test('which queue is slow is told over time as well', async ({ page }) => {
  await page.getByRole('navigation', { name: 'Views' }).getByRole('button', { name: 'Latency' }).click();
  const times = page.getByRole('grid', { name: /^How long packets took/ });
  const queue = times.getByRole('row').filter({ hasText: 'qdisc queue' });
  await expect(queue).toContainText(/2\d\.\d ms/);
  await queue.click();
  await expect(page.getByRole('listbox', { name: 'Passages of the cell' })).toContainText('10.2.0.3');
});
test('each number of the Map is how many packets are listed where it leads to', ({ page }) =>
  expectCountsListed(page));
