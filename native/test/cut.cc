// SPDX-License-Identifier: Apache-2.0
// What native/src/cut.h promises, on programs of a few instructions.
#include "cut.h"
#include "checks.h"

#include <array>
#include <cstring>

namespace {

using namespace skbt;

constexpr bpf_insn NOTHING = {BPF_JMP | BPF_JA, 0, 0, 0, 0};

bpf_insn marked(int number) { return {BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, number}; }

// A branch, and what a subprogram is called or referred to by; distances are from the next instruction.
bpf_insn branch(short distance) { return {BPF_JMP | BPF_JEQ | BPF_K, 0, 0, distance, 0}; }
bpf_insn call(int distance) { return {BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, 0, distance}; }
bpf_insn reference(int distance) { return {BPF_LD | BPF_IMM | BPF_DW, 1, BPF_PSEUDO_FUNC, 0, distance}; }

void says(const std::vector<bpf_insn> &insns, size_t at, int distance, const char *what) {
  const bpf_insn &insn = insns.at(at);
  const int is = insn.code == branch(0).code ? insn.off : insn.imm;
  check(is == distance, std::string(what) + ": " + std::to_string(is) + ", not " + std::to_string(distance));
}

void over() {
  std::vector<bpf_insn> insns = {branch(3), call(4), NOTHING, NOTHING, marked(1), branch(-5), marked(2), call(-7)};
  cutOut(insns, std::array{Cut{2, 2}});
  check(insns.size() == 6, "it has " + std::to_string(insns.size()) + " instructions");
  says(insns, 0, 1, "a branch onwards");
  says(insns, 1, 2, "a call onwards");
  says(insns, 3, -3, "a branch back");
  says(insns, 5, -5, "a call back");
  check(insns.at(2).imm == 1 && insns.at(4).imm == 2, "what stays is another");
}

void into() {
  std::vector<bpf_insn> insns = {branch(1), marked(1), NOTHING, NOTHING, marked(2)};
  cutOut(insns, std::array{Cut{2, 2}});
  says(insns, 0, 1, "a branch to what is gone");
}

void several() {
  std::vector<bpf_insn> insns = {reference(6), {}, NOTHING, marked(1), NOTHING, NOTHING, marked(2), marked(3)};
  cutOut(insns, std::array{Cut{2, 1}, Cut{4, 2}});
  check(insns.size() == 5, "it has " + std::to_string(insns.size()) + " instructions");
  says(insns, 0, 3, "a reference over two");
}

void others() {
  const bpf_insn helper = {BPF_JMP | BPF_CALL, 0, 0, 0, 181}, end = {BPF_JMP | BPF_EXIT, 0, 0, 0, 0};
  const bpf_insn map = {BPF_LD | BPF_IMM | BPF_DW, 1, BPF_PSEUDO_MAP_FD, 0, 9};
  std::vector<bpf_insn> insns = {helper, map, {}, NOTHING, end};
  cutOut(insns, std::array{Cut{3, 1}});
  check(insns.at(0).imm == 181, "the number of a helper is another");
  check(insns.at(1).imm == 9, "a map is another");
}

void info() {
  const std::array<uint32_t, 8> records = {0, 10, 2, 20, 3, 30, 5, 50};
  const auto *bytes = reinterpret_cast<const uint8_t *>(records.data());
  const std::vector<uint8_t> left = infoWithout({bytes, sizeof(records)}, 8, std::array{Cut{2, 2}});
  const std::array<uint32_t, 4> wanted = {0, 10, 3, 50};
  check(left.size() == sizeof(wanted) && std::memcmp(left.data(), wanted.data(), sizeof(wanted)) == 0,
        "records are others");
}

} // namespace

int main() {
  run("branches and calls over a cut fit again", over);
  run("what goes to an instruction that is gone goes to what stands behind", into);
  run("cuts add up, for references to functions, too", several);
  run("helpers and maps are no distances", others);
  run("functions and lines fit again, without those that are gone", info);
}
