/* SPDX-License-Identifier: GPL-2.0-only */
/* What the kernel keeps beside the packet's bytes: buffer, route, conntrack, socket's owner. */
#ifndef SKBT_STATE_H
#define SKBT_STATE_H

#include "config.h"
#include "meta.h"

/* Low bits of skb->_skb_refdst and skb->_nfct say other things. */
#define REFDST_PTRMASK (~1ul)
#define NFCT_PTRMASK (~7ul)
#define NFCT_INFOMASK 7ul
#define AF_INET_FAMILY 2

static __always_inline void state_buffer(struct skbt_scratch *s, const struct sk_buff *skb,
					 struct skbt_buffer *b)
{
	const struct skb_shared_info *shared = (const void *)s->shared;

	b->hash = skb->hash;
	b->truesize = skb->truesize;
	b->csum = skb->csum;
	b->queue_mapping = skb->queue_mapping;
	b->ip_summed = BPF_CORE_READ_BITFIELD(skb, ip_summed);
	b->csum_level = BPF_CORE_READ_BITFIELD(skb, csum_level);
	if (BPF_CORE_READ_BITFIELD(skb, cloned))
		b->bits |= SKBT_BUFFER_CLONED;
	if (BPF_CORE_READ_BITFIELD(skb, nohdr))
		b->bits |= SKBT_BUFFER_NOHDR;
	if (BPF_CORE_READ_BITFIELD(skb, fclone))
		b->bits |= SKBT_BUFFER_FCLONE;
	if (bpf_probe_read_kernel(s->shared, sizeof(s->shared), skb->head + skb->end))
		return;
	b->gso_type = shared->gso_type;
	b->gso_size = shared->gso_size;
	b->gso_segs = shared->gso_segs;
	b->nr_frags = shared->nr_frags;
	if (shared->frag_list)
		b->bits |= SKBT_BUFFER_FRAG_LIST;
	s->now.control.dataref = shared->dataref.counter;
}

/* Read anew only when the packet has another dst_entry than before. */
static __always_inline void state_route(const struct sk_buff *skb, const struct skbt_route *last,
					struct skbt_route *r)
{
	u64 address = skb->_skb_refdst & REFDST_PTRMASK;
	const struct dst_entry *dst = (const void *)address;
	const struct rtable *rt = (const void *)address;
	s32 error;

	if (!is_kernel_pointer(dst))
		return;
	if (address == last->dst) {
		*r = *last;
		return;
	}
	r->dst = address;
	error = BPF_CORE_READ(dst, error);
	/* IPv4 keeps the errno itself (ip_route_input_slow), IPv6 its negative
	 * (ip6_rt_init_dst_reject) */
	r->error = (u16)(error < 0 ? -error : error);
	r->ifindex = BPF_CORE_READ(dst, dev, ifindex);
	if (skb->protocol != bpf_htons(ETH_P_IP))
		return;
	r->type = BPF_CORE_READ(rt, rt_type);
	if (BPF_CORE_READ(rt, rt_gw_family) == AF_INET_FAMILY)
		r->gateway = bpf_ntohl(BPF_CORE_READ(rt, rt_gw4));
}

static __always_inline void state_conntrack(const struct sk_buff *skb, struct skbt_conntrack *c)
{
	u64 address = skb->_nfct & NFCT_PTRMASK;
	const struct nf_conn *ct = (const void *)address;

	c->info = skb->_nfct & NFCT_INFOMASK;
	if (!is_kernel_pointer(ct) || !bpf_core_type_exists(struct nf_conn))
		return;
	c->ct = address;
	c->status = (u32)BPF_CORE_READ(ct, status);
	if (bpf_core_field_exists(ct->mark))
		c->mark = BPF_CORE_READ(ct, mark);
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

/* Fills s->now from the copied sk_buff and what it points to. A global function: verified once. */
__noinline int skbt_read_state(struct skbt_scratch *s, struct skbt_track *t)
{
	const struct sk_buff *skb;

	if (!s || !t)
		return 0;
	skb = (const struct sk_buff *)s->skb;
	meta_skb(skb, &s->now.meta);
	state_buffer(s, skb, &s->now.buffer);
	state_route(skb, &t->last.route, &s->now.route);
	state_conntrack(skb, &s->now.conntrack);
	state_owner(skb, t, &s->now.owner);
	if (config.control_block) {
		__builtin_memcpy(s->now.control.cb, skb->cb, SKBT_CB_LEN);
		s->now.control.users = skb->users.refs.counter;
	}
	return 0;
}

#endif
