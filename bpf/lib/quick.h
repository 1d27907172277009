/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Most hops of a packet are told by next to nothing: the packet is as it was at the hop before. The
 * program on the probe tells those itself, without the way to the hop program and what that has to
 * find out again. In doubt it does not: then nothing has happened yet.
 */
#ifndef SKBT_QUICK_H
#define SKBT_QUICK_H

#include "callers.h"
#include "track.h"

/* As trail_hop(), of a hop that is kept in a few bytes. */
static __always_inline bool quick_trail(struct skbt_track *t, u64 skb, u32 func, u64 sp)
{
	struct skbt_trail *trail = trail_of(t);
	u64 end = trail_end(trail), age;

	if ((end & SKBT_TRAIL_CLOSED) || t->fresh || !trail_is_place(trail, sp, skb))
		return false;
	age = bpf_ktime_get_ns() - config.base_ns - trail->tail.begun_ns;
	if (age >> 32 || (config.tail_slow_ns && age >= config.tail_slow_ns) ||
	    bpf_get_current_pid_tgid() != t->thread)
		return false;
	return trail_put(trail, end, func, sp, age);
}

/* Nothing of the packet has changed, as far as it is looked at where it is. */
static __always_inline bool quick_is_same(struct skbt_track *t, u64 skb, u64 thread)
{
	const struct sk_buff *last = (const struct sk_buff *)t->raw.skb;

	return t->raw.head_words && t->raw.may_be_quick && !t->fresh && t->thread == thread &&
	       words_are_same_direct(skb, t) &&
	       !shared_word_changes(NULL, (u64)raw_shared(last), t, true) &&
	       head_is_same(NULL, t, (u64)last->head + t->raw.start, true) &&
	       !conntrack_differs(last->_nfct, &t->last.conntrack) && !owner_differs(last, t);
}

/*
 * The hop of a packet that may be followed, if it is one that differs from the one before by its
 * function and time only: it is told. A function of its own, so that those that say no need not
 * keep its registers.
 */
static __noinline bool skbt_quick_hop(u64 skb, u32 func, u64 sp, u32 flags)
{
	const struct skbt_control *ctl = control_get();
	u64 thread, time_ns;
	struct skbt_track *t;

	if (skbt_noting || !sp || (flags & (SKBT_PROBE_NO_LENGTH | SKBT_PROBE_END)))
		return false;
	t = track_at(skb);
	if (!t || t->generation != ctl->generation)
		return false;
	if (trail_is_open(t))
		return quick_trail(t, skb, func, sp);
	if (!SKBT_DIRECT)
		return false;
	thread = bpf_get_current_pid_tgid();
	/* before it is compared, as in hop_handle() */
	time_ns = bpf_ktime_get_ns() - config.base_ns;
	if (!quick_is_same(t, skb, thread))
		return false;
	emit_plain(t, skb, func, sp, thread >> 32, time_ns, NULL);
	return true;
}

#endif
