// SPDX-License-Identifier: Apache-2.0
#include "reader.h"

#include "kernel_shared.h"

#include <bpf/bpf.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <sys/epoll.h>
#include <sys/eventfd.h>

namespace skbt {
namespace {

// When what is too young to be given out is looked at again.
constexpr int YOUNG_MS = 2;

// Kernel code is in the upper half of what a low word can be: ids, which are indexes, are not.
constexpr uint32_t KERNEL_HALF = 0x80000000;

// Bytes of the sections of a HOP or DROP that come before `section`.
size_t bytesBefore(uint16_t sections, uint16_t section) {
  static constexpr std::array<size_t, 14> SIZES = {
      sizeof(skbt_dev),   sizeof(skbt_task),  sizeof(skbt_meta),          sizeof(skbt_eth),     sizeof(skbt_ip),
      sizeof(skbt_l4),    sizeof(skbt_drop),  sizeof(skbt_buffer),        sizeof(skbt_route),   sizeof(skbt_conntrack),
      sizeof(skbt_inner), sizeof(skbt_owner), sizeof(skbt_control_block), sizeof(skbt_stack_id)};
  size_t bytes = 0;
  for (size_t i = 0; i < SIZES.size() && 1U << i < section; i++)
    if (sections >> i & 1)
      bytes += SIZES[i];
  return bytes;
}

// The head of a record that this thread makes, as of the record that it is for.
skbt_header madeHeader(const uint8_t *header, uint8_t kind, size_t size) {
  skbt_header made;
  std::memcpy(&made, header, sizeof(made));
  made.size = static_cast<__u16>(size);
  made.kind = kind;
  made.flags = 0;
  made.sections = 0;
  return made;
}

// A hop that differs from the one before by its function and time, and the depth of the stack.
skbt_hop sameBut(const skbt_hop &whole, const skbt_trail_hop &kept, const skbt_tail &tail) {
  constexpr uint64_t SP_BITS = (1U << SKBT_TRAIL_SP_BITS) - 1;
  skbt_hop hop = whole;
  hop.header.size = sizeof(hop);
  hop.header.kind = SKBT_KIND_HOP;
  hop.header.flags = static_cast<__u8>((whole.header.flags & ~SKBT_FLAG_FIRST) | SKBT_FLAG_KEPT);
  hop.header.sections = 0;
  hop.header.time_ns = tail.begun_ns + kept.delay_ns;
  hop.sp = (whole.sp & ~SP_BITS) | kept.sp;
  hop.func = kept.func;
  return hop;
}

} // namespace

Result<std::unique_ptr<Reader>> Reader::start(const Maps &maps, std::shared_ptr<const Symbols> symbols,
                                              OnBatch onBatch) {
  std::unique_ptr<Reader> reader(new Reader());
  reader->symbols = std::move(symbols);
  reader->onBatch = std::move(onBatch);
  reader->stacksFd = maps.stacks;
  auto lanes = Lanes::map(maps.lanes, maps.room);
  if (!lanes)
    return lanes.error();
  reader->lanes = std::move(*lanes);
  auto rings = Rings::map(maps.rings, reader->lanes, maps.baseNs);
  if (!rings)
    return rings.error();
  reader->rings.emplace(std::move(*rings));
  reader->epollAll = Fd(epoll_create1(EPOLL_CLOEXEC));
  reader->epollWake = Fd(epoll_create1(EPOLL_CLOEXEC));
  reader->wake = Fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  const auto watch = [](const Fd &epoll, int fd) {
    epoll_event event = {};
    event.events = EPOLLIN;
    return epoll.valid() && fd >= 0 && epoll_ctl(epoll.get(), EPOLL_CTL_ADD, fd, &event) == 0;
  };
  bool isWatched = watch(reader->epollAll, reader->wake.get()) && watch(reader->epollWake, reader->wake.get());
  for (const int fd : maps.rings)
    isWatched = isWatched && watch(reader->epollAll, fd);
  if (!isWatched)
    return errnoError("RING_FAILED", "cannot wait for the ring buffer", errno);
  reader->thread = std::thread(&Reader::run, reader.get());
  return reader;
}

Reader::~Reader() { stop(); }

void Reader::stop() {
  stopping = true;
  notify();
  if (thread.joinable())
    thread.join();
}

void Reader::notify() {
  const uint64_t one = 1;
  if (wake.valid() && write(wake.get(), &one, sizeof(one)) < 0)
    std::perror("skbtracer: reader"); // an eventfd takes eight bytes unless it overflows
}

void Reader::release() {
  if (waiting.fetch_sub(1, std::memory_order_acq_rel) == BATCHES_MAX)
    notify();
}

void Reader::run() {
  while (!stopping)
    waitForMore(hasRoom() ? consume(false) : Rings::Left::NoRoom);
  // the kernel side is off: what is in the rings now is all there is
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(STOP_MS);
  while (std::chrono::steady_clock::now() < end) {
    if (hasRoom() && consume(true) == Rings::Left::Nothing)
      return;
    waitForMore(Rings::Left::NoRoom);
  }
}

Rings::Left Reader::consume(bool isLast) {
  if (auto next = nextSymbols.exchange(nullptr))
    symbols = std::move(next);
  noteDrains();
  const Rings::Left left =
      rings->consume([this](const uint8_t *record, size_t size) { return take(record, size); }, isLast);
  flush();
  if (drainsNoted != 0 && rings->areTaken(drainedWhere)) {
    const std::lock_guard guard(drainLock);
    drainsDone = drainsNoted;
    drainsNoted = 0;
    drained.notify_all();
  }
  return left;
}

// Those that are asked for while others are under way wait for their turn.
void Reader::noteDrains() {
  const std::lock_guard guard(drainLock);
  if (drainsNoted != 0 || drainsAsked == drainsDone)
    return;
  drainsNoted = drainsAsked;
  drainedWhere = rings->written();
}

bool Reader::drain() {
  std::unique_lock guard(drainLock);
  const uint64_t mine = ++drainsAsked;
  notify();
  uint64_t taken = batches();
  while (!drained.wait_for(guard, std::chrono::milliseconds(DRAIN_MS), [&] { return drainsDone >= mine; })) {
    if (batches() == taken)
      return false;
    taken = batches();
  }
  return true;
}

void Reader::waitForMore(Rings::Left left) {
  // Without room the rings must not wake us: only `wake` counts until the receiver releases a batch. Nor must what they
  // have when that is to wait for a moment.
  const bool isYoung = left == Rings::Left::Young;
  const bool waitsForRings = !isYoung && hasRoom();
  epoll_event event;
  if (epoll_wait(waitsForRings ? epollAll.get() : epollWake.get(), &event, 1, isYoung ? YOUNG_MS : BATCH_AGE_MS) == 0)
    return;
  uint64_t count = 0;
  while (read(wake.get(), &count, sizeof(count)) > 0) {
  }
}

// False: stop reading for now; this record is taken in all the same.
bool Reader::take(const uint8_t *record, size_t size) {
  if (!current) {
    current = std::make_unique<Batch>();
    current->reserve(BATCH_BYTES + SKBT_STACK_MAX * sizeof(skbt_symbol) + sizeof(skbt_stack) + SKBT_RECORD_MAX);
  }
  if (record[offsetof(skbt_header, kind)] == SKBT_KIND_TAIL)
    takeTail(record, size);
  else
    takeOne(record, size);
  if (current->size() < BATCH_BYTES)
    return true;
  flush();
  return hasRoom();
}

void Reader::takeOne(const uint8_t *record, size_t size) {
  const uint8_t kind = record[offsetof(skbt_header, kind)];
  if (size >= sizeof(skbt_hop) && (kind == SKBT_KIND_HOP || kind == SKBT_KIND_DROP))
    nameParts(record, size);
  current->insert(current->end(), record, record + size);
  if (kind == SKBT_KIND_HOP)
    nameFunction(current->data() + current->size() - size);
  recordCount++;
}

// What was kept of a packet, as the records that would have been sent one by one; see bpf/lib/trail.h.
void Reader::takeTail(const uint8_t *sample, size_t size) {
  skbt_tail tail;
  if (size < sizeof(tail))
    return;
  std::memcpy(&tail, sample, sizeof(tail));
  takeOne(sample, sizeof(tail));
  skbt_hop whole = {}; // the last hop that was kept as a whole
  uint32_t taken = 0;
  for (size_t at = sizeof(tail); at < size && taken < tail.records; taken++) {
    const size_t left = size - at;
    uint16_t length = 0;
    std::memcpy(&length, sample + at, std::min(left, sizeof(length)));
    if (length == 0 && left >= sizeof(skbt_trail_hop)) {
      skbt_trail_hop kept;
      std::memcpy(&kept, sample + at, sizeof(kept));
      skbt_hop hop = sameBut(whole, kept, tail);
      hop.header.seq = tail.header.seq + 1 + taken;
      takeOne(reinterpret_cast<const uint8_t *>(&hop), sizeof(hop));
      at += sizeof(kept);
    } else if (length >= sizeof(skbt_header) && length <= SKBT_RECORD_MAX && length <= left) {
      std::array<uint8_t, SKBT_RECORD_MAX> record;
      std::memcpy(record.data(), sample + at, length);
      skbt_header header;
      std::memcpy(&header, record.data(), sizeof(header));
      header.flags |= SKBT_FLAG_KEPT;
      header.seq = tail.header.seq + 1 + taken;
      std::memcpy(record.data(), &header, sizeof(header));
      if (header.kind == SKBT_KIND_HOP && length >= sizeof(whole))
        std::memcpy(&whole, record.data(), sizeof(whole));
      takeOne(record.data(), length);
      at += length;
    } else {
      return;
    }
  }
}

// Names what a record shows, before it: the location of a drop, and its stack.
void Reader::nameParts(const uint8_t *record, size_t size) {
  skbt_header header;
  std::memcpy(&header, record, sizeof(header));
  const auto section = [&](uint16_t bit, auto &into) {
    if (!(header.sections & bit))
      return false;
    const size_t at = sizeof(skbt_hop) + bytesBefore(header.sections, bit);
    if (at + sizeof(into) > size)
      return false;
    std::memcpy(&into, record + at, sizeof(into));
    return true;
  };
  skbt_drop drop;
  if (section(SKBT_SECTION_DROP, drop))
    nameAddress(drop.location, record);
  skbt_stack_id stack;
  if (!section(SKBT_SECTION_STACK, stack))
    return;
  nameStack(stack.id, record);
  if (header.kind == SKBT_KIND_DROP)
    noteDrop(stack.id);
}

void Reader::addFunctions(FunctionIds more) {
  if (const auto known = functionIds.load())
    more.insert(known->begin(), known->end());
  functionIds = std::make_shared<const FunctionIds>(std::move(more));
}

// Puts the function's id where its address is; 0, which no function has, for one that is not known.
void Reader::nameFunction(uint8_t *record) const {
  uint32_t func = 0;
  std::memcpy(&func, record + offsetof(skbt_hop, func), sizeof(func));
  if (func < KERNEL_HALF) // is the id
    return;
  const auto ids = functionIds.load();
  const auto found = ids ? ids->find(func) : Reader::FunctionIds::const_iterator();
  func = ids && found != ids->end() ? found->second : 0;
  std::memcpy(record + offsetof(skbt_hop, func), &func, sizeof(func));
}

template <typename T> void Reader::append(const T &record) {
  const auto *bytes = reinterpret_cast<const uint8_t *>(&record);
  current->insert(current->end(), bytes, bytes + sizeof(record));
}

std::optional<Symbols::Symbol> Reader::symbolAt(uint64_t address) {
  if (!programs)
    programs = ProgramSymbols::read();
  if (auto program = programs->at(address))
    return program;
  const std::optional<Symbols::Symbol> function = symbols->at(address);
  if (function && function->module.empty())
    return function;
  // trampolines lie between modules
  if (!trampolines)
    trampolines = ProgramSymbols::readTrampolines();
  const std::optional<Symbols::Symbol> trampoline = trampolines->at(address);
  return trampoline && (!function || trampoline->address > function->address) ? trampoline : function;
}

void Reader::nameAddress(uint64_t address, const uint8_t *header) {
  constexpr size_t NAMED_MAX = 65536;
  if (named.size() >= NAMED_MAX || !named.insert(address).second)
    return;
  const std::optional<Symbols::Symbol> symbol = symbolAt(address);
  if (!symbol)
    return;
  skbt_symbol out = {};
  out.header = madeHeader(header, SKBT_KIND_SYMBOL, sizeof(out));
  out.address = address;
  out.offset = static_cast<__u32>(address - symbol->address);
  symbol->name.copy(out.name, sizeof(out.name) - 1);
  symbol->module.copy(out.module, sizeof(out.module) - 1);
  append(out);
}

void Reader::nameStack(uint32_t id, const uint8_t *header) {
  if (!namedStacks.insert(id).second) // as many as the kernel's table has
    return;
  skbt_stack out = {};
  out.header = madeHeader(header, SKBT_KIND_STACK, sizeof(out));
  out.id = id;
  if (bpf_map_lookup_elem(stacksFd, &id, out.addresses) != 0)
    return;
  while (out.depth < SKBT_STACK_MAX && out.addresses[out.depth] != 0)
    nameAddress(out.addresses[out.depth++], header);
  append(out);
}

// The functions that led to a drop.
void Reader::noteDrop(uint32_t stack) {
  if (!dropStacks.insert(stack).second)
    return;
  std::array<uint64_t, SKBT_STACK_MAX> addresses = {};
  if (bpf_map_lookup_elem(stacksFd, &stack, addresses.data()) != 0)
    return;
  for (const uint64_t address : addresses) {
    const std::optional<Symbols::Symbol> function = address != 0 ? symbols->at(address) : std::nullopt;
    if (!function || !dropFunctionsSeen.insert(function->address).second)
      continue;
    const std::lock_guard guard(dropLock);
    dropFunctions.push_back(function->address);
  }
}

std::vector<uint64_t> Reader::functionsOnDrops() const {
  const std::lock_guard guard(dropLock);
  return dropFunctions;
}

void Reader::flush() {
  if (!current || current->empty())
    return;
  waiting.fetch_add(1, std::memory_order_acq_rel);
  batchCount++;
  byteCount += current->size();
  onBatch(std::move(current));
  current = nullptr;
}

} // namespace skbt
