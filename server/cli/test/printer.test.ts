import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { asFuncId } from '../../../core/base/units.ts';
import { NameBook } from '../../../core/model/names.ts';
import {
  batch,
  decision,
  free,
  hop,
  lineage,
  socket,
  stack,
  symbol,
} from '../../../core/wire/test/records.ts';
import { parseTrace } from '../options.ts';
import { Printer, viewsFor } from '../printer.ts';
import { connectionMatcher } from '../resolve.ts';
import { CliError } from '../usage.ts';

const FUNCTIONS = ['ip_rcv', 'nf_hook_slow', 'ipt_do_table'].map((name, i) => ({
  id: asFuncId(i + 1),
  name,
  module: '',
  argument: 1,
  isDefault: true,
}));

/** What a trace with these flags prints of these records, without the headings. */
function printed(words: string, ...records: Uint8Array[]): string[] {
  const options = parseTrace(words.split(' ').filter((word) => word !== ''));
  const names = new NameBook();
  names.take({
    functions: FUNCTIONS,
    reasons: [{ value: 3, name: 'NO_SOCKET' }],
    namespaces: [{ inode: 10, name: 'web', origin: 'named', interfaces: [] }],
  });
  const output = new PassThrough();
  const matches = connectionMatcher(options.host, options.port);
  const printer = new Printer(output, { ...options, names, baseUnixMs: 0, matches }, () => undefined);
  printer.print(batch(...records));
  const text: string = output.read()?.toString() ?? '';
  expect(printer.isDone).toBe(options.count !== undefined);
  return text.split('\n').filter((line) => line !== '');
}

const ip = { saddr: [10, 1, 0, 2], daddr: [10, 1, 0, 3], protocol: 17 };
const records = [
  hop({ func: 1, netns: 10, time: 1000, ip, ports: [40000, 53] }),
  hop({ func: 2, time: 2000 }),
  hop({ func: 3, time: 2500 }),
  decision({
    durationNs: 3000,
    decision: 'table',
    value: 0,
    pf: 2,
    hook: 1,
    time: 5500,
    rule: { table: 'filter' },
  }),
  decision({ durationNs: 4000, decision: 'hook', value: -1, pf: 2, hook: 1, time: 6000 }),
  decision({ decision: 'route', value: 0, time: 6100 }),
  symbol({ address: 0x10, name: 'kfree_skb_reason' }),
  symbol({ address: 0x20, name: 'nf_hook_slow' }),
  stack({ id: 9, addresses: [0x10, 0x20] }),
  hop({ time: 7000, stack: 9, drop: { reason: 3, location: 0x20 } }),
  free({ time: 8000 }),
  lineage({ packet: 2, parent: 1, time: 8100 }),
  socket({
    event: 3,
    ...ip,
    ports: [40000, 443],
    netns: 10,
    time: 9000,
    owner: { pid: 7, comm: 'curl' },
    sent: 2048,
    durationNs: 5e6,
  }),
];
const kinds = (words: string) => printed(`--json ${words}`, ...records).map((line) => JSON.parse(line).kind);

