// SPDX-License-Identifier: Apache-2.0
#include "generation.h"

#include "skbtracer.skel.h"
#include "targets.h"
#include "tcx.h"

#include <bpf/bpf.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <iterator>
#include <mutex>
#include <string_view>

namespace skbt {
namespace {

enum class Need {
  Exchanged, // needed, and loaded again with every change of settings
  Once,      // needed
  IfThere,   // a kernel may lack its function, or have it in a module that is not loaded
  Copied,    // not attached itself: to the programs that tcx may run, where there is tcx; see tcx.h
};

// Programs of type TRACING and the kernel function or tracepoint that each belongs to.
struct Typed {
  const char *program;
  const char *target;
  bpf_attach_type attach;
  Need need = Need::IfThere;
};

constexpr const char *TCX = "skbt_tcx_end";
constexpr std::string_view HAS_TCX = "tcx_prog_attach"; // a function of kernels that have it

constexpr std::array TYPED = {
    Typed{"skbt_drop_body", "kfree_skb", BPF_TRACE_RAW_TP, Need::Exchanged},
    // ends
    Typed{"skbt_end_release", "skb_release_head_state", BPF_TRACE_FEXIT, Need::Once},
    Typed{"skbt_end_stateless", "__consume_stateless_skb", BPF_TRACE_FENTRY},
    Typed{"skbt_end_deferred", "skb_attempt_defer_free", BPF_TRACE_FENTRY},
    Typed{"skbt_end_stolen", "napi_skb_free_stolen_head", BPF_TRACE_FENTRY},
    Typed{"skbt_end_reused", "napi_get_frags", BPF_TRACE_FEXIT},
    // lineage
    Typed{"skbt_clone", "skb_clone", BPF_TRACE_FEXIT},
    Typed{"skbt_copy", "skb_copy", BPF_TRACE_FEXIT},
    Typed{"skbt_pskb_copy", "__pskb_copy_fclone", BPF_TRACE_FEXIT},
    Typed{"skbt_copy_expand", "skb_copy_expand", BPF_TRACE_FEXIT},
    Typed{"skbt_fragment4", "ip_frag_next", BPF_TRACE_FEXIT},
    Typed{"skbt_fragment6", "ip6_frag_next", BPF_TRACE_FEXIT},
    Typed{"skbt_fraglist4", "ip_fraglist_prepare", BPF_TRACE_FENTRY},
    Typed{"skbt_fraglist6", "ip6_fraglist_prepare", BPF_TRACE_FENTRY},
    Typed{"skbt_morph", "skb_morph", BPF_TRACE_FEXIT},
    Typed{"skbt_segment", "skb_segment", BPF_TRACE_FEXIT},
    Typed{"skbt_segment_list", "skb_segment_list", BPF_TRACE_FEXIT},
    Typed{"skbt_merge", "skb_gro_receive", BPF_TRACE_FEXIT},
    Typed{"skbt_merge_list", "skb_gro_receive_list", BPF_TRACE_FEXIT},
    Typed{"skbt_head", "pskb_expand_head", BPF_TRACE_FEXIT},
    Typed{"skbt_fragment_queued", "inet_frag_queue_insert", BPF_TRACE_FEXIT},
    Typed{"skbt_reassembled", "inet_frag_reasm_finish", BPF_TRACE_FEXIT},
    Typed{"skbt_fragments_gone", "inet_frag_destroy", BPF_TRACE_FENTRY},
    Typed{"skbt_veth_begin", "veth_xdp_rcv_skb", BPF_TRACE_FENTRY},
    Typed{"skbt_veth_end", "veth_xdp_rcv_skb", BPF_TRACE_FEXIT},
    Typed{"skbt_veth_copied", "skb_pp_cow_data", BPF_TRACE_FEXIT},
    Typed{"skbt_veth_copies", "skb_copy_header", BPF_TRACE_FENTRY},
    Typed{"skbt_veth_transmit", "veth_xdp_tx", BPF_TRACE_FENTRY},
    Typed{"skbt_redirect_begin", "xdp_do_redirect", BPF_TRACE_FENTRY},
    Typed{"skbt_redirect_end", "xdp_do_redirect", BPF_TRACE_FEXIT},
    Typed{"skbt_xdp_exception", "xdp_exception", BPF_TRACE_RAW_TP},
    Typed{"skbt_from_frame", "__xdp_build_skb_from_frame", BPF_TRACE_FEXIT},
    // decisions
    Typed{"skbt_hook_begin", "nf_hook_slow", BPF_TRACE_FENTRY},
    Typed{"skbt_hook_end", "nf_hook_slow", BPF_TRACE_FEXIT},
    Typed{"skbt_ipt_begin", "ipt_do_table", BPF_TRACE_FENTRY},
    Typed{"skbt_ipt_end", "ipt_do_table", BPF_TRACE_FEXIT},
    Typed{"skbt_ip6t_begin", "ip6t_do_table", BPF_TRACE_FENTRY},
    Typed{"skbt_ip6t_end", "ip6t_do_table", BPF_TRACE_FEXIT},
    Typed{"skbt_ebt_begin", "ebt_do_table", BPF_TRACE_FENTRY},
    Typed{"skbt_ebt_end", "ebt_do_table", BPF_TRACE_FEXIT},
    Typed{"skbt_nft_begin", "nft_do_chain", BPF_TRACE_FENTRY},
    Typed{"skbt_nft_end", "nft_do_chain", BPF_TRACE_FEXIT},
    Typed{"skbt_neighbour_begin", "__neigh_event_send", BPF_TRACE_FENTRY},
    Typed{"skbt_neighbour_end", "__neigh_event_send", BPF_TRACE_FEXIT},
    Typed{"skbt_backlog_begin", "enqueue_to_backlog", BPF_TRACE_FENTRY},
    Typed{"skbt_backlog_end", "enqueue_to_backlog", BPF_TRACE_FEXIT},
    Typed{"skbt_transmit_begin", "__dev_queue_xmit", BPF_TRACE_FENTRY},
    Typed{"skbt_transmit_end", "__dev_queue_xmit", BPF_TRACE_FEXIT},
    Typed{"skbt_nft_verdict", "nft_immediate_eval", BPF_TRACE_FENTRY},
    Typed{"skbt_nft_lookup", "nft_lookup_eval", BPF_TRACE_FEXIT},
    Typed{"skbt_nft_masq", "nft_masq_eval", BPF_TRACE_FEXIT},
    Typed{"skbt_nft_masq_ipv4", "nft_masq_ipv4_eval", BPF_TRACE_FEXIT},
    Typed{"skbt_nft_masq_ipv6", "nft_masq_ipv6_eval", BPF_TRACE_FEXIT},
    Typed{"skbt_nft_masq_inet", "nft_masq_inet_eval", BPF_TRACE_FEXIT},
    Typed{"skbt_nft_redir", "nft_redir_eval", BPF_TRACE_FEXIT},
    Typed{"skbt_nft_nat", "nft_nat_eval", BPF_TRACE_FEXIT},
    Typed{"skbt_nft_nat_inet", "nft_nat_inet_eval", BPF_TRACE_FEXIT},
    Typed{"skbt_nft_reject_ipv4", "nft_reject_ipv4_eval", BPF_TRACE_FEXIT},
    Typed{"skbt_nft_reject_ipv6", "nft_reject_ipv6_eval", BPF_TRACE_FEXIT},
    Typed{"skbt_nft_reject_inet", "nft_reject_inet_eval", BPF_TRACE_FEXIT},
    Typed{"skbt_nft_reject_bridge", "nft_reject_bridge_eval", BPF_TRACE_FEXIT},
    Typed{"skbt_nft_queue", "nft_queue_eval", BPF_TRACE_FEXIT},
    Typed{"skbt_nft_queue_sreg", "nft_queue_sreg_eval", BPF_TRACE_FEXIT},
    Typed{"skbt_nft_target", "nft_target_eval_xt", BPF_TRACE_FEXIT},
    Typed{"skbt_nft_target_bridge", "nft_target_eval_bridge", BPF_TRACE_FEXIT},
    Typed{"skbt_conntrack_begin", "nf_conntrack_in", BPF_TRACE_FENTRY},
    Typed{"skbt_conntrack_end", "nf_conntrack_in", BPF_TRACE_FEXIT},
    Typed{"skbt_nat_begin", "nf_nat_manip_pkt", BPF_TRACE_FENTRY},
    Typed{"skbt_nat_end", "nf_nat_manip_pkt", BPF_TRACE_FEXIT},
    Typed{"skbt_route4", "ip_route_input_noref", BPF_TRACE_FEXIT},
    Typed{"skbt_route6", "ip6_route_input", BPF_TRACE_FEXIT},
    Typed{"skbt_source", "fib_validate_source", BPF_TRACE_FEXIT},
    Typed{"skbt_listener_tcp4", "__inet_lookup_listener", BPF_TRACE_FEXIT},
    Typed{"skbt_listener_udp4", "__udp4_lib_lookup", BPF_TRACE_FEXIT},
    Typed{"skbt_listener_tcp6", "inet6_lookup_listener", BPF_TRACE_FEXIT},
    Typed{"skbt_listener_udp6", "__udp6_lib_lookup", BPF_TRACE_FEXIT},
    Typed{"skbt_socket_filter", "sk_filter_trim_cap", BPF_TRACE_FEXIT},
    Typed{"skbt_receive_udp", "__udp_enqueue_schedule_skb", BPF_TRACE_FEXIT},
    Typed{"skbt_receive_other", "__sock_queue_rcv_skb", BPF_TRACE_FEXIT},
    Typed{"skbt_accept_queue", "tcp_conn_request", BPF_TRACE_FEXIT},
    Typed{"skbt_policy", "__xfrm_policy_check", BPF_TRACE_FEXIT},
    Typed{"skbt_tc_begin", "tcf_classify", BPF_TRACE_FENTRY},
    Typed{"skbt_tc_end", "tcf_classify", BPF_TRACE_FEXIT},
    Typed{"skbt_tc_program", "cls_bpf_classify", BPF_TRACE_FEXIT},
    Typed{TCX, "skb_checksum_help", BPF_TRACE_FEXIT, Need::Copied}, // takes and returns what programs of tc do
    Typed{"skbt_xdp_generic", "bpf_prog_run_generic_xdp", BPF_TRACE_FEXIT},
    // owners of sockets, connections
    Typed{"skbt_owner_send4", "inet_sendmsg", BPF_TRACE_FENTRY, Need::Once},
    Typed{"skbt_owner_send6", "inet6_sendmsg", BPF_TRACE_FENTRY},
    Typed{"skbt_owner_receive4", "inet_recvmsg", BPF_TRACE_FENTRY, Need::Once},
    Typed{"skbt_owner_receive6", "inet6_recvmsg", BPF_TRACE_FENTRY},
    Typed{"skbt_owner_connect", "inet_stream_connect", BPF_TRACE_FENTRY},
    Typed{"skbt_owner_listen", "inet_listen", BPF_TRACE_FENTRY},
    Typed{"skbt_owner_bind4", "inet_bind", BPF_TRACE_FENTRY},
    Typed{"skbt_owner_bind6", "inet6_bind", BPF_TRACE_FENTRY},
    Typed{"skbt_owner_end", "inet_sock_destruct", BPF_TRACE_FENTRY, Need::Once},
    Typed{"skbt_tcp_state", "inet_sock_set_state", BPF_TRACE_RAW_TP},
    Typed{"skbt_accept", "inet_accept", BPF_TRACE_FEXIT},
};

// Modules that have some of these functions.
constexpr std::array MODULES = {"nf_conntrack",     "nf_nat",          "nf_tables",       "ip_tables",
                                "ip6_tables",       "ebtables",        "cls_bpf",         "veth",
                                "nft_masq",         "nft_redir",       "nft_nat",         "nft_queue",
                                "nft_reject_ipv4",  "nft_reject_ipv6", "nft_reject_inet", "nft_compat",
                                "nft_reject_bridge"};

constexpr const char *ENTRY = "skbt_entry";
constexpr const char *HOP = "skbt_hop_body";
constexpr const char *PRIME = "skbt_owner_prime";
constexpr const char *SWEEP = "skbt_sweep_tracks";

// The settings whose filters the load under way puts into its programs. libbpf hands a handler no pointer of
// ours per object, so loads are one at a time.
std::mutex loadLock;
const Settings *loading = nullptr;
const Targets *loadingTargets = nullptr;
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

const Typed *typedOf(const bpf_program *program) {
  const std::string_view name = bpf_program__name(program);
  const auto *const found =
      std::find_if(TYPED.begin(), TYPED.end(), [&](const Typed &typed) { return typed.program == name; });
  return found == TYPED.end() ? nullptr : found;
}

// libbpf's own look-up of attach targets is not used; see targets.h.
int targetBeforeLoad(bpf_program *program, bpf_prog_load_opts *opts, long) {
  const Typed *typed = typedOf(program);
  const Target *target = typed && loadingTargets ? loadingTargets->get(typed->target) : nullptr;
  if (!target)
    return -ENOENT;
  opts->attach_btf_id = target->btfId;
  opts->attach_btf_obj_fd = static_cast<__u32>(target->objectFd);
  return 0;
}

int placeFilterBeforeLoad(bpf_program *program, bpf_prog_load_opts *, long) {
  if (!loading)
    return 0;
  const bpf_insn *first = bpf_program__insns(program);
  std::vector<bpf_insn> insns(first, first + bpf_program__insn_cnt(program));
  if (!placeFilter(insns, loading->filter, loading->inner))
    return 0; // a program that does not filter
  return bpf_program__set_insns(program, insns.data(), insns.size());
}

int dropBeforeLoad(bpf_program *program, bpf_prog_load_opts *opts, long cookie) {
  const int err = placeFilterBeforeLoad(program, opts, cookie);
  return err != 0 ? err : targetBeforeLoad(program, opts, cookie);
}

void registerHandlers() {
  static std::once_flag once;
  std::call_once(once, [] {
    LIBBPF_OPTS(libbpf_prog_handler_opts, hop);
    LIBBPF_OPTS(libbpf_prog_handler_opts, drop);
    LIBBPF_OPTS(libbpf_prog_handler_opts, typed);
    hop.prog_prepare_load_fn = placeFilterBeforeLoad;
    drop.prog_prepare_load_fn = dropBeforeLoad;
    typed.prog_prepare_load_fn = targetBeforeLoad;
    libbpf_register_prog_handler("skbt/entry", BPF_PROG_TYPE_KPROBE, static_cast<bpf_attach_type>(0), nullptr);
    libbpf_register_prog_handler("skbt/hop", BPF_PROG_TYPE_KPROBE, static_cast<bpf_attach_type>(0), &hop);
    libbpf_register_prog_handler("skbt/drop", BPF_PROG_TYPE_TRACING, BPF_TRACE_RAW_TP, &drop);
    libbpf_register_prog_handler("skbt/begin", BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY, &typed);
    libbpf_register_prog_handler("skbt/exit", BPF_PROG_TYPE_TRACING, BPF_TRACE_FEXIT, &typed);
    libbpf_register_prog_handler("skbt/tracepoint", BPF_PROG_TYPE_TRACING, BPF_TRACE_RAW_TP, &typed);
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
  c.use_inner = !o.settings.inner.l3.empty();
  c.flow_rate = o.flowRate;
  c.stack_on_drop = o.stackOnDrop;
  c.stack_on_hop = o.stackOnHop;
  c.control_block = o.controlBlock;
  c.use_ifname = !o.settings.interface.empty();
  c.keep = o.settings.keep;
  c.has_drop_reason = o.hasDropReason;
  c.no_drop_begin = o.noDrop.begin;
  c.no_drop_end = o.noDrop.end;
  c.backlog_limit = o.backlogLimit;
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
    else if (name == "stacks")
      err = bpf_map__set_max_entries(map, options.stackTable);
    if (err != 0)
      return errnoError("LOAD_FAILED", "cannot set up map " + std::string(name), -err);
  }
  return Done{};
}

// Not more arguments than this were possible until 6.6 (473e3150e30a "bpf, x86: allow function arguments up
// to 12 for TRACING").
constexpr uint32_t ARGUMENTS_ALWAYS = 6;

// Whether the kernel lets a program be there, found by trying where it is in doubt.
bool takesTyped(const Target &target, bpf_attach_type attach) {
  if (target.arguments <= ARGUMENTS_ALWAYS)
    return true;
  constexpr bpf_insn nothing[] = {{BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0}, {BPF_JMP | BPF_EXIT, 0, 0, 0, 0}};
  LIBBPF_OPTS(bpf_prog_load_opts, opts);
  opts.expected_attach_type = attach;
  opts.attach_btf_id = target.btfId;
  opts.attach_btf_obj_fd = static_cast<__u32>(target.objectFd);
  const Fd program(bpf_prog_load(BPF_PROG_TYPE_TRACING, "skbt_try", "GPL", nothing, std::size(nothing), &opts));
  return program.valid() && Fd(bpf_raw_tracepoint_open(nullptr, program.get())).valid();
}

Targets findTargets(bool isFirst) {
  std::vector<Wanted> wanted;
  for (const Typed &typed : TYPED)
    if (isFirst || typed.need == Need::Exchanged)
      wanted.push_back({typed.target, typed.attach == BPF_TRACE_RAW_TP});
  wanted.push_back({HAS_TCX});
  return Targets::find(wanted, isFirst ? std::vector<std::string_view>(MODULES.begin(), MODULES.end())
                                       : std::vector<std::string_view>());
}

// Whether this kernel takes the program.
bool isThere(const Typed &typed, const Targets &targets) {
  const Target *target = targets.get(typed.target);
  return target && takesTyped(*target, typed.attach) && (typed.need != Need::Copied || targets.get(HAS_TCX));
}

Status prepareTyped(bpf_object *object, bool isFirst, const Targets &targets) {
  for (const Typed &typed : TYPED) {
    bpf_program *program = bpf_object__find_program_by_name(object, typed.program);
    if (!program)
      return Error{"LOAD_FAILED", std::string("the eBPF object lacks ") + typed.program};
    bpf_program__set_expected_attach_type(program, typed.attach);
    const bool isNeeded = typed.need == Need::Exchanged || (typed.need == Need::Once && isFirst);
    if (isThere(typed, targets))
      continue;
    if (isNeeded)
      return Error{"NO_TARGET", std::string("this kernel's BTF has no ") + typed.target};
    bpf_program__set_autoload(program, false);
  }
  return Done{};
}

const char *kindOf(const Typed &typed) {
  return typed.attach == BPF_TRACE_FENTRY ? "fentry" : typed.attach == BPF_TRACE_FEXIT ? "fexit" : "tracepoint";
}

} // namespace

std::vector<PlannedProgram> plannedPrograms() {
  const Targets targets = findTargets(true);
  std::vector<PlannedProgram> programs;
  for (const Typed &typed : TYPED)
    if (isThere(typed, targets))
      programs.push_back({typed.program, typed.need == Need::Copied ? "programs of tc" : typed.target, kindOf(typed)});
  return programs;
}

Result<Generation> Generation::load(const LoadOptions &options, const Generation *base) {
  const std::lock_guard guard(loadLock);
  registerHandlers();
  loadLog.clear();
  const libbpf_print_fn_t before = libbpf_set_print(keepLog);
  loading = &options.settings;
  const auto finish = [&](auto result) -> Result<Generation> {
    loading = nullptr;
    loadingTargets = nullptr;
    libbpf_set_print(before);
    return result;
  };

  Generation g;
  g.isFirst = base == nullptr;
  size_t size = 0;
  const void *bytes = skbtracer::elf_bytes(&size);
  LIBBPF_OPTS(bpf_object_open_opts, opts);
  opts.object_name = "skbtracer";
  g.object.reset(bpf_object__open_mem(bytes, size, &opts));
  if (!g.object)
    return finish(errnoError("LOAD_FAILED", "cannot open the eBPF object", errno));
  if (auto done = prepareMaps(g.object.get(), options, base); !done)
    return finish(done.error());
  const Targets targets = findTargets(g.isFirst);
  loadingTargets = &targets;
  if (auto done = prepareTyped(g.object.get(), g.isFirst, targets); !done)
    return finish(done.error());
  for (const char *name : {ENTRY, HOP}) {
    bpf_program *program = bpf_object__find_program_by_name(g.object.get(), name);
    if (options.backend == Backend::KprobeMulti)
      bpf_program__set_expected_attach_type(program, BPF_TRACE_KPROBE_MULTI);
    if (base && name == ENTRY)
      bpf_program__set_autoload(program, false);
  }
  for (const char *name : {PRIME, SWEEP})
    bpf_program__set_autoload(bpf_object__find_program_by_name(g.object.get(), name), g.isFirst);

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

std::vector<Fd> Generation::takeExchanged() {
  // the first of TYPED, and so the first that was attached
  static_assert(TYPED[0].need == Need::Exchanged && TYPED[1].need != Need::Exchanged);
  std::vector<Fd> taken;
  if (links.empty())
    return taken;
  taken.push_back(std::move(links.front()));
  links.erase(links.begin());
  return taken;
}

Status Generation::attachTyped() {
  for (const Typed &typed : TYPED) {
    if (typed.need == Need::Copied)
      continue;
    if (auto done = attachOne(typed.program); !done)
      return done.error();
  }
  const bpf_program *tcx = bpf_object__find_program_by_name(object.get(), TCX);
  if (bpf_program__fd(tcx) >= 0)
    for (Fd &link : attachToTcPrograms(tcx, mapFd("tcx_programs")))
      links.push_back(std::move(link));
  return isFirst ? primeOwners() : Done{};
}

Status Generation::primeOwners() {
  bpf_link *link = bpf_program__attach_iter(bpf_object__find_program_by_name(object.get(), PRIME), nullptr);
  if (!link)
    return errnoError("ATTACH_FAILED", "cannot read the sockets that there are", errno);
  const Fd iterator(bpf_iter_create(bpf_link__fd(link)));
  Status done = Done{};
  if (iterator.valid()) {
    char nothing[64];
    while (read(iterator.get(), nothing, sizeof(nothing)) > 0) {
    }
  } else {
    done = errnoError("ATTACH_FAILED", "cannot read the sockets that there are", errno);
  }
  bpf_link__destroy(link);
  return done;
}

Status Generation::takeOver(const LoadOptions &options) const {
  const uint32_t slot = SKBT_BODY_HOP;
  const int hop = bpf_program__fd(bpf_object__find_program_by_name(object.get(), HOP));
  const uint32_t zero = 0;
  const skbt_control control = {
      options.generation, options.tcpEvents, options.settings.netns, options.settings.pid, options.baseNs, 0, 0};
  if (bpf_map_update_elem(mapFd("control"), &zero, &control, BPF_ANY) != 0 ||
      bpf_map_update_elem(mapFd("bodies"), &slot, &hop, BPF_ANY) != 0)
    return errnoError("LOAD_FAILED", "cannot switch the capture on", errno);
  return Done{};
}

Generation::Ages Generation::sweep(uint64_t longNs) const {
  const int program = bpf_program__fd(bpf_object__find_program_by_name(object.get(), SWEEP));
  const int map = mapFd("sweep");
  const uint32_t zero = 0;
  skbt_sweep found = {};
  found.long_ns = longNs;
  LIBBPF_OPTS(bpf_test_run_opts, run);
  if (program < 0 || bpf_map_update_elem(map, &zero, &found, BPF_ANY) != 0 ||
      bpf_prog_test_run_opts(program, &run) != 0 || bpf_map_lookup_elem(map, &zero, &found) != 0)
    return {};
  return {found.long_lived, found.oldest_ns};
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

void Generation::addCosts(std::vector<ProgramCost> &costs) const {
  bpf_program *program = nullptr;
  bpf_object__for_each_program(program, object.get()) {
    const int fd = bpf_program__fd(program);
    bpf_prog_info info = {};
    __u32 length = sizeof(info);
    if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &length) != 0)
      continue;
    const std::string name = bpf_program__name(program);
    auto known = std::find_if(costs.begin(), costs.end(), [&](const ProgramCost &cost) { return cost.name == name; });
    if (known == costs.end())
      known = costs.insert(costs.end(), {name});
    known->runs += info.run_cnt;
    known->timeNs += info.run_time_ns;
  }
}

} // namespace skbt
