// SPDX-License-Identifier: Apache-2.0
// The kernel's ring buffers, which a few CPUs each share, the CPUs' lanes beside them, and the records of all in the
// order of time.
#pragma once

#include "fd.h"
#include "kernel_shared.h"
#include "result.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace skbt {

constexpr uint32_t RINGS_MAX = 64;
// CPUs that share a ring buffer, where nothing else is asked for: enough that one busy CPU has room, few enough that
// they do not wait for each other.
constexpr uint32_t CPUS_PER_RING = 4;
// From when a record's time is taken to when its place in the ring is: an interrupt may come in between. Records wait
// for others that long where there are several rings; an order of CPUs is not promised where it took longer. Where one
// ring is all, what was recorded before another record is found before it, and nothing waits.
constexpr uint64_t ORDER_NS = 5'000'000;
// The reader is woken when as much waits, or a quarter of where it waits.
constexpr uint32_t WAKE_BYTES = 256U << 10;
// Lanes of less would not be worth having.
constexpr uint32_t LANE_HOPS_MIN = 64;

// How the room is shared out.
struct Room {
  uint32_t rings = 1;
  uint32_t ringBytes = 0;         // of each
  std::vector<uint32_t> laneCpus; // those that have a lane
  uint32_t laneHops = 0;          // of each, a power of two
};

// One ring for every CPUS_PER_RING of these CPUs, which are online, or as many as are asked for, but not more than
// CPUs. Of the bytes for each, a power of two, half is for the lanes, where that is enough for them.
Room shareOut(const std::vector<uint32_t> &cpus, uint32_t asked, uint32_t bytes);
std::vector<uint32_t> onlineCpus();

// The maps. Put into `places` (SKBT_RING_PLACES of them), CPUs that are neighbours together.
Result<std::vector<Fd>> makeRings(int places, const Room &room);

struct Record {
  const uint8_t *bytes = nullptr; // until it is taken
  size_t size = 0;
};

// Where the kernel side puts records.
class Queue {
public:
  virtual ~Queue() = default;
  enum class State { Record, Empty, Unfinished };
  // The oldest record, which stays where it is. Unfinished: it is still being written.
  virtual State look(Record &record) = 0;
  // Done with the record that was looked at.
  virtual void take() = 0;
  // Where the newest record ends, and how far records have been taken.
  virtual uint64_t written() const = 0;
  virtual uint64_t taken() const = 0;
};

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

// A CPU's lane, as bpf/lib/lane.h writes it. Its hops come out as struct skbt_hop.
class Lane final : public Queue {
public:
  // `places`: those of this lane. What they point to is there for as long as this is.
  Lane(skbt_lane *lane, const skbt_lane_hop *places, uint16_t cpu);

  State look(Record &record) override;
  void take() override;
  uint64_t written() const override;
  uint64_t taken() const override { return position; }

private:
  skbt_lane *lane;
  const skbt_lane_hop *places;
  uint64_t mask;
  uint64_t position;
  uint64_t head; // as far as is known
  skbt_hop hop = {};

  void tell();
};

// The mapped lanes.
class Lanes {
public:
  struct Maps {
    int lanes = -1;
    int places = -1;
  };
  // Sets them up, before a program writes to them.
  static Result<std::shared_ptr<Lanes>> map(const Maps &maps, const Room &room);
  ~Lanes();
  Lanes(const Lanes &) = delete;
  Lanes &operator=(const Lanes &) = delete;

  std::vector<std::unique_ptr<Queue>> queues() const;
  // Records that CPUs have made, lost ones too. Any thread.
  uint64_t events() const;

private:
  Lanes() = default;
  skbt_lane *lanes = nullptr; // SKBT_LANES of them
  const skbt_lane_hop *places = nullptr;
  size_t placesBytes = 0;
  std::vector<uint32_t> cpus;
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
