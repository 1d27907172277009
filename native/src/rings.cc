// SPDX-License-Identifier: Apache-2.0
#include "rings.h"

#include "kernel_shared.h"
#include "timing.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>

#include <algorithm>
#include <cstring>
#include <numeric>
#include <sys/mman.h>
#include <unistd.h>

namespace skbt {
namespace {

uint64_t timeOf(const Ring::Record &record) {
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

Result<std::vector<Fd>> makeRings(int places, uint32_t asked, uint32_t bytes) {
  const long online = sysconf(_SC_NPROCESSORS_ONLN);
  const uint32_t cpus = online > 0 ? static_cast<uint32_t>(online) : 1;
  const uint32_t wanted = asked > 0 ? std::min(asked, cpus) : (cpus + CPUS_PER_RING - 1) / CPUS_PER_RING;
  const uint32_t count = std::min(wanted, RINGS_MAX);
  std::vector<Fd> rings;
  for (uint32_t i = 0; i < count; i++) {
    rings.emplace_back(bpf_map_create(BPF_MAP_TYPE_RINGBUF, "skbt_ring", 0, 0, bytes, nullptr));
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

Result<std::unique_ptr<Ring>> Ring::map(int fd) {
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
  return ring;
}

Ring::~Ring() {
  if (consumer)
    munmap(consumer, pageSize);
  if (producer)
    munmap(producer, pageSize + 2 * (mask + 1));
}

uint64_t Ring::written() const { return acquire(producer); }

Ring::State Ring::look(Record &record) {
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

Result<Rings> Rings::map(const std::vector<int> &fds, uint64_t baseNs) {
  Rings rings;
  rings.baseNs = baseNs;
  for (const int fd : fds) {
    auto ring = Ring::map(fd);
    if (!ring)
      return ring.error();
    Source source;
    source.ring = std::move(*ring);
    rings.sources.push_back(std::move(source));
  }
  return rings;
}

Rings::Left Rings::consume(const OnRecord &onRecord, bool isLast) {
  if (sources.size() == 1)
    return consumeOne(onRecord);
  for (;;) {
    Source *const source = oldest(isLast);
    if (!source)
      break;
    const bool goesOn = onRecord(source->record.bytes, source->record.size);
    source->lastNs = *source->timeNs;
    source->timeNs.reset();
    source->ring->take();
    if (!goesOn)
      return Left::NoRoom;
  }
  const bool isYoung =
      std::any_of(sources.begin(), sources.end(), [](const Source &s) { return s.timeNs.has_value(); });
  return isYoung ? Left::Young : Left::Nothing;
}

Rings::Left Rings::consumeOne(const OnRecord &onRecord) {
  Ring &ring = *sources.front().ring;
  Ring::Record record;
  while (ring.look(record) == Ring::State::Record) {
    const bool goesOn = onRecord(record.bytes, record.size);
    ring.take();
    if (!goesOn)
      return Left::NoRoom;
  }
  return Left::Nothing;
}

// Finds the source's next record; false when one is being written, whose time is not known.
bool Rings::look(Source &source) {
  // before it is looked at: what comes later is younger
  const uint64_t now = nanoseconds(CLOCK_MONOTONIC) - baseNs;
  switch (source.ring->look(source.record)) {
  case Ring::State::Record:
    source.timeNs = std::max(timeOf(source.record), source.lastNs);
    return true;
  case Ring::State::Empty:
    source.emptyNs = now;
    return true;
  case Ring::State::Unfinished:
    break;
  }
  return false;
}

// The source whose record is the oldest of all, those included that may still come; nullptr: none is known to be.
Rings::Source *Rings::oldest(bool isLast) {
  Source *first = nullptr;
  for (Source &source : sources)
    if (source.timeNs && (!first || *source.timeNs < *first->timeNs))
      first = &source;
  const auto mayComeBefore = [&](const Source &source) {
    return !source.timeNs && (!first || source.emptyNs < *first->timeNs + ORDER_NS);
  };
  for (Source &source : sources) {
    if (!mayComeBefore(source))
      continue;
    if (!look(source) && !isLast)
      return nullptr;
    if (source.timeNs && (!first || *source.timeNs < *first->timeNs))
      first = &source;
  }
  return isLast || std::none_of(sources.begin(), sources.end(), mayComeBefore) ? first : nullptr;
}

std::vector<uint64_t> Rings::written() const {
  std::vector<uint64_t> positions;
  for (const Source &source : sources)
    positions.push_back(source.ring->written());
  return positions;
}

bool Rings::areTaken(const std::vector<uint64_t> &positions) const {
  for (size_t i = 0; i < sources.size(); i++)
    if (sources[i].ring->taken() < positions[i])
      return false;
  return true;
}

} // namespace skbt
