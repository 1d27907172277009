import { describe, expect, it } from 'vitest';
import { batch, free, type HopFields, hop } from '../../../wire/test/records.ts';
import { SessionAssembler } from '../../assembler.ts';
import { LatencyFold, type LatencyLimits } from '../fold.ts';
import { levelOf } from '../levels.ts';
import { PlaceTable } from '../places.ts';
import { type LatencySeries, passagesOf } from '../result.ts';

const NAMES = [
  'ip_output', 'nf_hook_slow', 'nft_do_chain_ipv4', 'ip_finish_output', '__dev_queue_xmit', 'fq_codel_enqueue',
  'sch_direct_xmit', 'validate_xmit_skb', 'dev_hard_start_xmit', 'veth_xmit', 'enqueue_to_backlog',
  '__netif_receive_skb', '__udp_enqueue_schedule_skb', 'skb_consume_udp', 'ip_rcv', 'neigh_resolve_output',
  'tbf_enqueue', 'tcp_data_queue', 'tcp_queue_rcv', 'skb_copy_datagram_iter',
] as const; // biome-ignore format: a list
type Name = (typeof NAMES)[number];
const WEB = 10;
const DROPPED = 7;

const functions = NAMES.map((name, i) => ({ id: i + 1, name, module: '', argument: 1, isDefault: true }));
const idOf = (name: Name) => NAMES.indexOf(name) + 1;

type Step = readonly [timeNs: number, what: Name | 'drop', more?: HopFields];

/** A packet's hops at the times given. */
const packetOf = (packet: number, ...steps: readonly Step[]): Uint8Array[] =>
  steps.map(([time, what, more]) =>
    hop({
      packet,
      time,
      netns: WEB,
      ifindex: 2,
      ...(what === 'drop' ? { drop: { reason: DROPPED, location: 1 } } : { func: idOf(what) }),
      ...more,
    }),
  );

function fold(
  records: readonly Uint8Array[],
  series: LatencySeries = { kind: 'whole' },
  { packets = null, ...limits }: LatencyLimits & { readonly packets?: readonly number[] | null } = {},
  session = new SessionAssembler(),
) {
  session.restart();
  session.take(batch(...records));
  const table = new PlaceTable();
  table.take(functions);
  const made = new LatencyFold(session, table, packets && Float64Array.from(packets), series, limits);
  while (!made.isDone) made.advance(1);
  return made.result();
}

/** Place, passages and total time of each place that has any. */
const placesOf = (records: readonly Uint8Array[]) =>
  fold(records).places.map(({ series, count, totalNs }) => [
    series.kind === 'place' ? series.place : '',
    count,
    totalNs,
  ]);

describe('the time of a packet', () => {
  it('is that of the part of the stack whose function it came to last', () => {
    const packet = packetOf(
      1,
      [1000, 'ip_output'],
      [1100, 'nf_hook_slow'],
      [1150, 'nft_do_chain_ipv4'],
      [1400, 'ip_finish_output'],
      [1405, '__dev_queue_xmit'],
    );
    expect(placesOf(packet)).toEqual([
      ['netfilter', 1, 300],
      ['ip', 2, 105],
    ]);
  });

  it('adds up to that from first to last hop', () => {
    const { places, edges, whole, steps, packets } = fold([
      ...packetOf(1, [0, 'ip_output'], [10, 'nf_hook_slow'], [70, 'ip_finish_output'], [100, 'veth_xmit']),
      ...packetOf(2, [500, 'ip_rcv'], [900, 'nf_hook_slow'], [950, 'drop']),
    ]);
    expect({ packets, steps }).toEqual({ packets: 2, steps: 5 });
    expect(whole).toMatchObject({ count: 2, totalNs: 550, minNs: 100, maxNs: 450 });
    const total = (rows: typeof places) => rows.reduce((sum, { totalNs }) => sum + totalNs, 0);
    expect([total(places), total(edges)]).toEqual([550, 550]);
    expect(whole?.slowest).toEqual({ packet: 2, hop: 1, atNs: 500, tookNs: 450 });
  });

  it('is told of each pair of functions, and of each function and the reason of a drop', () => {
    const { edges } = fold([
      ...packetOf(1, [0, 'ip_rcv'], [8, 'nf_hook_slow'], [20, 'drop']),
      ...packetOf(2, [100, 'ip_rcv'], [104, 'nf_hook_slow']),
    ]);
    expect(edges).toHaveLength(2);
    expect(edges).toMatchObject([
      {
        series: { from: idOf('ip_rcv'), to: idOf('nf_hook_slow'), reason: -1 },
        count: 2,
        totalNs: 12,
        minNs: 4,
        maxNs: 8,
        p50Ns: 4,
        p99Ns: 8,
        octaves: [0, 0, 1, 1],
        slowest: { packet: 1, hop: 1, atNs: 0, tookNs: 8 },
      },
      { series: { from: idOf('nf_hook_slow'), to: 0, reason: DROPPED }, count: 1, totalNs: 12 },
    ]);
  });

  it('has quantiles that are right within 7 % and within what there was', () => {
    const packets = Array.from({ length: 100 }, (_, i) =>
      packetOf(i + 1, [i * 10, 'ip_rcv'], [i * 10 + (i + 1) * 1000, 'ip_output']),
    );
    const row = fold(packets.flat()).whole;
    for (const [value, exact] of [
      [row?.p50Ns, 50_000],
      [row?.p90Ns, 90_000],
      [row?.p99Ns, 99_000],
    ] as const) {
      expect(value).toBeGreaterThan(exact * 0.93);
      expect(value).toBeLessThan(exact * 1.07);
    }
    expect(fold(packetOf(1, [0, 'ip_rcv'], [1_000_001, 'ip_output'])).whole).toMatchObject({
      p50Ns: 1_000_001,
      p99Ns: 1_000_001,
    });
  });
});

