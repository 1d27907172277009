/**
 * How a packet's journey ended, from the functions it went through and how it was freed. A drop is the kernel's
 * own word (skb:kfree_skb); the other verdicts tell apart the ends that are no drop.
 */
import { VERDICT, type Verdict } from './packet.ts';

/** What a function says of a packet that reaches it; a set of bits. */
export const ROLE = {
  none: 0,
  /** The packet is at its destination on this host: a socket, or a protocol that the kernel itself speaks. */
  receive: 1,
  /** It is handed to a device. */
  transmit: 2,
  /** It is passed on for others: routed or bridged. */
  forward: 4,
  /** What should have taken it in refused it in silence: a SYN to a full accept queue ends without a drop. */
  refused: 8,
} as const;

const RECEIVE = [
  'tcp_v4_rcv', 'tcp_v6_rcv', 'tcp_v4_do_rcv', 'tcp_v6_do_rcv', 'tcp_rcv_established', 'tcp_rcv_state_process',
  'tcp_data_queue', 'tcp_queue_rcv',
  'udp_rcv', 'udpv6_rcv', '__udp4_lib_rcv', '__udp6_lib_rcv', 'udp_queue_rcv_skb', 'udpv6_queue_rcv_skb',
  'udp_queue_rcv_one_skb', 'udpv6_queue_rcv_one_skb', '__udp_enqueue_schedule_skb', 'skb_consume_udp',
  'icmp_rcv', 'icmpv6_rcv', 'ping_rcv', 'raw_rcv', 'rawv6_rcv', 'ping_queue_rcv_skb',
  'arp_rcv', 'arp_process', 'ndisc_rcv', 'igmp_rcv', 'sctp_rcv', 'dccp_v4_rcv', 'packet_rcv', 'tpacket_rcv',
  'packet_rcv_fanout', 'skb_copy_datagram_iter', 'sock_queue_rcv_skb', 'sock_queue_rcv_skb_reason', '__sock_queue_rcv_skb', 'br_stp_rcv',
]; // biome-ignore format: a table
const TRANSMIT = ['dev_hard_start_xmit', 'veth_xmit', 'loopback_xmit', 'tun_net_xmit', 'sch_direct_xmit'];
const FORWARD = [
  'ip_forward',
  'ip6_forward',
  'br_forward',
  '__br_forward',
  'ip_mr_forward',
  'ip6_mr_forward',
];

const ROLES = new Map<string, number>([
  ...RECEIVE.map((name) => [name, ROLE.receive] as const),
  ...TRANSMIT.map((name) => [name, ROLE.transmit] as const),
  ...FORWARD.map((name) => [name, ROLE.forward] as const),
]);

/** Bits of {@link ROLE} for a kernel function. */
export const roleOf = (name: string): number => ROLES.get(name) ?? ROLE.none;

/** Roles that a packet has played, after one more: being handed to a device takes it away from its receiver. */
export function playRole(played: number, role: number): number {
  if (role === ROLE.transmit) return (played & ~ROLE.receive) | ROLE.transmit;
  return played | role;
}

/**
 * The verdict of a packet.
 * @param dropped the kernel's word: seen at skb:kfree_skb
 * @param handedOver dropped for want of a socket after a raw socket had got a clone of it (icmp_rcv does so with
 *   the reply to a privileged ping): the kernel calls it a drop, but it was delivered
 */
export function verdictOf(ended: boolean, dropped: boolean, handedOver: boolean, played: number): Verdict {
  if (dropped) return handedOver ? VERDICT.delivered : VERDICT.dropped;
  if (!ended) return VERDICT.inFlight;
  if ((played & ROLE.refused) !== 0) return VERDICT.consumed;
  if ((played & ROLE.receive) !== 0) return VERDICT.delivered;
  if ((played & ROLE.forward) !== 0 && (played & ROLE.transmit) !== 0) return VERDICT.forwarded;
  return VERDICT.consumed;
}
