/** Headers of a packet's bytes, as sections of a record. What is cut off, or not known here, is not said. */
import type { IpFields, L4Fields, SectionFields } from '../../wire/encode.ts';
import { L4_KIND } from '../../wire/layout.gen.ts';
import { LINKTYPE, type Linktype } from '../export/frame.ts';

const ETH_P_IP = 0x0800;
const ETH_P_ARP = 0x0806;
const ETH_P_IPV6 = 0x86dd;
const VLANS = new Set([0x8100, 0x88a8, 0x9100]);
const VLANS_MAX = 2;
/** Those of IPv6 that another header follows, and whose length is in units of eight bytes. */
const EXTENSIONS = new Set([0, 43, 60, 135]);
const EXTENSIONS_MAX = 8;
const IPPROTO = { icmp: 1, tcp: 6, udp: 17, fragment: 44, icmp6: 58, sctp: 132 } as const;
const IPV4_BYTES = 20;
const IPV6_BYTES = 40;
const ARP_BYTES = 28;

type Headers = Pick<SectionFields, 'eth' | 'ip' | 'l4'>;

/** Of a whole frame, or of what IP begins with. */
export function headersOf(bytes: Uint8Array, linktype: Linktype): Headers {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (linktype === LINKTYPE.raw) return networkOf(view, 0, versionType(view));
  if (view.byteLength < 14) return {};
  let at = 12;
  const tags: number[] = [];
  while (VLANS.has(view.getUint16(at)) && tags.length < VLANS_MAX && at + 6 <= view.byteLength) {
    tags.push(view.getUint16(at + 2));
    at += 4;
  }
  const type = view.getUint16(at);
  const [vlanTci = 0, innerVlanTci = 0] = tags;
  const eth = { dst: bytes.subarray(0, 6), src: bytes.subarray(6, 12), type, vlanTci, innerVlanTci };
  return { eth, ...networkOf(view, at + 2, type) };
}

const versionType = (view: DataView): number =>
  view.byteLength === 0 ? 0 : view.getUint8(0) >> 4 === 6 ? ETH_P_IPV6 : ETH_P_IP;

function networkOf(view: DataView, at: number, type: number): Headers {
  if (type === ETH_P_IP) return ipv4Of(view, at);
  if (type === ETH_P_IPV6) return ipv6Of(view, at);
  return type === ETH_P_ARP ? arpOf(view, at) : {};
}

const bytesAt = (view: DataView, at: number, length: number) =>
  new Uint8Array(view.buffer, view.byteOffset + at, length);

function ipv4Of(view: DataView, at: number): Headers {
  if (at + IPV4_BYTES > view.byteLength || view.getUint8(at) >> 4 !== 4) return {};
  const headerBytes = 4 * (view.getUint8(at) & 0xf);
  if (headerBytes < IPV4_BYTES) return {};
  const frag = view.getUint16(at + 6);
  const ip: IpFields = {
    saddr: bytesAt(view, at + 12, 4),
    daddr: bytesAt(view, at + 16, 4),
    version: 4,
    protocol: view.getUint8(at + 9),
    length: view.getUint16(at + 2),
    id: view.getUint16(at + 4),
    frag,
    ttl: view.getUint8(at + 8),
    tos: view.getUint8(at + 1),
  };
  const isLater = (frag & 0x1fff) !== 0;
  return { ip, l4: isLater ? undefined : transportOf(view, at + headerBytes, ip.protocol ?? 0) };
}

function ipv6Of(view: DataView, at: number): Headers {
  if (at + IPV6_BYTES > view.byteLength || view.getUint8(at) >> 4 !== 6) return {};
  let protocol = view.getUint8(at + 6);
  let next = at + IPV6_BYTES;
  let frag = 0;
  let id = 0;
  for (let i = 0; i < EXTENSIONS_MAX && next + 8 <= view.byteLength; i += 1) {
    if (protocol === IPPROTO.fragment) {
      frag = view.getUint16(next + 2);
      id = view.getUint16(next + 6);
    } else if (!EXTENSIONS.has(protocol)) break;
    const bytes = protocol === IPPROTO.fragment ? 8 : 8 * (view.getUint8(next + 1) + 1);
    protocol = view.getUint8(next);
    next += bytes;
  }
  const ip: IpFields = {
    saddr: bytesAt(view, at + 8, 16),
    daddr: bytesAt(view, at + 24, 16),
    version: 6,
    protocol,
    // as ours has it: the header included
    length: view.getUint16(at + 4) + IPV6_BYTES,
    id,
    frag,
    ttl: view.getUint8(at + 7),
    tos: (view.getUint16(at) >> 4) & 0xff,
  };
  const isLater = (frag & 0xfff8) !== 0;
  return { ip, l4: isLater ? undefined : transportOf(view, next, protocol) };
}

/** Sender and target are told as addresses of version 0. */
function arpOf(view: DataView, at: number): Headers {
  if (at + ARP_BYTES > view.byteLength || view.getUint16(at + 2) !== ETH_P_IP) return {};
  return {
    ip: { saddr: bytesAt(view, at + 14, 4), daddr: bytesAt(view, at + 24, 4) },
    l4: { kind: L4_KIND.arp, arpOp: view.getUint16(at + 6) },
  };
}

function transportOf(view: DataView, at: number, protocol: number): L4Fields | undefined {
  const has = (bytes: number) => at + bytes <= view.byteLength;
  const ports = () => ({ sport: view.getUint16(at), dport: view.getUint16(at + 2) });
  switch (protocol) {
    case IPPROTO.tcp:
      if (!has(16)) return undefined;
      return {
        kind: L4_KIND.tcp,
        ...ports(),
        tcpSeq: view.getUint32(at + 4),
        tcpAck: view.getUint32(at + 8),
        tcpFlags: view.getUint8(at + 13),
        tcpWindow: view.getUint16(at + 14),
      };
    case IPPROTO.udp:
      return has(4) ? { kind: L4_KIND.udp, ...ports() } : undefined;
    case IPPROTO.sctp:
      return has(4) ? { kind: L4_KIND.sctp, ...ports() } : undefined;
    case IPPROTO.icmp:
    case IPPROTO.icmp6: {
      if (!has(2)) return undefined;
      const hasId = has(8);
      return {
        kind: protocol === IPPROTO.icmp ? L4_KIND.icmp : L4_KIND.icmp6,
        icmpType: view.getUint8(at),
        icmpCode: view.getUint8(at + 1),
        ...(hasId && { icmpId: view.getUint16(at + 4), icmpSeq: view.getUint16(at + 6) }),
      };
    }
    default:
      return undefined;
  }
}
