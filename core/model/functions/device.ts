/** Devices, XDP, tc, GRO and queues: what happens to a packet in each function, for kernels 6.1 to 6.12. */
export const DEVICE: Readonly<Record<string, string>> = {
  dev_hard_start_xmit:
    'The packet is handed to the device’s driver; packet sockets that watch the device get a clone first.',
  dev_queue_xmit_nit: 'Packet sockets that watch the device (tcpdump, say) get a clone of what is sent.',
  loopback_xmit: 'The loopback device takes it: it leaves its sender’s buffer and counts as received on lo.',
  veth_xmit:
    'The veth driver gives it to the other end of the pair, often in another namespace, where it counts as received.',
  tun_net_xmit:
    'The tun or tap device queues it for the program that reads from the device; a full queue drops it.',
  macvlan_start_xmit:
    'The macvlan device sends it through its lower device or, in bridge mode, straight to a sibling.',
  ipvlan_start_xmit:
    'The ipvlan device gives it to a sibling on the same lower device, or sends it through that.',
  bond_start_xmit: 'The bond picks one of its ports, as its mode says, and sends the packet through that.',
  vlan_dev_hard_start_xmit: 'The VLAN device tags the packet and gives it to the device below.',
  netif_rx: 'A device hands the packet to the stack, which queues it on a CPU for later.',
  __netif_rx:
    'A device hands the packet to the stack from within a softirq; it is queued on a CPU for later.',
  netif_rx_internal:
    'The CPU that is to handle the received packet is chosen: this one or, with RPS, perhaps another.',
  enqueue_to_backlog:
    'The packet waits in a CPU’s backlog for its softirq; a full one (net.core.netdev_max_backlog) drops it.',
  __netif_receive_skb:
    'The receive path begins for the packet, on the CPU that took it from a driver or a backlog.',
  __netif_receive_skb_one_core:
    'The packet is shown to taps, tc and the device’s rx handler, then given to its protocol’s handler.',
  __netif_receive_skb_core:
    'Generic XDP, packet sockets, tc ingress, VLAN devices and the rx handler (bridge, bond, macvlan) have their turn.',
  netif_receive_skb: 'The packet enters the receive path at once, without waiting in a backlog.',
  netif_receive_skb_internal: 'The packet enters the receive path, on this CPU or, with RPS, on another.',
  macvlan_handle_frame:
    'Received on a lower device: the macvlan with the frame’s MAC address takes it; broadcasts go to all of them.',
  ipvlan_handle_frame: 'Received on a lower device: the ipvlan that has the packet’s address takes it.',
  bond_handle_frame:
    'Received on a port of a bond: it counts as received on the bond itself, unless the port is not active.',
  eth_type_trans: 'The Ethernet header is read: the protocol, and whether the frame is for this host.',

  do_xdp_generic:
    'The generic XDP program of the device is asked: pass, drop, send back or redirect the packet.',
  bpf_prog_run_generic_xdp: 'The XDP program runs on the packet’s data; its headers and length may change.',
  generic_xdp_tx: 'XDP said TX: the packet goes back out of the device that it came in by, past its queue.',
  xdp_do_generic_redirect: 'XDP said REDIRECT: the packet goes to another device, CPU or socket.',
  veth_xdp_rcv_skb: 'The XDP program of a veth device is asked about the packet.',
  tcf_classify:
    'The tc filters here are asked in their order; the first that fits says what becomes of the packet.',
  cls_bpf_classify: 'A BPF program that was attached with tc decides about the packet.',
  tcf_action_exec: 'The actions of the tc filter that fitted are carried out one after the other.',
  tcf_mirred_act: 'tc’s mirred action copies or moves the packet to another device.',
  skb_do_redirect: 'A BPF program asked for a redirect: another device sends the packet or takes it in.',

  napi_gro_receive: 'The driver hands the packet to GRO, which may merge it with others of its flow.',
  gro_cells_receive: 'A tunnel or virtual device queues the packet for GRO and the stack above it.',
  dev_gro_receive:
    'GRO looks for a packet of the same flow to merge this one with, for fewer and larger ones.',
  skb_gro_receive: 'GRO merges this packet’s data into an earlier one of its flow.',

  __dev_queue_xmit:
    'The packet is to leave by a device: tc egress has its say, and a queue with its queueing discipline is chosen.',
  dev_qdisc_enqueue: 'The queueing discipline takes the packet; when it is full something is dropped.',
  sch_direct_xmit:
    'What the queueing discipline let go is given to the driver, or put back while that is busy.',
  validate_xmit_skb: 'What the device cannot do itself is done now: VLAN tag, segmentation (GSO), checksum.',
  pfifo_fast_enqueue: 'The queue puts it into one of three bands by its priority; a full band drops it.',
  fq_enqueue: 'fq queues it with its flow and, when the flow is paced, until its time to be sent.',
  fq_codel_enqueue:
    'fq_codel puts it into its flow’s queue; beyond the limit the fattest flow loses packets.',
  cake_enqueue: 'CAKE puts it into the queue of its host and flow, to be sent at the shaped rate.',
  tbf_enqueue:
    'The token bucket filter queues it to keep to a rate; a packet larger than it can ever let go is segmented or dropped.',
  netem_enqueue: 'netem queues it with the delay, loss, duplication or damage that it is to emulate.',
  htb_enqueue: 'HTB puts it into the queue of its class, whose rate says when it may be sent.',
  noop_enqueue: 'The device’s queue is not in operation and drops everything.',
};
