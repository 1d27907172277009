/** A recording in the browser: the same views as live, and nothing that only a live source could do. */
import { mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { LOST_EVENTS, writeRecording } from '../server/recording/test/make-recording.ts';
import { type Product, serveRecording } from './product.ts';
import { openCapture, selectFound } from './recorded.ts';

test.describe.configure({ mode: 'serial' });

// made for the tests, not for whoever only lists them
const folder = join(tmpdir(), `skbtracer-e2e-recording-${process.pid}`);
test.beforeAll(() => void mkdirSync(folder, { mode: 0o700 }));
let product: Product;
test.beforeAll(async () => {
  const file = join(folder, 'case 7.skbt');
  await writeRecording(file);
  product = await serveRecording(file);
});
test.afterAll(async () => {
  expect(await product.stop()).toBe(0);
  rmSync(folder, { recursive: true });
});

test.beforeEach(async ({ page }) => {
  await openCapture(page, product.url);
});

test('says what it is, and offers no capture', async ({ page }) => {
  const bar = page.getByRole('region', { name: 'Recording' });
  await expect(bar).toContainText('case 7.skbt');
  await expect(bar).toContainText('captured:');
  await expect(page.getByRole('region', { name: 'Filter', exact: true })).toHaveCount(0);
  await expect(page.getByRole('button', { name: 'Start' })).toHaveCount(0);
  await expect(page.getByRole('contentinfo')).toContainText('Recording');
  await expect(page.getByText('The source is gone')).toHaveCount(0);
});

test('explains a dropped packet by what the host said then', async ({ page }) => {
  await selectFound(page, 'NETFILTER_DROP 9999');
  await expect(page.getByRole('region', { name: 'Why' })).toContainText('udp dport 9999');
});

test('has its state in Health, as it was', async ({ page }) => {
  await page.getByRole('navigation', { name: 'Views' }).getByText('Health').click();
  await expect(page.getByRole('region', { name: 'Source' })).toContainText('the recording case 7.skbt');
  await expect(page.getByRole('status', { name: 'Health at a glance' })).toContainText(
    'probes were attached',
  );
  const probes = page.getByRole('region', { name: 'Probes' });
  await expect(probes).toContainText('dev_hard_start_xmit');
  await expect(probes.getByRole('checkbox')).toHaveCount(0);
  await expect(page.getByRole('status', { name: 'Health at a glance' })).toContainText(
    `Lost: ${LOST_EVENTS} events`,
  );
});
