// SPDX-License-Identifier: Apache-2.0
#include "tracer.h"

#include "timing.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <chrono>
#include <unordered_map>

namespace skbt {
namespace {

Reader::FunctionIds idsByAddress(const std::vector<ProbePart> &parts) {
  Reader::FunctionIds ids;
  for (const ProbePart &part : parts)
    for (const Function *one : part)
      if (one->end == ProgramEnd::None)
        ids.emplace(static_cast<uint32_t>(one->address), one->id);
  return ids;
}

ProbePart endsOf(const std::vector<Function> &functions) {
  ProbePart ends;
  for (const Function &one : functions)
    if ((one.flags & SKBT_PROBE_END) && !one.isGone)
      ends.push_back(&one);
  return ends;
}

uint64_t undelivered(const Stats &stats, uint64_t delivered) {
  uint64_t recorded = stats.events;
  for (const uint64_t lost : stats.lostRing)
    recorded -= lost;
  return recorded > delivered ? recorded - delivered : 0;
}

} // namespace

const Clock &captureClock() {
  static const Clock clock = [] {
    const uint64_t wall = nanoseconds(CLOCK_REALTIME);
    return Clock{nanoseconds(CLOCK_MONOTONIC), static_cast<double>(wall) / 1e6};
  }();
  return clock;
}

Tracer::~Tracer() { stop(); }

Tracer::Turn::Turn(Tracer &tracer) : tracer(tracer) {
  tracer.waiting++;
  tracer.changes.lock();
  tracer.waiting--;
}

Tracer::Turn::~Turn() {
  tracer.settleSoon();
  tracer.changes.unlock();
}

// Within a turn.
void Tracer::settleSoon() {
  if (probes && !probes->isSettled() && !settling.thread.joinable())
    settling.thread = std::thread([this, hits = probes->hotHits()] { settleUnderLoad(hits); });
}

// Looks now and then at what the probes that can be settled are hit.
void Tracer::settleUnderLoad(uint64_t before) {
  std::unique_lock guard(settling.lock);
  while (!settling.signal.wait_for(guard, SETTLE_LOOK, [this] { return settling.isEnding; })) {
    // A turn is never waited for: who has it may wait for this thread to end.
    const std::unique_lock turn(changes, std::try_to_lock);
    if (!turn.owns_lock() || !probes || probes->isSettled())
      continue;
    const uint64_t hits = probes->hotHits();
    const bool isLoaded = hits - before >= SETTLE_HITS;
    before = hits;
    if (!isLoaded)
      continue;
    guard.unlock();
    probes->settle([this] { return waiting > 0; });
    mark("settled");
    guard.lock();
  }
}

// Within a turn.
void Tracer::endSettling() {
  {
    const std::lock_guard guard(settling.lock);
    settling.isEnding = true;
  }
  settling.signal.notify_one();
  if (settling.thread.joinable())
    settling.thread.join();
  settling.isEnding = false;
}

Result<Started> Tracer::start(const StartOptions &options, std::shared_ptr<const Symbols> symbols,
                              Reader::OnBatch onBatch) {
  const Turn turn(*this);
  if (first)
    return Error{"ALREADY_RUNNING", "the capture runs already; stop it first"};
  const auto begin = std::chrono::steady_clock::now();
  loaded = options.load;
  loaded.baseNs = captureClock().baseNs;
  loaded.generation = 1;
  mark("start begins");
  auto generation = Generation::load(loaded, nullptr);
  if (!generation)
    return generation.error();
  const Reader::Maps maps = {generation->ringFds(),
                             {generation->mapFd(".data.lanes"), generation->mapFd("lane_hops")},
                             generation->room(),
                             generation->mapFd("stacks"),
                             loaded.baseNs};
  auto started = Reader::start(maps, std::move(symbols), std::move(onBatch));
  if (!started)
    return started.error();
  (*started)->addFunctions(idsByAddress(options.parts));
  mark("reader started");
  if (auto done = generation->attachTyped(); !done)
    return done.error();
  mark("typed attached");
  auto made = Probes::make(
      generation->bpfObject(), loaded.backend, generation->sessionFd(), generation->sessions(),
      endsOf(loaded.kernel->functions),
      {generation->pattern(PROGRAM_HOP), generation->pattern(TYPED_ENTRY), generation->pattern(TYPED_INDIRECT)});
  if (!made)
    return made.error();
  if (auto set = (*made)->set(options.parts); !set)
    return set.error();
  mark("probes attached");
  // The probes only jump until here: every path starts with all of them in place.
  if (auto done = generation->takeOver(loaded); !done)
    return done.error();
  const auto rings = static_cast<uint32_t>(generation->ringFds().size());
  const std::lock_guard guard(lock);
  first.emplace(std::move(*generation));
  {
    const std::lock_guard pointer(readerLock);
    reader = std::move(*started);
  }
  probes = std::move(*made);
  newest = loaded.kernel;
  earlierMisses = 0;
  misses = 0;
  missesAtNs = 0;
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
  return Started{probes->attached(), probes->refused(), took.count(), 0, rings};
}

Result<Started> Tracer::setProbes(const std::vector<ProbePart> &parts, std::shared_ptr<const Kernel> kernel) {
  const Turn turn(*this);
  if (!first)
    return Error{"NOT_RUNNING", "no capture runs; start one first"};
  const auto begin = std::chrono::steady_clock::now();
  const auto r = currentReader();
  r->addFunctions(idsByAddress(parts));
  {
    const std::lock_guard guard(lock);
    if (newest != kernel)
      r->setSymbols(kernel->symbols);
    newest = std::move(kernel);
  }
  first->attachNewPrograms();
  auto change = probes->set(parts);
  if (!change)
    return change.error();
  const auto rings = static_cast<uint32_t>(first->ringFds().size());
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
  if (change->isLess && !r->drain())
    return Error{"NOT_TAKEN", "the probes were switched, but what was recorded before is not taken"};
  return Started{probes->attached(), probes->refused(), took.count(), r->batches(), rings};
}

Status Tracer::weigh(const ProbePart &functions) {
  const Turn turn(*this);
  if (!first)
    return Error{"NOT_RUNNING", "no capture runs; start one first"};
  Fd stats(bpf_enable_stats(BPF_STATS_RUN_TIME));
  if (!stats.valid())
    return errnoError("STATS_REFUSED", "the kernel does not measure its eBPF programs", errno);
  if (auto done = probes->weigh(functions); !done)
    return done.error();
  weighing = std::move(stats);
  before = probes->counts();
  return Done{};
}

Result<Tracer::Weight> Tracer::endWeighing() {
  const Turn turn(*this);
  if (!first)
    return Error{"NOT_RUNNING", "the capture has ended"};
  const Probes::Counts own = probes->counts();
  const Probes::Counts weighed = probes->endWeighing();
  weighing = Fd();
  return Weight{weighed.runs, own.runs - before.runs, own.timeNs - before.timeNs};
}

Result<uint32_t> Tracer::update(const Settings &settings) {
  const Turn turn(*this);
  if (!first)
    return Error{"NOT_RUNNING", "no capture runs; start one first"};
  LoadOptions options = loaded;
  options.settings = settings;
  options.generation = loaded.generation + 1;
  auto next = Generation::load(options, &*first);
  if (!next)
    return next.error();
  if (auto done = next->attachTyped(); !done)
    return done.error();
  if (auto done = probes->renew(next->pattern(PROGRAM_HOP)); !done)
    return done.error();
  Status done = next->letThrough();
  if (done) {
    probes->waitForPrograms(); // that look at what the old filter rejects
    done = next->takeOver(options);
  }
  probes->endRenewal(static_cast<bool>(done));
  if (!done)
    return done.error();
  probes->waitForPrograms(); // and no program runs any more that began under the old settings
  first->leave(loaded.generation);
  const std::lock_guard guard(lock);
  // the first generation's other programs go on: they do not depend on the settings
  closeInBackground(current ? current->takeLinks() : first->takeExchanged());
  if (current)
    earlierMisses += current->recursionMisses();
  current.emplace(std::move(*next));
  loaded = options;
  return options.generation;
}

void Tracer::release() {
  // Under no lock of changes: these wait for the reader, which may wait for this.
  if (const auto r = currentReader())
    r->release();
}

std::shared_ptr<Reader> Tracer::currentReader() {
  const std::lock_guard guard(readerLock);
  return reader;
}

std::vector<uint32_t> Tracer::functionsOnDrops() {
  const auto r = currentReader();
  std::vector<uint64_t> addresses = r ? r->functionsOnDrops() : std::vector<uint64_t>();
  const std::lock_guard guard(lock);
  if (addresses.empty() || !newest)
    return {};
  if (onDrops.kernel == newest && onDrops.addresses == addresses)
    return onDrops.ids;
  std::unordered_map<uint64_t, uint32_t> byAddress;
  for (const Function &one : newest->functions)
    if (!one.isGone && one.end == ProgramEnd::None)
      byAddress.emplace(one.address, one.id);
  std::vector<uint32_t> ids;
  for (const uint64_t address : addresses)
    if (const auto found = byAddress.find(address); found != byAddress.end())
      ids.push_back(found->second);
  onDrops = {std::move(addresses), newest, ids};
  return ids;
}

void Tracer::switchOff() {
  const uint32_t zero = 0;
  const skbt_control off = {};
  // first: jumps are taken away one after another
  bpf_map_update_elem(first->mapFd(".data.control"), &zero, &off, BPF_ANY);
  for (uint32_t slot = 0; slot < SKBT_BODY_COUNT; slot++)
    for (const char *bodies : {"bodies", "session_bodies"})
      bpf_map_delete_elem(first->mapFd(bodies), &slot);
}

void Tracer::stop() {
  const Turn turn(*this);
  if (!first)
    return;
  switchOff();
  endSettling();
  const auto r = currentReader();
  if (r)
    r->stop();
  const std::lock_guard guard(lock);
  if (r) {
    last = readStats(true);
    if (last.lateEnds > 0)
      mark(("ends seen late: " + std::to_string(last.lateEnds)).c_str());
    last.undelivered = undelivered(last, r->records());
    const std::lock_guard pointer(readerLock);
    reader.reset();
  }
  measuring = Fd();
  weighing = Fd();
  std::vector<Held> held = probes->takeAll();
  for (Generation *generation : {&*first, current ? &*current : nullptr})
    if (generation)
      for (Held &one : generation->takeLinks())
        held.push_back(std::move(one));
  probes.reset();
  closeInBackground(std::move(held));
  current.reset();
  first.reset();
}

Stats Tracer::stats() {
  const std::lock_guard guard(lock);
  return first ? readStats() : last;
}

Result<std::vector<ProgramCost>> Tracer::cost() {
  const std::lock_guard guard(lock);
  if (!first)
    return Error{"NOT_RUNNING", "no capture runs; start one first"};
  if (!measuring.valid()) {
    measuring = Fd(bpf_enable_stats(BPF_STATS_RUN_TIME));
    if (!measuring.valid())
      return errnoError("STATS_REFUSED", "the kernel does not measure its eBPF programs", errno);
  }
  std::vector<ProgramCost> costs;
  first->addCosts(costs);
  if (current)
    current->addCosts(costs);
  const Probes::Counts entries = probes->counts();
  for (ProgramCost &one : costs)
    if (one.name == ENTRY_PROGRAM) {
      one.runs += entries.runs;
      one.timeNs += entries.timeNs;
    }
  return costs;
}

void Tracer::endCost() {
  const std::lock_guard guard(lock);
  measuring = Fd();
}

void Tracer::sweepNowAndThen(uint64_t tracked, bool atOnce) {
  const uint64_t now = nanoseconds(CLOCK_MONOTONIC);
  const bool tellsSlow = loaded.tail && loaded.tail->slowNs > 0;
  if (!atOnce && now - sweptAtNs < (tellsSlow ? SWEEP_FOR_SLOW_NS : SWEEP_EVERY_NS))
    return;
  sweptAtNs = now;
  ages = tracked > 0 ? first->sweep(LONG_NS) : Generation::Ages{};
}

uint64_t Tracer::missesNowAndThen(bool atOnce) {
  const uint64_t now = nanoseconds(CLOCK_MONOTONIC);
  if (atOnce || now - missesAtNs >= MISSES_EVERY_NS) {
    missesAtNs = now;
    misses =
        earlierMisses + first->recursionMisses() + (current ? current->recursionMisses() : 0) + probes->counts().misses;
  }
  return misses;
}

Stats Tracer::readStats(bool isLast) {
  Stats stats;
  const int cpus = libbpf_num_possible_cpus();
  std::vector<skbt_counters> counters(cpus > 0 ? static_cast<size_t>(cpus) : 0);
  const uint32_t zero = 0;
  uint64_t freed = 0;
  if (!counters.empty() && bpf_map_lookup_elem(first->mapFd("counters"), &zero, counters.data()) == 0) {
    for (const skbt_counters &c : counters) {
      stats.events += c.events;
      stats.lostRing.push_back(c.lost_ring);
      stats.trackFull.push_back(c.track_full);
      stats.stackFull.push_back(c.stack_full);
      stats.rateLimited.push_back(c.rate_limited);
      stats.packets += c.packets;
      freed += c.freed;
      stats.told += c.told;
      stats.trailFull += c.trail_full;
      stats.lateEnds += c.late_ends;
    }
  }
  stats.tracked = stats.packets > freed ? stats.packets - freed : 0;
  sweepNowAndThen(stats.tracked, isLast);
  stats.longLived = ages.longLived;
  stats.oldestNs = ages.oldestNs;
  stats.missed = missesNowAndThen(isLast);
  if (reader) {
    stats.events += reader->events();
    stats.batches = reader->batches();
    stats.bytes = reader->bytes();
  }
  return stats;
}

} // namespace skbt
