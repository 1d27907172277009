// SPDX-License-Identifier: Apache-2.0
// Where the time of a start goes; see CONTRIBUTING.md. Costs nothing where nobody asks.
#pragma once

#include <cstdint>
#include <ctime>

namespace skbt {

// What a clock says.
uint64_t nanoseconds(clockid_t clock);

// With SKBTRACER_TIMING=N in the environment (Unix time in ms), says on standard error how long after N something was
// done, and what CPU time this process has used until then.
void mark(const char *what);

} // namespace skbt
