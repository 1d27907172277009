// SPDX-License-Identifier: Apache-2.0
// Programs of tc, which tcx (since 6.6) runs without a function of the kernel that could be probed: a copy of one
// program of ours is attached to the exit of each.
#pragma once

#include "fd.h"
#include "typed_copy.h"

#include <cstdint>
#include <set>
#include <vector>

namespace skbt {

// Attaches copies of `pattern` to the programs of tc that are loaded now, and writes their names
// into the map `names` by id. Leaves out what cannot be attached to (programs without BTF, or that are replaced), and
// those in `known`, into which the others come. The links end with their descriptors.
std::vector<Fd> attachToTcPrograms(const Pattern &pattern, int names, std::set<uint32_t> &known);

} // namespace skbt
