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

bool makeTypedEntry(std::vector<bpf_insn> &entry, const TypedSwitches &switches, const TypedEntry &one) {
  const uint64_t what = SKBT_RELAY(one.function, one.flags, one.id);
  if (one.argument < 1 || SKBT_RELAY_FUNCTION(what) != one.function)
    return false;
  const auto muted = static_cast<__s32>(one.id % SKBT_FUNCTIONS);
  constexpr auto MARK = static_cast<__s32>(SKBT_ENTRY_RELAY);
  size_t found = 0; // bits: argument, word, and what is there once
  bool isTwice = false;
  const auto note = [&](size_t thing) {
    isTwice |= (found >> thing & 1) != 0;
    found |= size_t{1} << thing;
  };
  for (size_t i = 0; i < entry.size(); i++) {
    bpf_insn &insn = entry[i];
    const bool isMove = insn.code == (BPF_ALU64 | BPF_MOV | BPF_K) || insn.code == (BPF_ALU | BPF_MOV | BPF_K);
    if (isMove && insn.imm == SKBT_ENTRY_ARGUMENT) {
      insn.imm = static_cast<__s32>(one.argument - 1);
      found |= 1;
    } else if (insn.code == (BPF_LDX | BPF_MEM | BPF_DW) && insn.off == SKBT_ENTRY_CONTEXT) {
      insn.off = static_cast<__s16>((one.argument - 1) * sizeof(uint64_t));
      found |= 1;
    }
    if (insn.code != (BPF_LD | BPF_IMM | BPF_DW) || i + 1 == entry.size())
      continue;
    bpf_insn &half = entry[++i]; // its second one
    const bool isByte = insn.src_reg == BPF_PSEUDO_MAP_VALUE && insn.imm == switches.bytes;
    if (insn.src_reg == 0 && insn.imm == MARK && half.imm == MARK) {
      insn.imm = static_cast<__s32>(what);
      half.imm = static_cast<__s32>(what >> 32);
      found |= 2;
    } else if (isByte && half.imm == switches.gatesAt) {
      half.imm += static_cast<__s32>(one.gate);
      note(2);
    } else if (isByte && half.imm == switches.mutedAt) {
      half.imm += muted;
      note(3);
    }
  }
  return found == 0b1111 && !isTwice;
}

} // namespace skbt
