/** A row as a pcap expression: what the capture filter must be to see its like. */
import { ipText } from '../../base/address.ts';
import { L4_KIND } from '../../wire/layout.gen.ts';
import type { PacketRow } from '../packet.ts';

const PORT_WORDS = new Map<number, string>([
  [L4_KIND.tcp, 'tcp'],
  [L4_KIND.udp, 'udp'],
  [L4_KIND.sctp, 'sctp'],
]);

/** Both directions of the row's flow, so that the answers are captured too. */
export function rowExpression(row: PacketRow): string {
  const [source, destination] = [row.saddr, row.daddr].map((bytes) => ipText(bytes, 0, row.ipVersion));
  if (row.l4Kind === L4_KIND.arp) return `arp and host ${source} and host ${destination}`;
  if (row.ipVersion === 0) return `ether proto 0x${row.protocol.toString(16).padStart(4, '0')}`;
  const hosts = source === destination ? `host ${source}` : `host ${source} and host ${destination}`;
  const ports = PORT_WORDS.get(row.l4Kind);
  if (ports !== undefined)
    return `${ports} and ${hosts} and port ${row.sport}${row.sport === row.dport ? '' : ` and port ${row.dport}`}`;
  if (row.l4Kind === L4_KIND.icmp) return `icmp and ${hosts}`;
  if (row.l4Kind === L4_KIND.icmp6) return `icmp6 and ${hosts}`;
  return `${row.ipVersion === 6 ? 'ip6' : 'ip'} proto ${row.ipProtocol} and ${hosts}`;
}
