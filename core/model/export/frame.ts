/**
 * A packet's bytes as its records have them: the headers that were read, put together again. Payload, options and checksums
 * are not recorded: the bytes end where they would begin, and a checksum is 0.
 */
import { L4_KIND } from '../../wire/layout.gen.ts';
import { addressBytes } from '../address-bytes.ts';
import type { Eth, Ip, L4, PacketState } from '../hop.ts';

/** LINKTYPE_* of the pcap formats. */
export const LINKTYPE = { ethernet: 1, raw: 101 } as const;
export type Linktype = (typeof LINKTYPE)[keyof typeof LINKTYPE];

export interface FrameBytes {
  readonly linktype: Linktype;
  readonly bytes: Uint8Array;
  /** Of the whole packet on the wire, as far as that is known; never less than there are bytes. */
  readonly originalLength: number;
}

const ETH_P_IP = 0x0800;
const ETH_P_ARP = 0x0806;
const ETH_P_8021Q = 0x8100;
const ETH_P_IPV6 = 0x86dd;
const IPPROTO_FRAGMENT = 44;
/** Of IPv4's flags and offset, and of the field in IPv6's fragment header. */
const OFFSET_MASK = { 4: 0x1fff, 6: 0xfff8 } as const;

/** Undefined when no header was seen yet. */
export function frameOf(state: PacketState): FrameBytes | undefined {
  const { eth, ip, l4, meta } = state;
  const inside = insideOf(ip, l4);
  if (inside === undefined && eth === undefined) return undefined;
  const body = inside ?? new Uint8Array(0);
  const isArp = l4?.kind === L4_KIND.arp;
  // where IP says how long it is, that is on the wire; skb->len counts from wherever data begins at that moment
  const length = Math.max(body.length, isArp ? 0 : ip?.length || meta?.len || 0);
  if (eth === undefined && !isArp) return { linktype: LINKTYPE.raw, bytes: body, originalLength: length };
  const head = ethernet(eth ?? NO_ETH, typeOf(state));
  const bytes = new Uint8Array(head.length + body.length);
  bytes.set(head);
  bytes.set(body, head.length);
  return { linktype: LINKTYPE.ethernet, bytes, originalLength: Math.max(bytes.length, head.length + length) };
}

const NO_ETH: Eth = {
  dst: '00:00:00:00:00:00',
  src: '00:00:00:00:00:00',
  type: 0,
  vlanTci: 0,
  innerVlanTci: 0,
};

/** EtherType of what follows the tags. */
function typeOf({ ip, l4, eth, meta }: PacketState): number {
  if (l4?.kind === L4_KIND.arp) return ETH_P_ARP;
  if (ip?.version === 4) return ETH_P_IP;
  if (ip?.version === 6) return ETH_P_IPV6;
  return eth?.type || meta?.protocol || 0;
}

function ethernet(eth: Eth, type: number): Uint8Array {
  const tags = [eth.vlanTci, eth.innerVlanTci].filter((tci) => tci !== 0);
  const bytes = new Uint8Array(14 + 4 * tags.length);
  const view = new DataView(bytes.buffer);
  bytes.set(macBytes(eth.dst), 0);
  bytes.set(macBytes(eth.src), 6);
  let at = 12;
  for (const tci of tags) {
    view.setUint16(at, ETH_P_8021Q);
    view.setUint16(at + 2, tci);
    at += 4;
  }
  view.setUint16(at, type);
  return bytes;
}

const macBytes = (text: string) => text.split(':').map((part) => Number.parseInt(part, 16));

function insideOf(ip: Ip | undefined, l4: L4 | undefined): Uint8Array | undefined {
  if (ip === undefined) return undefined;
  if (l4?.kind === L4_KIND.arp) return arp(ip, l4);
  if (ip.version !== 4 && ip.version !== 6) return undefined;
  const isLater = (ip.frag & OFFSET_MASK[ip.version]) !== 0;
  const upper = l4 === undefined || isLater ? new Uint8Array(0) : transport(l4, ip);
  const head = ip.version === 4 ? ipv4(ip) : ipv6(ip);
  const bytes = new Uint8Array(head.length + upper.length);
  bytes.set(head);
  bytes.set(upper, head.length);
  return bytes;
}

