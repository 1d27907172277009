/** Records made for tests of what reads them; what the kernel really sends is tested in the lab. */
import {
  DECISION, DECISION_KIND, FREE, HEADER, HOP, KIND, LINEAGE, RULE, SECTION, SOCKET, STACK, SYMBOL, TAIL,
} from '../layout.gen.ts'; // biome-ignore format: a list
import { type OwnerFields, type SectionFields, sectionsOf, setBytes, setText, setU64 } from './sections.ts';

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

function begin(size: number, kind: number, fields: Header): { bytes: Uint8Array; view: DataView } {
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setUint16(HEADER.recordSize, size, true);
  view.setUint8(HEADER.kind, kind);
  view.setUint8(HEADER.flags, fields.flags ?? 0);
  view.setUint16(HEADER.cpu, fields.cpu ?? 0, true);
  view.setUint32(HEADER.seq, fields.seq ?? 0, true);
  view.setUint32(HEADER.generation, fields.generation ?? 1, true);
  setU64(view, HEADER.timeNs, fields.time ?? 0);
  if (![KIND.symbol, KIND.stack, KIND.socket].some((named) => named === kind))
    setU64(view, HOP.packet, fields.packet ?? 1);
  return { bytes, view };
}

/** A HOP, or with `drop` a DROP. */
export function hop(fields: HopFields): Uint8Array {
  const sections = sectionsOf(fields);
  const size = sections.reduce<number>((sum, [, bytes]) => sum + bytes, HOP.size);
  const { bytes, view } = begin(size, fields.drop === undefined ? KIND.hop : KIND.drop, fields);
  view.setUint16(
    HEADER.sections,
    sections.reduce<number>((bits, [bit]) => bits | bit, 0),
    true,
  );
  view.setUint32(HOP.func, fields.func ?? 0, true);
  view.setUint32(HOP.netns, fields.netns ?? 0, true);
  view.setUint32(HOP.ifindex, fields.ifindex ?? 0, true);
  view.setUint32(HOP.pid, fields.pid ?? 0, true);
  if (fields.sp !== undefined) {
    view.setUint32(HOP.sp, fields.sp, true);
    view.setUint32(HOP.sp + 4, STACK_HIGH, true);
  }
  let at: number = HOP.size;
  for (const [, bytesOf, write] of sections) {
    write(view, at);
    at += bytesOf;
  }
  return bytes;
}

export interface TailFields extends Header {
  readonly records: number;
  readonly chosen?: number;
  readonly missed?: number;
  readonly begun?: number;
}

/** A TAIL, which brings records with the flag `kept`. */
export function tail(fields: TailFields): Uint8Array {
  const { bytes, view } = begin(TAIL.size, KIND.tail, fields);
  view.setUint32(TAIL.records, fields.records, true);
  view.setUint32(TAIL.missed, fields.missed ?? 0, true);
  view.setUint32(TAIL.chosen, fields.chosen ?? 1, true);
  setU64(view, TAIL.begunNs, fields.begun ?? 0);
  return bytes;
}

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
  const { rule } = fields;
  const { bytes, view } = begin(DECISION.size + (rule ? RULE.size : 0), KIND.decision, fields);
  view.setUint16(DECISION.decision, DECISION_KIND[fields.decision], true);
  view.setInt32(DECISION.value, fields.value, true);
  view.setUint32(DECISION.netns, fields.netns ?? 0, true);
  view.setUint8(DECISION.pf, fields.pf ?? 2);
  view.setUint8(DECISION.hook, fields.hook ?? 0);
  view.setInt32(DECISION.priority, fields.priority ?? 0, true);
  view.setUint32(DECISION.used, fields.used ?? 0, true);
  view.setUint32(DECISION.limit, fields.limit ?? 0, true);
  setU64(view, DECISION.durationNs, fields.durationNs ?? 0);
  if (rule === undefined) return bytes;
  view.setUint16(HEADER.sections, SECTION.rule, true);
  setU64(view, DECISION.size + RULE.handle, rule.handle ?? 0);
  setText(view, DECISION.size + RULE.table, rule.table ?? '');
  setText(view, DECISION.size + RULE.chain, rule.chain ?? '');
  return bytes;
}

/** What a stack id stands for; addresses innermost first. */
export function stack(
  fields: Header & { readonly id: number; readonly addresses: readonly number[] },
): Uint8Array {
  const { bytes, view } = begin(STACK.size, KIND.stack, fields);
  view.setUint32(STACK.id, fields.id, true);
  view.setUint32(STACK.depth, fields.addresses.length, true);
  for (const [i, address] of fields.addresses.entries()) setU64(view, STACK.addresses + 8 * i, address);
  return bytes;
}

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
  const { bytes, view } = begin(SOCKET.size, KIND.socket, fields);
  setBytes(view, SOCKET.saddr, fields.saddr);
  setBytes(view, SOCKET.daddr, fields.daddr);
  view.setUint16(SOCKET.sport, fields.ports[0], true);
  view.setUint16(SOCKET.dport, fields.ports[1], true);
  view.setUint8(SOCKET.family, fields.saddr.length === 16 ? 6 : 4);
  view.setUint8(SOCKET.event, fields.event);
  view.setUint8(SOCKET.oldState, fields.states?.[0] ?? 0);
  view.setUint8(SOCKET.newState, fields.states?.[1] ?? 0);
  view.setUint32(SOCKET.netns, fields.netns ?? 0, true);
  view.setUint32(SOCKET.pid, fields.owner?.pid ?? 0, true);
  setU64(view, SOCKET.cgroup, fields.owner?.cgroup ?? 0);
  setText(view, SOCKET.comm, fields.owner?.comm ?? '');
  setU64(view, SOCKET.sent, fields.sent ?? 0);
  setU64(view, SOCKET.received, fields.received ?? 0);
  setU64(view, SOCKET.durationNs, fields.durationNs ?? 0);
  setU64(view, SOCKET.sk, fields.sk ?? 0);
  return bytes;
}

export function free(fields: Header): Uint8Array {
  return begin(FREE.size, KIND.free, fields).bytes;
}

export function lineage(
  fields: Header & { readonly parent: number; readonly relation?: number },
): Uint8Array {
  const { bytes, view } = begin(LINEAGE.size, KIND.lineage, fields);
  setU64(view, LINEAGE.parent, fields.parent);
  view.setUint32(LINEAGE.relation, fields.relation ?? 1, true);
  return bytes;
}

export function symbol(fields: Header & { readonly address: number; readonly name: string }): Uint8Array {
  const { bytes, view } = begin(SYMBOL.size, KIND.symbol, fields);
  setU64(view, SYMBOL.address, fields.address);
  bytes.set(new TextEncoder().encode(fields.name), SYMBOL.name);
  return bytes;
}

export function batch(...records: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(records.reduce((sum, record) => sum + record.length, 0));
  let end = 0;
  for (const record of records) {
    bytes.set(record, end);
    end += record.length;
  }
  return bytes;
}
