/** The dashboard against a live agent in the lab's VM: what a person does, in the order in which they do it. */

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import AxeBuilder from '@axe-core/playwright';
import { type BrowserContext, expect, type Page, test } from '@playwright/test';
import { whereItSplits, whichIsSlower, whyTheyDie } from './newcomer.ts';
import { type Product, startProduct } from './product.ts';

test.describe.configure({ mode: 'serial' });

let product: Product;
let context: BrowserContext;
let page: Page;

test.beforeAll(async ({ browser }) => {
  product = await startProduct();
  context = await browser.newContext();
  page = await context.newPage();
  await page.goto(product.url);
});

test.afterAll(async () => {
  await context.close();
  const pid = product.process.pid ?? 0;
  await product.stop();
  // the server, the lab and its VM were all ours: none is left
  expect(descendants(pid)).toEqual([]);
});

const rows = () => page.locator('[data-packet]');
const filter = () => page.getByLabel('Filter: pcap expression');

/** Puts a filter in force and waits until the list shows what it lets through, and only that. */
async function apply(expression: string, expected: RegExp): Promise<void> {
  await filter().fill(expression);
  await filter().press('Enter');
  // on a busy machine an emulated kernel takes its time to load new programs
  await expect(rows().filter({ hasNotText: expected })).toHaveCount(0, { timeout: 90_000 });
  await expect(rows().filter({ hasText: expected }).first()).toBeVisible({ timeout: 60_000 });
}

const said = () => page.getByRole('log', { name: 'Announcements' });

const why = () => page.getByRole('region', { name: 'Why' });
const evidence = () => why().getByRole('list', { name: 'Evidence' });

/** The words of every hop, in order, as the table beside the timeline has them. */
async function hopTexts(): Promise<string[]> {
  const grid = page.getByRole('grid', { name: 'Hops' });
  await expect(grid.getByRole('row').nth(1)).toBeVisible();
  const count = Number(await grid.getAttribute('aria-rowcount')) - 1;
  const texts: string[] = [];
  for (let i = 0; i < count; i += 1) {
    if (i > 0) await page.keyboard.press('ArrowRight');
    else await grid.locator('[aria-rowindex="2"]').click();
    texts.push(await grid.locator(`[aria-rowindex="${i + 2}"]`).innerText());
  }
  return texts;
}

test('the server runs without privileges when root started it', async () => {
  test.skip(process.getuid?.() !== 0, 'only root has privileges to give up');
  const server = descendants(product.process.pid ?? 0).find((pid) => commandOf(pid).includes('server.mjs'));
  const status = readFileSync(`/proc/${server}/status`, 'utf8');
  expect(/^Uid:\s+(\d+)/m.exec(status)?.[1]).not.toBe('0');
  expect(/^CapEff:\s+0+$/m.test(status)).toBe(true);
});

test('the first visit explains itself, then packets arrive', async () => {
  await expect(page.getByRole('complementary', { name: 'Welcome' })).toContainText('This is the lab');
  await expect(rows().first()).toBeVisible({ timeout: 90_000 });
  await page.getByRole('button', { name: 'Got it' }).click();
  await expect(page.getByRole('complementary', { name: 'Welcome' })).toHaveCount(0);
  await expect(page.getByTestId('connection')).toHaveText('Connected');
});

test('a wrong filter is marked at its place, and what runs goes on', async () => {
  await filter().fill('icmp andd host 10.1.0.3');
  await expect(page.getByTestId('filter-mark')).toHaveText('andd');
  await expect(page.getByRole('alert').first()).toContainText('andd');
  await filter().press('Enter');
  await expect(page.getByTestId('filter-mark')).toHaveText('andd');
});

test('form and expression are two views of the same', async () => {
  await filter().fill('udp and port 9998');
  await expect(page.getByLabel('Protocol')).toHaveValue('udp');
  await expect(page.getByLabel('Port', { exact: true })).toHaveValue('9998');
  await page.getByLabel('Port', { exact: true }).fill('7000');
  await expect(filter()).toHaveValue('udp and port 7000');
});

test('what a tunnel carries is filtered by an expression of its own, wrong ones are said at their field', async () => {
  const inner = page.getByLabel('Inner');
  const problem = inner.locator('xpath=ancestor::div[2]').getByRole('alert');
  await inner.fill('portt 80');
  await expect(problem).toContainText('at “portt 80”');
  await inner.fill('ether src 02:00:00:00:00:01');
  await expect(problem).toContainText('`ether`');
  await inner.press('Enter');
  await expect(problem).toContainText('`ether`');
  await inner.fill('');
  await expect(problem).toHaveCount(0);
});

