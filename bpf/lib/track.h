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
#include "state.h"

/* The packet of an skb, if it is followed under these settings. */
static __always_inline struct skbt_track *track_find(u64 skb, u32 generation)
{
	struct skbt_track *t = bpf_map_lookup_elem(&tracks, &skb);

	return t && t->generation == generation ? t : NULL;
}

/* The skb matched before and is not followed under these settings. */
static __always_inline bool track_refused(u64 skb, u32 generation)
{
	const u32 *since = bpf_map_lookup_elem(&refused, &skb);

	return since && *since == generation;
}

static __always_inline void track_refuse(u64 skb, u32 generation, u64 *count)
{
	struct skbt_control *ctl = control_get();

	if (ctl)
		ctl->refusing = 1;
	if (!bpf_map_update_elem(&refused, &skb, &generation, BPF_ANY))
		__sync_fetch_and_add(count, 1);
}

static __always_inline struct skbt_track *track_begin(u64 skb, u32 generation, u8 flags)
{
	struct skbt_counters *c = counters_get();
	u32 zero = 0;
	u64 *last = bpf_map_lookup_elem(&last_packet, &zero);
	const struct skbt_track *blank = bpf_map_lookup_elem(&blank_track, &zero);
	struct skbt_track *t;

	if (!last || !c || !blank || track_refused(skb, generation))
		return NULL;
	/* followed under other settings, or its end was not seen: that packet is over */
	if (bpf_map_lookup_elem(&tracks, &skb))
		__sync_fetch_and_add(&c->freed, 1);
	if (bpf_map_update_elem(&tracks, &skb, blank, BPF_ANY)) {
		track_refuse(skb, generation, &c->track_full);
		return NULL;
	}
	t = bpf_map_lookup_elem(&tracks, &skb);
	if (!t)
		return NULL;
	__sync_fetch_and_add(&c->packets, 1);
	t->packet = __sync_fetch_and_add(last, 1) + 1;
	t->begun_ns = bpf_ktime_get_ns();
	t->flags = flags;
	t->fresh = 1;
	t->generation = generation;
	return t;
}

/* In words whatever the fields are: a memset of bytes is four times the instructions. */
static __always_inline void clear_words(struct skbt_sections *now, u32 from, u32 to)
{
	u64 *words = (u64 *)now;

#pragma unroll
	for (u32 i = 0; i < sizeof(*now) / 8; i++)
		if (i >= from / 8 && i < to / 8)
			words[i] = 0;
}

/* The filter needs the headers: they are parsed before it is asked, otherwise only if it says yes.
 */
#define PARSED_EARLY (config.use_inner || config.flow_rate)

/* Reads what the filter looks at into s->now and s->record. */
static __always_inline const struct sk_buff *hop_read(struct skbt_scratch *s, u64 skb_address)
{
	struct skbt_hop *hop = (struct skbt_hop *)s->record;
	const struct sk_buff *skb = skb_copy_in(s, (const void *)skb_address);

	if (!skb)
		return NULL;
	/* the rest is cleared once it is known that it is needed */
	clear_words(&s->now, 0, PARSED_EARLY ? sizeof(s->now) : sizeof(s->now.dev));
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
	return !config.use_inner || filter_inner(s);
}

static __always_inline void lineage_emit(u64 packet, u64 skb, u64 parent, u32 relation,
					 u32 generation, u64 time_ns)
{
	struct skbt_lineage record = {};

	emit_header(&record.header, SKBT_KIND_LINEAGE, sizeof(record), generation, time_ns);
	record.packet = packet;
	record.skb = skb;
	record.parent = parent;
	record.relation = relation;
	emit_send(&record.header, sizeof(record));
}

/*
 * TCP keeps what it sends and sends clones of it: the first clone of some data is the parent of
 * those that are sent again. Asked once a packet has a TCP header, when it is on its way out.
 */
static __always_inline void track_retransmission(struct skbt_scratch *s, const struct sk_buff *skb,
						 struct skbt_track *t, u64 skb_address, u64 time_ns)
{
	struct skbt_sent_key key = {};
	const struct skbt_l4 *l4 = &s->now.l4;
	u64 *first;

	if (l4->kind != SKBT_L4_TCP)
		return;
	t->sent_asked = 1;
	if (skb->skb_iif || !skb->sk)
		return;
	/* an acknowledgement alone is never sent again */
	if (!(l4->tcp_flags & 0x03) && s->packet.payload == 0)
		return;
	key.sk = (u64)skb->sk;
	key.seq = l4->tcp_seq;
	first = bpf_map_lookup_elem(&sent, &key);
	/* what a segment carries is also what it was cut from */
	if (first && *first != t->packet && *first != t->cut_from)
		lineage_emit(t->packet, skb_address, *first, SKBT_RELATION_RETRANSMIT,
			     t->generation, time_ns);
	else if (!first)
		bpf_map_update_elem(&sent, &key, &t->packet, BPF_ANY);
}

