/* SPDX-License-Identifier: GPL-2.0-only */
/* What is around the bytes: device, namespace, task, and the sk_buff's own fields. */
#ifndef SKBT_META_H
#define SKBT_META_H

#include "direct.h"
#include "packet.h"

/* /proc inode numbers start here (PROC_DYNAMIC_FIRST): a namespace's is never lower, so that what
 * was read through a pointer that is none is told apart. */
#define PROC_DYNAMIC_FIRST 0xf0000000u

static __always_inline bool is_kernel_pointer(const void *p)
{
	return (long)p < 0;
}

static __always_inline u32 netns_of(const struct net *net)
{
	u32 inum = 0;

	if (!is_kernel_pointer(net))
		return 0;
	inum = KERNEL_FIELD(net, net, ns.inum);
	return inum >= PROC_DYNAMIC_FIRST ? inum : 0;
}

/*
 * Namespace, interface index and name. skb->dev shares its place with dev_scratch (UDP's receive
 * queue) and a red-black tree node (TCP's queues): only what has a namespace behind it is a device.
 */
static __always_inline void meta_device(const struct sk_buff *skb, struct skbt_hop *hop,
					struct skbt_dev *dev)
{
	const struct net_device *d = skb->dev;
	const struct sock *sk = skb->sk;
	u32 netns;

	if (is_kernel_pointer(d)) {
		netns = netns_of(KERNEL_FIELD(net_device, d, nd_net.net));
		if (netns) {
			hop->netns = netns;
			hop->ifindex = KERNEL_FIELD(net_device, d, ifindex);
			((u64 *)dev->name)[0] = peek_or_read((u64)&d->name);
			((u64 *)dev->name)[1] = peek_or_read((u64)&d->name + 8);
			dev->mtu = KERNEL_FIELD(net_device, d, mtu);
			dev->iif = skb->skb_iif;
			return;
		}
	}
	if (is_kernel_pointer(sk))
		hop->netns = netns_of(KERNEL_FIELD(sock, sk, __sk_common.skc_net.net));
}

static __always_inline void meta_skb(const struct sk_buff *skb, struct skbt_meta *meta)
{
	meta->len = skb->len;
	meta->data_len = skb->data_len;
	meta->mark = skb->mark;
	meta->priority = skb->priority;
	meta->protocol = bpf_ntohs(skb->protocol);
	meta->pkt_type = SKB_BITS(skb, pkt_type);
	if (skb_has_vlan_tag(skb)) {
		meta->vlan_tci = skb->vlan_tci;
		meta->vlan_proto = bpf_ntohs(skb->vlan_proto);
	}
}

#endif
