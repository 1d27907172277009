/** One formatter per unit, used by the page, the command line and exports alike. */
import { ipText } from '../base/address.ts';
import type { Ns } from '../base/units.ts';
import { L4_KIND } from '../wire/layout.gen.ts';
import type { PacketState } from './hop.ts';
import type { PacketRow, Verdict, VerdictName } from './packet.ts';
import { VERDICT } from './packet.ts';

/** `812 ns`, `4.21 µs`, `38.0 ms`, `2.50 s`: three digits that matter. */
export function formatDuration(ns: number): string {
  if (ns < 1000) return `${Math.round(ns)} ns`;
  if (ns < 999_500) return `${threeDigits(ns / 1e3)} µs`;
  if (ns < 999_500_000) return `${threeDigits(ns / 1e6)} ms`;
  return `${threeDigits(ns / 1e9)} s`;
}

function threeDigits(value: number): string {
  return value >= 99.95 ? value.toFixed(0) : value >= 9.995 ? value.toFixed(1) : value.toFixed(2);
}

/** Local wall-clock time `14:03:07.123456` of a record's time. */
export function formatTime(ns: Ns, baseUnixMs: number): string {
  const { clock, micros } = wallClock(ns, baseUnixMs);
  return `${clock}.${String(micros).padStart(6, '0')}`;
}

/** Local wall-clock time `14:03:07`. */
export const formatClock = (ns: Ns, baseUnixMs: number): string => wallClock(ns, baseUnixMs).clock;

function wallClock(ns: Ns, baseUnixMs: number): { clock: string; micros: number } {
  // whole milliseconds and the rest apart: together they are too long for a double
  const wholeMs = Math.floor(baseUnixMs) + Math.floor(ns / 1e6);
  const restMicros = Math.floor((baseUnixMs % 1) * 1000 + (ns % 1e6) / 1e3);
  const date = new Date(wholeMs + Math.floor(restMicros / 1000));
  const two = (value: number) => String(value).padStart(2, '0');
  return {
    clock: `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`,
    micros: date.getMilliseconds() * 1000 + (restMicros % 1000),
  };
}

/** `1,234,567`. */
export const formatCount = (count: number): string => Math.round(count).toLocaleString('en-GB');

/** `16.0 MiB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

const FLAGS = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG', 'ECE', 'CWR'] as const;

/** `SYN,ACK`: as bits from high to low, like the original (`ACK,PSH`), but SYN before ACK as people say it. */
export function tcpFlagsText(bits: number): string {
  const names = FLAGS.filter((_, bit) => (bits & (1 << bit)) !== 0);
  return names.join(',');
}

const ICMP_TYPES = new Map([
  [0, 'echo reply'],
  [3, 'unreachable'],
  [4, 'source quench'],
  [5, 'redirect'],
  [8, 'echo request'],
  [11, 'time exceeded'],
  [12, 'parameter problem'],
]);
const ICMP6_TYPES = new Map([
  [1, 'unreachable'],
  [2, 'packet too big'],
  [3, 'time exceeded'],
  [4, 'parameter problem'],
  [128, 'echo request'],
  [129, 'echo reply'],
  [130, 'listener query'],
  [131, 'listener report'],
  [133, 'router solicitation'],
  [134, 'router advertisement'],
  [135, 'neighbour solicitation'],
  [136, 'neighbour advertisement'],
  [143, 'listener report v2'],
]);

/** `echo request`, `type 42` when it has no common name. */
export function icmpTypeText(kind: number, type: number): string {
  return (kind === L4_KIND.icmp6 ? ICMP6_TYPES : ICMP_TYPES).get(type) ?? `type ${type}`;
}

const PROTOCOL_NAMES = new Map([
  [1, 'ICMP'],
  [2, 'IGMP'],
  [4, 'IPIP'],
  [6, 'TCP'],
  [17, 'UDP'],
  [41, 'IPv6'],
  [47, 'GRE'],
  [50, 'ESP'],
  [51, 'AH'],
  [58, 'ICMPv6'],
  [89, 'OSPF'],
  [112, 'VRRP'],
  [132, 'SCTP'],
]);
const ETHERTYPES = new Map([
  [0x0800, 'IPv4'],
  [0x0806, 'ARP'],
  [0x86dd, 'IPv6'],
  [0x8100, 'VLAN'],
  [0x88a8, 'QinQ'],
  [0x88cc, 'LLDP'],
  [0x8847, 'MPLS'],
]);

