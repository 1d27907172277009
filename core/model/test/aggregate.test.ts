/** What packed rows come to: drops in groups, packets in conversations. */
import { describe, expect, it } from 'vitest';
import { RELATION } from '../../wire/layout.gen.ts';
import { ROW, ROW_BYTES } from '../../wire/rows.ts';
import { batch, free, type HopFields, hop, lineage } from '../../wire/test/records.ts';
import { binned, DropFold, type DropGrouping } from '../aggregate/drops.ts';
import { FlowFold, type FlowSummary } from '../aggregate/flows.ts';
import { foldRows, RowScan, type RowSource } from '../aggregate/scan.ts';
import { SessionAssembler } from '../assembler.ts';

const functions = ['tcp_v4_rcv', 'dev_hard_start_xmit'].map((name, i) => ({
  id: i + 1,
  name,
  module: '',
  argument: 1,
  isDefault: true,
}));
const RECEIVED = 1;
const SENT = 2;

function rowsOf(...records: readonly Uint8Array[]): RowSource {
  const session = new SessionAssembler();
  session.takeNames({ functions });
  session.restart();
  session.take(batch(...records));
  const { rows } = session.rowsSince(0, 1e6);
  return {
    view: new DataView(rows.buffer),
    size: rows.byteLength / ROW_BYTES,
    offsetOf: (index) => index * ROW_BYTES,
  };
}

const A = [10, 0, 0, 1];
const B = [10, 0, 0, 2];
const V = [10, 0, 0, 9];
const WEB = 100;
const DB = 200;

describe('drops', () => {
  const drop = (packet: number, reason: number, location: number, fields: HopFields = {}) =>
    hop({ packet, time: packet * 10, netns: WEB, ifindex: 2, drop: { reason, location }, ...fields });
  const records = [
    drop(1, 5, 0x1010),
    drop(2, 5, 0x1020),
    drop(3, 5, 0x2000, { netns: DB }),
    drop(4, 6, 0x1010, { ifindex: 3 }),
    hop({ packet: 5, time: 1000 }),
  ];
  /** Sixteen bytes of text to a function. */
  const functionAt = (_: number, low: number) => `f${(low >> 8).toString(16)}`;
  const groups = (by: DropGrouping) =>
    foldRows(rowsOf(...records), null, new DropFold(by, functionAt)).groups.map(({ key, count }) => [
      key,
      count,
    ]);

  it('are grouped by reason and function, two places in one function being one', () => {
    expect(groups('cause')).toEqual([
      ['5 f10', 2],
      ['5 f20', 1],
      ['6 f10', 1],
    ]);
    expect(groups('reason')).toEqual([['5', 3], ['6', 1]]); // biome-ignore format: short
    expect(groups('function')).toEqual([['f10', 3], ['f20', 1]]); // biome-ignore format: short
    expect(groups('namespace')).toEqual([['100', 3], ['200', 1]]); // biome-ignore format: short
    expect(groups('interface')).toEqual([
      ['100/2', 2],
      ['100/3', 1],
      ['200/2', 1],
    ]);
  });

  it('are grouped by flow: one direction of a 5-tuple', () => {
    const to = (packet: number, ports: readonly [number, number]) =>
      drop(packet, 5, 1, { ip: { saddr: A, daddr: B }, ports });
    const source = rowsOf(to(1, [1, 2]), to(2, [2, 1]), to(3, [1, 2]));
    const { groups: found } = foldRows(source, null, new DropFold('flow', functionAt));
    expect(found.map(({ packets }) => [...packets])).toEqual([[1, 3], [2]]);
  });

  it('say which packets, when, where, and how many were looked at', () => {
    const summary = foldRows(rowsOf(...records), null, new DropFold('reason', functionAt));
    expect(summary).toMatchObject({ packets: 5, dropped: 4, fromNs: 10, toNs: 1000 });
    const [first] = summary.groups;
    expect(first).toMatchObject({ sample: 3, lastNs: 30 });
    expect(first?.namespaces).toEqual([
      { netns: WEB, count: 2 },
      { netns: DB, count: 1 },
    ]);
    expect([...(first?.packets ?? [])]).toEqual([1, 2, 3]);
    expect([...(first?.bins ?? [])].slice(0, 2)).toEqual([2, 1]);
  });

  it('of some rows only are those of these', () => {
    const summary = foldRows(
      rowsOf(...records),
      Uint32Array.of(3, 4, 99),
      new DropFold('reason', functionAt),
    );
    expect(summary).toMatchObject({ packets: 2, dropped: 1 });
  });

  it('fall into the first and the last part of the time as well', () => {
    const bins = binned(Float64Array.of(0, 99, 100, 500), 0, 100);
    expect([bins[0], bins.at(-1)]).toEqual([1, 3]);
  });
});