describe('a wait', () => {
  it.each([
    ['qdisc queue', 'fq_codel_enqueue', 'sch_direct_xmit'],
    ['qdisc queue', 'fq_codel_enqueue', 'dev_hard_start_xmit'],
    ['softirq backlog', 'enqueue_to_backlog', '__netif_receive_skb'],
    ['socket queue', '__udp_enqueue_schedule_skb', 'skb_consume_udp'],
    ['neighbour queue', 'neigh_resolve_output', 'neigh_resolve_output'],
  ] as const)('in a %s is told by %s and %s', (place, enter, leave) => {
    const records = packetOf(1, [0, 'ip_output'], [10, enter], [5010, leave], [5020, 'veth_xmit']);
    expect(placesOf(records)).toContainEqual([place, 1, 5000]);
  });

  it('begins at the first of the functions that put it there', () => {
    const queues = packetOf(1, [0, 'tbf_enqueue'], [5, 'fq_codel_enqueue'], [905, 'sch_direct_xmit']);
    expect(placesOf(queues)).toEqual([['qdisc queue', 1, 905]]);
    const socket = packetOf(1, [0, 'tcp_data_queue'], [5, 'tcp_queue_rcv'], [905, 'skb_copy_datagram_iter']);
    expect(placesOf(socket)).toEqual([['socket queue', 1, 905]]);
  });

  it('is not claimed for a device that has no queue, nor where something else came in between', () => {
    const noqueue = packetOf(
      1,
      [0, '__dev_queue_xmit'],
      [900, 'validate_xmit_skb'],
      [910, 'dev_hard_start_xmit'],
    );
    expect(placesOf(noqueue)).toEqual([['qdisc', 1, 910]]);
    const other = packetOf(1, [0, 'fq_codel_enqueue'], [900, 'veth_xmit'], [910, 'sch_direct_xmit']);
    expect(placesOf(other).map(([place]) => place)).toEqual(['driver', 'qdisc']);
    const twoDevices = packetOf(
      1,
      [0, 'neigh_resolve_output'],
      [900, 'neigh_resolve_output', { ifindex: 3 }],
    );
    expect(placesOf(twoDevices)).toEqual([['ip', 1, 900]]);
  });

  it('that is not over is in no row, nor is one that a drop ended', () => {
    expect(placesOf(packetOf(1, [0, 'ip_output'], [10, 'fq_codel_enqueue']))).toEqual([['ip', 1, 10]]);
    const dropped = packetOf(1, [0, 'ip_output'], [10, 'fq_codel_enqueue'], [900, 'drop']);
    expect(placesOf(dropped)).toEqual([
      ['qdisc', 1, 890],
      ['ip', 1, 10],
    ]);
  });
});