describe('what is printed', () => {
  it('by default: packets at functions, and drops', () => {
    const lines = printed('', ...records);
    expect(lines.map((line) => line.split(':').at(-1)?.trim())).toEqual([
      'ip_rcv',
      'nf_hook_slow',
      'ipt_do_table',
      'kfree_skb(NO_SOCKET) nf_hook_slow+0x0',
    ]);
  });

  it('with --iptable: the steps of netfilter only, with the time that each took', () => {
    const lines = printed('--iptable', ...records);
    expect(lines.map((line) => line.split('.0:')[1])).toEqual([
      '2.filter.INPUT.DROP ipt_do_table 3.00 µs',
      '2.hook.INPUT.DROP nf_hook_slow 4.00 µs',
    ]);
    expect(lines[0]).toContain('U:10.1.0.2:40000->10.1.0.3:53');
  });

  it('with --iptable: the packet also beside the verdict of a function that freed it', () => {
    const [line] = printed(
      '--iptable',
      hop({ func: 2, netns: 10, time: 1000, ip, ports: [40000, 53] }),
      free({ time: 2000 }),
      decision({ decision: 'hook', value: -1, pf: 2, hook: 1, time: 3000 }),
    );
    expect(line).toMatch(/ U:10\.1\.0\.2:40000->10\.1\.0\.3:53 .*:2\.hook\.INPUT\.DROP nf_hook_slow$/);
  });

  it('with --iptable --route: both, in the order of events', () => {
    expect(printed('--iptable --route', ...records).filter((line) => line.startsWith('['))).toHaveLength(6);
  });

  it('with --dropstack: drops only, their stack below them', () => {
    const lines = printed('--dropstack', ...records);
    expect(lines[0]).toContain(':kfree_skb(NO_SOCKET) nf_hook_slow+0x0');
    expect(lines.slice(1)).toEqual(['    kfree_skb_reason+0x0', '    nf_hook_slow+0x0']);
  });

  it('with --tcp: connections only', () => {
    const lines = printed('--tcp', ...records);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(
      /^\[\d\d:\d\d:\d\d \] close +7\/curl +- +web +10\.1\.0\.2:40000->10\.1\.0\.3:443 +5\.00 ms 2\.0 KiB\/0 B$/,
    );
  });

  it('with --tcp and an address or port: the connections that have it', () => {
    expect(printed('--tcp -P 443 -H 10.1.0.3', ...records)).toHaveLength(1);
    expect(printed('--tcp -P 80', ...records)).toEqual([]);
    expect(printed('--tcp -H 10.1.0.4', ...records)).toEqual([]);
  });

  it('with --json: the same kinds, by default all of a packet', () => {
    expect(kinds('')).toEqual([
      'hop', 'hop', 'hop', 'decision', 'decision', 'decision', 'drop', 'free', 'lineage',
    ]); // biome-ignore format: a list
    expect(kinds('--iptable')).toEqual(['decision', 'decision']);
    expect(kinds('--dropstack')).toEqual(['drop']);
    expect(kinds('--tcp')).toEqual(['socket']);
  });

  it('with --cb: the control block below the line where it changed', () => {
    const lines = printed('--cb', hop({ func: 1, control: { cb: [0xab], users: 2 } }), hop({ func: 2 }));
    expect(lines).toHaveLength(3);
    expect(lines[1]).toMatch(/^ {4}cb ab0+ users 2 dataref 0$/);
  });
});

describe('-c', () => {
  it.each([
    ['-c 2', 2],
    ['--json -c 4', 4],
    ['--iptable -c 1', 1],
  ])('%s prints exactly so many events', (words, count) => {
    expect(printed(words, ...records)).toHaveLength(count);
  });

  it('counts an event once, whatever stands below it', () => {
    expect(printed('--dropstack -c 1', ...records, ...records)).toHaveLength(3);
  });
});

