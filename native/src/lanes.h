// SPDX-License-Identifier: Apache-2.0
// CPUs' lanes, beside the ring buffers; see bpf/lib/lane.h.
#pragma once

#include "kernel_shared.h"
#include "queue.h"
#include "result.h"
#include "room.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace skbt {

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

} // namespace skbt
