/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tail mode: what is recorded of a packet stays with it until it is known whether anybody wants to
 * see it: when it is dropped, has lived for too long, or ends (on a path not seen before, or chosen
 * by its headers). Then it is sent in one piece, and what comes after as it comes. A packet that
 * ends unchosen costs nothing more.
 *
 * A hop at which device, CPU, task and stack are those of the hop before is a few bytes; nothing is
 * compared. What else has changed is told at the next one that is whole.
 */
#ifndef SKBT_TRAIL_H
#define SKBT_TRAIL_H

#include "config.h"
#include "direct.h"
#include "emit.h"

#define TOLD_PLACES (1 << 12)

/* Ids of packets that were told lately: decisions about them may come after their end. */
__u64 skbt_told_lately[TOLD_PLACES];

/* Only in tail mode is there anything behind a track. */
static __always_inline struct skbt_trail *trail_of(struct skbt_track *t)
{
	return (struct skbt_trail *)(t + 1);
}

static __always_inline u64 trail_end(const struct skbt_trail *trail)
{
	return *(const volatile u64 *)&trail->end;
}

/* True until the packet is chosen. */
static __always_inline bool trail_is_open(struct skbt_track *t)
{
	return config.tail && !(trail_end(trail_of(t)) & SKBT_TRAIL_CLOSED);
}

static __always_inline void trail_miss(struct skbt_trail *trail)
{
	struct skbt_counters *c = counters_get();

	__sync_fetch_and_add(&trail->tail.missed, 1);
	if (c)
		__sync_fetch_and_add(&c->trail_full, 1);
}

/* One record more is in place, unless the trail was sent meanwhile: false. */
static __always_inline bool trail_commit(struct skbt_trail *trail, u64 end, u32 size)
{
	u64 was = __sync_val_compare_and_swap(&trail->end, end, end + size + (1ull << 32));

	if (was == end)
		return true;
	if (was & SKBT_TRAIL_CLOSED)
		return false;
	trail_miss(trail); /* another CPU has this skb, too */
	return true;
}

#define TRAIL_BLOCK 64 /* bytes */

/* Copies a record, by words: to have the kernel copy takes as long as two hundred bytes of this.
 * One whose size only the program knows is copied in blocks, and is in the scratch, where there is
 * room behind it. */
static __always_inline void trail_copy(u8 *to, const struct skbt_header *h, u32 size)
{
	const any_word *from = (const any_word *)h;

#pragma unroll
	for (u32 i = 0; i < (SKBT_RECORD_MAX + TRAIL_BLOCK - 1) / TRAIL_BLOCK * TRAIL_BLOCK;
	     i += 8) {
		if ((__builtin_constant_p(size) || i % TRAIL_BLOCK == 0) && i >= size)
			return;
		*(any_word *)(to + i) = from[i / 8];
	}
}

/* Keeps a record; false when the packet is chosen, and the record is to be sent. */
static __always_inline bool trail_keep(struct skbt_track *t, const struct skbt_header *h, u32 size)
{
	struct skbt_trail *trail = trail_of(t);
	u64 end = trail_end(trail), used = (u32)end;

	if (end & SKBT_TRAIL_CLOSED)
		return false;
	asm volatile("" : "+r"(used)); /* compared, for the verifier, as it is used */
	if (used > SKBT_TRAIL_BYTES) {
		trail->is_full = 1;
		trail_miss(trail);
		return true;
	}
	trail_copy(trail->bytes + used, h, size);
	return trail_commit(trail, end, size);
}

/* Sends a record of a packet that is followed, or keeps it. */
static __always_inline bool track_send(struct skbt_track *t, struct skbt_header *h, u32 size)
{
	return (config.tail && trail_keep(t, h, size)) || emit_send(h, size);
}

