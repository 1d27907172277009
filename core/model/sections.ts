/** The sections of a HOP or DROP record as objects, and what changed between two of them. */
import { ipText, macText } from '../base/address.ts';
import type { RecordCursor } from '../wire/cursor.ts';
import { DEV, ETH, IP, L4, LIMITS, META, SECTION, TASK } from '../wire/layout.gen.ts';
import type { Change, Eth, Ip, L4 as L4State, Meta, PacketState } from './hop.ts';

/** `before` with every section that the current record of the cursor has. */
export function readState(cursor: RecordCursor, before: PacketState): PacketState {
  if (cursor.sections === 0) return before;
  const dev = cursor.section(SECTION.dev);
  const task = cursor.section(SECTION.task);
  const meta = cursor.section(SECTION.meta);
  const eth = cursor.section(SECTION.eth);
  const ip = cursor.section(SECTION.ip);
  const l4 = cursor.section(SECTION.l4);
  return {
    ...before,
    ...(dev >= 0 && { device: cursor.textAt(dev + DEV.name, LIMITS.ifnameLen) }),
    ...(task >= 0 && { comm: cursor.textAt(task + TASK.comm, LIMITS.commLen) }),
    ...(meta >= 0 && { meta: readMeta(cursor.view, meta) }),
    ...(eth >= 0 && !isEmpty(cursor, eth, ETH.size) && { eth: readEth(cursor, eth) }),
    ...(ip >= 0 && !isEmpty(cursor, ip, IP.size) && { ip: readIp(cursor, ip) }),
    ...(l4 >= 0 && { l4: readL4(cursor.view, l4) }),
  };
}

/** A header that the packet does not have (yet) is sent as zeros. */
function isEmpty({ view }: RecordCursor, at: number, size: number): boolean {
  for (let i = 0; i < size; i += 4) if (view.getUint32(at + i) !== 0) return false;
  return true;
}

function readMeta(view: DataView, at: number): Meta {
  return {
    len: view.getUint32(at + META.len, true),
    dataLen: view.getUint32(at + META.dataLen, true),
    mark: view.getUint32(at + META.mark, true),
    priority: view.getUint32(at + META.priority, true),
    protocol: view.getUint16(at + META.protocol, true),
    vlanTci: view.getUint16(at + META.vlanTci, true),
    vlanProto: view.getUint16(at + META.vlanProto, true),
    pktType: view.getUint8(at + META.pktType),
  };
}

function readEth({ bytes, view }: RecordCursor, at: number): Eth {
  return {
    dst: macText(bytes, at + ETH.dst),
    src: macText(bytes, at + ETH.src),
    type: view.getUint16(at + ETH.type, true),
    vlanTci: view.getUint16(at + ETH.vlanTci, true),
  };
}

function readIp({ bytes, view }: RecordCursor, at: number): Ip {
  const version = view.getUint8(at + IP.version);
  return {
    saddr: ipText(bytes, at + IP.saddr, version),
    daddr: ipText(bytes, at + IP.daddr, version),
    version,
    protocol: view.getUint8(at + IP.protocol),
    length: view.getUint16(at + IP.length, true),
    id: view.getUint16(at + IP.id, true),
    frag: view.getUint16(at + IP.frag, true),
    ttl: view.getUint8(at + IP.ttl),
    tos: view.getUint8(at + IP.tos),
  };
}

function readL4(view: DataView, at: number): L4State {
  return {
    kind: view.getUint8(at + L4.kind),
    sport: view.getUint16(at + L4.sport, true),
    dport: view.getUint16(at + L4.dport, true),
    tcpSeq: view.getUint32(at + L4.tcpSeq, true),
    tcpAck: view.getUint32(at + L4.tcpAck, true),
    tcpWindow: view.getUint16(at + L4.tcpWindow, true),
    tcpFlags: view.getUint8(at + L4.tcpFlags),
    icmpType: view.getUint8(at + L4.icmpType),
    icmpCode: view.getUint8(at + L4.icmpCode),
    icmpId: view.getUint16(at + L4.icmpId, true),
    icmpSeq: view.getUint16(at + L4.icmpSeq, true),
    arpOp: view.getUint16(at + L4.arpOp, true),
  };
}

const GROUPS = ['meta', 'eth', 'ip', 'l4'] as const;

/** Fields that both states know and that differ, named `device`, `meta.mark`, `ip.daddr` … */
export function changesBetween(before: PacketState, after: PacketState): Change[] {
  if (before === after) return [];
  const changes: Change[] = [];
  const note = (field: string, old: string | number | undefined, now: string | number | undefined) => {
    if (old !== undefined && now !== undefined && old !== now)
      changes.push({ field, before: old, after: now });
  };
  note('device', before.device, after.device);
  note('comm', before.comm, after.comm);
  for (const group of GROUPS) {
    const old = before[group];
    const now = after[group];
    if (old === undefined || now === undefined || old === now) continue;
    const was = new Map<string, string | number>(Object.entries(old));
    for (const [field, value] of Object.entries(now)) note(`${group}.${field}`, was.get(field), value);
  }
  return changes;
}