export interface ProtocolFacts {
  readonly l4Kind: number;
  readonly ipVersion: number;
  readonly ipProtocol: number;
  /** EtherType. */
  readonly protocol: number;
}

/** `TCP`, `ICMPv6`, `ARP`, `proto 99`, `0x88b5`; `?` when nothing is known. */
export function protocolName({ l4Kind, ipVersion, ipProtocol, protocol }: ProtocolFacts): string {
  if (l4Kind === L4_KIND.arp) return 'ARP';
  if (ipVersion !== 0) return PROTOCOL_NAMES.get(ipProtocol) ?? `proto ${ipProtocol}`;
  if (protocol === 0) return '?';
  return ETHERTYPES.get(protocol) ?? `0x${protocol.toString(16).padStart(4, '0')}`;
}

/** `10.1.0.3`, `[fd00:1::3]:80`, `10.1.0.3:80`; '' when there is no address. */
export function endpointText(address: string, port: number | undefined): string {
  if (address === '' || port === undefined) return address;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

const hasPorts = (kind: number) => kind === L4_KIND.tcp || kind === L4_KIND.udp || kind === L4_KIND.sctp;

/** Source and destination of a row, with ports where there are any. */
export function rowEndpoints(row: PacketRow): { readonly source: string; readonly destination: string } {
  const hasAddress = row.ipVersion !== 0 || row.l4Kind === L4_KIND.arp;
  const text = (bytes: Uint8Array, port: number) =>
    hasAddress ? endpointText(ipText(bytes, 0, row.ipVersion), hasPorts(row.l4Kind) ? port : undefined) : '';
  return { source: text(row.saddr, row.sport), destination: text(row.daddr, row.dport) };
}

/** The same of what is known at a hop. */
export function stateEndpoints({ ip, l4 }: PacketState): {
  readonly source: string;
  readonly destination: string;
} {
  if (ip === undefined) return { source: '', destination: '' };
  const withPort = l4 !== undefined && hasPorts(l4.kind);
  return {
    source: endpointText(ip.saddr, withPort ? l4.sport : undefined),
    destination: endpointText(ip.daddr, withPort ? l4.dport : undefined),
  };
}

/** What a packet is, beside protocol and addresses: `SYN`, `echo request id 7 seq 1`, `who has`. */
export function packetDetail(facts: {
  readonly l4Kind: number;
  readonly tcpFlags: number;
  readonly icmpType: number;
  readonly icmpId: number;
  readonly icmpSeq: number;
  readonly arpOp: number;
}): string {
  switch (facts.l4Kind) {
    case L4_KIND.tcp:
      return tcpFlagsText(facts.tcpFlags);
    case L4_KIND.icmp:
    case L4_KIND.icmp6: {
      const text = icmpTypeText(facts.l4Kind, facts.icmpType);
      return text.startsWith('echo') ? `${text} id ${facts.icmpId} seq ${facts.icmpSeq}` : text;
    }
    case L4_KIND.arp:
      return facts.arpOp === 1 ? 'who has' : facts.arpOp === 2 ? 'is at' : `op ${facts.arpOp}`;
    default:
      return '';
  }
}

const VERDICT_NAMES = new Map<Verdict, VerdictName>([
  [VERDICT.inFlight, 'inFlight'],
  [VERDICT.delivered, 'delivered'],
  [VERDICT.forwarded, 'forwarded'],
  [VERDICT.dropped, 'dropped'],
  [VERDICT.consumed, 'consumed'],
]);

export const verdictName = (verdict: Verdict): VerdictName => VERDICT_NAMES.get(verdict) ?? 'inFlight';

/** As people read it: `in flight`, `delivered` … */
export const verdictText = (verdict: Verdict): string =>
  verdictName(verdict).replace('inFlight', 'in flight');
