// SPDX-License-Identifier: Apache-2.0
// One load of the eBPF object with one set of settings. The first one makes the maps; later ones
// share them and are swapped in beside it.
#pragma once

#include "attach.h"
#include "filter.h"
#include "kernel_shared.h"
#include "symbols.h"

#include <bpf/libbpf.h>

#include <memory>
#include <string>
#include <vector>

namespace skbt {

struct Settings {
  FilterProgram filter;
  FilterProgram inner;   // for what a tunnel carries
  std::string interface; // empty: any
  uint32_t netns = 0;
  uint32_t mark = 0;
  uint32_t markMask = 0;
  uint32_t pid = 0;
  bool keep = true;
};

struct LoadOptions {
  Settings settings;
  uint64_t baseNs = 0;
  uint32_t generation = 1;
  Backend backend = Backend::KprobeMulti;
  bool hasDropReason = true;
  AddressRange noDrop;       // where the kernel calls drops what are none; see skbt_config.no_drop_begin
  uint64_t backlogLimit = 0; // see skbt_config.backlog_limit
  bool stackOnDrop = false;
  bool stackOnHop = false;
  bool controlBlock = false;
  bool tcpEvents = false;
  uint32_t flowRate = 0;
  // only for the first generation
  uint32_t ringBytes = 16U << 20;
  uint32_t trackedPackets = 1U << 16;
  uint32_t stackTable = 1U << 14;
};

// A program beside the probes' one: what it is attached to, and how.
struct PlannedProgram {
  const char *name;
  const char *target;
  const char *kind; // fentry, fexit, tracepoint
};

// Those that a capture would load on this kernel now.
std::vector<PlannedProgram> plannedPrograms();

// What a program has cost while costs were measured.
struct ProgramCost {
  std::string name;
  uint64_t runs = 0;
  uint64_t timeNs = 0;
};

class Generation {
public:
  // `base` is the generation whose maps are shared, nullptr for the first.
  // Errors: LOAD_FAILED with what the verifier said last, NO_TARGET.
  static Result<Generation> load(const LoadOptions &options, const Generation *base);

  // Attaches what is not a probe. The first generation: drops, ends, lineage, decisions, owners, connections;
  // a later one only what is exchanged with the settings.
  Status attachTyped();
  // From here on the probes run this generation's hop program. Atomic.
  Status takeOver(const LoadOptions &options) const;
  struct Ages {
    uint64_t longLived = 0;
    uint64_t oldestNs = 0;
  };
  // Counts the packets that have been followed for `longNs` and more. Only of the first generation.
  Ages sweep(uint64_t longNs) const;

  int mapFd(const char *name) const;
  int entryFd() const;
  // Probe hits that the kernel skipped because the program was already running on that CPU.
  uint64_t recursionMisses() const;
  // Adds the costs of every program that is loaded to those of the same name. The hop program's are with the entry
  // program, which jumps to it; copies that run behind programs of tc (tcx.h) are not told.
  void addCosts(std::vector<ProgramCost> &costs) const;
  // What attachTyped() attached; to be closed by closeInBackground().
  std::vector<Fd> takeLinks() { return std::move(links); }
  // Of these, what a later generation has of its own.
  std::vector<Fd> takeExchanged();

private:
  struct ObjectClose {
    void operator()(bpf_object *o) const { bpf_object__close(o); }
  };
  std::unique_ptr<bpf_object, ObjectClose> object;
  std::vector<Fd> links;
  bool isFirst = true;

  Status attachOne(const char *program);
  Status primeOwners();
};

} // namespace skbt
