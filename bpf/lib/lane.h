/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hops at which nothing has changed, most of all records, into the CPU's lane: memory that the
 * reader has mapped, so that no helper is called and nothing is locked. The reader puts them in
 * order with what is in the ring buffers (native/src/rings.h).
 *
 * A place is taken by moving the head on, and told to be written by its stamp: between the two
 * another program may run on this CPU, which takes the next. Stores are seen in the order in which
 * they stand: the compiler keeps it by the barrier, the kernel's translation has no other, nor has
 * x86-64.
 */
#ifndef SKBT_LANE_H
#define SKBT_LANE_H

#include "config.h"
#include "maps.h"

/* A CPU's; only where it has one. */
static __always_inline bool has_lane(u32 cpu)
{
	return cpu < SKBT_LANES;
}

static __always_inline struct skbt_lane *lane_of(u32 cpu)
{
	u64 place = cpu;

	/* not by has_lane(), which the compiler asks of another register than it goes on with */
	asm("%0 &= %1" : "+r"(place) : "i"(SKBT_LANES - 1));
	return &skbt_lanes[place];
}

/* How many hops are not read yet. */
static __always_inline u64 lane_waiting(const struct skbt_lane *lane, u64 head)
{
	return head - *(const volatile u64 *)&lane->tail;
}

/* So many that the reader is to be woken. */
static __always_inline bool lane_waits(u32 cpu)
{
	const struct skbt_lane *lane = lane_of(cpu);
	u64 head = *(const volatile u64 *)&lane->head;

	return has_lane(cpu) && lane->places && lane_waiting(lane, head) >= lane->wake;
}

/* False: there is no place, or another program came in between. Such a hop goes into the ring. */
static __always_inline bool lane_put(u32 cpu, const struct skbt_track *t, u64 skb, u32 func, u64 sp,
				     u32 pid, u64 time_ns, u32 seq)
{
	struct skbt_lane *lane = lane_of(cpu);
	u64 head = *(volatile u64 *)&lane->head;
	u32 place = lane->first + ((u32)head & (lane->places - 1));
	struct skbt_lane_hop *hop;

	if (!has_lane(cpu) || lane_waiting(lane, head) >= lane->places)
		return false;
	hop = bpf_map_lookup_elem(&lane_hops, &place);
	if (!hop || __sync_val_compare_and_swap(&lane->head, head, head + 1) != head)
		return false;
	hop->flags = t->flags;
	hop->time_ns = time_ns;
	hop->packet = t->packet;
	hop->skb = skb;
	hop->sp = sp;
	*(u64 *)&hop->netns = *(const u64 *)&t->netns; /* and ifindex */
	hop->func = func;
	hop->pid = pid;
	hop->seq = seq;
	hop->generation = t->generation;
	asm volatile("" ::: "memory");
	*(volatile u32 *)&hop->stamp = (u32)head + 1;
	return true;
}

#endif
