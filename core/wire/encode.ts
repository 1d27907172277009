/**
 * Makes records (bpf/wire.h) where no kernel does: of another tool's capture, and in tests. What is given is there, what is
 * not is zero; a number wraps as its field does, text and bytes are cut to theirs.
 */
import {
  BUFFER, CONNTRACK, CONTROL_BLOCK, DECISION, DEV, DROP, ETH, FREE, HEADER, HOP, INNER, IP, KIND, L4, LIMITS, LINEAGE, META,
  OWNER, ROUTE, RULE, SECTION, SOCKET, STACK, STACK_ID, SYMBOL, TAIL, TASK,
} from './layout.gen.ts'; // biome-ignore format: a list

type Put<V> = (view: DataView, at: number, value: V) => void;
type Puts = Readonly<Record<string, Put<never>>>;
/** What may be given for a struct's fields. */
type FieldsOf<P extends Puts> = {
  readonly [Name in keyof P]?: (P[Name] extends Put<infer V> ? V : never) | undefined;
};

const u8: Put<number> = (view, at, value) => view.setUint8(at, value);
const u16: Put<number> = (view, at, value) => view.setUint16(at, value, true);
const u32: Put<number> = (view, at, value) => view.setUint32(at, value, true);
const i32: Put<number> = (view, at, value) => view.setInt32(at, value, true);
/** An address is a bigint, what is counted a number below 2^53. */
const u64: Put<number | bigint> = (view, at, value) => {
  if (typeof value === 'bigint') {
    view.setBigUint64(at, value, true);
    return;
  }
  view.setUint32(at, value % 2 ** 32, true);
  view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
};
const u64s: Put<readonly (number | bigint)[]> = (view, at, values) => {
  for (const [i, value] of values.slice(0, LIMITS.stackMax).entries()) u64(view, at + 8 * i, value);
};
const bytes =
  (length: number): Put<ArrayLike<number>> =>
  (view, at, value) => {
    for (let i = 0; i < Math.min(length, value.length); i += 1) view.setUint8(at + i, value[i] ?? 0);
  };
/** Ends with a NUL wherever it is shorter than its field. */
const text =
  (length: number): Put<string> =>
  (view, at, value) => {
    for (let i = 0; i < Math.min(length, value.length); i += 1) view.setUint8(at + i, value.charCodeAt(i));
  };

const HEADER_PUTS = { flags: u8, cpu: u16, seq: u32, generation: u32, timeNs: u64 } as const;
const HOP_PUTS = { packet: u64, skb: u64, sp: u64, func: u32, netns: u32, ifindex: u32, pid: u32 } as const;
const IP_PUTS = {
  saddr: bytes(16), daddr: bytes(16), length: u16, id: u16, frag: u16, version: u8, protocol: u8, ttl: u8, tos: u8,
} as const; // biome-ignore format: a table
const L4_PUTS = {
  sport: u16, dport: u16, tcpSeq: u32, tcpAck: u32, tcpWindow: u16, tcpFlags: u8, kind: u8, icmpType: u8, icmpCode: u8,
  icmpId: u16, icmpSeq: u16, arpOp: u16,
} as const; // biome-ignore format: a table
const SECTION_PUTS = {
  dev: { name: text(LIMITS.ifnameLen), mtu: u32, iif: u32 },
  task: { comm: text(LIMITS.commLen) },
  meta: {
    len: u32, dataLen: u32, mark: u32, priority: u32, protocol: u16, vlanTci: u16, vlanProto: u16, pktType: u8,
  },
  eth: { dst: bytes(6), src: bytes(6), type: u16, vlanTci: u16, innerVlanTci: u16 },
  ip: IP_PUTS,
  l4: L4_PUTS,
  drop: { location: u64, reason: u32 },
  buffer: {
    hash: u32, truesize: u32, csum: u32, gsoType: u32, gsoSize: u16, gsoSegs: u16, queueMapping: u16, nrFrags: u8,
    ipSummed: u8, csumLevel: u8, bits: u8,
  },
  route: { dst: u64, ifindex: u32, gateway: u32, type: u16, error: u16 },
  conntrack: { ct: u64, status: u32, mark: u32, info: u8 },
  inner: {
    ip: (view: DataView, at: number, value: FieldsOf<typeof IP_PUTS>) => write(IP_STRUCT, view, at, value),
    l4: (view: DataView, at: number, value: FieldsOf<typeof L4_PUTS>) => write(L4_STRUCT, view, at, value),
    vni: u32,
    tunnel: u8,
  },
  owner: { pid: u32, uid: u32, cgroup: u64, comm: text(LIMITS.commLen) },
  control: { cb: bytes(LIMITS.cbLen), users: u32, dataref: u32 },
  stack: { id: u32 },
  rule: { handle: u64, table: text(LIMITS.nameLen), chain: text(LIMITS.nameLen) },
} as const; // biome-ignore format: a table
const SECTION_LAYOUTS = {
  dev: DEV, task: TASK, meta: META, eth: ETH, ip: IP, l4: L4, drop: DROP, buffer: BUFFER, route: ROUTE,
  conntrack: CONNTRACK, inner: INNER, owner: OWNER, control: CONTROL_BLOCK, stack: STACK_ID, rule: RULE,
} as const; // biome-ignore format: a table
type SectionName = keyof typeof SECTION_PUTS;
const DECISION_PUTS = {
  packet: u64, skb: u64, by: u64, value: i32, netns: u32, decision: u16, pf: u8, hook: u8, priority: i32, used: u32,
  limit: u32, durationNs: u64,
} as const; // biome-ignore format: a table
const SOCKET_PUTS = {
  sk: u64, cgroup: u64, sent: u64, received: u64, durationNs: u64, saddr: bytes(16), daddr: bytes(16),
  comm: text(LIMITS.commLen), pid: u32, uid: u32, netns: u32, srttUs: u32, retransmits: u32, sport: u16, dport: u16,
  family: u8, event: u8, oldState: u8, newState: u8,
} as const; // biome-ignore format: a table
const STACK_PUTS = { id: u32, depth: u32, addresses: u64s } as const;
const FREE_PUTS = { packet: u64, skb: u64 } as const;
const LINEAGE_PUTS = { packet: u64, skb: u64, parent: u64, relation: u32 } as const;
const SYMBOL_PUTS = {
  address: u64,
  offset: u32,
  name: text(LIMITS.symbolLen),
  module: text(LIMITS.moduleLen),
} as const;
const TAIL_PUTS = {
  packet: u64, skb: u64, begunNs: u64, records: u32, missed: u32, path: u32, chosen: u32,
} as const; // biome-ignore format: a table

