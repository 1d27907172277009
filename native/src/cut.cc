// SPDX-License-Identifier: Apache-2.0
#include "cut.h"

#include <cstring>
#include <utility>

namespace skbt {
namespace {

// Where instruction `at` is without the cuts, or what stands behind it.
struct Place {
  size_t at;
  bool isGone;
};

Place placeOf(size_t at, std::span<const Cut> cuts) {
  size_t gone = 0;
  for (const Cut &cut : cuts) {
    if (at < cut.begin)
      break;
    if (at < cut.begin + cut.count)
      return {cut.begin - gone, true};
    gone += cut.count;
  }
  return {at - gone, false};
}

enum class Distance { None, InOff, InImm };

// Where an instruction has the distance to another, from the one that follows it.
Distance distanceOf(const bpf_insn &insn) {
  if (insn.code == (BPF_LD | BPF_IMM | BPF_DW))
    return insn.src_reg == BPF_PSEUDO_FUNC ? Distance::InImm : Distance::None;
  const int kind = BPF_CLASS(insn.code), operation = BPF_OP(insn.code);
  if ((kind != BPF_JMP && kind != BPF_JMP32) || operation == BPF_EXIT)
    return Distance::None;
  if (operation == BPF_CALL)
    return insn.src_reg == BPF_PSEUDO_CALL ? Distance::InImm : Distance::None;
  return kind == BPF_JMP32 && operation == BPF_JA ? Distance::InImm : Distance::InOff;
}

} // namespace

void cutOut(std::vector<bpf_insn> &insns, std::span<const Cut> cuts) {
  std::vector<bpf_insn> left;
  left.reserve(insns.size());
  for (size_t i = 0; i < insns.size(); i++) {
    if (placeOf(i, cuts).isGone)
      continue;
    bpf_insn insn = insns[i];
    const Distance where = distanceOf(insn);
    const auto next = static_cast<int64_t>(i) + 1;
    const auto target = static_cast<size_t>(next + (where == Distance::InOff ? insn.off : insn.imm));
    if (where != Distance::None) {
      const auto distance = static_cast<int64_t>(placeOf(target, cuts).at) - static_cast<int64_t>(left.size()) - 1;
      if (where == Distance::InOff)
        insn.off = static_cast<__s16>(distance);
      else
        insn.imm = static_cast<__s32>(distance);
    }
    left.push_back(insn);
  }
  insns = std::move(left);
}

std::vector<uint8_t> infoWithout(std::span<const uint8_t> info, size_t recordSize, std::span<const Cut> cuts) {
  std::vector<uint8_t> left;
  left.reserve(info.size());
  for (size_t i = 0; recordSize >= sizeof(uint32_t) && i + recordSize <= info.size(); i += recordSize) {
    uint32_t number = 0;
    std::memcpy(&number, &info[i], sizeof(number));
    const Place place = placeOf(number, cuts);
    if (place.isGone)
      continue;
    const auto moved = static_cast<uint32_t>(place.at);
    const size_t begin = left.size();
    left.insert(left.end(), info.begin() + static_cast<long>(i), info.begin() + static_cast<long>(i + recordSize));
    std::memcpy(&left[begin], &moved, sizeof(moved));
  }
  return left;
}

} // namespace skbt
