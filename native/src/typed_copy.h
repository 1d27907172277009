// SPDX-License-Identifier: Apache-2.0
// Typed programs (fentry, fexit) that are loaded in copies: the kernel wants one for each function that it is to be
// attached to.
#pragma once

#include "fd.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <cstdint>
#include <string>
#include <vector>

namespace skbt {

// What copies are made of: a program as libbpf has loaded it once, its maps file descriptors.
struct Pattern {
  std::string name;
  std::vector<bpf_insn> insns;
  // Where its functions begin, as the kernel wants it of a program that has global ones; else empty.
  std::vector<uint8_t> functions;
  uint32_t functionSize = 0; // of one entry
  Fd types;                  // the BTF that these are of
};

// Without functions: of a program that has no global ones.
Pattern patternOf(const bpf_program *program);
Pattern patternOf(const bpf_object *object, const char *program);

// A function of the kernel (of a module: with the module's types), or of a program.
struct CopyTarget {
  uint32_t btfId = 0;
  int module = -1;
  int program = -1;
};

// Of a function with a typed program. Not more were possible until 6.6 (473e3150e30a "bpf, x86: allow function
// arguments up to 12 for TRACING").
constexpr uint32_t ARGUMENTS_ALWAYS = 6;

// A copy for that target, not attached; when the kernel refuses it, `why` is what it said, if that is wanted.
Fd loadCopy(const Pattern &pattern, const CopyTarget &target, bpf_attach_type attach, std::string *why = nullptr);
// Attaches it; 0 or an errno.
int attachCopy(const Fd &copy, Fd &link);
// What the kernel means by that errno here.
std::string copyRefusal(int err);

} // namespace skbt
