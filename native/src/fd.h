// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <unistd.h>
#include <utility>

namespace skbt {

// Owns a file descriptor.
class Fd {
public:
  Fd() = default;
  explicit Fd(int value) : value(value) {}
  Fd(Fd &&other) noexcept : value(std::exchange(other.value, -1)) {}
  Fd &operator=(Fd &&other) noexcept {
    if (this != &other) {
      reset();
      value = std::exchange(other.value, -1);
    }
    return *this;
  }
  Fd(const Fd &) = delete;
  Fd &operator=(const Fd &) = delete;
  ~Fd() { reset(); }

  int get() const { return value; }
  bool valid() const { return value >= 0; }
  int release() { return std::exchange(value, -1); }
  void reset() {
    if (value >= 0)
      close(std::exchange(value, -1));
  }

private:
  int value = -1;
};

} // namespace skbt
