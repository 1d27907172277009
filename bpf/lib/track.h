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
#include "followed.h"
#include "meta.h"
#include "parse.h"
#include "raw.h"
#include "state.h"
#include "trail.h"

/* The packet of an skb, if it is followed under whatever settings: where the last packet of such an
 * address was put, which the table is asked only if it is not that one. */
static __always_inline struct skbt_track *track_at(u64 skb)
{
	u32 place = *(volatile u32 *)&skbt_place_at[followed_place(skb)];
	struct skbt_track *t = bpf_map_lookup_elem(&track_places, &place);
	const u32 *known;

	if (!skb) /* some look for none, and a place that is nobody's has that */
		return NULL;
	if (t && *(volatile u64 *)&t->skb == skb)
		return t;
	known = bpf_map_lookup_elem(&tracks, &skb);
	if (!known)
		return NULL;
	place = *known;
	t = bpf_map_lookup_elem(&track_places, &place);
	return t && *(volatile u64 *)&t->skb == skb ? t : NULL;
}

/* The packet of an skb, if it is followed under these settings. */
static __always_inline struct skbt_track *track_find(u64 skb, u32 generation)
{
	struct skbt_track *t;

	if (!maybe_followed(skb))
		return NULL;
	t = track_at(skb);
	return t && t->generation == generation ? t : NULL;
}

