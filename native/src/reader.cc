// SPDX-License-Identifier: Apache-2.0
#include "reader.h"

#include "kernel_shared.h"

#include <bpf/libbpf.h>

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <sys/epoll.h>
#include <sys/eventfd.h>

namespace skbt {

void Reader::RingFree::operator()(ring_buffer *r) const { ring_buffer__free(r); }

Result<std::unique_ptr<Reader>> Reader::start(int ringFd, std::shared_ptr<const Symbols> symbols, OnBatch onBatch) {
  std::unique_ptr<Reader> reader(new Reader());
  reader->symbols = std::move(symbols);
  reader->onBatch = std::move(onBatch);
  const auto sample = [](void *self, void *data, size_t size) {
    return static_cast<Reader *>(self)->take(static_cast<const uint8_t *>(data), size);
  };
  reader->ring.reset(ring_buffer__new(ringFd, sample, reader.get(), nullptr));
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
    current->reserve(BATCH_BYTES + sizeof(skbt_symbol) + SKBT_RECORD_MAX);
  }
  if (size >= sizeof(skbt_hop) && record[offsetof(skbt_header, kind)] == SKBT_KIND_DROP)
    nameLocation(record, size);
  current->insert(current->end(), record, record + size);
  recordCount++;
  if (current->size() < BATCH_BYTES)
    return 0;
  flush();
  return hasRoom() ? 0 : -1;
}

// Puts a SYMBOL record before the first record that shows this location.
void Reader::nameLocation(const uint8_t *record, size_t size) {
  skbt_drop drop;
  std::memcpy(&drop, record + size - sizeof(drop), sizeof(drop));
  constexpr size_t NAMED_MAX = 65536;
  if (named.size() >= NAMED_MAX || !named.insert(drop.location).second)
    return;
  const Symbols::Symbol *symbol = symbols->at(drop.location);
  if (!symbol)
    return;
  skbt_symbol out = {};
  std::memcpy(&out.header, record, sizeof(out.header));
  out.header.size = sizeof(out);
  out.header.kind = SKBT_KIND_SYMBOL;
  out.header.flags = 0;
  out.header.sections = 0;
  out.address = drop.location;
  out.offset = static_cast<__u32>(drop.location - symbol->address);
  std::snprintf(out.name, sizeof(out.name), "%s", symbol->name.c_str());
  std::snprintf(out.module, sizeof(out.module), "%s", symbol->module.c_str());
  const auto *bytes = reinterpret_cast<const uint8_t *>(&out);
  current->insert(current->end(), bytes, bytes + sizeof(out));
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
