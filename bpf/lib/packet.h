/* SPDX-License-Identifier: GPL-2.0-only */
/* From an sk_buff to its first bytes, as they are or will be on the wire. */
#ifndef SKBT_PACKET_H
#define SKBT_PACKET_H

#include "config.h"
#include "maps.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>

#define ETH_ALEN 6
#define ETH_HLEN 14
#define VLAN_HLEN 4
#define ETH_P_IP 0x0800
#define ETH_P_ARP 0x0806
#define ETH_P_8021Q 0x8100
#define ETH_P_TEB 0x6558 /* a whole Ethernet frame */
#define ETH_P_IPV6 0x86dd
#define ETH_P_8021AD 0x88a8
#define OFFSET_UNSET 0xffff
#define VLAN_TAGS_MAX 8 /* VLAN_MAX_DEPTH of <linux/if_vlan.h> */

/* Copies the sk_buff in one read; its fields are then plain loads. NULL when it cannot be read. */
static __always_inline struct sk_buff *skb_copy_in(struct skbt_scratch *s, const void *skb)
{
	u32 size = bpf_core_type_size(struct sk_buff);

	if (size > sizeof(s->skb))
		size = sizeof(s->skb);
	if (bpf_probe_read_kernel(s->skb, size, skb))
		return NULL;
	return (struct sk_buff *)s->skb;
}

/* The byte that a bit field is in. */
#define BYTE_OF(skb, field) (*((const u8 *)(skb) + __CORE_RELO(skb, field, BYTE_OFFSET)))

/* A bit field of the sk_buff's, which lie in bytes. BPF_CORE_READ_BITFIELD() has a branch for each
 * size that they could have: see config.h. */
#define SKB_BITS(skb, field)                                                                       \
	((u64)BYTE_OF(skb, field) << __CORE_RELO(skb, field, LSHIFT_U64) >>                        \
	 __CORE_RELO(skb, field, RSHIFT_U64))

static __always_inline bool is_vlan(u16 protocol)
{
	return protocol == ETH_P_8021Q || protocol == ETH_P_8021AD;
}

static __always_inline bool skb_has_vlan_tag(const struct sk_buff *skb)
{
	const struct sk_buff___vlan_present *old = (const void *)skb;

	/* gone since 6.2 */
	if (!SKBT_DIRECT && bpf_core_field_exists(old->vlan_present))
		return SKB_BITS(old, vlan_present);
	return skb->vlan_proto != 0;
}

/* Pointer to `need` (at most 64) bytes at `offset` of the packet, NULL when it has fewer. */
static __always_inline const void *packet_at(const struct skbt_packet *p, u32 offset, u32 need)
{
	if (offset > SKBT_HEAD_BYTES)
		return NULL;
	/* keeps the bound on the very register that is added below */
	asm volatile("" : "+r"(offset));
	if (offset > SKBT_HEAD_BYTES || offset + need > p->avail) {
		((struct skbt_packet *)p)->is_cut = 1;
		return NULL;
	}
	if (p->used < offset + need)
		((struct skbt_packet *)p)->used = offset + need;
	return p->data + offset;
}

/*
 * Does a MAC header begin at offset `mac` of skb->head when the network header is at `net`? Tags
 * inside the data may lie between the two: then the first type says so, or these are other bytes
 * (VXLAN puts eight before the inner packet's MAC header, as far away as two tags).
 */
static __always_inline bool packet_is_mac(const struct sk_buff *skb, u32 mac, u32 net)
{
	u16 type = 0;

	if (mac + ETH_HLEN == net)
		return true;
	if (mac + ETH_HLEN > net || net - mac > ETH_HLEN + VLAN_TAGS_MAX * VLAN_HLEN)
		return false;
	if (bpf_probe_read_kernel(&type, sizeof(type), skb->head + mac + 2 * ETH_ALEN))
		return false;
	return is_vlan(bpf_ntohs(type));
}

/*
 * Where the headers are, as offsets from skb->head; returns the start of the MAC header, or of the
 * network header when there is no MAC header, or OFFSET_UNSET when neither is known yet.
 *
 * Transmit: IP has set network_header; once the MAC header is pushed, data lies before it. Receive:
 * eth_type_trans() set mac_header and pulled data; network_header is set a little later. A
 * forwarded packet keeps its old mac_header until the new one is pushed. mac_header of a tunnel's
 * outer packet may be far away and stale: only what can be a MAC header before the network header
 * counts.
 */
