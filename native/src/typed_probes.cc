// SPDX-License-Identifier: Apache-2.0
#include "typed_probes.h"

#include "btf.h"
#include "kernel_shared.h"
#include "targets.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <mutex>
#include <string_view>
#include <sys/utsname.h>
#include <thread>
#include <unordered_set>

namespace skbt {
namespace {

// Loading a hop is the verifier's work, and only that.
constexpr size_t LOAD_THREADS = 4;

std::string keyOf(std::string_view name, std::string_view module) {
  return std::string(name) + '\t' + std::string(module);
}

// Calls `work` for each index, on some threads.
template <typename Work> void atOnce(size_t count, const Work &work) {
  std::atomic<size_t> next{0};
  std::vector<std::thread> threads;
  for (size_t i = 0; i < std::min(LOAD_THREADS, count); i++)
    threads.emplace_back([&] {
      for (size_t place = next++; place < count; place = next++)
        work(place);
    });
  for (std::thread &thread : threads)
    thread.join();
}

// Whether a function of a module is looked for in that module, since 6.4 (31bf1dbccfb0 "bpf: Fix attaching
// fentry/fexit/fmod_ret/lsm to modules"): the types say which it is, but the address is found by name.
bool findsByModule() {
  utsname name = {};
  int major = 0;
  int minor = 0;
  uname(&name);
  return std::sscanf(name.release, "%d.%d", &major, &minor) == 2 && (major > 6 || (major == 6 && minor >= 4));
}

bool putBody(const Fd &array, uint32_t generation, const Fd &program) {
  const uint32_t slot = SKBT_HOP_SLOT(generation);
  const int fd = program.get();
  return bpf_map_update_elem(array.get(), &slot, &fd, BPF_ANY) == 0;
}

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
  const uint32_t own = btf__type_cnt(*vmlinux);
  const auto scan = [&](const btf *b, uint32_t first, uint32_t module, std::string_view moduleName) {
    const auto &names = wanted[moduleName];
    const uint32_t end = btf__type_cnt(b);
    for (uint32_t id = first; id < end; id++) {
      const btf_type *t = btf__type_by_id(b, id);
      if (!t || !btf_is_func(t))
        continue;
      const std::string_view name = btf__name_by_offset(b, t->name_off);
      if (names.contains(name))
        places.try_emplace(keyOf(name, moduleName), Place{id, module, {t->type < own ? 0 : module, t->type}});
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
    scan(module.get(), own, id, name);
    types.insert_or_assign(id, std::move(fd));
  }
}

const TypedProbes::Place *TypedProbes::placeOf(const Function &function) const {
  const auto known = places.find(keyOf(function.name, function.module));
  return known == places.end() ? nullptr : &known->second;
}

CopyTarget TypedProbes::targetOf(const Place &place) const {
  const auto module = types.find(place.module);
  return {place.btfId, module == types.end() ? -1 : module->second.get(), -1};
}

Result<TypedProbes::Bodies> TypedProbes::makeBodies(const Place &place, const CopyTarget &target,
                                                    const Generation &generation) {
  Bodies made{Fd(bpf_map_create(BPF_MAP_TYPE_PROG_ARRAY, "skbt_bodies", sizeof(uint32_t), sizeof(uint32_t),
                                SKBT_HOP_BODIES, nullptr)),
              place};
  std::string why;
  const Fd hop = loadCopy(*generation.hop, target, BPF_TRACE_FENTRY, &why);
  if (!hop.valid())
    return Error{"LOAD_FAILED", why};
  if (!made.array.valid() || !putBody(made.array, generation.number, hop))
    return Error{"LOAD_FAILED", copyRefusal(errno)};
  return made;
}

// For each prototype that is new; where its first function refuses, attachOne() tries the next.
void TypedProbes::makeAllBodies(const std::vector<const Function *> &functions) {
  std::map<Prototype, Place> fresh;
  for (const Function *one : functions)
    if (const Place *place = placeOf(*one); place && !bodies.contains(place->prototype))
      fresh.try_emplace(place->prototype, *place);
  const std::vector<std::pair<Prototype, Place>> all(fresh.begin(), fresh.end());
  std::mutex lock;
  atOnce(all.size(), [&](size_t i) {
    auto made = makeBodies(all[i].second, targetOf(all[i].second), now);
    if (!made)
      return;
    const std::lock_guard guard(lock);
    bodies.emplace(all[i].first, std::move(*made));
  });
}

// Empty, or why not.
std::string TypedProbes::attachOne(uint32_t gate, const Function &function, Attachment &result,
                                   std::vector<Fd> &programs) {
  const Place *place = placeOf(function);
  if (!place)
    return "it is not among the types of the kernel or of its module";
  if (function.hasNamesake && !function.module.empty() && !findsByModule())
    return "several functions have this name, of which a kernel before 6.4 would take any";
  auto known = bodies.find(place->prototype);
  if (known == bodies.end()) {
    auto made = makeBodies(*place, targetOf(*place), now);
    if (!made)
      return made.error().message;
    known = bodies.emplace(place->prototype, std::move(*made)).first;
  }
  Pattern own{entry.name, entry.insns, {}, 0, Fd()};
  if (!makeTypedEntry(own.insns, switches,
                      {function.argument, function.flags, function.address, function.size, gate, function.id,
                       known->second.array.get()}))
    return "the entry program is not what is known here";
  std::string why;
  Fd program = loadCopy(own, targetOf(*place), BPF_TRACE_FENTRY, &why);
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

Attachment TypedProbes::attach(uint32_t gate, const std::vector<const Function *> &functions,
                               std::vector<Fd> &programs) {
  Attachment result;
  find(functions);
  makeAllBodies(functions);
  for (const Function *one : functions)
    if (const std::string why = attachOne(gate, *one, result, programs); !why.empty())
      result.refused.push_back({one->id, one->name, why});
  return result;
}

Status TypedProbes::prepare(std::shared_ptr<const Pattern> hop, uint32_t generation) {
  std::vector<const Bodies *> all;
  all.reserve(bodies.size());
  for (const auto &[prototype, one] : bodies)
    all.push_back(&one);
  std::mutex lock;
  std::string failure;
  atOnce(all.size(), [&](size_t i) {
    std::string why;
    const Fd copy = loadCopy(*hop, targetOf(all[i]->place), BPF_TRACE_FENTRY, &why);
    if (copy.valid() && putBody(all[i]->array, generation, copy))
      return;
    const std::string told = copy.valid() ? copyRefusal(errno) : why;
    const std::lock_guard guard(lock);
    failure = told;
  });
  if (!failure.empty())
    return Error{"LOAD_FAILED", "the kernel refuses a copy of the hop program: " + failure};
  next = {std::move(hop), generation};
  if (!now.hop) // the first
    now = next;
  return Done{};
}

void TypedProbes::commit() {
  if (now.number == next.number)
    return;
  const uint32_t slot = SKBT_HOP_SLOT(now.number);
  for (const auto &[prototype, one] : bodies)
    bpf_map_delete_elem(one.array.get(), &slot);
  now = next;
}

uint64_t TypedProbes::misses() const {
  const int cpus = libbpf_num_possible_cpus();
  std::vector<skbt_typed_hit> places(cpus > 0 ? static_cast<size_t>(cpus) : 0);
  const uint32_t last = SKBT_TYPED_HITS - 1;
  uint64_t misses = 0;
  if (!places.empty() && bpf_map_lookup_elem(hits, &last, places.data()) == 0)
    for (const skbt_typed_hit &one : places)
      misses += one.missed;
  return misses;
}

} // namespace skbt
