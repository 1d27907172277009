// SPDX-License-Identifier: Apache-2.0
#include "entry.h"

#include "kernel_shared.h"

#include <algorithm>
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

bool makeTypedEntry(std::vector<bpf_insn> &entry, const TypedSwitches &switches, const TypedEntry &one) {
  const auto address = static_cast<__s32>(one.function);
  if (one.argument < 1 || static_cast<uint64_t>(int64_t{address}) != one.function)
    return false;
  const auto muted = static_cast<__s32>(one.id % SKBT_FUNCTIONS);
  size_t found = 0; // each thing once: a bit
  bool isTwice = false;
  const auto write = [&](size_t what, __s32 &where, __s32 value) {
    isTwice |= (found >> what & 1) != 0;
    found |= size_t{1} << what;
    where = value;
  };
  for (size_t i = 0; i < entry.size(); i++) {
    bpf_insn &insn = entry[i];
    const bool isMove = insn.code == (BPF_ALU64 | BPF_MOV | BPF_K) || insn.code == (BPF_ALU | BPF_MOV | BPF_K);
    const bool isLoad = insn.code == (BPF_LD | BPF_IMM | BPF_DW) && i + 1 < entry.size();
    if (isMove && insn.imm == SKBT_ENTRY_ARGUMENT)
      write(0, insn.imm, static_cast<__s32>(one.argument - 1));
    else if (isMove && insn.imm == SKBT_ENTRY_FLAGS)
      write(1, insn.imm, static_cast<__s32>(one.flags));
    else if (isMove && insn.imm == SKBT_ENTRY_FUNCTION)
      write(2, insn.imm, address);
    else if (isMove && insn.imm == SKBT_ENTRY_SIZE)
      write(3, insn.imm, static_cast<__s32>(std::min<uint32_t>(one.size, INT32_MAX)));
    else if (isLoad && insn.src_reg == BPF_PSEUDO_MAP_FD && insn.imm == switches.bodies)
      write(4, insn.imm, one.bodies);
    else if (isLoad && insn.src_reg == BPF_PSEUDO_MAP_VALUE && insn.imm == switches.bytes &&
             entry[i + 1].imm == switches.gatesAt)
      write(5, entry[i + 1].imm, switches.gatesAt + static_cast<__s32>(one.gate));
    else if (isLoad && insn.src_reg == BPF_PSEUDO_MAP_VALUE && insn.imm == switches.bytes &&
             entry[i + 1].imm == switches.mutedAt)
      write(6, entry[i + 1].imm, switches.mutedAt + muted);
    if (isLoad)
      i++; // its second half
  }
  return found == 0b1111111 && !isTwice;
}

} // namespace skbt
