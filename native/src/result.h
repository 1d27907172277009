// SPDX-License-Identifier: Apache-2.0
// Expected failures as values: nothing is thrown in this library.
#pragma once

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>
#include <variant>

namespace skbt {

// `code` is stable and machine-readable; `message` says what is wrong and what to do;
// `position` is an offset in the text that was given, -1 when there is none.
struct Error {
  std::string code;
  std::string message;
  int position = -1;
};

inline std::string errnoText(int err) {
  return std::string(std::strerror(err)) + " (errno " + std::to_string(err) + ")";
}

inline Error errnoError(std::string code, const std::string &what, int err) {
  return {std::move(code), what + ": " + errnoText(err)};
}

template <typename T> class [[nodiscard]] Result {
public:
  Result(T value) : state(std::move(value)) {}
  Result(Error error) : state(std::move(error)) {}
  explicit operator bool() const { return std::holds_alternative<T>(state); }
  T &operator*() { return std::get<T>(state); }
  T *operator->() { return &std::get<T>(state); }
  Error &error() { return std::get<Error>(state); }

private:
  std::variant<T, Error> state;
};

struct Done {};
using Status = Result<Done>;

} // namespace skbt
