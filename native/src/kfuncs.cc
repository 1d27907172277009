// SPDX-License-Identifier: Apache-2.0
#include "kfuncs.h"

#include "btf.h"
#include "fd.h"
#include "kernel_shared.h"
#include "targets.h"

#include <bpf/bpf.h>

namespace skbt {
namespace {

constexpr const char *CAST = "bpf_rdonly_cast";
constexpr const char *IS_RETURN = "bpf_session_is_return";
constexpr const char *SESSION = "bpf_session_cookie";

constexpr bpf_insn set(uint8_t to, int32_t value) { return {BPF_ALU64 | BPF_MOV | BPF_K, to, 0, 0, value}; }
constexpr bpf_insn END = {BPF_JMP | BPF_EXIT, 0, 0, 0, 0};

constexpr bpf_insn callOf(uint32_t id) {
  return {BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_KFUNC_CALL, 0, static_cast<__s32>(id)};
}

bool loads(const std::vector<bpf_insn> &program, uint32_t attachType) {
  LIBBPF_OPTS(bpf_prog_load_opts, opts);
  opts.expected_attach_type = static_cast<bpf_attach_type>(attachType);
  return Fd(bpf_prog_load(BPF_PROG_TYPE_KPROBE, "skbt_try", "GPL", program.data(), program.size(), &opts)).valid();
}

} // namespace

Kfuncs findKfuncs() {
  Kfuncs found;
  const Targets targets = Targets::find({{CAST}, {IS_RETURN}, {SESSION}}, {});
  const auto idOf = [&](const char *name) {
    const Target *target = targets.get(name);
    return target ? target->btfId : 0;
  };
  auto types = kernelBtf();
  const int type = types ? btf__find_by_name_kind(*types, "timespec64", BTF_KIND_STRUCT) : -1;
  const bpf_insn load = {BPF_LDX | BPF_MEM | BPF_DW, BPF_REG_0, BPF_REG_0, 0, 0};
  if (const uint32_t id = idOf(CAST);
      id != 0 && type >= 0 &&
      loads({set(BPF_REG_1, 0), set(BPF_REG_2, type), callOf(id), load, set(BPF_REG_0, 0), END}, 0))
    found.cast = id;
  const uint32_t isReturn = idOf(IS_RETURN);
  const uint32_t session = idOf(SESSION);
  const bpf_insn keep = {BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_6, BPF_REG_1, 0, 0};
  const bpf_insn again = {BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_1, BPF_REG_6, 0, 0};
  if (isReturn != 0 && session != 0 &&
      loads({keep, callOf(isReturn), again, callOf(session), load, set(BPF_REG_0, 1), END}, KPROBE_SESSION)) {
    found.isReturn = isReturn;
    found.session = session;
  }
  return found;
}

bool placeKfuncs(std::vector<bpf_insn> &program, const Kfuncs &kfuncs) {
  bool any = false;
  for (bpf_insn &insn : program) {
    if (insn.code != (BPF_JMP | BPF_CALL) || insn.src_reg != 0)
      continue;
    uint32_t id = 0;
    switch (insn.imm) {
    case SKBT_CAST_MARKER:
      id = kfuncs.cast;
      break;
    case SKBT_IS_RETURN_MARKER:
      id = kfuncs.isReturn;
      break;
    case SKBT_SESSION_MARKER:
      id = kfuncs.session;
      break;
    default:
      continue;
    }
    any = true;
    insn = id != 0 ? callOf(id) : bpf_insn{BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_0, BPF_REG_1, 0, 0};
  }
  return any;
}

} // namespace skbt
