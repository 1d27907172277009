// SPDX-License-Identifier: Apache-2.0
#include "tcx.h"

#include "kernel_shared.h"

#include <bpf/bpf.h>

#include <algorithm>
#include <cstring>

namespace skbt {
namespace {

// BTF id of a program's main function in the program's own BTF, 0 when it has none.
uint32_t mainFunction(int program, bpf_prog_info &info) {
  bpf_func_info first = {};
  info = {};
  info.nr_func_info = 1;
  info.func_info_rec_size = sizeof(first);
  info.func_info = reinterpret_cast<__u64>(&first);
  __u32 length = sizeof(info);
  if (bpf_obj_get_info_by_fd(program, &info, &length) != 0 || info.btf_id == 0 || info.nr_func_info == 0)
    return 0;
  return first.type_id;
}

Fd attachCopy(const bpf_program *pattern, int target, uint32_t function, uint64_t cookie) {
  LIBBPF_OPTS(bpf_prog_load_opts, load);
  load.expected_attach_type = BPF_TRACE_FEXIT;
  load.attach_prog_fd = static_cast<__u32>(target);
  load.attach_btf_id = function;
  const Fd copy(bpf_prog_load(BPF_PROG_TYPE_TRACING, bpf_program__name(pattern), "GPL", bpf_program__insns(pattern),
                              bpf_program__insn_cnt(pattern), &load));
  if (!copy.valid())
    return Fd();
  LIBBPF_OPTS(bpf_link_create_opts, link);
  link.tracing.cookie = cookie;
  return Fd(bpf_link_create(copy.get(), 0, BPF_TRACE_FEXIT, &link));
}

} // namespace

std::vector<Fd> attachToTcPrograms(const bpf_program *pattern, int names, std::set<uint32_t> &known) {
  std::vector<Fd> links;
  __u32 id = 0;
  while (bpf_prog_get_next_id(id, &id) == 0) {
    if (!known.insert(id).second)
      continue;
    const Fd program(bpf_prog_get_fd_by_id(id));
    bpf_prog_info info = {};
    const uint32_t function = program.valid() ? mainFunction(program.get(), info) : 0;
    if (function == 0 || info.type != BPF_PROG_TYPE_SCHED_CLS)
      continue;
    skbt_program_name name = {};
    std::memcpy(name.name, info.name, std::min(sizeof(name.name), sizeof(info.name)));
    const uint64_t key = id;
    if (bpf_map_update_elem(names, &key, &name, BPF_ANY) != 0)
      break; // full
    if (Fd link = attachCopy(pattern, program.get(), function, key); link.valid())
      links.push_back(std::move(link));
  }
  return links;
}

} // namespace skbt
