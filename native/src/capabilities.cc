// SPDX-License-Identifier: Apache-2.0
#include "capabilities.h"

#include "attach.h"
#include "btf.h"
#include "fd.h"
#include "result.h"
#include "symbols.h"
#include "timing.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <mutex>
#include <optional>
#include <sys/utsname.h>
#include <unistd.h>

namespace skbt {
namespace {

// A function that every kernel has, that takes an skb, and whose probe costs nothing to try.
constexpr const char *PROBE_FUNCTION = "consume_skb";

constexpr const char *KERNEL_TYPES = "/sys/kernel/btf/vmlinux";

constexpr bpf_insn NOTHING[] = {
    {BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0}, // r0 = 0
    {BPF_JMP | BPF_EXIT, 0, 0, 0, 0},
};

std::string advice(int err) {
  if ((err == EPERM || err == EACCES) && geteuid() == 0)
    return "; this host, or the container that this runs in, forbids it even to root";
  if (err == EPERM || err == EACCES)
    return "; run as root, or in a container with CAP_SYS_ADMIN and CAP_SYSLOG; the host may also forbid BPF";
  return "";
}

Fd loadNothing(bpf_prog_type type, bpf_attach_type attachType, uint32_t attachBtfId) {
  LIBBPF_OPTS(bpf_prog_load_opts, opts);
  opts.expected_attach_type = attachType;
  opts.attach_btf_id = attachBtfId;
  return Fd(bpf_prog_load(type, "skbt_probe", "GPL", NOTHING, std::size(NOTHING), &opts));
}

Capability tryRoot() {
  FILE *file = std::fopen("/proc/self/status", "re");
  unsigned long long effective = 0;
  char line[256];
  while (file && std::fgets(line, sizeof(line), file))
    if (std::sscanf(line, "CapEff: %llx", &effective) == 1)
      break;
  if (file)
    std::fclose(file);
  constexpr int CAP_SYS_ADMIN_BIT = 21, CAP_PERFMON_BIT = 38, CAP_BPF_BIT = 39;
  const auto has = [&](int bit) { return (effective >> bit & 1) != 0; };
  if (has(CAP_SYS_ADMIN_BIT) || (has(CAP_BPF_BIT) && has(CAP_PERFMON_BIT)))
    return {true, "has the capabilities"};
  const std::string missing = has(CAP_BPF_BIT)       ? "CAP_PERFMON is missing"
                              : has(CAP_PERFMON_BIT) ? "CAP_BPF is missing"
                                                     : "CAP_BPF and CAP_PERFMON are missing";
  return {false,
          geteuid() == 0
              ? missing +
                    ": tracing needs both, or CAP_SYS_ADMIN, which has them; give that to this container or service"
              : "not root: " + missing + "; run with sudo"};
}

Capability tryBtf() {
  auto types = kernelBtf();
  if (!types)
    return {false, "BTF missing: " + types.error().message};
  return {true, std::to_string(btf__type_cnt(*types)) + " types"};
}

Capability tryBpf() {
  const Fd program = loadNothing(BPF_PROG_TYPE_KPROBE, static_cast<bpf_attach_type>(0), 0);
  if (!program.valid())
    return {false, "BPF tracing refused: " + errnoText(errno) + advice(errno)};
  return {true, "tracing programs load"};
}

Capability tryRingBuffer() {
  const Fd map(bpf_map_create(BPF_MAP_TYPE_RINGBUF, "skbt_probe", 0, 0, 65536, nullptr));
  if (!map.valid() && (errno == EPERM || errno == EACCES))
    return {false, "BPF ring buffer refused: " + errnoText(errno) + advice(errno)};
  if (!map.valid())
    return {false, "no BPF ring buffer: " + errnoText(errno) + "; the kernel has this type of map since Linux 5.8"};
  return {true, "ring buffer maps can be made"};
}

Capability tryKprobe() {
  const Fd program = loadNothing(BPF_PROG_TYPE_KPROBE, static_cast<bpf_attach_type>(0), 0);
  if (!program.valid())
    return {false, "program refused: " + errnoText(errno) + advice(errno)};
  auto address = Symbols::find(PROBE_FUNCTION);
  if (!address)
    return {false, address.error().message};
  std::vector<Held> held;
  const int err = attachKprobe(program.get(), *address, 0, held);
  if (err != 0)
    return {false, "attach refused: " + errnoText(err) + advice(err)};
  return {true, "single kprobes attach"};
}

Capability tryKprobeMulti() {
  const Fd program = loadNothing(BPF_PROG_TYPE_KPROBE, BPF_TRACE_KPROBE_MULTI, 0);
  if (!program.valid())
    return {false, "program refused: " + errnoText(errno) + "; it needs Linux 5.18"};
  const char *names[] = {PROBE_FUNCTION};
  LIBBPF_OPTS(bpf_link_create_opts, opts);
  opts.kprobe_multi.cnt = 1;
  opts.kprobe_multi.syms = names;
  const Fd link(bpf_link_create(program.get(), 0, BPF_TRACE_KPROBE_MULTI, &opts));
  if (!link.valid())
    return {false, "attach refused: " + errnoText(errno) +
                       "; it needs a kernel built with CONFIG_FPROBE; single "
                       "kprobes are used instead"};
  return {true, "thousands of functions attach at once"};
}

Capability tryFentry() {
  auto types = kernelBtf();
  if (!types)
    return {false, "BTF missing: " + types.error().message};
  const int id = btf__find_by_name_kind(*types, PROBE_FUNCTION, BTF_KIND_FUNC);
  if (id < 0)
    return {false, std::string("no BTF for ") + PROBE_FUNCTION + ": " + errnoText(-id)};
  const Fd program = loadNothing(BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY, static_cast<uint32_t>(id));
  if (!program.valid())
    return {false, "program refused: " + errnoText(errno) + advice(errno)};
  const Fd link(bpf_raw_tracepoint_open(nullptr, program.get()));
  if (!link.valid())
    return {false, "attach refused: " + errnoText(errno) + advice(errno)};
  return {true, "typed probes attach"};
}

Capability tryLockdown() {
  FILE *file = std::fopen("/sys/kernel/security/lockdown", "re");
  if (!file)
    return {true, "not told (no /sys/kernel/security/lockdown)"};
  char line[128] = {};
  const bool read = std::fgets(line, sizeof(line), file) != nullptr;
  std::fclose(file);
  if (read && std::strstr(line, "[confidentiality]"))
    return {false, "the kernel is locked down (confidentiality): BPF may not read kernel memory; boot with "
                   "lockdown=integrity or without Secure Boot"};
  return {true, read && std::strstr(line, "[integrity]") ? "integrity: tracing is allowed" : "none"};
}

int silent(libbpf_print_level, const char *, va_list) { return 0; }

std::mutex keptLock;
std::optional<Capabilities> kept;

// Nothing where the kernel's types can be read no more: then all is found out anew, and said.
std::optional<Capabilities> takeKept() {
  const std::lock_guard guard(keptLock);
  return access(KERNEL_TYPES, R_OK) == 0 ? kept : std::nullopt;
}

// What is found by attaching, in the order in which it is packed.
constexpr std::array ATTEMPTS = {&Capabilities::btf, &Capabilities::kprobe, &Capabilities::kprobeMulti,
                                 &Capabilities::fentry};

Capabilities probeAll() {
  // refusals are findings here, not news
  const libbpf_print_fn_t before = libbpf_set_print(silent);
  Capabilities c;
  c.root = tryRoot();
  c.bpf = tryBpf();
  c.ringBuffer = tryRingBuffer();
  c.lockdown = tryLockdown();
  const std::optional<Capabilities> known = c.root.ok && c.bpf.ok && c.lockdown.ok ? takeKept() : std::nullopt;
  if (known) {
    for (const auto attempt : ATTEMPTS)
      c.*attempt = (*known).*attempt;
  } else {
    c.btf = tryBtf();
    c.kprobe = tryKprobe();
    c.kprobeMulti = tryKprobeMulti();
    c.fentry = tryFentry();
  }
  libbpf_set_print(before);
  mark("capabilities tried");
  return c;
}

} // namespace

const Capabilities &capabilities() {
  static const Capabilities found = probeAll();
  return found;
}

void packCapabilities(Packer &into) {
  for (const auto attempt : ATTEMPTS) {
    const Capability &one = capabilities().*attempt;
    into.value(static_cast<uint8_t>(one.ok));
    into.text(one.detail);
  }
}

std::optional<Capabilities> unpackCapabilities(Unpacker &from) {
  Capabilities c;
  for (const auto attempt : ATTEMPTS) {
    (c.*attempt).ok = from.value<uint8_t>() != 0;
    (c.*attempt).detail = from.text();
  }
  // a refusal may be over by the next time
  return from.good && c.btf.ok && c.kprobe.ok && c.fentry.ok ? std::optional<Capabilities>(c) : std::nullopt;
}

void keepCapabilities(Capabilities capabilities) {
  const std::lock_guard guard(keptLock);
  kept = std::move(capabilities);
}

} // namespace skbt
