/* SPDX-License-Identifier: GPL-2.0-only */
/* From the packet's first bytes to the sections of a record. Every offset is checked against what
 * was read. */
#ifndef SKBT_PARSE_H
#define SKBT_PARSE_H

#include "packet.h"

#define IPPROTO_HOPOPTS 0
#define IPPROTO_ICMP 1
#define IPPROTO_IPIP 4
#define IPPROTO_TCP 6
#define IPPROTO_UDP 17
#define IPPROTO_IPV6 41
#define IPPROTO_ROUTING 43
#define IPPROTO_FRAGMENT 44
#define IPPROTO_GRE 47
#define IPPROTO_AH 51
#define IPPROTO_ICMPV6 58
#define IPPROTO_DSTOPTS 60
#define IPPROTO_SCTP 132
#define IPPROTO_MH 135

#define PORT_VXLAN 4789
#define PORT_VXLAN_OLD 8472 /* Linux's default before there was an assigned one */
#define PORT_GENEVE 6081

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
	const u8 *h = packet_at(p, 0, ETH_HLEN);
	u32 at = 2 * ETH_ALEN;

	if (!p->has_mac || !h)
		return;
	__builtin_memcpy(eth->dst, h, 6);
	__builtin_memcpy(eth->src, h + 6, 6);
	if (p->has_tag) /* which the skb's own fields tell */
		at += VLAN_HLEN;
	h = packet_at(p, at, 2);
	if (!h)
		return;
	eth->type = be16_at(h);
	if (!is_vlan(eth->type))
		return;
	at += 2;
	h = packet_at(p, at, VLAN_HLEN);
	if (!h)
		return;
	eth->vlan_tci = be16_at(h);
	if (!is_vlan(be16_at(h + 2)))
		return;
	at += VLAN_HLEN;
	h = packet_at(p, at, VLAN_HLEN);
	if (h)
		eth->inner_vlan_tci = be16_at(h);
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

static __always_inline void parse_l4(struct skbt_packet *p, u32 offset, u8 protocol,
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
		offset += (h[12] >> 4) * 4;
		p->payload = p->wire_len > offset ? p->wire_len - offset : 0;
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

/* Both return the offset behind the IP header, 0 when nothing is to be found there: it is no first
 * fragment, or the header is not whole. */
static __always_inline u32 parse_ipv4(struct skbt_packet *p, u32 offset, struct skbt_ip *ip,
				      struct skbt_l4 *l4)
{
	const u8 *h = packet_at(p, offset, 20);
	u32 header;

	if (!h || h[0] >> 4 != 4)
		return 0;
	header = (h[0] & 0xf) * 4;
	ip->version = 4;
	ip->tos = h[1];
	ip->length = be16_at(h + 2);
	ip->id = be16_at(h + 4);
	ip->frag = be16_at(h + 6);
	ip->ttl = h[8];
	ip->protocol = h[9];
	__builtin_memcpy(ip->saddr, h + 12, 4);
	__builtin_memcpy(ip->daddr, h + 16, 4);
	if (header < 20 || ip->frag & IP_OFFSET_MASK)
		return 0;
	parse_l4(p, offset + header, ip->protocol, l4);
	return offset + header;
}

static __always_inline u32 parse_ipv6(struct skbt_packet *p, u32 offset, struct skbt_ip *ip,
				      struct skbt_l4 *l4)
{
	const u8 *h = packet_at(p, offset, 40);
	u8 next;

	if (!h || h[0] >> 4 != 6)
		return 0;
	ip->version = 6;
	ip->tos = (u8)(h[0] << 4 | h[1] >> 4);
	ip->length = be16_at(h + 4) + 40;
	ip->ttl = h[7];
	__builtin_memcpy(ip->saddr, h + 8, 16);
	__builtin_memcpy(ip->daddr, h + 24, 16);
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
			ip->frag = be16_at(h + 2);
			ip->id = be16_at(h + 6);
			offset += 8;
			if (ip->frag & 0xfff8) {
				ip->protocol = h[0];
				return 0;
			}
		} else if (next == IPPROTO_AH) {
			offset += (h[1] + 2) * 4;
		} else {
			offset += (h[1] + 1) * 8;
		}
		next = h[0];
	}
	ip->protocol = next;
	parse_l4(p, offset, next, l4);
	return offset;
}

/* The IP header at `where` (offset << 16 | EtherType) and what follows it; the offset behind it, or
 * 0. A global function: the verifier looks at its many paths once. */
__noinline int skbt_parse_ip(struct skbt_packet *p, u32 where, struct skbt_ip *ip,
			     struct skbt_l4 *l4)
{
	if (!p || !ip || !l4)
		return 0;
	if ((u16)where == ETH_P_IP)
		return (int)parse_ipv4(p, where >> 16, ip, l4);
	if ((u16)where == ETH_P_IPV6)
		return (int)parse_ipv6(p, where >> 16, ip, l4);
	return 0;
}

