// Generated from bpf/wire.h by scripts/gen-wire.mjs; do not edit.
// What TypeScript was told of the records is what this compiler makes of them.
#pragma once

#include <cstddef>

static_assert(SKBT_KIND_HOP == 1);
static_assert(SKBT_KIND_DROP == 2);
static_assert(SKBT_KIND_FREE == 3);
static_assert(SKBT_KIND_LINEAGE == 4);
static_assert(SKBT_KIND_SYMBOL == 5);
static_assert(SKBT_KIND_DECISION == 6);
static_assert(SKBT_KIND_STACK == 7);
static_assert(SKBT_KIND_SOCKET == 8);
static_assert(SKBT_KIND_TAIL == 9);
static_assert(SKBT_SECTION_DEV == 1);
static_assert(SKBT_SECTION_TASK == 2);
static_assert(SKBT_SECTION_META == 4);
static_assert(SKBT_SECTION_ETH == 8);
static_assert(SKBT_SECTION_IP == 16);
static_assert(SKBT_SECTION_L4 == 32);
static_assert(SKBT_SECTION_DROP == 64);
static_assert(SKBT_SECTION_BUFFER == 128);
static_assert(SKBT_SECTION_ROUTE == 256);
static_assert(SKBT_SECTION_CONNTRACK == 512);
static_assert(SKBT_SECTION_INNER == 1024);
static_assert(SKBT_SECTION_OWNER == 2048);
static_assert(SKBT_SECTION_CONTROL == 4096);
static_assert(SKBT_SECTION_STACK == 8192);
static_assert(SKBT_SECTION_RULE == 16384);
static_assert(SKBT_FLAG_FIRST == 1);
static_assert(SKBT_FLAG_PID_OWNER == 2);
static_assert(SKBT_FLAG_PID_CURRENT == 4);
static_assert(SKBT_FLAG_DROPPED == 8);
static_assert(SKBT_FLAG_KEPT == 16);
static_assert(SKBT_RELATION_CLONE == 1);
static_assert(SKBT_RELATION_COPY == 2);
static_assert(SKBT_RELATION_HEAD == 3);
static_assert(SKBT_RELATION_SEGMENT == 4);
static_assert(SKBT_RELATION_MERGE == 5);
static_assert(SKBT_RELATION_FRAGMENT == 6);
static_assert(SKBT_RELATION_REASSEMBLY == 7);
static_assert(SKBT_RELATION_MORPH == 8);
static_assert(SKBT_RELATION_XDP == 9);
static_assert(SKBT_RELATION_RETRANSMIT == 10);
static_assert(SKBT_L4_NONE == 0);
static_assert(SKBT_L4_TCP == 1);
static_assert(SKBT_L4_UDP == 2);
static_assert(SKBT_L4_ICMP == 3);
static_assert(SKBT_L4_ICMP6 == 4);
static_assert(SKBT_L4_SCTP == 5);
static_assert(SKBT_L4_ARP == 6);
static_assert(SKBT_DECISION_HOOK == 1);
static_assert(SKBT_DECISION_TABLE == 2);
static_assert(SKBT_DECISION_CONNTRACK == 3);
static_assert(SKBT_DECISION_NAT == 4);
static_assert(SKBT_DECISION_ROUTE == 5);
static_assert(SKBT_DECISION_SOURCE == 6);
static_assert(SKBT_DECISION_NEIGHBOUR == 7);
static_assert(SKBT_DECISION_LISTENER == 8);
static_assert(SKBT_DECISION_BACKLOG == 9);
static_assert(SKBT_DECISION_FILTER == 10);
static_assert(SKBT_DECISION_TC == 11);
static_assert(SKBT_DECISION_XDP == 12);
static_assert(SKBT_DECISION_POLICY == 13);
static_assert(SKBT_DECISION_ACCEPT == 14);
static_assert(SKBT_DECISION_RECEIVE == 15);
static_assert(SKBT_DECISION_TRANSMIT == 16);
static_assert(SKBT_TUNNEL_NONE == 0);
static_assert(SKBT_TUNNEL_VXLAN == 1);
static_assert(SKBT_TUNNEL_GENEVE == 2);
static_assert(SKBT_TUNNEL_GRE == 3);
static_assert(SKBT_TUNNEL_IPIP == 4);
static_assert(SKBT_BUFFER_CLONED == 1);
static_assert(SKBT_BUFFER_NOHDR == 2);
static_assert(SKBT_BUFFER_FCLONE == 4);
static_assert(SKBT_BUFFER_FRAG_LIST == 8);
static_assert(SKBT_SOCKET_CONNECT == 1);
static_assert(SKBT_SOCKET_ACCEPT == 2);
static_assert(SKBT_SOCKET_CLOSE == 3);
static_assert(SKBT_SOCKET_FAIL == 4);
static_assert(SKBT_CHOSEN_DROPPED == 1);
static_assert(SKBT_CHOSEN_SLOW == 2);
static_assert(SKBT_CHOSEN_NEW == 3);
static_assert(SKBT_CHOSEN_SAMPLED == 4);
static_assert(SKBT_IFNAME_LEN == 16);
static_assert(SKBT_COMM_LEN == 16);
static_assert(SKBT_SYMBOL_LEN == 64);
static_assert(SKBT_MODULE_LEN == 32);
static_assert(SKBT_HEAD_BYTES == 192);
static_assert(SKBT_NAME_LEN == 32);
static_assert(SKBT_CB_LEN == 48);
static_assert(SKBT_STACK_MAX == 48);
static_assert(SKBT_RECORD_MAX == 640);

