// SPDX-License-Identifier: Apache-2.0
// What this kernel allows us, found by trying.
#pragma once

#include <string>

namespace skbt {

struct Capability {
  bool ok = false;
  std::string detail; // what was found, or why it is missing and what to do
};

struct Capabilities {
  Capability root, btf, bpf, ringBuffer, kprobe, kprobeMulti, fentry, lockdown;
};

// Loads and attaches tiny programs that do nothing, one per capability; leaves nothing behind.
// Done once per process, since a kernel does not change; thread-safe.
const Capabilities &capabilities();

} // namespace skbt