static __always_inline u32 packet_find(const struct sk_buff *skb, u32 *network)
{
	u32 data = (u32)(skb->data - skb->head);
	u32 mac = skb->mac_header;
	u32 net = skb->network_header;
	u32 start;

	if (data >= OFFSET_UNSET)
		return OFFSET_UNSET;
	/* a message of netlink, whose headers only have to lie somewhere: netlink_dump() */
	if (net == mac && skb->protocol == 0)
		return OFFSET_UNSET;
	if (net == 0 || net == OFFSET_UNSET) {
		if (mac == OFFSET_UNSET || skb->protocol == 0)
			return OFFSET_UNSET;
		net = data >= mac + ETH_HLEN ? data : mac + ETH_HLEN;
	}
	*network = net;
	start = net;
	if (packet_is_mac(skb, data, net))
		start = data;
	else if (mac != OFFSET_UNSET && packet_is_mac(skb, mac, net))
		start = mac;
	return start;
}

/* Fills s->packet from the copied sk_buff; what is not known stays empty (avail 0). */
static __always_inline void packet_read(struct skbt_scratch *s, const struct sk_buff *skb)
{
	struct skbt_packet *p = &s->packet;
	u32 network = 0, start, linear_end, data, shift = 0;
	const u8 *from;
	u64 want; /* a word: 6.1's verifier forgets the bound of half of one */

	p->avail = 0;
	p->wire_len = skb->len;
	p->network = 0;
	p->protocol = 0;
	p->inner = 0;
	p->payload = 0;
	p->start = 0;
	p->used = 0;
	p->has_mac = 0;
	p->has_tag = 0;
	p->has_network = 0;
	p->is_cut = 0;

	start = packet_find(skb, &network);
	if (start == OFFSET_UNSET)
		return;
	data = (u32)(skb->data - skb->head);
	linear_end = data + (skb->len - skb->data_len);
	if (linear_end <= start)
		return;
	want = linear_end - start;
	p->wire_len = data + skb->len - start;
	from = skb->head + start;
	p->start = start;

	if (start != network && want > 2 * ETH_ALEN && skb_has_vlan_tag(skb)) {
		/* put the tag back where it was on the wire, between the addresses and the type */
		shift = 2 * ETH_ALEN + VLAN_HLEN;
		if (bpf_probe_read_kernel(p->data, 2 * ETH_ALEN, from))
			return;
		*(u16 *)(p->data + 12) = skb->vlan_proto;
		*(u16 *)(p->data + 14) = bpf_htons(skb->vlan_tci);
		p->wire_len += VLAN_HLEN;
		from += 2 * ETH_ALEN;
		want -= 2 * ETH_ALEN;
		asm volatile("" : "+r"(want)); /* compared as it is used */
		if (want > SKBT_HEAD_BYTES - 16)
			want = SKBT_HEAD_BYTES - 16;
		if (bpf_probe_read_kernel(p->data + 16, want, from))
			return;
	} else {
		asm volatile("" : "+r"(want));
		if (want > SKBT_HEAD_BYTES)
			want = SKBT_HEAD_BYTES;
		if (bpf_probe_read_kernel(p->data, want, from))
			return;
	}
	p->avail = want + shift;
	p->has_network = 1;
	p->has_mac = start != network;
	p->has_tag = shift != 0;
	p->network = network - start + (shift ? VLAN_HLEN : 0);
	p->protocol = bpf_ntohs(skb->protocol);
}

/* Writes the length that IP is about to write, as __ip_local_out and __ip6_local_out do. */
static __always_inline void packet_set_length(struct skbt_packet *p)
{
	u32 network = p->network, len;
	u8 version;

	if (!p->has_network || network > SKBT_HEAD_BYTES || p->wire_len < network)
		return;
	asm volatile("" : "+r"(network));
	if (network > SKBT_HEAD_BYTES || network + 20 > p->avail)
		return;
	len = p->wire_len - network;
	version = p->data[network] >> 4;
	if (version == 4)
		*(u16 *)(p->data + network + 2) = bpf_htons(len > 0xffff ? 0 : len);
	else if (version == 6)
		*(u16 *)(p->data + network + 4) = bpf_htons(len - 40 > 0xffff ? 0 : len - 40);
}

#endif
