// SPDX-License-Identifier: Apache-2.0
// Where typed programs go: kernel functions and tracepoints by name, as BTF ids. libbpf looks through all of
// the kernel's types for each name, which for seventy names takes seconds where a CPU is emulated; here they are
// looked through once.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace skbt {

struct Target {
  uint32_t btfId = 0;
  uint32_t module = 0; // id of the module's BTF, 0 for the kernel's own
  std::string moduleName;
  uint32_t arguments = 0;
};

struct Wanted {
  std::string_view name;
  bool isTracepoint = false;
};

class Targets {
public:
  // Those that this kernel has now; functions of modules only from the modules named.
  static Targets find(const std::vector<Wanted> &wanted, const std::vector<std::string_view> &modules);
  // nullptr when there is none.
  const Target *get(std::string_view name) const;

private:
  std::unordered_map<std::string, Target> found;
};

// Name of the module that a BTF object is of; empty for what is none.
std::string moduleOf(int fd);

} // namespace skbt
