// SPDX-License-Identifier: Apache-2.0
// The kernel's ring buffers, which a few CPUs each share, the CPUs' lanes beside them, and the records of all in the
// order of time.
#pragma once

#include "fd.h"
#include "lanes.h"
#include "queue.h"
#include "result.h"
#include "room.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace skbt {

// From when a record's time is taken to when its place in the ring is: an interrupt may come in between. Records wait
// for others that long where there are several rings; an order of CPUs is not promised where it took longer. Where one
// ring is all, what was recorded before another record is found before it, and nothing waits.
constexpr uint64_t ORDER_NS = 5'000'000;

// The maps. Put into `places` (SKBT_RING_PLACES of them), CPUs that are neighbours together.
Result<std::vector<Fd>> makeRings(int places, const Room &room);

// A mapped ring buffer. As the kernel's Documentation/bpf/ringbuf.rst has it; libbpf's reader takes records from one
// ring after another, and cannot look at one without taking it.
class Ring final : public Queue {
public:
  static Result<std::unique_ptr<Queue>> map(int fd);
  ~Ring() override;
  Ring(const Ring &) = delete;
  Ring &operator=(const Ring &) = delete;

  State look(Record &record) override;
  void take() override;
  uint64_t written() const override;
  uint64_t taken() const override { return position; }

private:
  Ring() = default;
  size_t pageSize = 0;
  size_t mask = 0; // of positions
  void *consumer = nullptr;
  void *producer = nullptr; // and the data behind it, twice in a row
  const uint8_t *data = nullptr;
  uint64_t position = 0;
  uint64_t next = 0; // position behind the record that was looked at
};

class Rings {
public:
  // False: no more for now; that record is taken in all the same.
  using OnRecord = std::function<bool(const uint8_t *record, size_t size)>;

  // `baseNs` is what records' times are since. Errors: RING_FAILED.
  static Result<Rings> map(const std::vector<int> &rings, std::shared_ptr<const Lanes> lanes, uint64_t baseNs);
  // Of any queues; records of the same time are given out in their order. `waitNs` is how long a record waits for what
  // may still come before it.
  Rings(std::vector<std::unique_ptr<Queue>> queues, uint64_t baseNs, uint64_t waitNs);

  enum class Left {
    Nothing,
    Young,  // what has to wait for what may still come before it
    NoRoom, // OnRecord wanted no more
  };
  // Gives out what is there. `isLast`: nothing comes any more, nothing waits.
  Left consume(const OnRecord &onRecord, bool isLast);

  // How far every queue is written now, and whether all that has been given out.
  std::vector<uint64_t> written() const;
  bool areTaken(const std::vector<uint64_t> &positions) const;

private:
  struct Source {
    std::unique_ptr<Queue> queue;
    Record record;
    uint64_t timeNs = 0; // of that record, not before those that it had
  };
  std::shared_ptr<const Lanes> lanes; // what queues are in
  std::vector<Source> sources;
  uint64_t baseNs;
  uint64_t waitNs;
  // Each source is in one of these, by its index: those with a record, as a heap with the oldest first,
  std::vector<size_t> ready;
  std::vector<size_t> idle; // and the others
  uint64_t quietNs = 0;     // what comes from these is younger

  uint64_t now() const;
  Queue::State look(Source &source);
  bool isYounger(size_t a, size_t b) const;
  void pushReady(size_t source);
  bool lookAtIdle();
  const Source *oldest(bool isLast);
  void takeOldest();
};

} // namespace skbt
