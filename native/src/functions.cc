// SPDX-License-Identifier: Apache-2.0
#include "functions.h"

#include "btf.h"
#include "kernel_shared.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <dirent.h>
#include <memory>
#include <set>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

namespace skbt {
namespace {

// What is known about some functions, beyond their arguments: SKBT_PROBE_*.
struct Trait {
  uint32_t flag;
  std::string_view names; // between spaces
};
constexpr std::array<Trait, 5> TRAITS = {{
    // while an skb is made, and on a new one's memory before it is written: what its headers say was another packet's
    {SKBT_PROBE_PASSIVE,
     " __build_skb_around build_skb_around __xdp_build_skb_from_frame __skb_clone __copy_skb_header skb_copy_header"
     " skb_headers_offset_update ip_copy_metadata ip6_copy_metadata skb_put pskb_put skb_push skb_set_owner_w"
     " skb_add_rx_frag skb_add_rx_frag_netmem skb_coalesce_rx_frag skb_append_pagefrags skb_copy_datagram_from_iter"
     " skb_copy_datagram_from_iter_full skb_splice_from_iter skb_zerocopy skb_zerocopy_clone skb_zerocopy_iter_stream"
     " __zerocopy_sg_from_iter zerocopy_sg_from_iter zerocopy_fill_skb_from_iter __skb_zcopy_downgrade_managed"
     " __skb_ext_set skb_ext_add eth_header vlan_dev_hard_header ip_options_build udp_send_skb udp_v6_send_skb "},
    // while the network header is that of the packet an ICMP error quotes
    {SKBT_PROBE_PASSIVE, " seg6_get_srh ipv6_find_hdr "},
    // behind the ends of bpf/lib/end.h, while the memory goes back
    {SKBT_PROBE_PASSIVE,
     " __consume_stateless_skb skb_attempt_defer_free __kfree_skb kfree_skbmem kfree_skb_partial napi_reuse_skb "
     "napi_skb_cache_put"
     " napi_skb_free_stolen_head skb_free_head skb_pp_recycle skb_release_all skb_release_data skb_release_head_state"
     " msg_zerocopy_callback msg_zerocopy_complete io_tx_ubuf_complete io_uring_tx_zerocopy_callback"
     " tpacket_ubuf_complete "},
    {SKBT_PROBE_END, " kfree_skbmem napi_skb_cache_put "},
    {SKBT_PROBE_NO_LENGTH,
     " udp4_hwcsum ip_send_skb ip_local_out __ip_local_out ip6_send_skb ip6_local_out __ip6_local_out "},
}};

uint32_t traitsOf(const std::string &name) {
  uint32_t flags = 0;
  for (const Trait &trait : TRAITS)
    if (trait.names.find(' ' + name + ' ') != std::string_view::npos)
      flags |= trait.flag;
  return flags;
}

constexpr uint32_t ARGUMENTS_MAX = 5; // passed in registers on every architecture with eBPF

const btf_type *skipModifiers(const btf *b, uint32_t id) {
  const btf_type *t = btf__type_by_id(b, id);
  while (t && (btf_is_mod(t) || btf_is_typedef(t)))
    t = btf__type_by_id(b, t->type);
  return t;
}

// Pointers between the type and `struct sk_buff`, 0 when it is no such thing.
uint32_t skbPointers(const btf *b, uint32_t id) {
  const btf_type *t = skipModifiers(b, id);
  uint32_t pointers = 0;
  for (; t && btf_is_ptr(t); pointers++)
    t = skipModifiers(b, t->type);
  const bool isSkb =
      t && (btf_is_struct(t) || btf_is_fwd(t)) && std::strcmp(btf__name_by_offset(b, t->name_off), "sk_buff") == 0;
  return isSkb ? pointers : 0;
}

// Functions that get a `struct sk_buff **` which points to an skb when they are entered: receive handlers of
// devices, and their caller. For most others it is where a result is to be written.
bool takesHandle(std::string_view name) {
  return name == "__netif_receive_skb_core" || name.ends_with("_handle_frame");
}

struct Argument {
  uint32_t position; // 1 to 5, 0 when the function takes no skb
  bool indirect;
};

Argument skbArgument(const btf *b, const btf_type *function) {
  const btf_type *proto = btf__type_by_id(b, function->type);
  if (!proto || !btf_is_func_proto(proto))
    return {0, false};
  const bool handle = takesHandle(btf__name_by_offset(b, function->name_off));
  const btf_param *params = btf_params(proto);
  const uint32_t n = std::min<uint32_t>(btf_vlen(proto), ARGUMENTS_MAX);
  for (uint32_t i = 0; i < n; i++) {
    const uint32_t pointers = params[i].type != 0 ? skbPointers(b, params[i].type) : 0;
    if (pointers == 1 || (pointers == 2 && handle))
      return {i + 1, pointers == 2};
  }
  return {0, false};
}

// "name\tmodule" of every function that ftrace can attach to; tracefs is where either path says.
Result<std::unordered_set<std::string>> attachable() {
  std::unique_ptr<FILE, int (*)(FILE *)> file(nullptr, std::fclose);
  for (const char *path :
       {"/sys/kernel/tracing/available_filter_functions", "/sys/kernel/debug/tracing/available_filter_functions"}) {
    file.reset(std::fopen(path, "re"));
    if (file)
      break;
  }
  if (!file)
    return errnoError("TRACEFS_MISSING",
                      "cannot read available_filter_functions (mount -t tracefs tracefs /sys/kernel/tracing)", errno);
  std::unordered_set<std::string> names;
  char *line = nullptr;
  size_t capacity = 0;
  while (getline(&line, &capacity, file.get()) > 0) {
    const size_t length = std::strcspn(line, " \t\n");
    std::string key(line, length);
    key += '\t';
    if (const char *open = std::strchr(line + length, '['))
      key.append(open + 1, std::strcspn(open + 1, "]"));
    names.insert(std::move(key));
  }
  std::free(line);
  return names;
}

std::vector<std::string> moduleNames() {
  std::vector<std::string> names;
  DIR *dir = opendir("/sys/kernel/btf");
  if (!dir)
    return names;
  while (const dirent *entry = readdir(dir))
    if (entry->d_name[0] != '.' && std::strcmp(entry->d_name, "vmlinux") != 0)
      names.emplace_back(entry->d_name);
  closedir(dir);
  return names;
}

std::string_view withoutPrefix(std::string_view name) {
  for (const std::string_view prefix : {"SKB_DROP_REASON_", "SKB_", "___"})
    if (name.substr(0, prefix.size()) == prefix)
      return name.substr(prefix.size());
  return name;
}

// Adds the values of an enum, from type `first` on, whose name says that it lists drop reasons.
void addReasons(const btf *b, uint32_t first, std::vector<DropReason> &reasons) {
  const uint32_t end = btf__type_cnt(b);
  for (uint32_t id = first; id < end; id++) {
    const btf_type *t = btf__type_by_id(b, id);
    if (!t || !btf_is_enum(t) || !std::string_view(btf__name_by_offset(b, t->name_off)).ends_with("_drop_reason"))
      continue;
    const struct btf_enum *values = btf_enum(t);
    for (uint32_t i = 0; i < btf_vlen(t); i++)
      reasons.push_back({static_cast<uint32_t>(values[i].val),
                         std::string(withoutPrefix(btf__name_by_offset(b, values[i].name_off)))});
  }
}

} // namespace

Result<std::vector<Function>> findFunctions(const Symbols &symbols) {
  auto vmlinux = kernelBtf();
  if (!vmlinux)
    return vmlinux.error();
  auto names = attachable();
  if (!names)
    return names.error();
  std::vector<Function> functions;
  std::unordered_set<std::string> seen;
  const auto scan = [&](const btf *b, uint32_t first, const std::string &module) {
    const uint32_t end = btf__type_cnt(b);
    for (uint32_t id = first; id < end; id++) {
      const btf_type *t = btf__type_by_id(b, id);
      if (!t || !btf_is_func(t))
        continue;
      const Argument argument = skbArgument(b, t);
      if (argument.position == 0)
        continue;
      const std::string name = btf__name_by_offset(b, t->name_off);
      const std::string key = name + '\t' + module;
      if (!names->contains(key) || !seen.insert(key).second)
        continue;
      if (const uint64_t address = symbols.unique(name, module))
        functions.push_back({0, name, module, argument.position, address,
                             (argument.indirect ? SKBT_PROBE_INDIRECT : 0U) | traitsOf(name),
                             static_cast<uint32_t>(symbols.bytesFrom(address))});
    }
  };
  scan(*vmlinux, 1, "");
  for (const std::string &module : moduleNames()) {
    const Btf b(btf__load_module_btf(module.c_str(), *vmlinux));
    if (b)
      scan(b.get(), btf__type_cnt(*vmlinux), module);
  }
  std::sort(functions.begin(), functions.end(), [](const Function &a, const Function &b) {
    return a.name != b.name ? a.name < b.name : a.module < b.module;
  });
  for (size_t i = 0; i < functions.size(); i++)
    functions[i].id = static_cast<uint32_t>(i + 1);
  return functions;
}

void markNamesakes(std::vector<Function> &functions) {
  std::unordered_map<std::string_view, uint32_t> counts;
  for (const Function &one : functions)
    if (!one.isGone)
      counts[one.name]++;
  for (Function &one : functions)
    one.hasNamesake = counts[one.name] > 1;
}

Result<std::vector<std::string>> probeableNames() {
  auto keys = attachable();
  if (!keys)
    return keys.error();
  std::set<std::string> names;
  for (const std::string &key : *keys)
    names.insert(key.substr(0, key.find('\t')));
  return std::vector<std::string>(names.begin(), names.end());
}

Result<OthersFound> findOthers(const std::vector<std::string> &names, const Symbols &symbols) {
  auto keys = attachable();
  if (!keys)
    return keys.error();
  OthersFound found;
  for (const std::string &name : names) {
    const auto symbol = symbols.named(name);
    if (!symbol) {
      found.missing.push_back({name, "is not there", true});
    } else if (symbol->address == 0) {
      found.missing.push_back({name, "is the name of several functions, of which none can be told from the others"});
    } else if (!keys->contains(name + '\t' + std::string(symbol->module))) {
      found.missing.push_back(
          {name, "cannot be probed: ftrace does not have it (it is marked notrace, or not traced)"});
    } else {
      found.functions.push_back({0, name, std::string(symbol->module), 0, symbol->address, 0,
                                 static_cast<uint32_t>(symbols.bytesFrom(symbol->address))});
    }
  }
  return found;
}

Result<std::vector<DropReason>> findDropReasons() {
  auto vmlinux = kernelBtf();
  if (!vmlinux)
    return vmlinux.error();
  std::vector<DropReason> reasons;
  addReasons(*vmlinux, 1, reasons);
  // Subsystems have enums of their own since 6.4 (071c0fc6fb91 "net: extend drop reasons for multiple
  // subsystems"), with their number in the high 16 bits: mac80211, Open vSwitch.
  for (const std::string &module : moduleNames()) {
    const Btf b(btf__load_module_btf(module.c_str(), *vmlinux));
    if (b)
      addReasons(b.get(), btf__type_cnt(*vmlinux), reasons);
  }
  // what several modules were built with is in the BTF of each
  const auto byValue = [](const DropReason &x, const DropReason &y) { return x.value < y.value; };
  std::stable_sort(reasons.begin(), reasons.end(), byValue);
  const auto same = [](const DropReason &x, const DropReason &y) { return x.value == y.value; };
  reasons.erase(std::unique(reasons.begin(), reasons.end(), same), reasons.end());
  return reasons;
}

bool saysWhatIsConsumed(const std::vector<DropReason> &reasons) {
  return std::any_of(reasons.begin(), reasons.end(), [](const DropReason &r) { return r.name == "CONSUMED"; });
}

bool kfreeSkbHasReason() {
  auto vmlinux = kernelBtf();
  if (!vmlinux)
    return false;
  const btf *b = *vmlinux;
  const int id = btf__find_by_name_kind(b, "btf_trace_kfree_skb", BTF_KIND_TYPEDEF);
  if (id < 0)
    return false;
  const btf_type *t = skipModifiers(b, static_cast<uint32_t>(id));
  if (!t || !btf_is_ptr(t))
    return false;
  t = skipModifiers(b, t->type);
  // void *__data, skb, location, reason
  return t && btf_is_func_proto(t) && btf_vlen(t) >= 4;
}

} // namespace skbt
