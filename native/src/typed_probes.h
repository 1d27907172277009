// SPDX-License-Identifier: Apache-2.0
// Probes as typed programs, one program for each function: all of them with Backend::Fentry, and with the others those
// on functions that have a typed program of ours; see bpf/lib/typed.h.
#pragma once

#include "attach.h"
#include "entry.h"
#include "functions.h"
#include "typed_copy.h"

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace skbt {

// What is copied to each function: where the skb is an argument, and where one points to it.
constexpr const char *TYPED_ENTRY = "skbt_typed_entry";
constexpr const char *TYPED_INDIRECT = "skbt_typed_indirect";

class TypedProbes {
public:
  // The patterns are of the programs above, `switches` say where in them what is written over; of the first generation,
  // and as long as that is there.
  TypedProbes(std::shared_ptr<const Pattern> entry, std::shared_ptr<const Pattern> indirect,
              const TypedSwitches &switches)
      : entry(std::move(entry)), indirect(std::move(indirect)), switches(switches) {}

  // Looks for functions among the kernel's types; what attach() would do for each. Once for many is the quickest.
  void find(const std::vector<const Function *> &functions);
  // Of one that was looked for: nothing is known that would have this kernel refuse it.
  bool takes(const Function &function) const;

  // Each with a program of its own, whose gate is that one. Functions that refuse are left out and reported. As soon as
  // `isHurried` says so nothing more is attached.
  Attachment attach(
      uint32_t gate, const std::vector<const Function *> &functions, std::vector<Fd> &programs,
      const std::function<bool()> &isHurried = [] { return false; });

private:
  struct Place {
    uint32_t btfId = 0;
    uint32_t module = 0;
    uint32_t arguments = 0;
  };

  std::shared_ptr<const Pattern> entry, indirect;
  TypedSwitches switches;
  std::unordered_map<std::string, Place> places; // "name\tmodule"
  std::unordered_map<uint32_t, Fd> types;        // by that id

  std::string refusal(const Function &function) const;
  std::string attachOne(uint32_t gate, const Function &function, Attachment &result, std::vector<Fd> &programs) const;
};

} // namespace skbt
