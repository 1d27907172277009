// SPDX-License-Identifier: Apache-2.0
#include "entry.h"

#include "kernel_shared.h"

#include <array>
#include <cstddef>

namespace skbt {
namespace {

// Of struct pt_regs on x86-64: di, si, dx, cx, r8.
constexpr std::array<__s16, 5> REGISTERS = {112, 104, 96, 88, 72};

} // namespace

bool makeEntry(std::vector<bpf_insn> &entry, uint32_t argument, uint32_t flags) {
  if (argument < 1 || argument > REGISTERS.size())
    return false;
  size_t loads = 0;
  size_t constants = 0;
  for (bpf_insn &insn : entry) {
    const bool isMove = insn.code == (BPF_ALU64 | BPF_MOV | BPF_K) || insn.code == (BPF_ALU | BPF_MOV | BPF_K);
    if (insn.code == (BPF_LDX | BPF_MEM | BPF_DW) && insn.off == REGISTERS[0] && loads == 0) {
      insn.off = REGISTERS[argument - 1];
      loads++;
    } else if (isMove && insn.imm == SKBT_ENTRY_FLAGS) {
      insn.imm = static_cast<__s32>(flags);
      constants++;
    }
  }
  return loads == 1 && constants == 1;
}

} // namespace skbt