static_assert(sizeof(skbt_header) == 24);
static_assert(offsetof(skbt_header, size) == 0);
static_assert(offsetof(skbt_header, kind) == 2);
static_assert(offsetof(skbt_header, flags) == 3);
static_assert(offsetof(skbt_header, cpu) == 4);
static_assert(offsetof(skbt_header, sections) == 6);
static_assert(offsetof(skbt_header, seq) == 8);
static_assert(offsetof(skbt_header, generation) == 12);
static_assert(offsetof(skbt_header, time_ns) == 16);

static_assert(sizeof(skbt_hop) == 64);
static_assert(offsetof(skbt_hop, header) == 0);
static_assert(offsetof(skbt_hop, packet) == 24);
static_assert(offsetof(skbt_hop, skb) == 32);
static_assert(offsetof(skbt_hop, sp) == 40);
static_assert(offsetof(skbt_hop, func) == 48);
static_assert(offsetof(skbt_hop, netns) == 52);
static_assert(offsetof(skbt_hop, ifindex) == 56);
static_assert(offsetof(skbt_hop, pid) == 60);

static_assert(sizeof(skbt_dev) == 24);
static_assert(offsetof(skbt_dev, name) == 0);
static_assert(offsetof(skbt_dev, mtu) == 16);
static_assert(offsetof(skbt_dev, iif) == 20);

static_assert(sizeof(skbt_task) == 16);
static_assert(offsetof(skbt_task, comm) == 0);

static_assert(sizeof(skbt_meta) == 24);
static_assert(offsetof(skbt_meta, len) == 0);
static_assert(offsetof(skbt_meta, data_len) == 4);
static_assert(offsetof(skbt_meta, mark) == 8);
static_assert(offsetof(skbt_meta, priority) == 12);
static_assert(offsetof(skbt_meta, protocol) == 16);
static_assert(offsetof(skbt_meta, vlan_tci) == 18);
static_assert(offsetof(skbt_meta, vlan_proto) == 20);
static_assert(offsetof(skbt_meta, pkt_type) == 22);
static_assert(offsetof(skbt_meta, reserved) == 23);

static_assert(sizeof(skbt_eth) == 24);
static_assert(offsetof(skbt_eth, dst) == 0);
static_assert(offsetof(skbt_eth, src) == 6);
static_assert(offsetof(skbt_eth, type) == 12);
static_assert(offsetof(skbt_eth, vlan_tci) == 14);
static_assert(offsetof(skbt_eth, inner_vlan_tci) == 16);
static_assert(offsetof(skbt_eth, reserved) == 18);
static_assert(offsetof(skbt_eth, reserved2) == 20);

static_assert(sizeof(skbt_ip) == 48);
static_assert(offsetof(skbt_ip, saddr) == 0);
static_assert(offsetof(skbt_ip, daddr) == 16);
static_assert(offsetof(skbt_ip, length) == 32);
static_assert(offsetof(skbt_ip, id) == 34);
static_assert(offsetof(skbt_ip, frag) == 36);
static_assert(offsetof(skbt_ip, version) == 38);
static_assert(offsetof(skbt_ip, protocol) == 39);
static_assert(offsetof(skbt_ip, ttl) == 40);
static_assert(offsetof(skbt_ip, tos) == 41);
static_assert(offsetof(skbt_ip, reserved) == 42);
static_assert(offsetof(skbt_ip, reserved2) == 44);

