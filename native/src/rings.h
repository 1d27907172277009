// SPDX-License-Identifier: Apache-2.0
// The kernel's ring buffers, which a few CPUs each share, and their records in the order of time.
#pragma once

#include "fd.h"
#include "result.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace skbt {

constexpr uint32_t RINGS_MAX = 64;
// CPUs that share a ring buffer, where nothing else is asked for: enough that one busy CPU has room, few enough that
// they do not wait for each other.
constexpr uint32_t CPUS_PER_RING = 4;
// From when a record's time is taken to when its place in the ring is: an interrupt may come in between. Records wait
// for others that long where there are several rings; an order of CPUs is not promised where it took longer.
constexpr uint64_t ORDER_NS = 5'000'000;

// The maps, each of so many bytes, a power of two: one for every CPUS_PER_RING CPUs that are online, or as many as are
// asked for, but not more than CPUs. Put into `places` (SKBT_RING_PLACES of them), CPUs that are neighbours together.
Result<std::vector<Fd>> makeRings(int places, uint32_t asked, uint32_t bytes);

// A mapped ring buffer. As the kernel's Documentation/bpf/ringbuf.rst has it; libbpf's reader takes records from one
// ring after another, and cannot look at one without taking it.
class Ring {
public:
  static Result<std::unique_ptr<Ring>> map(int fd);
  ~Ring();
  Ring(const Ring &) = delete;
  Ring &operator=(const Ring &) = delete;

  struct Record {
    const uint8_t *bytes = nullptr; // until it is taken
    size_t size = 0;
  };
  enum class State { Record, Empty, Unfinished };
  // The oldest record, which stays where it is. Unfinished: it is still being written.
  State look(Record &record);
  // Done with the record that was looked at.
  void take();
  // Where the newest record ends, and how far records have been taken.
  uint64_t written() const;
  uint64_t taken() const { return position; }

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
  static Result<Rings> map(const std::vector<int> &fds, uint64_t baseNs);

  enum class Left {
    Nothing,
    Young,  // what has to wait for what may still come before it
    NoRoom, // OnRecord wanted no more
  };
  // Gives out what is there. `isLast`: nothing comes any more, nothing waits.
  Left consume(const OnRecord &onRecord, bool isLast);

  // How far every ring is written now, and whether all that has been given out.
  std::vector<uint64_t> written() const;
  bool areTaken(const std::vector<uint64_t> &positions) const;

private:
  struct Source {
    std::unique_ptr<Ring> ring;
    Ring::Record record;
    std::optional<uint64_t> timeNs; // of that record, not before those that it had; none: no record was there
    uint64_t lastNs = 0;
    uint64_t emptyNs = 0; // no record was there at that time
  };
  uint64_t baseNs = 0;
  std::vector<Source> sources;

  Left consumeOne(const OnRecord &onRecord);
  bool look(Source &source);
  Source *oldest(bool isLast);
};

} // namespace skbt