test('a ping is one packet with one path through both namespaces and the bridge', async () => {
  await apply('icmp[icmptype] = icmp-echo and host 10.1.0.3', /ICMP echo request/);
  const first = rows().first();
  await expect(first).toContainText('web');
  await expect(first).toContainText('db');
  await expect(first).toContainText('delivered');
  await first.click();
  await expect(page.getByTestId('timeline').locator('text.netns')).toHaveText(['web', 'host', 'db']);
  const texts = await hopTexts();
  const order = ['ip_output', 'br_handle_frame', 'br_forward', 'ip_rcv', 'icmp_rcv'];
  const places = order.map((name) => texts.findIndex((text) => text.split('\n').includes(name)));
  expect(places, texts.join('\n')).toEqual([...places].sort((a, b) => a - b));
  expect(places).not.toContain(-1);
});

test('TCP through DNAT is one packet, and the hop where the address changed says so', async () => {
  await apply('tcp and dst host 192.0.2.1 and dst port 8080', /192\.0\.2\.1:8080/);
  await rows().first().click();
  const texts = await hopTexts();
  const change = texts.filter((text) => text.includes('192.0.2.1 → 10.1.0.3'));
  expect(change, texts.join('\n')).toHaveLength(1);
  // tracked, then rewritten, then seen with its new address
  const steps = [
    /conntrack: (NEW|ESTABLISHED)\b/,
    /NAT: destination rewritten/,
    /192\.0\.2\.1 → 10\.1\.0\.3/,
  ];
  const places = steps.map((step) => texts.findIndex((text) => step.test(text)));
  expect(places, texts.join('\n')).toEqual([...places].sort((a, b) => a - b));
  expect(places).not.toContain(-1);
  // how it ended is no problem: a line, and nothing opened
  await expect(why()).toContainText('It was delivered to 10.1.0.3:80 in db.');
  await expect(evidence()).toHaveCount(0);
  await page.keyboard.press('Escape');
});

test('a datagram to a closed port is dropped, with the reason and the function', async () => {
  await apply('udp dst port 9998', /10\.1\.0\.3:9998/);
  await expect(said()).toContainText('Filter applied: udp dst port 9998.');
  const first = rows().first();
  await expect(first).toContainText('dropped NO_SOCKET');
  await first.click();
  await expect(page.getByRole('region', { name: 'Path of the selected packet' })).toContainText(
    'in __udp4_lib_rcv',
  );
  await expect(page.getByTestId('timeline').locator('g.mark.drop')).toHaveCount(1);
  await expect(why()).toContainText('Nobody listens on UDP 10.1.0.3:9998 in db');
  await expect(evidence()).toContainText('socket lookup: none');
  await expect(evidence()).toContainText('nobody listens on udp 9998 in db');
});

test('a datagram that a rule of nftables drops: which rule, and its text from the host', async () => {
  await apply('udp dst port 9999', /10\.1\.0\.3:9999/);
  const first = rows().first();
  await expect(first).toContainText('dropped NETFILTER_DROP');
  await first.click();
  await expect(why()).toContainText(/The firewall dropped it in db: nftables inet sample input rule \d+\./);
  await expect(evidence()).toContainText(/rule \d+: udp dport 9999 .*drop/);
  await expect(why()).toContainText('ip netns exec db nft -a list chain inet sample input');
  // the evidence leads to the decision in the table
  await evidence()
    .getByRole('button', { name: /nftables inet sample input/ })
    .click();
  const decision = page.getByRole('grid', { name: 'Hops' }).locator('[aria-selected="true"]');
  await expect(decision).toContainText(/nftables inet sample input rule \d+: DROP/);
  await expect(decision.getByLabel('refused')).toBeVisible();
});

test('new rows never move the row that is read', async () => {
  await apply('', /delivered|dropped/);
  const grid = page.getByRole('grid', { name: 'Packets, one row each' });
  const count = async () => Number(await grid.getAttribute('aria-rowcount'));
  // enough for the list to scroll
  await expect.poll(count, { timeout: 60_000 }).toBeGreaterThan(45);
  await rows().nth(3).click();
  await page.keyboard.press('Home');
  const selected = page.locator('[data-packet][aria-selected="true"]');
  const before = {
    count: await count(),
    box: await selected.boundingBox(),
    packet: await selected.getAttribute('data-packet'),
  };
  await expect.poll(count, { timeout: 60_000 }).toBeGreaterThan(before.count + 5);
  expect(await selected.boundingBox()).toEqual(before.box);
  expect(await selected.getAttribute('data-packet')).toBe(before.packet);
  await page.keyboard.press('Escape');
});

