/** How a recorded capture is doing: its probes, what was lost, what the kernel allowed, and what a recording lacks. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import AxeBuilder from '@axe-core/playwright';
import { test as bare, expect, type Page } from '@playwright/test';
import { ROOT, startReplay } from './product.ts';
import { test } from './recorded.ts';

const table = (page: Page) => page.getByRole('grid', { name: 'Probes' });
const rowOf = (page: Page, text: RegExp) => table(page).getByRole('row').filter({ hasText: text });
const selected = (page: Page) => table(page).locator('[aria-selected="true"]');
const detail = (page: Page) => page.getByRole('region', { name: 'The selected probe' });
const region = (page: Page, name: string) => page.getByRole('region', { name, exact: true });

async function openHealth(page: Page): Promise<void> {
  await page.keyboard.press('8');
  await expect(rowOf(page, /dev_hard_start_xmit/).first()).toContainText('183');
  await expect(page.getByText('Programs for ends, lineage and decisions are not listed')).toBeVisible();
}

async function expectNoFault(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(
    violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(' | ')}`),
  ).toEqual([]);
}

test('the view says in a line, and in full, that nothing was lost and what is limited', async ({ page }) => {
  await openHealth(page);
  const glance = page.getByRole('status', { name: 'Health at a glance' });
  await expect(glance).toContainText('129 probes attached');
  await expect(glance).toContainText('Nothing was lost');
  await expect(glance).toContainText('1 limit to what is seen');
  await expect(region(page, 'Losses')).toContainText(/Nothing was lost\s*from \d\d:\d\d:\d\d, when the capture began/);
  const waypoints = region(page, 'Findings').locator('[data-finding="waypoints"]');
  await expect(waypoints).toContainText('31 of 160 are not in this kernel: tun_net_xmit');
  await expect(waypoints).toContainText('limited');
  await expect(region(page, 'Findings').locator('[data-finding="version"]')).toContainText(
    'the tests run on 6.12',
  );
  await expect(region(page, 'Source')).toContainText('Linux 6.12.117+deb12-amd64');
  await expect(region(page, 'Source')).toContainText('0 of 16');
}); // biome-ignore format: short

test('what only a host can tell is said to be missing from a recording', async ({ page }) => {
  await openHealth(page);
  await expect(region(page, 'Findings')).toContainText(
    'nftables, iptables and conntrack were not looked at: a recording has no host to ask.',
  );
  await page.keyboard.press('e');
  await expect(page.getByTestId('cost')).toHaveText('Cost is not measured: a recording has no host to ask.');
  await expect(page.getByRole('checkbox', { name: 'Measure cost' })).not.toBeChecked();
});

test('the self-test runs when it is asked for, and says why it cannot', async ({ page }) => {
  await openHealth(page);
  const pane = region(page, 'Self-test');
  await expect(pane).toContainText('Four known datagrams from one network namespace to another');
  await expect(pane.getByRole('status')).toHaveText('not run');
  await page.keyboard.press('d');
  await expect(pane.getByRole('alert')).toHaveText(
    'The self-test was not run: a recording has no host to ask.',
  );
});

test('probes stand by stage with what they recorded, and are found, grouped, sorted and folded', async ({
  page,
}) => {
  await openHealth(page);
  await expect(rowOf(page, /^driver/)).toContainText('11 of 19');
  await expect(rowOf(page, /tun_net_xmit/)).toContainText('not in kernel');
  await rowOf(page, /tun_net_xmit/).click();
  await expect(detail(page)).toContainText('this kernel has no such function');

  await page.keyboard.press('Home');
  await expect(selected(page)).toContainText('driver');
  await page.keyboard.press('Enter');
  await expect(rowOf(page, /veth_xmit/)).toHaveCount(0);
  await page.keyboard.press('Enter');
  await expect(rowOf(page, /veth_xmit/)).toHaveCount(1);

  await page.keyboard.press('s');
  const search = page.getByRole('textbox', { name: 'Search' });
  await expect(search).toBeFocused();
  await page.keyboard.type('nft_do');
  await expect(table(page)).toHaveAttribute('aria-rowcount', '7');
  await expect(rowOf(page, /nft_do_chain_inet/)).toContainText('attached');
  await page.keyboard.press('Escape');
  await expect(search).not.toBeFocused();
  await expect(search).toHaveValue('');

  await page.keyboard.press('g');
  await expect(page.getByLabel('Group by')).toHaveValue('module');
  await expect(table(page).getByRole('row').nth(1)).toContainText('the kernel itself');
  await expect(rowOf(page, /loopback_xmit/)).toBeVisible();
  await table(page).getByRole('button', { name: 'Hops', exact: true }).click();
  await expect(table(page).getByRole('columnheader', { name: 'Hops' })).toHaveAttribute(
    'aria-sort',
    'descending',
  );
  // where nothing was seen goes down, out of sight
  await expect(rowOf(page, /loopback_xmit/)).toHaveCount(0);
  const hopsIn = async (row: number) =>
    Number(await table(page).getByRole('row').nth(row).getByRole('gridcell').nth(3).innerText());
  expect(await hopsIn(2)).toBeGreaterThanOrEqual(183);
  expect(await hopsIn(2)).toBeGreaterThanOrEqual(await hopsIn(9));
});

test('a stage is switched off and on again: the session goes on, and what is being detached is told', async ({
  page,
}) => {
  await openHealth(page);
  const glance = page.getByRole('status', { name: 'Health at a glance' });
  const bridge = rowOf(page, /^bridge/).first();
  const box = page.getByRole('checkbox', { name: 'Probe bridge' });
  await page.keyboard.press('s');
  await page.keyboard.type('br');
  await page.keyboard.press('Enter');
  await expect(box).toBeChecked();
  await box.click();
  await expect(box).not.toBeChecked();
  await expect(glance).not.toContainText('129 probes attached');
  await expect(page.getByTestId('detaching')).toHaveText(/^, detaching \d+ left$/);
  await expect(region(page, 'Filter').getByLabel('Probes')).toHaveValue('chosen');
  await bridge.click();
  await expect(detail(page)).toContainText(/Off: paths have no hop here. On, it would be \d+ functions\./);
  await expect(page.getByRole('radio', { name: 'as chosen' })).toBeChecked();
  await page.keyboard.press('x');
  await expect(box).toBeChecked();
  await expect(glance).toContainText('129 probes attached');
  await expect(page.getByTestId('detaching')).toHaveCount(0);
  await expect(page.getByRole('radio', { name: 'waypoints' })).toBeChecked();
  // what was seen is still there
  await page.keyboard.press('s');
  await page.keyboard.press('Escape');
  await expect(rowOf(page, /dev_hard_start_xmit/).first()).toContainText('183');
});

test('keys walk the probes, and Enter shows the packets that were last seen there', async ({ page }) => {
  await openHealth(page);
  await page.keyboard.press('s');
  await page.keyboard.type('udp_enqueue');
  const row = rowOf(page, /__udp_enqueue_schedule_skb/);
  await expect(row).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('textbox', { name: 'Search' })).not.toBeFocused();
  await page.keyboard.press('End');
  await expect(selected(page)).toContainText('__udp_enqueue_schedule_skb');
  await page.keyboard.press('k');
  await expect(selected(page)).toContainText('socket');
  await page.keyboard.press('j');
  await expect(selected(page)).toContainText('__udp_enqueue_schedule_skb');
  await expect(detail(page).getByRole('heading')).toContainText('__udp_enqueue_schedule_skb socket');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('combobox', { name: 'Display filter' })).toHaveValue(
    'func == __udp_enqueue_schedule_skb',
  );
  await expect(page.getByRole('region', { name: 'Packets' })).toContainText(/\d+ of 105/);
  // back, the view is as it was left
  await page.goBack();
  await expect(selected(page)).toContainText('__udp_enqueue_schedule_skb');
});

for (const colorScheme of ['dark', 'light'] as const)
  test(`no accessibility fault is found in the ${colorScheme} theme`, async ({ page }) => {
    await page.emulateMedia({ colorScheme });
    await openHealth(page);
    await expectNoFault(page);
    await page.setViewportSize({ width: 390, height: 844 });
    await expect(region(page, 'Losses')).toBeInViewport();
    await table(page).scrollIntoViewIfNeeded();
    await expect(rowOf(page, /dev_hard_start_xmit/).first()).toBeInViewport();
    await expectNoFault(page);
  });

/** The recorded capture as if its ring and its tracking table had been too small. */
function lossyCapture(folder: string): string {
  const recorded = gunzipSync(readFileSync(join(ROOT, 'e2e', 'fixtures', 'capture.bin.gz')));
  const frames: Buffer[] = [];
  for (let at = 0; at < recorded.length; ) {
    const end = at + 4 + recorded.readUInt32LE(at);
    const frame = recorded.subarray(at, end);
    const message = frame[4] === 1 ? JSON.parse(frame.subarray(5).toString('utf8')) : undefined;
    frames.push(message?.type === 'stats' ? lossyFrame(message) : frame);
    at = end;
  }
  const file = join(folder, 'lossy.bin.gz');
  writeFileSync(file, gzipSync(Buffer.concat(frames)));
  return file;
}

