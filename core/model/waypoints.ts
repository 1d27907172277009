/**
 * The default probe group: the stack's waypoints, by stage. A function that a kernel lacks (renamed, inlined, its
 * module not loaded) is simply not probed there; docs/glossary.md tells what each stage is. Checked on 6.1 and
 * 6.12 (lab/scenarios): none is so hot that it hides the rest.
 */
import type { Stage } from '../messages/source.ts';

export interface Waypoint {
  readonly name: string;
  readonly stage: Stage;
}

const BY_STAGE: Readonly<Partial<Record<Stage, string>>> = {
  driver: `dev_hard_start_xmit loopback_xmit veth_xmit tun_net_xmit macvlan_start_xmit
    ipvlan_start_xmit bond_start_xmit vlan_dev_hard_start_xmit netif_rx __netif_rx netif_rx_internal
    enqueue_to_backlog __netif_receive_skb __netif_receive_skb_one_core __netif_receive_skb_core
    netif_receive_skb macvlan_handle_frame ipvlan_handle_frame bond_handle_frame`,
  'xdp/tc': `do_xdp_generic bpf_prog_run_generic_xdp generic_xdp_tx tcf_classify skb_do_redirect`,
  gro: `napi_gro_receive gro_cells_receive dev_gro_receive`,
  qdisc: `__dev_queue_xmit dev_qdisc_enqueue sch_direct_xmit validate_xmit_skb pfifo_fast_enqueue
    fq_codel_enqueue tbf_enqueue netem_enqueue htb_enqueue`,
  bridge: `br_handle_frame br_handle_frame_finish br_forward __br_forward br_forward_finish br_flood
    br_dev_xmit br_pass_frame_up br_netif_receive_skb br_dev_queue_push_xmit deliver_clone br_nf_pre_routing
    br_nf_pre_routing_finish br_nf_forward_ip br_nf_forward br_nf_forward_finish br_nf_post_routing br_nf_dev_queue_xmit
    br_nf_local_in`,
  netfilter: `nf_hook_slow ipt_do_table ip6t_do_table ebt_do_table nf_conntrack_in nf_nat_inet_fn
    nf_nat_ipv4_pre_routing nf_nat_ipv4_out nf_nat_manip_pkt nf_nat_ipv4_local_fn nf_nat_ipv6_in
    nf_nat_ipv6_out nft_do_chain_ipv4 nft_do_chain_ipv6 nft_do_chain_inet nft_do_chain_bridge nft_do_chain_arp nf_queue`,
  ip: `ip_rcv ip_rcv_core ip_rcv_finish ip_route_input_noref ip_local_deliver ip_local_deliver_finish
    ip_protocol_deliver_rcu ip_forward ip_forward_finish ip_local_out __ip_local_out ip_output ip_mc_output
    ip_finish_output ip_finish_output2 ip_do_fragment ip_defrag ip_error ip_send_skb
    __ip_queue_xmit ipv6_rcv ip6_rcv_core ip6_rcv_finish ip6_input ip6_input_finish ip6_mc_input
    ip6_forward ip6_output ip6_finish_output ip6_finish_output2 ip6_xmit ip6_local_out
    ip6_fragment ipv6_frag_rcv neigh_resolve_output neigh_connected_output arp_rcv arp_process arp_xmit`,
  transport: `tcp_v4_rcv tcp_v6_rcv tcp_v4_do_rcv tcp_v6_do_rcv tcp_rcv_established tcp_rcv_state_process
    tcp_v4_early_demux udp_rcv udpv6_rcv __udp4_lib_rcv __udp6_lib_rcv udp_queue_rcv_one_skb
    udpv6_queue_rcv_one_skb icmp_rcv icmp_echo icmpv6_rcv ping_rcv raw_rcv raw_local_deliver
    rawv6_rcv sctp_rcv ndisc_rcv igmp_rcv`,
  socket: `sk_filter_trim_cap sock_queue_rcv_skb_reason __udp_enqueue_schedule_skb skb_consume_udp skb_copy_datagram_iter
    tcp_queue_rcv tcp_data_queue packet_rcv tpacket_rcv`,
  tunnel: `vxlan_xmit vxlan_rcv geneve_xmit geneve_udp_encap_recv ipgre_xmit gre_rcv ip_tunnel_xmit ip_tunnel_rcv
    ipip_tunnel_xmit ip6_tnl_xmit wg_xmit wg_receive xfrm_output xfrm_input udp_tunnel_xmit_skb iptunnel_xmit`,
};

/** Every waypoint, in the order of stages. */
export const WAYPOINTS: readonly Waypoint[] = Object.entries(BY_STAGE).flatMap(([stage, names]) =>
  names.split(/\s+/).map((name) => ({ name, stage: stage as Stage })),
);

/**
 * What the BCC skbtracer probed (skbtracer.c): its 24 names. `br_nf_forward_ip` became `br_nf_forward` at 6.8
 * (its return value is the kernel's); `deliver_clone` is inlined where it cannot be traced.
 */
export const ORIGINAL_24: readonly string[] = [
  'netif_rx', '__netif_receive_skb', 'tpacket_rcv', 'packet_rcv', 'napi_gro_receive', '__dev_queue_xmit',
  'br_handle_frame', 'br_handle_frame_finish', 'br_nf_pre_routing', 'br_nf_pre_routing_finish', 'br_pass_frame_up',
  'br_netif_receive_skb', 'br_forward', '__br_forward', 'deliver_clone', 'br_forward_finish', 'br_nf_forward_ip',
  'br_nf_forward_finish', 'br_nf_post_routing', 'br_nf_dev_queue_xmit', 'ip_rcv', 'ip_rcv_finish', 'ip_output',
  'ip_finish_output',
]; // biome-ignore format: a table

const NAMES: ReadonlySet<string> = new Set(WAYPOINTS.map(({ name }) => name));

/** Belongs to the default probe group. */
export const isDefaultFunction = (name: string): boolean => NAMES.has(name);