describe('a heat map', () => {
  const packets = [
    ...packetOf(1, [0, 'ip_rcv'], [100, 'ip_output']),
    ...packetOf(2, [400, 'ip_rcv'], [520, 'ip_output'], [521, 'drop']),
    ...packetOf(3, [799, 'ip_rcv'], [800, 'ip_output']),
  ];
  const edge = { kind: 'edge', from: idOf('ip_rcv'), to: idOf('ip_output'), reason: -1 } as const;

  it('has each passage in the part of the time in which it began, and at its level', () => {
    const { heat } = fold(packets, edge);
    expect(heat).toMatchObject({ fromNs: 0, toNs: 800, series: edge });
    expect(heat?.cells).toEqual([
      { bin: 0, level: levelOf(100), count: 1, listed: 1 },
      { bin: 40, level: levelOf(120), count: 1, listed: 1 },
      { bin: 79, level: levelOf(1), count: 1, listed: 1 },
    ]);
    expect(heat?.columns).toEqual([
      { bin: 0, count: 1, p50Ns: 100, p99Ns: 100 },
      { bin: 40, count: 1, p50Ns: 120, p99Ns: 120 },
      { bin: 79, count: 1, p50Ns: 1, p99Ns: 1 },
    ]);
  });

  it('gives the packets of a cell, and where in their paths to look', () => {
    const { heat } = fold(packets, edge);
    const listed = heat?.cells.map((cell) => passagesOf(heat, cell));
    expect(listed).toEqual([
      [{ packet: 1, hop: 1, atNs: 0, tookNs: 100 }],
      [{ packet: 2, hop: 1, atNs: 400, tookNs: 120 }],
      [{ packet: 3, hop: 1, atNs: 799, tookNs: 1 }],
    ]);
    const whole = fold(packets, { kind: 'whole' }).heat;
    expect(whole?.cells.map(({ count }) => count)).toEqual([1, 1, 1]);
    const dropped = fold(packets, { kind: 'edge', from: idOf('ip_output'), to: 0, reason: DROPPED }).heat;
    expect(dropped?.cells).toEqual([{ bin: 52, level: 0, count: 1, listed: 1 }]);
    expect(fold(packets, { kind: 'place', place: 'tunnel' }).heat).toBeUndefined();
  });

  it('counts all of a cell and lists the newest packets', () => {
    const many = Array.from({ length: 300 }, (_, i) => packetOf(i + 1, [i, 'ip_rcv'], [i + 8, 'ip_output']));
    const late = packetOf(301, [1_000_000, 'ip_rcv'], [1_000_009, 'ip_output']);
    const { heat } = fold([...many.flat(), ...late]);
    const [cell] = heat?.cells ?? [];
    expect(cell).toEqual({ bin: 0, level: levelOf(8), count: 300, listed: 200 });
    if (heat === undefined || cell === undefined) throw new Error('no heat map');
    expect(passagesOf(heat, cell).map(({ packet }) => packet)).toEqual(
      Array.from({ length: 200 }, (_, i) => 300 - i),
    );
  });
});

describe('what is left out', () => {
  it('is counted: older packets, what is no path, and pairs of functions beyond those kept', () => {
    const records = [
      ...packetOf(1, [0, 'ip_rcv'], [9, 'ip_output']),
      ...packetOf(2, [10, 'ip_rcv']),
      free({ packet: 2, time: 11 }),
      ...packetOf(3, [20, 'ip_rcv'], [29, 'ip_output'], [31, 'nf_hook_slow']),
    ];
    const { leftOut, packets, edges } = fold(records, undefined, { maxPackets: 2, maxEdges: 1 });
    expect(packets).toBe(1);
    expect(edges).toHaveLength(1);
    expect(leftOut).toEqual({ older: 1, truncated: 0, tooShort: 1, tooLong: 0, edgeSteps: 1 });
    const some = fold(records, undefined, { packets: [1, 3] });
    expect(some).toMatchObject({ packets: 2, leftOut: { older: 0 } });
  });

  it('is a packet whose first hops are gone, and one with more hops than are read', () => {
    const session = new SessionAssembler({ budgetBytes: 40_000 });
    session.restart();
    for (let time = 0; time < 900; time += 1) session.take(batch(...packetOf(1, [time, 'ip_rcv'])));
    const table = new PlaceTable();
    table.take(functions);
    const made = new LatencyFold(session, table, null, { kind: 'whole' });
    made.advance(1);
    expect(made.result()).toMatchObject({ packets: 0, leftOut: { truncated: 1 } });
    const long = Array.from({ length: 1100 }, (_, i): Step => [i, 'ip_rcv']);
    expect(fold(packetOf(1, ...long))).toMatchObject({ packets: 0, leftOut: { tooLong: 1 } });
  });
});
