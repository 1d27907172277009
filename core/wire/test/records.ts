/** Records made for tests of what reads them; what the kernel really sends is tested in the lab. */
import { DROP, FREE, HEADER, HOP, IP, KIND, L4, LINEAGE, META, SECTION, SYMBOL } from '../layout.gen.ts';

export interface Header {
  readonly packet?: number;
  readonly cpu?: number;
  readonly seq?: number;
  readonly generation?: number;
  readonly time?: number;
  readonly flags?: number;
}

export interface HopFields extends Header {
  readonly func?: number;
  readonly netns?: number;
  readonly ifindex?: number;
  readonly pid?: number;
  readonly sp?: number;
  readonly ip?: {
    readonly saddr: readonly number[];
    readonly daddr: readonly number[];
    readonly id?: number;
  };
  readonly ports?: readonly [number, number];
  readonly mark?: number;
  readonly drop?: { readonly reason: number; readonly location: number };
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
  if (kind !== KIND.symbol) setU64(view, HOP.packet, fields.packet ?? 1);
  return { bytes, view };
}

function setU64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value % 2 ** 32, true);
  view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
}

/** A HOP, or with `drop` a DROP. */
export function hop(fields: HopFields): Uint8Array {
  const sections =
    (fields.mark === undefined ? 0 : SECTION.meta) |
    (fields.ip === undefined ? 0 : SECTION.ip) |
    (fields.ports === undefined ? 0 : SECTION.l4) |
    (fields.drop === undefined ? 0 : SECTION.drop);
  const size =
    HOP.size +
    (fields.mark === undefined ? 0 : META.size) +
    (fields.ip === undefined ? 0 : IP.size) +
    (fields.ports === undefined ? 0 : L4.size) +
    (fields.drop === undefined ? 0 : DROP.size);
  const { bytes, view } = begin(size, fields.drop === undefined ? KIND.hop : KIND.drop, fields);
  view.setUint16(HEADER.sections, sections, true);
  view.setUint32(HOP.func, fields.func ?? 0, true);
  view.setUint32(HOP.netns, fields.netns ?? 0, true);
  view.setUint32(HOP.ifindex, fields.ifindex ?? 0, true);
  view.setUint32(HOP.pid, fields.pid ?? 0, true);
  if (fields.sp !== undefined) {
    view.setUint32(HOP.sp, fields.sp, true);
    view.setUint32(HOP.sp + 4, STACK_HIGH, true);
  }
  let at: number = HOP.size;
  if (fields.mark !== undefined) {
    view.setUint32(at + META.mark, fields.mark, true);
    at += META.size;
  }
  if (fields.ip !== undefined) {
    bytes.set(fields.ip.saddr, at + IP.saddr);
    bytes.set(fields.ip.daddr, at + IP.daddr);
    view.setUint16(at + IP.id, fields.ip.id ?? 0, true);
    view.setUint8(at + IP.version, fields.ip.saddr.length === 16 ? 6 : 4);
    at += IP.size;
  }
  if (fields.ports !== undefined) {
    view.setUint16(at + L4.sport, fields.ports[0], true);
    view.setUint16(at + L4.dport, fields.ports[1], true);
    view.setUint8(at + L4.kind, 2);
    at += L4.size;
  }
  if (fields.drop !== undefined) {
    setU64(view, at + DROP.location, fields.drop.location);
    view.setUint32(at + DROP.reason, fields.drop.reason, true);
  }
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
