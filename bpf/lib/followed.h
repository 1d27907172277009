/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is asked at each function for each packet of the host, in a few instructions: may this skb
 * be one that is followed, or one that is inside a function whose return is waited for? Counts by
 * address; addresses that share a count make it say yes too often, never no wrongly. The tables
 * `tracks` and `pending` have the last word.
 */
#ifndef SKBT_FOLLOWED_H
#define SKBT_FOLLOWED_H

#include "kernel.h"
#include <bpf/bpf_helpers.h>

#define FOLLOWED_PLACES (1 << 14)

__u32 skbt_followed[FOLLOWED_PLACES];
__u32 skbt_waiting[FOLLOWED_PLACES];
/* Where the packet is that was put there last; see track_at(). */
__u32 skbt_place_at[FOLLOWED_PLACES];

/* Of 256 bytes, which is what an skb takes. By the low word, for the verifier lets nobody reckon
 * with a typed pointer. */
static __always_inline u32 followed_place(u64 skb)
{
	u32 low;

	asm volatile("%0 = %1" : "=w"(low) : "w"((u32)skb));
	return low >> 8 & (FOLLOWED_PLACES - 1);
}

static __always_inline bool maybe_followed(u64 skb)
{
	return *(volatile u32 *)&skbt_followed[followed_place(skb)] != 0;
}

static __always_inline bool maybe_waiting(u64 skb)
{
	return *(volatile u32 *)&skbt_waiting[followed_place(skb)] != 0;
}

static __always_inline void count_at(__u32 *places, u64 skb, s32 more)
{
	__sync_fetch_and_add(&places[followed_place(skb)], more);
}

/* Puts an entry into a map and counts it, before it is there; not 0: it is full. */
static __always_inline long counted_put(void *map, __u32 *places, u64 skb, const void *key,
					const void *value)
{
	count_at(places, skb, 1);
	if (!bpf_map_update_elem(map, key, value, BPF_NOEXIST))
		return 0;
	count_at(places, skb, -1);
	return bpf_map_update_elem(map, key, value, BPF_EXIST);
}

/* False: it was not there. */
static __always_inline bool counted_remove(void *map, __u32 *places, u64 skb, const void *key)
{
	if (bpf_map_delete_elem(map, key))
		return false;
	count_at(places, skb, -1);
	return true;
}

#endif
