// SPDX-License-Identifier: Apache-2.0
// What is in any network namespace, asked of the kernel itself: no program is started, and nothing is kept open, which
// would keep a namespace alive.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace skbt {

struct Interface {
  uint32_t index;
  std::string name;
};

struct Network {
  std::vector<Interface> interfaces;
  // Of what is drawn of a namespace: interfaces, their kinds, addresses and ends, ids of other namespaces, default
  // routes (IPv4). Another one when any of these has changed; statistics, timers and lifetimes have no part in it.
  // Empty when it could not be told.
  std::string key;
};

// Of the namespaces that these files stand for (/run/netns/NAME, /proc/PID/ns/net); nothing where one is gone or cannot
// be entered.
std::vector<std::optional<Network>> networksAt(const std::vector<std::string> &files);

struct NetworkProcess {
  uint64_t inode;
  uint32_t pid;
};

// The network namespaces that processes are in, each with the first of these.
std::vector<NetworkProcess> networksOfProcesses();

} // namespace skbt
