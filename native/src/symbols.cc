// SPDX-License-Identifier: Apache-2.0
#include "symbols.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>

namespace skbt {
namespace {

constexpr std::array<std::string_view, 2> VARIABLES = {"netdev_max_backlog", "net_hotdata"};

constexpr std::string_view FUNCTIONS = "tTwW";

using File = std::unique_ptr<FILE, int (*)(FILE *)>;

Result<File> openSymbols() {
  File file(std::fopen("/proc/kallsyms", "re"), std::fclose);
  if (!file)
    return errnoError("SYMBOLS_UNREADABLE", "cannot read /proc/kallsyms", errno);
  return file;
}

Error hidden() {
  return {"SYMBOLS_HIDDEN", "the kernel hides its addresses; run as root, and check that sysctl "
                            "kernel.kptr_restrict is not 2"};
}

bool isOneOf(char type, std::string_view types) { return types.find(type) != std::string_view::npos; }

} // namespace

Result<uint64_t> Symbols::find(std::string_view name) {
  auto file = openSymbols();
  if (!file)
    return file.error();
  Result<uint64_t> found = Error{"SYMBOL_MISSING", "the kernel has no function " + std::string(name)};
  char *line = nullptr;
  size_t capacity = 0;
  while (!found && getline(&line, &capacity, file->get()) > 0) {
    char *rest = nullptr;
    const uint64_t address = std::strtoull(line, &rest, 16);
    if (rest == line || rest[0] != ' ' || rest[1] == '\0' || rest[2] != ' ' || !isOneOf(rest[1], FUNCTIONS))
      continue;
    if (std::string_view(rest + 3, std::strcspn(rest + 3, " \t\n")) == name)
      found = address != 0 ? Result<uint64_t>(address) : hidden();
  }
  std::free(line);
  return found;
}

Result<Symbols> Symbols::read() {
  auto file = openSymbols();
  if (!file)
    return file.error();
  Symbols result;
  bool anyAddress = false;
  char *line = nullptr;
  size_t capacity = 0;
  // "ffffffff81000000 T name\t[module]"
  while (getline(&line, &capacity, file->get()) > 0) {
    char *rest = nullptr;
    const uint64_t address = std::strtoull(line, &rest, 16);
    if (rest == line || rest[0] != ' ' || rest[1] == '\0' || rest[2] != ' ')
      continue;
    anyAddress |= address != 0;
    const char type = rest[1];
    const bool isVariable = isOneOf(type, "dDbB");
    if (!isVariable && !isOneOf(type, FUNCTIONS))
      continue;
    const char *name = rest + 3;
    const size_t nameLength = std::strcspn(name, " \t\n");
    if (isVariable) {
      if (std::find(VARIABLES.begin(), VARIABLES.end(), std::string_view(name, nameLength)) != VARIABLES.end())
        result.variables.try_emplace(std::string(name, nameLength), address);
      continue;
    }
    std::string module;
    if (const char *open = std::strchr(name + nameLength, '[')) {
      const char *close = std::strchr(open, ']');
      if (close)
        module.assign(open + 1, close);
    }
    result.sorted.push_back({address, std::string(name, nameLength), std::move(module)});
  }
  std::free(line);
  if (!anyAddress)
    return hidden();
  for (const Symbol &symbol : result.sorted) {
    const auto [it, isNew] = result.byName.try_emplace(symbol.name + '\t' + symbol.module, symbol.address);
    if (!isNew)
      it->second = 0;
  }
  std::sort(result.sorted.begin(), result.sorted.end(),
            [](const Symbol &a, const Symbol &b) { return a.address < b.address; });
  return result;
}

const Symbols::Symbol *Symbols::at(uint64_t address) const {
  const auto after = std::upper_bound(sorted.begin(), sorted.end(), address,
                                      [](uint64_t a, const Symbol &s) { return a < s.address; });
  return after == sorted.begin() ? nullptr : &*std::prev(after);
}

uint64_t Symbols::unique(std::string_view name, std::string_view module) const {
  const auto found = byName.find(std::string(name) + '\t' + std::string(module));
  return found == byName.end() ? 0 : found->second;
}

uint64_t Symbols::variable(std::string_view name) const {
  const auto found = variables.find(std::string(name));
  return found == variables.end() ? 0 : found->second;
}

AddressRange Symbols::range(std::string_view name) const {
  const uint64_t begin = unique(name, "");
  const auto next = std::upper_bound(sorted.begin(), sorted.end(), begin,
                                     [](uint64_t address, const Symbol &symbol) { return address < symbol.address; });
  return begin == 0 || next == sorted.end() ? AddressRange{} : AddressRange{begin, next->address};
}

} // namespace skbt