/* Sends what was kept: a tail and the bytes behind it. False when it is lost, and counted. */
static __always_inline bool tail_send(struct skbt_tail *tail, u64 used, u32 records, u64 packet,
				      u64 skb, u32 generation, u32 chosen, u64 time_ns)
{
	struct skbt_counters *c = counters_get();
	u32 cpu = bpf_get_smp_processor_id();
	void *ring = ring_of(cpu);

	if (!c || !ring)
		return false;
	emit_header(&tail->header, SKBT_KIND_TAIL, sizeof(*tail), generation, time_ns);
	tail->header.seq = emit_number(cpu, 1 + records);
	tail->packet = packet;
	tail->skb = skb;
	tail->records = records;
	tail->chosen = chosen;
	skbt_told_lately[packet & (TOLD_PLACES - 1)] = packet;
	__sync_fetch_and_add(&c->told, 1);
	asm volatile("" : "+r"(used)); /* compared, for the verifier, as it is used */
	if (used > SKBT_TRAIL_BYTES + SKBT_RECORD_ROOM)
		return false;
	if (!bpf_ringbuf_output(ring, tail, sizeof(*tail) + used, emit_flags(ring, cpu, 0)))
		return true;
	emit_lost(1 + records);
	return false;
}

/* The packet is chosen: what was kept of it is sent, once. */
static __always_inline void trail_send(struct skbt_track *t, u64 skb, u32 chosen, u64 time_ns)
{
	struct skbt_trail *trail = trail_of(t);
	u64 end = __sync_fetch_and_or(&trail->end, SKBT_TRAIL_CLOSED);
	u32 used = (u32)end, records = (u32)(end >> 32);

	if ((end & SKBT_TRAIL_CLOSED) || used > sizeof(trail->bytes))
		return;
	trail->is_full = 0;
	if (!tail_send(&trail->tail, used, records, t->packet, skb, t->generation, chosen, time_ns))
		t->fresh = 1;
}

/*
 * The same by whoever has not the packet in hand, which may end meanwhile: its place is then
 * another packet's. So it is copied, and sent if it was the same packet's all the time.
 */
static __always_inline void trail_send_held(struct skbt_track *t, u64 skb, u32 chosen, u64 time_ns)
{
	struct skbt_trail *trail = trail_of(t);
	u64 packet = *(volatile u64 *)&t->packet, end, used;
	u32 zero = 0, generation = t->generation, records;
	struct skbt_trail_copy *copy = bpf_map_lookup_elem(&trail_copies, &zero);
	struct skbt_counters *c = counters_get();

	if (!copy || !c)
		return;
	end = __sync_fetch_and_or(&trail->end, SKBT_TRAIL_CLOSED);
	used = end & 0xffffffff;
	records = (u32)(end >> 32);
	asm volatile("" : "+r"(used)); /* compared as it is used */
	if ((end & SKBT_TRAIL_CLOSED) || used > sizeof(trail->bytes))
		return;
	if (bpf_probe_read_kernel(copy, sizeof(copy->tail) + used, &trail->tail) ||
	    *(volatile u64 *)&t->packet != packet ||
	    trail_end(trail) != (end | SKBT_TRAIL_CLOSED)) {
		__sync_fetch_and_add(&c->trail_full, records);
		return;
	}
	if (!tail_send(&copy->tail, used, records, packet, skb, generation, chosen, time_ns))
		t->fresh = 1; /* says everything again, whosever it is by now */
}

/* FNV-1a, a function at a time. */
static __always_inline void trail_pass(struct skbt_trail *trail, u32 func)
{
	trail->tail.path = (trail->tail.path ^ func) * 0x01000193;
}

static __always_inline void trail_begin(struct skbt_track *t)
{
	trail_of(t)->tail.begun_ns = t->begun_ns - config.base_ns;
}

/* The hop is where the last whole one was: stack, CPU and device. */
static __always_inline bool trail_is_place(const struct skbt_trail *trail, u64 sp, u64 skb)
{
	const struct sk_buff *buffer = (const void *)skb;

	return !((sp ^ trail->sp) >> SKBT_TRAIL_SP_BITS) &&
	       bpf_get_smp_processor_id() == trail->cpu &&
	       (u64)KERNEL_FIELD(sk_buff, buffer, dev) == trail->dev;
}

/* Puts a hop that differs by function and time only behind the others; false when there is no room,
 * or the packet is chosen. */
