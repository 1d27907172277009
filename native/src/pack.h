// SPDX-License-Identifier: Apache-2.0
// Values as bytes, for what is kept from one start to the next: read back on the same machine, and never believed to
// be whole.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

namespace skbt {

class Packer {
public:
  template <typename T> void value(const T &v) {
    static_assert(std::is_trivially_copyable_v<T>);
    append(&v, sizeof(T));
  }
  template <typename T> void values(const std::vector<T> &v) {
    static_assert(std::is_trivially_copyable_v<T>);
    value(static_cast<uint32_t>(v.size()));
    append(v.data(), v.size() * sizeof(T));
  }
  void text(const std::string &v) {
    value(static_cast<uint32_t>(v.size()));
    append(v.data(), v.size());
  }
  void append(const void *data, size_t size) {
    const size_t at = out.size();
    out.resize(at + size);
    if (size > 0)
      std::memcpy(out.data() + at, data, size);
  }
  std::vector<uint8_t> out;
};

// Once something was missing, everything that follows is empty, and `good` stays false.
class Unpacker {
public:
  Unpacker(const uint8_t *data, size_t size) : next(data), left(size) {}

  template <typename T> T value() {
    static_assert(std::is_trivially_copyable_v<T>);
    T v = {};
    if (take(sizeof(T)))
      std::memcpy(&v, next - sizeof(T), sizeof(T));
    return v;
  }
  template <typename T> std::vector<T> values() {
    static_assert(std::is_trivially_copyable_v<T>);
    const auto count = static_cast<size_t>(value<uint32_t>());
    std::vector<T> v;
    if (count <= left / sizeof(T) && take(count * sizeof(T))) {
      v.resize(count);
      if (count > 0)
        std::memcpy(v.data(), next - count * sizeof(T), count * sizeof(T));
    } else {
      good = false;
    }
    return v;
  }
  std::string text() {
    const size_t length = value<uint32_t>();
    return take(length) ? std::string(reinterpret_cast<const char *>(next - length), length) : std::string();
  }
  // How many things follow, each of `atLeast` bytes.
  size_t count(size_t atLeast) {
    const size_t n = value<uint32_t>();
    if (n > left / atLeast)
      good = false;
    return good ? n : 0;
  }
  bool isAtEnd() const { return good && left == 0; }
  bool good = true;

private:
  bool take(size_t size) {
    good = good && size <= left;
    if (good) {
      next += size;
      left -= size;
    }
    return good;
  }
  const uint8_t *next;
  size_t left;
};

} // namespace skbt
