// SPDX-License-Identifier: Apache-2.0
#include "attach.h"

#include "kernel_shared.h"
#include "kfuncs.h"
#include "result.h"

#include <bpf/bpf.h>
#include <linux/perf_event.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <mutex>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>

namespace skbt {
namespace {

// Attaching single kprobes waits for the kernel more than it computes (lab.md: four threads halve it).
constexpr size_t KPROBE_THREADS = 4;

// What a child is closing. `told` has the number of probes for each descriptor that it has closed.
struct Closing {
  Fd told;
  uint32_t left;
  std::function<void()> onClosed;
  bool isOver = false;
};
std::mutex closingLock;
std::vector<Closing> closings;

// A function, and what its probe is told.
struct Place {
  const Function *function;
  uint64_t cookie;
};

// As bpf_link_create(), which knows no sessions. A descriptor, or -1.
int linkMulti(int programFd, uint32_t attachType, const std::vector<__u64> &addresses,
              const std::vector<__u64> &cookies) {
  bpf_attr attr = {};
  attr.link_create.prog_fd = static_cast<__u32>(programFd);
  attr.link_create.attach_type = attachType;
  attr.link_create.kprobe_multi.cnt = static_cast<__u32>(addresses.size());
  attr.link_create.kprobe_multi.addrs = reinterpret_cast<__u64>(addresses.data());
  attr.link_create.kprobe_multi.cookies = reinterpret_cast<__u64>(cookies.data());
  return static_cast<int>(syscall(SYS_bpf, BPF_LINK_CREATE, &attr, sizeof(attr)));
}

// One link for all; when the kernel refuses, halves are tried, so that only the guilty stay out.
void attachMulti(int programFd, uint32_t attachType, const Place *places, size_t count, Attachment &result) {
  if (count == 0)
    return;
  std::vector<__u64> addresses(count);
  std::vector<__u64> cookies(count);
  for (size_t i = 0; i < count; i++) {
    addresses[i] = places[i].function->address;
    cookies[i] = places[i].cookie;
  }
  const int fd = linkMulti(programFd, attachType, addresses, cookies);
  if (fd >= 0) {
    result.held.push_back({Fd(fd), static_cast<uint32_t>(count)});
    for (size_t i = 0; i < count; i++)
      result.ids.push_back(places[i].function->id);
    return;
  }
  if (count == 1) {
    result.refused.push_back({places->function->id, places->function->name, errnoText(errno)});
    return;
  }
  attachMulti(programFd, attachType, places, count / 2, result);
  attachMulti(programFd, attachType, places + count / 2, count - count / 2, result);
}

void attachSingle(int programFd, const std::vector<const Function *> &functions, Attachment &result) {
  std::mutex lock;
  const auto work = [&](size_t first) {
    Attachment mine;
    for (size_t i = first; i < functions.size(); i += KPROBE_THREADS) {
      const int err = attachKprobe(programFd, functions[i]->address, cookieOf(*functions[i]), mine.held);
      if (err == 0)
        mine.ids.push_back(functions[i]->id);
      else
        mine.refused.push_back({functions[i]->id, functions[i]->name, errnoText(err)});
    }
    const std::lock_guard guard(lock);
    std::move(mine.held.begin(), mine.held.end(), std::back_inserter(result.held));
    std::move(mine.refused.begin(), mine.refused.end(), std::back_inserter(result.refused));
    result.ids.insert(result.ids.end(), mine.ids.begin(), mine.ids.end());
  };
  std::vector<std::thread> threads;
  for (size_t i = 0; i < std::min(KPROBE_THREADS, functions.size()); i++)
    threads.emplace_back(work, i);
  for (std::thread &thread : threads)
    thread.join();
}

} // namespace

uint64_t cookieOf(const Function &function) { return SKBT_COOKIE(function.id, function.argument, function.flags); }
uint64_t cookieOf(const Session &session) { return cookieOf(*session.function) | SKBT_COOKIE_SESSION(session.kind); }

int kprobePerfType() {
  FILE *file = std::fopen("/sys/bus/event_source/devices/kprobe/type", "re");
  if (!file)
    return -1;
  int type = -1;
  if (std::fscanf(file, "%d", &type) != 1)
    type = -1;
  std::fclose(file);
  return type;
}

int attachKprobe(int programFd, uint64_t address, uint64_t cookie, std::vector<Held> &held) {
  static const int type = kprobePerfType();
  if (type < 0)
    return ENOENT;
  perf_event_attr attr = {};
  attr.size = sizeof(attr);
  attr.type = static_cast<__u32>(type);
  attr.config1 = 0; // no name:
  attr.config2 = address;
  Fd event(static_cast<int>(syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC)));
  if (!event.valid())
    return errno;
  LIBBPF_OPTS(bpf_link_create_opts, opts);
  opts.perf_event.bpf_cookie = cookie;
  Fd link(bpf_link_create(programFd, event.get(), BPF_PERF_EVENT, &opts));
  if (!link.valid())
    return errno;
  if (ioctl(event.get(), PERF_EVENT_IOC_ENABLE, 0) < 0)
    return errno;
  held.push_back({std::move(link), 0});
  held.push_back({std::move(event), 1});
  return 0;
}