/* The packet of an skb that is seen for the first time, if it belongs to the capture. */
static __always_inline struct skbt_track *hop_begin(struct skbt_scratch *s, u64 skb_address,
						    u8 flags)
{
	const struct skbt_hop *hop = (const struct skbt_hop *)s->record;
	struct skbt_counters *c;

	/* netlink's and other sockets' messages are skbs too, but no packets; nor is yet what a
	 * socket is about to send */
	if (!s->packet.has_network && !hop->ifindex)
		return NULL;
	if (config.flow_rate && !track_refused(skb_address, config.generation) &&
	    filter_rate(s, hop->netns, bpf_ktime_get_ns())) {
		c = counters_get();
		if (c)
			track_refuse(skb_address, config.generation, &c->rate_limited);
		return NULL;
	}
	return track_begin(skb_address, config.generation, flags);
}

static __always_inline long hop_stack(void *ctx, bool is_drop)
{
	struct skbt_counters *c;
	long id;

	if (!(config.stack_on_hop || (is_drop && config.stack_on_drop)))
		return -1;
	id = bpf_get_stackid(ctx, &stacks, BPF_F_FAST_STACK_CMP);
	if (id < 0) {
		c = counters_get();
		if (c)
			__sync_fetch_and_add(&c->stack_full, 1);
	}
	return id;
}

/*
 * One skb at one place: the whole of a hop or, with `drop`, of a drop; `cookie` is the probe's, 0
 * for a drop. Called with the scratch of the calling program's kind.
 */
static __always_inline void hop_handle(void *ctx, struct skbt_scratch *s, u64 skb_address,
				       u64 cookie, u64 sp, const struct skbt_drop *drop)
{
	struct skbt_hop *hop = (struct skbt_hop *)s->record;
	u32 tgid = (u32)(bpf_get_current_pid_tgid() >> 32);
	u64 time_ns = bpf_ktime_get_ns() - config.base_ns;
	const struct sk_buff *skb;
	struct skbt_track *t;
	u8 flags = 0;

	t = track_find(skb_address, config.generation);
	if (!t && (SKBT_COOKIE_FLAGS(cookie) & SKBT_PROBE_PASSIVE))
		return;
	skb = hop_read(s, skb_address);
	if (!skb)
		return;
	if (SKBT_COOKIE_FLAGS(cookie) & SKBT_PROBE_NO_LENGTH)
		packet_set_length(&s->packet);
	if (PARSED_EARLY)
		skbt_parse(&s->packet, &s->now);
	if (!t || !config.keep) {
		if (!hop_matches(s, skb, tgid, &flags))
			return;
		if (!t)
			t = hop_begin(s, skb_address, flags);
		if (!t)
			return;
	}
	if (drop)
		t->flags |= SKBT_FLAG_DROPPED;
	if (!PARSED_EARLY) {
		clear_words(&s->now, sizeof(s->now.dev), sizeof(s->now));
		skbt_parse(&s->packet, &s->now);
	}
	skbt_read_state(s, t);
	bpf_get_current_comm(s->now.task.comm, sizeof(s->now.task.comm));
	if (!t->sent_asked)
		track_retransmission(s, skb, t, skb_address, time_ns);
	emit_header(&hop->header, drop ? SKBT_KIND_DROP : SKBT_KIND_HOP, 0, config.generation,
		    time_ns);
	hop->func = SKBT_COOKIE_FUNC(cookie);
	hop->sp = sp;
	hop->pid = tgid;
	emit_hop(s, t, drop, hop_stack(ctx, drop != NULL));
}

/* The skb's memory goes back: its id ends here, followed under whatever settings. */
static __always_inline void track_end(u64 skb_address, const struct skbt_control *ctl)
{
	struct skbt_track *t = bpf_map_lookup_elem(&tracks, &skb_address);
	struct skbt_counters *c;
	struct skbt_free record = {};

	if (!t) {
		if (ctl->refusing)
			bpf_map_delete_elem(&refused, &skb_address);
		return;
	}
	c = counters_get();
	if (c)
		__sync_fetch_and_add(&c->freed, 1);
	if (t->generation == ctl->generation) {
		emit_header(&record.header, SKBT_KIND_FREE, sizeof(record), ctl->generation,
			    bpf_ktime_get_ns() - ctl->base_ns);
		record.header.flags = t->flags & SKBT_FLAG_DROPPED;
		record.packet = t->packet;
		record.skb = skb_address;
		emit_send(&record.header, sizeof(record));
	}
	bpf_map_delete_elem(&tracks, &skb_address);
}

#endif
