// SPDX-License-Identifier: Apache-2.0
// One program on many functions: kprobe.multi where the kernel has it, single kprobes otherwise.
#pragma once

#include "fd.h"
#include "functions.h"
#include "kernel_shared.h"

#include <functional>
#include <string>
#include <vector>

namespace skbt {

// Fentry is not for attachAll(): see typed_probes.h.
enum class Backend { KprobeMulti, Kprobe, Fentry };

// A function whose calls are sessions; see bpf/lib/session.h.
struct Session {
  const Function *function;
  skbt_session_kind kind;
};

// What their probes are told.
uint64_t cookieOf(const Function &function);
uint64_t cookieOf(const Session &session);

// A descriptor whose closing detaches so many probes; one of several that one probe has: 0.
struct Held {
  Fd fd;
  uint32_t probes = 0;
};

struct Attachment {
  std::vector<Held> held;    // links and perf events
  std::vector<uint32_t> ids; // of the functions that took their probe
  struct Refusal {
    uint32_t id;
    std::string name;
    std::string reason;
  };
  std::vector<Refusal> refused;
};

// Functions that refuse their probe are left out and reported.
Attachment attachAll(int programFd, Backend backend, const std::vector<const Function *> &functions);

// A program for sessions on these.
Attachment attachSessions(int programFd, const std::vector<Session> &sessions);
// Calls that a link of attachSessions() was not told the return of, since too many were under way.
uint64_t missedReturns(int linkFd);

// perf type number of kprobes, -1 when the kernel has none.
int kprobePerfType();
// A perf event on the function's entry with the program on it; both are appended. 0 or an errno.
int attachKprobe(int programFd, uint64_t address, uint64_t cookie, std::vector<Held> &held);

/*
 * Gives the descriptors to a child process that does nothing but close them, and returns at once:
 * the kernel waits for a grace period for each probe that goes (seconds for a hundred kprobes), and
 * nobody should stand there. The child is not this process's to wait for; when it is killed, the kernel
 * closes what it had. `onClosed` is called by detaching(), once all are closed; never when it was killed.
 */
void closeInBackground(std::vector<Held> held, std::function<void()> onClosed = nullptr);

// Probes that closeInBackground() has not closed yet, of this process. Any thread.
uint32_t detaching();

} // namespace skbt
