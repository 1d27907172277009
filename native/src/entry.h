// SPDX-License-Identifier: Apache-2.0
// Copies of the program on the probes: what differs between probes is a constant in each copy, and not asked at each
// hit.
#pragma once

#include "fd.h"
#include "result.h"

#include <linux/bpf.h>

#include <cstdint>
#include <string>
#include <vector>

struct bpf_object;

namespace skbt {

// Makes a copy's instructions: the skb is that argument (1 to 5), `flags` are SKBT_PROBE_*; with SKBT_PROBE_BY_COOKIE
// the argument is not looked at.
// `entry` is skbt_entry as it was loaded, its maps file descriptors. False when it is not what is known here.
bool makeEntry(std::vector<bpf_insn> &entry, uint32_t argument, uint32_t flags);

// What skbt_typed_entry reads, as it is loaded: the map that the bytes are in, a file descriptor, and where.
struct TypedSwitches {
  int bytes = -1;
  int32_t gatesAt = 0;
  int32_t mutedAt = 0;
};
struct TypedEntry {
  uint32_t argument; // 1 to 5
  uint32_t flags;    // SKBT_PROBE_*
  uint64_t function; // address
  uint32_t gate;
  uint32_t id;
};
// The same with a copy of skbt_typed_entry or skbt_typed_indirect, for one function.
bool makeTypedEntry(std::vector<bpf_insn> &entry, const TypedSwitches &switches, const TypedEntry &one);

} // namespace skbt
