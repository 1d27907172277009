// SPDX-License-Identifier: Apache-2.0
// What native/src/rings.h promises, with queues in ordinary memory.
#include "rings.h"
#include "checks.h"
#include "timing.h"

#include <atomic>
#include <cstdio>
#include <cstring>
#include <deque>
#include <string>
#include <thread>

namespace {

using namespace skbt;

// A queue of headers; one whose number is 0 is still being written.
class Listed final : public Queue {
public:
  std::deque<skbt_header> records;

  void add(uint32_t number, uint64_t timeNs) {
    skbt_header header = {};
    header.size = sizeof(header);
    header.seq = number;
    header.time_ns = timeNs;
    records.push_back(header);
    count++;
  }
  State look(Record &record) override {
    if (records.empty())
      return State::Empty;
    if (records.front().seq == 0)
      return State::Unfinished;
    record = {reinterpret_cast<const uint8_t *>(&records.front()), sizeof(skbt_header)};
    return State::Record;
  }
  void take() override {
    records.pop_front();
    position++;
  }
  uint64_t written() const override { return count; }
  uint64_t taken() const override { return position; }

private:
  uint64_t count = 0;
  uint64_t position = 0;
};

struct Merged {
  std::vector<Listed *> queues;
  Rings rings;

  static Merged of(size_t count, uint64_t waitNs) {
    std::vector<std::unique_ptr<Queue>> all;
    std::vector<Listed *> queues;
    for (size_t i = 0; i < count; i++) {
      auto one = std::make_unique<Listed>();
      queues.push_back(one.get());
      all.push_back(std::move(one));
    }
    return {queues, Rings(std::move(all), 0, waitNs)};
  }

  // Numbers of what comes out, and how much was left.
  std::string consume(bool isLast = false, size_t atMost = SIZE_MAX) {
    std::string out;
    size_t count = 0;
    const Rings::Left left = rings.consume(
        [&](const uint8_t *record, size_t) {
          skbt_header header;
          std::memcpy(&header, record, sizeof(header));
          out += std::to_string(header.seq) + " ";
          return ++count < atMost;
        },
        isLast);
    return out + (left == Rings::Left::Nothing ? "nothing" : left == Rings::Left::Young ? "young" : "no room");
  }
};

void says(const std::string &is, const std::string &expected) {
  check(is == expected, "'" + is + "', not '" + expected + "'");
}

void byTime() {
  Merged all = Merged::of(3, 0);
  all.queues[0]->add(2, 20);
  all.queues[0]->add(5, 50);
  all.queues[1]->add(1, 10);
  all.queues[1]->add(4, 40);
  all.queues[2]->add(3, 30);
  says(all.consume(), "1 2 3 4 5 nothing");
  check(all.rings.areTaken(all.rings.written()), "not all is taken");
}

void ofTheSameTime() {
  Merged all = Merged::of(2, 0);
  all.queues[1]->add(2, 10);
  all.queues[0]->add(1, 10);
  says(all.consume(), "1 2 nothing");
}

void ownOrder() {
  Merged all = Merged::of(2, 0);
  all.queues[0]->add(1, 30);
  all.queues[0]->add(2, 20); // an interrupt's came before it
  all.queues[1]->add(3, 40);
  says(all.consume(), "1 2 3 nothing");
}

void unfinished() {
  Merged all = Merged::of(2, 0);
  all.queues[0]->add(0, 15);
  all.queues[1]->add(2, 20);
  says(all.consume(), "young");
  all.queues[0]->records.front().seq = 1;
  says(all.consume(), "1 2 nothing");
  all.queues[0]->add(3, 30);
  all.queues[0]->add(0, 35);
  all.queues[1]->add(5, 40);
  says(all.consume(), "3 young"); // it is behind one that was given out
  check(!all.rings.areTaken(all.rings.written()), "all is taken");
  says(all.consume(true), "5 nothing"); // at the end nothing is waited for
}

void waits() {
  const uint64_t now = nanoseconds(CLOCK_MONOTONIC);
  Merged all = Merged::of(2, 3'600'000'000'000ULL);
  all.queues[0]->add(1, now);
  says(all.consume(), "young");
  says(all.consume(true), "1 nothing");
}

void noRoom() {
  Merged all = Merged::of(2, 0);
  all.queues[0]->add(1, 10);
  all.queues[1]->add(2, 20);
  says(all.consume(false, 1), "1 no room");
  says(all.consume(), "2 nothing");
}

// As bpf/lib/lane.h has it.
struct LaneMemory {
  skbt_lane lane = {};
  std::vector<skbt_lane_hop> places;

