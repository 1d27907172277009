// SPDX-License-Identifier: Apache-2.0
#include "lanes.h"

#include <algorithm>
#include <sys/mman.h>

namespace skbt {
namespace {

constexpr size_t LANES_BYTES = SKBT_LANES * sizeof(skbt_lane);

// What is shared with the kernel side.
uint64_t acquire(const __u64 *place) { return __atomic_load_n(place, __ATOMIC_ACQUIRE); }

} // namespace

Lane::Lane(skbt_lane *lane, const skbt_lane_hop *places, uint16_t cpu)
    : lane(lane), places(places), mask(lane->places - 1), position(lane->tail), head(position) {
  hop.header.size = sizeof(hop);
  hop.header.kind = SKBT_KIND_HOP;
  hop.header.cpu = cpu;
}

uint64_t Lane::written() const { return acquire(&lane->head); }

Queue::State Lane::look(Record &record) {
  if (position == head) {
    head = written();
    if (position == head) {
      tell();
      return State::Empty;
    }
  }
  const skbt_lane_hop &place = places[position & mask];
  if (__atomic_load_n(&place.stamp, __ATOMIC_ACQUIRE) != static_cast<__u32>(position + 1))
    return State::Unfinished;
  hop.header.flags = place.flags & (SKBT_FLAG_PID_OWNER | SKBT_FLAG_PID_CURRENT);
  hop.header.seq = place.seq;
  hop.header.generation = place.generation;
  hop.header.time_ns = place.time_ns;
  hop.packet = place.packet;
  hop.skb = place.skb;
  hop.sp = place.sp;
  hop.func = place.func;
  hop.netns = place.netns;
  hop.ifindex = place.ifindex;
  hop.pid = place.pid;
  record = {reinterpret_cast<const uint8_t *>(&hop), sizeof(hop)};
  return State::Record;
}

// The place is told to be free with others, so that the CPU is seldom asked for its cache line.
void Lane::take() {
  constexpr uint64_t AT_ONCE = 32;
  if (++position % AT_ONCE == 0)
    tell();
}

void Lane::tell() { __atomic_store_n(&lane->tail, position, __ATOMIC_RELEASE); }

Result<std::shared_ptr<Lanes>> Lanes::map(const Maps &maps, const Room &room) {
  std::shared_ptr<Lanes> all(new Lanes());
  void *const lanes = mmap(nullptr, LANES_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, maps.lanes, 0);
  if (lanes == MAP_FAILED)
    return errnoError("RING_FAILED", "cannot map the lanes", errno);
  all->lanes = static_cast<skbt_lane *>(lanes);
  if (room.laneCpus.empty())
    return all;
  const size_t bytes = room.laneCpus.size() * room.laneHops * sizeof(skbt_lane_hop);
  void *const places = mmap(nullptr, bytes, PROT_READ, MAP_SHARED, maps.places, 0);
  if (places == MAP_FAILED)
    return errnoError("RING_FAILED", "cannot map the lanes", errno);
  all->places = static_cast<const skbt_lane_hop *>(places);
  all->placesBytes = bytes;
  all->cpus = room.laneCpus;
  uint32_t first = 0;
  for (const uint32_t cpu : room.laneCpus) {
    skbt_lane &lane = all->lanes[cpu];
    lane.first = first;
    lane.places = room.laneHops;
    lane.wake = std::min(WAKE_BYTES / static_cast<uint32_t>(sizeof(skbt_lane_hop)), room.laneHops / 4);
    first += room.laneHops;
  }
  return all;
}

Lanes::~Lanes() {
  if (lanes)
    munmap(lanes, LANES_BYTES);
  if (places)
    munmap(const_cast<skbt_lane_hop *>(places), placesBytes);
}

std::vector<std::unique_ptr<Queue>> Lanes::queues() const {
  std::vector<std::unique_ptr<Queue>> all;
  all.reserve(cpus.size());
  for (const uint32_t cpu : cpus)
    all.push_back(std::make_unique<Lane>(&lanes[cpu], places + lanes[cpu].first, static_cast<uint16_t>(cpu)));
  return all;
}

uint64_t Lanes::events() const {
  uint64_t sum = 0;
  for (uint32_t cpu = 0; cpu < SKBT_LANES; cpu++)
    sum += acquire(&lanes[cpu].events);
  return sum;
}

} // namespace skbt