function lossyFrame(message: { readonly stats: object }): Buffer {
  const stats = { ...message.stats, lostRing: [1200, 34], trackFull: [30, 0], rateLimited: [5, 0] };
  const payload = Buffer.from(JSON.stringify({ ...message, stats }));
  const header = Buffer.alloc(5);
  header.writeUInt32LE(payload.length + 1, 0);
  header.writeUInt8(1, 4);
  return Buffer.concat([header, payload]);
}

bare('what was lost stands by cause and time, with what it means and what to do', async ({ page }) => {
  const folder = mkdtempSync(join(tmpdir(), 'skbtracer-lossy-'));
  const product = await startReplay(lossyCapture(folder));
  try {
    await page.goto(product.url);
    await expect(page.locator('[data-packet]').first()).toBeVisible();
    await page.keyboard.press('8');
    await expect(page.getByRole('status', { name: 'Health at a glance' })).toContainText(
      'Lost: 1,234 events, 30 packets',
    );
    const losses = region(page, 'Losses');
    await expect(losses.getByRole('img', { name: /^Losses since \d\d:\d\d:\d\d, at most/ })).toBeVisible();
    await expect(losses.locator('rect title').first()).toHaveText(/^Ring buffer full: 1,234 events in 1 s from/);
    await expect(losses.locator('[data-cause="ring"]')).toContainText('1,234 events');
    await expect(losses.locator('[data-cause="ring"]')).toContainText('Narrow the filter');
    await expect(losses.locator('[data-cause="trackFull"]')).toContainText('30 packets');
    await expect(losses.locator('[data-cause="rateLimited"]')).toContainText('not lost');
    await expect(losses).toContainText('Nothing was lost by: probes skipped');
    for (const colorScheme of ['dark', 'light'] as const) {
      await page.emulateMedia({ colorScheme });
      await expectNoFault(page);
    }
  } finally {
    await product.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}); // biome-ignore format: short

/** The recorded report, as if one field of one packet had been decoded wrongly. */
function wrongReport(folder: string): string {
  const recorded = join(ROOT, 'e2e', 'fixtures', 'doctor.json.gz');
  const report = JSON.parse(gunzipSync(readFileSync(recorded)).toString());
  const check = report.selfTest.checks.find(({ name }: { name: string }) => name === 'mark as it leaves');
  Object.assign(check, { isOk: false, seen: '0x0' });
  const file = join(folder, 'doctor.json.gz');
  writeFileSync(file, gzipSync(JSON.stringify(report)));
  return file;
}

bare('the self-test tells what it compared, and first what is wrong', async ({ page }) => {
  const folder = mkdtempSync(join(tmpdir(), 'skbtracer-doctor-'));
  const capture = join(ROOT, 'e2e', 'fixtures', 'capture.bin.gz');
  const product = await startReplay(capture, wrongReport(folder));
  try {
    await page.goto(product.url);
    await expect(page.locator('[data-packet]').first()).toBeVisible();
    await page.keyboard.press('8');
    const pane = region(page, 'Self-test');
    await pane.getByRole('button', { name: 'Run' }).click();
    await expect(pane.getByRole('status')).toHaveText(/^took \d+\.\d+ s$/);
    const group = (name: string) => pane.locator(`[data-group="${name}"]`);
    await expect(pane.locator('[data-group]')).toHaveCount(5);
    await expect(group('The capture')).toContainText('4 hold');
    await expect(group('UDP over IPv6 to a closed port')).toContainText(/\d+ hold/);
    // what holds is folded, what does not is open, with the wrong one on top
    await expect(pane.getByRole('table', { name: 'The capture' })).toBeHidden();
    const wrong = group('UDP over IPv4 to an open port');
    await expect(wrong.locator('summary')).toContainText(/1 of \d+ wrong/);
    await expect(wrong.getByRole('row').nth(1)).toContainText('mark as it leavesexpected 0x5b7, seen 0x0');
    await group('The capture').locator('summary').click();
    await expect(pane.getByRole('row', { name: /events lost/ })).toContainText('0');
    for (const colorScheme of ['dark', 'light'] as const) {
      await page.emulateMedia({ colorScheme });
      await expectNoFault(page);
    }
    // the result is still there for who comes back
    await page.keyboard.press('1');
    await page.keyboard.press('8');
    await expect(wrong.locator('summary')).toContainText('wrong');
  } finally {
    await product.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}); // biome-ignore format: short
