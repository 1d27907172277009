// SPDX-License-Identifier: Apache-2.0
// Where the kernel side puts records, and the reader takes them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace skbt {

struct Record {
  const uint8_t *bytes = nullptr; // until it is taken
  size_t size = 0;
};

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

} // namespace skbt
