/* SPDX-License-Identifier: GPL-2.0-only */
/* What the kernel keeps beside the packet's bytes: buffer, route, conntrack, socket's owner. */
#ifndef SKBT_STATE_H
#define SKBT_STATE_H

#include "config.h"
#include "meta.h"
#include "raw.h"

/* Low bits of skb->_skb_refdst and skb->_nfct say other things. */
#define REFDST_PTRMASK (~1ul)
#define NFCT_PTRMASK (~7ul)
#define NFCT_INFOMASK 7ul
#define AF_INET_FAMILY 2

#define CLEARED_MAX sizeof(struct skbt_sections)

/* In words whatever the fields are: a memset of bytes is four times the instructions. */
static __always_inline void clear_words(void *what, u32 from, u32 to)
{
	any_word *words = what;

#pragma unroll
	for (u32 i = 0; i < CLEARED_MAX / 8; i++)
		if (i >= from / 8 && i < to / 8)
			words[i] = 0;
}

/* Of the shared info, what is kept to compare it with has been read. */
static __always_inline void state_buffer(struct skbt_scratch *s, const struct sk_buff *skb,
					 const struct skbt_raw *raw, struct skbt_buffer *b)
{
	b->hash = skb->hash;
	b->truesize = skb->truesize;
	b->csum = skb->csum;
	b->queue_mapping = skb->queue_mapping;
	b->ip_summed = SKB_BITS(skb, ip_summed);
	b->csum_level = SKB_BITS(skb, csum_level);
	if (SKB_BITS(skb, cloned))
		b->bits |= SKBT_BUFFER_CLONED;
	if (SKB_BITS(skb, nohdr))
		b->bits |= SKBT_BUFFER_NOHDR;
	if (SKB_BITS(skb, fclone))
		b->bits |= SKBT_BUFFER_FCLONE;
	b->gso_type = raw->gso_type;
	b->gso_size = raw_gso_size(raw);
	b->gso_segs = raw_gso_segs(raw);
	b->nr_frags = raw_nr_frags(raw);
	if (raw->frag_list)
		b->bits |= SKBT_BUFFER_FRAG_LIST;
	if (config.control_block)
		s->now.control.dataref =
			KERNEL_FIELD(skb_shared_info, raw_shared(skb), dataref.counter);
}

/* Read anew only when the packet has another dst_entry than before. */
static __always_inline void state_route(const struct sk_buff *skb, const struct skbt_route *last,
					struct skbt_route *r)
{
	u64 address = skb->_skb_refdst & REFDST_PTRMASK;
	const struct dst_entry *dst = (const void *)address;
	const struct rtable *rt = (const void *)address;
	const struct net_device *dev;
	s32 error;

	if (!is_kernel_pointer(dst))
		return;
	if (address == last->dst) {
		*r = *last;
		return;
	}
	r->dst = address;
	error = KERNEL_FIELD(dst_entry, dst, error);
	/* IPv4 keeps the errno itself (ip_route_input_slow), IPv6 its negative
	 * (ip6_rt_init_dst_reject) */
	r->error = (u16)(error < 0 ? -error : error);
	dev = KERNEL_FIELD(dst_entry, dst, dev);
	r->ifindex = KERNEL_FIELD(net_device, dev, ifindex);
	if (skb->protocol != bpf_htons(ETH_P_IP))
		return;
	r->type = KERNEL_FIELD(rtable, rt, rt_type);
	if (KERNEL_FIELD(rtable, rt, rt_gw_family) == AF_INET_FAMILY)
		r->gateway = bpf_ntohl(KERNEL_FIELD(rtable, rt, rt_gw4));
}

static __always_inline void state_conntrack(const struct sk_buff *skb, struct skbt_conntrack *c)
{
	u64 address = skb->_nfct & NFCT_PTRMASK;
	const struct nf_conn *ct = (const void *)address;

	c->info = skb->_nfct & NFCT_INFOMASK;
	if (!is_kernel_pointer(ct) || !bpf_core_type_exists(struct nf_conn))
		return;
	c->ct = address;
	c->status = (u32)peek_or_read((u64)&ct->status);
	if (bpf_core_field_exists(ct->mark))
		c->mark = (u32)peek_or_read((u64)&ct->mark);
}