static_assert(sizeof(skbt_l4) == 24);
static_assert(offsetof(skbt_l4, sport) == 0);
static_assert(offsetof(skbt_l4, dport) == 2);
static_assert(offsetof(skbt_l4, tcp_seq) == 4);
static_assert(offsetof(skbt_l4, tcp_ack) == 8);
static_assert(offsetof(skbt_l4, tcp_window) == 12);
static_assert(offsetof(skbt_l4, tcp_flags) == 14);
static_assert(offsetof(skbt_l4, kind) == 15);
static_assert(offsetof(skbt_l4, icmp_type) == 16);
static_assert(offsetof(skbt_l4, icmp_code) == 17);
static_assert(offsetof(skbt_l4, icmp_id) == 18);
static_assert(offsetof(skbt_l4, icmp_seq) == 20);
static_assert(offsetof(skbt_l4, arp_op) == 22);

static_assert(sizeof(skbt_drop) == 16);
static_assert(offsetof(skbt_drop, location) == 0);
static_assert(offsetof(skbt_drop, reason) == 8);
static_assert(offsetof(skbt_drop, reserved) == 12);

static_assert(sizeof(skbt_buffer) == 32);
static_assert(offsetof(skbt_buffer, hash) == 0);
static_assert(offsetof(skbt_buffer, truesize) == 4);
static_assert(offsetof(skbt_buffer, csum) == 8);
static_assert(offsetof(skbt_buffer, gso_type) == 12);
static_assert(offsetof(skbt_buffer, gso_size) == 16);
static_assert(offsetof(skbt_buffer, gso_segs) == 18);
static_assert(offsetof(skbt_buffer, queue_mapping) == 20);
static_assert(offsetof(skbt_buffer, nr_frags) == 22);
static_assert(offsetof(skbt_buffer, ip_summed) == 23);
static_assert(offsetof(skbt_buffer, csum_level) == 24);
static_assert(offsetof(skbt_buffer, bits) == 25);
static_assert(offsetof(skbt_buffer, reserved) == 26);
static_assert(offsetof(skbt_buffer, reserved2) == 28);

static_assert(sizeof(skbt_route) == 24);
static_assert(offsetof(skbt_route, dst) == 0);
static_assert(offsetof(skbt_route, ifindex) == 8);
static_assert(offsetof(skbt_route, gateway) == 12);
static_assert(offsetof(skbt_route, type) == 16);
static_assert(offsetof(skbt_route, error) == 18);
static_assert(offsetof(skbt_route, reserved) == 20);

static_assert(sizeof(skbt_conntrack) == 24);
static_assert(offsetof(skbt_conntrack, ct) == 0);
static_assert(offsetof(skbt_conntrack, status) == 8);
static_assert(offsetof(skbt_conntrack, mark) == 12);
static_assert(offsetof(skbt_conntrack, info) == 16);
static_assert(offsetof(skbt_conntrack, reserved) == 17);
static_assert(offsetof(skbt_conntrack, reserved2) == 20);

static_assert(sizeof(skbt_inner) == 80);
static_assert(offsetof(skbt_inner, ip) == 0);
static_assert(offsetof(skbt_inner, l4) == 48);
static_assert(offsetof(skbt_inner, vni) == 72);
static_assert(offsetof(skbt_inner, tunnel) == 76);
static_assert(offsetof(skbt_inner, reserved) == 77);

static_assert(sizeof(skbt_owner) == 32);
static_assert(offsetof(skbt_owner, pid) == 0);
static_assert(offsetof(skbt_owner, uid) == 4);
static_assert(offsetof(skbt_owner, cgroup) == 8);
static_assert(offsetof(skbt_owner, comm) == 16);

static_assert(sizeof(skbt_control_block) == 56);
static_assert(offsetof(skbt_control_block, cb) == 0);
static_assert(offsetof(skbt_control_block, users) == 48);
static_assert(offsetof(skbt_control_block, dataref) == 52);

static_assert(sizeof(skbt_stack_id) == 8);
static_assert(offsetof(skbt_stack_id, id) == 0);
static_assert(offsetof(skbt_stack_id, reserved) == 4);

