// SPDX-License-Identifier: Apache-2.0
#include "rings.h"

#include "timing.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <numeric>
#include <sys/mman.h>
#include <unistd.h>

namespace skbt {
namespace {

uint64_t timeOf(const Record &record) {
  uint64_t time = 0;
  if (record.size >= sizeof(skbt_header))
    std::memcpy(&time, record.bytes + offsetof(skbt_header, time_ns), sizeof(time));
  return time;
}

// Positions are shared with the kernel.
uint64_t acquire(const void *address) {
  return __atomic_load_n(static_cast<const uint64_t *>(address), __ATOMIC_ACQUIRE);
}

// Into a map of maps. After each call the kernel waits until no program runs that may have what was there before, some
// twenty milliseconds: all at once, which such maps take since 5.19 (9263dddc7b6f "bpf: Extend batch operations for
// map-in-map bpf-maps").
bool putAll(int places, const std::vector<uint32_t> &keys, const std::vector<int> &fds) {
  auto count = static_cast<__u32>(keys.size());
  LIBBPF_OPTS(bpf_map_batch_opts, opts);
  if (bpf_map_update_batch(places, keys.data(), fds.data(), &count, &opts) == 0)
    return true;
  for (size_t i = 0; i < keys.size(); i++)
    if (bpf_map_update_elem(places, &keys[i], &fds[i], BPF_ANY) != 0)
      return false;
  return true;
}

} // namespace

Result<std::vector<Fd>> makeRings(int places, const Room &room) {
  const auto cpus = static_cast<uint32_t>(onlineCpus().size());
  const uint32_t count = room.rings;
  std::vector<Fd> rings;
  for (uint32_t i = 0; i < count; i++) {
    rings.emplace_back(bpf_map_create(BPF_MAP_TYPE_RINGBUF, "skbt_ring", 0, 0, room.ringBytes, nullptr));
    if (!rings.back().valid())
      return errnoError("RING_FAILED", "cannot make the ring buffer", errno);
  }
  const int possible = libbpf_num_possible_cpus();
  std::vector<uint32_t> numbers(
      std::clamp<size_t>(possible > 0 ? static_cast<size_t>(possible) : 1, 1, SKBT_RING_PLACES));
  std::iota(numbers.begin(), numbers.end(), 0U);
  std::vector<int> fds;
  fds.reserve(numbers.size());
  for (const uint32_t cpu : numbers)
    fds.push_back(rings[cpu < cpus ? static_cast<uint64_t>(cpu) * count / cpus : cpu % count].get());
  if (!putAll(places, numbers, fds))
    return errnoError("RING_FAILED", "cannot put the ring buffers in their places", errno);
  return rings;
}

Result<std::unique_ptr<Queue>> Ring::map(int fd) {
  bpf_map_info info = {};
  __u32 length = sizeof(info);
  if (bpf_obj_get_info_by_fd(fd, &info, &length) != 0)
    return errnoError("RING_FAILED", "cannot look at the ring buffer", errno);
  std::unique_ptr<Ring> ring(new Ring());
  ring->pageSize = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  ring->mask = info.max_entries - 1;
  void *const consumer = mmap(nullptr, ring->pageSize, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (consumer == MAP_FAILED)
    return errnoError("RING_FAILED", "cannot map the ring buffer", errno);
  ring->consumer = consumer;
  // twice, so that no record is in two pieces
  void *const producer = mmap(nullptr, ring->pageSize + 2 * (ring->mask + 1), PROT_READ, MAP_SHARED, fd,
                              static_cast<off_t>(ring->pageSize));
  if (producer == MAP_FAILED)
    return errnoError("RING_FAILED", "cannot map the ring buffer", errno);
  ring->producer = producer;
  ring->data = static_cast<const uint8_t *>(producer) + ring->pageSize;
  ring->position = ring->next = acquire(ring->consumer);
  return std::unique_ptr<Queue>(std::move(ring));
}

Ring::~Ring() {
  if (consumer)
    munmap(consumer, pageSize);
  if (producer)
    munmap(producer, pageSize + 2 * (mask + 1));
}

uint64_t Ring::written() const { return acquire(producer); }

Queue::State Ring::look(Record &record) {
  while (position < written()) {
    const uint8_t *head = data + (position & mask);
    const uint32_t length = __atomic_load_n(reinterpret_cast<const uint32_t *>(head), __ATOMIC_ACQUIRE);
    if (length & BPF_RINGBUF_BUSY_BIT)
      return State::Unfinished;
    const size_t size = length & ~BPF_RINGBUF_DISCARD_BIT;
    next = position + ((size + BPF_RINGBUF_HDR_SZ + 7) & ~size_t{7});
    if (!(length & BPF_RINGBUF_DISCARD_BIT)) {
      record = {head + BPF_RINGBUF_HDR_SZ, size};
      return State::Record;
    }
    take();
  }
  return State::Empty;
}

void Ring::take() {
  position = next;
  __atomic_store_n(static_cast<uint64_t *>(consumer), position, __ATOMIC_RELEASE);
}

Result<Rings> Rings::map(const std::vector<int> &rings, std::shared_ptr<const Lanes> lanes, uint64_t baseNs) {
  // rings first: what a program has put there before a hop, at the same time, comes before it
  std::vector<std::unique_ptr<Queue>> queues;
  for (const int fd : rings) {
    auto ring = Ring::map(fd);
    if (!ring)
      return ring.error();
    queues.push_back(std::move(*ring));
  }
  std::ranges::move(lanes->queues(), std::back_inserter(queues));
  Rings all(std::move(queues), baseNs, rings.size() > 1 ? ORDER_NS : 0);
  all.lanes = std::move(lanes);
  return all;
}

Rings::Rings(std::vector<std::unique_ptr<Queue>> queues, uint64_t baseNs, uint64_t waitNs)
    : baseNs(baseNs), waitNs(waitNs) {
  for (std::unique_ptr<Queue> &queue : queues) {
    idle.push_back(sources.size());
    sources.push_back({std::move(queue), {}, 0});
  }
}

uint64_t Rings::now() const { return nanoseconds(CLOCK_MONOTONIC) - baseNs; }

Rings::Left Rings::consume(const OnRecord &onRecord, bool isLast) {
  while (const Source *source = oldest(isLast)) {
    const bool goesOn = onRecord(source->record.bytes, source->record.size);
    takeOldest();
    if (!goesOn)
      return Left::NoRoom;
  }
  return ready.empty() ? Left::Nothing : Left::Young;
}

Queue::State Rings::look(Source &source) {
  const Queue::State state = source.queue->look(source.record);
  if (state == Queue::State::Record)
    source.timeNs = std::max(timeOf(source.record), source.timeNs);
  return state;
}

bool Rings::isYounger(size_t a, size_t b) const {
  return sources[a].timeNs != sources[b].timeNs ? sources[a].timeNs > sources[b].timeNs : a > b;
}

void Rings::pushReady(size_t source) {
  ready.push_back(source);
  std::push_heap(ready.begin(), ready.end(), [this](size_t a, size_t b) { return isYounger(a, b); });
}

// False when a record is being written, whose time is not known.
bool Rings::lookAtIdle() {
  bool isKnown = true;
  // before they are looked at: what comes later is younger
  const uint64_t begunNs = now();
  std::erase_if(idle, [&](size_t source) {
    const Queue::State state = look(sources[source]);
    if (state == Queue::State::Record)
      pushReady(source);
    isKnown = isKnown && state != Queue::State::Unfinished;
    return state == Queue::State::Record;
  });
  quietNs = isKnown ? begunNs : 0;
  return isKnown;
}

// The source whose record is the oldest of all, those included that may still come; nullptr: none is known to be.
const Rings::Source *Rings::oldest(bool isLast) {
  const auto isOldest = [this] {
    return !ready.empty() && (idle.empty() || sources[ready.front()].timeNs + waitNs <= quietNs);
  };
  // once more for one that came while the others were looked at
  if (!isOldest() && lookAtIdle() && !ready.empty() && !isOldest())
    lookAtIdle();
  return isOldest() || (isLast && !ready.empty()) ? &sources[ready.front()] : nullptr;
}

// Done with the record that is the oldest.
void Rings::takeOldest() {
  std::pop_heap(ready.begin(), ready.end(), [this](size_t a, size_t b) { return isYounger(a, b); });
  const size_t source = ready.back();
  ready.pop_back();
  sources[source].queue->take();
  const Queue::State state = look(sources[source]);
  if (state == Queue::State::Record) {
    pushReady(source);
    return;
  }
  idle.push_back(source);
  if (state == Queue::State::Unfinished)
    quietNs = 0; // it may be older than when the others were looked at
}

std::vector<uint64_t> Rings::written() const {
  std::vector<uint64_t> positions;
  for (const Source &source : sources)
    positions.push_back(source.queue->written());
  return positions;
}

bool Rings::areTaken(const std::vector<uint64_t> &positions) const {
  for (size_t i = 0; i < sources.size(); i++)
    if (sources[i].queue->taken() < positions[i])
      return false;
  return true;
}

} // namespace skbt