function ipv4(ip: Ip): Uint8Array {
  const [bytes, view] = header(20);
  view.setUint8(0, 0x45);
  view.setUint8(1, ip.tos);
  view.setUint16(2, ip.length);
  view.setUint16(4, ip.id);
  view.setUint16(6, ip.frag);
  view.setUint8(8, ip.ttl);
  view.setUint8(9, ip.protocol);
  bytes.set(bytesOf(ip.saddr, 4), 12);
  bytes.set(bytesOf(ip.daddr, 4), 16);
  return bytes;
}

/** Of extension headers only the fragment's is known. */
function ipv6(ip: Ip): Uint8Array {
  const isFragment = ip.frag !== 0;
  const [bytes, view] = header(isFragment ? 48 : 40);
  view.setUint8(0, 0x60 | (ip.tos >> 4));
  view.setUint8(1, (ip.tos & 0xf) << 4);
  view.setUint16(4, Math.max(0, ip.length - 40));
  view.setUint8(6, isFragment ? IPPROTO_FRAGMENT : ip.protocol);
  view.setUint8(7, ip.ttl);
  bytes.set(bytesOf(ip.saddr, 16), 8);
  bytes.set(bytesOf(ip.daddr, 16), 24);
  if (isFragment) {
    view.setUint8(40, ip.protocol);
    view.setUint16(42, ip.frag);
    view.setUint16(46, ip.id);
  }
  return bytes;
}

function arp(ip: Ip, l4: L4): Uint8Array {
  const [bytes, view] = header(28);
  view.setUint16(0, 1);
  view.setUint16(2, ETH_P_IP);
  view.setUint8(4, 6);
  view.setUint8(5, 4);
  view.setUint16(6, l4.arpOp);
  bytes.set(bytesOf(ip.saddr, 4), 14);
  bytes.set(bytesOf(ip.daddr, 4), 24);
  return bytes;
}

function transport(l4: L4, ip: Ip): Uint8Array {
  switch (l4.kind) {
    case L4_KIND.tcp: {
      const [bytes, view] = ports(20, l4);
      view.setUint32(4, l4.tcpSeq);
      view.setUint32(8, l4.tcpAck);
      view.setUint8(12, 0x50);
      view.setUint8(13, l4.tcpFlags);
      view.setUint16(14, l4.tcpWindow);
      return bytes;
    }
    case L4_KIND.udp: {
      const [bytes, view] = ports(8, l4);
      view.setUint16(4, Math.min(0xffff, Math.max(8, ip.length - (ip.version === 4 ? 20 : 40))));
      return bytes;
    }
    case L4_KIND.sctp:
      return ports(12, l4)[0];
    case L4_KIND.icmp:
    case L4_KIND.icmp6: {
      const [bytes, view] = header(8);
      view.setUint8(0, l4.icmpType);
      view.setUint8(1, l4.icmpCode);
      view.setUint16(4, l4.icmpId);
      view.setUint16(6, l4.icmpSeq);
      return bytes;
    }
    default:
      return new Uint8Array(0);
  }
}

function ports(length: number, { sport, dport }: L4): readonly [Uint8Array, DataView] {
  const [bytes, view] = header(length);
  view.setUint16(0, sport);
  view.setUint16(2, dport);
  return [bytes, view];
}

function header(length: number): readonly [Uint8Array, DataView] {
  const bytes = new Uint8Array(length);
  return [bytes, new DataView(bytes.buffer)];
}

/** Zeros for what is no address. */
function bytesOf(address: string, length: 4 | 16): Uint8Array {
  const bytes = new Uint8Array(length);
  bytes.set(addressBytes(address)?.subarray(0, length) ?? []);
  return bytes;
}
