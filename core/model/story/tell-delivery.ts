/** What takes a packet in: transport protocols, sockets, and the protocols that the kernel speaks itself. */
import { icmpTypeText, packetDetail } from '../format.ts';
import { has, inPlace, type Scene, stateAt } from './scene.ts';
import type { Segment } from './types.ts';
import { receiverText } from './words.ts';

export function tellDelivery(scene: Scene, { chapter, from, to }: Segment): string {
  const here = inPlace(scene, from);
  const did = (pattern: RegExp) => has(scene, from, to, pattern);
  switch (chapter) {
    case 'transport':
      return transportText(scene, from, to);
    case 'icmp':
      if (did(/^icmp_echo$/)) return `ICMP takes the echo request${here}, to answer it`;
      if (did(/^ping_rcv$/)) return `ICMP looks${here} for the ping socket that waits for the reply`;
      if (did(/^icmp_unreach$/)) return `ICMP tells the socket${here} whose packet met an error`;
      if (did(/^igmp_rcv$/)) return `IGMP takes it in${here}`;
      return `${did(/^(icmpv6|ndisc)/) ? 'ICMPv6' : 'ICMP'} takes in ${icmpText(scene, to)}${here}`;
    case 'arp':
      return `ARP ${did(/^arp_xmit$/) ? 'sends' : 'takes in'} ${arpText(scene, to)}${here}`;
    case 'raw':
      return `A raw socket${receiverText(scene, to)}${here} gets its clone`;
    case 'tap':
      return `A packet socket${receiverText(scene, to)}${here} gets it`;
    default:
      return readText(scene, from, to);
  }
}

/** Sockets are read by the task that runs: no softirq copies to a program. */
function readText({ path }: Scene, from: number, to: number): string {
  const hop = path.hops[to];
  const who =
    hop === undefined || hop.pid === 0 ? 'the program' : `${hop.state.comm || 'process'} (${hop.pid})`;
  return from === 0 ? `Read by ${who}` : `Read from the socket by ${who}`;
}

function transportText(scene: Scene, from: number, to: number): string {
  const here = inPlace(scene, from);
  const did = (pattern: RegExp) => has(scene, from, to, pattern);
  const of = receiverText(scene, to);
  if (did(/^__udp_enqueue/)) return `UDP puts it into the receive queue of the socket${of}${here}`;
  if (did(/^udpv?6?_?queue_rcv|^udp_queue_rcv/)) return `UDP found the socket${of}${here}`;
  if (did(/^(udp|__udp)/)) return `UDP looks for its socket${here}`;
  if (did(/^sctp/)) return `SCTP takes it in${here}`;
  if (did(/^tcp_v[46]_send_reset$/)) return `TCP answers it with a reset${here}`;
  if (did(/^tcp_add_backlog$/)) return `TCP keeps it for the socket${of}${here}, which is in use`;
  if (did(/^tcp_queue_rcv$/)) return `TCP puts it into the receive queue of the socket${of}${here}`;
  if (did(/^tcp_data_queue$/)) return `TCP takes it in for the socket${of}${here}`;
  if (did(/^tcp_rcv_established$/)) return `TCP takes it in for the established connection${of}${here}`;
  if (did(/^(tcp_rcv_state_process|tcp_conn_request|tcp_check_req|tcp_child_process)$/))
    return `TCP takes it in for a connection${of}${here} that is being opened or closed`;
  return `TCP looks for its socket${here}`;
}

function icmpText(scene: Scene, hop: number): string {
  const { l4 } = stateAt(scene, hop);
  return l4 === undefined ? 'it' : `the message (${icmpTypeText(l4.kind, l4.icmpType)})`;
}

function arpText(scene: Scene, hop: number): string {
  const { l4, ip } = stateAt(scene, hop);
  if (l4 === undefined || ip === undefined) return 'it';
  const operation = packetDetail({ ...l4, l4Kind: l4.kind });
  return operation === 'is at' ? `that ${ip.saddr} is at its address` : `the question who has ${ip.daddr}`;
}