static __always_inline bool trail_put(struct skbt_trail *trail, u64 end, u32 func, u64 sp, u64 age)
{
	struct skbt_trail_hop *hop;
	u64 used = (u32)end;

	asm volatile("" : "+r"(used)); /* compared as it is used, for 6.1's verifier */
	if (trail->is_full || used > SKBT_TRAIL_BYTES)
		return false;
	hop = (struct skbt_trail_hop *)(trail->bytes + used);
	hop->size = 0;
	hop->sp = (u16)(sp & ((1 << SKBT_TRAIL_SP_BITS) - 1));
	hop->func = func;
	hop->delay_ns = (u32)age;
	trail_pass(trail, func);
	return trail_commit(trail, end, sizeof(*hop));
}

/* A hop of a packet that is followed, which is not quick (quick.h): whether it was kept in a few
 * bytes, or missed. */
static __always_inline bool trail_hop(struct skbt_track *t, u64 skb, u32 func, u64 sp, u64 thread,
				      u64 time_ns)
{
	struct skbt_trail *trail = trail_of(t);
	u64 end = trail_end(trail), age = time_ns - trail->tail.begun_ns;

	if (end & SKBT_TRAIL_CLOSED)
		return false;
	if (config.tail_slow_ns && age >= config.tail_slow_ns) {
		trail_pass(trail, func);
		trail_send(t, skb, SKBT_CHOSEN_SLOW, time_ns);
		/* this hop is told behind it, and so by the ring: as one that has another task */
		t->thread = ~0ull;
		return false;
	}
	if (trail->is_full || (u32)end > SKBT_TRAIL_BYTES) {
		trail_pass(trail, func);
		trail_miss(trail);
		t->fresh = 1;
		return true;
	}
	if (t->fresh || age >> 32 || thread != t->thread || !trail_is_place(trail, sp, skb)) {
		trail_pass(trail, func);
		return false;
	}
	return trail_put(trail, end, func, sp, age);
}

/* A whole record is made of this hop, by what the next ones go. */
static __always_inline void trail_place(struct skbt_trail *trail, const struct sk_buff *skb, u64 sp)
{
	trail->dev = (u64)skb->dev;
	trail->sp = sp;
	trail->cpu = bpf_get_smp_processor_id();
}

/* One in so many, by what routers leave as it is: the same packet is chosen wherever it passes. */
static __always_inline bool trail_samples(const struct skbt_scratch *s)
{
	const struct skbt_ip *ip = &s->now.ip;
	const struct skbt_l4 *l4 = &s->now.l4;
	const u64 *addresses = (const u64 *)ip->saddr;
	/* what is behind ports, or in UDP's data, where the kernel gives a flow's packets one id */
	u32 at = s->packet.network + (ip->version == 6 ? 48 : 28);
	u64 hash = (u64)ip->id << 48 | (u64)ip->length << 32 | l4->tcp_seq, bytes = 0;

#pragma unroll
	for (int i = 0; i < 4; i++)
		hash = (hash ^ addresses[i]) * 0x9e3779b97f4a7c15ull;
	hash ^= (u64)ip->protocol << 32 | (u64)l4->icmp_id << 16 | l4->icmp_seq;
	if (at <= SKBT_HEAD_BYTES && s->packet.avail >= at + 8)
		__builtin_memcpy(&bytes, s->packet.data + at, 8);
	hash = (hash ^ bytes) * 0x9e3779b97f4a7c15ull;
	return (u32)(hash >> 32) % config.tail_one_in == 0;
}

/* Whether a packet that ends unchosen is told after all, and why. */
static __always_inline u32 trail_choice(struct skbt_trail *trail, u64 time_ns)
{
	u32 path = trail->tail.path;
	const u8 one = 1;

	if (config.tail_slow_ns && time_ns - trail->tail.begun_ns >= config.tail_slow_ns)
		return SKBT_CHOSEN_SLOW;
	if (config.tail_new && !bpf_map_update_elem(&paths, &path, &one, BPF_NOEXIST))
		return SKBT_CHOSEN_NEW;
	return trail->is_sampled ? SKBT_CHOSEN_SAMPLED : 0;
}

#endif
