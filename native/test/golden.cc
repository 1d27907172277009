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
  constexpr auto SECTIONS =
      SKBT_SECTION_DEV | SKBT_SECTION_TASK | SKBT_SECTION_META | SKBT_SECTION_ETH | SKBT_SECTION_IP | SKBT_SECTION_L4;
  constexpr auto SECTION_BYTES =
      sizeof(skbt_dev) + sizeof(skbt_task) + sizeof(skbt_meta) + sizeof(skbt_eth) + sizeof(skbt_ip) + sizeof(skbt_l4);
  skbt_dev dev = {};
  std::strcpy(dev.name, "fifteen-letters");
  skbt_task task = {};
  std::strcpy(task.comm, "ksoftirqd/1");
  const skbt_meta meta = {1500, 1200, 0x20, 6, 0x86dd, 0x2007, 0x8100, 3, 0};
  const skbt_eth eth = {{2, 0, 0, 0, 0, 1}, {2, 0, 0, 0, 0, 0xff}, 0x86dd, 0x4005};
  const skbt_drop drop = {0xffff'ffff'8123'4567ULL, 0x30002, 0};

  append(hop(sizeof(skbt_hop) + SECTION_BYTES, SKBT_KIND_HOP, SKBT_FLAG_FIRST | SKBT_FLAG_PID_OWNER, SECTIONS, 1));
  append(dev);
  append(task);
  append(meta);
  append(eth);
  append(ip6());
  append(tcp());

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
  return std::fwrite(out.data(), 1, out.size(), stdout) == out.size() ? 0 : 1;
}
