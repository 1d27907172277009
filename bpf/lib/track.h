/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Identity. A packet gets its id when an skb first matches, keeps it whatever happens to its
 * contents, and loses it when the skb's memory is given back: an address used again is a new
 * packet.
 */
#ifndef SKBT_TRACK_H
#define SKBT_TRACK_H

#include "config.h"
#include "emit.h"
#include "filter.h"
#include "meta.h"
#include "parse.h"

static __always_inline struct skbt_track *track_find(u64 skb)
{
	struct skbt_track *t = bpf_map_lookup_elem(&tracks, &skb);

	/* followed under other settings: not part of this capture */
	return t && t->generation == config.generation ? t : NULL;
}

static __always_inline struct skbt_track *track_begin(struct skbt_scratch *s, u64 skb, u8 flags)
{
	struct skbt_counters *c = counters_get();
	u32 zero = 0;
	u64 *last = bpf_map_lookup_elem(&last_packet, &zero);

	if (!last || !c)
		return NULL;
	/* followed under other settings, or its end was not seen: that packet is over */
	if (bpf_map_lookup_elem(&tracks, &skb))
		__sync_fetch_and_add(&c->freed, 1);
	s->fresh_track.packet = __sync_fetch_and_add(last, 1) + 1;
	s->fresh_track.generation = config.generation;
	s->fresh_track.flags = flags;
	s->fresh_track.fresh = 1;
	if (bpf_map_update_elem(&tracks, &skb, &s->fresh_track, BPF_ANY)) {
		__sync_fetch_and_add(&c->track_full, 1);
		return NULL;
	}
	__sync_fetch_and_add(&c->packets, 1);
	return bpf_map_lookup_elem(&tracks, &skb);
}

/* Reads everything that a hop says about the skb into s->now and s->record. */
static __always_inline const struct sk_buff *hop_read(struct skbt_scratch *s, u64 skb_address)
{
	struct skbt_hop *hop = (struct skbt_hop *)s->record;
	const struct sk_buff *skb = skb_copy_in(s, (const void *)skb_address);

	if (!skb)
		return NULL;
	__builtin_memset(&s->now, 0, sizeof(s->now));
	hop->skb = skb_address;
	hop->netns = 0;
	hop->ifindex = 0;
	meta_device(skb, hop, &s->now.dev);
	packet_read(s, skb);
	return skb;
}

/* All of the capture's conditions; sets *flags to what matched of --pid. */
static __always_inline bool hop_matches(struct skbt_scratch *s, const struct sk_buff *skb, u32 tgid,
					u8 *flags)
{
	const struct skbt_hop *hop = (const struct skbt_hop *)s->record;

	if (config.netns && hop->netns != config.netns)
		return false;
	if (config.mark_mask && (skb->mark & config.mark_mask) != config.mark)
		return false;
	if (config.use_ifname && !filter_ifname(&s->now.dev))
		return false;
	if (config.pid) {
		*flags = filter_pid(skb, tgid);
		if (!*flags)
			return false;
	}
	if (config.use_pcap && !filter_pcap(&s->packet))
		return false;
	return true;
}

/*
 * One skb at one place: the whole of a hop or, with `drop`, of a drop; `cookie` is the probe's, 0
 * for a drop. Called with the scratch of the calling program's kind.
 */
static __always_inline void hop_handle(struct skbt_scratch *s, u64 skb_address, u64 cookie, u64 sp,
				       const struct skbt_drop *drop)
{
	struct skbt_hop *hop = (struct skbt_hop *)s->record;
	u32 tgid = (u32)(bpf_get_current_pid_tgid() >> 32);
	u64 now = bpf_ktime_get_ns();
	const struct sk_buff *skb;
	struct skbt_track *t;
	u8 flags = 0;

	t = track_find(skb_address);
	if (!t && SKBT_COOKIE_AFTERLIFE(cookie))
		return;
	skb = hop_read(s, skb_address);
	if (!skb)
		return;
	if (!t || !config.keep) {
		if (!hop_matches(s, skb, tgid, &flags))
			return;
		if (!t) {
			/* netlink's and other sockets' messages are skbs too, but no packets */
			if (drop && !s->packet.has_network && !hop->ifindex)
				return;
			t = track_begin(s, skb_address, flags);
			if (!t)
				return;
		}
	}
	if (drop)
		t->flags |= SKBT_FLAG_DROPPED;
	meta_skb(skb, &s->now.meta);
	skbt_parse(&s->packet, &s->now);
	bpf_get_current_comm(s->now.task.comm, sizeof(s->now.task.comm));
	emit_header(&hop->header, drop ? SKBT_KIND_DROP : SKBT_KIND_HOP, 0, now);
	hop->func = SKBT_COOKIE_FUNC(cookie);
	hop->sp = sp;
	hop->pid = tgid;
	emit_hop(s, t, drop);
}

/* The skb's memory goes back: its id ends here, followed under whatever settings. */
static __always_inline void track_end(u64 skb_address)
{
	struct skbt_track *t = bpf_map_lookup_elem(&tracks, &skb_address);
	struct skbt_counters *c;
	struct skbt_free record = {};

	if (!t)
		return;
	c = counters_get();
	if (c)
		__sync_fetch_and_add(&c->freed, 1);
	if (t->generation == config.generation) {
		emit_header(&record.header, SKBT_KIND_FREE, sizeof(record), bpf_ktime_get_ns());
		record.header.flags = t->flags & SKBT_FLAG_DROPPED;
		record.packet = t->packet;
		record.skb = skb_address;
		emit_send(&record.header, sizeof(record));
	}
	bpf_map_delete_elem(&tracks, &skb_address);
}

/*
 * `child` came out of `parent`, which may be followed: then so is the child, as a new packet.
 * `slot` is the calling program's scratch: an interrupt may run another of them in between.
 */
static __always_inline void track_inherit(u64 parent, u64 child, u32 relation, u32 slot)
{
	struct skbt_scratch *s = scratch_get(slot);
	struct skbt_track *from, *t;
	struct skbt_lineage record = {};

	if (!s || !child)
		return;
	from = track_find(parent);
	if (!from)
		return;
	record.parent = from->packet;
	t = track_begin(s, child, from->flags & (SKBT_FLAG_PID_OWNER | SKBT_FLAG_PID_CURRENT));
	if (!t)
		return;
	emit_header(&record.header, SKBT_KIND_LINEAGE, sizeof(record), bpf_ktime_get_ns());
	record.packet = t->packet;
	record.skb = child;
	record.relation = relation;
	emit_send(&record.header, sizeof(record));
}

#endif
