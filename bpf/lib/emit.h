/* SPDX-License-Identifier: GPL-2.0-only */
/* Records: built in the scratch, sent in one piece. */
#ifndef SKBT_EMIT_H
#define SKBT_EMIT_H

#include "config.h"
#include "lane.h"
#include "maps.h"

static __always_inline void emit_header(struct skbt_header *h, u8 kind, u16 size, u32 generation,
					u64 time_ns)
{
	h->size = size;
	h->kind = kind;
	h->flags = 0;
	h->cpu = (u16)bpf_get_smp_processor_id();
	h->sections = 0;
	h->generation = generation;
	h->time_ns = time_ns;
}

/* A CPU's. A program stays on its own. */
static __always_inline void *ring_of(u32 cpu)
{
	u32 place = cpu & (SKBT_RING_PLACES - 1);

	return bpf_map_lookup_elem(&rings, &place);
}

/* Takes so many sequence numbers; the first of them. A probe in an interrupt may come in between:
 * per CPU, but atomic. */
static __always_inline u32 emit_number(u32 cpu, u32 count)
{
	struct skbt_counters *c;

	if (has_lane(cpu))
		return (u32)__sync_fetch_and_add(&lane_of(cpu)->events, count);
	c = counters_get();
	return c ? (u32)__sync_fetch_and_add(&c->events, count) : 0;
}

static __always_inline void emit_lost(u32 records)
{
	struct skbt_counters *c = counters_get();

	if (c)
		__sync_fetch_and_add(&c->lost_ring, records);
}

#define EMIT_LOOKS 16 /* one record in so many finds out whether the reader is to be woken */

/* How to hand over the record of that number. How much waits is looked at now and then; the reader
 * looks by itself every 50 milliseconds. */
static __always_inline u64 emit_flags(void *ring, u32 cpu, u32 seq)
{
	if (seq & (EMIT_LOOKS - 1))
		return BPF_RB_NO_WAKEUP;
	if (bpf_ringbuf_query(ring, BPF_RB_AVAIL_DATA) >= config.wake_bytes || lane_waits(cpu))
		return BPF_RB_FORCE_WAKEUP;
	return BPF_RB_NO_WAKEUP;
}

/* False when the ring was full: the loss is counted, and the number that the record had is missing.
 */
static __always_inline bool emit_send(struct skbt_header *h, u32 size)
{
	u32 cpu = bpf_get_smp_processor_id();
	void *ring = ring_of(cpu);

	h->seq = emit_number(cpu, 1);
	if (ring && !bpf_ringbuf_output(ring, h, size, emit_flags(ring, cpu, h->seq)))
		return true;
	emit_lost(1);
	return false;
}

/* Structs whose size is a multiple of 8, compared in words. */
static __always_inline bool words_differ(const void *a, const void *b, u32 size)
{
	const any_word *x = a, *y = b;
	u64 difference = 0;

#pragma unroll
	for (u32 i = 0; i < size / 8; i++)
		difference |= x[i] ^ y[i];
	return difference != 0;
}

/* The same, copied: where there are bytes in a struct the compiler copies those one by one. */
static __always_inline void words_copy(void *to, const void *from, u32 size)
{
	const any_word *x = from;
	any_word *y = to;

#pragma unroll
	for (u32 i = 0; i < size / 8; i++)
		y[i] = x[i];
}

static __always_inline bool emit_append(struct skbt_scratch *s, const void *section, u32 bytes)
{
	u64 size = s->record_size;

	if (size > SKBT_RECORD_MAX - bytes)
		return false;
	words_copy(s->record + size, section, bytes);
	s->record_size = size + bytes;
	return true;
}

/* Appends the section of s->now, and keeps it as the packet's last, if it differs from that; it is
 * there only when one of these kinds has changed. */
#define EMIT_SECTION(kinds, bit, field)                                                            \
	do {                                                                                       \
		if ((changed & (kinds)) &&                                                         \
		    (t->fresh ||                                                                   \
		     words_differ(&s->now.field, &t->last.field, sizeof(t->last.field))) &&        \
		    emit_append(s, &s->now.field, sizeof(s->now.field))) {                         \
			words_copy(&t->last.field, &s->now.field, sizeof(t->last.field));          \
			hop->header.sections |= (bit);                                             \
		}                                                                                  \
	} while (0)

/*
 * Completes the hop in s->record with those sections of s->now that differ from the packet's last.
 * Those that tell of what has `changed` are filled. A drop has a reason in s->drop, its kind says
 * so; `stack` is negative when none was taken. Returns the record's size, 0: none was made. A
 * global function: the verifier looks at it once, and not for each of what may have changed.
 */
