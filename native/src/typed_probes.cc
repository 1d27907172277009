// SPDX-License-Identifier: Apache-2.0
#include "typed_probes.h"

#include "btf.h"
#include "kernel_shared.h"
#include "targets.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <cstdio>
#include <fcntl.h>
#include <string_view>
#include <sys/utsname.h>
#include <unordered_set>

namespace skbt {
namespace {

std::string keyOf(std::string_view name, std::string_view module) {
  return std::string(name) + '\t' + std::string(module);
}

bool isSince(int major, int minor) {
  utsname name = {};
  int ownMajor = 0;
  int ownMinor = 0;
  uname(&name);
  return std::sscanf(name.release, "%d.%d", &ownMajor, &ownMinor) == 2 &&
         std::pair(ownMajor, ownMinor) >= std::pair(major, minor);
}

// Whether a function of a module is looked for in that module, since 6.4 (31bf1dbccfb0 "bpf: Fix attaching
// fentry/fexit/fmod_ret/lsm to modules"): the types say which it is, but the address is found by name.
bool findsByModule() { return isSince(6, 4); }

bool takesMoreArguments() { return isSince(6, 6); } // see ARGUMENTS_ALWAYS

} // namespace

// Where those are that were not looked for yet.
void TypedProbes::find(const std::vector<const Function *> &functions) {
  std::unordered_map<std::string_view, std::unordered_set<std::string_view>> wanted; // by module
  for (const Function *one : functions)
    if (!places.contains(keyOf(one->name, one->module)))
      wanted[one->module].insert(one->name);
  auto vmlinux = kernelBtf();
  if (!vmlinux || wanted.empty())
    return;
  const auto scan = [&](const btf *b, uint32_t first, uint32_t module, std::string_view moduleName) {
    const auto &names = wanted[moduleName];
    const uint32_t end = btf__type_cnt(b);
    for (uint32_t id = first; id < end; id++) {
      const btf_type *t = btf__type_by_id(b, id);
      if (!t || !btf_is_func(t))
        continue;
      const std::string_view name = btf__name_by_offset(b, t->name_off);
      if (names.contains(name)) {
        const btf_type *prototype = btf__type_by_id(b, t->type);
        places.try_emplace(keyOf(name, moduleName),
                           Place{id, module, prototype ? static_cast<uint32_t>(btf_vlen(prototype)) : 0});
      }
    }
  };
  if (wanted.contains(""))
    scan(*vmlinux, 1, 0, "");
  __u32 id = 0;
  while (wanted.size() > wanted.count("") && bpf_btf_get_next_id(id, &id) == 0) {
    Fd fd(bpf_btf_get_fd_by_id(id));
    const std::string name = fd.valid() ? moduleOf(fd.get()) : "";
    if (name.empty() || !wanted.contains(name))
      continue;
    const Btf module(btf__load_from_kernel_by_id_split(id, *vmlinux));
    if (!module)
      continue;
    scan(module.get(), btf__type_cnt(*vmlinux), id, name);
    types.insert_or_assign(id, std::move(fd));
  }
}

// Empty, or why not, as far as that is known beforehand.
std::string TypedProbes::refusal(const Function &function) const {
  if (!places.contains(keyOf(function.name, function.module)))
    return "it is not among the types of the kernel or of its module";
  if (function.hasNamesake && !function.module.empty() && !findsByModule())
    return "several functions have this name, of which a kernel before 6.4 would take any";
  return "";
}

bool TypedProbes::takes(const Function &function) const {
  return refusal(function).empty() &&
         (places.at(keyOf(function.name, function.module)).arguments <= ARGUMENTS_ALWAYS || takesMoreArguments());
}

// Empty, or why not.
std::string TypedProbes::attachOne(uint32_t gate, const Function &function, Attachment &result,
                                   std::vector<Fd> &programs) const {
  if (std::string why = refusal(function); !why.empty())
    return why;
  const Pattern &pattern = (function.flags & SKBT_PROBE_INDIRECT) != 0 ? *indirect : *entry;
  Pattern own{pattern.name, pattern.insns, pattern.functions, pattern.functionSize,
              Fd(fcntl(pattern.types.get(), F_DUPFD_CLOEXEC, 0))};
  if (!makeTypedEntry(own.insns, switches, {function.argument, function.flags, function.address, gate, function.id}))
    return "the entry program is not what is known here";
  const Place &place = places.at(keyOf(function.name, function.module));
  const auto module = types.find(place.module);
  std::string why;
  Fd program =
      loadCopy(own, {place.btfId, module == types.end() ? -1 : module->second.get(), -1}, BPF_TRACE_FENTRY, &why);
  if (!program.valid())
    return why;
  Fd link;
  if (const int err = attachCopy(program, link); err != 0)
    return copyRefusal(err);
  result.held.push_back({std::move(link), 1});
  result.ids.push_back(function.id);
  programs.push_back(std::move(program));
  return "";
}

Attachment TypedProbes::attach(uint32_t gate, const std::vector<const Function *> &functions, std::vector<Fd> &programs,
                               const std::function<bool()> &isHurried) {
  Attachment result;
  find(functions);
  for (const Function *one : functions) {
    if (isHurried())
      break;
    if (const std::string why = attachOne(gate, *one, result, programs); !why.empty())
      result.refused.push_back({one->id, one->name, why});
  }
  return result;
}

} // namespace skbt
