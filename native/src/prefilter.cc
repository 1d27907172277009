// SPDX-License-Identifier: Apache-2.0
#include "prefilter.h"

#include <linux/bpf_common.h>
#include <linux/filter.h>

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <iterator>
#include <set>
#include <tuple>
#include <utility>

namespace skbt {
namespace {

constexpr uint32_t ETHER_IP = 0x0800, ETHER_IPV6 = 0x86dd;
constexpr std::array TAGS = {0x8100U, 0x88a8U, 0x9100U};
constexpr uint32_t ETHER_LENGTH = 14, ETHER_TYPE = 12;
constexpr uint32_t PROTOCOL_TCP = 6, PROTOCOL_UDP = 17;
constexpr uint32_t PROTOCOLS = 256;
// Longer programs are not looked into: each is walked through a thousand times.
constexpr size_t LENGTH_MAX = 600;

// What is known of a value: a number; that it is the length of the IPv4 header, a port that the program does not ask
// for, the EtherType of a tag, or the first byte behind it, which has the version; or nothing.
struct Value {
  enum Kind : uint8_t { Any, Known, HeaderLength, OtherPort, Tag, Version } kind = Any;
  uint32_t number = 0;
  bool operator<(const Value &other) const { return std::tie(kind, number) < std::tie(other.kind, other.number); }
};

// A packet as far as the prefilter knows it.
struct Assumed {
  uint32_t version = 4;
  uint32_t protocol = 0;
  bool hasOtherPorts = false;
  bool isTagged = false; // where there is a MAC header, its EtherType is a tag's: the skb's own says IP all the same
};

class Walk {
public:
  // Puts the ports that the program asks for into `ports`.
  Walk(const ClassicProgram &program, bool hasMac, const Assumed &packet, std::set<uint32_t> &ports)
      : program(program), network(hasMac ? ETHER_LENGTH : 0), hasMac(hasMac), packet(packet), ports(ports) {}

  bool canMatch() { return !program.empty() && visit(0, {}, {}); }

private:
  const ClassicProgram &program;
  const uint32_t network;
  const bool hasMac;
  const Assumed &packet;
  std::set<uint32_t> &ports;
  std::set<std::tuple<size_t, Value, Value>> seen;

  static Value known(uint32_t number) { return {Value::Known, number}; }

  Value loadAt(uint32_t at, uint32_t bytes) const {
    if (hasMac && at == ETHER_TYPE && bytes == 2)
      return packet.isTagged ? Value{Value::Tag, 0} : known(packet.version == 4 ? ETHER_IP : ETHER_IPV6);
    if (packet.isTagged)
      return {};
    if (at == network && bytes == 1)
      return {Value::Version, 0};
    if (bytes == 1 && at == network + (packet.version == 4 ? 9 : 6))
      return known(packet.protocol);
    const uint32_t behind = network + 40; // of IPv6: straight behind its header
    const bool isPort = packet.version == 6 && bytes == 2 && (at == behind || at == behind + 2);
    return isPort && packet.hasOtherPorts ? Value{Value::OtherPort, 0} : Value{};
  }

  // Of packet[X + k].
  Value loadBehind(const Value &x, uint32_t k, uint32_t bytes) const {
    const bool isPort = x.kind == Value::HeaderLength && bytes == 2 && (k == network || k == network + 2);
    return isPort && packet.hasOtherPorts && packet.version == 4 ? Value{Value::OtherPort, 0} : Value{};
  }

  // Whether a comparison can be true, and whether it can be false.
  std::pair<bool, bool> outcomes(const ClassicInsn &in, const Value &a, const Value &x) {
    const std::pair both(true, true);
    const Value with = BPF_SRC(in.code) == BPF_X ? x : known(in.k);
    if (with.kind != Value::Known)
      return both;
    const bool isEqual = BPF_OP(in.code) == BPF_JEQ;
    if (a.kind == Value::OtherPort && isEqual) {
      ports.insert(with.number);
      return {false, true};
    }
    if (a.kind == Value::Tag && isEqual && std::find(TAGS.begin(), TAGS.end(), with.number) == TAGS.end())
      return {false, true};
    if (a.kind != Value::Known)
      return both;
    bool isTrue = false;
    switch (BPF_OP(in.code)) {
    case BPF_JEQ:
      isTrue = a.number == with.number;
      break;
    case BPF_JGT:
      isTrue = a.number > with.number;
      break;
    case BPF_JGE:
      isTrue = a.number >= with.number;
      break;
    case BPF_JSET:
      isTrue = (a.number & with.number) != 0;
      break;
    default:
      return both;
    }
    return {isTrue, !isTrue};
  }

