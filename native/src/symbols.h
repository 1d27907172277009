// SPDX-License-Identifier: Apache-2.0
// Kernel addresses and names, from /proc/kallsyms.
#pragma once

#include "pack.h"
#include "result.h"

#include <cstdint>
#include <optional>
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
  // Its names live as long as the table.
  struct Symbol {
    uint64_t address;
    std::string_view name;
    std::string_view module; // empty for the kernel itself
  };

  // Errors: SYMBOLS_UNREADABLE, SYMBOLS_HIDDEN (kptr_restrict shows zeros).
  static Result<Symbols> read();
  // Address of the first function of this name, without reading all of them. Errors: as read(), and
  // SYMBOL_MISSING.
  static Result<uint64_t> find(std::string_view name);

  // The table as bytes and back; nothing when these are no table.
  void pack(Packer &into) const;
  static std::optional<Symbols> unpack(Unpacker &from);
  // The function that holds the address, nothing when none does. Code that the kernel makes while it runs (eBPF
  // programs, trampolines) is in no table: see ProgramSymbols.
  std::optional<Symbol> at(uint64_t address) const;
  // Address of the only function of this name in this module; 0 when there is none, or several. Only of a table that
  // was read.
  uint64_t unique(std::string_view name, std::string_view module) const;
  // Where the only function of this name in the kernel itself is; zeros when there is none, or several. As unique().
  AddressRange range(std::string_view name) const;
  // Bytes from an address to the next symbol, 0 behind the last one.
  uint64_t bytesFrom(uint64_t address) const;
  // A function of this name in any module; the address is 0 when it is in several places, of all of them. As unique().
  std::optional<Symbol> named(std::string_view name) const;

  // Address of one of the kernel's variables that the programs read (VARIABLES in symbols.cc); 0 when it is not told.
  // As unique().
  uint64_t variable(std::string_view name) const;

private:
  // Rows of a table by address: three columns, so that it is packed and unpacked as it is.
  std::vector<uint64_t> addresses;
  std::vector<uint32_t> nameAt; // where the name begins in `names`
  std::vector<uint16_t> moduleAt;
  std::string names; // each ends in a zero
  std::vector<std::string> modules;
  std::unordered_map<std::string, uint64_t> byName; // "name\tmodule" -> address, 0 when ambiguous
  std::unordered_map<std::string, uint64_t> variables;
};

// The functions of the eBPF programs that are loaded when it is read.
class ProgramSymbols {
public:
  static ProgramSymbols read();
  // Trampolines, through which functions with typed programs on them are called. All of kallsyms is read for them.
  static ProgramSymbols readTrampolines();
  std::optional<Symbols::Symbol> at(uint64_t address) const;

private:
  struct Function {
    uint64_t begin, end;
    std::string name;
  };
  std::vector<Function> functions;
};

} // namespace skbt
