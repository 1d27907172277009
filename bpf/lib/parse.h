/* SPDX-License-Identifier: GPL-2.0-only */
/* From the packet's first bytes to the sections of a record. Every offset is checked against what
 * was read. */
#ifndef SKBT_PARSE_H
#define SKBT_PARSE_H

#include "packet.h"

#define IPPROTO_HOPOPTS 0
#define IPPROTO_ICMP 1
#define IPPROTO_TCP 6
#define IPPROTO_UDP 17
#define IPPROTO_ROUTING 43
#define IPPROTO_FRAGMENT 44
#define IPPROTO_AH 51
#define IPPROTO_ICMPV6 58
#define IPPROTO_DSTOPTS 60
#define IPPROTO_SCTP 132
#define IPPROTO_MH 135

#define IPV6_EXTENSIONS_MAX 6 /* headers walked; more: the upper layer stays unknown */
#define IP_OFFSET_MASK 0x1fff

static __always_inline u16 be16_at(const u8 *p)
{
	return (u16)(p[0] << 8 | p[1]);
}

static __always_inline u32 be32_at(const u8 *p)
{
	return (u32)p[0] << 24 | (u32)p[1] << 16 | (u32)p[2] << 8 | p[3];
}

static __always_inline void parse_eth(const struct skbt_packet *p, struct skbt_eth *eth)
{
	const u8 *h = packet_at(p, 0, ETH_HLEN + 2 * VLAN_HLEN);

	if (!p->has_mac || !h)
		return;
	__builtin_memcpy(eth->dst, h, 6);
	__builtin_memcpy(eth->src, h + 6, 6);
	eth->type = be16_at(h + 12);
	if (is_vlan(eth->type))
		eth->vlan_tci = be16_at(h + 14);
}

/* The network header's offset with tags inside the data passed over, and its EtherType. */
static __always_inline u32 parse_network(const struct skbt_packet *p, u16 *protocol)
{
	u32 offset = p->network;
	const u8 *h;

	*protocol = p->protocol;
	if (p->has_mac && offset >= ETH_HLEN) {
		/* what precedes the network header is the type that it really has */
		h = packet_at(p, offset - 2, 2);
		if (h)
			*protocol = be16_at(h);
	}
#pragma unroll
	for (int i = 0; i < 2; i++) {
		if (!is_vlan(*protocol))
			break;
		h = packet_at(p, offset, VLAN_HLEN);
		if (!h)
			break;
		*protocol = be16_at(h + 2);
		offset += VLAN_HLEN;
	}
	return offset;
}

static __always_inline void parse_l4(const struct skbt_packet *p, u32 offset, u8 protocol,
				     struct skbt_l4 *l4)
{
	const u8 *h;

	switch (protocol) {
	case IPPROTO_TCP:
		l4->kind = SKBT_L4_TCP;
		h = packet_at(p, offset, 20);
		if (!h)
			return;
		l4->sport = be16_at(h);
		l4->dport = be16_at(h + 2);
		l4->tcp_seq = be32_at(h + 4);
		l4->tcp_ack = be32_at(h + 8);
		l4->tcp_flags = h[13];
		l4->tcp_window = be16_at(h + 14);
		return;
	case IPPROTO_UDP:
	case IPPROTO_SCTP:
		l4->kind = protocol == IPPROTO_UDP ? SKBT_L4_UDP : SKBT_L4_SCTP;
		h = packet_at(p, offset, 8);
		if (!h)
			return;
		l4->sport = be16_at(h);
		l4->dport = be16_at(h + 2);
		return;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		l4->kind = protocol == IPPROTO_ICMP ? SKBT_L4_ICMP : SKBT_L4_ICMP6;
		h = packet_at(p, offset, 8);
		if (!h)
			return;
		l4->icmp_type = h[0];
		l4->icmp_code = h[1];
		/* only echo, of either version, has an id and a sequence number there */
		if (protocol == IPPROTO_ICMP ? (h[0] == 0 || h[0] == 8)
					     : (h[0] == 128 || h[0] == 129)) {
			l4->icmp_id = be16_at(h + 4);
			l4->icmp_seq = be16_at(h + 6);
		}
		return;
	}
}

