import { expect, type Page } from '@playwright/test';

/** Every interface, and what it dropped: the Map's number is how many the display filter lists that it leads to. */
export async function expectCountsListed(page: Page): Promise<void> {
  const toMap = async () => {
    await page.keyboard.press('3');
    await page.getByRole('radio', { name: 'Table' }).click();
  };
  const rows = page.getByRole('group', { name: 'Interfaces' }).getByRole('row');
  const details = page.getByRole('complementary');
  const status = page.getByRole('region', { name: 'Packets' }).getByRole('status').first();
  await toMap();
  await expect(rows.filter({ has: page.locator('td:nth-child(6)', { hasText: /^\d+$/ }) })).not.toHaveCount(0);
  const seen: string[] = [];
  for (let i = 0; i < (await rows.count()); i += 1) {
    const cells = rows.nth(i).getByRole('cell');
    if ((await cells.count()) !== 6) continue;
    for (const [cell, term] of [[4, 'Packets'], [5, 'Dropped here']] as const) {
      const count = await cells.nth(cell).innerText();
      if (count === '') continue;
      await (term === 'Packets' ? rows.nth(i).getByRole('rowheader') : cells.nth(cell)).getByRole('button').click();
      await expect(details.getByText(term, { exact: true }).locator('xpath=following-sibling::dd[1]')).toHaveText(count);
      await page.keyboard.press('v');
      await expect(status).toHaveText(new RegExp(`^${count} of \\d+$|^${count}$`));
      seen.push(`${term} ${count}`);
      await page.goBack();
      await expect(page.getByRole('combobox', { name: 'Display filter' })).toHaveValue('');
      await toMap();
    }
  }
  expect(seen.length).toBeGreaterThan(5);
} // biome-ignore format: chains
