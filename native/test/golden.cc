// SPDX-License-Identifier: Apache-2.0
// Writes one record of every kind and section to stdout, each field with a value that a test names
// (core/wire/test/golden.test.ts). Built and run by scripts/gen-wire.mjs.
#include <linux/types.h>

#include "wire.h"

#include "wire_asserts.gen.h"

#include <cstdio>
#include <cstring>
#include <vector>

namespace {

std::vector<unsigned char> out;

template <typename T> void append(const T &value) {
  const auto *bytes = reinterpret_cast<const unsigned char *>(&value);
  out.insert(out.end(), bytes, bytes + sizeof(value));
}

skbt_header header(__u16 size, __u8 kind, __u8 flags, __u16 sections, __u32 seq) {
  skbt_header h = {};
  h.size = size;
  h.kind = kind;
  h.flags = flags;
  h.cpu = 513;
  h.sections = sections;
  h.seq = seq;
  h.generation = 7;
  h.time_ns = 1'234'567'890'123'456ULL;
  return h;
}

skbt_hop hop(__u16 size, __u8 kind, __u8 flags, __u16 sections, __u32 seq) {
  skbt_hop h = {};
  h.header = header(size, kind, flags, sections, seq);
  h.packet = 0x1f'ffff'ffff'fffeULL; // the largest but one that a double holds
  h.skb = 0xffff'8880'1234'5678ULL;
  h.sp = 0xffff'c900'0001'fe38ULL;
  h.func = 4711;
  h.netns = 4026532281U;
  h.ifindex = 17;
  h.pid = 31337;
  return h;
}

skbt_ip ip6() {
  skbt_ip ip = {};
  for (unsigned char i = 0; i < 16; i++) {
    ip.saddr[i] = i;
    ip.daddr[i] = static_cast<unsigned char>(0xf0 + i);
  }
  ip.length = 1280;
  ip.id = 0xbeef;
  ip.frag = 0x2001;
  ip.version = 6;
  ip.protocol = 6;
  ip.ttl = 63;
  ip.tos = 0xb8;
  return ip;
}

skbt_l4 tcp() {
  skbt_l4 l4 = {};
  l4.sport = 40000;
  l4.dport = 443;
  l4.tcp_seq = 0xdeadbeef;
  l4.tcp_ack = 0xfeedface;
  l4.tcp_window = 64240;
  l4.tcp_flags = 0x18;
  l4.kind = SKBT_L4_TCP;
  l4.icmp_type = 8;
  l4.icmp_code = 3;
  l4.icmp_id = 4242;
  l4.icmp_seq = 9;
  l4.arp_op = 2;
  return l4;
}

} // namespace