test('pause holds the list, and resume brings what came meanwhile', async () => {
  await page.getByRole('button', { name: 'Pause' }).click();
  const resume = page.getByRole('button', { name: /^Resume, \d+ new/ });
  const before = await rows().allInnerTexts();
  await expect(resume).toBeVisible({ timeout: 60_000 });
  expect((await rows().allInnerTexts()).length).toBe(before.length);
  await resume.click();
  await expect(page.getByRole('button', { name: 'Pause' })).toBeVisible();
});

test('everything works from the keyboard', async () => {
  await page.getByRole('heading', { name: 'Packets', exact: true }).click();
  await page.keyboard.press('?');
  await expect(page.getByRole('dialog')).toContainText('Next packet');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Home');
  const selected = page.locator('[data-packet][aria-selected="true"]');
  await expect(selected).toHaveCount(1);
  const first = await selected.getAttribute('data-packet');
  await page.keyboard.press('j');
  await expect(selected).not.toHaveAttribute('data-packet', first ?? '');
  await page.keyboard.press('/');
  await expect(filter()).toBeFocused();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  await expect(selected).toHaveCount(0);
});

for (const colorScheme of ['dark', 'light'] as const)
  test(`no accessibility fault is found in the ${colorScheme} theme`, async () => {
    await page.emulateMedia({ colorScheme });
    await page.getByLabel('Display filter').fill('NETFILTER_DROP');
    await rows().first().click();
    await expect(page.getByRole('grid', { name: 'Hops' })).toBeVisible();
    await expect(evidence()).toHaveAttribute('aria-busy', 'false');
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(
      violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 200)).join(' | ')}`),
    ).toEqual([]);
    await page.getByLabel('Display filter').fill('');
  });

const view = (name: string) => page.getByRole('navigation', { name: 'Views' }).getByRole('button', { name });

/** To a view of everything, with no packet selected. */
async function show(name: string): Promise<void> {
  await page.getByRole('combobox', { name: 'Display filter' }).fill('');
  await view('Packets').click();
  await page.getByRole('heading', { name: 'Packets', exact: true }).click();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('region', { name: 'Path of the selected packet' })).toHaveCount(0);
  await view(name).click();
}

test('a new user finds why the datagrams to port 9999 die', async () => {
  await show('Packets');
  await whyTheyDie(page);
});

test('a new user finds which of two paths is slower, and where', async () => {
  await show('Packets');
  await whichIsSlower(page);
  await page.keyboard.press('Escape');
});

test('a new user finds where the datagram splits that arrives twice', async () => {
  await show('Packets');
  await whereItSplits(page);
});

test('a path leads to its newest packet', async () => {
  await show('Paths');
  await page.getByRole('combobox', { name: 'Display filter' }).fill('9998');
  const path = page.getByRole('grid', { name: 'Distinct paths' }).getByRole('row');
  await path.filter({ hasText: 'NO_SOCKET' }).filter({ hasText: 'db' }).first().click();
  await page.getByRole('region', { name: /^Packets of path/ }).getByTitle('Show this packet’s path').first().click();
  await expect(why()).toContainText('Nobody listens on UDP 10.1.0.3:9998 in db');
}); // biome-ignore format: chains

test('the map has the sample network, and a drop on it leads to a packet and its way', async () => {
  await show('Map');
  const map = page.getByTestId('map');
  for (const name of ['host', 'web', 'db', 'outside', 'east', 'west'])
    await expect(map.getByRole('option', { name: new RegExp(`^Namespace ${name}\\b`) })).toBeVisible();
  await map.getByRole('option', { name: 'veth eth0 of db', exact: true }).locator('g.drops').click();
  const dropped = page.getByRole('region', { name: 'Packets dropped here' });
  await dropped
    .getByRole('button', { name: /:9999 NETFILTER_DROP/ })
    .first()
    .click();
  await expect(page.getByRole('region', { name: 'The packet’s way' })).toContainText('6 places');
  await page.keyboard.press('2');
  await expect(why()).toContainText('The firewall dropped it in db');
});

test('what the map counts in the last seconds is listed by those seconds', async () => {
  await show('Map');
  await page.getByRole('radio', { name: 'Last 5 s' }).click();
  await page.getByTestId('map').getByRole('option', { name: 'bridge br0 of host', exact: true }).click();
  const details = page.getByRole('complementary', { name: 'Details of br0 of host' });
  await expect(details.getByText(/^[1-9][\d.,]*\/s$/)).toBeVisible({ timeout: 60_000 });
  await details.getByRole('button', { name: 'Show in Packets' }).click();
  const time = page.getByRole('region', { name: 'Time' });
  await expect(time.getByRole('status')).toContainText(/^5\.\d\d s/);
  await expect(page.getByRole('region', { name: 'Packets' }).getByRole('status').first()).toHaveText(/^[1-9]\d* of /);
  await expect(rows().first()).toBeVisible();
  await time.getByRole('button', { name: 'Show all' }).click();
  await expect(time).toContainText('Whole session');
}); // biome-ignore format: chains

test('the drops of port 9999 are a group, which leads to its packets', async () => {
  await show('Drops');
  const table = page.getByRole('grid', { name: 'Dropped packets, grouped' });
  await table.getByRole('row').filter({ hasText: /NETFILTER_DROP/ }).filter({ hasText: 'problem' }).first().click();
  const group = page.getByRole('region', { name: 'The selected group' });
  await expect(group).toContainText('The firewall');
  await group.getByRole('button', { name: 'Show in Packets' }).click();
  await expect(rows().filter({ hasNotText: 'NETFILTER_DROP' })).toHaveCount(0);
  await expect(rows().filter({ hasText: 'NETFILTER_DROP' }).first()).toBeVisible();
}); // biome-ignore format: chains

test('the queue that holds packets up is told with how long', async () => {
  await show('Latency');
  const queue = page.getByRole('grid', { name: /^How long packets took/ }).getByRole('row').filter({ hasText: 'qdisc queue' });
  await expect(queue).toContainText(/2\d\d ms/, { timeout: 60_000 });
}); // biome-ignore format: chains

test('a flow goes on while it is looked at, and leads to its packets', async () => {
  await show('Flows');
  const ping = page.getByRole('row').filter({ hasText: 'ICMP echo' }).filter({ hasText: '10.1.0.3' }).first();
  const requests = async () => Number(/(\d+) \/ \d+/.exec(await ping.innerText())?.[1]);
  const before = await requests();
  expect(before).toBeGreaterThan(0);
  await expect.poll(requests, { timeout: 60_000 }).toBeGreaterThan(before);
  await ping.click();
  await page.getByRole('button', { name: 'Show in Packets' }).click();
  await expect(rows().filter({ hasNotText: 'ICMP echo' })).toHaveCount(0);
  await expect(rows().first()).toBeVisible();
  await show('Packets');
});

test('the page says that the source is gone when the VM is killed, and recovers when it is back', async () => {
  const vm = descendants(product.process.pid ?? 0).find((pid) => commandOf(pid).startsWith('qemu'));
  process.kill(vm ?? 0, 'SIGKILL');
  const banner = page.getByRole('alert').filter({ hasText: 'The source is gone' });
  await expect(banner).toBeVisible();
  await expect(banner).toHaveCount(0, { timeout: 90_000 });
  await expect(said()).toContainText('The source is back', { timeout: 90_000 });
  await expect(rows().first()).toBeVisible({ timeout: 60_000 });
});

test('when the server is killed everything else ends with it', async () => {
  const launcher = product.process;
  const pids = descendants(launcher.pid ?? 0);
  const server = pids.find((pid) => commandOf(pid).includes('server.mjs'));
  const ended = new Promise<number | null>((resolve) => {
    launcher.once('exit', (code) => resolve(code));
  });
  process.kill(server ?? 0, 'SIGKILL');
  expect(await ended).toBe(1);
  await expect.poll(() => pids.filter(isAlive)).toEqual([]);
  await expect(page.getByTestId('connection')).toHaveText('Disconnected');
});

function descendants(pid: number): number[] {
  let listed = '';
  try {
    listed = execFileSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' });
  } catch {
    return []; // none
  }
  return listed
    .trim()
    .split('\n')
    .map(Number)
    .filter(isAlive)
    .flatMap((child) => [child, ...descendants(child)]);
}

function commandOf(pid: number): string {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
}

/** A zombie has ended; only its status waits for someone. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
