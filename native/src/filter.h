// SPDX-License-Identifier: Apache-2.0
// pcap expression -> classic BPF (libpcap) -> eBPF for the slots of bpf/lib/filter.h.
#pragma once

#include "cut.h"
#include "prefilter.h"
#include "result.h"

#include <linux/bpf.h>
#include <string>
#include <vector>

namespace skbt {

struct FilterProgram {
  std::string expression;
  // For packets with a MAC header (DLT_EN10MB) and without (DLT_RAW). Empty: nothing matches there,
  // as with `ether host …` on a packet that has no MAC header.
  std::vector<bpf_insn> l2;
  std::vector<bpf_insn> l3;
  skbt_prefilter prefilter = {}; // what neither of them matches
};

// Errors: FILTER_SYNTAX with the position of the first word that cannot stand where it stands,
// FILTER_UNSUPPORTED for what the kernel side cannot do. Thread-safe; may take long when the
// expression names a host (name lookup).
Result<FilterProgram> compileFilter(const std::string &expression);

// Writes the programs over the slot functions found in `insns`: `inner` is for what a tunnel carries, which
// has no MAC header. Returns what of the slots they do not need, which is to be taken out; nothing when a program has
// no slots.
std::vector<Cut> placeFilter(std::vector<bpf_insn> &insns, const FilterProgram &filter, const FilterProgram &inner);

} // namespace skbt
