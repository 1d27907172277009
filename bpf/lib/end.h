/* SPDX-License-Identifier: GPL-2.0-only */
/* The ends of an skb, after which its address is another packet's; and who has lived for long. */
#ifndef SKBT_END_H
#define SKBT_END_H

#include "track.h"

static __always_inline void end(u64 skb)
{
	const struct skbt_control *ctl = control_get();

	/* also while nothing is recorded: the address is then no longer the packet's */
	if (ctl)
		track_end(skb, ctl);
}

/*
 * Nearly all come through skb_release_head_state(skb), also when its head was stolen or another is
 * written over it; taken at its exit because it calls the destructors (sock_wfree …), which are
 * hops of the packet still.
 *
 * Twice: the kernel does not run a program of this type inside of itself, as where an interrupt
 * comes upon it and gives other packets back. The second one is there then: at most one of them is
 * being run when packets are given back by the interrupt. And where a program misses one for
 * another reason (while others' come and go on the same function), there is a probe on what gives
 * the memory back: SKBT_PROBE_END.
 */
SEC("skbt/exit")
int skbt_end_release(u64 *ctx)
{
	end(ctx[0]);
	return 0;
}

SEC("skbt/exit")
int skbt_end_nested(u64 *ctx)
{
	end(ctx[0]);
	return 0;
}

/* __consume_stateless_skb(skb): UDP, when a reader has taken what the socket had freed of its state
 */
SEC("skbt/begin")
int skbt_end_stateless(u64 *ctx)
{
	end(ctx[0]);
	return 0;
}

/* skb_attempt_defer_free(skb): TCP, when a reader has taken all; another CPU gives the memory back
 * at its next poll, which may be long after */
SEC("skbt/begin")
int skbt_end_deferred(u64 *ctx)
{
	end(ctx[0]);
	return 0;
}

/* napi_skb_free_stolen_head(skb): GRO, merged into another */
SEC("skbt/begin")
int skbt_end_stolen(u64 *ctx)
{
	end(ctx[0]);
	return 0;
}

/* napi_get_frags(napi) returns an skb that GRO may have merged and kept for use as a new one */
SEC("skbt/exit")
int skbt_end_reused(u64 *ctx)
{
	end(ctx[1]);
	return 0;
}

static long sweep_one(struct bpf_map *map, const u64 *skb, const u32 *known,
		      struct skbt_sweep *found)
{
	const struct skbt_control *ctl = control_get();
	struct skbt_track *t;
	u32 place;
	u64 age;

	(void)map;
	if (!skb || !known || !found)
		return 0;
	place = *known;
	t = bpf_map_lookup_elem(&track_places, &place);
	if (!t || t->skb != *skb || t->begun_ns > found->now_ns)
		return 0;
	age = found->now_ns - t->begun_ns;
	/* one that nothing happens to is not seen to be slow otherwise */
	if (config.tail_slow_ns && age >= config.tail_slow_ns && ctl &&
	    t->generation == ctl->generation && trail_is_open(t))
		trail_send_held(t, *skb, SKBT_CHOSEN_SLOW, found->now_ns - config.base_ns);
	if (age >= found->long_ns)
		found->long_lived++;
	if (age > found->oldest_ns)
		found->oldest_ns = age;
	return 0;
}

/* Run by the reader now and then: how many packets have been followed for long. */
SEC("syscall")
int skbt_sweep_tracks(void *ctx)
{
	u32 zero = 0;
	struct skbt_sweep *asked = bpf_map_lookup_elem(&sweep, &zero), found = {};

	(void)ctx;
	if (!asked)
		return 0;
	found.now_ns = bpf_ktime_get_ns();
	found.long_ns = asked->long_ns;
	bpf_for_each_map_elem(&tracks, sweep_one, &found, 0);
	asked->long_lived = found.long_lived;
	asked->oldest_ns = found.oldest_ns;
	return 0;
}

#endif
