// SPDX-License-Identifier: Apache-2.0
// Tells whether bytes are the same as before: it finds changes and damage, and withstands nobody.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace skbt {

constexpr uint64_t SUM_BASIS = 0xcbf29ce484222325ULL;

// FNV-1a, eight bytes at a time; goes on from `sum`.
inline uint64_t sumOf(uint64_t sum, const uint8_t *data, size_t size) {
  constexpr uint64_t PRIME = 0x100000001b3ULL;
  size_t i = 0;
  for (; i + sizeof(uint64_t) <= size; i += sizeof(uint64_t)) {
    uint64_t word = 0;
    std::memcpy(&word, data + i, sizeof(word));
    sum = (sum ^ word) * PRIME;
    sum ^= sum >> 32;
  }
  for (; i < size; i++)
    sum = (sum ^ data[i]) * PRIME;
  return sum;
}

} // namespace skbt
