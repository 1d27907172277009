// SPDX-License-Identifier: Apache-2.0
#include "generation.h"

#include "skbtracer.skel.h"

#include <bpf/bpf.h>

#include <array>
#include <cstdio>
#include <mutex>
#include <string_view>

namespace skbt {
namespace {

// Programs of type TRACING and the kernel function that each belongs to.
struct Typed {
  const char *program;
  const char *target;
  bpf_attach_type attach;
  bool required;
  bool onlyForPid;
};

constexpr std::array TYPED = {
    Typed{"skbt_drop_body", "kfree_skb", BPF_TRACE_RAW_TP, true, false},
    Typed{"skbt_end_release", "skb_release_head_state", BPF_TRACE_FEXIT, true, false},
    Typed{"skbt_end_stateless", "__consume_stateless_skb", BPF_TRACE_FENTRY, false, false},
    Typed{"skbt_end_stolen", "napi_skb_free_stolen_head", BPF_TRACE_FENTRY, false, false},
    Typed{"skbt_end_reused", "napi_get_frags", BPF_TRACE_FEXIT, false, false},
    Typed{"skbt_clone", "skb_clone", BPF_TRACE_FEXIT, false, false},
    Typed{"skbt_copy", "skb_copy", BPF_TRACE_FEXIT, false, false},
    Typed{"skbt_pskb_copy", "__pskb_copy_fclone", BPF_TRACE_FEXIT, false, false},
    Typed{"skbt_owner_send4", "inet_sendmsg", BPF_TRACE_FENTRY, true, true},
    Typed{"skbt_owner_send6", "inet6_sendmsg", BPF_TRACE_FENTRY, false, true},
    Typed{"skbt_owner_receive4", "inet_recvmsg", BPF_TRACE_FENTRY, true, true},
    Typed{"skbt_owner_receive6", "inet6_recvmsg", BPF_TRACE_FENTRY, false, true},
    Typed{"skbt_owner_end", "inet_sock_destruct", BPF_TRACE_FENTRY, true, true},
};

constexpr const char *ENTRY = "skbt_entry";
constexpr const char *HOP = "skbt_hop_body";
constexpr const char *PRIME = "skbt_owner_prime";

// The filter that the load under way puts into its programs. libbpf hands a handler no pointer of
// ours per object, so loads are one at a time.
std::mutex loadLock;
const FilterProgram *loadingFilter = nullptr;
std::string loadLog; // libbpf's words since the load began

int keepLog(libbpf_print_level level, const char *format, va_list arguments) {
  if (level == LIBBPF_DEBUG)
    return 0;
  constexpr size_t LOG_MAX = 1 << 20;
  va_list again;
  va_copy(again, arguments);
  const int length = std::vsnprintf(nullptr, 0, format, arguments);
  if (length > 0 && loadLog.size() < LOG_MAX) {
    std::string text(static_cast<size_t>(length) + 1, '\0');
    std::vsnprintf(text.data(), text.size(), format, again);
    text.pop_back();
    loadLog += text;
  }
  va_end(again);
  return 0;
}

int placeFilterBeforeLoad(bpf_program *program, bpf_prog_load_opts *, long) {
  if (!loadingFilter)
    return 0;
  const bpf_insn *first = bpf_program__insns(program);
  std::vector<bpf_insn> insns(first, first + bpf_program__insn_cnt(program));
  if (!placeFilter(insns, *loadingFilter))
    return 0; // a program that does not filter
  return bpf_program__set_insns(program, insns.data(), insns.size());
}

void registerHandlers() {
  static std::once_flag once;
  std::call_once(once, [] {
    LIBBPF_OPTS(libbpf_prog_handler_opts, opts);
    opts.prog_prepare_load_fn = placeFilterBeforeLoad;
    libbpf_register_prog_handler("skbt/entry", BPF_PROG_TYPE_KPROBE, static_cast<bpf_attach_type>(0), nullptr);
    libbpf_register_prog_handler("skbt/hop", BPF_PROG_TYPE_KPROBE, static_cast<bpf_attach_type>(0), &opts);
    libbpf_register_prog_handler("skbt/drop", BPF_PROG_TYPE_TRACING, BPF_TRACE_RAW_TP, &opts);
    libbpf_register_prog_handler("skbt/begin", BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY, nullptr);
    libbpf_register_prog_handler("skbt/exit", BPF_PROG_TYPE_TRACING, BPF_TRACE_FEXIT, nullptr);
    libbpf_register_prog_handler("skbt/owner", BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY, nullptr);
  });
}

// The last lines of what libbpf and the verifier said, which is where the cause stands.
std::string logTail() {
  constexpr size_t TAIL = 1200;
  return loadLog.size() > TAIL ? "…" + loadLog.substr(loadLog.size() - TAIL) : loadLog;
}

skbt_config configOf(const LoadOptions &o) {
  skbt_config c = {};
  c.base_ns = o.baseNs;
  c.generation = o.generation;
  c.netns = o.settings.netns;
  c.mark = o.settings.mark & o.settings.markMask;
  c.mark_mask = o.settings.markMask;
  c.pid = o.settings.pid;
  c.use_pcap = !o.settings.filter.l2.empty() || !o.settings.filter.l3.empty();
  c.use_ifname = !o.settings.interface.empty();
  c.keep = o.settings.keep;
  c.has_drop_reason = o.hasDropReason;
  std::snprintf(c.ifname, sizeof(c.ifname), "%s", o.settings.interface.c_str());
  return c;
}

bool isRodata(const bpf_map *map) { return std::string_view(bpf_map__name(map)).ends_with(".rodata"); }

Status prepareMaps(bpf_object *object, const LoadOptions &options, const Generation *base) {
  const skbt_config config = configOf(options);
  bpf_map *map = nullptr;
  bpf_object__for_each_map(map, object) {
    const std::string_view name = bpf_map__name(map);
    int err = 0;
    if (isRodata(map))
      err = bpf_map__set_initial_value(map, &config, sizeof(config));
    else if (base)
      err = bpf_map__reuse_fd(map, base->mapFd(bpf_map__name(map)));
    else if (name == "events")
      err = bpf_map__set_max_entries(map, options.ringBytes);
    else if (name == "tracks")
      err = bpf_map__set_max_entries(map, options.trackedPackets);
    if (err != 0)
      return errnoError("LOAD_FAILED", "cannot set up map " + std::string(name), -err);
  }
  return Done{};
}

Status prepareTyped(bpf_object *object, bool forPid) {
  for (const Typed &typed : TYPED) {
    bpf_program *program = bpf_object__find_program_by_name(object, typed.program);
    if (!program)
      return Error{"LOAD_FAILED", std::string("the eBPF object lacks ") + typed.program};
    if (typed.onlyForPid && !forPid) {
      bpf_program__set_autoload(program, false);
      continue;
    }
    bpf_program__set_expected_attach_type(program, typed.attach);
    const int err = bpf_program__set_attach_target(program, 0, typed.target);
    if (err == 0)
      continue;
    if (typed.required)
      return errnoError("NO_TARGET", std::string("this kernel's BTF has no ") + typed.target, -err);
    bpf_program__set_autoload(program, false);
  }
  return Done{};
}

} // namespace

Result<Generation> Generation::load(const LoadOptions &options, const Generation *base) {
  const std::lock_guard guard(loadLock);
  registerHandlers();
  loadLog.clear();
  const libbpf_print_fn_t before = libbpf_set_print(keepLog);
  loadingFilter = &options.settings.filter;
  const auto finish = [&](auto result) -> Result<Generation> {
    loadingFilter = nullptr;
    libbpf_set_print(before);
    return result;
  };

  Generation g;
  g.pid = options.settings.pid;
  size_t size = 0;
  const void *bytes = skbtracer::elf_bytes(&size);
  LIBBPF_OPTS(bpf_object_open_opts, opts);
  opts.object_name = "skbtracer";
  g.object.reset(bpf_object__open_mem(bytes, size, &opts));
  if (!g.object)
    return finish(errnoError("LOAD_FAILED", "cannot open the eBPF object", errno));
  if (auto done = prepareMaps(g.object.get(), options, base); !done)
    return finish(done.error());
  if (auto done = prepareTyped(g.object.get(), g.pid != 0); !done)
    return finish(done.error());
  for (const char *name : {ENTRY, HOP}) {
    bpf_program *program = bpf_object__find_program_by_name(g.object.get(), name);
    if (options.backend == Backend::KprobeMulti)
      bpf_program__set_expected_attach_type(program, BPF_TRACE_KPROBE_MULTI);
    if (base && name == ENTRY)
      bpf_program__set_autoload(program, false);
  }
  bpf_program__set_autoload(bpf_object__find_program_by_name(g.object.get(), PRIME), g.pid != 0);

  if (const int err = bpf_object__load(g.object.get()); err != 0) {
    Error error = errnoError("LOAD_FAILED", "the kernel refuses the eBPF programs", -err);
    error.message += "\n" + logTail();
    return finish(error);
  }
  return finish(std::move(g));
}

Status Generation::attachOne(const char *name) {
  const bpf_program *program = bpf_object__find_program_by_name(object.get(), name);
  const int programFd = bpf_program__fd(program);
  if (programFd < 0) // not loaded: this kernel lacks the function
    return Done{};
  Fd link(bpf_raw_tracepoint_open(nullptr, programFd));
  if (!link.valid())
    return errnoError("ATTACH_FAILED", std::string("cannot attach ") + name, errno);
  links.push_back(std::move(link));
  return Done{};
}

Status Generation::attachTyped() {
  for (const Typed &typed : TYPED)
    if (!typed.onlyForPid || pid != 0)
      if (auto done = attachOne(typed.program); !done)
        return done.error();
  return pid != 0 ? primeOwners() : Done{};
}

Status Generation::primeOwners() {
  bpf_link *link = bpf_program__attach_iter(bpf_object__find_program_by_name(object.get(), PRIME), nullptr);
  if (!link)
    return errnoError("ATTACH_FAILED", "cannot read the process's sockets", errno);
  const Fd iterator(bpf_iter_create(bpf_link__fd(link)));
  Status done = Done{};
  if (iterator.valid()) {
    char nothing[64];
    while (read(iterator.get(), nothing, sizeof(nothing)) > 0) {
    }
  } else {
    done = errnoError("ATTACH_FAILED", "cannot read the process's sockets", errno);
  }
  bpf_link__destroy(link);
  return done;
}

Status Generation::takeOver(uint32_t generation) const {
  const uint32_t slot = SKBT_BODY_HOP;
  const int hop = bpf_program__fd(bpf_object__find_program_by_name(object.get(), HOP));
  const uint32_t zero = 0;
  const skbt_control control = {generation, 0};
  if (bpf_map_update_elem(mapFd("control"), &zero, &control, BPF_ANY) != 0 ||
      bpf_map_update_elem(mapFd("bodies"), &slot, &hop, BPF_ANY) != 0)
    return errnoError("LOAD_FAILED", "cannot switch the capture on", errno);
  return Done{};
}

int Generation::mapFd(const char *name) const { return bpf_object__find_map_fd_by_name(object.get(), name); }

int Generation::entryFd() const { return bpf_program__fd(bpf_object__find_program_by_name(object.get(), ENTRY)); }

uint64_t Generation::recursionMisses() const {
  uint64_t misses = 0;
  bpf_program *program = nullptr;
  bpf_object__for_each_program(program, object.get()) {
    const int fd = bpf_program__fd(program);
    bpf_prog_info info = {};
    __u32 length = sizeof(info);
    if (fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &length) == 0)
      misses += info.recursion_misses;
  }
  return misses;
}

} // namespace skbt
