// SPDX-License-Identifier: Apache-2.0
// The probes of a capture, switched while it runs.
#pragma once

#include "attach.h"
#include "functions.h"
#include "kernel_shared.h"
#include "programs.h"
#include "typed_probes.h"

#include <bpf/libbpf.h>

#include <bitset>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <tuple>
#include <unordered_set>
#include <vector>

namespace skbt {

// What the copies of it are told as, too.
constexpr const char *ENTRY_PROGRAM = "skbt_entry";

// What copies are made of.
struct ProbePatterns {
  std::shared_ptr<const Pattern> program;         // for programs of tc and XDP
  std::shared_ptr<const Pattern> typed, indirect; // see typed_probes.h
};

// Functions that come and go together.
using ProbePart = std::vector<const Function *>;

// Probes that share a copy of the entry program.
struct Kind {
  uint32_t argument = 0; // which the skb is; 0: each probe's cookie says so, and the flags
  uint32_t flags = 0;    // SKBT_PROBE_*
  bool isOther = false;  // they take no skb
  bool isTyped = false;  // each has its own
  bool isHot = false;    // each is to have its own; see Probes::settle()
  bool operator<(const Kind &other) const {
    return std::tie(argument, flags, isOther, isTyped, isHot) <
           std::tie(other.argument, other.flags, other.isOther, other.isTyped, other.isHot);
  }
};

/*
 * Functions are attached in batches: what a part has that is not attached yet. Each batch has a gate, a byte that its
 * copy of the entry program reads first, so that it is switched off at once and everywhere by writing that byte; its
 * links are closed later, by a process that nobody waits for, and only then the gate is free again.
 *
 * Of a batch that goes in part, the functions that go are muted (their byte in `muted` is set, and the gate says that
 * it is to be looked at). They stay attached until the rest of the batch goes too: to attach the others anew would lose
 * events, or tell them twice.
 *
 * Entries and exits of programs (programs.h) are switched in the same way; a batch of them has a copy of another
 * program at each, which is another one for other settings.
 *
 * A function that has a typed program of ours (bpf/lib/end.h, lineage.h, decide.h) has a typed probe, whatever the
 * backend: where a kprobe comes to such a one the kernel asks each of ftrace's users, which is fifty and more, at each
 * hit whether it is meant.
 *
 * Functions that packets pass most (hot_functions.h) have a batch of kprobes of their own, which settle() exchanges for
 * typed probes under load: these cost half as much at each hit, but each takes long to attach and to detach.
 *
 * As long as functions that take no skb are probed, the gates of all others have what is entered noted as a caller:
 * bpf/lib/callers.h.
 */
class Probes {
public:
  // Of the object that has the entry program and the bytes. Errors: LOAD_FAILED.
  // The functions of the sessions are attached here, with the program for these, and stay so; as probes they are
  // switched like a batch that goes in part. `ends` have a probe whatever is wanted (SKBT_PROBE_END): it makes no hop.
  static Result<std::unique_ptr<Probes>> make(const bpf_object *object, Backend backend, int sessionFd,
                                              const std::vector<Session> &sessions, ProbePart ends,
                                              ProbePatterns patterns);
  ~Probes();
  Probes(const Probes &) = delete;
  Probes &operator=(const Probes &) = delete;

  struct Change {
    bool isLess = false; // something was switched off, and every program that runs now has seen that
  };
  // From when this returns, these functions and no others are probed: what is new is attached first, then all of it is
  // switched. On an error nothing has changed. Errors: ATTACH_FAILED when no function would have a probe, PROBES_BUSY,
  // LOAD_FAILED. One thread at a time.
  Result<Change> set(const std::vector<ProbePart> &parts);

  // For other settings: puts copies of another pattern where there are copies, beside those; from endRenewal() on there
  // are only the new ones, or, when they are not in force, the old ones. Errors: PROBES_BUSY. One thread at a time,
  // with set().
  Status renew(std::shared_ptr<const Pattern> next);
  void endRenewal(bool isInForce);

  // Typed probes take the place of the kprobes on functions that packets pass most, without a hit that neither tells or
  // both. Takes some ten milliseconds for each where CPUs are slow; ends as soon as `isHurried` says so, with nothing
  // changed. One thread at a time, with set().
  void settle(const std::function<bool()> &isHurried);
  // Whether there is nothing that settle() would change. Any thread, as below.
  bool isSettled() const;
  // Hits of what settle() would change, since the capture began.
  uint64_t hotHits() const;

  // Puts probes on these beside all others, which only count, until endWeighing(): what they would be hit. Those that
  // refuse are left out. Errors: as set(). One thread at a time, with set().
  Status weigh(const ProbePart &functions);

