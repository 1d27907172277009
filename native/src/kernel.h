// SPDX-License-Identifier: Apache-2.0
// What is known about the running kernel: read once, kept for the process, and as bytes for the next one.
#pragma once

#include "functions.h"
#include "kfuncs.h"
#include "result.h"
#include "symbols.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace skbt {

struct Kernel {
  std::string key; // kernelKey() when it was read
  std::shared_ptr<const Symbols> symbols;
  std::vector<Function> functions;
  std::vector<DropReason> reasons;
  bool hasDropReason = false; // kfreeSkbHasReason()
  AddressRange noDrop;        // see skbt_config.no_drop_begin
  AddressRange entryText;     // see skbt_config.entry_begin
  uint64_t returnHook = 0;    // see skbt_config.return_hook
  uint64_t backlogLimit = 0;  // see skbt_config.backlog_limit
  Kfuncs kfuncs;
};

// Of this boot, this kernel and the modules that are loaded now, with their places: what was found out under one key
// holds under the same.
std::string kernelKey();

// The kernel as it is now: what was read, or taken over, under the same key, or read anew; with the programs of tc and
// XDP that are loaded now (programs.h). A function that was there before keeps its id; one whose module, or program, is
// gone stays in its place (Function.isGone).
// Errors: as Symbols::read() and findFunctions().
Result<std::shared_ptr<const Kernel>> readKernel();
// What readKernel() gave last; reads it when it was never called.
Result<std::shared_ptr<const Kernel>> knownKernel();

// The same with these functions that take no skb among its functions, behind all others; `missing` are those that
// cannot be: why. Names of functions that are known already are passed over. Errors: as readKernel().
Result<std::vector<OthersFound::Missing>> readOthers(const std::vector<std::string> &names);

// All that is known now (functions, symbols, capabilities, how programs were loaded), for another process under the
// same key; nothing when that has not changed since it was packed or taken over.
std::optional<std::vector<uint8_t>> packKnown();
// Takes over what another process has packed, for what is not known yet. False when these bytes are not that.
bool takeOverKnown(const uint8_t *data, size_t size);

// Bytes that say whether they are whole, and under which key they were written.
std::vector<uint8_t> seal(std::string_view key, const uint8_t *data, size_t size);
// Where in the bytes begins what was sealed; nothing when they are damaged, of another version or under another key.
std::optional<size_t> unseal(std::string_view key, const uint8_t *data, size_t size);

} // namespace skbt
