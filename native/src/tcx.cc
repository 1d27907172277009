// SPDX-License-Identifier: Apache-2.0
#include "tcx.h"

#include "kernel_shared.h"
#include "programs.h"

#include <bpf/bpf.h>

#include <algorithm>
#include <cstring>

namespace skbt {

std::vector<Fd> attachToTcPrograms(const Pattern &pattern, int names, std::set<uint32_t> &known) {
  std::vector<Fd> links;
  for (const LoadedProgram &one : loadedPrograms()) {
    if (one.type != BPF_PROG_TYPE_SCHED_CLS || !known.insert(one.id).second)
      continue;
    skbt_program_name name = {};
    std::memcpy(name.name, one.name.data(), std::min(sizeof(name.name) - 1, one.name.size()));
    const uint64_t key = one.id;
    if (bpf_map_update_elem(names, &key, &name, BPF_ANY) != 0)
      break; // full
    Fd copy;
    Fd link;
    if (attachToProgram(pattern, one, BPF_TRACE_FEXIT, key, copy, link) == 0)
      links.push_back(std::move(link));
  }
  return links;
}

} // namespace skbt
