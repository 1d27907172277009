// SPDX-License-Identifier: Apache-2.0
// Kernel addresses and names, from /proc/kallsyms.
#pragma once

#include "result.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace skbt {

struct AddressRange {
  uint64_t begin = 0;
  uint64_t end = 0; // the first behind it
};

class Symbols {
public:
  struct Symbol {
    uint64_t address;
    std::string name;
    std::string module; // empty for the kernel itself
  };

  // Errors: SYMBOLS_UNREADABLE, SYMBOLS_HIDDEN (kptr_restrict shows zeros).
  static Result<Symbols> read();
  // Address of the first function of this name, without reading all of them. Errors: as read(), and
  // SYMBOL_MISSING.
  static Result<uint64_t> find(std::string_view name);

  // The function that holds the address, nullptr when none does.
  const Symbol *at(uint64_t address) const;
  // Address of the only function of this name in this module; 0 when there is none, or several.
  uint64_t unique(std::string_view name, std::string_view module) const;
  // Where the only function of this name in the kernel itself is; zeros when there is none, or several.
  AddressRange range(std::string_view name) const;

  // Address of one of the kernel's variables that the programs read (VARIABLES in symbols.cc); 0 when it is not told.
  uint64_t variable(std::string_view name) const;

private:
  std::vector<Symbol> sorted;                       // by address
  std::unordered_map<std::string, uint64_t> byName; // "name\tmodule" -> address, 0 when ambiguous
  std::unordered_map<std::string, uint64_t> variables;
};

} // namespace skbt