  // Of those that are wanted. Any thread, as all below.
  uint32_t attached() const;
  std::vector<Attachment::Refusal> refused() const;
  // What the copies of the entry program have had, those that are gone included.
  struct Counts {
    uint64_t misses = 0;
    uint64_t runs = 0;
    uint64_t timeNs = 0;
  };
  Counts counts() const;
  // What those have had that are weighed, which are gone then.
  Counts endWeighing();

  // All that is attached, to be closed.
  std::vector<Held> takeAll();
  // Until every program that runs now has ended.
  void waitForPrograms() const;

private:
  struct Batch {
    uint32_t gate = 0;
    std::vector<Fd> programs;
    std::vector<Held> held;
    std::vector<uint32_t> ids;
    bool isSessions = false;
    bool hasEnds = false;      // of the functions that always have a probe
    bool isOther = false;      // of functions that take no skb
    std::vector<Function> hot; // that are to have typed probes
    // Of programs, whose ids come once for each program of a name:
    bool isPrograms = false;
    std::vector<ProgramPlace> places;
  };
  // Which gates are in use; outlives the capture as long as links are being closed.
  struct Gates {
    std::mutex lock;
    std::bitset<SKBT_GATES> used;
  };

  Backend backend = Backend::Kprobe;
  ProbePart ends;
  std::shared_ptr<const Pattern> pattern, nextPattern;
  std::unique_ptr<Batch> renewed;
  std::set<std::pair<uint32_t, uint32_t>> unwilling; // programs, and functions, that took no copy
  std::vector<bpf_insn> entry;                       // the pattern
  size_t gateInsn = 0;                               // which of it has the gate's place, in its immediate
  int32_t gatesAt = 0;                               // of gates[0] and muted[0] in the map's value
  int32_t mutedAt = 0;
  int32_t notingAt = 0; // of skbt_noting and spans[0]
  int32_t spansAt = 0;
  int32_t knownAt = 0; // of known_cookies[0]
  volatile uint8_t *bytes = nullptr;
  size_t bytesSize = 0;
  int typedPlaces = -1;    // the object's
  Fd waitInner, waitOuter; // see waitForPrograms()
  std::unique_ptr<TypedProbes> typed;
  std::shared_ptr<Gates> gates = std::make_shared<Gates>();

  mutable std::mutex lock; // of what follows; only set() changes it
  std::vector<std::unique_ptr<Batch>> batches;
  std::vector<std::unique_ptr<Batch>> weighed; // their gates stay shut
  std::vector<Attachment::Refusal> refusals;
  bool isNoting = false;
  uint32_t notings = 0; // numbers that noting has had
  uint32_t live = 0;
  Counts gone;

  Probes() = default;
  Status findBytes(const bpf_object *object);
  Status findEntry(const bpf_object *object);
  Status loadEntry(Batch &batch, const Kind &kind) const;
  void handOver(size_t place, std::unique_ptr<Batch> next);
  std::map<Kind, ProbePart> byKind(const ProbePart &functions) const;
  Status attachCalls(int sessionFd, const std::vector<Session> &sessions);
  Result<uint32_t> takeGate();
  Result<std::unique_ptr<Batch>> makeBatch();
  Result<std::unique_ptr<Batch>> attach(const Kind &kind, const ProbePart &functions,
                                        std::vector<Attachment::Refusal> &refused);
  Status attachKinds(const ProbePart &functions, std::vector<std::unique_ptr<Batch>> &added,
                     std::vector<Attachment::Refusal> &refused);
  Result<std::unique_ptr<Batch>> attach(const Pattern &copied, const std::vector<ProgramPlace> &places,
                                        std::vector<Attachment::Refusal> &refused);
  std::vector<ProgramPlace> newPlaces(const std::vector<ProbePart> &parts,
                                      std::vector<Attachment::Refusal> &refused) const;
  Change switchTo(std::vector<std::unique_ptr<Batch>> added, std::vector<Attachment::Refusal> refused,
                  const std::unordered_set<uint32_t> &wanted);
  bool isAlways(uint32_t id) const;
  bool anyGoes(const std::unordered_set<uint32_t> &wanted);
  bool mute(const Batch &batch, const std::unordered_set<uint32_t> &wanted);
  void leave(std::unique_ptr<Batch> batch);
  uint8_t openGate(const Batch &batch, bool isPartly) const;
  void setSpans(const std::vector<ProbePart> &parts);
  void discard(std::unique_ptr<Batch> batch, bool isCounted = true);
  static Counts countsOf(const Batch &batch);
  void setGate(uint32_t gate, uint8_t value) { bytes[gatesAt + static_cast<int32_t>(gate)] = value; }
  void knowCookie(const Function &function, uint64_t cookie);
  void setNoting(uint32_t number) { *reinterpret_cast<volatile uint32_t *>(bytes + notingAt) = number; }
  volatile uint8_t &mutedByte(uint32_t id) { return bytes[mutedAt + static_cast<int32_t>(id % SKBT_FUNCTIONS)]; }
};

} // namespace skbt
