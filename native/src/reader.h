// SPDX-License-Identifier: Apache-2.0
// The one thread that owns the ring buffer.
#pragma once

#include "fd.h"
#include "result.h"
#include "rings.h"
#include "symbols.h"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace skbt {

using Batch = std::vector<uint8_t>;

// Batches that may be with the receiver at once. At this bound the thread stops reading: records
// then stay in the kernel's ring, where a loss is counted.
constexpr uint32_t BATCHES_MAX = 64;
// At a stop, when the rings only become emptier: what they hold is handed over, however slow the receiver is.
constexpr uint32_t LAST_BATCHES_MAX = 320;
// A batch goes out when it is this long, or when the ring is empty after BATCH_AGE_MS.
constexpr size_t BATCH_BYTES = 256 << 10;
constexpr int BATCH_AGE_MS = 50;
constexpr int STOP_MS = 1000;
constexpr int DRAIN_MS = 10'000;

class Reader {
public:
  // A function's id by the low word of its address, which hops have in place of it where that is cheaper to tell.
  using FunctionIds = std::unordered_map<uint32_t, uint32_t>;
  // Called on the reader's thread.
  using OnBatch = std::function<void(std::unique_ptr<Batch>)>;

  struct Maps {
    std::vector<int> rings;
    Lanes::Maps lanes;
    Room room;
    int stacks;
    uint64_t baseNs; // what records' times are since
  };
  static Result<std::unique_ptr<Reader>> start(const Maps &maps, std::shared_ptr<const Symbols> symbols,
                                               OnBatch onBatch);
  // One thread at a time; before the functions are probed.
  void addFunctions(FunctionIds more);
  // Another table of the kernel's names, from now on. Any thread.
  void setSymbols(std::shared_ptr<const Symbols> table) { nextSymbols = std::move(table); }
  // Hands over what is left in the rings, waiting at most STOP_MS for the receiver where that is more than
  // LAST_BATCHES_MAX; joins the thread.
  void stop();
  ~Reader();
  Reader(const Reader &) = delete;
  Reader &operator=(const Reader &) = delete;

  // Waits until what is in the ring now has been handed over; false when the receiver takes nothing for DRAIN_MS. Any
  // other thread.
  bool drain();
  // Any thread: the receiver is done with one batch.
  void release();
  uint64_t batches() const { return batchCount; }
  uint64_t bytes() const { return byteCount; }
  // Records that CPUs with a lane have made, lost ones too.
  uint64_t events() const { return lanes->events(); }
  // Records of the kernel side handed over.
  uint64_t records() const { return recordCount; }
  // Addresses of the functions on the stacks of drops, in the order in which they were found. Any thread.
  std::vector<uint64_t> functionsOnDrops() const;

private:
  Reader() = default;
  void run();
  void notify();
  void waitForMore(Rings::Left left);
  Rings::Left consume(bool isLast);
  void noteDrains();
  bool take(const uint8_t *record, size_t size);
  void takeOne(const uint8_t *record, size_t size);
  void takeTail(const uint8_t *sample, size_t size);
  void nameParts(const uint8_t *record, size_t size);
  void nameFunction(uint8_t *record) const;
  std::optional<Symbols::Symbol> symbolAt(uint64_t address);
  void nameAddress(uint64_t address, const uint8_t *header);
  void nameStack(uint32_t id, const uint8_t *header);
  void noteDrop(uint32_t stack);
  template <typename T> void append(const T &record);
  void flush();
  bool hasRoom() const { return waiting.load(std::memory_order_acquire) < (stopping ? LAST_BATCHES_MAX : BATCHES_MAX); }

  std::shared_ptr<const Lanes> lanes;
  std::optional<Rings> rings;
  std::shared_ptr<const Symbols> symbols; // the thread's own
  std::atomic<std::shared_ptr<const Symbols>> nextSymbols;
  std::optional<ProgramSymbols> programs;    // read when the first address is named: ours are loaded then
  std::optional<ProgramSymbols> trampolines; // read when an address may be in one
  std::unordered_set<uint64_t> named;        // addresses that the stream has named
  std::unordered_set<uint32_t> namedStacks;  // stacks that it has told
  std::unordered_set<uint32_t> dropStacks;   // of these, those that drops have
  std::unordered_set<uint64_t> dropFunctionsSeen;
  mutable std::mutex dropLock;
  std::vector<uint64_t> dropFunctions; // under that lock
  std::atomic<std::shared_ptr<const FunctionIds>> functionIds;
  int stacksFd = -1; // the generation's
  OnBatch onBatch;
  std::unique_ptr<Batch> current;
  std::atomic<uint32_t> waiting{0};
  std::mutex drainLock;
  std::condition_variable drained;
  uint64_t drainsAsked = 0;
  uint64_t drainsDone = 0;
  uint64_t drainsNoted = 0;           // the thread's own: those of which it knows
  std::vector<uint64_t> drainedWhere; // how far the rings are to be taken for these
  std::atomic<bool> stopping{false};
  std::atomic<uint64_t> batchCount{0};
  std::atomic<uint64_t> byteCount{0};
  std::atomic<uint64_t> recordCount{0};
  Fd epollAll, epollWake;
  Fd wake; // eventfd: stop, or room again
  std::thread thread;
};

} // namespace skbt