/* The same under the settings in force. */
static __always_inline struct skbt_track *track_now(u64 skb)
{
	const struct skbt_control *ctl = control_get();

	return ctl ? track_find(skb, ctl->generation) : NULL;
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

/* Nothing is known of the packet yet. What is compared with (raw.skb, raw.first) is not looked at
 * until raw.head_words says that it is there. */
static __always_inline void track_clear(struct skbt_track *t)
{
	u32 place = t->place;

	clear_words(t, 0, offsetof(struct skbt_track, raw));
	t->place = place;
	t->raw.head_words = 0;
	clear_words(&t->last, 0, sizeof(t->last));
	if (config.tail)
		clear_words(trail_of(t), 0, offsetof(struct skbt_trail, bytes));
}

/* A place that is nobody's; NULL when there is none. */
static __always_inline struct skbt_track *place_take(void)
{
	struct skbt_track *t;
	u32 place;

	if (bpf_map_pop_elem(&free_places, &place)) {
		place = *(volatile u32 *)&skbt_places_used;
		if (!bpf_map_lookup_elem(&track_places, &place))
			return NULL;
		place = __sync_fetch_and_add(&skbt_places_used, 1);
	}
	t = bpf_map_lookup_elem(&track_places, &place);
	if (t)
		t->place = place;
	return t;
}

static __always_inline void place_give_back(const struct skbt_track *t)
{
	u32 place = t->place;

	bpf_map_push_elem(&free_places, &place, 0);
}

/* Puts an skb's packet into the table; false: that is full. */
static __always_inline bool place_put(u64 skb, const struct skbt_track *t)
{
	u32 place = t->place;

	if (counted_put(&tracks, skbt_followed, skb, &skb, &place))
		return false;
	*(volatile u32 *)&skbt_place_at[followed_place(skb)] = place;
	return true;
}

/* A cleared place for the packet of an skb: before anybody else finds it, nothing of the packet
 * that was there before is left. */
static __always_inline struct skbt_track *track_place(u64 skb, struct skbt_counters *c)
{
	struct skbt_track *t = maybe_followed(skb) ? track_at(skb) : NULL;

	if (t) {
		/* followed under other settings, or its end was not seen: that packet is over */
		__sync_fetch_and_add(&c->freed, 1);
		track_clear(t);
		return t;
	}
	t = place_take();
	if (!t)
		return NULL;
	track_clear(t);
	if (place_put(skb, t))
		return t;
	place_give_back(t);
	return NULL;
}

static __always_inline struct skbt_track *track_begin(u64 skb, u32 generation, u8 flags)
{
	struct skbt_counters *c = counters_get();
	u32 zero = 0;
	u64 *last = bpf_map_lookup_elem(&last_packet, &zero);
	struct skbt_track *t;

	if (!last || !c || track_refused(skb, generation))
		return NULL;
	t = track_place(skb, c);
	if (!t) {
		track_refuse(skb, generation, &c->track_full);
		return NULL;
	}
	__sync_fetch_and_add(&c->packets, 1);
	t->packet = __sync_fetch_and_add(last, 1) + 1;
	t->begun_ns = bpf_ktime_get_ns();
	t->flags = flags;
	t->fresh = 1;
	t->generation = generation;
	if (config.tail)
		trail_begin(t);
	*(volatile u64 *)&t->skb = skb;
	return t;
}

/* The filter needs the headers: they are parsed before it is asked, otherwise only if it says yes.
 */
#define PARSED_EARLY (config.use_inner || config.flow_rate)

/* Reads what the filter looks at into s->now and s->record; the skb too, unless it is copied. */
static __always_inline const struct sk_buff *hop_read(struct skbt_scratch *s, u64 skb_address,
						      bool is_copied)
{
	struct skbt_hop *hop = (struct skbt_hop *)s->record;
	const struct sk_buff *skb = (const struct sk_buff *)s->skb;

	if (!is_copied && !skb_copy_in(s, (const void *)skb_address))
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

static __always_inline void lineage_emit(struct skbt_track *t, u64 skb, u64 parent, u32 relation,
					 u64 time_ns)
{
	struct skbt_lineage record = {};

	emit_header(&record.header, SKBT_KIND_LINEAGE, sizeof(record), t->generation, time_ns);
	record.packet = t->packet;
	record.skb = skb;
	record.parent = parent;
	record.relation = relation;
	track_send(t, &record.header, sizeof(record));
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
		lineage_emit(t, skb_address, *first, SKBT_RELATION_RETRANSMIT, time_ns);
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

/* Whose the packet is may have been told since the last record, or it may be another socket's now.
 */
static __always_inline bool owner_differs(const struct sk_buff *skb, const struct skbt_track *t)
{
	u64 sk = t->receiver ? t->receiver : (u64)skb->sk;

	return sk && sk != t->sk && bpf_map_lookup_elem(&owners, &sk);
}

/* Changes that the filter may have another answer to. Without --keep it is asked then. */
#define FILTERED_CHANGES                                                                           \
	(config.keep ? 0                                                                           \
		     : (config.netns || config.use_ifname ? SKBT_CHANGED_DEVICE : 0) |             \
			       (config.mark_mask ? SKBT_CHANGED_REST : 0))

/* What of the packet differs from its last record. */
static __always_inline u32 hop_changes(struct skbt_scratch *s, struct skbt_track *t, u32 probe,
				       u64 thread)
{
	const struct sk_buff *skb;
	u32 changed;

	if (t->fresh || (probe & SKBT_PROBE_NO_LENGTH))
		return SKBT_CHANGED_ALL;
	changed = (u32)skbt_changes(s, t);
	if (changed & SKBT_CHANGED_BYTES)
		return changed;
	skb = (const struct sk_buff *)s->skb;
	if (t->thread != thread)
		changed |= SKBT_CHANGED_TASK;
	if (conntrack_differs(skb->_nfct, &t->last.conntrack))
		changed |= SKBT_CHANGED_CONNTRACK;
	if (owner_differs(skb, t))
		changed |= SKBT_CHANGED_OWNER;
	return changed;
}

/*
 * One skb at one place: the whole of a hop or, with `drop`, which is s->drop, of a drop, which has
 * no flags and no function. Called with the scratch of the calling program's kind. False when it is
 * none of the capture's.
 */
static __always_inline bool hop_handle(void *ctx, struct skbt_scratch *s, u64 skb_address,
				       u32 probe, u32 func, u64 sp, const struct skbt_drop *drop)
{
	struct skbt_hop *hop = (struct skbt_hop *)s->record;
	const struct skbt_control *ctl = control_get();
	u64 thread = bpf_get_current_pid_tgid();
	u64 time_ns = bpf_ktime_get_ns() - config.base_ns;
	u32 tgid = (u32)(thread >> 32), changed = SKBT_CHANGED_ALL, size;
	const struct sk_buff *skb;
	struct skbt_track *t;
	u8 flags = 0;

	/* these settings are not in force yet, or no longer */
	if (!ctl || ctl->generation != config.generation)
		return false;
	t = track_find(skb_address, config.generation);
	if (!t && (probe & SKBT_PROBE_PASSIVE))
		return false;
	if (config.tail && t) {
		if (drop)
			trail_send(t, skb_address, SKBT_CHOSEN_DROPPED, time_ns);
		else if (trail_hop(t, skb_address, func, sp, thread, time_ns))
			return true;
	}
	hop->skb = skb_address;
	if (t && MAY_BE_PLAIN && !(drop && config.stack_on_drop)) {
		changed = hop_changes(s, t, probe, thread);
		if (!(changed & SKBT_CHANGED_ALL) && !trail_is_open(t)) {
			if (drop)
				t->flags |= SKBT_FLAG_DROPPED;
			emit_plain(t, skb_address, func, sp, tgid, time_ns, drop);
			return true;
		}
	}
	if (t && !(changed & (SKBT_CHANGED_BYTES | FILTERED_CHANGES))) {
		hop->netns = t->netns;
		hop->ifindex = t->ifindex;
		raw_take_changed(s, t);
		skbt_read_changed(s, t, changed);
		goto emit;
	}
	skb = hop_read(s, skb_address, changed & SKBT_CHANGED_COPIED);
	if (!skb)
		return false;
	if (probe & SKBT_PROBE_NO_LENGTH)
		packet_set_length(&s->packet);
	if (PARSED_EARLY)
		skbt_parse(&s->packet, &s->now);
	if (!t || !config.keep) {
		if (!hop_matches(s, skb, tgid, &flags))
			return false;
		if (!t) {
			t = hop_begin(s, skb_address, flags);
			if (!t)
				return false;
			if (config.tail && drop)
				trail_send(t, skb_address, SKBT_CHOSEN_DROPPED, time_ns);
			else if (config.tail)
				trail_pass(trail_of(t), func);
		}
	}
	if (!PARSED_EARLY) {
		clear_words(&s->now, sizeof(s->now.dev), sizeof(s->now));
		skbt_parse(&s->packet, &s->now);
	}
	skbt_raw_keep(s, t);
	skbt_read_state(s, t);
	bpf_get_current_comm(s->now.task.comm, sizeof(s->now.task.comm));
	if (!t->sent_asked)
		track_retransmission(s, skb, t, skb_address, time_ns);
	if (config.tail_one_in && t->fresh)
		trail_of(t)->is_sampled = trail_samples(s);
	if (probe & SKBT_PROBE_NO_LENGTH)
		t->raw.head_words = 0;
	changed = SKBT_CHANGED_ALL;
emit:
	if (drop)
		t->flags |= SKBT_FLAG_DROPPED;
	t->thread = thread;
	t->netns = hop->netns;
	t->ifindex = hop->ifindex;
	emit_header(&hop->header, drop ? SKBT_KIND_DROP : SKBT_KIND_HOP, 0, config.generation,
		    time_ns);
	hop->func = func;
	hop->sp = sp;
	hop->pid = tgid;
	size = skbt_make_hop(s, t, changed, hop_stack(ctx, drop != NULL));
	/* not a comparison, which the compiler makes of another register than it goes on with */
	asm volatile("%0 &= %1" : "+r"(size) : "i"(SKBT_RECORD_ROOM - 1));
	if (!size)
		return false;
	if (config.tail)
		trail_place(trail_of(t), (const struct sk_buff *)s->skb, sp);
	/* what a lost record said, the next one says again */
	t->fresh = !track_send(t, &hop->header, size) || (config.tail && trail_of(t)->is_full);
	return true;
}

/* In tail mode: whether the packet was not chosen, and is not now that it ends. */
static __always_inline bool track_ends_untold(struct skbt_track *t, u64 skb, u64 time_ns)
{
	u32 chosen;

	if (!trail_is_open(t))
		return false;
	chosen = trail_choice(trail_of(t), time_ns);
	if (chosen)
		trail_send(t, skb, chosen, time_ns);
	return !chosen;
}

/* The packet's place is nobody's from now on. Of two that end it, one gives the place back. */
static __always_inline void track_remove(struct skbt_track *t, u64 skb)
{
	if (!counted_remove(&tracks, skbt_followed, skb, &skb))
		return;
	*(volatile u64 *)&t->skb = 0;
	t->generation = 0;
	place_give_back(t);
}

/* The packet is another skb's from now on. A packet that is still there has ended unseen, for that
 * skb was made just now. False: there is no room. */
static __always_inline bool track_move(struct skbt_track *t, u64 from, u64 to)
{
	struct skbt_track *over = maybe_followed(to) ? track_at(to) : NULL;
	struct skbt_counters *c = counters_get();

	if (over && over != t && c) {
		__sync_fetch_and_add(&c->freed, 1);
		track_remove(over, to);
	}
	if (!place_put(to, t))
		return false;
	*(volatile u64 *)&t->skb = to;
	counted_remove(&tracks, skbt_followed, from, &from);
	return true;
}

/* The skb's memory goes back: its id ends here, followed under whatever settings. */
static __always_inline void track_end(u64 skb_address, const struct skbt_control *ctl)
{
	struct skbt_track *t = NULL;
	struct skbt_counters *c;
	struct skbt_free record = {};
	u64 time_ns;

	if (maybe_followed(skb_address))
		t = track_at(skb_address);
	if (!t) {
		if (ctl->refusing)
			bpf_map_delete_elem(&refused, &skb_address);
		return;
	}
	c = counters_get();
	if (c)
		__sync_fetch_and_add(&c->freed, 1);
	time_ns = bpf_ktime_get_ns() - ctl->base_ns;
	if (t->generation == ctl->generation && !track_ends_untold(t, skb_address, time_ns)) {
		emit_header(&record.header, SKBT_KIND_FREE, sizeof(record), ctl->generation,
			    time_ns);
		record.header.flags = t->flags & SKBT_FLAG_DROPPED;
		record.packet = t->packet;
		record.skb = skb_address;
		emit_send(&record.header, sizeof(record));
	}
	track_remove(t, skb_address);
}

#endif