export type HeaderFields = FieldsOf<typeof HEADER_PUTS>;
type Fields<P extends Puts> = HeaderFields & FieldsOf<P>;
export type IpFields = FieldsOf<typeof IP_PUTS>;
export type L4Fields = FieldsOf<typeof L4_PUTS>;
export type SectionFields = {
  readonly [Name in SectionName]?: FieldsOf<(typeof SECTION_PUTS)[Name]> | undefined;
};
/** A section as it lies in a record. */
export interface EncodedSection {
  readonly bit: number;
  readonly bytes: Uint8Array;
}

/** A struct's fields with where each lies. */
type Struct = readonly { readonly name: string; readonly at: number; readonly put: Put<unknown> }[];

function structOf<P extends Puts>(puts: P, layout: { readonly [Name in keyof P]: number }): Struct {
  return Object.keys(puts).map((name) => ({
    name,
    at: layout[name] ?? 0,
    put: puts[name] as unknown as Put<unknown>,
  }));
}

function write(struct: Struct, view: DataView, at: number, values: Readonly<Record<string, unknown>>): void {
  for (const field of struct) {
    const value = values[field.name];
    if (value !== undefined) field.put(view, at + field.at, value);
  }
}

const IP_STRUCT = structOf(IP_PUTS, IP);
const L4_STRUCT = structOf(L4_PUTS, L4);
const HEADER_STRUCT = structOf(HEADER_PUTS, HEADER);
/** In the order of their bits. */
const SECTIONS = (Object.keys(SECTION_PUTS) as SectionName[])
  .sort((a, b) => SECTION[a] - SECTION[b])
  .map((name) => {
    const layout: { readonly size: number } & Readonly<Record<string, number>> = SECTION_LAYOUTS[name];
    return {
      name,
      bit: SECTION[name],
      size: layout.size,
      struct: structOf(SECTION_PUTS[name] as Puts, layout),
    };
  });

/** Those that are given, in the order in which a record has them. */
export function encodeSections(fields: SectionFields): readonly EncodedSection[] {
  const sections: EncodedSection[] = [];
  for (const { name, bit, size, struct } of SECTIONS) {
    const values = fields[name];
    if (values === undefined) continue;
    const made = new Uint8Array(size);
    write(struct, new DataView(made.buffer), 0, values);
    sections.push({ bit, bytes: made });
  }
  return sections;
}

/** Makes records of a kind, with their fields, and the sections behind them. */
function recordOf<P extends Puts>(
  kind: number,
  layout: { readonly size: number } & { readonly [Name in keyof P]: number },
  puts: P,
): (fields: Fields<P>, sections?: readonly EncodedSection[]) => Uint8Array {
  const struct = structOf(puts, layout);
  return (fields, sections = []) => {
    let size: number = layout.size;
    let bits = 0;
    for (const { bit, bytes: section } of sections) {
      size += section.length;
      bits |= bit;
    }
    const made = new Uint8Array(size);
    const view = new DataView(made.buffer);
    view.setUint16(HEADER.recordSize, size, true);
    view.setUint8(HEADER.kind, (bits & SECTION.drop) === 0 ? kind : KIND.drop);
    view.setUint16(HEADER.sections, bits, true);
    view.setUint32(HEADER.generation, 1, true);
    write(HEADER_STRUCT, view, 0, fields);
    write(struct, view, 0, fields);
    let at: number = layout.size;
    for (const { bytes: section } of sections) {
      made.set(section, at);
      at += section.length;
    }
    return made;
  };
}

/** A HOP or, with the section `drop`, a DROP. */
export const encodeHop = recordOf(KIND.hop, HOP, HOP_PUTS);
/** With a rule when there is a section `rule`. */
export const encodeDecision = recordOf(KIND.decision, DECISION, DECISION_PUTS);
export const encodeFree = recordOf(KIND.free, FREE, FREE_PUTS);
export const encodeLineage = recordOf(KIND.lineage, LINEAGE, LINEAGE_PUTS);
export const encodeSymbol = recordOf(KIND.symbol, SYMBOL, SYMBOL_PUTS);
export const encodeStack = recordOf(KIND.stack, STACK, STACK_PUTS);
export const encodeSocket = recordOf(KIND.socket, SOCKET, SOCKET_PUTS);
export const encodeTail = recordOf(KIND.tail, TAIL, TAIL_PUTS);

/** Records, one behind the other. */
export function joinRecords(records: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(records.reduce((sum, one) => sum + one.length, 0));
  let end = 0;
  for (const one of records) {
    joined.set(one, end);
    end += one.length;
  }
  return joined;
}
