import { describe, expect, it } from 'vitest';
import {
  asFuncId, asKernelAddress, asNetnsInode, asNs, asPacketId,
} from '../../../../base/units.ts'; // biome-ignore format: a list
import { DECISION_KIND } from '../../../../wire/layout.gen.ts';
import type { Decision, Free, Hop, PacketState } from '../../../hop.ts';
import { NameBook } from '../../../names.ts';
import { checkCapture, checkDatagram, packetsOf } from '../checks.ts';
import type { Datagram, End, Pair, Probed, SeenPacket } from '../types.ts';

const A: End = {
  netns: 4026532001, netnsName: 'datagram(11)', pid: 11, comm: 'datagram', uid: 0, cgroup: 7, ifindex: 71, ifname: 'skbt-a',
  mac: '02:00:00:00:00:0a', ip4: '198.18.73.1', ip6: 'fd73::1',
}; // biome-ignore format: short
const B: End = {
  netns: 4026532002, netnsName: 'datagram(12)', pid: 12, comm: 'datagram', uid: 0, cgroup: 8, ifindex: 72, ifname: 'skbt-b',
  mac: '02:00:00:00:00:0b', ip4: '198.18.73.2', ip6: 'fd73::2',
}; // biome-ignore format: short
const PAIR: Pair = { a: A, b: B, mtu: 1400 };

const TAKEN: Datagram = {
  version: 4, sport: 46001, dport: 46002, id: 0x5b71, ttl: 61, tos: 0x28, mark: 0x5b7, priority: 3, payload: 101, isTaken: true,
}; // biome-ignore format: short
const REFUSED: Datagram = { ...TAKEN, dport: 46003, isTaken: false };

const OUT = [
  'ip_output',
  'ip_finish_output',
  'ip_finish_output2',
  '__dev_queue_xmit',
  'dev_hard_start_xmit',
  'veth_xmit',
];
const IN = [
  'enqueue_to_backlog',
  '__netif_receive_skb',
  'ip_rcv',
  'ip_local_deliver',
  'ip_protocol_deliver_rcu',
  'udp_rcv',
  '__udp4_lib_rcv',
];
const READ = ['udp_queue_rcv_one_skb', '__udp_enqueue_schedule_skb', 'skb_consume_udp']; // biome-ignore format: short
const FUNCTIONS = [...OUT, ...IN, ...READ];
const NO_SOCKET = 3;
const LOCATION = asKernelAddress('ffffffff81000040');

const names = new NameBook();
names.take({
  functions: FUNCTIONS.map((name, i) => ({ id: i + 1, name, module: '', argument: 1, isDefault: true })),
  reasons: [{ value: NO_SOCKET, name: 'NO_SOCKET' }],
  symbols: [{ address: LOCATION, name: '__udp4_lib_rcv', module: '', offset: 64 }],
  namespaces: [A, B].map(({ netns, netnsName, ifindex, ifname }) => ({
    inode: netns, name: netnsName, origin: 'process', interfaces: [{ ifindex, name: ifname }],
  })),
}); // biome-ignore format: short
const PROBED: Probed = {
  functions: new Set(FUNCTIONS),
  programs: [{ name: 'skbt_listener_udp4', target: '__udp4_lib_lookup', kind: 'fexit' }],
};

const stateOf = ({ dport, id, ttl, tos, mark, priority, payload }: Datagram): PacketState => ({
  device: 'skbt-a', mtu: 1400, comm: 'datagram',
  meta: { len: 42 + payload, dataLen: 0, mark, priority, protocol: 0x800, vlanTci: 0, vlanProto: 0, pktType: 0 },
  eth: { dst: B.mac, src: A.mac, type: 0x800, vlanTci: 0, innerVlanTci: 0 },
  ip: { saddr: A.ip4, daddr: B.ip4, version: 4, protocol: 17, length: 28 + payload, id, frag: 0, ttl, tos },
  l4: {
    kind: 2, sport: 46001, dport, tcpSeq: 0, tcpAck: 0, tcpWindow: 0, tcpFlags: 0,
    icmpType: 0, icmpCode: 0, icmpId: 0, icmpSeq: 0, arpOp: 0,
  },
  buffer: {
    hash: 1, truesize: 768, csum: 0, gsoType: 0, gsoSize: 0, gsoSegs: 0, queueMapping: 0, nrFrags: 0, ipSummed: 0, csumLevel: 0, bits: 0,
  },
  route: { dst: asKernelAddress('ffff888000000001'), ifindex: 71, gateway: B.ip4, type: 1, error: 0 },
  owner: { pid: 11, uid: 0, cgroup: 7, comm: 'datagram' },
}); // biome-ignore format: short

