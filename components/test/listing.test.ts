import { beforeEach, describe, expect, it, vi } from 'vitest';
import { NameBook } from '../../core/model/names.ts';
import { VERDICT } from '../../core/model/packet.ts';
import { L4_KIND } from '../../core/wire/layout.gen.ts';
import { packedRows, type RowFields } from '../../core/wire/test/rows.ts';
import { type Grouping, groupRows } from '../state/packets/groups.ts';
import { movedColumn, readColumns, readRules, withColumn } from '../state/packets/listing.ts';
import { BY_ARRIVAL } from '../state/packets/order.ts';
import { PacketStore } from '../state/packets/store.ts';
import { factsOf, gridOf } from '../views/packets/columns.tsx';
import { copyText } from '../views/packets/copy.ts';
import { linesOf } from '../views/packets/lines.ts';

vi.stubGlobal('requestAnimationFrame', (callback: () => void) => callback());

const udp = (packet: number, dport: number, more: RowFields = {}): RowFields => ({
  packet,
  firstNs: packet * 1000,
  lastNs: packet * 1000 + 500,
  ipVersion: 4,
  ipProtocol: 17,
  protocol: 0x800,
  l4Kind: L4_KIND.udp,
  firstNetns: 1,
  saddr: [10, 0, 0, 1],
  daddr: [10, 0, 0, 2],
  sport: 5000,
  dport,
  ...more,
});

describe('groups', () => {
  let store: PacketStore;
  const order = () => Uint32Array.from({ length: store.size }, (_, i) => i);
  /** Headings as the number of their rows in brackets, rows as their packets. */
  const listed = (by: Grouping, collapsed: readonly number[] = []) => {
    const { groups, lines } = groupRows(store, order(), by, new Set(collapsed));
    return [...lines]
      .map((line) => (line < 0 ? `[${groups.counts[-1 - line]}]` : store.row(line)?.packet))
      .join(' ');
  };

  beforeEach(() => {
    store = new PacketStore();
    const dropped = { verdict: VERDICT.dropped, reason: 8 };
    store.take(
      packedRows(
        udp(1, 53, { path: 2 }),
        udp(2, 99, { ...dropped, path: 1 }),
        udp(3, 53, { ...dropped, parent: 1 }),
        udp(4, 53, { firstNetns: 2, parent: 3, path: 2 }),
        udp(5, 99, { ...dropped, reason: 3, parent: 77 }),
      ),
      1,
      true,
    );
  });

  it('are flows: a 5-tuple within a namespace', () => {
    expect(listed('flow')).toBe('[2] 1 3 [2] 2 5 [1] 4');
  });

  it('are what came out of one packet, also when that is not here', () => {
    expect(listed('lineage')).toBe('[3] 1 3 4 [1] 2 [1] 5');
    expect([...groupRows(store, order(), 'lineage', new Set()).groups.keys]).toEqual([1, 2, 77]);
  });

  it('are paths, and what has none', () => {
    expect(listed('path')).toBe('[2] 1 4 [1] 2 [2] 3 5');
    expect([...groupRows(store, order(), 'path', new Set()).groups.keys]).toEqual([2, 1, 0]);
  });

  it('are verdicts with their reason', () => {
    expect(listed('verdict')).toBe('[2] 1 4 [2] 2 3 [1] 5');
  });

  it('have sums, and only a heading when they are collapsed', () => {
    const { groups } = groupRows(store, order(), 'flow', new Set());
    expect([...groups.drops]).toEqual([1, 2, 0]);
    expect([groups.firstNs[1], groups.lastNs[1]]).toEqual([2000, 5500]);
    expect(listed('flow', [groups.keys[0] ?? 0])).toBe('[2] [2] 2 5 [1] 4');
  });

  it('keep the TCP flags out of what a flow is', () => {
    store.take(
      packedRows(
        udp(1, 80, { l4Kind: L4_KIND.tcp, ipProtocol: 6, tcpFlags: 2 }),
        udp(2, 80, { l4Kind: L4_KIND.tcp, ipProtocol: 6, tcpFlags: 16 }),
        udp(3, 80),
      ),
      2,
      true,
    );
    expect(listed('flow')).toBe('[2] 1 2 [1] 3');
  });

  it('are found again by their rows', () => {
    const lines = linesOf(store, store.size, Uint32Array.of(0, 1, 2), BY_ARRIVAL, 'flow', new Set());
    expect(Array.from({ length: lines.count }, (_, i) => lines.at(i))).toEqual([-1, 0, 2, -2, 1]);
    expect([lines.find(2), lines.find(4), lines.rows]).toEqual([2, -1, 3]);
    const flat = linesOf(store, 4, Uint32Array.of(1, 3, 4), BY_ARRIVAL, 'none', new Set());
    expect([flat.count, flat.find(3), flat.find(4), flat.find(-1)]).toEqual([2, 1, -1, -1]);
  });
});

describe('columns', () => {
  it('are remembered in their order, without what is none', () => {
    expect(readColumns('verdict time nonsense time')).toEqual(['verdict', 'time']);
    expect(readColumns('')).toBeUndefined();
  });

  it('come back where the table has them, and move among those that are shown', () => {
    expect(withColumn(['time', 'verdict'], 'source')).toEqual(['time', 'source', 'verdict']);
    expect(withColumn(['time'], 'verdict')).toEqual(['time', 'verdict']);
    expect(movedColumn(['time', 'verdict'], 'verdict', -1)).toEqual(['verdict', 'time']);
    expect(movedColumn(['time', 'verdict'], 'verdict', 1)).toEqual(['time', 'verdict']);
  });

  it('have widths that add up', () => {
    expect(gridOf(['time', 'verdict'])).toEqual({
      template: '6.6rem minmax(7rem, 1.3fr)',
      minWidth: '15.35rem',
    });
  });
});

it('colour rules are read as they were remembered, and nothing else', () => {
  const rules = [{ filter: 'duration > 5ms', tint: 'amber' }];
  expect(readRules(JSON.stringify(rules))).toEqual(rules);
  expect(
    readRules(JSON.stringify([...rules, { filter: 3, tint: 'sky' }, { filter: 'x', tint: 'url(x)' }, null])),
  ).toEqual(rules);
  expect(readRules('{')).toEqual([]);
});

it('a packet is copied as it is listed, as what captures its flow, and as JSON', () => {
  const store = new PacketStore();
  store.take(packedRows(udp(7, 53, { verdict: VERDICT.dropped, reason: 8, length: 1234 })), 1, true);
  const row = store.row(0);
  if (row === undefined) throw new Error('no row');
  const facts = factsOf(row, new NameBook(), 0, 7000);
  expect(copyText('text', facts, ['source', 'length', 'verdict'])).toBe(
    '10.0.0.1:5000\t1,234\tdropped reason 8',
  );
  expect(copyText('capture filter', facts, [])).toBe(
    'udp and host 10.0.0.1 and host 10.0.0.2 and port 5000 and port 53',
  );
  expect(JSON.parse(copyText('JSON', facts, []))).toMatchObject({
    packet: 7, sinceStart: 0, duration: 500, destination: '10.0.0.2:53', verdict: 'dropped', reason: 'reason 8',
  }); // biome-ignore format: short
});
