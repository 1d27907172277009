/** A conversation as a filter. */
import { ipText } from '../../base/address.ts';
import { L4_KIND } from '../../wire/layout.gen.ts';
import type { PacketRow } from '../packet.ts';
import type { Flow } from './flows.ts';

/** What pcap expressions and display filters say differently. */
interface Dialect {
  readonly icmpId: (icmp: string, id: number) => string;
  readonly icmpType: (icmp: string, type: number) => string;
  readonly ipProtocol: (version: number, protocol: number) => string;
  readonly etherType: (type: string) => string;
}

const PCAP: Dialect = {
  icmpId: (icmp, id) => `${icmp}[4:2] = ${id}`,
  icmpType: (icmp, type) => `${icmp}[0] = ${type}`,
  ipProtocol: (version, protocol) => `${version === 6 ? 'ip6' : 'ip'} proto ${protocol}`,
  etherType: (type) => `ether proto ${type}`,
};
const DISPLAY: Dialect = {
  icmpId: (_, id) => `icmpid == ${id}`,
  icmpType: (_, type) => `icmptype == ${type}`,
  ipProtocol: (_, protocol) => `proto == ${protocol}`,
  etherType: () => '',
};

/**
 * Both directions as a pcap expression, for the capture filter, tcpdump and Wireshark's capture filter; where addresses
 * are translated, what either side sees. '' for what no expression tells apart.
 */
export const flowExpression = (flow: Flow): string => expression(flow, PCAP);

/** The same as a display filter: its packets, their copies and parts, as far as these begin with its addresses. */
export const flowDisplay = (flow: Flow): string => expression(flow, DISPLAY);

function expression({ sample, b, isTranslated }: Flow, dialect: Dialect): string {
  const own = tupleExpression(sample, dialect);
  const other = isTranslated && b.sample !== undefined ? tupleExpression(b.sample, dialect) : own;
  const isSame = other === own || other === '' || other === tupleExpression(turned(sample), dialect);
  return isSame ? own : `(${own}) or (${other})`;
}

const WITH_PORTS = new Map<number, string>([
  [L4_KIND.tcp, 'tcp'],
  [L4_KIND.udp, 'udp'],
  [L4_KIND.sctp, 'sctp'],
]);

function tupleExpression(row: PacketRow, dialect: Dialect): string {
  const { l4Kind, ipVersion, ipProtocol, sport, dport, protocol } = row;
  const hosts = [row.saddr, row.daddr]
    .map((address) => `host ${ipText(address, 0, ipVersion)}`)
    .join(' and ');
  const name = WITH_PORTS.get(l4Kind);
  if (name !== undefined) return `${name} and ${hosts} and port ${sport} and port ${dport}`;
  if (l4Kind === L4_KIND.icmp || l4Kind === L4_KIND.icmp6) {
    const icmp = l4Kind === L4_KIND.icmp ? 'icmp' : 'icmp6';
    const isEcho = row.icmpType === 8 || row.icmpType === 0 || row.icmpType === 128 || row.icmpType === 129;
    const which = isEcho ? dialect.icmpId(icmp, row.icmpId) : dialect.icmpType(icmp, row.icmpType);
    return `${icmp} and ${hosts} and ${which}`;
  }
  if (l4Kind === L4_KIND.arp) return `arp and ${hosts}`;
  if (ipVersion !== 0) return `${dialect.ipProtocol(ipVersion, ipProtocol)} and ${hosts}`;
  return protocol === 0 ? '' : dialect.etherType(`0x${protocol.toString(16).padStart(4, '0')}`);
}

const turned = (row: PacketRow): PacketRow => ({
  ...row,
  saddr: row.daddr,
  daddr: row.saddr,
  sport: row.dport,
  dport: row.sport,
});
