// SPDX-License-Identifier: Apache-2.0
// Probes as typed programs, one program for each function: all of them with Backend::Fentry, and with the others those
// on functions that have a typed program of ours; see bpf/lib/typed.h.
#pragma once

#include "attach.h"
#include "entry.h"
#include "functions.h"
#include "typed_copy.h"

#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace skbt {

class TypedProbes {
public:
  // `entry` is skbt_typed_entry as it was loaded, `switches` say where in it what is written over. Of the first
  // generation, and as long as that is there.
  TypedProbes(Pattern entry, const TypedSwitches &switches) : entry(std::move(entry)), switches(switches) {}

  // Each with a program of its own, whose gate is that one. Functions that refuse are left out and reported.
  Attachment attach(uint32_t gate, const std::vector<const Function *> &functions, std::vector<Fd> &programs);

private:
  struct Place {
    uint32_t btfId = 0;
    uint32_t module = 0;
  };

  Pattern entry;
  TypedSwitches switches;
  std::unordered_map<std::string, Place> places; // "name\tmodule"
  std::unordered_map<uint32_t, Fd> types;        // by that id

  void find(const std::vector<const Function *> &functions);
  std::string attachOne(uint32_t gate, const Function &function, Attachment &result, std::vector<Fd> &programs) const;
};

} // namespace skbt
