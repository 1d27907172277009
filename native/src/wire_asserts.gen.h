// Generated from bpf/wire.h by scripts/gen-wire.mjs; do not edit.
// What TypeScript was told of the records is what this compiler makes of them.
#pragma once

#include <cstddef>

static_assert(SKBT_KIND_HOP == 1);
static_assert(SKBT_KIND_DROP == 2);
static_assert(SKBT_KIND_FREE == 3);
static_assert(SKBT_KIND_LINEAGE == 4);
static_assert(SKBT_KIND_SYMBOL == 5);
static_assert(SKBT_SECTION_DEV == 1);
static_assert(SKBT_SECTION_TASK == 2);
static_assert(SKBT_SECTION_META == 4);
static_assert(SKBT_SECTION_ETH == 8);
static_assert(SKBT_SECTION_IP == 16);
static_assert(SKBT_SECTION_L4 == 32);
static_assert(SKBT_SECTION_DROP == 64);
static_assert(SKBT_FLAG_FIRST == 1);
static_assert(SKBT_FLAG_PID_OWNER == 2);
static_assert(SKBT_FLAG_PID_CURRENT == 4);
static_assert(SKBT_FLAG_DROPPED == 8);
static_assert(SKBT_RELATION_CLONE == 1);
static_assert(SKBT_RELATION_COPY == 2);
static_assert(SKBT_L4_NONE == 0);
static_assert(SKBT_L4_TCP == 1);
static_assert(SKBT_L4_UDP == 2);
static_assert(SKBT_L4_ICMP == 3);
static_assert(SKBT_L4_ICMP6 == 4);
static_assert(SKBT_L4_SCTP == 5);
static_assert(SKBT_L4_ARP == 6);
static_assert(SKBT_IFNAME_LEN == 16);
static_assert(SKBT_COMM_LEN == 16);
static_assert(SKBT_SYMBOL_LEN == 64);
static_assert(SKBT_MODULE_LEN == 32);
static_assert(SKBT_HEAD_BYTES == 192);
static_assert(SKBT_RECORD_MAX == 256);

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

static_assert(sizeof(skbt_dev) == 16);
static_assert(offsetof(skbt_dev, name) == 0);

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

static_assert(sizeof(skbt_eth) == 16);
static_assert(offsetof(skbt_eth, dst) == 0);
static_assert(offsetof(skbt_eth, src) == 6);
static_assert(offsetof(skbt_eth, type) == 12);
static_assert(offsetof(skbt_eth, vlan_tci) == 14);

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
