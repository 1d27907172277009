// SPDX-License-Identifier: Apache-2.0
#include "generation.h"

#include "elf_object.h"
#include "kernel.h"
#include "load_plan.h"
#include "rings.h"
#include "skbtracer.skel.h"
#include "skbtracer_direct.skel.h"
#include "targets.h"
#include "tcx.h"
#include "timing.h"
#include "typed_probes.h"

#include <bpf/bpf.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fcntl.h>
#include <iterator>
#include <mutex>
#include <span>
#include <string_view>
#include <unordered_map>

namespace skbt {
namespace {

Error prefilterError() { return errnoError("LOAD_FAILED", "cannot set what certainly does not match", errno); }

enum class Need {
  Exchanged, // needed, and loaded again with every change of settings
  Once,      // needed
  IfThere,   // a kernel may lack its function, or have it in a module that is not loaded
  Copied,    // not attached itself: to the programs that tcx may run, where there is tcx; see tcx.h
  Pattern,   // not loaded itself: what copies are made of; see programs.h, typed_probes.h
};

// Programs of type TRACING and the kernel function or tracepoint that each belongs to.
struct Typed {
  const char *program;
  const char *target;
  bpf_attach_type attach;
  Need need = Need::IfThere;
  skbt_session_kind session = SKBT_SESSION_NONE; // what takes its place, where calls can be sessions
};

constexpr const char *TCX = "skbt_tcx_end";
constexpr std::string_view HAS_TCX = "tcx_prog_attach"; // a function of kernels that have it

constexpr const char *TYPED_HOP = "skbt_typed_hop";

constexpr std::array TYPED = {
    Typed{"skbt_drop_body", "kfree_skb", BPF_TRACE_RAW_TP, Need::Exchanged},
    Typed{TYPED_HOP, "bpf_strncmp", BPF_TRACE_FENTRY, Need::Exchanged}, // where typed probes go on; see typed.h
    // ends
    Typed{"skbt_end_release", "skb_release_head_state", BPF_TRACE_FEXIT, Need::Once},
    Typed{"skbt_end_nested", "skb_release_head_state", BPF_TRACE_FEXIT, Need::Once},
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
    Typed{"skbt_generic_begin", "bpf_prog_run_generic_xdp", BPF_TRACE_FENTRY},
    Typed{"skbt_generic_end", "bpf_prog_run_generic_xdp", BPF_TRACE_FEXIT},
    Typed{"skbt_redirect_begin", "xdp_do_redirect", BPF_TRACE_FENTRY},
    Typed{"skbt_redirect_end", "xdp_do_redirect", BPF_TRACE_FEXIT},
    Typed{"skbt_xdp_exception", "xdp_exception", BPF_TRACE_RAW_TP},
    Typed{"skbt_from_frame", "__xdp_build_skb_from_frame", BPF_TRACE_FEXIT},
    // decisions
    Typed{"skbt_hook_begin", "nf_hook_slow", BPF_TRACE_FENTRY, Need::IfThere, SKBT_SESSION_HOOK},
    Typed{"skbt_hook_end", "nf_hook_slow", BPF_TRACE_FEXIT, Need::IfThere, SKBT_SESSION_HOOK},
    Typed{"skbt_ipt_begin", "ipt_do_table", BPF_TRACE_FENTRY, Need::IfThere, SKBT_SESSION_TABLE},
    Typed{"skbt_ipt_end", "ipt_do_table", BPF_TRACE_FEXIT, Need::IfThere, SKBT_SESSION_TABLE},
    Typed{"skbt_ip6t_begin", "ip6t_do_table", BPF_TRACE_FENTRY, Need::IfThere, SKBT_SESSION_TABLE},
    Typed{"skbt_ip6t_end", "ip6t_do_table", BPF_TRACE_FEXIT, Need::IfThere, SKBT_SESSION_TABLE},
    Typed{"skbt_ebt_begin", "ebt_do_table", BPF_TRACE_FENTRY, Need::IfThere, SKBT_SESSION_BRIDGE_TABLE},
    Typed{"skbt_ebt_end", "ebt_do_table", BPF_TRACE_FEXIT, Need::IfThere, SKBT_SESSION_BRIDGE_TABLE},
    Typed{"skbt_nft_begin", "nft_do_chain", BPF_TRACE_FENTRY},
    Typed{"skbt_nft_end", "nft_do_chain", BPF_TRACE_FEXIT},
    Typed{"skbt_neighbour_begin", "__neigh_event_send", BPF_TRACE_FENTRY, Need::IfThere, SKBT_SESSION_NEIGHBOUR},
    Typed{"skbt_neighbour_end", "__neigh_event_send", BPF_TRACE_FEXIT, Need::IfThere, SKBT_SESSION_NEIGHBOUR},
    Typed{"skbt_backlog_begin", "enqueue_to_backlog", BPF_TRACE_FENTRY, Need::IfThere, SKBT_SESSION_BACKLOG},
    Typed{"skbt_backlog_end", "enqueue_to_backlog", BPF_TRACE_FEXIT, Need::IfThere, SKBT_SESSION_BACKLOG},
    Typed{"skbt_transmit_begin", "__dev_queue_xmit", BPF_TRACE_FENTRY, Need::IfThere, SKBT_SESSION_TRANSMIT},
    Typed{"skbt_transmit_end", "__dev_queue_xmit", BPF_TRACE_FEXIT, Need::IfThere, SKBT_SESSION_TRANSMIT},
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
    Typed{"skbt_conntrack_begin", "nf_conntrack_in", BPF_TRACE_FENTRY, Need::IfThere, SKBT_SESSION_CONNTRACK},
    Typed{"skbt_conntrack_end", "nf_conntrack_in", BPF_TRACE_FEXIT, Need::IfThere, SKBT_SESSION_CONNTRACK},
    Typed{"skbt_nat_begin", "nf_nat_manip_pkt", BPF_TRACE_FENTRY, Need::IfThere, SKBT_SESSION_NAT},
    Typed{"skbt_nat_end", "nf_nat_manip_pkt", BPF_TRACE_FEXIT, Need::IfThere, SKBT_SESSION_NAT},
    Typed{"skbt_route4", "ip_route_input_noref", BPF_TRACE_FEXIT, Need::IfThere, SKBT_SESSION_ROUTE4},
    Typed{"skbt_route6", "ip6_route_input", BPF_TRACE_FEXIT, Need::IfThere, SKBT_SESSION_ROUTE6},
    Typed{"skbt_source", "fib_validate_source", BPF_TRACE_FEXIT, Need::IfThere, SKBT_SESSION_SOURCE},
    Typed{"skbt_listener_tcp4", "__inet_lookup_listener", BPF_TRACE_FEXIT},
    Typed{"skbt_listener_udp4", "__udp4_lib_lookup", BPF_TRACE_FEXIT},
    Typed{"skbt_listener_tcp6", "inet6_lookup_listener", BPF_TRACE_FEXIT},
    Typed{"skbt_listener_udp6", "__udp6_lib_lookup", BPF_TRACE_FEXIT},
    Typed{"skbt_socket_filter", "sk_filter_trim_cap", BPF_TRACE_FEXIT, Need::IfThere, SKBT_SESSION_FILTER},
    Typed{"skbt_receive_udp", "__udp_enqueue_schedule_skb", BPF_TRACE_FEXIT, Need::IfThere, SKBT_SESSION_RECEIVE},
    Typed{"skbt_receive_other", "__sock_queue_rcv_skb", BPF_TRACE_FEXIT, Need::IfThere, SKBT_SESSION_RECEIVE},
    Typed{"skbt_accept_queue", "tcp_conn_request", BPF_TRACE_FEXIT, Need::IfThere, SKBT_SESSION_ACCEPT},
    Typed{"skbt_policy", "__xfrm_policy_check", BPF_TRACE_FEXIT, Need::IfThere, SKBT_SESSION_POLICY},
    Typed{"skbt_tc_begin", "tcf_classify", BPF_TRACE_FENTRY, Need::IfThere, SKBT_SESSION_TC},
    Typed{"skbt_tc_end", "tcf_classify", BPF_TRACE_FEXIT, Need::IfThere, SKBT_SESSION_TC},
    Typed{"skbt_tc_program", "cls_bpf_classify", BPF_TRACE_FEXIT, Need::IfThere, SKBT_SESSION_TC_PROGRAM},
    Typed{TCX, "skb_checksum_help", BPF_TRACE_FEXIT, Need::Copied}, // takes and returns what programs of tc do
    Typed{"skbt_xdp_generic", "bpf_prog_run_generic_xdp", BPF_TRACE_FEXIT, Need::IfThere, SKBT_SESSION_XDP_GENERIC},
    Typed{PROGRAM_HOP, "skb_checksum_help", BPF_TRACE_FENTRY, Need::Pattern}, // takes what programs of tc do
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
    // patterns, which any function would do for
    Typed{TYPED_ENTRY, "consume_skb", BPF_TRACE_FENTRY, Need::Pattern},
    Typed{TYPED_INDIRECT, "consume_skb", BPF_TRACE_FENTRY, Need::Pattern},
};

// Modules that have some of these functions.
constexpr std::array MODULES = {"nf_conntrack",     "nf_nat",          "nf_tables",       "ip_tables",
                                "ip6_tables",       "ebtables",        "cls_bpf",         "veth",
                                "nft_masq",         "nft_redir",       "nft_nat",         "nft_queue",
                                "nft_reject_ipv4",  "nft_reject_ipv6", "nft_reject_inet", "nft_compat",
                                "nft_reject_bridge"};

constexpr const char *ENTRY = "skbt_entry";
constexpr const char *HOP = "skbt_hop_body";
constexpr const char *SESSION = "skbt_session";
constexpr const char *SESSION_HOP = "skbt_session_hop";
constexpr std::array SESSION_BODIES = {std::pair{SKBT_BODY_ENTER, "skbt_session_enter"},
                                       std::pair{SKBT_BODY_RETURN, "skbt_session_return"}};
// What gates send elsewhere; loaded once.
constexpr std::array GATE_BODIES = {std::pair{SKBT_BODY_NOTE, "skbt_note"}, std::pair{SKBT_BODY_OTHER, "skbt_other"}};
constexpr const char *PRIME = "skbt_owner_prime";
constexpr const char *SWEEP = "skbt_sweep_tracks";
constexpr const char *PRIME_SECTION = "iter/task_file";
constexpr const char *PRIME_TARGET = "bpf_iter_task_file"; // what an iterator is for BTF

bool isAttached(const Typed &typed) { return typed.need < Need::Copied; }

// What the load under way puts into its programs. libbpf hands a handler no pointer of
// ours per object, so loads are one at a time.
std::mutex loadLock;
struct Loading {
  const LoadOptions *options = nullptr;
  const LoadPlan *plan = nullptr;
  std::unordered_map<std::string, Pattern> patterns; // by their names
  LoadPlan *record = nullptr; // where the instructions go that libbpf has made to fit; nullptr when the plan has them
  std::unordered_map<uint32_t, Fd> modules; // BTF of modules, by its id
  std::vector<uint8_t> functions, lines;    // what tells of those of the program that is loaded, if it was cut
};
Loading loading;
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

bool isMapLoad(const bpf_insn &insn) {
  return insn.code == (BPF_LD | BPF_IMM | BPF_DW) &&
         (insn.src_reg == BPF_PSEUDO_MAP_FD || insn.src_reg == BPF_PSEUDO_MAP_VALUE);
}

// A program's instructions as they fit this kernel: libbpf's, which are kept, or those that were kept, with the maps
// of this load.
Result<std::vector<bpf_insn>> fittingInstructions(const bpf_program *program) {
  const bpf_insn *first = bpf_program__insns(program);
  std::vector<bpf_insn> insns(first, first + bpf_program__insn_cnt(program));
  if (loading.record) {
    loading.record->instructions.insert_or_assign(bpf_program__name(program), insns);
    return insns;
  }
  const auto kept = loading.plan->instructions.find(std::string_view(bpf_program__name(program)));
  if (kept == loading.plan->instructions.end() || kept->second.size() != insns.size())
    return Error{"LOAD_FAILED", std::string("what was kept is no ") + bpf_program__name(program)};
  std::vector<bpf_insn> fitting = kept->second;
  for (size_t i = 0; i < fitting.size(); i++)
    if (isMapLoad(fitting[i]))
      fitting[i].imm = insns[i].imm;
  return fitting;
}

std::span<const uint8_t> infoOf(const void *records, uint32_t count, uint32_t size) {
  return {static_cast<const uint8_t *>(records), size_t{count} * size};
}

uint32_t recordsIn(const std::vector<uint8_t> &info, uint32_t size) {
  return size == 0 ? 0 : static_cast<uint32_t>(info.size() / size);
}

int fitBeforeLoad(bpf_program *program, bpf_prog_load_opts *opts, long) {
  auto insns = fittingInstructions(program);
  if (!insns)
    return -ESTALE;
  if (bpf_program__type(program) == BPF_PROG_TYPE_SYSCALL)
    opts->prog_flags |= BPF_F_SLEEPABLE;
  const bool hasCalls = placeKfuncs(*insns, loading.options->kernel->kfuncs);
  const std::vector<Cut> unused =
      placeFilter(*insns, loading.options->settings.filter, loading.options->settings.inner);
  if (loading.record && !hasCalls && unused.empty())
    return 0; // as libbpf has it
  if (!unused.empty()) {
    cutOut(*insns, unused);
    loading.functions = infoWithout(infoOf(opts->func_info, opts->func_info_cnt, opts->func_info_rec_size),
                                    opts->func_info_rec_size, unused);
    loading.lines = infoWithout(infoOf(opts->line_info, opts->line_info_cnt, opts->line_info_rec_size),
                                opts->line_info_rec_size, unused);
    opts->func_info = loading.functions.data();
    opts->line_info = loading.lines.data();
    opts->func_info_cnt = recordsIn(loading.functions, opts->func_info_rec_size);
    opts->line_info_cnt = recordsIn(loading.lines, opts->line_info_rec_size);
  }
  return bpf_program__set_insns(program, insns->data(), insns->size());
}

// libbpf's own look-up of attach targets is not used; see targets.h. That a program is typed is said only here:
// libbpf would load the kernel's types for it.
int typedBeforeLoad(bpf_program *program, bpf_prog_load_opts *opts, long cookie) {
  const LoadPlan::Place *place = loading.plan ? loading.plan->placeOf(bpf_program__name(program)) : nullptr;
  if (!place)
    return -ENOENT;
  opts->attach_btf_id = place->btfId;
  if (place->module != 0)
    opts->attach_btf_obj_fd = static_cast<__u32>(loading.modules[place->module].get());
  const int err = fitBeforeLoad(program, opts, cookie);
  return err != 0 ? err : bpf_program__set_type(program, BPF_PROG_TYPE_TRACING);
}

// Takes what its copies are made of; what the kernel is given in its place does nothing, and takes it no time.
int patternBeforeLoad(bpf_program *program, bpf_prog_load_opts *opts, long cookie) {
  if (const int err = typedBeforeLoad(program, opts, cookie); err != 0)
    return err;
  Pattern &pattern = loading.patterns[bpf_program__name(program)];
  const auto *functions = static_cast<const uint8_t *>(opts->func_info);
  pattern = patternOf(program);
  pattern.functions.assign(functions, functions + size_t{opts->func_info_cnt} * opts->func_info_rec_size);
  pattern.functionSize = opts->func_info_rec_size;
  pattern.types = Fd(fcntl(static_cast<int>(opts->prog_btf_fd), F_DUPFD_CLOEXEC, 0));
  opts->func_info_cnt = 0;
  opts->line_info_cnt = 0;
  bpf_insn nothing[] = {{BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0}, {BPF_JMP | BPF_EXIT, 0, 0, 0, 0}};
  return bpf_program__set_insns(program, nothing, std::size(nothing));
}

void registerHandlers() {
  static std::once_flag once;
  std::call_once(once, [] {
    LIBBPF_OPTS(libbpf_prog_handler_opts, fit);
    LIBBPF_OPTS(libbpf_prog_handler_opts, typed);
    fit.prog_prepare_load_fn = fitBeforeLoad;
    LIBBPF_OPTS(libbpf_prog_handler_opts, pattern);
    typed.prog_prepare_load_fn = typedBeforeLoad;
    pattern.prog_prepare_load_fn = patternBeforeLoad;
    constexpr auto NONE = static_cast<bpf_attach_type>(0);
    for (const char *section : {"skbt/entry", "skbt/hop", "skbt/session"})
      libbpf_register_prog_handler(section, BPF_PROG_TYPE_KPROBE, NONE, &fit);
    for (const char *section : {"skbt/drop", "skbt/begin", "skbt/exit", "skbt/tracepoint", PRIME_SECTION})
      libbpf_register_prog_handler(section, BPF_PROG_TYPE_KPROBE, NONE, &typed);
    libbpf_register_prog_handler("skbt/pattern", BPF_PROG_TYPE_KPROBE, NONE, &pattern);
    libbpf_register_prog_handler("syscall", BPF_PROG_TYPE_SYSCALL, NONE, &fit);
  });
}

// The last lines of what libbpf and the verifier said, which is where the cause stands.
std::string logTail() {
  constexpr size_t TAIL = 1200;
  return loadLog.size() > TAIL ? "…" + loadLog.substr(loadLog.size() - TAIL) : loadLog;
}

skbt_config configOf(const LoadOptions &o, const Room &room) {
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
  if (o.tail) {
    c.tail = 1;
    c.tail_new = o.tail->isNew;
    c.tail_slow_ns = o.tail->slowNs;
    c.tail_one_in = o.tail->oneIn;
  }
  c.stack_on_drop = o.stackOnDrop;
  c.stack_on_hop = o.stackOnHop;
  c.control_block = o.controlBlock;
  c.wake_bytes = std::min(WAKE_BYTES, room.ringBytes / 4);
  c.by_address = o.backend == Backend::KprobeMulti;
  c.use_ifname = !o.settings.interface.empty();
  c.keep = o.settings.keep;
  c.has_drop_reason = o.kernel->hasDropReason;
  c.no_drop_begin = o.kernel->noDrop.begin;
  c.no_drop_end = o.kernel->noDrop.end;
  c.entry_begin = o.kernel->entryText.begin;
  c.entry_end = o.kernel->entryText.end;
  c.return_hook = o.kernel->returnHook;
  c.backlog_limit = o.kernel->backlogLimit;
  std::snprintf(c.ifname, sizeof(c.ifname), "%s", o.settings.interface.c_str());
  return c;
}

bool isRodata(const bpf_map *map) { return std::string_view(bpf_map__name(map)).ends_with(".rodata"); }

Status prepareMaps(bpf_object *object, const LoadOptions &options, const Room &room, const Generation *base) {
  const skbt_config config = configOf(options, room);
  bpf_map *map = nullptr;
  bpf_object__for_each_map(map, object) {
    const std::string_view name = bpf_map__name(map);
    int err = 0;
    if (isRodata(map))
      err = bpf_map__set_initial_value(map, &config, sizeof(config));
    else if (base)
      err = bpf_map__reuse_fd(map, base->mapFd(bpf_map__name(map)));
    else if (name == "paths" && !(options.tail && options.tail->isNew))
      err = bpf_map__set_max_entries(map, 1);
    else if (name == "tracks" || name == "track_places" || name == "free_places")
      err = bpf_map__set_max_entries(map, options.trackedPackets);
    else if (name == "lane_hops" && !room.laneCpus.empty())
      err = bpf_map__set_max_entries(map, static_cast<__u32>(room.laneCpus.size()) * room.laneHops);
    else if (name == "stacks")
      err = bpf_map__set_max_entries(map, options.stackTable);
    if (err == 0 && options.tail && !base && name == "track_places")
      err = bpf_map__set_value_size(map, bpf_map__value_size(map) + static_cast<__u32>(sizeof(skbt_trail)));
    if (err != 0)
      return errnoError("LOAD_FAILED", "cannot set up map " + std::string(name), -err);
  }
  return Done{};
}

// Whether the kernel lets a program be there, found by trying where it is in doubt.
bool takesTyped(const Target &target, bpf_attach_type attach) {
  if (target.arguments <= ARGUMENTS_ALWAYS)
    return true;
  constexpr bpf_insn nothing[] = {{BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0}, {BPF_JMP | BPF_EXIT, 0, 0, 0, 0}};
  LIBBPF_OPTS(bpf_prog_load_opts, opts);
  opts.expected_attach_type = attach;
  opts.attach_btf_id = target.btfId;
  const Fd module(target.module != 0 ? bpf_btf_get_fd_by_id(target.module) : -1);
  if (module.valid())
    opts.attach_btf_obj_fd = static_cast<__u32>(module.get());
  const Fd program(bpf_prog_load(BPF_PROG_TYPE_TRACING, "skbt_try", "GPL", nothing, std::size(nothing), &opts));
  return program.valid() && Fd(bpf_raw_tracepoint_open(nullptr, program.get())).valid();
}

Targets findTargets() {
  std::vector<Wanted> wanted;
  wanted.reserve(TYPED.size() + 2);
  for (const Typed &typed : TYPED)
    wanted.push_back({typed.target, typed.attach == BPF_TRACE_RAW_TP});
  wanted.push_back({HAS_TCX});
  wanted.push_back({PRIME_TARGET});
  return Targets::find(wanted, std::vector<std::string_view>(MODULES.begin(), MODULES.end()));
}

// The functions whose calls are sessions: those of the table above that can be probed.
std::vector<Session> findSessions(const Kernel &kernel, Backend backend) {
  std::vector<Session> sessions;
  if (backend != Backend::KprobeMulti || !kernel.kfuncs.hasSessions())
    return sessions;
  for (const Function &function : kernel.functions)
    for (const Typed &typed : TYPED)
      if (function.end == ProgramEnd::None && typed.session != SKBT_SESSION_NONE && function.name == typed.target) {
        sessions.push_back({&function, typed.session});
        break;
      }
  return sessions;
}

// What was loaded with sessions is not loaded without, nor what only one backend has.
std::string planKey(const std::vector<Session> &sessions, Backend backend) {
  return kernelKey() + (!sessions.empty() ? PLAN_SESSIONS : backend == Backend::Fentry ? PLAN_FENTRY : "");
}

bool isSession(const Typed &typed, const std::vector<Session> &sessions) {
  return typed.session != SKBT_SESSION_NONE && std::any_of(sessions.begin(), sessions.end(), [&](const Session &one) {
           return one.function->name == typed.target;
         });
}

// A plan without instructions: where this kernel takes each program.
LoadPlan findPlaces(std::string key, const std::vector<Session> &sessions) {
  LoadPlan plan;
  plan.key = std::move(key);
  const Targets targets = findTargets();
  mark("targets found");
  const auto add = [&](const char *program, const Target &target) {
    plan.places.push_back({program, target.btfId, target.module, target.moduleName});
  };
  for (const Typed &typed : TYPED) {
    const Target *target = targets.get(typed.target);
    if (target && !isSession(typed, sessions) && takesTyped(*target, typed.attach) &&
        (typed.need != Need::Copied || targets.get(HAS_TCX)))
      add(typed.program, *target);
  }
  if (const Target *target = targets.get(PRIME_TARGET))
    add(PRIME, *target);
  mark("places tried");
  return plan;
}

// Holds the types of the modules that the plan names; false when one is not there any more.
bool openModules(const LoadPlan &plan) {
  for (const LoadPlan::Place &place : plan.places) {
    if (place.module == 0 || loading.modules.contains(place.module))
      continue;
    Fd fd(bpf_btf_get_fd_by_id(place.module));
    if (!fd.valid() || moduleOf(fd.get()) != place.moduleName)
      return false;
    loading.modules.emplace(place.module, std::move(fd));
  }
  return true;
}

// Of those that this kernel has a place for.
bool isLoaded(const Typed &typed, bool isFirst) {
  switch (typed.need) {
  case Need::Exchanged:
  case Need::Pattern:
    return true;
  case Need::Once:
  case Need::IfThere:
  case Need::Copied:
    return isFirst;
  }
  return false;
}

Status prepareTyped(bpf_object *object, bool isFirst, const LoadPlan &plan) {
  for (const Typed &typed : TYPED) {
    bpf_program *program = bpf_object__find_program_by_name(object, typed.program);
    if (!program)
      return Error{"LOAD_FAILED", std::string("the eBPF object lacks ") + typed.program};
    bpf_program__set_expected_attach_type(program, typed.attach);
    const bool isNeeded = typed.need != Need::IfThere && typed.need != Need::Copied;
    const bool isThere = plan.placeOf(typed.program) != nullptr;
    const bool isWanted = isLoaded(typed, isFirst);
    if (isNeeded && isWanted && !isThere)
      return Error{"NO_TARGET", std::string("this kernel's BTF has no ") + typed.target};
    bpf_program__set_autoload(program, isThere && isWanted);
  }
  bpf_program *prime = bpf_object__find_program_by_name(object, PRIME);
  bpf_program__set_expected_attach_type(prime, BPF_TRACE_ITER);
  bpf_program__set_autoload(prime, isFirst);
  return Done{};
}

const char *kindOf(const Typed &typed) {
  return typed.attach == BPF_TRACE_FENTRY ? "fentry" : typed.attach == BPF_TRACE_FEXIT ? "fexit" : "tracepoint";
}

} // namespace

std::vector<PlannedProgram> plannedPrograms(const Kernel &kernel, Backend backend) {
  const std::vector<Session> sessions = findSessions(kernel, backend);
  std::string key = planKey(sessions, backend);
  auto plan = keptPlan(key);
  if (!plan)
    plan = std::make_shared<const LoadPlan>(findPlaces(std::move(key), sessions));
  std::vector<PlannedProgram> programs;

  for (const Typed &typed : TYPED) {
    if (typed.need == Need::Pattern || typed.program == TYPED_HOP)
      continue; // their hops are told with the functions
    if (isSession(typed, sessions))
      programs.push_back({typed.program, typed.target, "kprobe.session"});
    else if ((isAttached(typed) || typed.need == Need::Copied) && plan->placeOf(typed.program))
      programs.push_back({typed.program, typed.need == Need::Copied ? "programs of tc" : typed.target, kindOf(typed)});
  }
  return programs;
}

Result<Generation> Generation::load(const LoadOptions &options, const Generation *base) {
  const std::lock_guard guard(loadLock);
  registerHandlers();
  std::vector<Session> sessions = findSessions(*options.kernel, options.backend);
  std::string key = planKey(sessions, options.backend);
  if (const auto plan = keptPlan(key)) {
    auto loaded = loadPlanned(options, base, *plan, nullptr, sessions);
    if (loaded)
      return loaded;
    keepPlan(nullptr); // it may be the plan: once more without
  }
  auto plan = std::make_shared<LoadPlan>(findPlaces(std::move(key), sessions));
  auto loaded = loadPlanned(options, base, *plan, &*plan, sessions);
  // a later generation has not all programs
  if (loaded && !base)
    keepPlan(std::move(plan));
  return loaded;
}

Result<Generation> Generation::loadPlanned(const LoadOptions &options, const Generation *base, const LoadPlan &plan,
                                           LoadPlan *record, const std::vector<Session> &sessions) {
  loadLog.clear();
  const libbpf_print_fn_t before = libbpf_set_print(keepLog);
  loading.options = &options;
  loading.plan = &plan;
  loading.record = record;
  const auto finish = [&](auto result) -> Result<Generation> {
    loading = {};
    libbpf_set_print(before);
    return result;
  };

  if (!openModules(plan))
    return finish(Error{"LOAD_FAILED", "a module went away meanwhile; try again"});
  Generation g;
  g.isFirst = base == nullptr;
  g.shared = base ? base->shared : shareOut(onlineCpus(), options.rings, options.ringBytes);
  g.callSessions = sessions;
  size_t size = 0;
  const bool isDirect = options.kernel->kfuncs.cast != 0; // see SKBT_DIRECT
  const void *bytes = isDirect ? skbtracer_direct::elf_bytes(&size) : skbtracer::elf_bytes(&size);
  const std::vector<uint8_t> stripped = record ? std::vector<uint8_t>() : withoutRelocations(bytes, size);
  LIBBPF_OPTS(bpf_object_open_opts, opts);
  opts.object_name = "skbtracer";
  g.object.reset(stripped.empty() ? bpf_object__open_mem(bytes, size, &opts)
                                  : bpf_object__open_mem(stripped.data(), stripped.size(), &opts));
  if (!g.object)
    return finish(errnoError("LOAD_FAILED", "cannot open the eBPF object", errno));
  if (auto done = prepareMaps(g.object.get(), options, g.shared, base); !done)
    return finish(done.error());
  if (auto done = prepareTyped(g.object.get(), g.isFirst, plan); !done)
    return finish(done.error());
  const auto onProbes = [&](const char *name, uint32_t attachType, bool isLoaded) {
    bpf_program *program = bpf_object__find_program_by_name(g.object.get(), name);
    if (options.backend == Backend::KprobeMulti)
      bpf_program__set_expected_attach_type(program, static_cast<bpf_attach_type>(attachType));
    bpf_program__set_autoload(program, isLoaded);
  };
  const bool isTyped = options.backend == Backend::Fentry;
  onProbes(ENTRY, BPF_TRACE_KPROBE_MULTI, g.isFirst && !isTyped);
  onProbes(HOP, BPF_TRACE_KPROBE_MULTI, !isTyped);
  for (const auto &[slot, name] : GATE_BODIES)
    onProbes(name, BPF_TRACE_KPROBE_MULTI, g.isFirst && !isTyped);
  onProbes(SESSION_HOP, KPROBE_SESSION, !sessions.empty());
  onProbes(SESSION, KPROBE_SESSION, g.isFirst && !sessions.empty());
  for (const auto &[slot, name] : SESSION_BODIES)
    onProbes(name, KPROBE_SESSION, g.isFirst && !sessions.empty());
  bpf_program__set_autoload(bpf_object__find_program_by_name(g.object.get(), SWEEP), g.isFirst);

  mark("object opened");
  if (const int err = bpf_object__load(g.object.get()); err != 0) {
    Error error = errnoError("LOAD_FAILED", "the kernel refuses the eBPF programs", -err);
    error.message += "\n" + logTail();
    return finish(error);
  }
  mark("object loaded");
  if (g.isFirst) {
    auto rings = makeRings(g.mapFd("rings"), g.shared);
    if (!rings)
      return finish(rings.error());
    g.rings = std::move(*rings);
  }
  for (auto &[name, pattern] : loading.patterns)
    g.patterns.insert_or_assign(name, std::make_shared<const Pattern>(std::move(pattern)));
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

std::vector<Held> Generation::takeLinks() {
  std::vector<Held> taken;
  for (Fd &link : links)
    taken.push_back({std::move(link), 1});
  links.clear();
  return taken;
}

std::vector<Held> Generation::takeExchanged() {
  // the first of TYPED, and so the first that were attached
  constexpr size_t COUNT = 2;
  static_assert(TYPED[COUNT - 1].need == Need::Exchanged && TYPED[COUNT].need != Need::Exchanged);
  std::vector<Held> taken;
  for (size_t i = 0; i < std::min(COUNT, links.size()); i++)
    taken.push_back({std::move(links[i]), 1});
  links.erase(links.begin(), links.begin() + static_cast<std::ptrdiff_t>(taken.size()));
  return taken;
}

Status Generation::attachTyped() {
  for (const Typed &typed : TYPED) {
    if (!isAttached(typed))
      continue;
    if (auto done = attachOne(typed.program); !done)
      return done.error();
  }
  attachNewPrograms();
  return isFirst ? primeOwners() : Done{};
}

void Generation::attachNewPrograms() {
  const bpf_program *tcx = bpf_object__find_program_by_name(object.get(), TCX);
  if (bpf_program__fd(tcx) >= 0)
    for (Fd &link : attachToTcPrograms(patternOf(object.get(), TCX), mapFd("tcx_programs"), tcPrograms))
      links.push_back(std::move(link));
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

/* Nothing else is changed: a program that has read `use` may be in the middle of the rest. */
Status Generation::letThrough() const {
  const uint32_t zero = 0;
  const int map = mapFd(".data.prefilter");
  skbt_prefilter now = {};
  if (bpf_map_lookup_elem(map, &zero, &now) != 0)
    return prefilterError();
  now.use = 0;
  return bpf_map_update_elem(map, &zero, &now, BPF_ANY) == 0 ? Status(Done{}) : prefilterError();
}

/* While it is written the programs let everything through to the filter. */
Status Generation::setPrefilter(const skbt_prefilter &prefilter) const {
  const uint32_t zero = 0;
  const int map = mapFd(".data.prefilter");
  skbt_prefilter next = prefilter;
  next.use = 0;
  const bool done = bpf_map_update_elem(map, &zero, &next, BPF_ANY) == 0 &&
                    (!prefilter.use || bpf_map_update_elem(map, &zero, &prefilter, BPF_ANY) == 0);
  return done ? Status(Done{}) : prefilterError();
}

Status Generation::takeOver(const LoadOptions &options) const {
  // Beside the hops in force, which one word takes out of force as it puts these into it: no hit is at neither or both.
  const uint32_t zero = 0;
  const skbt_control control = {
      options.generation, options.tcpEvents, options.settings.netns, options.settings.pid, options.baseNs, 0, 0};
  const int fd = mapFd(".data.control");
  const uint32_t slot = SKBT_HOP_SLOT(options.generation);
  if (!switchSessions(slot) ||
      (options.backend != Backend::Fentry && (!switchGateBodies() || !switchBody("bodies", slot, HOP))) ||
      bpf_map_update_elem(fd, &zero, &control, BPF_ANY) != 0)
    return errnoError("LOAD_FAILED", "cannot switch the capture on", errno);
  return setPrefilter(options.settings.filter.prefilter);
}

bool Generation::switchBody(const char *map, uint32_t slot, const char *program) const {
  const int fd = bpf_program__fd(bpf_object__find_program_by_name(object.get(), program));
  return bpf_map_update_elem(mapFd(map), &slot, &fd, BPF_ANY) == 0;
}

bool Generation::switchSessions(uint32_t slot) const {
  if (callSessions.empty())
    return true;
  if (isFirst)
    for (const auto &[slot, name] : SESSION_BODIES)
      if (!switchBody("session_bodies", slot, name))
        return false;
  return switchBody("session_bodies", slot, SESSION_HOP);
}

void Generation::leave(uint32_t generation) const {
  const uint32_t slot = SKBT_HOP_SLOT(generation);
  for (const char *map : {"bodies", "session_bodies"})
    bpf_map_delete_elem(mapFd(map), &slot);
}

bool Generation::switchGateBodies() const {
  return !isFirst || std::all_of(GATE_BODIES.begin(), GATE_BODIES.end(),
                                 [this](const auto &body) { return switchBody("bodies", body.first, body.second); });
}

std::shared_ptr<const Pattern> Generation::pattern(const char *program) const {
  const auto known = patterns.find(program);
  return known == patterns.end() ? nullptr : known->second;
}

int Generation::sessionFd() const { return bpf_program__fd(bpf_object__find_program_by_name(object.get(), SESSION)); }

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

std::vector<int> Generation::ringFds() const {
  std::vector<int> fds;
  for (const Fd &ring : rings)
    fds.push_back(ring.get());
  return fds;
}

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
    const std::string_view itself = bpf_program__name(program);
    const std::string name(itself == SESSION ? ENTRY : itself == TYPED_HOP ? HOP : itself);
    auto known = std::find_if(costs.begin(), costs.end(), [&](const ProgramCost &cost) { return cost.name == name; });
    if (known == costs.end())
      known = costs.insert(costs.end(), {name});
    known->runs += info.run_cnt;
    known->timeNs += info.run_time_ns;
  }
}

} // namespace skbt