Attachment attachAll(int programFd, Backend backend, const std::vector<const Function *> &functions) {
  Attachment result;
  if (backend == Backend::Kprobe) {
    attachSingle(programFd, functions, result);
    return result;
  }
  std::vector<Place> places;
  places.reserve(functions.size());
  for (const Function *one : functions)
    places.push_back({one, cookieOf(*one)});
  attachMulti(programFd, BPF_TRACE_KPROBE_MULTI, places.data(), places.size(), result);
  return result;
}

Attachment attachSessions(int programFd, const std::vector<Session> &sessions) {
  Attachment result;
  std::vector<Place> places;
  places.reserve(sessions.size());
  for (const Session &one : sessions)
    places.push_back({one.function, cookieOf(one)});
  attachMulti(programFd, KPROBE_SESSION, places.data(), places.size(), result);
  return result;
}

uint64_t missedReturns(int linkFd) {
  // as bpf_link_info of newer headers has it for kprobe.multi
  struct {
    __u32 type, id, programId;
    __u64 addresses;
    __u32 count, flags;
    __u64 missed;
  } info = {};
  bpf_attr attr = {};
  attr.info.bpf_fd = static_cast<__u32>(linkFd);
  attr.info.info_len = sizeof(info);
  attr.info.info = reinterpret_cast<__u64>(&info);
  return syscall(SYS_bpf, BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr)) == 0 ? info.missed : 0;
}

void closeInBackground(std::vector<Held> held, std::function<void()> onClosed) {
  int go[2];
  int progress[2];
  if (held.empty() || pipe2(go, O_CLOEXEC) != 0)
    return; // without a pipe they close here, slowly
  Fd waits(go[0]);
  Fd hold(go[1]);
  if (pipe2(progress, O_CLOEXEC | O_NONBLOCK) != 0)
    return;
  Fd told(progress[0]);
  Fd tell(progress[1]);
  std::vector<int> keep{waits.get(), tell.get()};
  uint32_t probes = 0;
  for (const Held &one : held) {
    keep.push_back(one.fd.get());
    probes += one.probes;
  }
  std::sort(keep.begin(), keep.end());
  // Twice forked, so that it is init's child and leaves no zombie. Between fork and _exit only
  // system calls: other threads' locks may be held for ever in the child.
  const pid_t child = fork();
  if (child == 0) {
    if (fork() != 0)
      _exit(0);
    setsid();
    signal(SIGPIPE, SIG_IGN); // whoever started this may be gone before it is done
    // let go of everything else first: whoever reads our pipes must see their end
    unsigned int next = 0;
    for (const int fd : keep) {
      if (static_cast<unsigned int>(fd) > next)
        syscall(SYS_close_range, next, static_cast<unsigned int>(fd) - 1, 0);
      next = static_cast<unsigned int>(fd) + 1;
    }
    syscall(SYS_close_range, next, ~0U, 0);
    // who closes last waits for the kernel: that must not be the parent
    char none;
    while (read(waits.get(), &none, 1) > 0) {
    }
    for (const Held &one : held) {
      close(one.fd.get());
      if (one.probes > 0 && write(tell.get(), &one.probes, sizeof(one.probes)) < 0)
        continue; // nobody listens any more
    }
    _exit(0);
  }
  if (child > 0) {
    waitpid(child, nullptr, 0);
    const std::lock_guard guard(closingLock);
    closings.push_back({std::move(told), probes, std::move(onClosed)});
  }
  held.clear();
  // `hold` closes now, and the child goes on
}

uint32_t detaching() {
  std::vector<std::function<void()>> closed;
  uint32_t left = 0;
  {
    const std::lock_guard guard(closingLock);
    for (Closing &one : closings) {
      uint32_t probes = 0;
      ssize_t got = 0;
      while ((got = read(one.told.get(), &probes, sizeof(probes))) == sizeof(probes))
        one.left -= probes;
      one.isOver = one.left == 0 || got == 0;
      if (!one.isOver)
        left += one.left;
      else if (one.left == 0 && one.onClosed)
        closed.push_back(std::move(one.onClosed));
    }
    std::erase_if(closings, [](const Closing &one) { return one.isOver; });
  }
  for (const auto &tell : closed)
    tell();
  return left;
}

} // namespace skbt
