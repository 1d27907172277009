/** Bridges, and the IP hooks of netfilter within them: what happens in each function, for kernels 6.1 to 6.12. */
export const BRIDGE: Readonly<Record<string, string>> = {
  br_handle_frame:
    'Received on a port of a bridge, which takes the frame over and asks netfilter’s bridge PREROUTING hook.',
  br_handle_frame_finish:
    'The bridge learns where the sender is and decides: to one port, to all, or up to the host.',
  br_forward:
    'The frame is for one port, if that may send it: not the one it came by, forwarding, in its VLAN.',
  __br_forward:
    'The frame is made ready for the port that it leaves by; netfilter’s bridge FORWARD (or OUTPUT) hook is asked.',
  br_forward_finish: 'Netfilter let the frame through; its bridge POSTROUTING hook is asked.',
  br_flood: 'The destination is not known, or is for all: every port that may send the frame gets it.',
  br_multicast_flood: 'A multicast frame goes to the ports whose hosts joined its group, and to routers.',
  br_dev_xmit:
    'The host itself sends through the bridge, which looks the destination up; one it does not know is flooded.',
  br_pass_frame_up:
    'The frame is for the host: from here on it counts as received on the bridge’s own device.',
  br_netif_receive_skb: 'The frame goes up into the host’s own stack, as received on the bridge.',
  br_dev_queue_push_xmit:
    'The Ethernet header is put back and the frame goes to the port’s device to be sent.',
  deliver_clone: 'One port of several gets a clone of the frame.',
  br_nf_pre_routing:
    'Bridge netfilter: the packet in the frame is shown to the IP PREROUTING hook, as if it was routed.',
  br_nf_pre_routing_finish:
    'Bridge netfilter, after IP PREROUTING: the frame goes on, to another place if DNAT changed its destination.',
  br_nf_pre_routing_finish_ipv6:
    'Bridge netfilter, after IPv6 PREROUTING: the frame goes on through the bridge.',
  br_nf_forward_ip:
    'Bridge netfilter: the packet in a bridged frame is shown to the IP FORWARD hook (until kernel 6.7).',
  br_nf_forward:
    'Bridge netfilter: the packet in a bridged frame is shown to the IP (or ARP) FORWARD hook (from kernel 6.8).',
  br_nf_forward_finish: 'Bridge netfilter: IP FORWARD let the packet through, and the frame goes on.',
  br_nf_post_routing:
    'Bridge netfilter: the packet is shown to the IP POSTROUTING hook before the frame leaves by its port.',
  br_nf_dev_queue_xmit:
    'Bridge netfilter, after IP POSTROUTING: the frame is sent, in fragments if it had been put together.',
  br_nf_local_in:
    'Bridge netfilter: the frame is for the host, so the stand-in route that the bridge gave it is taken off.',
  br_stp_rcv: 'The bridge takes in a frame of the spanning tree protocol.',
};