  explicit LaneMemory(uint32_t hops) : places(hops) { lane.places = hops; }
  bool isFull() const { return lane.head - __atomic_load_n(&lane.tail, __ATOMIC_ACQUIRE) >= lane.places; }
  skbt_lane_hop &reserve(uint32_t seq) {
    skbt_lane_hop &hop = places[lane.head & (lane.places - 1)];
    __atomic_store_n(&lane.head, lane.head + 1, __ATOMIC_RELEASE);
    hop.seq = seq;
    hop.time_ns = seq;
    hop.packet = uint64_t{seq} << 20;
    hop.flags = SKBT_FLAG_PID_OWNER | SKBT_FLAG_DROPPED;
    return hop;
  }
  static void write(skbt_lane_hop &hop, uint64_t position) {
    __atomic_store_n(&hop.stamp, static_cast<uint32_t>(position + 1), __ATOMIC_RELEASE);
  }
};

void laneGivesOut() {
  LaneMemory memory(4);
  Lane lane(&memory.lane, memory.places.data(), 7);
  Record record;
  check(lane.look(record) == Queue::State::Empty, "an empty lane has something");
  skbt_lane_hop &outer = memory.reserve(1);
  LaneMemory::write(memory.reserve(2), 1); // while the first was interrupted
  check(lane.look(record) == Queue::State::Unfinished, "what is not written is given out");
  LaneMemory::write(outer, 0);
  for (uint32_t seq = 1; seq <= 2; seq++) {
    check(lane.look(record) == Queue::State::Record && record.size == sizeof(skbt_hop), "it is no hop");
    skbt_hop hop;
    std::memcpy(&hop, record.bytes, sizeof(hop));
    check(hop.header.size == sizeof(hop) && hop.header.kind == SKBT_KIND_HOP && hop.header.cpu == 7 &&
              hop.header.sections == 0 && hop.header.flags == SKBT_FLAG_PID_OWNER && hop.header.seq == seq &&
              hop.packet == uint64_t{seq} << 20,
          "the hop is another");
    lane.take();
  }
  check(memory.lane.tail == 0, "each place is told of by itself");
  check(lane.look(record) == Queue::State::Empty && memory.lane.tail == 2, "places are not free");
  check(lane.taken() == 2 && lane.written() == 2, "it is elsewhere");
}

// A place is not taken for written that was so in the round before.
void laneGoesRound() {
  LaneMemory memory(2);
  Lane lane(&memory.lane, memory.places.data(), 0);
  Record record;
  for (uint32_t i = 0; i < 9; i++) {
    skbt_lane_hop &hop = memory.reserve(i);
    check(lane.look(record) == Queue::State::Unfinished, "an old hop is taken for a new one");
    LaneMemory::write(hop, i);
    check(lane.look(record) == Queue::State::Record, "a hop is missing");
    lane.take();
  }
}

// Two at once: none is missing, told twice or overwritten.
void laneAtOnce() {
  constexpr uint32_t COUNT = 2'000'000;
  LaneMemory memory(64);
  std::thread writer([&] {
    for (uint32_t seq = 0; seq < COUNT;) {
      if (memory.isFull()) {
        std::this_thread::yield();
        continue;
      }
      LaneMemory::write(memory.reserve(seq), seq);
      seq++;
    }
  });
  Lane lane(&memory.lane, memory.places.data(), 0);
  Record record;
  for (uint32_t seq = 0; seq < COUNT;) {
    if (lane.look(record) != Queue::State::Record) {
      std::this_thread::yield();
      continue;
    }
    skbt_hop hop;
    std::memcpy(&hop, record.bytes, sizeof(hop));
    check(hop.header.seq == seq && hop.packet == uint64_t{seq} << 20, "hop " + std::to_string(seq) + " is another");
    lane.take();
    seq++;
  }
  writer.join();
}

void room() {
  const auto of = [](uint32_t cpus, uint32_t asked, uint32_t bytes) {
    std::vector<uint32_t> numbers;
    for (uint32_t cpu = 0; cpu < cpus; cpu++)
      numbers.push_back(cpu);
    const Room room = shareOut(numbers, asked, bytes);
    return std::to_string(room.rings) + " of " + std::to_string(room.ringBytes) + ", " +
           std::to_string(room.laneCpus.size()) + " of " + std::to_string(room.laneHops);
  };
  says(of(1, 0, 16U << 20), "1 of 8388608, 1 of 131072");
  says(of(4, 0, 16U << 20), "1 of 8388608, 4 of 32768");
  says(of(6, 0, 16U << 20), "2 of 8388608, 6 of 32768");
  says(of(4, 4, 16U << 20), "4 of 8388608, 4 of 131072");
  says(of(2000, 0, 1U << 20), "64 of 524288, 1024 of 512");
  says(of(4, 0, 128U << 10), "1 of 65536, 4 of 256");
  says(of(1, 0, 64U << 10), "1 of 65536, 0 of 0");
  says(of(32, 1, 128U << 10), "1 of 131072, 0 of 0");
  const Room apart = shareOut({0, 5}, 0, 1U << 20);
  check(apart.laneCpus == std::vector<uint32_t>{0, 5}, "lanes are not those of the CPUs that are online");
}

} // namespace

int main() {
  run("the oldest of all comes first", byTime);
  run("of the same time, the first queue's comes first", ofTheSameTime);
  run("what a queue has stays in its order", ownOrder);
  run("what is still being written holds back the others", unfinished);
  run("what is too young waits", waits);
  run("the rest waits for room", noRoom);
  run("a lane's hops are records of the stream", laneGivesOut);
  run("a place of a lane is not read before it is written anew", laneGoesRound);
  run("a lane is written and read at once", laneAtOnce);
  run("room is shared out by CPUs", room);
}
