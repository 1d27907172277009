// SPDX-License-Identifier: Apache-2.0
#include "timing.h"

#include <cstdio>
#include <cstdlib>

namespace skbt {
namespace {

double milliseconds(clockid_t clock) { return static_cast<double>(nanoseconds(clock)) / 1e6; }

} // namespace

uint64_t nanoseconds(clockid_t clock) {
  timespec t = {};
  clock_gettime(clock, &t);
  return static_cast<uint64_t>(t.tv_sec) * 1'000'000'000ULL + static_cast<uint64_t>(t.tv_nsec);
}

void mark(const char *what) {
  static const char *const origin = std::getenv("SKBTRACER_TIMING");
  if (origin)
    std::fprintf(stderr, "timing: %8.1f ms, CPU %8.1f ms, addon: %s\n",
                 milliseconds(CLOCK_REALTIME) - std::strtod(origin, nullptr), milliseconds(CLOCK_PROCESS_CPUTIME_ID),
                 what);
}

} // namespace skbt
