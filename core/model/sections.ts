/** The sections of a HOP or DROP record as objects, and what changed between two of them. */
import { ipText, macText } from '../base/address.ts';
import { asKernelAddress } from '../base/units.ts';
import type { RecordCursor } from '../wire/cursor.ts';
import {
  BUFFER, CONNTRACK, CONTROL_BLOCK, DEV, ETH, INNER, IP, L4, LIMITS, META, OWNER, ROUTE, SECTION, TASK,
} from '../wire/layout.gen.ts'; // biome-ignore format: a list
import type {
  Change, Conntrack, ControlBlock, Eth, Inner, Ip, L4 as L4State, Meta, Owner, PacketState, Route, SkBuffer,
} from './hop.ts'; // biome-ignore format: a list

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** `before` with every section that the current record of the cursor has. */
export function readState(cursor: RecordCursor, before: PacketState): PacketState {
  if (cursor.sections === 0) return before;
  // one spread, and not one for each section: that would be most of what reading a hop costs
  const state: Mutable<PacketState> = { ...before };
  const dev = cursor.section(SECTION.dev);
  if (dev >= 0) readDevice(cursor, dev, state);
  const task = cursor.section(SECTION.task);
  if (task >= 0) state.comm = cursor.textAt(task + TASK.comm, LIMITS.commLen);
  const meta = cursor.section(SECTION.meta);
  if (meta >= 0) state.meta = readMeta(cursor.view, meta);
  const eth = cursor.section(SECTION.eth);
  if (eth >= 0 && !isEmpty(cursor, eth, ETH.size)) state.eth = readEth(cursor, eth);
  const ip = cursor.section(SECTION.ip);
  if (ip >= 0 && !isEmpty(cursor, ip, IP.size)) state.ip = readIp(cursor, ip);
  const l4 = cursor.section(SECTION.l4);
  if (l4 >= 0) state.l4 = readL4(cursor.view, l4);
  if (cursor.sections >= SECTION.buffer) readKernelState(cursor, state);
  return state;
}

/** What the kernel keeps beside the packet's own bytes. */
function readKernelState(cursor: RecordCursor, state: Mutable<PacketState>): void {
  const buffer = cursor.section(SECTION.buffer);
  if (buffer >= 0) state.buffer = readBuffer(cursor.view, buffer);
  const route = cursor.section(SECTION.route);
  if (route >= 0) state.route = readRoute(cursor, route);
  const conntrack = cursor.section(SECTION.conntrack);
  if (conntrack >= 0) state.conntrack = readConntrack(cursor, conntrack);
  const inner = cursor.section(SECTION.inner);
  if (inner >= 0) state.inner = readInner(cursor, inner);
  const owner = cursor.section(SECTION.owner);
  if (owner >= 0) state.owner = readOwner(cursor, owner);
  const control = cursor.section(SECTION.control);
  if (control >= 0) state.control = readControl(cursor, control);
}

function readDevice(cursor: RecordCursor, at: number, state: Mutable<PacketState>): void {
  state.device = cursor.textAt(at + DEV.name, LIMITS.ifnameLen);
  state.mtu = cursor.view.getUint32(at + DEV.mtu, true);
  state.iif = cursor.view.getUint32(at + DEV.iif, true);
}