__noinline int skbt_make_hop(struct skbt_scratch *s, struct skbt_track *t, u32 changed, long stack)
{
	struct skbt_hop *hop;
	u64 size;

	if (!s || !t)
		return 0;
	hop = (struct skbt_hop *)s->record;
	s->record_size = sizeof(*hop);
	EMIT_SECTION(SKBT_CHANGED_DEVICE, SKBT_SECTION_DEV, dev);
	EMIT_SECTION(SKBT_CHANGED_TASK, SKBT_SECTION_TASK, task);
	EMIT_SECTION(SKBT_CHANGED_PLACE | SKBT_CHANGED_REST, SKBT_SECTION_META, meta);
	EMIT_SECTION(SKBT_CHANGED_BYTES, SKBT_SECTION_ETH, eth);
	EMIT_SECTION(SKBT_CHANGED_BYTES, SKBT_SECTION_IP, ip);
	EMIT_SECTION(SKBT_CHANGED_BYTES, SKBT_SECTION_L4, l4);
	if (hop->header.kind == SKBT_KIND_DROP && emit_append(s, &s->drop, sizeof(s->drop)))
		hop->header.sections |= SKBT_SECTION_DROP;
	EMIT_SECTION(SKBT_CHANGED_PLACE | SKBT_CHANGED_REST, SKBT_SECTION_BUFFER, buffer);
	EMIT_SECTION(SKBT_CHANGED_ROUTE, SKBT_SECTION_ROUTE, route);
	EMIT_SECTION(SKBT_CHANGED_REST | SKBT_CHANGED_CONNTRACK, SKBT_SECTION_CONNTRACK, conntrack);
	EMIT_SECTION(SKBT_CHANGED_BYTES, SKBT_SECTION_INNER, inner);
	EMIT_SECTION(SKBT_CHANGED_DEVICE | SKBT_CHANGED_OWNER, SKBT_SECTION_OWNER, owner);
	if (config.control_block)
		EMIT_SECTION(SKBT_CHANGED_ALL, SKBT_SECTION_CONTROL, control);
	if (stack >= 0) {
		struct skbt_stack_id id __attribute__((aligned(8))) = {(u32)stack, 0};

		if (emit_append(s, &id, sizeof(id)))
			hop->header.sections |= SKBT_SECTION_STACK;
	}
	size = s->record_size;
	if (size > SKBT_RECORD_MAX)
		return 0;
	hop->header.size = (u16)size;
	hop->header.flags = (t->fresh ? SKBT_FLAG_FIRST : 0) |
			    (t->flags & (SKBT_FLAG_PID_OWNER | SKBT_FLAG_PID_CURRENT));
	hop->packet = t->packet;
	return (int)size;
}

/* A hop at which nothing has changed: no sections, but that of a drop, which goes by the ring: in
 * tail mode behind what was kept. */
struct skbt_plain_drop {
	struct skbt_hop hop;
	struct skbt_drop drop;
};

/* Wakes the reader, by a record of the ring, which has who waits, that is none. */
static __always_inline void emit_wake(u32 cpu)
{
	void *ring = ring_of(cpu), *nothing;

	if (!ring)
		return;
	nothing = bpf_ringbuf_reserve(ring, sizeof(u64), 0);
	if (nothing)
		bpf_ringbuf_discard(nothing, BPF_RB_FORCE_WAKEUP);
}

static __always_inline void emit_plain(struct skbt_track *t, u64 skb, u32 func, u64 sp, u32 pid,
				       u64 time_ns, const struct skbt_drop *drop)
{
	const u32 size = drop ? sizeof(struct skbt_plain_drop) : sizeof(struct skbt_hop);
	u32 cpu = bpf_get_smp_processor_id(), seq = emit_number(cpu, 1);
	struct skbt_hop *hop;
	void *ring;

	if (!drop && lane_put(cpu, t, skb, func, sp, pid, time_ns, seq)) {
		if (!(seq & (EMIT_LOOKS - 1)) && lane_waits(cpu))
			emit_wake(cpu);
		return;
	}
	ring = ring_of(cpu);
	hop = ring ? bpf_ringbuf_reserve(ring, size, 0) : NULL;
	if (!hop) {
		emit_lost(1);
		t->fresh = 1;
		return;
	}
	emit_header(&hop->header, drop ? SKBT_KIND_DROP : SKBT_KIND_HOP, size, t->generation,
		    time_ns);
	hop->header.seq = seq;
	hop->header.flags = t->flags & (SKBT_FLAG_PID_OWNER | SKBT_FLAG_PID_CURRENT);
	hop->packet = t->packet;
	hop->skb = skb;
	hop->sp = sp;
	hop->func = func;
	hop->netns = t->netns;
	hop->ifindex = t->ifindex;
	hop->pid = pid;
	if (drop) {
		hop->header.sections = SKBT_SECTION_DROP;
		((struct skbt_plain_drop *)hop)->drop = *drop;
	}
	bpf_ringbuf_submit(hop, emit_flags(ring, cpu, seq));
}

#endif
