// SPDX-License-Identifier: Apache-2.0
#include "targets.h"

#include "btf.h"
#include "fd.h"

#include <bpf/bpf.h>

#include <algorithm>

namespace skbt {
namespace {

using Found = std::unordered_map<std::string, Target>;
// What is looked for, as it is called in BTF -> as it is called here.
using Names = std::unordered_map<std::string_view, std::string_view>;

uint32_t argumentsOf(const btf *b, const btf_type *function) {
  const btf_type *proto = btf__type_by_id(b, function->type);
  return proto && btf_is_func_proto(proto) ? btf_vlen(proto) : 0;
}

struct Module {
  uint32_t id = 0;
  std::string name;
};

void scan(const btf *b, uint32_t first, const Module &module, const Names &functions, const Names &tracepoints,
          Found &found) {
  const uint32_t end = btf__type_cnt(b);
  for (uint32_t id = first; id < end; id++) {
    const btf_type *t = btf__type_by_id(b, id);
    const bool isFunction = btf_is_func(t);
    if (!isFunction && !(btf_is_typedef(t) && !tracepoints.empty()))
      continue;
    const Names &names = isFunction ? functions : tracepoints;
    const auto name = names.find(btf__name_by_offset(b, t->name_off));
    if (name != names.end())
      found.try_emplace(std::string(name->second),
                        Target{id, module.id, module.name, isFunction ? argumentsOf(b, t) : 0});
  }
}

} // namespace

std::string moduleOf(int fd) {
  char name[64] = {};
  bpf_btf_info info = {};
  info.name = reinterpret_cast<__u64>(name);
  info.name_len = sizeof(name);
  __u32 length = sizeof(info);
  if (bpf_obj_get_info_by_fd(fd, &info, &length) != 0 || !info.kernel_btf || std::string_view(name) == "vmlinux")
    return "";
  return name;
}

Targets Targets::find(const std::vector<Wanted> &wanted, const std::vector<std::string_view> &modules) {
  Targets targets;
  auto vmlinux = kernelBtf();
  if (!vmlinux)
    return targets;
  std::vector<std::string> typedefs; // what `tracepoints` looks into
  typedefs.reserve(wanted.size());
  Names functions;
  Names tracepoints;
  for (const Wanted &one : wanted) {
    if (!one.isTracepoint)
      functions.emplace(one.name, one.name);
    else
      tracepoints.emplace(typedefs.emplace_back("btf_trace_" + std::string(one.name)), one.name);
  }
  scan(*vmlinux, 1, {}, functions, tracepoints, targets.found);
  __u32 id = 0;
  while (bpf_btf_get_next_id(id, &id) == 0) {
    const Fd fd(bpf_btf_get_fd_by_id(id));
    const std::string name = fd.valid() ? moduleOf(fd.get()) : "";
    if (std::find(modules.begin(), modules.end(), name) == modules.end())
      continue;
    const Btf module(btf__load_from_kernel_by_id_split(id, *vmlinux));
    if (!module)
      continue;
    scan(module.get(), btf__type_cnt(*vmlinux), {id, name}, functions, {}, targets.found);
  }
  return targets;
}

const Target *Targets::get(std::string_view name) const {
  const auto it = found.find(std::string(name));
  return it == found.end() ? nullptr : &it->second;
}

} // namespace skbt
