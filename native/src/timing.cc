// SPDX-License-Identifier: Apache-2.0
#include "timing.h"

#include <cstdio>
#include <cstdlib>
#include <ctime>

namespace skbt {
namespace {

double milliseconds(clockid_t clock) {
  timespec t = {};
  clock_gettime(clock, &t);
  return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_nsec) / 1e6;
}

} // namespace

void mark(const char *what) {
  static const char *const origin = std::getenv("SKBTRACER_TIMING");
  if (origin)
    std::fprintf(stderr, "timing: %8.1f ms, CPU %8.1f ms, addon: %s\n",
                 milliseconds(CLOCK_REALTIME) - std::strtod(origin, nullptr), milliseconds(CLOCK_PROCESS_CPUTIME_ID),
                 what);
}

} // namespace skbt
