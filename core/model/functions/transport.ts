/** TCP, UDP, ICMP and sockets: what happens to a packet in each function, for kernels 6.1 to 6.12. */
export const TRANSPORT: Readonly<Record<string, string>> = {
  tcp_v4_rcv: 'TCP checks the segment and looks for its socket; without one the sender gets a reset.',
  tcp_v6_rcv:
    'TCP over IPv6 checks the segment and looks for its socket; without one the sender gets a reset.',
  tcp_v4_do_rcv: 'The socket takes the segment and handles it as its state asks.',
  tcp_v6_do_rcv: 'The IPv6 socket takes the segment and handles it as its state asks.',
  tcp_rcv_established: 'An established connection takes the segment: acknowledgements count, data is queued.',
  tcp_rcv_state_process:
    'A connection that is being opened or closed takes the segment and may change its state.',
  tcp_v4_early_demux:
    'A socket of an established connection is looked for ahead of routing, to use its route.',
  tcp_v6_early_demux:
    'A socket of an established IPv6 connection is looked for ahead of routing, to use its route.',
  udp_v4_early_demux: 'A connected UDP socket is looked for ahead of routing, to use its route.',
  tcp_conn_request:
    'A SYN reached a listening socket: the request is noted, or refused when there is no room.',
  tcp_check_req: 'The segment is for a connection that is being opened: does it complete the handshake.',
  tcp_child_process: 'The new socket of an accepted connection takes the segment that made it.',
  tcp_validate_incoming:
    'Sequence number, time stamp, RST and SYN are checked against what the connection expects.',
  tcp_add_backlog:
    'The socket is in use by its program, so the segment waits in its backlog, if there is room.',
  tcp_v4_send_reset: 'TCP answers the segment with a reset.',
  tcp_v6_send_reset: 'TCP answers the segment over IPv6 with a reset.',
  __tcp_transmit_skb: 'TCP writes its header and sends the segment; a copy is kept until it is acknowledged.',
  udp_send_skb: 'UDP writes its header and checksum and hands the datagram to IP.',
  udp_v6_send_skb: 'UDP writes its header and checksum and hands the datagram to IPv6.',
  udp_rcv: 'UDP takes in a datagram that came over IPv4.',
  udpv6_rcv: 'UDP takes in a datagram that came over IPv6.',
  __udp4_lib_rcv:
    'Length and checksum are checked and a socket is looked up; without one the sender is told that the port is unreachable.',
  __udp6_lib_rcv:
    'Length and checksum are checked and an IPv6 socket is looked up; without one the sender is told so.',
  udp_queue_rcv_one_skb:
    'A socket was found: IPsec policy, encapsulation and filter have their say, then it is queued.',
  udpv6_queue_rcv_one_skb:
    'An IPv6 socket was found: IPsec policy, encapsulation and filter have their say, then it is queued.',
  icmp_rcv: 'The kernel handles ICMP itself: the checksum is verified, and the type says who answers.',
  icmp_echo: 'An echo request: the kernel answers it, unless it was told not to.',
  icmp_unreach: 'An ICMP error about an earlier packet: the socket that sent it is told.',
  __icmp_send: 'An ICMP error about this packet is made and sent to its source.',
  icmpv6_rcv: 'The kernel handles ICMPv6 itself: the checksum is verified, and the type says who answers.',
  icmp6_send: 'An ICMPv6 error about this packet is made and sent to its source.',
  ping_rcv: 'An echo reply is looked up among the ping sockets.',
  raw_rcv: 'A raw socket gets its clone of the packet, if IPsec policy, filter and buffer allow it.',
  raw_local_deliver: 'Every raw socket that wants this protocol gets a clone.',
  rawv6_rcv: 'An IPv6 raw socket gets its clone of the packet, if IPsec policy, filter and buffer allow it.',
  sctp_rcv:
    'SCTP checks the packet and looks for its association; what is out of the blue is answered with ABORT.',
  ndisc_rcv: 'IPv6 neighbour discovery: a solicitation, an advertisement or a router’s message is handled.',
  igmp_rcv: 'A message about multicast groups (IGMP) is handled.',

  sk_filter_trim_cap:
    'The socket’s filter, security modules and cgroup programs may refuse or shorten the packet.',
  sock_queue_rcv_skb_reason:
    'It is put into a socket’s receive queue, if the socket’s filter and buffer allow it.',
  __sock_queue_rcv_skb: 'It is put into a socket’s receive queue, if the buffer has room.',
  __udp_enqueue_schedule_skb:
    'The datagram is put into the socket’s receive queue and its program woken; a full buffer drops it.',
  skb_consume_udp: 'A program has read the datagram, which is given back.',
  skb_copy_datagram_iter: 'Its data is copied to the program that reads.',
  tcp_queue_rcv: 'Data in sequence is put at the end of the socket’s receive queue.',
  tcp_data_queue:
    'The segment’s data is queued if it is next, kept if it is early, and thrown away if it is old.',
  packet_rcv: 'A packet socket (tcpdump, a DHCP client) gets the packet, if its filter wants it.',
  tpacket_rcv:
    'A packet socket with a ring in shared memory (tcpdump) gets the packet, if its filter wants it.',
  packet_rcv_fanout: 'One of a group of packet sockets gets the packet.',
  security_sock_rcv_skb: 'Security modules (SELinux, say) may refuse the packet for the socket.',

  skb_clone: 'A second sk_buff is made that shares this packet’s data.',
  skb_copy: 'A copy is made of the packet and all of its data.',
  pskb_expand_head: 'The packet’s head gets new memory, for more room or as others share the old.',
  skb_segment: 'A large packet is cut into segments of the size that the device can send (GSO).',
  __skb_gso_segment: 'A large packet is to be cut into segments in software, as the device cannot (GSO).',
  skb_checksum_help: 'The checksum is computed in software, as the device cannot.',
  skb_scrub_packet:
    'On its way into a tunnel or to another namespace it loses route and connection, and in the latter case its mark.',
  kfree_skb_reason: 'The packet is thrown away, with a reason.',
  consume_skb: 'The packet ended in order and is given back.',
};
