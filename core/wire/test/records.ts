/** Records made for tests of what reads them, in few words; what the kernel really sends is tested in the lab. */
import {
  encodeDecision, encodeFree, encodeHop, encodeLineage, encodeSections, encodeSocket, encodeStack, encodeSymbol, encodeTail,
  joinRecords,
} from '../encode.ts'; // biome-ignore format: a list
import { DECISION_KIND } from '../layout.gen.ts';
import { type OwnerFields, type SectionFields, sectionsOf } from './sections.ts';

export interface Header {
  readonly packet?: number;
  readonly cpu?: number;
  readonly seq?: number;
  readonly generation?: number;
  readonly time?: number;
  readonly flags?: number;
}

export interface HopFields extends Header, SectionFields {
  readonly func?: number;
  readonly netns?: number;
  readonly ifindex?: number;
  readonly pid?: number;
  readonly sp?: number;
}

/** Low half of every stack pointer in tests is given; this is the high one. */
const STACK_HIGH = 0xffffc900;

// each field by its name: what is spread takes several times as long, and tests make records by the hundred thousand
const headerOf = ({ cpu, seq, generation = 1, time, flags }: Header) => ({
  cpu,
  seq,
  generation,
  timeNs: time,
  flags,
});
const packetOf = ({ packet = 1, cpu, seq, generation = 1, time, flags }: Header) => ({
  packet,
  cpu,
  seq,
  generation,
  timeNs: time,
  flags,
});

/** A HOP, or with `drop` a DROP. */
export function hop(fields: HopFields): Uint8Array {
  const { packet = 1, cpu, seq, generation = 1, time, flags, func, netns, ifindex, pid } = fields;
  const sp = fields.sp === undefined ? undefined : (BigInt(STACK_HIGH) << 32n) | BigInt(fields.sp);
  return encodeHop(
    { packet, cpu, seq, generation, timeNs: time, flags, func, netns, ifindex, pid, sp },
    sectionsOf(fields),
  );
}

export interface TailFields extends Header {
  readonly records: number;
  readonly chosen?: number;
  readonly missed?: number;
  readonly begun?: number;
}

/** A TAIL, which brings records with the flag `kept`. */
export const tail = (fields: TailFields): Uint8Array =>
  encodeTail({
    ...packetOf(fields),
    records: fields.records,
    missed: fields.missed,
    chosen: fields.chosen ?? 1,
    begunNs: fields.begun,
  });

export interface DecisionFields extends Header {
  /** Name of enum skbt_decision_kind. */
  readonly decision: keyof typeof DECISION_KIND;
  readonly value: number;
  readonly netns?: number;
  readonly pf?: number;
  readonly hook?: number;
  readonly priority?: number;
  readonly used?: number;
  readonly limit?: number;
  readonly durationNs?: number;
  readonly rule?: { readonly table?: string; readonly chain?: string; readonly handle?: number };
}

export function decision(fields: DecisionFields): Uint8Array {
  const { value, netns, pf, hook: hookNumber, priority, used, limit, durationNs, rule } = fields;
  const said = { value, netns, pf: pf ?? 2, hook: hookNumber, priority, used, limit, durationNs };
  return encodeDecision(
    { ...packetOf(fields), ...said, decision: DECISION_KIND[fields.decision] },
    encodeSections({ rule }),
  );
}

/** What a stack id stands for; addresses innermost first. */
export const stack = (
  fields: Header & { readonly id: number; readonly addresses: readonly number[] },
): Uint8Array =>
  encodeStack({
    ...headerOf(fields),
    id: fields.id,
    depth: fields.addresses.length,
    addresses: fields.addresses,
  });

export interface SocketFields extends Header {
  /** enum skbt_socket_event. */
  readonly event: number;
  readonly saddr: readonly number[];
  readonly daddr: readonly number[];
  readonly ports: readonly [number, number];
  readonly owner?: OwnerFields;
  readonly netns?: number;
  readonly sent?: number;
  readonly received?: number;
  readonly durationNs?: number;
  readonly states?: readonly [before: number, after: number];
  readonly sk?: number;
}

/** A TCP connection's event. */
export function socket(fields: SocketFields): Uint8Array {
  const { event, saddr, daddr, ports, owner, netns, sent, received, durationNs, states, sk } = fields;
  return encodeSocket({
    ...headerOf(fields),
    event, saddr, daddr, netns, sent, received, durationNs, sk,
    sport: ports[0],
    dport: ports[1],
    family: saddr.length === 16 ? 6 : 4,
    oldState: states?.[0],
    newState: states?.[1],
    pid: owner?.pid,
    cgroup: owner?.cgroup,
    comm: owner?.comm,
  }); // biome-ignore format: short
}

export const free = (fields: Header): Uint8Array => encodeFree(packetOf(fields));

export const lineage = (
  fields: Header & { readonly parent: number; readonly relation?: number },
): Uint8Array =>
  encodeLineage({ ...packetOf(fields), parent: fields.parent, relation: fields.relation ?? 1 });

export const symbol = (fields: Header & { readonly address: number; readonly name: string }): Uint8Array =>
  encodeSymbol({ ...headerOf(fields), address: fields.address, name: fields.name });

export const batch = (...records: readonly Uint8Array[]): Uint8Array => joinRecords(records);
