// SPDX-License-Identifier: Apache-2.0
// A capture from start to stop. Knows nothing of Node.
#pragma once

#include "attach.h"
#include "functions.h"
#include "generation.h"
#include "probes.h"
#include "reader.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace skbt {

struct Stats {
  uint64_t events = 0;
  std::vector<uint64_t> lostRing;    // per CPU
  std::vector<uint64_t> trackFull;   // per CPU
  uint64_t told = 0;                 // tail mode: packets
  uint64_t trailFull = 0;            // records not kept
  uint64_t lateEnds = 0;             // packets whose end only the last place saw
  std::vector<uint64_t> stackFull;   // per CPU
  std::vector<uint64_t> rateLimited; // per CPU
  uint64_t longLived = 0;            // packets followed for more than LONG_NS by now
  uint64_t oldestNs = 0;
  uint64_t missed = 0;
  uint64_t undelivered = 0; // left in the ring at stop: the receiver took nothing for a second
  uint64_t packets = 0;
  uint64_t tracked = 0;
  uint64_t batches = 0;
  uint64_t bytes = 0;
};

struct StartOptions {
  LoadOptions load; // base time, generation and what the kernel has are filled in by start()
  std::vector<ProbePart> parts;
};

struct Started {
  uint32_t attached;
  std::vector<Attachment::Refusal> refused;
  double attachMs;
  uint64_t batches; // handed over before this was told
  uint32_t rings;
};

// Zero of every record's time_ns, fixed when the library is loaded.
struct Clock {
  uint64_t baseNs;   // CLOCK_MONOTONIC
  double baseUnixMs; // wall clock at that moment
};
const Clock &captureClock();

// A packet that is followed for so long is a finding: it waits in a queue, or its end was not seen.
constexpr uint64_t LONG_NS = 10'000'000'000ULL;
// The table of packets is looked through this often at most.
constexpr uint64_t SWEEP_EVERY_NS = 5'000'000'000ULL;
// Probes are settled (Probes::settle()) when those that can be are hit so often within that time: a hundredth of a CPU
// or so that they cost.
constexpr std::chrono::milliseconds SETTLE_LOOK{1000};
constexpr uint64_t SETTLE_HITS = 20'000;
// In tail mode it also tells packets that have waited for too long.
constexpr uint64_t SWEEP_FOR_SLOW_NS = 400'000'000ULL;

// Hits that the kernel skipped are counted by each program: many calls, for what is seldom more than nothing.
constexpr uint64_t MISSES_EVERY_NS = 2'000'000'000ULL;

// Every method may be called from any thread; changes wait for each other.
class Tracer {
public:
  Tracer() = default;
  ~Tracer();
  Tracer(const Tracer &) = delete;
  Tracer &operator=(const Tracer &) = delete;

  Result<Started> start(const StartOptions &options, std::shared_ptr<const Symbols> symbols, Reader::OnBatch onBatch);
  // Other settings on the running capture; no probe is touched. The new generation's number.
  Result<uint32_t> update(const Settings &settings);
  // Other functions on the running capture: only the difference is attached and detached. What is probed no more has
  // no event behind the batches that are told. They are of `kernel`, whose symbols addresses are named by from then on.
  // Errors: those of Probes::set(), NOT_RUNNING, NOT_TAKEN.
  Result<Started> setProbes(const std::vector<ProbePart> &parts, std::shared_ptr<const Kernel> kernel);
  // What it would cost to probe these, too: they are probed from weigh() on and only counted; what they were hit until
  // endWeighing(), and what hits of the probes cost meanwhile. Errors: as setProbes(), STATS_REFUSED.
  Status weigh(const ProbePart &functions);
  struct Weight {
    uint64_t hits = 0;
    uint64_t runs = 0; // of the capture's own probes
    uint64_t timeNs = 0;
  };
  Result<Weight> endWeighing();
  void release();
  // Ids of the functions that can be probed and were on the stacks of drops, in the order in which they were found;
  // empty when stacks are not taken, or no capture runs.
  std::vector<uint32_t> functionsOnDrops();
  Stats stats();
  // Has the kernel measure every eBPF program of this host from here on (two looks at the clock a run) until
  // endCost() or stop(); what was measured since the capture began. NOT_RUNNING, STATS_REFUSED.
  Result<std::vector<ProgramCost>> cost();
  void endCost();
  // Capture off at once. What was recorded is delivered before it returns; probes are then detached
  // by closeInBackground().
  void stop();

private:
  std::mutex changes;              // one at a time, however long it takes; taken by a Turn
  std::atomic<int> waiting = 0;    // for their turn
  std::mutex lock;                 // of what follows, for moments only: who asks for counts must not wait for a change
  std::optional<Generation> first; // owns the maps and the probes' program
  std::optional<Generation> current; // the settings in force, when these were changed
  std::unique_ptr<Probes> probes;
  std::mutex readerLock; // of the pointer only
  std::shared_ptr<Reader> reader;
  LoadOptions loaded;
  std::shared_ptr<const Kernel> newest; // as functions were last chosen
  uint64_t earlierMisses = 0;           // of generations that are gone
  Stats last;                           // as they were at stop
  Fd measuring;                         // costs are measured as long as it is open
  Fd weighing;                          // the same, for weights
  Probes::Counts before;                // as weighing began

  // A change's turn, behind which there may be something to settle: Probes::settle().
  class Turn {
  public:
    explicit Turn(Tracer &tracer);
    ~Turn();
    Turn(const Turn &) = delete;
    Turn &operator=(const Turn &) = delete;

  private:
    Tracer &tracer;
  };
  struct {
    std::thread thread;
    std::mutex lock; // of what follows, for moments only
    std::condition_variable signal;
    bool isEnding = false;
  } settling;
  void settleSoon();
  void settleUnderLoad(uint64_t before);
  void endSettling();
  struct {
    std::vector<uint64_t> addresses;
    std::shared_ptr<const Kernel> kernel;
    std::vector<uint32_t> ids;
  } onDrops; // as they were last asked for

  Generation &live() { return current ? *current : *first; }
  // What the kernel tells only program by program, as it was last asked.
  uint64_t misses = 0;
  uint64_t missesAtNs = 0;
  uint64_t missesNowAndThen(bool atOnce);
  uint64_t sweptAtNs = 0;
  Generation::Ages ages;
  Stats readStats(bool isLast = false);
  void sweepNowAndThen(uint64_t tracked, bool atOnce);
  void switchOff();
  std::shared_ptr<Reader> currentReader();
};

} // namespace skbt
