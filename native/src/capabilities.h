// SPDX-License-Identifier: Apache-2.0
// What this kernel allows us, found by trying.
#pragma once

#include "pack.h"

#include <optional>
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

// Of these, what attaching for a try has shown of the kernel, as bytes and back: it takes long, and the kernel stays
// the same. What this process may do is found out anew.
void packCapabilities(Packer &into);
std::optional<Capabilities> unpackCapabilities(Unpacker &from);
// What was unpacked, for capabilities() to take over; too late once that was asked.
void keepCapabilities(Capabilities kept);

} // namespace skbt
