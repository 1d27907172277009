/** A conversation as a pcap expression: for the capture filter, tcpdump and Wireshark's capture filter. */
import { ipText } from '../../base/address.ts';
import { L4_KIND } from '../../wire/layout.gen.ts';
import type { PacketRow } from '../packet.ts';
import type { Flow } from './flows.ts';

/** Both directions; where addresses are translated, what either side sees. '' for what no expression tells apart. */
export function flowExpression({ sample, b, isTranslated }: Flow): string {
  const own = tupleExpression(sample);
  const other = isTranslated && b.sample !== undefined ? tupleExpression(b.sample) : own;
  const isSame = other === own || other === '' || other === tupleExpression(turned(sample));
  return isSame ? own : `(${own}) or (${other})`;
}

const WITH_PORTS = new Map<number, string>([
  [L4_KIND.tcp, 'tcp'],
  [L4_KIND.udp, 'udp'],
  [L4_KIND.sctp, 'sctp'],
]);

function tupleExpression(row: PacketRow): string {
  const { l4Kind, ipVersion, ipProtocol, sport, dport, protocol } = row;
  const hosts = [row.saddr, row.daddr]
    .map((address) => `host ${ipText(address, 0, ipVersion)}`)
    .join(' and ');
  const name = WITH_PORTS.get(l4Kind);
  if (name !== undefined) return `${name} and ${hosts} and port ${sport} and port ${dport}`;
  if (l4Kind === L4_KIND.icmp || l4Kind === L4_KIND.icmp6) {
    const icmp = l4Kind === L4_KIND.icmp ? 'icmp' : 'icmp6';
    const isEcho = row.icmpType === 8 || row.icmpType === 0 || row.icmpType === 128 || row.icmpType === 129;
    return `${icmp} and ${hosts}${isEcho ? ` and ${icmp}[4:2] = ${row.icmpId}` : ` and ${icmp}[0] = ${row.icmpType}`}`;
  }
  if (l4Kind === L4_KIND.arp) return `arp and ${hosts}`;
  if (ipVersion !== 0) return `${ipVersion === 6 ? 'ip6' : 'ip'} proto ${ipProtocol} and ${hosts}`;
  return protocol === 0 ? '' : `ether proto 0x${protocol.toString(16).padStart(4, '0')}`;
}

const turned = (row: PacketRow): PacketRow => ({
  ...row,
  saddr: row.daddr,
  daddr: row.saddr,
  sport: row.dport,
  dport: row.sport,
});
