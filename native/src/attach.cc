// SPDX-License-Identifier: Apache-2.0
#include "attach.h"

#include "kernel_shared.h"

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

uint64_t cookieOf(const Function &f) { return SKBT_COOKIE(f.id, f.argument, f.flags); }

std::string reasonText(int err) { return std::string(std::strerror(err)) + " (errno " + std::to_string(err) + ")"; }

// One link for all; when the kernel refuses, halves are tried, so that only the guilty stay out.
void attachMulti(int programFd, const Function *const *functions, size_t count, Attachment &result) {
  if (count == 0)
    return;
  std::vector<unsigned long> addresses(count);
  std::vector<__u64> cookies(count);
  for (size_t i = 0; i < count; i++) {
    addresses[i] = functions[i]->address;
    cookies[i] = cookieOf(*functions[i]);
  }
  LIBBPF_OPTS(bpf_link_create_opts, opts);
  opts.kprobe_multi.cnt = static_cast<__u32>(count);
  opts.kprobe_multi.addrs = addresses.data();
  opts.kprobe_multi.cookies = cookies.data();
  const int fd = bpf_link_create(programFd, 0, BPF_TRACE_KPROBE_MULTI, &opts);
  if (fd >= 0) {
    result.held.push_back({Fd(fd), static_cast<uint32_t>(count)});
    for (size_t i = 0; i < count; i++)
      result.ids.push_back(functions[i]->id);
    return;
  }
  if (count == 1) {
    result.refused.push_back({functions[0]->id, functions[0]->name, reasonText(-fd)});
    return;
  }
  attachMulti(programFd, functions, count / 2, result);
  attachMulti(programFd, functions + count / 2, count - count / 2, result);
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
        mine.refused.push_back({functions[i]->id, functions[i]->name, reasonText(err)});
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
  if (backend == Backend::KprobeMulti)
    attachMulti(programFd, functions.data(), functions.size(), result);
  else
    attachSingle(programFd, functions, result);
  return result;
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
