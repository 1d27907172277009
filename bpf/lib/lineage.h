/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where packets come from: clones, copies, segments, fragments, merged and reassembled ones. Typed
 * programs: ctx holds the function's arguments and behind them, at its exit, what it returned. They
 * are loaded once; what they must know of the settings in force stands in the map `control`.
 */
#ifndef SKBT_LINEAGE_H
#define SKBT_LINEAGE_H

#include "track.h"

#define SEGMENTS_MAX 1024 /* of one packet that are followed; BIG TCP makes hundreds */
#define ERRORS_MAX 4095 /* the kernel's MAX_ERRNO: pointers above are errors */

/* `child` came out of the packet `parent`: it is followed, as a new packet unless it is already. */
static __always_inline void inherit_from(u64 parent, u8 flags, u64 child, u32 relation,
					 const struct skbt_control *ctl)
{
	struct skbt_track *t;

	if ((long)child >= 0 || child >= (u64)-ERRORS_MAX)
		return;
	t = track_find(child, ctl->generation);
	if (t && t->packet == parent)
		return;
	if (!t)
		t = track_begin(child, ctl->generation,
				flags & (SKBT_FLAG_PID_OWNER | SKBT_FLAG_PID_CURRENT));
	if (!t)
		return;
	if (relation == SKBT_RELATION_SEGMENT)
		t->cut_from = parent;
	lineage_emit(t, child, parent, relation, bpf_ktime_get_ns() - ctl->base_ns);
}

static __always_inline void inherit(u64 parent, u64 child, u32 relation)
{
	const struct skbt_control *ctl = control_get();
	const struct skbt_track *from;

	if (!ctl || !ctl->generation)
		return;
	from = track_find(parent, ctl->generation);
	if (from)
		inherit_from(from->packet, from->flags, child, relation, ctl);
}

/* skb_clone(skb, gfp) */
SEC("skbt/exit")
int skbt_clone(u64 *ctx)
{
	inherit(ctx[0], ctx[2], SKBT_RELATION_CLONE);
	return 0;
}

/* skb_copy(skb, gfp) */
SEC("skbt/exit")
int skbt_copy(u64 *ctx)
{
	inherit(ctx[0], ctx[2], SKBT_RELATION_COPY);
	return 0;
}

/* __pskb_copy_fclone(skb, headroom, gfp, fclone) */
SEC("skbt/exit")
int skbt_pskb_copy(u64 *ctx)
{
	inherit(ctx[0], ctx[4], SKBT_RELATION_COPY);
	return 0;
}

/* skb_copy_expand(skb, headroom, tailroom, gfp): tunnels and bridges that need more room */
SEC("skbt/exit")
int skbt_copy_expand(u64 *ctx)
{
	inherit(ctx[0], ctx[4], SKBT_RELATION_COPY);
	return 0;
}

/* ip_frag_next(skb, state), ip6_frag_next(skb, state) */
SEC("skbt/exit")
int skbt_fragment4(u64 *ctx)
{
	inherit(ctx[0], ctx[2], SKBT_RELATION_FRAGMENT);
	return 0;
}

SEC("skbt/exit")
int skbt_fragment6(u64 *ctx)
{
	inherit(ctx[0], ctx[2], SKBT_RELATION_FRAGMENT);
	return 0;
}

/*
 * A datagram that is a list of fragments already, as sockets make it: the first stays the packet,
 * the others come out of it, one for each call with the one before.
 */
static __always_inline void fraglist_next(u64 skb, u64 iter, u64 child)
{
	const struct skbt_control *ctl = control_get();
	struct skbt_fraglist next = {};
	const struct skbt_fraglist *before;
	const struct skbt_track *from, *t;

	if (!ctl || !ctl->generation)
		return;
	from = track_find(skb, ctl->generation);
	if (!from)
		return;
	before = bpf_map_lookup_elem(&fraglists, &iter);
	next.parent = before && before->last == from->packet ? before->parent : from->packet;
	inherit_from(next.parent, from->flags, child, SKBT_RELATION_FRAGMENT, ctl);
	t = track_find(child, ctl->generation);
	if (!t)
		return;
	next.last = t->packet;
	bpf_map_update_elem(&fraglists, &iter, &next, BPF_ANY);
}

/* ip_fraglist_prepare(skb, iter), ip6_fraglist_prepare(skb, iter) */
SEC("skbt/begin")
int skbt_fraglist4(u64 *ctx)
{
	const struct ip_fraglist_iter *iter = (const void *)ctx[1];

	fraglist_next(ctx[0], ctx[1], (u64)BPF_CORE_READ(iter, frag));
	return 0;
}

SEC("skbt/begin")
int skbt_fraglist6(u64 *ctx)
{
	const struct ip6_fraglist_iter *iter = (const void *)ctx[1];

	fraglist_next(ctx[0], ctx[1], (u64)BPF_CORE_READ(iter, frag));
	return 0;
}

/* skb_morph(dst, src): dst is released and becomes what src was */
SEC("skbt/exit")
int skbt_morph(u64 *ctx)
{
	inherit(ctx[1], ctx[0], SKBT_RELATION_MORPH);
	return 0;
}

struct segments {
	u64 parent;
	u64 skb;
	u32 flags;
};

