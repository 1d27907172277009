// SPDX-License-Identifier: Apache-2.0
#include "reader.h"

#include "kernel_shared.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <sys/epoll.h>
#include <sys/eventfd.h>

namespace skbt {
namespace {

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

} // namespace

void Reader::RingFree::operator()(ring_buffer *r) const { ring_buffer__free(r); }

Result<std::unique_ptr<Reader>> Reader::start(Maps maps, std::shared_ptr<const Symbols> symbols, OnBatch onBatch) {
  std::unique_ptr<Reader> reader(new Reader());
  reader->symbols = std::move(symbols);
  reader->onBatch = std::move(onBatch);
  reader->stacksFd = maps.stacks;
  const auto sample = [](void *self, void *data, size_t size) {
    return static_cast<Reader *>(self)->take(static_cast<const uint8_t *>(data), size);
  };
  reader->ring.reset(ring_buffer__new(maps.ring, sample, reader.get(), nullptr));
  if (!reader->ring)
    return errnoError("RING_FAILED", "cannot map the ring buffer", errno);
  reader->epollAll = Fd(epoll_create1(EPOLL_CLOEXEC));
  reader->epollWake = Fd(epoll_create1(EPOLL_CLOEXEC));
  reader->wake = Fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  const auto watch = [](const Fd &epoll, int fd) {
    epoll_event event = {};
    event.events = EPOLLIN;
    return epoll.valid() && fd >= 0 && epoll_ctl(epoll.get(), EPOLL_CTL_ADD, fd, &event) == 0;
  };
  if (!watch(reader->epollAll, reader->wake.get()) || !watch(reader->epollWake, reader->wake.get()) ||
      !watch(reader->epollAll, ring_buffer__epoll_fd(reader->ring.get())))
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
  while (!stopping) {
    if (hasRoom()) {
      ring_buffer__consume(ring.get());
      flush();
    }
    waitForMore();
  }
  // the kernel side is off: what is in the ring now is all there is
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(STOP_MS);
  while (std::chrono::steady_clock::now() < end) {
    if (hasRoom() && ring_buffer__consume(ring.get()) >= 0) {
      flush();
      return;
    }
    waitForMore();
  }
}

void Reader::waitForMore() {
  // Without room the ring must not wake us: only `wake` counts until the receiver releases a batch.
  epoll_event event;
  epoll_wait(hasRoom() ? epollAll.get() : epollWake.get(), &event, 1, BATCH_AGE_MS);
  uint64_t count = 0;
  while (read(wake.get(), &count, sizeof(count)) > 0) {
  }
}

// Not 0: stop reading for now; this record is taken in all the same.
int Reader::take(const uint8_t *record, size_t size) {
  if (!current) {
    current = std::make_unique<Batch>();
    current->reserve(BATCH_BYTES + SKBT_STACK_MAX * sizeof(skbt_symbol) + sizeof(skbt_stack) + SKBT_RECORD_MAX);
  }
  const uint8_t kind = record[offsetof(skbt_header, kind)];
  if (size >= sizeof(skbt_hop) && (kind == SKBT_KIND_HOP || kind == SKBT_KIND_DROP))
    nameParts(record, size);
  current->insert(current->end(), record, record + size);
  recordCount++;
  if (current->size() < BATCH_BYTES)
    return 0;
  flush();
  return hasRoom() ? 0 : -1;
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
  if (section(SKBT_SECTION_STACK, stack))
    nameStack(stack.id, record);
}

template <typename T> void Reader::append(const T &record) {
  const auto *bytes = reinterpret_cast<const uint8_t *>(&record);
  current->insert(current->end(), bytes, bytes + sizeof(record));
}

void Reader::nameAddress(uint64_t address, const uint8_t *header) {
  constexpr size_t NAMED_MAX = 65536;
  if (named.size() >= NAMED_MAX || !named.insert(address).second)
    return;
  const Symbols::Symbol *symbol = symbols->at(address);
  if (!symbol)
    return;
  skbt_symbol out = {};
  out.header = madeHeader(header, SKBT_KIND_SYMBOL, sizeof(out));
  out.address = address;
  out.offset = static_cast<__u32>(address - symbol->address);
  std::snprintf(out.name, sizeof(out.name), "%s", symbol->name.c_str());
  std::snprintf(out.module, sizeof(out.module), "%s", symbol->module.c_str());
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
