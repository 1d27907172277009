/** What the kernel's small numbers mean, in words: shared by what changed at a hop and by a hop's details. */
import { asNetnsInode } from '../../../core/base/units.ts';
import { protocolName } from '../../../core/model/format.ts';
import type { Conntrack, Inner, Owner, Route, SkBuffer } from '../../../core/model/hop.ts';
import type { NameBook } from '../../../core/model/names.ts';
import { BUFFER_BIT, TUNNEL } from '../../../core/wire/layout.gen.ts';

const NO_ADDRESS = /^0*$/;

/** A kernel pointer that points nowhere. */
export const isNull = (address: string): boolean => NO_ADDRESS.test(address);

export const hex = (value: number): string => `0x${value.toString(16)}`;

const PKT_TYPES = ['host', 'broadcast', 'multicast', 'otherhost', 'outgoing', 'loopback'];
/** PACKET_* of linux/if_packet.h. */
export const pktTypeText = (value: number): string => PKT_TYPES[value] ?? String(value);

const IP_SUMMED = ['none', 'unnecessary', 'complete', 'partial'];
/** CHECKSUM_* of linux/skbuff.h. */
export const ipSummedText = (value: number): string => IP_SUMMED[value] ?? String(value);

/** `IPv4`, `ARP`, `0x88b5`; `none` for 0. */
export const etherTypeText = (protocol: number): string =>
  protocol === 0 ? 'none' : protocolName({ l4Kind: 0, ipVersion: 0, ipProtocol: 0, protocol });

/** `TCP`, `GRE`, `proto 99`. */
export const ipProtocolText = (ipProtocol: number): string =>
  protocolName({ l4Kind: 0, ipVersion: 4, ipProtocol, protocol: 0 });

/** `100`, `100 pcp 5`, `100 (802.1ad)`; `none` without a tag. */
export function vlanText(tci: number, protocol: number): string {
  if (tci === 0 && protocol === 0) return 'none';
  const priority = tci >> 13;
  return `${tci & 0xfff}${priority === 0 ? '' : ` pcp ${priority}`}${protocol === 0x88a8 ? ' (802.1ad)' : ''}`;
}

const GSO_TYPES = [
  'TCPv4', 'dodgy', 'ECN', 'fixed id', 'TCPv6', 'FCoE', 'GRE', 'GRE csum', 'IP in IPv4', 'IP in IPv6', 'UDP tunnel',
  'UDP tunnel csum', 'partial', 'remcsum', 'SCTP', 'ESP', 'UDP', 'UDP L4', 'frag list', 'AccECN',
]; // biome-ignore format: a table, bit by bit

/** `3 × 1448 TCPv4`; `none` for one packet. */
export function gsoText({ gsoType, gsoSize, gsoSegs }: SkBuffer): string {
  if (gsoSize === 0) return 'none';
  return `${gsoSegs} × ${gsoSize} ${bitNames(gsoType, GSO_TYPES)}`.trim();
}

const BUFFER_BITS = new Map<number, string>([
  [BUFFER_BIT.cloned, 'cloned'],
  [BUFFER_BIT.nohdr, 'nohdr'],
  [BUFFER_BIT.fclone, 'fast clone'],
  [BUFFER_BIT.fragList, 'frag list'],
]);

export const bufferBitsText = (bits: number): string =>
  [...BUFFER_BITS].flatMap(([bit, name]) => ((bits & bit) === 0 ? [] : [name])).join(', ') || 'none';

const CONNTRACK_INFO = ['established', 'related', 'new', 'established, reply', 'related, reply'];
const UNTRACKED = 7;
const CONNTRACK_STATUS = [
  'expected', 'seen reply', 'assured', 'confirmed', 'SNAT', 'DNAT', 'seq adjusted', 'SNAT done', 'DNAT done', 'dying',
  'fixed timeout', 'template', 'NAT clash', 'helper', 'offloaded', 'hardware offloaded',
]; // biome-ignore format: a table, bit by bit

/** `new`, `established, reply`, `untracked`; `none` when the packet has no entry (yet). */
export function conntrackText({ ct, info }: Conntrack): string {
  if (info === UNTRACKED) return 'untracked';
  return isNull(ct) ? 'none' : (CONNTRACK_INFO[info] ?? `info ${info}`);
}

/** IPS_*: `seen reply, confirmed, SNAT`; `none`. */
export const conntrackStatusText = (status: number): string => bitNames(status, CONNTRACK_STATUS) || 'none';

const ROUTE_TYPES = [
  '', 'unicast', 'local', 'broadcast', 'anycast', 'multicast', 'blackhole', 'unreachable', 'prohibit', 'throw', 'NAT',
]; // biome-ignore format: a table, RTN_*
/** RTN_*; '' when it is not known. */
export const routeTypeText = (type: number): string => ROUTE_TYPES[type] ?? `type ${type}`;

const ERRNO = new Map([
  [1, 'EPERM'], [2, 'ENOENT'], [11, 'EAGAIN'], [12, 'ENOMEM'], [13, 'EACCES'], [18, 'EXDEV'], [22, 'EINVAL'],
  [90, 'EMSGSIZE'], [101, 'ENETUNREACH'], [105, 'ENOBUFS'], [111, 'ECONNREFUSED'], [113, 'EHOSTUNREACH'],
]); // biome-ignore format: a table
/** `EHOSTUNREACH`, `errno 99` when it is not a common one. */
export const errnoText = (errno: number): string => ERRNO.get(errno) ?? `errno ${errno}`;

/** `via 10.1.0.1 dev eth0`, `local dev lo`, `unreachable EHOSTUNREACH`; `none` before routing. */
export function routeText(route: Route, netns: number, names: NameBook): string {
  if (isNull(route.dst)) return 'none';
  const type = routeTypeText(route.type);
  const parts = [
    ...(type === '' || type === 'unicast' ? [] : [type]),
    ...(route.gateway === '' ? [] : [`via ${route.gateway}`]),
    ...(route.ifindex === 0 ? [] : [`dev ${names.interfaceName(asNetnsInode(netns), route.ifindex)}`]),
    ...(route.error === 0 ? [] : [errnoText(route.error)]),
  ];
  return parts.join(' ') || 'on the link';
}

/** `curl (1234)`; `none` when no process is known to own it. */
export const ownerText = ({ pid, comm }: Owner): string =>
  pid === 0 ? 'none' : `${comm === '' ? 'process' : comm} (${pid})`;

const TUNNELS = new Map<number, string>([
  [TUNNEL.none, 'none'],
  [TUNNEL.vxlan, 'VXLAN'],
  [TUNNEL.geneve, 'GENEVE'],
  [TUNNEL.gre, 'GRE'],
  [TUNNEL.ipip, 'IP in IP'],
]);

/** `VXLAN VNI 42`, `GRE key 7`, `IP in IP`, `none`. */
export function tunnelText({ tunnel, vni }: Pick<Inner, 'tunnel' | 'vni'>): string {
  const name = TUNNELS.get(tunnel) ?? `tunnel ${tunnel}`;
  if (tunnel === TUNNEL.vxlan || tunnel === TUNNEL.geneve) return `${name} VNI ${vni}`;
  return tunnel === TUNNEL.gre && vni !== 0 ? `${name} key ${vni}` : name;
}

/** Names of the bits that are set, low to high; `bit 20` for one without a name. */
function bitNames(bits: number, names: readonly string[]): string {
  return Array.from({ length: 32 }, (_, bit) => bit)
    .filter((bit) => (bits & (1 << bit)) !== 0)
    .map((bit) => names[bit] ?? `bit ${bit}`)
    .join(', ');
}