it('-t counts from the first event that is printed', () => {
  expect(printed('--dropstack -t', ...records)[0]).toMatch(/^\[0\.000000 /);
});

it('a rule that drops by itself, as of 6.7, is told as a drop, in the family that the original numbers', () => {
  const rule = { table: 'filter' };
  const [line] = printed('--iptable', decision({ decision: 'table', value: 0x10002, pf: 2, hook: 2, rule }));
  expect(line).toMatch(/:2\.filter\.FORWARD\.DROP ipt_do_table$/);
});

it('a step that was not measured has no time', () => {
  const rule = { table: 't', chain: 'c' };
  const [line] = printed('--iptable', decision({ decision: 'table', value: 1, pf: 1, rule }));
  expect(line).toMatch(/:1\.t\.PREROUTING\.ACCEPT nft_do_chain chain c$/);
});

/** What a table says of the records in the end. */
async function tableOf(
  flags: readonly string[],
  terminal?: () => { readonly rows: number; readonly columns: number },
  isRecorded = false,
) {
  const output = new PassThrough();
  const names = new NameBook();
  names.take({ functions: FUNCTIONS, reasons: [{ value: 3, name: 'NO_SOCKET' }] });
  const options = { ...parseTrace(flags), names, baseUnixMs: 0, matches: () => true, lost: () => 5 };
  const printer = new Printer(
    output,
    { ...options, ...(await viewsFor(options.shows, names)), terminal, isRecorded },
    () => undefined,
  );
  printer.begin();
  printer.print(batch(...records));
  const ended = printer.end();
  const text = String(output.read());
  await ended;
  return text;
}

describe('the table of statistics', () => {
  it('says how packets ended, how long they took, what they passed, and what was lost', async () => {
    const text = await tableOf(['--stats'], undefined, true);
    expect(text).toMatch(/^2 packets, 4 hops in 6.00 µs; [\d,]+ packets a second {2}5 events lost\n/);
    for (const line of [
      'dropped          1  50.0 %',
      'in flight        1  50.0 %',
      'of a packet, first to last hop  ≤ 10.0 µs  ≤ 10.0 µs  ≤ 10.0 µs  6.00 µs',
      'from one hop to the next        ≤ 1.00 µs  ≤ 5.00 µs  ≤ 5.00 µs  2.00 µs',
      '      1  NO_SOCKET  nf_hook_slow  netns 10',
    ])
      expect(text.split('\n')).toContain(line);
    expect(text).toMatch(/^HOPS +PER S +FUNCTION\n +1 +[\d,]+ {2}ip_rcv\n/m);
  });

  it('is one object for programs', async () => {
    expect(JSON.parse(await tableOf(['--stats', '--json'], undefined, true))).toEqual({
      kind: 'stats',
      duration_ms: 0,
      packets: 2,
      hops: 4,
      lost: 5,
      verdicts: { delivered: 0, forwarded: 0, dropped: 1, consumed: 0, 'in flight': 1 },
      lives: { count: 1, mean_ns: 6000, p50_below_ns: 10_000, p90_below_ns: 10_000, p99_below_ns: 10_000 },
      between_hops: { count: 3, mean_ns: 2000, p50_below_ns: 1000, p90_below_ns: 5000, p99_below_ns: 5000 },
      drops: [{ count: 1, reason: 'NO_SOCKET', place: 'nf_hook_slow', netns: 'netns 10' }],
      functions: { ip_rcv: 1, nf_hook_slow: 1, ipt_do_table: 1 },
    });
  });

  it('goes with nothing that is about single events', () => {
    for (const words of [['--drops'], ['--route'], ['-c', '3'], ['--tail', 'drops'], ['--format', 'tree']])
      expect(() => parseTrace(['--stats', ...words]), words.join(' ')).toThrow(CliError);
  });

  it('has no room for more than a screen', async () => {
    const text = await tableOf(['--stats'], () => ({ rows: 24, columns: 40 }));
    for (const line of text.split('\n').slice(1, -1))
      expect(line.replace('\u001b[K', '').length).toBeLessThanOrEqual(40);
  });
});

describe('the table of drops', () => {
  const ask = (terminal?: () => { readonly rows: number; readonly columns: number }) =>
    tableOf(['--drops'], terminal);

  it('is printed once, at the end, where there is no terminal', async () => {
    const text = await ask();
    expect(text).toMatch(/^1 dropped of \d packets? .*5 events lost\n/);
    expect(text).toContain('NO_SOCKET');
    expect(text).not.toContain('\u001b');
  });

  it('is drawn over the one before on a terminal', async () => {
    const text = await ask(() => ({ rows: 24, columns: 40 }));
    expect(text.startsWith('\u001b[2J\u001b[H1 dropped of')).toBe(true);
    expect(text.endsWith('\u001b[J')).toBe(true);
    for (const line of text.split('\n').slice(1, -1))
      expect(line.replace('\u001b[K', '').length).toBeLessThanOrEqual(40);
  });
});
