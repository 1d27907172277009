/** IPv4, IPv6, neighbours and ARP: what happens to a packet in each function, for kernels 6.1 to 6.12. */
export const IP: Readonly<Record<string, string>> = {
  ip_rcv: 'IPv4 takes the packet in, checks it, and asks netfilter’s PREROUTING hook.',
  ip_rcv_core:
    'The IPv4 header is checked (length, version, checksum); what was meant for another host’s MAC address is dropped.',
  ip_rcv_finish: 'Netfilter let it through; its route says whether it is for this host or to be forwarded.',
  ip_route_input_noref:
    'The route of a received IPv4 packet is looked up: to this host, onwards, or nowhere.',
  ip_route_input_slow: 'The routing tables are searched for a received IPv4 packet.',
  fib_validate_source:
    'The source is checked: is there a way back to it and, with rp_filter, is it the way that the packet came.',
  ip_local_deliver:
    'The packet is for this host: fragments are put together and netfilter’s INPUT hook is asked.',
  ip_local_deliver_finish: 'Netfilter let it in; the IP header is done with and taken off.',
  ip_protocol_deliver_rcu:
    'Raw sockets get their clones, then the protocol’s handler (TCP, UDP, ICMP) the packet.',
  ip_forward:
    'The host forwards it: the TTL goes down by one, a redirect or an error may be sent, and the FORWARD hook is asked.',
  ip_forward_finish: 'Netfilter allowed it to be forwarded; IP options are seen to, and output begins.',
  ip_mr_input: 'A multicast packet is passed on to other interfaces as the multicast routes say.',
  ip_local_out: 'A packet of this host sets out: netfilter’s OUTPUT hook is asked, then output begins.',
  __ip_local_out: 'Length and header checksum are filled in and netfilter’s OUTPUT hook is asked.',
  ip_output: 'The outgoing device is set and netfilter’s POSTROUTING hook is asked.',
  ip_mc_output:
    'A multicast or broadcast packet goes out; sockets of this host that listen get a copy looped back.',
  ip_finish_output:
    'Netfilter is done; a cgroup’s BPF program may still refuse it, and what exceeds the MTU is fragmented.',
  ip_finish_output2: 'The next hop’s neighbour entry is found or made, and the packet is sent to it.',
  ip_do_fragment: 'It is larger than the MTU and is cut into fragments, each of which is sent on its own.',
  ip_defrag: 'A fragment waits for the others of its datagram; once all are there they go on as one packet.',
  ip_error: 'There is no usable route: an ICMP error may be sent, and the packet is dropped.',
  ip_send_skb: 'A finished datagram is handed to IP to be sent; failures are counted.',
  ip_push_pending_frames: 'The pieces of a datagram that was written bit by bit are joined and sent.',
  __ip_queue_xmit: 'A connection (TCP, say) sends: the route is found and the IPv4 header written.',
  ip_build_and_send_pkt:
    'The IPv4 header of an answer to a connection request (a SYN,ACK) is written, and it is sent.',

  ipv6_rcv: 'IPv6 takes the packet in, checks it, and asks netfilter’s PREROUTING hook.',
  ip6_rcv_core:
    'The IPv6 header is checked; impossible addresses and what was meant for another host are dropped.',
  ip6_rcv_finish:
    'Netfilter let it through; its IPv6 route says whether it is for this host or to be forwarded.',
  ip6_route_input: 'The route of a received IPv6 packet is looked up: to this host, onwards, or nowhere.',
  ip6_input: 'The IPv6 packet is for this host: netfilter’s INPUT hook is asked.',
  ip6_input_finish: 'Extension headers are seen to one after the other until a protocol takes the packet.',
  ip6_protocol_deliver_rcu: 'Raw sockets get their clones, then the next header’s handler gets the packet.',
  ip6_mc_input:
    'A multicast packet is delivered if this host joined its group, and forwarded where it routes multicast.',
  ip6_forward:
    'The host forwards it: the hop limit goes down by one; too large or too old is answered with an ICMPv6 error.',
  ip6_forward_finish: 'Netfilter allowed it to be forwarded, and output begins.',
  ip6_output:
    'The outgoing device is set and netfilter’s POSTROUTING hook is asked; a device without IPv6 drops it.',
  ip6_finish_output:
    'Netfilter is done; a cgroup’s BPF program may still refuse it, and IPv6 fragments what exceeds the MTU.',
  ip6_finish_output2: 'The next hop’s IPv6 neighbour entry is found or made, and the packet is sent to it.',
  ip6_xmit: 'A connection (TCP, say) sends: the IPv6 header is written and netfilter’s OUTPUT hook asked.',
  ip6_local_out:
    'An IPv6 packet of this host sets out: netfilter’s OUTPUT hook is asked, then output begins.',
  __ip6_local_out: 'The payload length is filled in and netfilter’s OUTPUT hook is asked.',
  ip6_send_skb: 'A finished datagram is handed to IPv6 to be sent; failures are counted.',
  ip6_fragment:
    'The IPv6 packet is larger than the MTU and is cut into fragments, each of which is sent on its own.',
  ip6_pkt_drop:
    'The route says that it goes nowhere: an ICMPv6 error may be sent, and the packet is dropped.',
  ipv6_frag_rcv: 'A fragment waits for the others of its packet; once all are there they go on as one.',

  neigh_resolve_output:
    'The next hop’s link-layer address is needed: if it is not known, the packet waits while ARP or ND asks for it.',
  neigh_connected_output:
    'The next hop’s link-layer address is known: the header is written and the packet sent.',
  __neigh_event_send: 'The next hop’s address is being asked for; the packet waits in the neighbour’s queue.',
  arp_rcv: 'An ARP packet arrived and is checked before it is handled.',
  arp_process: 'ARP learns the sender’s address and answers a question about an address of its own.',
  arp_xmit: 'An ARP question or answer is sent, once netfilter’s ARP OUTPUT hook let it through.',
};