/** What a kernel would tell of it, hop by hop. */
function packetOf(sent: Datagram): SeenPacket {
  const leaving = stateOf(sent);
  const { meta, route } = leaving;
  if (meta === undefined || route === undefined) throw new Error('no state');
  const arriving: PacketState = {
    ...leaving, device: 'skbt-b', iif: 72, meta: { ...meta, len: 28 + sent.payload, mark: 0, priority: 0 }, route: { ...route, type: 2 },
  }; // biome-ignore format: short
  const taken: PacketState = { ...arriving, owner: { pid: 12, uid: 0, cgroup: 8, comm: 'datagram' } };
  const walked = sent.isTaken ? FUNCTIONS : [...OUT, ...IN];
  const hops = walked.map((name, i): Hop => {
    const isOut = OUT.includes(name);
    return {
      ...place(i),
      kind: 'hop',
      func: asFuncId(FUNCTIONS.indexOf(name) + 1),
      netns: asNetnsInode(isOut ? A.netns : B.netns),
      ifindex: isOut ? 71 : 72,
      state: isOut ? leaving : READ.includes(name) ? taken : arriving,
    };
  });
  const at = place(hops.length);
  const { netns = asNetnsInode(0), state = {} } = hops.at(-1) ?? {};
  const drop: Hop = { ...at, kind: 'drop', reason: NO_SOCKET, location: LOCATION, netns, ifindex: 72, state };
  const free: Free = { ...at, kind: 'free', dropped: !sent.isTaken };
  const listener: Decision = {
    ...at, kind: 'decision', netns, decision: DECISION_KIND.listener, value: 0, pf: 2, hook: 0, priority: 0,
    by: LOCATION, used: 0, limit: 0, durationNs: asNs(0), rule: undefined,
  }; // biome-ignore format: short
  return {
    id: 1, lineage: [], frees: [free], decisions: sent.isTaken ? [] : [listener], hops: sent.isTaken ? hops : [...hops, drop],
  }; // biome-ignore format: short
}

const place = (i: number) => ({
  index: i, timeNs: asNs(1000 + i), deltaNs: asNs(1), cpu: 0, seq: i, generation: 1, packet: asPacketId(1),
  skb: asKernelAddress('ffff888000000002'), pid: 11, carried: 0, changes: [], depth: 0, stack: undefined,
  pidMatch: { owner: false, current: false },
}); // biome-ignore format: short

const failures = (
  sent: Datagram,
  packets: readonly SeenPacket[],
  probed: Probed = PROBED,
): readonly string[] =>
  checkDatagram(PAIR, sent, packets, probed, names)
    .filter(({ isOk }) => !isOk)
    .map(({ name }) => name);

/** Whatever it is, something else. */
const other = (value: unknown): unknown =>
  typeof value === 'number' ? value + 1 : typeof value === 'string' ? `${value}9` : value;

/** Paths of all leaves. */
function leavesOf(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([key, inside]) => leavesOf(inside, [...path, key]));
}

function changedAt(value: unknown, [key, ...rest]: readonly string[]): unknown {
  if (key === undefined) return other(value);
  if (typeof value !== 'object' || value === null) return value;
  return { ...value, [key]: changedAt(Reflect.get(value, key), rest) };
}

/** What no sender knows, or what a datagram does not have. */
const UNKNOWN = new Set([
  'buffer.hash', 'buffer.truesize', 'buffer.csum', 'route.dst', 'meta.vlanTci', 'iif',
  'l4.tcpSeq', 'l4.tcpAck', 'l4.tcpWindow', 'l4.tcpFlags', 'l4.icmpType', 'l4.icmpCode', 'l4.icmpId', 'l4.icmpSeq', 'l4.arpOp',
]); // biome-ignore format: a list

