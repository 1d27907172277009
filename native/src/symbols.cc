// SPDX-License-Identifier: Apache-2.0
#include "symbols.h"

#include "fd.h"

#include <bpf/bpf.h>

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

// What the kernel makes while it runs is listed as of these.
constexpr std::string_view PROGRAMS = "bpf";
bool isGenerated(std::string_view module) { return module == PROGRAMS || module.starts_with("__builtin__"); }

// Longer than any function of the kernel: what is farther behind its begin is in none.
constexpr uint64_t LENGTH_MAX = 256 << 10;

// Functions of one eBPF program that are named.
constexpr size_t FUNCTIONS_MAX = 64;

struct Row {
  uint64_t address;
  uint32_t nameAt;
  uint16_t moduleAt;
};

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
  std::vector<Row> rows;
  std::unordered_map<std::string, uint16_t> numbers;
  result.modules.emplace_back();
  numbers.emplace("", 0);
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
    if (isGenerated(module))
      continue;
    const auto [number, isNewModule] = numbers.try_emplace(module, static_cast<uint16_t>(result.modules.size()));
    if (isNewModule)
      result.modules.push_back(module);
    std::string key(name, nameLength);
    rows.push_back({address, static_cast<uint32_t>(result.names.size()), number->second});
    result.names.append(key).push_back('\0');
    const auto [it, isNew] = result.byName.try_emplace(std::move(key.append(1, '\t').append(module)), address);
    if (!isNew)
      it->second = 0;
  }
  std::free(line);
  if (!anyAddress)
    return hidden();
  std::sort(rows.begin(), rows.end(), [](const Row &a, const Row &b) { return a.address < b.address; });
  for (const Row &row : rows) {
    result.addresses.push_back(row.address);
    result.nameAt.push_back(row.nameAt);
    result.moduleAt.push_back(row.moduleAt);
  }
  return result;
}

void Symbols::pack(Packer &into) const {
  into.values(addresses);
  into.values(nameAt);
  into.values(moduleAt);
  into.text(names);
  into.value(static_cast<uint32_t>(modules.size()));
  for (const std::string &module : modules)
    into.text(module);
}

std::optional<Symbols> Symbols::unpack(Unpacker &from) {
  Symbols s;
  s.addresses = from.values<uint64_t>();
  s.nameAt = from.values<uint32_t>();
  s.moduleAt = from.values<uint16_t>();
  s.names = from.text();
  for (size_t n = from.count(sizeof(uint32_t)); n > 0; n--)
    s.modules.push_back(from.text());
  const bool isWhole =
      from.good && s.nameAt.size() == s.addresses.size() && s.moduleAt.size() == s.addresses.size() &&
      s.names.ends_with('\0') && std::is_sorted(s.addresses.begin(), s.addresses.end()) &&
      std::all_of(s.nameAt.begin(), s.nameAt.end(), [&](uint32_t at) { return at < s.names.size(); }) &&
      std::all_of(s.moduleAt.begin(), s.moduleAt.end(), [&](uint16_t at) { return at < s.modules.size(); });
  if (!isWhole)
    return std::nullopt;
  return s;
}

ProgramSymbols ProgramSymbols::read() {
  ProgramSymbols result;
  __u32 id = 0;
  while (bpf_prog_get_next_id(id, &id) == 0) {
    const Fd program(bpf_prog_get_fd_by_id(id));
    std::array<__u64, FUNCTIONS_MAX> begins = {};
    std::array<__u32, FUNCTIONS_MAX> lengths = {};
    bpf_prog_info info = {};
    info.nr_jited_ksyms = FUNCTIONS_MAX;
    info.jited_ksyms = reinterpret_cast<__u64>(begins.data());
    info.nr_jited_func_lens = FUNCTIONS_MAX;
    info.jited_func_lens = reinterpret_cast<__u64>(lengths.data());
    __u32 size = sizeof(info);
    if (!program.valid() || bpf_obj_get_info_by_fd(program.get(), &info, &size) != 0)
      continue;
    // as the kernel calls them: bpf_prog_TAG_name
    std::string name = "bpf_prog_";
    for (const __u8 byte : info.tag) {
      constexpr std::string_view DIGITS = "0123456789abcdef";
      name += DIGITS[byte >> 4];
      name += DIGITS[byte & 15];
    }
    name.append(1, '_').append(info.name, strnlen(info.name, sizeof(info.name)));
    const size_t count = std::min<size_t>({info.nr_jited_ksyms, info.nr_jited_func_lens, FUNCTIONS_MAX});
    for (size_t i = 0; i < count; i++)
      if (begins[i] != 0)
        result.functions.push_back({begins[i], begins[i] + lengths[i], name});
  }
  return result;
}

