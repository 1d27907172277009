/** Which chapter of a packet's story a kernel function belongs to. */
import type { Chapter } from './types.ts';

const BY_CHAPTER: Readonly<Partial<Record<Chapter, string>>> = {
  origin: `udp_send_skb udp_v6_send_skb ip_send_skb ip6_send_skb ip_push_pending_frames __ip_queue_xmit ip_queue_xmit
    ip_build_and_send_pkt __tcp_transmit_skb ip6_xmit ip_local_out __ip_local_out ip6_local_out __ip6_local_out`,
  output: `ip_output ip_mc_output ip_finish_output __ip_finish_output ip_finish_output2 ip6_output ip6_finish_output
    ip6_finish_output2 neigh_resolve_output neigh_connected_output __neigh_event_send`,
  forward: 'ip_forward ip_forward_finish ip6_forward ip6_forward_finish ip_mr_input',
  fragment: 'ip_do_fragment ip_fragment ip6_fragment',
  queue: `dev_qdisc_enqueue pfifo_fast_enqueue fq_enqueue fq_codel_enqueue cake_enqueue tbf_enqueue netem_enqueue
    htb_enqueue noop_enqueue`,
  transmit: `__dev_queue_xmit sch_direct_xmit validate_xmit_skb dev_hard_start_xmit dev_queue_xmit_nit loopback_xmit
    veth_xmit tun_net_xmit macvlan_start_xmit ipvlan_start_xmit bond_start_xmit vlan_dev_hard_start_xmit`,
  arrive: `netif_rx __netif_rx netif_rx_internal enqueue_to_backlog __netif_receive_skb __netif_receive_skb_one_core
    __netif_receive_skb_core netif_receive_skb netif_receive_skb_internal napi_gro_receive dev_gro_receive
    gro_cells_receive skb_gro_receive macvlan_handle_frame ipvlan_handle_frame bond_handle_frame eth_type_trans`,
  'bridge-in': `br_handle_frame br_nf_pre_routing br_nf_pre_routing_finish br_nf_pre_routing_finish_ipv6
    br_handle_frame_finish`,
  'bridge-dev': 'br_dev_xmit',
  'bridge-forward': `br_forward __br_forward br_nf_forward br_nf_forward_ip br_nf_forward_finish br_forward_finish
    br_nf_post_routing br_nf_dev_queue_xmit br_dev_queue_push_xmit deliver_clone`,
  'bridge-flood': 'br_flood br_multicast_flood',
  'bridge-up': 'br_pass_frame_up br_nf_local_in br_netif_receive_skb',
  input: `ip_rcv ip_rcv_core ip_rcv_finish ip_route_input_noref ip_route_input_slow fib_validate_source ip_error
    tcp_v4_early_demux tcp_v6_early_demux udp_v4_early_demux ipv6_rcv ip6_rcv_core ip6_rcv_finish ip6_route_input`,
  deliver: `ip_local_deliver ip_local_deliver_finish ip_protocol_deliver_rcu raw_local_deliver ip6_input
    ip6_input_finish ip6_protocol_deliver_rcu ip6_mc_input`,
  defrag: 'ip_defrag ipv6_frag_rcv',
  transport: `tcp_v4_rcv tcp_v6_rcv tcp_v4_do_rcv tcp_v6_do_rcv tcp_rcv_established tcp_rcv_state_process
    tcp_conn_request tcp_check_req tcp_child_process tcp_validate_incoming tcp_add_backlog tcp_v4_send_reset
    tcp_v6_send_reset tcp_queue_rcv tcp_data_queue udp_rcv udpv6_rcv __udp4_lib_rcv __udp6_lib_rcv
    udp_queue_rcv_one_skb udpv6_queue_rcv_one_skb __udp_enqueue_schedule_skb sctp_rcv`,
  icmp: 'icmp_rcv icmp_echo icmp_unreach ping_rcv icmpv6_rcv ndisc_rcv igmp_rcv',
  arp: 'arp_rcv arp_process arp_xmit',
  raw: 'raw_rcv rawv6_rcv',
  tap: 'packet_rcv tpacket_rcv packet_rcv_fanout',
  read: 'skb_consume_udp skb_copy_datagram_iter',
  'tunnel-out': `vxlan_xmit geneve_xmit ipgre_xmit gre_tap_xmit ip_tunnel_xmit ip_md_tunnel_xmit ipip_tunnel_xmit
    sit_tunnel_xmit ip6_tnl_xmit udp_tunnel_xmit_skb udp_tunnel6_xmit_skb iptunnel_xmit wg_xmit`,
  'tunnel-in': 'vxlan_rcv geneve_udp_encap_recv gre_rcv ip_tunnel_rcv ipip_rcv wg_receive',
  'xfrm-out': 'xfrm_output esp_output',
  'xfrm-in': 'xfrm_input esp_input',
  tc: 'tcf_classify cls_bpf_classify tcf_action_exec tcf_mirred_act skb_do_redirect',
  xdp: 'do_xdp_generic bpf_prog_run_generic_xdp generic_xdp_tx xdp_do_generic_redirect veth_xdp_rcv_skb',
};

const CHAPTERS: ReadonlyMap<string, Chapter> = new Map(
  Object.entries(BY_CHAPTER).flatMap(([chapter, names]) =>
    names.split(/\s+/).map((name) => [name, chapter as Chapter] as const),
  ),
);

/** Undefined: it is part of what is going on (netfilter, the buffer), or nothing is known of it. */
export const chapterOf = (functionName: string): Chapter | undefined => CHAPTERS.get(functionName);

/** What begins a chapter: without one of these it is the rest of one that something interrupted. */
export const BEGINNINGS: Readonly<Partial<Record<Chapter, RegExp>>> = {
  origin: /^(udp_|ip_send|ip6_send|ip_push|__?ip_queue|ip_queue|ip_build|__tcp|ip6_xmit|_*ip6?_local_out)/,
  output: /^(ip_output|ip_mc_output|ip6_output)$/,
  forward: /^(ip_forward|ip6_forward|ip_mr_input)$/,
  'bridge-in': /^br_handle_frame$/,
  'bridge-forward': /^(br_forward|__br_forward|deliver_clone)$/,
  'bridge-up': /^br_pass_frame_up$/,
  input: /^(ip_rcv|ip_rcv_core|ipv6_rcv|ip6_rcv_core|ip_error)$/,
};

/** Functions of netfilter's NAT: where one of these stands before a rewritten address, NAT did it. */
export const NAT_FUNCTION = /^(nf_nat_|nft_nat|nft_masq|nft_redir)/;
