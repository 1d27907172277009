// SPDX-License-Identifier: Apache-2.0
// Instructions that do nothing are taken out of a program before it is loaded: what refers to others by their distance,
// and what tells of functions and lines, fits again. The kernel would take them out itself, but each of its own changes
// to the program moves all that stands behind.
#pragma once

#include <cstddef>
#include <cstdint>
#include <linux/bpf.h>
#include <span>
#include <vector>

namespace skbt {

// `count` instructions from `begin` on.
struct Cut {
  size_t begin;
  size_t count;
};

// Takes them out; `cuts` are in order. Who goes to one of them goes to what stands behind.
void cutOut(std::vector<bpf_insn> &insns, std::span<const Cut> cuts);

// The same in func_info or line_info of such a program (records of `recordSize` bytes that begin with the number of an
// instruction, in order): without those of what is taken out.
std::vector<uint8_t> infoWithout(std::span<const uint8_t> info, size_t recordSize, std::span<const Cut> cuts);

} // namespace skbt
