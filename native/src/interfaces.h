// SPDX-License-Identifier: Apache-2.0
// The interfaces of any network namespace, without a program that is started for each.
#pragma once

#include "result.h"

#include <cstdint>
#include <string>
#include <vector>

namespace skbt {

struct Interface {
  uint32_t index;
  std::string name;
};

// Of the namespace that a file stands for (/run/netns/NAME, /proc/PID/ns/net). Errors: NETNS_GONE, NETNS_REFUSED.
Result<std::vector<Interface>> interfacesIn(const std::string &file);

} // namespace skbt