int main() {
  constexpr auto SECTIONS = SKBT_SECTION_DEV | SKBT_SECTION_TASK | SKBT_SECTION_META | SKBT_SECTION_ETH |
                            SKBT_SECTION_IP | SKBT_SECTION_L4 | SKBT_SECTION_BUFFER | SKBT_SECTION_ROUTE |
                            SKBT_SECTION_CONNTRACK | SKBT_SECTION_INNER | SKBT_SECTION_OWNER | SKBT_SECTION_CONTROL |
                            SKBT_SECTION_STACK;
  constexpr auto SECTION_BYTES = sizeof(skbt_dev) + sizeof(skbt_task) + sizeof(skbt_meta) + sizeof(skbt_eth) +
                                 sizeof(skbt_ip) + sizeof(skbt_l4) + sizeof(skbt_buffer) + sizeof(skbt_route) +
                                 sizeof(skbt_conntrack) + sizeof(skbt_inner) + sizeof(skbt_owner) +
                                 sizeof(skbt_control_block) + sizeof(skbt_stack_id);
  skbt_dev dev = {};
  std::strcpy(dev.name, "fifteen-letters");
  dev.mtu = 9000;
  dev.iif = 5;
  skbt_task task = {};
  std::strcpy(task.comm, "ksoftirqd/1");
  const skbt_meta meta = {1500, 1200, 0x20, 6, 0x86dd, 0x2007, 0x8100, 3, 0};
  const skbt_eth eth = {{2, 0, 0, 0, 0, 1}, {2, 0, 0, 0, 0, 0xff}, 0x86dd, 0x4005, 0x600a, 0, 0};
  const skbt_buffer buffer = {
      0xcafe'0001, 2304, 0x1234'0010, 3, 1448, 4, 2, 17, 3, 1, SKBT_BUFFER_CLONED | SKBT_BUFFER_FCLONE, 0, 0};
  const skbt_route route = {0xffff'8880'0d57'0000ULL, 4, 0x0a010001, 1, 113, 0};
  const skbt_conntrack conntrack = {0xffff'8880'0c7a'0000ULL, 0x18e, 7, 1, {}, 0};
  skbt_inner inner = {};
  inner.ip = ip6();
  inner.l4 = tcp();
  inner.vni = 0xabcdef;
  inner.tunnel = SKBT_TUNNEL_GENEVE;
  skbt_owner owner = {4711, 1000, 0x1234'5678'9abcULL, {}};
  std::strcpy(owner.comm, "nginx");
  skbt_control_block control = {};
  for (unsigned char i = 0; i < SKBT_CB_LEN; i++)
    control.cb[i] = i;
  control.users = 2;
  control.dataref = 3;
  const skbt_stack_id stackId = {77, 0};
  const skbt_drop drop = {0xffff'ffff'8123'4567ULL, 0x30002, 0};

  append(hop(sizeof(skbt_hop) + SECTION_BYTES, SKBT_KIND_HOP, SKBT_FLAG_FIRST | SKBT_FLAG_PID_OWNER, SECTIONS, 1));
  append(dev);
  append(task);
  append(meta);
  append(eth);
  append(ip6());
  append(tcp());
  append(buffer);
  append(route);
  append(conntrack);
  append(inner);
  append(owner);
  append(control);
  append(stackId);

  append(hop(sizeof(skbt_hop) + sizeof(skbt_l4) + sizeof(drop), SKBT_KIND_DROP, SKBT_FLAG_PID_CURRENT,
             SKBT_SECTION_L4 | SKBT_SECTION_DROP, 2));
  append(tcp());
  append(drop);

  const skbt_free end = {header(sizeof(skbt_free), SKBT_KIND_FREE, SKBT_FLAG_DROPPED, 0, 3), 0x1f'ffff'ffff'fffeULL,
                         0xffff'8880'1234'5678ULL};
  append(end);
  const skbt_lineage lineage = {header(sizeof(skbt_lineage), SKBT_KIND_LINEAGE, 0, 0, 4),
                                12,
                                0xffff'8880'0000'0c00ULL,
                                11,
                                SKBT_RELATION_COPY,
                                0};
  append(lineage);
  skbt_symbol symbol = {
      header(sizeof(skbt_symbol), SKBT_KIND_SYMBOL, 0, 0, 5), 0xffff'ffff'8123'4567ULL, 0xa5, 0, {}, {}};
  std::strcpy(symbol.name, "nf_hook_slow");
  std::strcpy(symbol.module, "br_netfilter");
  append(symbol);

  skbt_decision decision = {};
  decision.header = header(sizeof(skbt_decision) + sizeof(skbt_rule), SKBT_KIND_DECISION, 0, SKBT_SECTION_RULE, 6);
  decision.packet = 12;
  decision.skb = 0xffff'8880'0000'0c00ULL;
  decision.by = 0xffff'8880'0cbd'0000ULL;
  decision.value = -1;
  decision.netns = 4026532281U;
  decision.decision = SKBT_DECISION_TABLE;
  decision.pf = 2;
  decision.hook = 3;
  decision.priority = -100;
  decision.used = 8;
  decision.limit = 9;
  skbt_rule rule = {};
  rule.handle = 0x3ff'ffff'fff7ULL; // 42 bits
  std::strcpy(rule.table, "filter");
  std::strcpy(rule.chain, "FORWARD");
  append(decision);
  append(rule);
  skbt_stack stack = {header(sizeof(skbt_stack), SKBT_KIND_STACK, 0, 0, 7), 77, 2, {}};
  stack.addresses[0] = 0xffff'ffff'8123'4567ULL;
  stack.addresses[1] = 0xffff'ffff'8123'0001ULL;
  append(stack);
  skbt_socket socket = {};
  socket.header = header(sizeof(skbt_socket), SKBT_KIND_SOCKET, 0, 0, 8);
  socket.sk = 0xffff'8880'050c'0000ULL;
  socket.cgroup = 42;
  socket.sent = 1ULL << 40;
  socket.received = 5;
  socket.duration_ns = 1'500'000;
  std::memcpy(socket.saddr, "\x0a\x01\x00\x02", 4);
  std::memcpy(socket.daddr, "\x0a\x01\x00\x03", 4);
  std::strcpy(socket.comm, "curl");
  socket.pid = 99;
  socket.uid = 1000;
  socket.netns = 4026532281U;
  socket.srtt_us = 250;
  socket.retransmits = 1;
  socket.sport = 40000;
  socket.dport = 443;
  socket.family = 4;
  socket.event = SKBT_SOCKET_CLOSE;
  socket.old_state = 8;
  socket.new_state = 7;
  append(socket);
  skbt_tail tail = {};
  tail.header = header(sizeof(skbt_tail), SKBT_KIND_TAIL, 0, 0, 9);
  tail.packet = 12;
  tail.skb = 0xffff'8880'0000'0c00ULL;
  tail.begun_ns = 900;
  tail.records = 0;
  tail.missed = 3;
  tail.path = 0x9abc'def0U;
  tail.chosen = SKBT_CHOSEN_SLOW;
  append(tail);
  return std::fwrite(out.data(), 1, out.size(), stdout) == out.size() ? 0 : 1;
}
