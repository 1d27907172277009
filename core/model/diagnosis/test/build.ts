/** Paths for the tests of rules: as the reader makes them, in as few words as the rule needs. */
import { asFuncId, asKernelAddress, asNetnsInode, asNs, asPacketId } from '../../../base/units.ts';
import type { Fact, FactQuery } from '../../../messages/facts.ts';
import { DECISION_KIND, L4_KIND } from '../../../wire/layout.gen.ts';
import type { Change, Decision, Hop, Ip, L4, Lineage, Meta, PacketState, Path, Rule } from '../../hop.ts';
import { NameBook } from '../../names.ts';

export const HOST = 1;
export const DB = 2;
export const BOX = 3;

const NO_L4: L4 = {
  kind: 0, sport: 0, dport: 0, tcpSeq: 0, tcpAck: 0, tcpWindow: 0, tcpFlags: 0, icmpType: 0, icmpCode: 0, icmpId: 0,
  icmpSeq: 0, arpOp: 0,
}; // biome-ignore format: a table

export const ip = (fields: Partial<Ip> = {}): Ip => ({
  saddr: '10.1.0.2', daddr: '10.1.0.3', version: 4, protocol: 17, length: 60, id: 1, frag: 0, ttl: 64, tos: 0,
  ...fields,
}); // biome-ignore format: a table

export const meta = (pktType: number): Meta => ({
  len: 60, dataLen: 0, mark: 0, priority: 0, protocol: 0x800, vlanTci: 0, vlanProto: 0, pktType,
}); // biome-ignore format: a table

export const udp = (dport = 9998): PacketState => ({
  ip: ip(),
  l4: { ...NO_L4, kind: L4_KIND.udp, sport: 40000, dport },
});
export const tcp = (tcpFlags: number, fields: Partial<L4> = {}): PacketState => ({
  ip: ip({ protocol: 6 }),
  l4: {
    ...NO_L4,
    kind: L4_KIND.tcp,
    sport: 40000,
    dport: 80,
    tcpSeq: 7,
    tcpWindow: 100,
    tcpFlags,
    ...fields,
  },
});
export const icmpReply: PacketState = { ip: ip({ protocol: 1 }), l4: { ...NO_L4, kind: L4_KIND.icmp } };
export const icmp6: PacketState = { ip: ip({ protocol: 58 }), l4: { ...NO_L4, kind: L4_KIND.icmp6 } };

export interface DecisionFields extends Partial<Omit<Decision, 'decision' | 'rule'>> {
  readonly what: keyof typeof DECISION_KIND;
  readonly rule?: Rule;
}

export interface Story {
  /** Names of functions, in order, one microsecond apart. */
  readonly through?: readonly string[];
  /** Reason and function of the drop. */
  readonly drop?: readonly [reason: string, symbol: string];
  readonly state?: PacketState;
  readonly netns?: number;
  readonly decisions?: readonly DecisionFields[];
  /** Freed; in order unless dropped. */
  readonly ended?: 'in order' | 'dropped';
  readonly children?: readonly (readonly [packet: number, relation: number, timeNs?: number])[];
  readonly origins?: readonly (readonly [parent: number, relation: number])[];
  readonly changes?: readonly Change[];
  /** Names of the hook functions and programs that decided, by address. */
  readonly symbols?: Readonly<Record<string, string>>;
}

export interface Built {
  readonly path: Path;
  readonly names: NameBook;
}

const LOCATION = asKernelAddress('ffffffff81000000');
const PACKET = asPacketId(5);

/** The path of a story, and names that fit it. */
export function build(story: Story): Built {
  const through = story.through ?? ['ip_rcv'];
  const functions = [...new Set(through)];
  const names = new NameBook();
  names.take({
    functions: functions.map((name, i) => ({ id: i + 1, name, module: '', argument: 1, isDefault: true })),
    reasons: story.drop === undefined ? [] : [{ value: 77, name: story.drop[0] }],
    namespaces: [
      { inode: HOST, name: 'host', origin: 'host', interfaces: [] },
      { inode: DB, name: 'db', origin: 'named', interfaces: [{ ifindex: 2, name: 'eth0' }] },
      { inode: BOX, name: 'nginx(4711)', origin: 'process', interfaces: [] },
    ],
    symbols: [
      { address: LOCATION, name: story.drop?.[1] ?? '', module: '', offset: 0x7a },
      ...Object.entries(story.symbols ?? {}).map(([address, name]) => ({
        address,
        name,
        module: '',
        offset: 0,
      })),
    ],
  });
  const place = (index: number) => ({
    index,
    timeNs: asNs(index * 1000),
    deltaNs: asNs(index === 0 ? 0 : 1000),
    cpu: 0,
    seq: index,
    generation: 1,
    packet: PACKET,
    skb: asKernelAddress('ffff888000000000'),
    netns: asNetnsInode(story.netns ?? DB),
    ifindex: 2,
    pid: 0,
    state: { device: 'eth0', ...story.state },
    carried: 0,
    changes: index === 0 ? (story.changes ?? []) : [],
    depth: 0,
    pidMatch: { owner: false, current: false },
    stack: undefined,
  });
  const hops: Hop[] = through.map((name, index) => ({
    ...place(index),
    kind: 'hop',
    func: asFuncId(functions.indexOf(name) + 1),
  }));
  if (story.drop !== undefined)
    hops.push({ ...place(hops.length), kind: 'drop', reason: 77, location: LOCATION });
  const end = hops.length;
  const step = (timeNs = end * 1000) => ({
    index: end,
    timeNs: asNs(timeNs),
    deltaNs: asNs(0),
    cpu: 0,
    seq: end,
    generation: 1,
  });
  const lineage = (packet: number, parent: number, relation: number, timeNs?: number): Lineage => ({
    ...step(timeNs),
    kind: 'lineage',
    packet: asPacketId(packet),
    parent: asPacketId(parent),
    relation,
  });
  const path: Path = {
    packet: PACKET,
    hops,
    decisions: (story.decisions ?? []).map((fields) => decision({ index: end - 1, ...fields })),
    parent: asPacketId(0),
    relation: 0,
    origins: (story.origins ?? []).map(([parent, relation]) => lineage(5, parent, relation)),
    children: (story.children ?? []).map(([packet, relation, time]) => lineage(packet, 5, relation, time)),
    free:
      story.ended === undefined
        ? undefined
        : { ...step(), kind: 'free', packet: PACKET, dropped: story.ended === 'dropped' },
    malformed: 0,
  };
  return { path, names };
}

/** A decision that has what is given, and nothing else. */
export function decision({ what, rule, ...fields }: DecisionFields): Decision {
  return {
    skb: asKernelAddress('0'.repeat(16)),
    durationNs: asNs(0),
    index: 0,
    timeNs: asNs(0),
    deltaNs: asNs(0),
    cpu: 0,
    seq: 0,
    generation: 1,
    packet: PACKET,
    netns: asNetnsInode(0),
    value: 0,
    pf: 0,
    hook: 0,
    priority: 0,
    by: asKernelAddress('0000000000000000'),
    used: 0,
    limit: 0,
    ...fields,
    kind: 'decision',
    decision: DECISION_KIND[what],
    rule,
  };
}

export const fact = (query: FactQuery, ...lines: string[]): Fact => ({
  query,
  readAtUnixMs: 1,
  answer: { ok: true, lines, isCut: false },
});
