// SPDX-License-Identifier: Apache-2.0
#include "programs.h"

#include "btf.h"
#include "kernel_shared.h"
#include "result.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>
#include <unordered_map>

namespace skbt {
namespace {

// As modules are called, which have no such names.
constexpr const char *TC = "bpf_tc";
constexpr const char *XDP = "bpf_xdp";
// Behind the name, at the exit.
constexpr const char *EXIT = "+exit";
constexpr size_t PROGRAM_NAME_MAX = 120; // with that, what fits a function's name

constexpr std::array ENDS = {ProgramEnd::Entry, ProgramEnd::Exit};

// To load a copy is the verifier's work, to attach it the kernel's waiting.
constexpr size_t THREADS = 4;

// Of the main function, "" when the types are not there any more.
std::string nameInTypes(uint32_t types, uint32_t function) {
  const Btf own(btf__load_from_kernel_by_id(types));
  const btf_type *type = own ? btf__type_by_id(own.get(), function) : nullptr;
  return type && btf_is_func(type) ? btf__name_by_offset(own.get(), type->name_off) : "";
}

// Nothing when it is none of tc or XDP, has no types, or is gone.
std::optional<LoadedProgram> lookAt(uint32_t id) {
  const Fd program(bpf_prog_get_fd_by_id(id));
  bpf_func_info first = {};
  bpf_prog_info info = {};
  info.nr_func_info = 1;
  info.func_info_rec_size = sizeof(first);
  info.func_info = reinterpret_cast<__u64>(&first);
  __u32 length = sizeof(info);
  if (!program.valid() || bpf_obj_get_info_by_fd(program.get(), &info, &length) != 0)
    return std::nullopt;
  const auto type = static_cast<bpf_prog_type>(info.type);
  if (type != BPF_PROG_TYPE_XDP && type != BPF_PROG_TYPE_SCHED_CLS && type != BPF_PROG_TYPE_SCHED_ACT)
    return std::nullopt;
  if (info.btf_id == 0 || info.nr_func_info == 0)
    return std::nullopt;
  std::string name(info.name, strnlen(info.name, sizeof(info.name)));
  if (name.empty() || name.size() == sizeof(info.name) - 1)
    if (std::string whole = nameInTypes(info.btf_id, first.type_id); whole.starts_with(name))
      name = std::move(whole);
  if (name.empty())
    return std::nullopt;
  name.resize(std::min(name.size(), PROGRAM_NAME_MAX));
  return LoadedProgram{id, first.type_id, type, std::move(name)};
}

std::string keyOf(const Function &f) { return f.name + '\t' + f.module; }

// An end of a program as a function, which has no id yet.
Function functionOf(const LoadedProgram &program, ProgramEnd end) {
  Function f = {};
  f.name = program.name + (end == ProgramEnd::Exit ? EXIT : "");
  const bool isXdp = program.type == BPF_PROG_TYPE_XDP;
  f.module = isXdp ? XDP : TC;
  f.argument = 1;
  f.flags = isXdp ? SKBT_PROBE_IN_HAND : 0;
  f.end = end;
  return f;
}

bpf_attach_type typeAt(const Function &f) { return f.end == ProgramEnd::Exit ? BPF_TRACE_FEXIT : BPF_TRACE_FENTRY; }

uint64_t cookieOf(const Function &f, uint32_t gate) { return SKBT_COOKIE(f.id, gate, f.flags); }

} // namespace

std::vector<LoadedProgram> loadedPrograms() {
  // A program stays what it is, and its id is not another's until all numbers were given.
  static std::mutex lock;
  static std::map<uint32_t, std::optional<LoadedProgram>> known;
  const std::lock_guard guard(lock);
  std::map<uint32_t, std::optional<LoadedProgram>> now;
  std::vector<LoadedProgram> programs;
  __u32 id = 0;
  while (bpf_prog_get_next_id(id, &id) == 0) {
    const auto before = known.find(id);
    const auto &one = now.emplace(id, before != known.end() ? std::move(before->second) : lookAt(id)).first->second;
    if (one)
      programs.push_back(*one);
  }
  known = std::move(now);
  return programs;
}

int attachToProgram(const Pattern &pattern, const LoadedProgram &program, bpf_attach_type type, uint64_t cookie,
                    Fd &copy, Fd &link) {
  const Fd target(bpf_prog_get_fd_by_id(program.id));
  if (!target.valid())
    return errno;
  copy = loadCopy(pattern, {program.function, -1, target.get()}, type);
  if (!copy.valid())
    return errno;
  LIBBPF_OPTS(bpf_link_create_opts, create);
  create.tracing.cookie = cookie;
  link = Fd(bpf_link_create(copy.get(), 0, type, &create));
  return link.valid() ? 0 : errno;
}

std::string programsKey(const std::vector<LoadedProgram> &programs) {
  std::string key;
  for (const LoadedProgram &one : programs)
    key += std::to_string(one.id) + ' ';
  return key;
}

bool placePrograms(std::vector<Function> &functions, const std::vector<LoadedProgram> &programs) {
  std::unordered_map<std::string, size_t> places;
  std::vector<bool> isThere(functions.size(), false);
  for (size_t i = 0; i < functions.size(); i++)
    if (functions[i].end != ProgramEnd::None)
      places.emplace(keyOf(functions[i]), i);
  bool isOther = false;
  for (const LoadedProgram &one : programs)
    for (const ProgramEnd end : ENDS) {
      Function f = functionOf(one, end);
      const auto [known, isNew] = places.emplace(keyOf(f), functions.size());
      if (isNew) {
        f.id = static_cast<uint32_t>(functions.size() + 1);
        functions.push_back(std::move(f));
        isThere.push_back(true);
        isOther = true;
      }
      isThere[known->second] = true;
    }
  for (size_t i = 0; i < functions.size(); i++)
    if (functions[i].end != ProgramEnd::None && functions[i].isGone == isThere[i]) {
      functions[i].isGone = !isThere[i];
      isOther = true;
    }
  return isOther;
}

std::vector<ProgramPlace> placesIn(const std::vector<LoadedProgram> &programs,
                                   const std::vector<const Function *> &functions) {
  std::unordered_map<std::string, const Function *> wanted;
  for (const Function *one : functions)
    if (one->end != ProgramEnd::None)
      wanted.emplace(keyOf(*one), one);
  std::vector<ProgramPlace> places;
  if (wanted.empty())
    return places;
  for (const LoadedProgram &one : programs)
    for (const ProgramEnd end : ENDS)
      if (const auto found = wanted.find(keyOf(functionOf(one, end))); found != wanted.end())
        places.push_back({one, *found->second});
  return places;
}

ProgramCopies attachCopies(const Pattern &pattern, uint32_t gate, const std::vector<ProgramPlace> &places) {
  struct One {
    Fd copy;
    Fd link;
    int error = 0;
  };
  std::vector<One> all(places.size());
  std::vector<std::thread> threads;
  for (size_t first = 0; first < std::min(THREADS, places.size()); first++)
    threads.emplace_back([&, first] {
      for (size_t i = first; i < places.size(); i += THREADS)
        all[i].error = attachToProgram(pattern, places[i].program, typeAt(places[i].function),
                                       cookieOf(places[i].function, gate), all[i].copy, all[i].link);
    });
  for (std::thread &thread : threads)
    thread.join();

  ProgramCopies copies;
  for (size_t i = 0; i < places.size(); i++) {
    const Function &function = places[i].function;
    copies.isAttached.push_back(all[i].error == 0);
    if (all[i].error != 0) {
      copies.attachment.refused.push_back({function.id, function.name, errnoText(all[i].error)});
      continue;
    }
    copies.programs.push_back(std::move(all[i].copy));
    copies.attachment.held.push_back({std::move(all[i].link), 1});
    copies.attachment.ids.push_back(function.id);
  }
  return copies;
}

} // namespace skbt