static __always_inline void parse_ipv4(const struct skbt_packet *p, u32 offset,
				       struct skbt_sections *now)
{
	const u8 *h = packet_at(p, offset, 20);
	u32 header;

	if (!h || h[0] >> 4 != 4)
		return;
	header = (h[0] & 0xf) * 4;
	now->ip.version = 4;
	now->ip.tos = h[1];
	now->ip.length = be16_at(h + 2);
	now->ip.id = be16_at(h + 4);
	now->ip.frag = be16_at(h + 6);
	now->ip.ttl = h[8];
	now->ip.protocol = h[9];
	__builtin_memcpy(now->ip.saddr, h + 12, 4);
	__builtin_memcpy(now->ip.daddr, h + 16, 4);
	if (header < 20 || now->ip.frag & IP_OFFSET_MASK)
		return;
	parse_l4(p, offset + header, now->ip.protocol, &now->l4);
}

static __always_inline void parse_ipv6(const struct skbt_packet *p, u32 offset,
				       struct skbt_sections *now)
{
	const u8 *h = packet_at(p, offset, 40);
	u8 next;

	if (!h || h[0] >> 4 != 6)
		return;
	now->ip.version = 6;
	now->ip.tos = (u8)(h[0] << 4 | h[1] >> 4);
	now->ip.length = be16_at(h + 4) + 40;
	now->ip.ttl = h[7];
	__builtin_memcpy(now->ip.saddr, h + 8, 16);
	__builtin_memcpy(now->ip.daddr, h + 24, 16);
	next = h[6];
	offset += 40;
#pragma unroll
	for (int i = 0; i < IPV6_EXTENSIONS_MAX; i++) {
		if (next != IPPROTO_HOPOPTS && next != IPPROTO_ROUTING &&
		    next != IPPROTO_FRAGMENT && next != IPPROTO_AH && next != IPPROTO_DSTOPTS &&
		    next != IPPROTO_MH)
			break;
		h = packet_at(p, offset, 8);
		if (!h)
			break;
		if (next == IPPROTO_FRAGMENT) {
			now->ip.frag = be16_at(h + 2);
			now->ip.id = be16_at(h + 6);
			offset += 8;
			if (now->ip.frag & 0xfff8) {
				now->ip.protocol = h[0];
				return;
			}
		} else if (next == IPPROTO_AH) {
			offset += (h[1] + 2) * 4;
		} else {
			offset += (h[1] + 1) * 8;
		}
		next = h[0];
	}
	now->ip.protocol = next;
	parse_l4(p, offset, next, &now->l4);
}

static __always_inline void parse_arp(const struct skbt_packet *p, u32 offset,
				      struct skbt_sections *now)
{
	const u8 *h = packet_at(p, offset, 28);

	/* Ethernet and IPv4 only */
	if (!h || h[4] != 6 || h[5] != 4)
		return;
	now->l4.kind = SKBT_L4_ARP;
	now->l4.arp_op = be16_at(h + 6);
	__builtin_memcpy(now->ip.saddr, h + 14, 4);
	__builtin_memcpy(now->ip.daddr, h + 24, 4);
}

/*
 * Fills the eth, ip and l4 sections, which are zero before. A global function: the verifier looks
 * at its many paths once, and not at every place where they could lead on (seconds, under
 * emulation).
 */
__noinline int skbt_parse(const struct skbt_packet *p, struct skbt_sections *now)
{
	u16 protocol;
	u32 offset;

	if (!p || !now || !p->has_network)
		return 0;
	parse_eth(p, &now->eth);
	offset = parse_network(p, &protocol);
	/* skb->protocol is set late on the way out: until then the version tells */
	if (protocol == 0 && p->has_network) {
		const u8 *h = packet_at(p, offset, 1);

		if (h)
			protocol = h[0] >> 4 == 4 ? ETH_P_IP : h[0] >> 4 == 6 ? ETH_P_IPV6 : 0;
	}
	if (protocol == ETH_P_IP)
		parse_ipv4(p, offset, now);
	else if (protocol == ETH_P_IPV6)
		parse_ipv6(p, offset, now);
	else if (protocol == ETH_P_ARP)
		parse_arp(p, offset, now);
	return 0;
}

#endif