  Value arithmetic(const ClassicInsn &in, const Value &a) const {
    if (BPF_OP(in.code) != BPF_AND || BPF_SRC(in.code) != BPF_K)
      return {};
    if (a.kind == Value::Known)
      return known(a.number & in.k);
    // the other half of the byte is not known
    return a.kind == Value::Version && (in.k & 0xf) == 0 ? known(packet.version << 4 & in.k) : Value{};
  }

  // Whether a match can be reached from here. Programs only jump forwards.
  bool visit(size_t at, Value a, Value x) {
    for (; at < program.size(); at++) {
      if (!seen.emplace(at, a, x).second)
        return false; // was looked at, and had no match
      const ClassicInsn &in = program[at];
      const uint32_t bytes = BPF_SIZE(in.code) == BPF_W ? 4 : BPF_SIZE(in.code) == BPF_H ? 2 : 1;
      switch (BPF_CLASS(in.code)) {
      case BPF_LD:
        a = BPF_MODE(in.code) == BPF_ABS   ? loadAt(in.k, bytes)
            : BPF_MODE(in.code) == BPF_IND ? loadBehind(x, in.k, bytes)
            : BPF_MODE(in.code) == BPF_IMM ? known(in.k)
                                           : Value{};
        break;
      case BPF_LDX:
        x = BPF_MODE(in.code) == BPF_MSH && in.k == network ? Value{Value::HeaderLength, 0}
            : BPF_MODE(in.code) == BPF_IMM                  ? known(in.k)
                                                            : Value{};
        break;
      case BPF_ALU:
        a = arithmetic(in, a);
        break;
      case BPF_MISC:
        if (BPF_MISCOP(in.code) == BPF_TAX)
          x = a;
        else
          a = x;
        break;
      case BPF_RET:
        return BPF_RVAL(in.code) == BPF_A || in.k != 0;
      case BPF_JMP: {
        if (BPF_OP(in.code) == BPF_JA) {
          at += in.k;
          break;
        }
        const auto [canBeTrue, canBeFalse] = outcomes(in, a, x);
        if (canBeTrue && canBeFalse && visit(at + 1 + in.jt, a, x))
          return true;
        at += canBeFalse ? in.jf : in.jt;
        break;
      }
      default: // BPF_ST, BPF_STX: what is loaded from there may be anything
        break;
      }
    }
    return true; // it runs out of the program: not one of libpcap's
  }
};

bool canMatch(const ClassicProgram &l2, const ClassicProgram &l3, Assumed packet, std::set<uint32_t> &ports) {
  if (Walk(l3, false, packet, ports).canMatch() || Walk(l2, true, packet, ports).canMatch())
    return true;
  packet.isTagged = true;
  return Walk(l2, true, packet, ports).canMatch();
}

void setPorts(skbt_prefilter &filter, const ClassicProgram &l2, const ClassicProgram &l3) {
  std::set<uint32_t> ports;
  for (const uint32_t version : {4U, 6U})
    for (const uint32_t protocol : {PROTOCOL_TCP, PROTOCOL_UDP})
      if (canMatch(l2, l3, {version, protocol, true, false}, ports))
        return;
  if (ports.empty() || ports.size() > SKBT_PREFILTER_PORTS || *ports.rbegin() > UINT16_MAX)
    return;
  filter.ports = 1;
  auto port = ports.begin();
  for (__u16 &place : filter.port) {
    place = htons(static_cast<uint16_t>(*port));
    if (std::next(port) != ports.end())
      ++port;
  }
}

} // namespace

skbt_prefilter prefilterOf(const ClassicProgram &l2, const ClassicProgram &l3) {
  skbt_prefilter filter = {};
  if ((l2.empty() && l3.empty()) || std::max(l2.size(), l3.size()) > LENGTH_MAX)
    return filter;
  std::set<uint32_t> ports;
  bool rejectsSome = false;
  for (uint32_t protocol = 0; protocol < PROTOCOLS; protocol++) {
    const uint64_t bit = 1ULL << (protocol % 64);
    for (const uint32_t version : {4U, 6U}) {
      __u64 &word = (version == 4 ? filter.v4 : filter.v6)[protocol / 64];
      if (canMatch(l2, l3, {version, protocol, false, false}, ports))
        word |= bit;
      else
        rejectsSome = true;
    }
  }
  setPorts(filter, l2, l3);
  filter.use = rejectsSome || filter.ports;
  return filter;
}

} // namespace skbt