describe('the self-test', () => {
  it('finds nothing wrong with what was sent', () => {
    expect(failures(TAKEN, [packetOf(TAKEN)])).toEqual([]);
    expect(failures(REFUSED, [packetOf(REFUSED)])).toEqual([]);
    expect(checkDatagram(PAIR, TAKEN, [packetOf(TAKEN)], PROBED, names).length).toBeGreaterThan(60);
  });

  it.each(leavesOf(stateOf(TAKEN)).map((path) => path.join('.')).filter((path) => !UNKNOWN.has(path)))(
    'sees that %s is wrong',
    (path) => {
      const packet = packetOf(TAKEN);
      const wrong = packet.hops.map((hop) => ({ ...hop, state: changedAt(hop.state, path.split('.')) as PacketState }));
      expect(failures(TAKEN, [{ ...packet, hops: wrong }])).not.toEqual([]);
    },
  ); // biome-ignore format: short

  it('sees where it was, who ran, and when', () => {
    const packet = packetOf(TAKEN);
    const as = (change: (hop: Hop) => Hop) => failures(TAKEN, [{ ...packet, hops: packet.hops.map(change) }]);
    expect(as((hop) => ({ ...hop, netns: asNetnsInode(A.netns) }))).toContain('namespaces');
    expect(as((hop) => ({ ...hop, ifindex: 70 }))).toContain('interface as it leaves');
    expect(as((hop) => ({ ...hop, pid: 12 }))).toEqual(['running task as it leaves']);
    expect(as((hop) => ({ ...hop, timeNs: asNs(5000 - hop.index) }))).toEqual(['times']);
  });

  it('sees a hop that is missing or out of order', () => {
    const packet = packetOf(TAKEN);
    const [first, ...rest] = packet.hops;
    if (first === undefined) throw new Error('no hops');
    expect(failures(TAKEN, [{ ...packet, hops: rest }])).toEqual(['functions, in this order']);
    expect(failures(TAKEN, [{ ...packet, hops: [...rest, first] }])).toContain('functions, in this order');
    // what has no probe is not expected
    const functions = new Set(FUNCTIONS.slice(1));
    expect(failures(TAKEN, [{ ...packet, hops: rest }], { ...PROBED, functions })).toEqual([]);
  });

  it('sees two packets in the place of one, and none', () => {
    const packet = packetOf(TAKEN);
    expect(failures(TAKEN, [packet, { ...packet, id: 2 }])).toEqual(['packets']);
    expect(failures(TAKEN, [packetOf(REFUSED)])).toEqual(['packets']);
    expect(packetsOf([packet, packetOf(REFUSED)], TAKEN)).toEqual([packet]);
  });

  it('sees a wrong end, reason, place and decision of a drop', () => {
    const packet = packetOf(REFUSED);
    const as = (change: Partial<SeenPacket>) => failures(REFUSED, [{ ...packet, ...change }]);
    expect(as({ frees: [] })).toEqual(['its end']);
    expect(as({ decisions: [] })).toEqual(['listener']);
    const dropAs = (change: object) =>
      as({ hops: packet.hops.map((hop) => (hop.kind === 'drop' ? { ...hop, ...change } : hop)) });
    expect(dropAs({ reason: 4 })).toEqual(['reason of the drop']);
    expect(dropAs({ location: asKernelAddress('ffffffff81000041') })).toEqual(['function that dropped it']);
    expect(dropAs({ ifindex: 71 })).toEqual(['where it was dropped']);
    expect(failures({ ...REFUSED, isTaken: true }, [packet])).toContain('its end');
  });

  it('says that fields were not compared where nothing is probed', () => {
    const functions = new Set(FUNCTIONS.filter((name) => name !== 'ip_rcv'));
    expect(failures(TAKEN, [packetOf(TAKEN)], { ...PROBED, functions })).toEqual(['fields as it arrives']);
  });

  it('sees losses, and a receiver that got less', () => {
    const fine = { lost: 0, missing: 0, malformed: 0, received: 2, taken: 2 };
    const wrong = (change: Partial<typeof fine>) =>
      checkCapture({ ...fine, ...change }).filter(({ isOk }) => !isOk).length;
    expect(wrong({})).toBe(0);
    for (const name of ['lost', 'missing', 'malformed', 'received'] as const) expect(wrong({ [name]: 7 })).toBe(1);
  });
}); // biome-ignore format: short
