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

bool isOneOf(char type, std::string_view types) { return types.find(type) != std::string_view::npos; }

} // namespace

Result<Symbols> Symbols::read() {
  const std::unique_ptr<FILE, int (*)(FILE *)> file(std::fopen("/proc/kallsyms", "re"), std::fclose);
  if (!file)
    return errnoError("SYMBOLS_UNREADABLE", "cannot read /proc/kallsyms", errno);
  Symbols result;
  bool anyAddress = false;
  char *line = nullptr;
  size_t capacity = 0;
  // "ffffffff81000000 T name\t[module]"
  while (getline(&line, &capacity, file.get()) > 0) {
    char *rest = nullptr;
    const uint64_t address = std::strtoull(line, &rest, 16);
    if (rest == line || rest[0] != ' ' || rest[1] == '\0' || rest[2] != ' ')
      continue;
    anyAddress |= address != 0;
    const char type = rest[1];
    const bool isVariable = isOneOf(type, "dDbB");
    if (!isVariable && !isOneOf(type, "tTwW"))
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
    return Error{"SYMBOLS_HIDDEN", "the kernel hides its addresses; run as root, and check that sysctl "
                                   "kernel.kptr_restrict is not 2"};
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
