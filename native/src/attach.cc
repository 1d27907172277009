// SPDX-License-Identifier: Apache-2.0
#include "attach.h"

#include "kernel_shared.h"

#include <bpf/bpf.h>
#include <linux/perf_event.h>

#include <algorithm>
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
    result.fds.emplace_back(fd);
    result.attached += static_cast<uint32_t>(count);
    return;
  }
  if (count == 1) {
    result.refused.push_back({functions[0]->name, reasonText(-fd)});
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
      const int err = attachKprobe(programFd, functions[i]->address, cookieOf(*functions[i]), mine.fds);
      if (err == 0)
        mine.attached++;
      else
        mine.refused.push_back({functions[i]->name, reasonText(err)});
    }
    const std::lock_guard guard(lock);
    std::move(mine.fds.begin(), mine.fds.end(), std::back_inserter(result.fds));
    std::move(mine.refused.begin(), mine.refused.end(), std::back_inserter(result.refused));
    result.attached += mine.attached;
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

int attachKprobe(int programFd, uint64_t address, uint64_t cookie, std::vector<Fd> &fds) {
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
  fds.push_back(std::move(link));
  fds.push_back(std::move(event));
  return 0;
}

Result<Attachment> attachAll(int programFd, Backend backend, const std::vector<const Function *> &functions) {
  Attachment result;
  if (backend == Backend::KprobeMulti)
    attachMulti(programFd, functions.data(), functions.size(), result);
  else
    attachSingle(programFd, functions, result);
  if (result.attached == 0 && !functions.empty())
    return Error{"ATTACH_FAILED",
                 "no function took a probe; " + result.refused.front().name + ": " + result.refused.front().reason};
  return result;
}

void closeInBackground(std::vector<Fd> fds) {
  int ends[2];
  if (fds.empty() || pipe2(ends, O_CLOEXEC) != 0)
    return; // without a pipe they close here, slowly
  Fd go(ends[0]);
  Fd hold(ends[1]);
  std::vector<int> keep{go.get()};
  for (const Fd &fd : fds)
    keep.push_back(fd.get());
  std::sort(keep.begin(), keep.end());
  // Twice forked, so that it is init's child and leaves no zombie. Between fork and _exit only
  // system calls: other threads' locks may be held for ever in the child.
  const pid_t child = fork();
  if (child == 0) {
    if (fork() != 0)
      _exit(0);
    setsid();
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
    while (read(go.get(), &none, 1) > 0) {
    }
    _exit(0);
  }
  if (child > 0)
    waitpid(child, nullptr, 0);
  fds.clear();
  // `hold` closes now, and the child goes on
}

} // namespace skbt
