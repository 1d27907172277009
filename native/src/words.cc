// SPDX-License-Identifier: Apache-2.0
#include "words.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <optional>

namespace skbt {
namespace {

constexpr uint32_t WORD_BITS = 64;

struct Field {
  const char *name;
  skbt_word_kind kind;
};

constexpr Field FIELDS[] = {
    {"dev", SKBT_WORD_OF_DEVICE},
    {"skb_iif", SKBT_WORD_OF_DEVICE},
    {"len", SKBT_WORD_OF_BYTES},
    {"data_len", SKBT_WORD_OF_BYTES},
    {"data", SKBT_WORD_OF_BYTES},
    {"protocol", SKBT_WORD_OF_BYTES},
    {"network_header", SKBT_WORD_OF_BYTES},
    {"mac_header", SKBT_WORD_OF_BYTES},
    {"vlan_proto", SKBT_WORD_OF_BYTES},
    {"vlan_tci", SKBT_WORD_OF_BYTES},
    {"vlan_present", SKBT_WORD_OF_BYTES},
    {"_skb_refdst", SKBT_WORD_OF_ROUTE},
    {"queue_mapping", SKBT_WORD_OF_REST},
    {"cloned", SKBT_WORD_OF_REST},
    {"nohdr", SKBT_WORD_OF_REST},
    {"fclone", SKBT_WORD_OF_REST},
    {"pkt_type", SKBT_WORD_OF_REST},
    {"ip_summed", SKBT_WORD_OF_REST},
    {"csum_level", SKBT_WORD_OF_REST},
    {"csum", SKBT_WORD_OF_REST},
    {"priority", SKBT_WORD_OF_REST},
    {"hash", SKBT_WORD_OF_REST},
    {"mark", SKBT_WORD_OF_REST},
};
constexpr Field SHARED[] = {
    {"nr_frags", SKBT_WORD_OF_REST}, {"gso_size", SKBT_WORD_OF_REST},  {"gso_segs", SKBT_WORD_OF_REST},
    {"gso_type", SKBT_WORD_OF_REST}, {"frag_list", SKBT_WORD_OF_REST},
};

// Bits from the beginning of a struct to a member of it, or of what is in it without a name.
std::optional<uint32_t> bitsTo(const btf *types, const btf_type *in, const char *name) {
  const btf_member *members = btf_members(in);
  for (uint16_t i = 0; i < btf_vlen(in); i++) {
    const uint32_t at = btf_member_bit_offset(in, i);
    const char *called = btf__name_by_offset(types, members[i].name_off);
    if (std::strcmp(called, name) == 0)
      return at;
    const btf_type *type = btf__type_by_id(types, members[i].type);
    if (*called != '\0' || !btf_is_composite(type))
      continue;
    if (const auto inside = bitsTo(types, type, name))
      return at + *inside;
  }
  return std::nullopt;
}

const btf_type *structOf(const btf *types, const char *name) {
  const int id = btf__find_by_name_kind(types, name, BTF_KIND_STRUCT);
  return id < 0 ? nullptr : btf__type_by_id(types, static_cast<uint32_t>(id));
}

} // namespace

void findWords(const btf *types, skbt_config &config) {
  const btf_type *skb = structOf(types, "sk_buff");
  const btf_type *shared = structOf(types, "skb_shared_info");
  if (!skb || !shared)
    return;
  bool fits = true;
  const auto put = [&](uint32_t place, uint32_t bits, skbt_word_kind kind) {
    config.word[place] = {static_cast<__u16>(bits / WORD_BITS * sizeof(__u64)), static_cast<__u16>(kind)};
  };
  const auto named = [&](uint32_t place, const char *name, skbt_word_kind kind) {
    const auto bits = bitsTo(types, skb, name);
    fits = fits && bits;
    put(place, bits.value_or(0), kind);
    return static_cast<__u8>(bits.value_or(0) % WORD_BITS);
  };
  named(SKBT_WORD_HEAD, "head", SKBT_WORD_OF_BYTES);
  config.end_shift = named(SKBT_WORD_END, "end", SKBT_WORD_OF_BYTES);
  config.truesize_shift = named(SKBT_WORD_TRUESIZE, "truesize", SKBT_WORD_OF_REST);
  named(SKBT_WORD_SOCKET, "sk", SKBT_WORD_OF_DEVICE);
  named(SKBT_WORD_CONNTRACK, "_nfct", SKBT_WORD_OF_REST);
  // a word that several fields are in is read once, for all of them
  const auto fill = [&](const btf_type *type, const Field &field, uint32_t first, uint32_t next, uint32_t end) {
    const auto bits = bitsTo(types, type, field.name);
    if (!bits)
      return next;
    const auto offset = static_cast<__u16>(*bits / WORD_BITS * sizeof(__u64));
    skbt_word *const begin = config.word + first;
    skbt_word *const known = std::find_if(begin, config.word + next, [&](const skbt_word &word) {
      return word.kind != SKBT_WORD_NONE && word.offset == offset && &word != config.word + SKBT_WORD_TRUESIZE;
    });
    if (known != config.word + next) {
      known->kind = static_cast<__u16>(known->kind | field.kind);
      return next;
    }
    fits = fits && next < end;
    if (fits)
      put(next++, *bits, field.kind);
    return next;
  };
  uint32_t next = SKBT_WORD_OTHERS;
  for (const Field &field : FIELDS)
    next = fill(skb, field, SKBT_WORD_HEAD, next, SKBT_WORD_SHARED);
  next = SKBT_WORD_SHARED;
  for (const Field &field : SHARED)
    next = fill(shared, field, SKBT_WORD_SHARED, next, SKBT_WORDS);
  const uint32_t heads = bitsTo(types, skb, "protocol").value_or(0);
  config.has_heads =
      bitsTo(types, skb, "network_header") == heads + 32 && bitsTo(types, skb, "mac_header") == heads + 48;
  if (!fits)
    std::fill(std::begin(config.word), std::end(config.word), skbt_word{});
}

} // namespace skbt
