import { describe, expect, it } from 'vitest';
import { ipv6Text } from '../../base/address.ts';
import { asNetnsInode, asNs } from '../../base/units.ts';
import { batch, hop, symbol } from '../../wire/test/records.ts';
import { CLASSIC_HEADER, classicLine } from '../classic.ts';
import {
  formatBytes,
  formatDuration,
  formatTime,
  icmpTypeText,
  protocolName,
  tcpFlagsText,
} from '../format.ts';
import type { Hop } from '../hop.ts';
import { freeToJson, hopToJson } from '../json.ts';
import { NameBook } from '../names.ts';
import { HopReader } from '../reader.ts';
import { stageOf } from '../stages.ts';
import { isDefaultFunction, ORIGINAL_24, WAYPOINTS } from '../waypoints.ts';

describe('units', () => {
  it.each([
    [0, '0 ns'],
    [999, '999 ns'],
    [4213, '4.21 µs'],
    [38_040_000, '38.0 ms'],
    [999_600, '1.00 ms'],
    [2_500_000_000, '2.50 s'],
  ])('%d ns is %s', (ns, text) => expect(formatDuration(ns)).toBe(text));

  it.each([
    [512, '512 B'],
    [16 << 20, '16.0 MiB'],
  ])('%d bytes are %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));

  it('times keep their microseconds a long way from 1970', () => {
    const base = Date.UTC(2026, 10, 24, 13, 0, 0) + 0.25;
    expect(formatTime(asNs(1_500_000), base)).toMatch(/:00:00\.001750$/);
    expect(formatTime(asNs(59_999_999_000), base)).toMatch(/:01:00\.000249$/);
  });
});

describe('headers', () => {
  it('are named', () => {
    expect(tcpFlagsText(0x12)).toBe('SYN,ACK');
    expect(icmpTypeText(4, 128)).toBe('echo request');
    expect(icmpTypeText(3, 128)).toBe('type 128');
    expect(protocolName({ l4Kind: 0, ipVersion: 4, ipProtocol: 99, protocol: 0x0800 })).toBe('proto 99');
    expect(protocolName({ l4Kind: 0, ipVersion: 0, ipProtocol: 0, protocol: 0x88cc })).toBe('LLDP');
  });

  it.each([
    ['20010db8000000000001000000000001', '2001:db8::1:0:0:1'],
    ['00000000000000000000000000000000', '::'],
    ['00010000000200000003000000040005', '1:0:2:0:3:0:4:5'],
    ['fe800000000000000000000000000000', 'fe80::'],
    ['00000000000000000000ffff0a010003', '::ffff:10.1.0.3'],
  ])('the IPv6 address %s is %s', (hex, text) => {
    expect(ipv6Text(Uint8Array.from(Buffer.from(hex, 'hex')))).toBe(text);
  });
});

const names = new NameBook();
names.take({
  functions: [{ id: 1, name: 'ip_rcv', module: '', argument: 1, isDefault: true }],
  reasons: [{ value: 3, name: 'NO_SOCKET' }],
  namespaces: [{ inode: 10, name: 'web', origin: 'named', interfaces: [{ ifindex: 2, name: 'eth0' }] }],
});

function hops(...records: Uint8Array[]): Hop[] {
  const read: Hop[] = [];
  new HopReader().read(batch(...records), {
    hop: (one) => read.push(one),
    symbol: (one) => names.take({ symbols: [one] }),
  });
  return read;
}

const ip = { saddr: [10, 1, 0, 2], daddr: [10, 1, 0, 3], id: 7 };
const [first, drop] = hops(
  hop({ func: 1, netns: 10, ifindex: 2, time: 2_000_000, ip, ports: [40000, 53] }),
  symbol({ address: 0x1000, name: '__udp4_lib_rcv' }),
  hop({ netns: 10, time: 3_500_000, drop: { reason: 3, location: 0x1000 } }),
);

describe("the original's line", () => {
  const options = { time: 'seconds', baseUnixMs: 0, firstNs: asNs(2_000_000) } as const;

  it('has its columns', () => {
    expect(CLASSIC_HEADER.split(/\s+/)).toEqual([
      'time',
      'NETWORK_NS',
      'CPU',
      'INTERFACE',
      'DEST_MAC',
      'IP_LEN',
      'PKT_INFO',
      'TRACE_INFO',
    ]);
  });

  it('has the time since the first event, and everything in its place', () => {
    const line = first && classicLine(first, names, options);
    expect(line).toMatch(/^\[0\.000000 *\]\[10 {8}\] 0 {6}eth0 {15}/);
    expect(line).toMatch(/ 0000000000000000\.0:ip_rcv$/);
  });

  it('says of a drop why and where', () => {
    const line = drop && classicLine(drop, names, options);
    expect(line).toMatch(/^\[0\.001500 *\]/);
    expect(line).toMatch(/:kfree_skb\(NO_SOCKET\) __udp4_lib_rcv\+0x0$/);
  });

  it('has its time and what was dropped set off on a terminal, and the same text', () => {
    const marked = (sign: string) => (text: string) => `<${sign}${text}>`;
    const paint = { bad: marked('!'), good: marked('+'), strong: marked('*'), faint: marked('~') };
    const line = drop && classicLine(drop, names, { ...options, paint });
    expect(line).toMatch(/^<~\[0\.001500 *\]>.*<!kfree_skb\(NO_SOCKET\) __udp4_lib_rcv\+0x0>$/);
    expect(line?.replaceAll(/<[!~]|>$|>(?=\[)/g, '')).toBe(drop && classicLine(drop, names, options));
  });
});

describe('a JSON line', () => {
  it('has the header fields when they are new, and not again', () => {
    expect(first && hopToJson(first, names, 1000)).toMatchObject({
      kind: 'hop',
      time_ns: 2_000_000,
      unix_ms: 1002,
      packet: 1,
      func: 'ip_rcv',
      stage: 'ip',
      netns: 10,
      netns_name: 'web',
      ifname: 'eth0',
      saddr: '10.1.0.2',
      ip_id: 7,
      sport: 40000,
      dport: 53,
    });
    const again = drop && hopToJson(drop, names, 1000);
    expect(again).toMatchObject({
      kind: 'drop',
      reason: 'NO_SOCKET',
      reason_code: 3,
      location: '__udp4_lib_rcv+0x0',
    });
    expect(again).not.toHaveProperty('saddr');
  });

  it('ends a packet', () => {
    const free = {
      kind: 'free',
      index: 3,
      timeNs: asNs(5),
      deltaNs: asNs(1),
      cpu: 0,
      seq: 9,
      generation: 1,
      dropped: true,
    } as const;
    expect(freeToJson({ ...free, packet: first?.packet ?? (0 as never) }, 0)).toMatchObject({
      kind: 'free',
      packet: 1,
      dropped: true,
    });
  });
});

describe('waypoints', () => {
  it("have the original's 24 functions", () => {
    expect(ORIGINAL_24.length).toBe(24);
    expect(ORIGINAL_24.filter((name) => !isDefaultFunction(name))).toEqual([]);
  });

  it('are each named once, in a stage', () => {
    expect(new Set(WAYPOINTS.map(({ name }) => name)).size).toBe(WAYPOINTS.length);
    expect(WAYPOINTS.every(({ name, stage }) => stageOf(name) === stage && stage !== 'other')).toBe(true);
  });
});

it.each([
  ['br_nf_forward_arp', 'netfilter'],
  ['br_multicast_rcv', 'bridge'],
  ['__skb_clone', 'skb'],
  ['tcp_ack', 'transport'],
  ['tcp_gro_receive', 'gro'],
  ['inet_gro_receive', 'gro'],
  ['xfrm4_rcv', 'tunnel'],
  ['fq_enqueue', 'qdisc'],
  ['ip_vs_in', 'netfilter'],
  ['virtnet_poll', 'driver'],
  ['made_up_thing', 'other'],
])('%s belongs to %s', (name, stage) => expect(stageOf(name)).toBe(stage));

describe('names of namespaces', () => {
  const namespace = (inode: number, name: string) => ({
    inode,
    name,
    origin: 'named' as const,
    interfaces: [],
  });

  it('are known when the namespace is gone, until another has its number', () => {
    const book = new NameBook();
    book.take({ namespaces: [namespace(7, 'web'), namespace(8, 'db')] });
    book.take({ namespaces: [namespace(8, 'db')] });
    expect(book.netnsName(asNetnsInode(7))).toBe('web');
    expect(book.namespaces.has(7)).toBe(false);
    book.take({ namespaces: [namespace(7, 'other')] });
    expect([7, 8, 9].map((inode) => book.netnsName(asNetnsInode(inode)))).toEqual(['other', 'db', 'netns 9']);
  });
});