static long segment_next(u32 index, void *data)
{
	struct segments *segments = data;
	const struct skbt_control *ctl = control_get();
	const struct sk_buff *skb = (const void *)segments->skb;

	(void)index;
	if (!ctl || (long)segments->skb >= 0 || segments->skb >= (u64)-ERRORS_MAX)
		return 1;
	inherit_from(segments->parent, (u8)segments->flags, segments->skb, SKBT_RELATION_SEGMENT,
		     ctl);
	segments->skb = (u64)BPF_CORE_READ(skb, next);
	return 0;
}

static __always_inline void inherit_segments(u64 parent, u64 first)
{
	const struct skbt_control *ctl = control_get();
	const struct skbt_track *from;
	struct segments segments = {};

	if (!ctl || !ctl->generation)
		return;
	from = track_find(parent, ctl->generation);
	if (!from)
		return;
	segments.parent = from->packet;
	segments.flags = from->flags;
	segments.skb = first;
	bpf_loop(SEGMENTS_MAX, segment_next, &segments, 0);
}

/* skb_segment(skb, features) returns a list */
SEC("skbt/exit")
int skbt_segment(u64 *ctx)
{
	inherit_segments(ctx[0], ctx[2]);
	return 0;
}

/* skb_segment_list(skb, features, offset) */
SEC("skbt/exit")
int skbt_segment_list(u64 *ctx)
{
	inherit_segments(ctx[0], ctx[3]);
	return 0;
}

static __always_inline void merge(u64 into, u64 skb, u64 returned)
{
	if (!(u32)returned)
		inherit(skb, into, SKBT_RELATION_MERGE);
}

/* skb_gro_receive(p, skb), skb_gro_receive_list(p, skb): 0 when skb went into p */
SEC("skbt/exit")
int skbt_merge(u64 *ctx)
{
	merge(ctx[0], ctx[1], ctx[2]);
	return 0;
}

SEC("skbt/exit")
int skbt_merge_list(u64 *ctx)
{
	merge(ctx[0], ctx[1], ctx[2]);
	return 0;
}

/* pskb_expand_head(skb, headroom, tailroom, gfp): the same packet in another place */
SEC("skbt/exit")
int skbt_head(u64 *ctx)
{
	const struct skbt_control *ctl = control_get();
	struct skbt_track *t;

	if (!ctl || !ctl->generation || (u32)ctx[4])
		return 0;
	t = track_find(ctx[0], ctl->generation);
	if (t)
		lineage_emit(t, ctx[0], t->packet, SKBT_RELATION_HEAD,
			     bpf_ktime_get_ns() - ctl->base_ns);
	return 0;
}

/*
 * Reassembly. Each fragment is queued (inet_frag_queue_insert); the one that makes the datagram
 * whole becomes the datagram (inet_frag_reasm_finish), the others go into it.
 */
/* inet_frag_queue_insert(q, skb, offset, end): 0 when it was taken */
SEC("skbt/exit")
int skbt_fragment_queued(u64 *ctx)
{
	const struct skbt_control *ctl = control_get();
	const struct skbt_track *t;
	const struct skbt_fragments *none;
	struct skbt_fragments *f;
	u64 queue = ctx[0], count;
	u32 zero = 0;

	if (!ctl || !ctl->generation || (u32)ctx[4])
		return 0;
	t = track_find(ctx[1], ctl->generation);
	if (!t)
		return 0;
	f = bpf_map_lookup_elem(&fragments, &queue);
	if (!f) {
		none = bpf_map_lookup_elem(&blank_fragments, &zero);
		if (!none)
			return 0;
		bpf_map_update_elem(&fragments, &queue, none, BPF_ANY);
		f = bpf_map_lookup_elem(&fragments, &queue);
		if (!f)
			return 0;
	}
	count = f->count; /* the queue is locked */
	if (count >= FRAGMENTS_MAX)
		return 0;
	f->packets[count] = t->packet;
	f->count = count + 1;
	return 0;
}

struct reassembly {
	const struct skbt_fragments *fragments;
	u64 skb;
};

static long reassembly_next(u32 index, void *data)
{
	const struct reassembly *r = data;
	const struct skbt_control *ctl = control_get();
	const struct skbt_fragments *f = r->fragments;
	struct skbt_track *t;
	u64 parent;

	if (!ctl || !f || index >= FRAGMENTS_MAX || index >= f->count)
		return 1;
	parent = f->packets[index];
	t = track_find(r->skb, ctl->generation);
	if (t && t->packet != parent)
		lineage_emit(t, r->skb, parent, SKBT_RELATION_REASSEMBLY,
			     bpf_ktime_get_ns() - ctl->base_ns);
	return 0;
}

/* inet_frag_reasm_finish(q, head, reasm_data, try_coalesce): head is the datagram */
SEC("skbt/exit")
int skbt_reassembled(u64 *ctx)
{
	const struct skbt_control *ctl = control_get();
	struct reassembly r = {};
	struct skbt_track *t;
	u64 queue = ctx[0];

	if (!ctl || !ctl->generation)
		return 0;
	r.fragments = bpf_map_lookup_elem(&fragments, &queue);
	if (!r.fragments)
		return 0;
	r.skb = ctx[1];
	t = track_find(r.skb, ctl->generation);
	if (!t)
		t = track_begin(r.skb, ctl->generation, 0);
	if (t)
		bpf_loop(FRAGMENTS_MAX, reassembly_next, &r, 0);
	bpf_map_delete_elem(&fragments, &queue);
	return 0;
}

/* inet_frag_destroy(q): its address is used again */
SEC("skbt/begin")
int skbt_fragments_gone(u64 *ctx)
{
	u64 queue = ctx[0];

	bpf_map_delete_elem(&fragments, &queue);
	return 0;
}

#endif