ProgramSymbols ProgramSymbols::readTrampolines() {
  constexpr uint64_t SIZE = 4096; // at most: arch_alloc_bpf_trampoline()
  constexpr std::string_view PREFIX = "bpf_trampoline_";
  ProgramSymbols result;
  auto file = openSymbols();
  char *line = nullptr;
  size_t capacity = 0;
  // "ffffffffc0010000 t bpf_trampoline_6442536468\t[bpf]"
  while (file && getline(&line, &capacity, file->get()) > 0) {
    char *rest = nullptr;
    const uint64_t address = std::strtoull(line, &rest, 16);
    if (rest == line || std::strlen(rest) < 3)
      continue;
    const std::string_view behind = rest + 3;
    if (!behind.starts_with(PREFIX))
      continue;
    result.functions.push_back({address, address + SIZE, std::string(behind.substr(0, behind.find_first_of(" \t\n")))});
  }
  std::free(line);
  // of two that lie one behind the other, the later one is meant: it is found first
  std::sort(result.functions.begin(), result.functions.end(),
            [](const Function &a, const Function &b) { return a.begin > b.begin; });
  return result;
}

std::optional<Symbols::Symbol> ProgramSymbols::at(uint64_t address) const {
  const auto found = std::find_if(functions.begin(), functions.end(),
                                  [&](const Function &f) { return address >= f.begin && address < f.end; });
  return found == functions.end() ? std::nullopt
                                  : std::optional<Symbols::Symbol>({found->begin, found->name, PROGRAMS});
}

std::optional<Symbols::Symbol> Symbols::at(uint64_t address) const {
  const auto after = std::upper_bound(addresses.begin(), addresses.end(), address);
  if (after == addresses.begin())
    return std::nullopt;
  const auto row = static_cast<size_t>(after - addresses.begin()) - 1;
  if (address - addresses[row] > LENGTH_MAX)
    return std::nullopt;
  return Symbol{addresses[row], names.data() + nameAt[row], modules[moduleAt[row]]};
}

uint64_t Symbols::unique(std::string_view name, std::string_view module) const {
  const auto found = byName.find(std::string(name) + '\t' + std::string(module));
  return found == byName.end() ? 0 : found->second;
}

uint64_t Symbols::variable(std::string_view name) const {
  const auto found = variables.find(std::string(name));
  return found == variables.end() ? 0 : found->second;
}

uint64_t Symbols::bytesFrom(uint64_t address) const {
  const auto next = std::upper_bound(addresses.begin(), addresses.end(), address);
  return next == addresses.end() ? 0 : *next - address;
}

std::optional<Symbols::Symbol> Symbols::named(std::string_view name) const {
  std::optional<Symbol> found;
  for (const std::string &module : modules) {
    const auto at = byName.find(std::string(name) + '\t' + module);
    if (at == byName.end())
      continue;
    if (found)
      return Symbol{0, name, ""};
    found = Symbol{at->second, name, module};
  }
  return found;
}

AddressRange Symbols::range(std::string_view name) const {
  const uint64_t begin = unique(name, "");
  const auto next = std::upper_bound(addresses.begin(), addresses.end(), begin);
  return begin == 0 || next == addresses.end() ? AddressRange{} : AddressRange{begin, *next};
}

} // namespace skbt
