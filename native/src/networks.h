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

struct NetworkPlaces {
  struct Named {
    uint64_t inode;
    std::string name;
  };
  struct Process {
    uint64_t inode;
    uint32_t pid;
  };
  // Of files in a folder, in which `ip netns` has a file for each, by name; and of the processes that there are: the
  // first in each network namespace.
  std::vector<Named> named;
  std::vector<Process> processes;
};

NetworkPlaces networkPlaces(const std::string &folder);

} // namespace skbt
