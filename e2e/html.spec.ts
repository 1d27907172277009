/** A recording as a page: opened from the disk, without a network, by somebody who has nothing else. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import AxeBuilder from '@axe-core/playwright';
import { expect, test } from '@playwright/test';
import { writeRecording } from '../server/recording/test/make-recording.ts';
import { ROOT } from './product.ts';

// made for the tests, not for whoever only lists them
const folder = join(tmpdir(), `skbtracer-e2e-html-${process.pid}`);
test.beforeAll(() => void mkdirSync(folder, { mode: 0o700 }));
test.afterAll(() => rmSync(folder, { recursive: true }));

test('is read, and searched, with the network off', async ({ page, context }) => {
  const file = join(folder, 'case.html');
  await writeRecording(join(folder, 'case.skbt'));
  const { status, stderr } = spawnSync(
    join(ROOT, 'bin', 'skbtracer'),
    ['export', join(folder, 'case.skbt'), '-o', file],
    { encoding: 'utf8' },
  );
  expect(stderr).toContain('105 packets');
  expect(status).toBe(0);

  await context.setOffline(true);
  const said: string[] = [];
  page.on('console', (message) => said.push(message.text()));
  page.on('request', (request) => {
    if (!request.url().startsWith('file:')) said.push(request.url());
  });
  await page.goto(pathToFileURL(file).href);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Packets of case.skbt');
  await expect(page.locator('details')).toHaveCount(105);
  await page.getByRole('searchbox').fill('NETFILTER_DROP 10.1.0.3:81');
  const shown = page.locator('details:visible');
  await expect(shown).not.toHaveCount(0);
  await expect(shown.first()).toContainText('The firewall dropped it');
  const { violations } = await new AxeBuilder({ page }).include('header').include('#packet-17').analyze();
  expect(violations).toEqual([]);
  // as the host said when it was recorded
  await page.getByRole('searchbox').fill('NETFILTER_DROP 9999');
  await expect(page.locator('details:visible').first()).toContainText('udp dport 9999');
  expect(said).toEqual([]);
});