it('a scan in slices comes to what one at once does', () => {
  const source = rowsOf(...Array.from({ length: 100 }, (_, i) => hop({ packet: i + 1, time: i })));
  const scan = new RowScan(source, null, new DropFold('reason', () => ''));
  let steps = 0;
  let result: { readonly packets: number } | undefined;
  while (result === undefined) {
    result = scan.step(30);
    steps += 1;
  }
  expect([steps, result.packets]).toEqual([4, 100]);
});

describe('conversations', () => {
  const SYN = 2;
  const SYN_ACK = 18;
  const FIN_ACK = 17;
  interface Sent {
    readonly packet: number;
    readonly time: number;
    readonly flags?: number;
    readonly netns?: number;
    readonly end?: number;
    /** When and where it was delivered. */
    readonly until?: number;
    readonly to?: number;
    readonly owner?: number;
  }
  const tcp = (saddr: number[], daddr: number[], ports: readonly [number, number], sent: Sent) => [
    hop({
      packet: sent.packet, time: sent.time, netns: sent.netns ?? WEB, func: SENT,
      ip: { saddr, daddr, protocol: 6 }, ports, tcpFlags: sent.flags ?? 16,
      ...(sent.owner !== undefined && { owner: { pid: sent.owner } }),
    }), // biome-ignore format: short
    ...(sent.until === undefined
      ? []
      : [hop({ packet: sent.packet, time: sent.until, netns: sent.to ?? DB, func: RECEIVED })]),
    free({ packet: sent.packet }),
  ];
  const there = (sent: Sent) => tcp(A, B, [4000, 80], sent);
  const back = (sent: Sent) => tcp(B, A, [80, 4000], sent);
  const flowsOf = (...records: readonly Uint8Array[]): FlowSummary =>
    foldRows(rowsOf(...records), null, new FlowFold());

  it('have both directions, and who began', () => {
    const { flows, count } = flowsOf(
      ...back({ packet: 2, time: 30, netns: WEB, flags: SYN_ACK }),
      ...there({ packet: 1, time: 10, flags: SYN, owner: 77 }),
      ...there({ packet: 3, time: 40 }),
    );
    expect(count).toBe(1);
    expect(flows[0]).toMatchObject({ isAsker: true, tcp: 'open', firstNs: 10, lastNs: 40, newest: 3 });
    expect(flows[0]?.sample).toMatchObject({ sport: 4000, dport: 80 });
    expect(flows[0]?.a).toMatchObject({ packets: 2, ownerPid: 77, netns: WEB });
    expect(flows[0]?.b).toMatchObject({ packets: 1, ownerPid: 0 });
  });

  it('of equal addresses in namespaces that have nothing to do with each other are two', () => {
    const { count } = flowsOf(
      ...there({ packet: 1, time: 10, netns: 1 }),
      ...back({ packet: 2, time: 20, netns: 2 }),
    );
    expect(count).toBe(2);
    const joined = flowsOf(
      ...there({ packet: 1, time: 10, netns: 1, until: 15, to: 2 }),
      ...back({ packet: 2, time: 20, netns: 2 }),
    );
    expect(joined.count).toBe(1);
  });

  it('that are translated are one, found by what the packets became', () => {
    const { flows, count } = flowsOf(
      hop({ packet: 1, time: 10, netns: WEB, ip: { saddr: A, daddr: V, protocol: 6 }, ports: [4000, 8080], tcpFlags: SYN }),
      hop({ packet: 1, time: 12, netns: DB, ip: { saddr: A, daddr: B, protocol: 6 }, ports: [4000, 80], tcpFlags: SYN }),
      ...back({ packet: 2, time: 20, netns: DB, flags: SYN_ACK }),
    ); // biome-ignore format: long
    expect(count).toBe(1);
    expect(flows[0]).toMatchObject({ isTranslated: true, a: { packets: 1 }, b: { packets: 1 } });
    expect(flows[0]?.sample.dport).toBe(8080);
  });

  it('count retransmissions, and copies apart from packets and bytes', () => {
    const length = 1000;
    const source = rowsOf(
      ...there({ packet: 1, time: 10 }),
      lineage({ packet: 2, parent: 1, relation: RELATION.retransmit }),
      ...there({ packet: 2, time: 20 }),
      lineage({ packet: 3, parent: 1, relation: RELATION.clone }),
      ...there({ packet: 3, time: 11, netns: 55 }),
    );
    for (let i = 0; i < source.size; i += 1)
      source.view.setUint32(source.offsetOf(i) + ROW.length, length, true);
    const { flows, count, packets, copies, bytes } = foldRows(source, null, new FlowFold());
    expect({ count, packets, copies, bytes }).toEqual({ count: 1, packets: 2, copies: 1, bytes: 2 * length });
    expect(flows[0]?.a).toMatchObject({ packets: 2, retransmissions: 1, copies: 1 });
  });

  it('say what flags said of them', () => {
    const syn = there({ packet: 1, time: 10, flags: SYN });
    const state = (...more: readonly Uint8Array[]) => flowsOf(...syn, ...more).flows[0]?.tcp;
    const fin = there({ packet: 3, time: 30, flags: FIN_ACK });
    expect(state()).toBe('asked');
    expect(state(...fin)).toBe('halfClosed');
    expect(state(...fin, ...back({ packet: 4, time: 40, flags: FIN_ACK }))).toBe('closed');
    expect(state(...back({ packet: 4, time: 40, flags: 20 }))).toBe('reset');
    expect(flowsOf(...there({ packet: 1, time: 1 })).flows[0]?.tcp).toBe('underWay');
  });

  describe('the round trip', () => {
    const of = (...records: readonly Uint8Array[]) => flowsOf(...records).flows[0]?.roundTrip;

    it('is from a SYN on its way out to its answer in the same namespace', () => {
      expect(
        of(
          ...there({ packet: 1, time: 100, flags: SYN }),
          ...back({ packet: 2, time: 350, flags: SYN_ACK, until: 380, to: WEB }),
        ),
      ).toEqual({ ns: 250, pairs: 1, until: 'arrival' });
    });

    it('is to the end of the answer where both ends are on this host', () => {
      expect(
        of(
          ...there({ packet: 1, time: 100, flags: SYN, until: 200 }),
          ...back({ packet: 2, time: 210, netns: DB, flags: SYN_ACK, until: 400, to: WEB }),
        ),
      ).toEqual({ ns: 300, pairs: 1, until: 'delivery' });
    });

    it('is not told by a host that answers, nor of what was sent again, nor without an answer', () => {
      const came = there({ packet: 1, time: 100, flags: SYN, until: 110, to: WEB });
      expect(of(...came, ...back({ packet: 2, time: 120, flags: SYN_ACK }))).toBeUndefined();
      const again = there({ packet: 3, time: 300, flags: SYN });
      expect(
        of(
          ...there({ packet: 1, time: 100, flags: SYN }),
          ...again,
          ...back({ packet: 2, time: 350, flags: SYN_ACK }),
        ),
      ).toBeUndefined();
      expect(of(...again)).toBeUndefined();
    });
  });
});