static __always_inline u16 ethertype_of(u8 protocol)
{
	return protocol == IPPROTO_IPIP ? ETH_P_IP : protocol == IPPROTO_IPV6 ? ETH_P_IPV6 : 0;
}

/* VXLAN (RFC 7348) and GENEVE (RFC 8926), behind the UDP header at `offset`; where the inner packet
 * is, as for skbt_parse_ip(), 0 when there is none. */
static __always_inline u32 parse_udp_tunnel(const struct skbt_packet *p, u32 offset, u16 port,
					    struct skbt_inner *inner)
{
	const u8 *h = packet_at(p, offset + 8, 8);
	u32 at = offset + 16;
	u16 type = ETH_P_TEB;

	if (!h)
		return 0;
	if (port == PORT_GENEVE) {
		if (h[0] >> 6)
			return 0;
		inner->tunnel = SKBT_TUNNEL_GENEVE;
		at += (h[0] & 0x3f) * 4;
		type = be16_at(h + 2);
	} else {
		if (!(h[0] & 0x08)) /* no VNI: some other use of the port */
			return 0;
		inner->tunnel = SKBT_TUNNEL_VXLAN;
	}
	inner->vni = be32_at(h + 4) >> 8;
	if (type != ETH_P_TEB)
		return at << 16 | type;
	h = packet_at(p, at, ETH_HLEN);
	return h ? (at + ETH_HLEN) << 16 | be16_at(h + 12) : 0;
}

/* GRE (RFC 2784, 2890) at `offset`. */
static __always_inline u32 parse_gre(const struct skbt_packet *p, u32 offset,
				     struct skbt_inner *inner)
{
	const u8 *h = packet_at(p, offset, 12);
	u32 at = offset + 4;
	u16 type;

	if (!h || h[1] & 0x07) /* version 1 is PPTP's */
		return 0;
	type = be16_at(h + 2);
	inner->tunnel = SKBT_TUNNEL_GRE;
	if (h[0] & 0x80) /* checksum */
		at += 4;
	if (h[0] & 0x20) { /* key */
		inner->vni = h[0] & 0x80 ? be32_at(h + 8) : be32_at(h + 4);
		at += 4;
	}
	if (h[0] & 0x10) /* sequence number */
		at += 4;
	if (type != ETH_P_TEB)
		return at << 16 | type;
	h = packet_at(p, at, ETH_HLEN);
	return h ? (at + ETH_HLEN) << 16 | be16_at(h + 12) : 0;
}

/* What a tunnel's packet carries; `offset` is behind the outer IP header. */
__noinline int skbt_parse_inner(struct skbt_packet *p, u32 offset, struct skbt_sections *now)
{
	u32 where = 0;

	if (!p || !now || !offset)
		return 0;
	if (now->ip.protocol == IPPROTO_UDP) {
		u16 port = now->l4.dport;

		if (port == PORT_VXLAN || port == PORT_VXLAN_OLD || port == PORT_GENEVE)
			where = parse_udp_tunnel(p, offset, port, &now->inner);
	} else if (now->ip.protocol == IPPROTO_GRE) {
		where = parse_gre(p, offset, &now->inner);
	} else if (ethertype_of(now->ip.protocol)) {
		now->inner.tunnel = SKBT_TUNNEL_IPIP;
		where = offset << 16 | ethertype_of(now->ip.protocol);
	}
	if (where)
		skbt_parse_ip(p, where, &now->inner.ip, &now->inner.l4);
	if (now->inner.ip.version)
		p->inner = where >> 16;
	return 0;
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
__noinline int skbt_parse(struct skbt_packet *p, struct skbt_sections *now)
{
	u16 protocol;
	u32 offset;

	if (!p || !now || !p->has_network)
		return 0;
	parse_eth(p, &now->eth);
	offset = parse_network(p, &protocol);
	/* skb->protocol is set late on the way out, and late again when a tunnel puts IPv4 before
	 * IPv6 or the other way round: the version tells */
	if (protocol == 0 || protocol == ETH_P_IP || protocol == ETH_P_IPV6) {
		const u8 *h = packet_at(p, offset, 1);

		if (h)
			protocol = h[0] >> 4 == 4 ? ETH_P_IP : h[0] >> 4 == 6 ? ETH_P_IPV6 : 0;
	}
	if (protocol == ETH_P_ARP)
		parse_arp(p, offset, now);
	else if (offset < 0xffff)
		skbt_parse_inner(
			p, (u32)skbt_parse_ip(p, offset << 16 | protocol, &now->ip, &now->l4), now);
	return 0;
}

#endif
