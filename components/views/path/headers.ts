/** Headers of a packet as terms and values. */
import { icmpTypeText, tcpFlagsText } from '../../../core/model/format.ts';
import type { Eth, Ip, L4 } from '../../../core/model/hop.ts';
import { isHeaderUntold, isTcpUntold } from '../../../core/model/untold.ts';
import { L4_KIND } from '../../../core/wire/layout.gen.ts';
import { etherTypeText, ipProtocolText, vlanText } from './words.ts';

export interface Term {
  readonly name: string;
  readonly value: string;
  /** What it was at the hop before, when that is something else. */
  readonly was?: string;
}

/** One term, or none when there is no value. */
export const term = (name: string, value: string | number | undefined): Term[] =>
  value === undefined || value === '' ? [] : [{ name, value: String(value) }];

export function ethernetTerms(eth: Eth): Term[] {
  return [
    ...term('from', eth.src),
    ...term('to', eth.dst),
    ...term('type', etherTypeText(eth.type)),
    ...(eth.vlanTci === 0 ? [] : term('VLAN', vlanText(eth.vlanTci, 0))),
    ...(eth.innerVlanTci === 0 ? [] : term('inner VLAN', vlanText(eth.innerVlanTci, 0))),
  ];
}

/** ARP has its sender and target here, with version 0. */
export function ipTerms(ip: Ip): Term[] {
  const ends = [...term('from', ip.saddr), ...term('to', ip.daddr)];
  if (ip.version === 0) return ends;
  return [
    ...ends,
    ...term('protocol', ipProtocolText(ip.protocol)),
    ...(isHeaderUntold(ip)
      ? []
      : [
          ...term(ip.version === 6 ? 'hop limit' : 'ttl', ip.ttl),
          ...term('length', ip.length),
          ...(ip.version === 4 ? term('id', ip.id) : []),
        ]),
    ...(ip.tos === 0 ? [] : term('DSCP, ECN', `${ip.tos >> 2}, ${ip.tos & 3}`)),
    ...(ip.frag === 0 ? [] : term('fragment', fragmentText(ip.frag))),
  ];
}

const DF = 0x4000;
const MF = 0x2000;
/** Flags, and the offset in bytes: `DF`, `MF at 1480`, `at 2960`. */
function fragmentText(frag: number): string {
  const flags = [...((frag & DF) === 0 ? [] : ['DF']), ...((frag & MF) === 0 ? [] : ['MF'])].join(' ');
  const offset = (frag & 0x1fff) * 8;
  return offset === 0 && (frag & MF) === 0 ? flags : `${flags} at ${offset}`.trim();
}

const TITLES = new Map<number, string>([
  [L4_KIND.tcp, 'TCP'],
  [L4_KIND.udp, 'UDP'],
  [L4_KIND.icmp, 'ICMP'],
  [L4_KIND.icmp6, 'ICMPv6'],
  [L4_KIND.sctp, 'SCTP'],
  [L4_KIND.arp, 'ARP'],
]);
export const transportTitle = ({ kind }: L4): string => TITLES.get(kind) ?? 'Transport';

export function transportTerms(l4: L4): Term[] {
  const ports = [...term('source port', l4.sport), ...term('destination port', l4.dport)];
  switch (l4.kind) {
    case L4_KIND.tcp:
      return [
        ...ports,
        ...term('flags', tcpFlagsText(l4.tcpFlags) || 'none'),
        ...(isTcpUntold(l4)
          ? []
          : [...term('seq', l4.tcpSeq), ...term('ack', l4.tcpAck), ...term('window', l4.tcpWindow)]),
      ];
    case L4_KIND.udp:
    case L4_KIND.sctp:
      return ports;
    case L4_KIND.icmp:
    case L4_KIND.icmp6:
      return [
        ...term('type', `${icmpTypeText(l4.kind, l4.icmpType)} (${l4.icmpType}), code ${l4.icmpCode}`),
        ...term('id, seq', `${l4.icmpId}, ${l4.icmpSeq}`),
      ];
    case L4_KIND.arp:
      return term('operation', l4.arpOp === 1 ? 'who has' : l4.arpOp === 2 ? 'is at' : l4.arpOp);
    default:
      return [];
  }
}
