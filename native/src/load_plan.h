// SPDX-License-Identifier: Apache-2.0
// What loading the eBPF object has found out: where each program goes, and its instructions as they fit this kernel.
// libbpf needs the types of the kernel and of every module for that, which takes most of a start; what it found is
// kept for the next time.
#pragma once

#include "pack.h"

#include <linux/bpf.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace skbt {

// Behind a key: of a load with sessions (bpf/lib/session.h).
constexpr const char *PLAN_SESSIONS = " sessions";
// Of one with typed probes (bpf/lib/typed.h).
constexpr const char *PLAN_FENTRY = " fentry";

struct LoadPlan {
  struct Place {
    std::string program;
    uint32_t btfId = 0;
    uint32_t module = 0; // id of the module's BTF, 0 for the kernel's own
    std::string moduleName;
  };
  std::string key;           // kernelKey() when it was made, and one of these
  std::vector<Place> places; // of the programs that this kernel takes; the others are not loaded
  // By program; maps are those of the process that loaded it. Empty while the first load is under way.
  std::map<std::string, std::vector<bpf_insn>, std::less<>> instructions;

  const Place *placeOf(std::string_view program) const;
  void pack(Packer &into) const;
  // nullptr when it is none of this kernel.
  static std::shared_ptr<const LoadPlan> unpack(const std::string &kernelKey, Unpacker &from);
};

// The plan that a load has made under this key, or that was taken over; nullptr when there is none.
std::shared_ptr<const LoadPlan> keptPlan(const std::string &key);
// nullptr forgets.
void keepPlan(std::shared_ptr<const LoadPlan> plan);

} // namespace skbt