static_assert(sizeof(skbt_rule) == 72);
static_assert(offsetof(skbt_rule, handle) == 0);
static_assert(offsetof(skbt_rule, table) == 8);
static_assert(offsetof(skbt_rule, chain) == 40);

static_assert(sizeof(skbt_decision) == 80);
static_assert(offsetof(skbt_decision, header) == 0);
static_assert(offsetof(skbt_decision, packet) == 24);
static_assert(offsetof(skbt_decision, skb) == 32);
static_assert(offsetof(skbt_decision, by) == 40);
static_assert(offsetof(skbt_decision, value) == 48);
static_assert(offsetof(skbt_decision, netns) == 52);
static_assert(offsetof(skbt_decision, decision) == 56);
static_assert(offsetof(skbt_decision, pf) == 58);
static_assert(offsetof(skbt_decision, hook) == 59);
static_assert(offsetof(skbt_decision, priority) == 60);
static_assert(offsetof(skbt_decision, used) == 64);
static_assert(offsetof(skbt_decision, limit) == 68);
static_assert(offsetof(skbt_decision, duration_ns) == 72);

static_assert(sizeof(skbt_stack) == 416);
static_assert(offsetof(skbt_stack, header) == 0);
static_assert(offsetof(skbt_stack, id) == 24);
static_assert(offsetof(skbt_stack, depth) == 28);
static_assert(offsetof(skbt_stack, addresses) == 32);

static_assert(sizeof(skbt_socket) == 144);
static_assert(offsetof(skbt_socket, header) == 0);
static_assert(offsetof(skbt_socket, sk) == 24);
static_assert(offsetof(skbt_socket, cgroup) == 32);
static_assert(offsetof(skbt_socket, sent) == 40);
static_assert(offsetof(skbt_socket, received) == 48);
static_assert(offsetof(skbt_socket, duration_ns) == 56);
static_assert(offsetof(skbt_socket, saddr) == 64);
static_assert(offsetof(skbt_socket, daddr) == 80);
static_assert(offsetof(skbt_socket, comm) == 96);
static_assert(offsetof(skbt_socket, pid) == 112);
static_assert(offsetof(skbt_socket, uid) == 116);
static_assert(offsetof(skbt_socket, netns) == 120);
static_assert(offsetof(skbt_socket, srtt_us) == 124);
static_assert(offsetof(skbt_socket, retransmits) == 128);
static_assert(offsetof(skbt_socket, sport) == 132);
static_assert(offsetof(skbt_socket, dport) == 134);
static_assert(offsetof(skbt_socket, family) == 136);
static_assert(offsetof(skbt_socket, event) == 137);
static_assert(offsetof(skbt_socket, old_state) == 138);
static_assert(offsetof(skbt_socket, new_state) == 139);
static_assert(offsetof(skbt_socket, reserved) == 140);

static_assert(sizeof(skbt_free) == 40);
static_assert(offsetof(skbt_free, header) == 0);
static_assert(offsetof(skbt_free, packet) == 24);
static_assert(offsetof(skbt_free, skb) == 32);

static_assert(sizeof(skbt_lineage) == 56);
static_assert(offsetof(skbt_lineage, header) == 0);
static_assert(offsetof(skbt_lineage, packet) == 24);
static_assert(offsetof(skbt_lineage, skb) == 32);
static_assert(offsetof(skbt_lineage, parent) == 40);
static_assert(offsetof(skbt_lineage, relation) == 48);
static_assert(offsetof(skbt_lineage, reserved) == 52);

static_assert(sizeof(skbt_symbol) == 136);
static_assert(offsetof(skbt_symbol, header) == 0);
static_assert(offsetof(skbt_symbol, address) == 24);
static_assert(offsetof(skbt_symbol, offset) == 32);
static_assert(offsetof(skbt_symbol, reserved) == 36);
static_assert(offsetof(skbt_symbol, name) == 40);
static_assert(offsetof(skbt_symbol, module) == 104);

static_assert(sizeof(skbt_tail) == 64);
static_assert(offsetof(skbt_tail, header) == 0);
static_assert(offsetof(skbt_tail, packet) == 24);
static_assert(offsetof(skbt_tail, skb) == 32);
static_assert(offsetof(skbt_tail, begun_ns) == 40);
static_assert(offsetof(skbt_tail, records) == 48);
static_assert(offsetof(skbt_tail, missed) == 52);
static_assert(offsetof(skbt_tail, path) == 56);
static_assert(offsetof(skbt_tail, chosen) == 60);
