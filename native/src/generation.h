// SPDX-License-Identifier: Apache-2.0
// One load of the eBPF object with one set of settings. The first one makes the maps; later ones
// share them and are swapped in beside it.
#pragma once

#include "attach.h"
#include "filter.h"
#include "kernel.h"
#include "kernel_shared.h"
#include "load_plan.h"
#include "programs.h"
#include "room.h"
#include "typed_copy.h"

#include <bpf/libbpf.h>

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
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

// What is recorded of a packet is kept until it is dropped, or chosen by one of these.
struct Tail {
  uint64_t slowNs = 0; // lives for as long; 0: not by that
  uint32_t oneIn = 0;  // one in so many; 0: none
  bool isNew = false;  // ends on a path that none was on
};

struct LoadOptions {
  Settings settings;
  uint64_t baseNs = 0;
  uint32_t generation = 1;
  Backend backend = Backend::KprobeMulti;
  std::shared_ptr<const Kernel> kernel;
  bool stackOnDrop = false;
  bool stackOnHop = false;
  bool controlBlock = false;
  bool tcpEvents = false;
  uint32_t flowRate = 0;
  // only for the first generation
  std::optional<Tail> tail;
  uint32_t ringBytes = 16U << 20; // of each
  uint32_t rings = 0;             // 0: as many as suit the CPUs
  uint32_t trackedPackets = 1U << 16;
  uint32_t stackTable = 1U << 14;
};

// A program beside the probes' one: what it is attached to, and how.
struct PlannedProgram {
  const char *name;
  std::string target;
  const char *kind; // fentry, fexit, tracepoint, kprobe.session
};

// Those that a capture would load on this kernel now.
std::vector<PlannedProgram> plannedPrograms(const Kernel &kernel, Backend backend);

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
  // The same for programs that tcx may run and that were loaded since. Only of the first generation.
  void attachNewPrograms();
  // From here on packets that certainly do not match go through to the filter, too. Before takeOver() programs are to
  // be waited for that may still look at what does not.
  Status letThrough() const;
  // From here on the probes run this generation's hop program. Atomic.
  Status takeOver(const LoadOptions &options) const;
  // The hop program of that number, which is no more in force or never was, is not jumped to any more.
  void leave(uint32_t generation) const;
  struct Ages {
    uint64_t longLived = 0;
    uint64_t oldestNs = 0;
  };
  // Counts the packets that have been followed for `longNs` and more. Only of the first generation.
  Ages sweep(uint64_t longNs) const;

  // Functions that are told of by the program on their calls, which is `sessionFd()`. Only of the first generation.
  const std::vector<Session> &sessions() const { return callSessions; }
  int sessionFd() const;

  // What copies of that program are made of; nullptr when there is none of that name.
  std::shared_ptr<const Pattern> pattern(const char *program) const;
  int mapFd(const char *name) const;
  // How ring buffers and lanes share what they have.
  const Room &room() const { return shared; }
  // The ring buffers. Only of the first generation.
  std::vector<int> ringFds() const;
  const bpf_object *bpfObject() const { return object.get(); }
  // Probe hits that the kernel skipped because the program was already running on that CPU.
  uint64_t recursionMisses() const;
  // Adds the costs of every program that is loaded to those of the same name. The hop program's are with the entry
  // program, which jumps to it; copies that run behind programs of tc (tcx.h) are not told.
  void addCosts(std::vector<ProgramCost> &costs) const;
  // What attachTyped() attached; to be closed by closeInBackground().
  std::vector<Held> takeLinks();
  // Of these, what a later generation has of its own.
  std::vector<Held> takeExchanged();

private:
  struct ObjectClose {
    void operator()(bpf_object *o) const { bpf_object__close(o); }
  };
  std::unique_ptr<bpf_object, ObjectClose> object;
  std::vector<Fd> links;
  std::vector<Fd> rings;
  Room shared;
  std::vector<Session> callSessions;
  std::unordered_map<std::string, std::shared_ptr<const Pattern>> patterns; // by program
  std::set<uint32_t> tcPrograms;                                            // ids of programs that were looked at
  bool isFirst = true;

  // With a plan that is whole when there is no `record`; else what it lacks is recorded.
  static Result<Generation> loadPlanned(const LoadOptions &options, const Generation *base, const LoadPlan &plan,
                                        LoadPlan *record, const std::vector<Session> &sessions);
  Status attachOne(const char *program);
  bool switchBody(const char *map, uint32_t slot, const char *program) const;
  bool switchSessions(uint32_t slot) const;
  bool switchGateBodies() const;
  Status setPrefilter(const skbt_prefilter &prefilter) const;
  Status primeOwners();
};

} // namespace skbt
