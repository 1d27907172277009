// SPDX-License-Identifier: Apache-2.0
// What can be probed: kernel functions with an skb among their arguments, from BTF; and, by name, others.
#pragma once

#include "result.h"
#include "symbols.h"

#include <cstdint>
#include <string>
#include <vector>

namespace skbt {

// Which end of a program of tc or XDP a place is; see programs.h.
enum class ProgramEnd : uint8_t { None, Entry, Exit };

struct Function {
  uint32_t id; // index in the list + 1
  std::string name;
  std::string module;
  uint32_t argument; // position of the skb, 1 to 5; 0: it takes none
  uint64_t address;
  uint32_t flags;                    // SKBT_PROBE_*, see bpf/lib/shared.h
  uint32_t size = 0;                 // bytes to the next one
  bool isGone = false;               // its module is no longer loaded; keeps the id
  ProgramEnd end = ProgramEnd::None; // else it is no function of the kernel, and has no address
  bool hasNamesake = false;          // in the kernel or another module
};

// Sets that of all.
void markNamesakes(std::vector<Function> &functions);

// Every function of the kernel and its modules with a `struct sk_buff *` among its first five
// arguments, that ftrace lists as attachable and that kallsyms resolves to one address; by name.
// Errors: KERNEL_NO_BTF, TRACEFS_MISSING.
Result<std::vector<Function>> findFunctions(const Symbols &symbols);

// Functions that take no skb, by their names.
struct OthersFound {
  std::vector<Function> functions; // without ids
  struct Missing {
    std::string name;
    std::string reason;
    bool isUnknown = false; // there is no such function
  };
  std::vector<Missing> missing;
};
// Names of all functions that ftrace lists as attachable. Errors: TRACEFS_MISSING.
Result<std::vector<std::string>> probeableNames();
// Errors: TRACEFS_MISSING.
Result<OthersFound> findOthers(const std::vector<std::string> &names, const Symbols &symbols);

struct DropReason {
  uint32_t value;
  std::string name; // without SKB_DROP_REASON_
};

// Drop reasons of the running kernel and of its loaded modules' subsystems, by value; empty where it has none
// (before 5.17).
Result<std::vector<DropReason>> findDropReasons();

// Whether the tracepoint skb:kfree_skb tells the reason (its third argument, since 5.17).
bool kfreeSkbHasReason();
// Whether the kernel tells apart the skbs that go with one that was consumed (SKB_CONSUMED).
bool saysWhatIsConsumed(const std::vector<DropReason> &reasons);

} // namespace skbt
