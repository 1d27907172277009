// SPDX-License-Identifier: Apache-2.0
// How ring buffers and lanes share the room that is asked for.
#pragma once

#include <cstdint>
#include <vector>

namespace skbt {

constexpr uint32_t RINGS_MAX = 64;
// CPUs that share a ring buffer, where nothing else is asked for: enough that one busy CPU has room, few enough that
// they do not wait for each other.
constexpr uint32_t CPUS_PER_RING = 4;
// The reader is woken when as much waits, or a quarter of where it waits.
constexpr uint32_t WAKE_BYTES = 256U << 10;
// Rings of less are not shared with lanes, nor are lanes of less worth having: a packet's whole tail must have room in
// one ring.
constexpr uint32_t SHARED_MIN = 128U << 10;
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

} // namespace skbt
