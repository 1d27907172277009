// SPDX-License-Identifier: Apache-2.0
// Tests without a kernel: a line for each, its name, a tab, and "ok" or what was wrong first.
#pragma once

#include <cstdio>
#include <string>

namespace skbt {

inline std::string wrong; // of the test that runs

inline void check(bool isRight, const std::string &what) {
  if (!isRight && wrong.empty())
    wrong = what;
}

inline void run(const char *name, void (*test)()) {
  wrong.clear();
  test();
  std::printf("%s\t%s\n", name, wrong.empty() ? "ok" : wrong.c_str());
}

} // namespace skbt
