// SPDX-License-Identifier: Apache-2.0
#include "kernel.h"

#include "capabilities.h"
#include "load_plan.h"
#include "pack.h"
#include "programs.h"
#include "sum.h"
#include "timing.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <sys/utsname.h>
#include <unordered_map>

namespace skbt {
namespace {

std::mutex reading; // one reads, and who wants the same waits for it
std::mutex lock;    // of the pointers only
std::shared_ptr<const Kernel> known;
std::string packed; // what was packed or taken over last: the parts that there were

constexpr uint32_t VERSION = 2; // of all that is packed
constexpr std::array<char, 8> MAGIC = {'s', 'k', 'b', 't', 'k', 'e', 'p', 't'};

struct Head {
  std::array<char, 8> magic;
  uint32_t version;
  uint32_t keyLength;
  uint64_t size; // of what was sealed
  uint64_t sum;  // of key and what was sealed
};

uint64_t sealOf(std::string_view key, const uint8_t *data, size_t size) {
  return sumOf(sumOf(SUM_BASIS, reinterpret_cast<const uint8_t *>(key.data()), key.size()), data, size);
}

// Name, size, state and place of every module; not how often each is in use, which changes all the time.
uint64_t modulesSum() {
  uint64_t sum = 0;
  FILE *file = std::fopen("/proc/modules", "re");
  char *line = nullptr;
  size_t capacity = 0;
  while (file && getline(&line, &capacity, file) > 0) {
    char name[64] = {};
    char size[24] = {};
    char state[12] = {};
    char place[24] = {};
    // "nf_nat 61440 2 nft_chain_nat,xt_nat, Live 0xffffffffc0b5a000"
    if (std::sscanf(line, "%63s %23s %*s %*s %11s %23s", name, size, state, place) == 4)
      for (const char *word : {name, size, state, place})
        sum = sumOf(sum + 1, reinterpret_cast<const uint8_t *>(word), std::strlen(word));
  }
  std::free(line);
  if (file)
    std::fclose(file);
  return sum;
}

std::string lineOf(const char *path) {
  FILE *file = std::fopen(path, "re");
  char line[128] = {};
  if (file) {
    if (!std::fgets(line, sizeof(line), file))
      line[0] = '\0';
    std::fclose(file);
  }
  return std::string(line, std::strcspn(line, "\n"));
}

// What is there now, at the ids of what was there before; what comes new has ids behind those. A module that was loaded
// again has new ones: what was attached to it went with it.
std::vector<Function> withIdsOf(const std::vector<Function> &before, std::vector<Function> now) {
  const auto key = [](const Function &f) { return f.name + '\t' + f.module + '\t' + std::to_string(f.address); };
  std::unordered_map<std::string, size_t> places;
  std::vector<Function> all = before;
  for (Function &f : all) {
    if (!f.isGone)
      places.emplace(key(f), f.id - 1);
    f.isGone = true;
  }
  for (Function &f : now) {
    const auto known = places.find(key(f));
    if (known != places.end()) {
      all[known->second].isGone = false;
      continue;
    }
    f.id = static_cast<uint32_t>(all.size() + 1);
    all.push_back(std::move(f));
  }
  return all;
}

bool takesNoSkb(const Function &f) { return f.argument == 0; }

// Functions that take no skb and are where they were, too.
void addOthersOf(const std::vector<Function> &before, const Symbols &symbols, std::vector<Function> &now) {
  for (const Function &f : before)
    if (takesNoSkb(f) && !f.isGone && symbols.unique(f.name, f.module) == f.address)
      now.push_back(f);
}

// Programs come and go while a kernel runs, and functions that take no skb are looked for when they are wanted.
bool isKept(const Function &f) { return !f.isGone && f.end == ProgramEnd::None && !takesNoSkb(f); }

void packKernel(const Kernel &k, Packer &into) {
  into.value(static_cast<uint32_t>(std::count_if(k.functions.begin(), k.functions.end(), isKept)));
  for (const Function &f : k.functions) {
    if (!isKept(f))
      continue;
    into.text(f.name);
    into.text(f.module);
    into.value(f.argument);
    into.value(f.address);
    into.value(f.flags);
    into.value(f.size);
  }
  into.value(static_cast<uint32_t>(k.reasons.size()));
  for (const DropReason &reason : k.reasons) {
    into.value(reason.value);
    into.text(reason.name);
  }
  into.value(static_cast<uint8_t>(k.hasDropReason));
  into.value(k.noDrop);
  into.value(k.entryText);
  into.value(k.returnHook);
  into.value(k.backlogLimit);
  into.value(k.kfuncs);
  k.symbols->pack(into);
}

std::shared_ptr<const Kernel> unpackKernel(const std::string &key, Unpacker &from) {
  auto k = std::make_shared<Kernel>();
  k->key = key;
  const size_t functions = from.count(2 * sizeof(uint32_t));
  for (size_t i = 0; i < functions; i++) {
    Function f = {};
    f.id = static_cast<uint32_t>(i + 1);
    f.name = from.text();
    f.module = from.text();
    f.argument = from.value<uint32_t>();
    f.address = from.value<uint64_t>();
    f.flags = from.value<uint32_t>();
    f.size = from.value<uint32_t>();
    k->functions.push_back(std::move(f));
  }
  markNamesakes(k->functions);
  for (size_t n = from.count(2 * sizeof(uint32_t)); n > 0; n--) {
    const auto value = from.value<uint32_t>();
    k->reasons.push_back({value, from.text()});
  }
  k->hasDropReason = from.value<uint8_t>() != 0;
  k->noDrop = from.value<AddressRange>();
  k->entryText = from.value<AddressRange>();
  k->returnHook = from.value<uint64_t>();
  k->backlogLimit = from.value<uint64_t>();
  k->kfuncs = from.value<Kfuncs>();
  auto symbols = Symbols::unpack(from);
  if (!symbols)
    return nullptr;
  k->symbols = std::make_shared<const Symbols>(std::move(*symbols));
  return k;
}

// The same with the programs that are loaded now.
std::shared_ptr<const Kernel> withPrograms(std::shared_ptr<const Kernel> kernel) {
  std::vector<Function> functions = kernel->functions;
  if (!placePrograms(functions, loadedPrograms()))
    return kernel;
  auto other = std::make_shared<Kernel>(*kernel);
  other->functions = std::move(functions);
  return other;
}

} // namespace

std::string kernelKey() {
  static const std::string boot = [] { // what stays for as long as this process can live
    utsname name = {};
    uname(&name);
    return lineOf("/proc/sys/kernel/random/boot_id") + ' ' + name.release + ' ' + name.machine + ' ';
  }();
  char modules[24];
  std::snprintf(modules, sizeof(modules), "%016llx", static_cast<unsigned long long>(modulesSum()));
  return boot + modules;
}

Result<std::shared_ptr<const Kernel>> readKernel() {
  const std::lock_guard turn(reading);
  std::string key = kernelKey();
  std::shared_ptr<const Kernel> before;
  {
    const std::lock_guard guard(lock);
    before = known;
  }
  if (before && before->key == key) {
    auto now = withPrograms(std::move(before));
    const std::lock_guard guard(lock);
    known = std::move(now);
    return known;
  }
  auto symbols = Symbols::read();
  if (!symbols)
    return symbols.error();
  mark("symbols read");
  auto functions = findFunctions(*symbols);
  if (!functions)
    return functions.error();
  auto reasons = findDropReasons();
  if (!reasons)
    return reasons.error();
  mark("functions and reasons found");
  auto k = std::make_shared<Kernel>();
  k->key = std::move(key);
  if (before)
    addOthersOf(before->functions, *symbols, *functions);
  k->functions = before ? withIdsOf(before->functions, std::move(*functions)) : std::move(*functions);
  placePrograms(k->functions, loadedPrograms());
  markNamesakes(k->functions);
  k->reasons = std::move(*reasons);
  k->hasDropReason = kfreeSkbHasReason();
  if (!saysWhatIsConsumed(k->reasons))
    k->noDrop = symbols->range("skb_release_data");
  k->entryText = {symbols->unique("__entry_text_start", ""), symbols->unique("__entry_text_end", "")};
  k->returnHook = symbols->unique("arch_rethook_trampoline", "");
  const uint64_t hotdata = symbols->variable("net_hotdata");
  k->backlogLimit = hotdata != 0 ? hotdata : symbols->variable("netdev_max_backlog");
  k->kfuncs = findKfuncs();
  mark("kernel functions tried");
  k->symbols = std::make_shared<const Symbols>(std::move(*symbols));
  const std::lock_guard guard(lock);
  known = k;
  return known;
}

Result<std::shared_ptr<const Kernel>> knownKernel() {
  {
    const std::lock_guard guard(lock);
    if (known)
      return known;
  }
  return readKernel();
}

Result<std::vector<OthersFound::Missing>> readOthers(const std::vector<std::string> &names) {
  auto now = readKernel();
  if (!now)
    return now.error();
  const std::lock_guard turn(reading);
  std::shared_ptr<const Kernel> base;
  {
    const std::lock_guard guard(lock);
    base = known;
  }
  std::vector<std::string> wanted;
  std::vector<OthersFound::Missing> missing;
  for (const std::string &name : names) {
    const auto there = std::find_if(base->functions.begin(), base->functions.end(),
                                    [&](const Function &f) { return f.name == name && !f.isGone; });
    if (there == base->functions.end())
      wanted.push_back(name);
    else if (!takesNoSkb(*there))
      missing.push_back({name, "takes an skb: name it among those that do (--func)", false});
  }
  if (wanted.empty())
    return missing;
  // the table that is kept has no names to look up: it may be another process's
  auto symbols = Symbols::read();
  if (!symbols)
    return symbols.error();
  auto found = findOthers(wanted, *symbols);
  if (!found)
    return found.error();
  std::move(found->missing.begin(), found->missing.end(), std::back_inserter(missing));
  if (found->functions.empty())
    return missing;
  auto more = std::make_shared<Kernel>(*base);
  for (Function &f : found->functions) {
    f.id = static_cast<uint32_t>(more->functions.size() + 1);
    more->functions.push_back(std::move(f));
  }
  const std::lock_guard guard(lock);
  known = std::move(more);
  return missing;
}

std::optional<std::vector<uint8_t>> packKnown() {
  std::shared_ptr<const Kernel> k;
  {
    const std::lock_guard guard(lock);
    k = known;
  }
  if (!k)
    return std::nullopt;
  auto plan = keptPlan(k->key + PLAN_SESSIONS);
  for (const char *kind : {"", PLAN_FENTRY})
    if (!plan)
      plan = keptPlan(k->key + kind);
  std::string parts = k->key + (plan ? " with programs" : "");
  {
    const std::lock_guard guard(lock);
    if (packed == parts)
      return std::nullopt;
    packed = std::move(parts);
  }
  Packer into;
  into.text(k->key);
  packCapabilities(into);
  into.value(static_cast<uint8_t>(plan != nullptr));
  if (plan)
    plan->pack(into);
  packKernel(*k, into);
  return std::move(into.out);
}

bool takeOverKnown(const uint8_t *data, size_t size) {
  Unpacker from(data, size);
  const std::string key = from.text();
  auto attempts = unpackCapabilities(from);
  const bool hasPlan = from.value<uint8_t>() != 0;
  auto plan = hasPlan ? LoadPlan::unpack(key, from) : nullptr;
  auto k = unpackKernel(key, from);
  if (!k || !attempts || (hasPlan && !plan) || !from.isAtEnd())
    return false;
  keepCapabilities(std::move(*attempts));
  const std::lock_guard guard(lock);
  if (known)
    return true;
  packed = key + (plan ? " with programs" : "");
  known = std::move(k);
  if (plan)
    keepPlan(std::move(plan));
  return true;
}

std::vector<uint8_t> seal(std::string_view key, const uint8_t *data, size_t size) {
  Packer into;
  into.value(Head{MAGIC, VERSION, static_cast<uint32_t>(key.size()), size, sealOf(key, data, size)});
  into.append(key.data(), key.size());
  into.append(data, size);
  return std::move(into.out);
}

std::optional<size_t> unseal(std::string_view key, const uint8_t *data, size_t size) {
  Head head = {};
  if (size < sizeof(head) + key.size())
    return std::nullopt;
  std::memcpy(&head, data, sizeof(head));
  const size_t begin = sizeof(head) + key.size();
  const bool isWhole = head.magic == MAGIC && head.version == VERSION && head.keyLength == key.size() &&
                       std::memcmp(data + sizeof(head), key.data(), key.size()) == 0 && head.size == size - begin &&
                       head.sum == sealOf(key, data + begin, size - begin);
  return isWhole ? std::optional<size_t>(begin) : std::nullopt;
}

} // namespace skbt
