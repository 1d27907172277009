/**
 * What several of the kernel's numbers mean together, in words: shared by what changed at a hop and by a hop's details.
 * What each alone is called stands in core/model/kernel-names.ts.
 */
import { asNetnsInode } from '../../../core/base/units.ts';
import { protocolName } from '../../../core/model/format.ts';
import type { Conntrack, Inner, Owner, Route, SkBuffer } from '../../../core/model/hop.ts';
import {
  conntrackInfoName, conntrackStatusNames, errnoName, gsoNames, inWords, routeTypeName, tunnelName,
} from '../../../core/model/kernel-names.ts'; // biome-ignore format: a list
import type { NameBook } from '../../../core/model/names.ts';
import { BUFFER_BIT, TUNNEL } from '../../../core/wire/layout.gen.ts';

const NO_ADDRESS = /^0*$/;

/** A kernel pointer that points nowhere. */
export const isNull = (address: string): boolean => NO_ADDRESS.test(address);

export const hex = (value: number): string => `0x${value.toString(16)}`;

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

/** `3 × 1448 TCPv4`; `none` for one packet. */
export function gsoText({ gsoType, gsoSize, gsoSegs }: SkBuffer): string {
  if (gsoSize === 0) return 'none';
  return `${gsoSegs} × ${gsoSize} ${gsoNames(gsoType).join(', ')}`.trim();
}

const BUFFER_BITS = new Map<number, string>([
  [BUFFER_BIT.cloned, 'cloned'],
  [BUFFER_BIT.nohdr, 'nohdr'],
  [BUFFER_BIT.fclone, 'fast clone'],
  [BUFFER_BIT.fragList, 'frag list'],
]);

export const bufferBitsText = (bits: number): string =>
  [...BUFFER_BITS].flatMap(([bit, name]) => ((bits & bit) === 0 ? [] : [name])).join(', ') || 'none';

const UNTRACKED = 7;

/** `new`, `established reply`, `untracked`; `none` when the packet has no entry (yet). */
export function conntrackText({ ct, info }: Conntrack): string {
  return isNull(ct) && info !== UNTRACKED ? 'none' : inWords(conntrackInfoName(info));
}

/** IPS_*: `seen reply, confirmed, src nat`; `none`. */
export const conntrackStatusText = (status: number): string =>
  conntrackStatusNames(status).map(inWords).join(', ') || 'none';

/** RTN_UNICAST: the usual one, which says nothing. */
const UNICAST = 1;

/** `via 10.1.0.1 dev eth0`, `local dev lo`, `unreachable EHOSTUNREACH`; `none` before routing. */
export function routeText(route: Route, netns: number, names: NameBook): string {
  if (isNull(route.dst)) return 'none';
  const parts = [
    ...(route.type === 0 || route.type === UNICAST ? [] : [inWords(routeTypeName(route.type))]),
    ...(route.gateway === '' ? [] : [`via ${route.gateway}`]),
    ...(route.ifindex === 0 ? [] : [`dev ${names.interfaceName(asNetnsInode(netns), route.ifindex)}`]),
    ...(route.error === 0 ? [] : [errnoName(route.error)]),
  ];
  return parts.join(' ') || 'on the link';
}

/** `curl (1234)`; `none` when no process is known to own it. */
export const ownerText = ({ pid, comm }: Owner): string =>
  pid === 0 ? 'none' : `${comm === '' ? 'process' : comm} (${pid})`;

/** `VXLAN VNI 42`, `GRE key 7`, `IPIP`, `none`. */
export function tunnelText({ tunnel, vni }: Pick<Inner, 'tunnel' | 'vni'>): string {
  if (tunnel === TUNNEL.none) return 'none';
  const name = tunnelName(tunnel).toUpperCase();
  if (tunnel === TUNNEL.vxlan || tunnel === TUNNEL.geneve) return `${name} VNI ${vni}`;
  return tunnel === TUNNEL.gre && vni !== 0 ? `${name} key ${vni}` : name;
}
