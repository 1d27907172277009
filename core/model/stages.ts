/** Which part of the stack a kernel function belongs to: by name, for any function that can be probed. */
import type { Stage } from '../messages/source.ts';
import { isProgram } from './programs.ts';
import { WAYPOINTS } from './waypoints.ts';

const EXACT: ReadonlyMap<string, Stage> = new Map(WAYPOINTS.map(({ name, stage }) => [name, stage]));

/** First that fits; a leading `__` or `_` is passed over. */
const PATTERNS: readonly (readonly [RegExp, Stage])[] = [
  [/^(br_nf|ebt_|nf_|nft_|ipt_|ip6t_|xt_|arpt_|ct_|l4proto|tproxy|synproxy|ip_set|ip_vs|conntrack|nfqnl|nfulnl)/, 'netfilter'],
  [/^(br_|bridge_|fdb_|deliver_clone|should_deliver)/, 'bridge'],
  [/^(tcf_|cls_|act_|tc_|sch_handle|xdp|do_xdp|generic_xdp|bpf_prog|bpf_xdp|bpf_skb|bpf_clone|skb_do_redirect|cls_bpf)/, 'xdp/tc'],
  [/^(gro_|dev_gro|napi_|inet_gro|tcp4?_gro|tcp6_gro|udp4?_gro|udp6_gro|ipv6_gro|eth_gro|skb_gro|vlan_gro|vxlan_gro|gre_gro)/, 'gro'],
  [/^(qdisc|sch_|pfifo|bfifo|fq_|tbf_|netem_|htb_|hfsc_|sfq_|cake_|prio_|red_|mq_|noop_|noqueue|dev_qdisc|codel|dev_queue_xmit|validate_xmit|skb_mac_gso)/, 'qdisc'],
  [/^(vxlan|geneve|gre_|gretap|ipgre|erspan|ipip|ip_tunnel|iptunnel|ip6_tnl|ip6_tunnel|ip6ip6|ip4ip6|sit_|wg_|xfrm|esp|ah_|ipcomp|udp_tunnel|l2tp|mpls|fou|gue|gtp|tunnel)/, 'tunnel'],
  [/^(ip_|ip6_|ipv6_|ipv4_|inet_frag|inet6_|icmp_route|ipmr|ip6mr|fib|neigh_|arp_|rt_|dst_|lwtunnel|seg6|ioam6|rpl_)/, 'ip'],
  [/^(tcp|udp|udplite|icmp|icmpv6|ping_|raw|rawv6|sctp|dccp|ndisc|igmp|mld|mptcp|cookie_v|inet_csk|inet_reqsk|reqsk)/, 'transport'],
  [/^(sock_|sk_|skb_consume|skb_copy_datagram|skb_recv|skb_kill_datagram|packet_|tpacket|prb_|netlink|unix_|security_|selinux|apparmor|smack|datagram|dev_queue_xmit_nit|run_filter|fanout|vsock|kcm|tls_|strp|psock)/, 'socket'],
  [/^(veth|tun_|tap_|macvlan|macvtap|ipvlan|bond|team|vlan|dummy|loopback|virtnet|xmit|e1000|igb|ixgbe|i40e|ice_|mlx|bnx|ena_|vmxnet|netvsc|dev_|netif_|netdev|enqueue_to_backlog|eth_|rtl|r8169|stmmac|usbnet)/, 'driver'],
  [/^(skb|kfree|consume|alloc_skb|build_skb|pskb|napi_skb|csum|checksum|sock_w|page_pool|ssub|zerocopy|dev_kfree|copy_skb|clone)/, 'skb'],
]; // biome-ignore format: a table

/** The stage of a kernel function; `other` when its name says nothing. A program's name may say anything. */
export function stageOf(functionName: string, module = ''): Stage {
  if (isProgram({ module })) return 'xdp/tc';
  const known = EXACT.get(functionName);
  if (known !== undefined) return known;
  const name = functionName.replace(/^_+/, '');
  return PATTERNS.find(([pattern]) => pattern.test(name))?.[1] ?? 'other';
}
