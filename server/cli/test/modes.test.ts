import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { captureSpecSchema } from '../../../core/messages/source.ts';
import { parseTrace } from '../options.ts';
import { connectionMatcher, resolveSpec } from '../resolve.ts';
import { CliError } from '../usage.ts';

const parse = (words: string) => parseTrace(words.split(' ').filter((word) => word !== ''));

function refusal(words: string): string {
  try {
    parse(words);
  } catch (error) {
    if (error instanceof CliError && error.status === 2) return error.message;
    throw error;
  }
  throw new Error(`${words} was not refused`);
}

it.each([
  ['', 'hops drops', 'none'],
  ['--route', 'hops drops', 'none'],
  ['--iptable', 'netfilter', 'none'],
  ['--iptable --route', 'hops drops netfilter', 'none'],
  ['--dropstack', 'drops', 'drops'],
  ['--callstack', 'hops drops', 'all'],
  ['--tcp', 'tcp', 'none'],
  ['--tcp --iptable --route --callstack', 'hops drops netfilter tcp', 'all'],
  ['--format tree', 'story', 'none'],
  ['--drops', 'top', 'none'],
  ['--format json', 'hops drops', 'none'],
  ['--format classic --iptable', 'netfilter', 'none'],
])('%j shows %s, with stacks of %s', (words, shown, stacks) => {
  const { shows, ...options } = parse(words);
  expect(
    Object.entries(shows)
      .filter(([, isShown]) => isShown)
      .map(([what]) => what)
      .join(' '),
  ).toBe(shown);
  expect(options.stacks).toBe(stacks);
});

it.each([
  ['--dropstack --route', '--dropstack prints drops only: leave --route out'],
  ['--dropstack --iptable', 'leave --iptable out'],
  ['--dropstack --tcp', 'leave --tcp out'],
  ['--dropstack --callstack', 'give one'],
  ['--iptable --callstack', '--iptable alone does not print: add --route'],
  ['--tcp --cb', '--tcp alone does not print: add --route'],
  ['--stack-table 1024', 'give --callstack, --dropstack or --probe-stack with it'],
  ['--tcp --keep', '--keep is about packets: add --route, or leave it out'],
  ['--tcp --inner icmp', '--inner is about packets'],
  ['--tcp --proto udp', '--proto udp is about packets'],
  ['--tcp icmp', 'a pcap expression is about packets'],
  ['--callstack --stack-table 1000', "--stack-table is a power of two from 16 to 65536, not '1000'"],
  [
    '--tail slow',
    "--tail takes drops, slow:10ms (us, ms, s; at most an hour), new, 1/100, with commas between them, not 'slow'",
  ],
  ['--tail drops,slow:2h', "not 'slow:2h'"],
  ['--tail slow:3601s', "not 'slow:3601s'"],
  ['--tail 1/0', "not '1/0'"],
  ['--tail new, --callstack', "not ''"],
  ['--tail new --callstack', '--dropstack works with it, --callstack and --cb do not'],
  ['--tail new --cb', '--dropstack works with it'],
  ['--tcp --tail new', '--tail is about packets'],
  ['--flow-rate 0', "--flow-rate takes a whole number from 1 to 1000000, not '0'"],
  ['--tracked 10', "--tracked takes a whole number from 64 to 1048576, not '10'"],
])('%s is refused', (words, message) => expect(refusal(words)).toContain(message));

describe('tail mode', () => {
  it.each([
    ['drops', { slowUs: 0, newPaths: false, oneIn: 0 }],
    ['slow:10ms,new', { slowUs: 10_000, newPaths: true, oneIn: 0 }],
    ['1/100,slow:2s', { slowUs: 2_000_000, newPaths: false, oneIn: 100 }],
  ])('--tail %s', (words, tail) => {
    const spec = resolveSpec(parse(`--tail ${words}`), []);
    expect(spec).toMatchObject({ tail, trackedPackets: 8192 });
    expect(spec.filter.keep).toBe(true);
  });

  it('has room for as many packets as are asked for', () => {
    expect(parse('--tail drops --tracked 100').trackedPackets).toBe(100);
  });
});

describe('the capture', () => {
  it('is what the flags ask for', () => {
    const spec = resolveSpec(
      parse('--callstack --stack-table 1024 --cb --flow-rate 5 --tracked 100 --inner icmp --keep udp'),
      [],
    );
    expect(v.parse(captureSpecSchema, spec)).toEqual(spec);
    expect(spec).toMatchObject({
      filter: { expression: 'udp', inner: 'icmp', keep: true },
      stacks: 'all',
      stackTable: 1024,
      controlBlock: true,
      flowRate: 5,
      trackedPackets: 100,
      tcpEvents: false,
    });
  });

  it('of connections alone follows no packet', () => {
    expect(resolveSpec(parse('--tcp -P 80'), [])).toMatchObject({
      tcpEvents: true,
      filter: { expression: 'ip proto 255' },
    });
    expect(resolveSpec(parse('--tcp --route -P 80'), []).filter.expression).toContain('port 80');
  });
});

it.each([
  ['10.1.0.3', '10.1.0.3', true],
  ['10.1.0.3', '::ffff:10.1.0.3', true],
  ['fd00:1:0:0::3', 'fd00:1::3', true],
  ['fd00:1::3', '10.1.0.3', false],
])('a connection to %s is chosen by %s: %s', (host, address, isChosen) => {
  expect(connectionMatcher(host, 80)({ saddr: '10.9.9.9', daddr: address, sport: 40000, dport: 80 })).toBe(
    isChosen,
  );
});

it('a tree is of a packet’s whole life, and told alone', () => {
  expect(parse('--format tree').keep).toBe(true);
  expect(parse('').keep).toBe(false);
  expect(refusal('--format tree --iptable')).toContain('leave --iptable out');
  expect(refusal('--format tree --why')).toContain('with why it ended: leave --why out');
  expect(refusal('--format tree --json')).toContain('--json and --format tree are two formats');
  expect(refusal('--format xml')).toContain('--format is one of classic, tree, json');
});

it('a table of drops is told alone', () => {
  expect(refusal('--drops --why')).toContain('leave --why out');
  expect(refusal('--drops --json')).toContain('leave --json out');
  expect(refusal('--drops -c 3')).toContain('leave -c out');
  expect(refusal('--drops --format tree')).toContain('leave --drops out');
});
