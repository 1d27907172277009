/**
 * Packet rows as the browser gets them: a fixed number of bytes each, little-endian, so that a list of a million
 * is one buffer and no objects. Made and read by our own two ends in one version; not a format to keep.
 */
import { asKernelAddress, asNetnsInode, asNs, asPacketId } from '../base/units.ts';
import { type PacketRow, VERDICT, type Verdict } from '../model/packet.ts';
import { RELATION } from './layout.gen.ts';

/** Byte offsets in a row. */
export const ROW = {
  packet: 0, // f64
  parent: 8, // f64
  firstNs: 16, // f64
  lastNs: 24, // f64
  locationLow: 32, // u32
  locationHigh: 36, // u32
  firstNetns: 40, // u32
  lastNetns: 44, // u32
  firstIfindex: 48, // u32
  lastIfindex: 52, // u32
  hops: 56, // u32
  length: 60, // u32
  reason: 64, // u32
  lastFunc: 68, // u32
  saddr: 72, // 16 bytes
  daddr: 88, // 16 bytes
  sport: 104, // u16
  dport: 106, // u16
  protocol: 108, // u16
  icmpId: 110, // u16
  icmpSeq: 112, // u16
  arpOp: 114, // u16
  ipVersion: 116, // u8
  ipProtocol: 117, // u8
  l4Kind: 118, // u8
  tcpFlags: 119, // u8
  icmpType: 120, // u8
  icmpCode: 121, // u8
  verdict: 122, // u8
  bits: 123, // u8: ROW_BIT, and from bit 4 on enum skbt_relation to the parent
  tuple: 124, // u32: hash of the directed 5-tuple that it had last, core/wire/tuple.ts
  ownerPid: 128, // u32
  path: 132, // u32: core/model/path-table.ts
} as const;
/** A multiple of 8, so that rows stay aligned. */
export const ROW_BYTES = 136;
/** `ipLength`: the length is the IP header's, no longer the skb's. */
export const ROW_BIT = { translated: 1, truncated: 2, ipLength: 4 } as const;
/** Of the bits, what is above is enum skbt_relation. */
export const RELATION_SHIFT = 4;

const VERDICT_MAX = Math.max(...Object.values(VERDICT));

const u8 = (view: DataView, at: number) => view.getUint8(at);
const u16 = (view: DataView, at: number) => view.getUint16(at, true);
const u32 = (view: DataView, at: number) => view.getUint32(at, true);
const f64 = (view: DataView, at: number) => view.getFloat64(at, true);

/** Single fields of the row that starts at byte `at`, for sorting and finding without objects. */
export const rowPacket = (view: DataView, at: number): number => f64(view, at + ROW.packet);
export const rowParent = (view: DataView, at: number): number => f64(view, at + ROW.parent);
export const rowFirstNs = (view: DataView, at: number): number => f64(view, at + ROW.firstNs);
export const rowLastNs = (view: DataView, at: number): number => f64(view, at + ROW.lastNs);
export const rowHops = (view: DataView, at: number): number => u32(view, at + ROW.hops);
export const rowLength = (view: DataView, at: number): number => u32(view, at + ROW.length);
export const rowPath = (view: DataView, at: number): number => u32(view, at + ROW.path);
export const rowReason = (view: DataView, at: number): number => u32(view, at + ROW.reason);
export const rowVerdict = (view: DataView, at: number): number => u8(view, at + ROW.verdict);
export const rowLastNetns = (view: DataView, at: number): number => u32(view, at + ROW.lastNetns);
export const rowTranslated = (view: DataView, at: number): boolean =>
  (u8(view, at + ROW.bits) & ROW_BIT.translated) !== 0;
/** enum skbt_relation to the parent, 0 without one. */
export const rowRelation = (view: DataView, at: number): number => u8(view, at + ROW.bits) >> RELATION_SHIFT;

/** A retransmission stays one, whatever else the packet came out of. */
export function setRowRelation(view: DataView, at: number, relation: number): void {
  if (rowRelation(view, at) === RELATION.retransmit) return;
  const bits = u8(view, at + ROW.bits) & ((1 << RELATION_SHIFT) - 1);
  view.setUint8(at + ROW.bits, bits | (relation << RELATION_SHIFT));
}

/** Whole rows in a buffer, or -1 when its length is none of a list of rows. */
export const rowCount = (bytes: number): number => (bytes % ROW_BYTES === 0 ? bytes / ROW_BYTES : -1);

/** The row at byte `at` as an object: for what is on screen, never for all. */
export function readRow(view: DataView, at: number): PacketRow {
  const bits = u8(view, at + ROW.bits);
  const verdict = u8(view, at + ROW.verdict);
  const bytes = (field: number) =>
    new Uint8Array(view.buffer.slice(view.byteOffset + field, view.byteOffset + field + 16));
  const hex = (field: number) => u32(view, field).toString(16).padStart(8, '0');
  return {
    packet: asPacketId(rowPacket(view, at)),
    parent: asPacketId(f64(view, at + ROW.parent)),
    firstNs: asNs(rowFirstNs(view, at)),
    lastNs: asNs(rowLastNs(view, at)),
    firstNetns: asNetnsInode(u32(view, at + ROW.firstNetns)),
    lastNetns: asNetnsInode(u32(view, at + ROW.lastNetns)),
    firstIfindex: u32(view, at + ROW.firstIfindex),
    lastIfindex: u32(view, at + ROW.lastIfindex),
    hops: rowHops(view, at),
    length: rowLength(view, at),
    verdict: (verdict <= VERDICT_MAX ? verdict : VERDICT.inFlight) as Verdict,
    reason: rowReason(view, at),
    location: asKernelAddress(hex(at + ROW.locationHigh) + hex(at + ROW.locationLow)),
    lastFunc: u32(view, at + ROW.lastFunc),
    saddr: bytes(at + ROW.saddr),
    daddr: bytes(at + ROW.daddr),
    sport: u16(view, at + ROW.sport),
    dport: u16(view, at + ROW.dport),
    ipVersion: u8(view, at + ROW.ipVersion),
    ipProtocol: u8(view, at + ROW.ipProtocol),
    protocol: u16(view, at + ROW.protocol),
    l4Kind: u8(view, at + ROW.l4Kind),
    tcpFlags: u8(view, at + ROW.tcpFlags),
    icmpType: u8(view, at + ROW.icmpType),
    icmpCode: u8(view, at + ROW.icmpCode),
    icmpId: u16(view, at + ROW.icmpId),
    icmpSeq: u16(view, at + ROW.icmpSeq),
    arpOp: u16(view, at + ROW.arpOp),
    translated: (bits & ROW_BIT.translated) !== 0,
    truncated: (bits & ROW_BIT.truncated) !== 0,
    relation: rowRelation(view, at),
    ownerPid: u32(view, at + ROW.ownerPid),
    path: rowPath(view, at),
  };
}
