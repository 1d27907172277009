// SPDX-License-Identifier: Apache-2.0
// Programs of tc and XDP as places that a packet passes: each has an entry and an exit, to which copies of one program
// of ours are attached (skbt_program_hop in bpf/skbtracer.bpf.c).
#pragma once

#include "attach.h"
#include "fd.h"
#include "functions.h"
#include "typed_copy.h"

#include <linux/bpf.h>

#include <cstdint>
#include <string>
#include <vector>

namespace skbt {

// One that is loaded, and has the types that it takes to be attached to.
// What is copied to their entries and exits, for each change of settings.
constexpr const char *PROGRAM_HOP = "skbt_program_hop";

struct LoadedProgram {
  uint32_t id;
  uint32_t function; // BTF id of its main function, in its own BTF
  bpf_prog_type type;
  std::string name; // of that function, where the kernel keeps only the first 15 characters
};

// All of tc and XDP, by id. Any thread. None where this process may not list them.
std::vector<LoadedProgram> loadedPrograms();
// Loads a copy of the pattern for that program and attaches it there; 0 or an errno.
int attachToProgram(const Pattern &pattern, const LoadedProgram &program, bpf_attach_type type, uint64_t cookie,
                    Fd &copy, Fd &link);
// Another one when programs have come or gone.
std::string programsKey(const std::vector<LoadedProgram> &programs);

// Puts the entry and the exit of each into the list of functions: one for all programs of a name, so that a program
// keeps them when it is loaded anew. One that is not loaded any more stays in its place (Function.isGone). False when
// that changes nothing.
bool placePrograms(std::vector<Function> &functions, const std::vector<LoadedProgram> &programs);

// Where a copy is, or is to be.
struct ProgramPlace {
  LoadedProgram program;
  Function function;
};

// Of these programs what is among the functions.
std::vector<ProgramPlace> placesIn(const std::vector<LoadedProgram> &programs,
                                   const std::vector<const Function *> &functions);

struct ProgramCopies {
  Attachment attachment;
  std::vector<Fd> programs;
  std::vector<bool> isAttached; // of each place
};

// The pattern is as it fits this kernel, these maps and these settings. The copies read that gate, and a function is
// told by its id. Programs that refuse are left out and reported.
ProgramCopies attachCopies(const Pattern &pattern, uint32_t gate, const std::vector<ProgramPlace> &places);

} // namespace skbt
