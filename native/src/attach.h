// SPDX-License-Identifier: Apache-2.0
// One program on many functions: kprobe.multi where the kernel has it, single kprobes otherwise.
#pragma once

#include "fd.h"
#include "functions.h"

#include <vector>

namespace skbt {

enum class Backend { KprobeMulti, Kprobe };

struct Attachment {
  std::vector<Fd> fds; // of links and perf events; closing them detaches
  uint32_t attached = 0;
  struct Refusal {
    std::string name;
    std::string reason;
  };
  std::vector<Refusal> refused;
};

// Functions that refuse their probe are left out and reported; an error only when none took it.
Result<Attachment> attachAll(int programFd, Backend backend, const std::vector<const Function *> &functions);

// perf type number of kprobes, -1 when the kernel has none.
int kprobePerfType();
// A perf event on the function's entry with the program on it; fds are appended. 0 or an errno.
int attachKprobe(int programFd, uint64_t address, uint64_t cookie, std::vector<Fd> &fds);

/*
 * Gives the descriptors to a child process that does nothing but close them, and returns at once:
 * the kernel waits for a grace period for each probe that goes (seconds for a hundred kprobes), and
 * nobody should stand there. The child is not this process's to wait for.
 */
void closeInBackground(std::vector<Fd> fds);

} // namespace skbt