/** Sections of the current record that say something: a header that the packet does not have (yet) does not. */
export function carriedSections(cursor: RecordCursor): number {
  const eth = cursor.section(SECTION.eth);
  const ip = cursor.section(SECTION.ip);
  return (
    cursor.sections &
    ~(eth >= 0 && isEmpty(cursor, eth, ETH.size) ? SECTION.eth : 0) &
    ~(ip >= 0 && isEmpty(cursor, ip, IP.size) ? SECTION.ip : 0)
  );
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
    innerVlanTci: view.getUint16(at + ETH.innerVlanTci, true),
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

function readBuffer(view: DataView, at: number): SkBuffer {
  return {
    hash: view.getUint32(at + BUFFER.hash, true),
    truesize: view.getUint32(at + BUFFER.truesize, true),
    csum: view.getUint32(at + BUFFER.csum, true),
    gsoType: view.getUint32(at + BUFFER.gsoType, true),
    gsoSize: view.getUint16(at + BUFFER.gsoSize, true),
    gsoSegs: view.getUint16(at + BUFFER.gsoSegs, true),
    queueMapping: view.getUint16(at + BUFFER.queueMapping, true),
    nrFrags: view.getUint8(at + BUFFER.nrFrags),
    ipSummed: view.getUint8(at + BUFFER.ipSummed),
    csumLevel: view.getUint8(at + BUFFER.csumLevel),
    bits: view.getUint8(at + BUFFER.bits),
  };
}

function readRoute(cursor: RecordCursor, at: number): Route {
  const { view } = cursor;
  const gateway = view.getUint32(at + ROUTE.gateway, true);
  return {
    dst: asKernelAddress(cursor.addressAt(at + ROUTE.dst)),
    ifindex: view.getUint32(at + ROUTE.ifindex, true),
    gateway: gateway === 0 ? '' : [24, 16, 8, 0].map((shift) => (gateway >>> shift) & 255).join('.'),
    type: view.getUint16(at + ROUTE.type, true),
    error: view.getUint16(at + ROUTE.error, true),
  };
}

function readConntrack(cursor: RecordCursor, at: number): Conntrack {
  return {
    ct: asKernelAddress(cursor.addressAt(at + CONNTRACK.ct)),
    status: cursor.view.getUint32(at + CONNTRACK.status, true),
    mark: cursor.view.getUint32(at + CONNTRACK.mark, true),
    info: cursor.view.getUint8(at + CONNTRACK.info),
  };
}

function readInner(cursor: RecordCursor, at: number): Inner {
  return {
    tunnel: cursor.view.getUint8(at + INNER.tunnel),
    vni: cursor.view.getUint32(at + INNER.vni, true),
    ip: readIp(cursor, at + INNER.ip),
    l4: readL4(cursor.view, at + INNER.l4),
  };
}

/** Of an OWNER section, or of the same fields elsewhere. */
function readOwner(cursor: RecordCursor, at: number): Owner {
  return {
    pid: cursor.view.getUint32(at + OWNER.pid, true),
    uid: cursor.view.getUint32(at + OWNER.uid, true),
    cgroup: cursor.u64At(at + OWNER.cgroup),
    comm: cursor.textAt(at + OWNER.comm, LIMITS.commLen),
  };
}

function readControl({ bytes, view }: RecordCursor, at: number): ControlBlock {
  const cb = bytes.subarray(at + CONTROL_BLOCK.cb, at + CONTROL_BLOCK.cb + LIMITS.cbLen);
  return {
    cb: Array.from(cb, (byte) => byte.toString(16).padStart(2, '0')).join(''),
    users: view.getUint32(at + CONTROL_BLOCK.users, true),
    dataref: view.getUint32(at + CONTROL_BLOCK.dataref, true),
  };
}

/** Any group of a state, read by names. */
type Fields = Readonly<Record<string, string | number | object>>;
const GROUPS = ['meta', 'eth', 'ip', 'l4', 'buffer', 'route', 'conntrack', 'owner', 'control'] as const;

/** Fields that both states know and that differ, named `device`, `meta.mark`, `ip.daddr`, `inner.ip.ttl` … */
export function changesBetween(before: PacketState, after: PacketState): Change[] {
  if (before === after) return [];
  const changes: Change[] = [];
  const note = (field: string, old: string | number | undefined, now: string | number | undefined) => {
    if (old !== undefined && now !== undefined && old !== now)
      changes.push({ field, before: old, after: now });
  };
  note('device', before.device, after.device);
  note('mtu', before.mtu, after.mtu);
  note('iif', before.iif, after.iif);
  note('comm', before.comm, after.comm);
  const compare = (group: string, before: object | undefined, after: object | undefined) => {
    if (before === undefined || after === undefined || before === after) return;
    const old = before as Fields;
    const now = after as Fields;
    for (const field in now) {
      const was = old[field];
      const is = now[field];
      if (was !== is && typeof was !== 'object' && typeof is !== 'object') note(`${group}.${field}`, was, is);
    }
  };
  for (const group of GROUPS) compare(group, before[group], after[group]);
  compare('inner', before.inner, after.inner);
  compare('inner.ip', before.inner?.ip, after.inner?.ip);
  compare('inner.l4', before.inner?.l4, after.inner?.l4);
  return changes;
}