/* The same entry may have come further since. */
static __always_inline bool conntrack_differs(u64 nfct, const struct skbt_conntrack *last)
{
	const struct nf_conn *ct = (const void *)(nfct & NFCT_PTRMASK);

	if (!is_kernel_pointer(ct) || !bpf_core_type_exists(struct nf_conn))
		return false;
	if ((u32)peek_or_read((u64)&ct->status) != last->status)
		return true;
	return bpf_core_field_exists(ct->mark) && (u32)peek_or_read((u64)&ct->mark) != last->mark;
}

/* The owner of the socket that takes the packet in, before that of the one that sent it. Looked up
 * only when it is another socket than before; a packet that was owned stays so. */
static __always_inline void state_owner(const struct sk_buff *skb, struct skbt_track *t,
					struct skbt_owner *o)
{
	u64 sk = t->receiver ? t->receiver : (u64)skb->sk;
	const struct skbt_owner *owner;

	*o = t->last.owner;
	if (!sk || sk == t->sk)
		return;
	owner = bpf_map_lookup_elem(&owners, &sk);
	if (!owner)
		return;
	t->sk = sk;
	*o = *owner;
}

/* Fills s->now from the copied sk_buff, which t->raw is of, and what it points to. A global
 * function: verified once. */
__noinline int skbt_read_state(struct skbt_scratch *s, struct skbt_track *t)
{
	const struct sk_buff *skb;

	if (!s || !t)
		return 0;
	skb = (const struct sk_buff *)s->skb;
	meta_skb(skb, &s->now.meta);
	state_buffer(s, skb, &t->raw, &s->now.buffer);
	state_route(skb, &t->last.route, &s->now.route);
	state_conntrack(skb, &s->now.conntrack);
	state_owner(skb, t, &s->now.owner);
	if (config.control_block) {
		__builtin_memcpy(s->now.control.cb, skb->cb, SKBT_CB_LEN);
		s->now.control.users = skb->users.refs.counter;
	}
	return 0;
}

#define CLEAR_SECTION(field)                                                                       \
	clear_words(&s->now, offsetof(struct skbt_sections, field),                                \
		    offsetof(struct skbt_sections, field) + sizeof(s->now.field))

/* The same for the sections that tell of what has changed; not of SKBT_CHANGED_BYTES. */
__noinline int skbt_read_changed(struct skbt_scratch *s, struct skbt_track *t, u32 changed)
{
	const struct sk_buff *skb;
	struct skbt_hop *hop;

	if (!s || !t)
		return 0;
	if (changed & SKBT_CHANGED_TASK)
		bpf_get_current_comm(s->now.task.comm, sizeof(s->now.task.comm));
	skb = (const struct sk_buff *)s->skb;
	if (changed & SKBT_CHANGED_DEVICE) {
		CLEAR_SECTION(dev);
		hop = (struct skbt_hop *)s->record;
		hop->netns = 0;
		hop->ifindex = 0;
		meta_device(skb, hop, &s->now.dev);
	}
	if (changed & (SKBT_CHANGED_PLACE | SKBT_CHANGED_REST)) {
		CLEAR_SECTION(meta);
		CLEAR_SECTION(buffer);
		meta_skb(skb, &s->now.meta);
		state_buffer(s, skb, &t->raw, &s->now.buffer);
	}
	if (changed & SKBT_CHANGED_ROUTE) {
		CLEAR_SECTION(route);
		state_route(skb, &t->last.route, &s->now.route);
	}
	if (changed & (SKBT_CHANGED_REST | SKBT_CHANGED_CONNTRACK)) {
		CLEAR_SECTION(conntrack);
		state_conntrack(skb, &s->now.conntrack);
	}
	if (changed & (SKBT_CHANGED_DEVICE | SKBT_CHANGED_OWNER))
		state_owner(skb, t, &s->now.owner);
	return 0;
}

#endif
