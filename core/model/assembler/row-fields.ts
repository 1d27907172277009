/** Writes what a record says of its packet to the packet's row, which is at a place in the view of all rows. */
import type { RecordCursor } from '../../wire/cursor.ts';
import { ETH, IP, L4, META, SECTION } from '../../wire/layout.gen.ts';
import { ROW, ROW_BIT } from '../../wire/rows.ts';

/** One hop more: when and where the packet was seen last, and first. */
export function writeVisit(view: DataView, at: number, timeNs: number, netns: number, ifindex: number): void {
  view.setUint32(at + ROW.hops, view.getUint32(at + ROW.hops, true) + 1, true);
  view.setFloat64(at + ROW.lastNs, Math.max(timeNs, view.getFloat64(at + ROW.lastNs, true)), true);
  if (netns !== 0) {
    if (view.getUint32(at + ROW.firstNetns, true) === 0) view.setUint32(at + ROW.firstNetns, netns, true);
    view.setUint32(at + ROW.lastNetns, netns, true);
  }
  if (ifindex !== 0) {
    if (view.getUint32(at + ROW.firstIfindex, true) === 0)
      view.setUint32(at + ROW.firstIfindex, ifindex, true);
    view.setUint32(at + ROW.lastIfindex, ifindex, true);
  }
}

/** What the packet was when it was first seen whole; that it was translated later. */
export function writeHeaders(view: DataView, at: number, cursor: RecordCursor): void {
  const from = cursor.view;
  const meta = cursor.section(SECTION.meta);
  const eth = cursor.section(SECTION.eth);
  const ip = cursor.section(SECTION.ip);
  const l4 = cursor.section(SECTION.l4);
  if (meta >= 0 && view.getUint32(at + ROW.length, true) === 0)
    view.setUint32(at + ROW.length, from.getUint32(meta + META.len, true), true);
  if (meta >= 0 && from.getUint16(meta + META.protocol, true) !== 0)
    view.setUint16(at + ROW.protocol, from.getUint16(meta + META.protocol, true), true);
  else if (eth >= 0 && view.getUint16(at + ROW.protocol, true) === 0)
    view.setUint16(at + ROW.protocol, from.getUint16(eth + ETH.type, true), true);
  if (ip >= 0) {
    writeAddresses(view, at, from, ip);
    writeLength(view, at, from.getUint16(ip + IP.length, true));
  }
  if (l4 >= 0) writeTransport(view, at, from, l4);
}

/** The first addresses are the row's; others later mean that they were translated. */
function writeAddresses(view: DataView, at: number, from: DataView, ip: number): void {
  if (isZero(view, at + ROW.saddr) && isZero(view, at + ROW.daddr)) {
    for (let i = 0; i < 32; i += 1) view.setUint8(at + ROW.saddr + i, from.getUint8(ip + IP.saddr + i));
    view.setUint8(at + ROW.ipVersion, from.getUint8(ip + IP.version));
    view.setUint8(at + ROW.ipProtocol, from.getUint8(ip + IP.protocol));
    return;
  }
  for (let i = 0; i < 32; i += 4)
    if (view.getUint32(at + ROW.saddr + i, true) !== from.getUint32(ip + IP.saddr + i, true)) {
      setBit(view, at, ROW_BIT.translated);
      return;
    }
}

/** The IP header's, which is written after the packet is first seen on its way out. */
function writeLength(view: DataView, at: number, length: number): void {
  if (length === 0 || (view.getUint8(at + ROW.bits) & ROW_BIT.ipLength) !== 0) return;
  view.setUint32(at + ROW.length, length, true);
  setBit(view, at, ROW_BIT.ipLength);
}

function writeTransport(view: DataView, at: number, from: DataView, l4: number): void {
  const sport = from.getUint16(l4 + L4.sport, true);
  const dport = from.getUint16(l4 + L4.dport, true);
  const isFilled = view.getUint16(at + ROW.sport, true) !== 0 || view.getUint16(at + ROW.dport, true) !== 0;
  // a datagram is first seen before its header is written
  if (view.getUint8(at + ROW.l4Kind) !== 0 && (isFilled || (sport === 0 && dport === 0))) {
    const isSame =
      view.getUint16(at + ROW.sport, true) === sport && view.getUint16(at + ROW.dport, true) === dport;
    if (!isSame) setBit(view, at, ROW_BIT.translated);
    return;
  }
  view.setUint16(at + ROW.sport, sport, true);
  view.setUint16(at + ROW.dport, dport, true);
  view.setUint8(at + ROW.l4Kind, from.getUint8(l4 + L4.kind));
  view.setUint8(at + ROW.tcpFlags, from.getUint8(l4 + L4.tcpFlags));
  view.setUint8(at + ROW.icmpType, from.getUint8(l4 + L4.icmpType));
  view.setUint8(at + ROW.icmpCode, from.getUint8(l4 + L4.icmpCode));
  view.setUint16(at + ROW.icmpId, from.getUint16(l4 + L4.icmpId, true), true);
  view.setUint16(at + ROW.icmpSeq, from.getUint16(l4 + L4.icmpSeq, true), true);
  view.setUint16(at + ROW.arpOp, from.getUint16(l4 + L4.arpOp, true), true);
}

function setBit(view: DataView, at: number, bit: number): void {
  view.setUint8(at + ROW.bits, view.getUint8(at + ROW.bits) | bit);
}

function isZero(view: DataView, at: number): boolean {
  for (let i = 0; i < 16; i += 4) if (view.getUint32(at + i) !== 0) return false;
  return true;
}
