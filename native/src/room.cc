// SPDX-License-Identifier: Apache-2.0
#include "room.h"

#include "kernel_shared.h"

#include <algorithm>
#include <bit>
#include <fstream>
#include <iterator>

namespace skbt {
namespace {

constexpr size_t CPUS_MAX = 8192; // x86-64 has no more

} // namespace

std::vector<uint32_t> onlineCpus() {
  std::ifstream file("/sys/devices/system/cpu/online"); // 0-3,8
  std::vector<uint32_t> cpus;
  uint32_t first = 0;
  while (cpus.size() < CPUS_MAX && file >> first) {
    uint32_t last = first;
    if (file.peek() == '-')
      file.ignore() >> last;
    for (uint32_t cpu = first; cpu <= last && cpus.size() < CPUS_MAX; cpu++)
      cpus.push_back(cpu);
    file.ignore(); // a comma
  }
  return cpus.empty() ? std::vector<uint32_t>{0} : cpus;
}

Room shareOut(const std::vector<uint32_t> &cpus, uint32_t asked, uint32_t bytes) {
  const auto count = static_cast<uint32_t>(cpus.size());
  const uint32_t wanted = asked > 0 ? std::min(asked, count) : (count + CPUS_PER_RING - 1) / CPUS_PER_RING;
  Room room;
  room.rings = std::min(wanted, RINGS_MAX);
  room.ringBytes = bytes;
  std::copy_if(cpus.begin(), cpus.end(), std::back_inserter(room.laneCpus),
               [](uint32_t cpu) { return cpu < SKBT_LANES; });
  const uint64_t forLanes = uint64_t{room.rings} * (bytes / 2);
  const uint64_t hops = room.laneCpus.empty() ? 0 : forLanes / room.laneCpus.size() / sizeof(skbt_lane_hop);
  if (bytes < SHARED_MIN || hops < LANE_HOPS_MIN) {
    room.laneCpus.clear();
    return room;
  }
  room.laneHops = static_cast<uint32_t>(std::bit_floor(hops));
  room.ringBytes = bytes / 2;
  return room;
}

} // namespace skbt
