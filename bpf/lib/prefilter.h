/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Most packets of a host are none of the capture's business, and a hundred functions see each of
 * them. What can be told from the IP protocol and the ports is told here, by the program on the
 * probe itself, in three or four loads: no copy of the skb, no tail call. native/src/prefilter.cc
 * derives from the pcap expression what certainly does not match; what may match goes on to the
 * filter (filter.h), which decides.
 */
#ifndef SKBT_PREFILTER_H
#define SKBT_PREFILTER_H

#include "config.h"
#include "parse.h"
#include "raw.h"

/* In a section of its own: written anew with the settings. */
struct skbt_prefilter skbt_prefilter SEC(".data.prefilter");

static __always_inline bool is_among(const u64 *set, u32 value)
{
	return set[value >> 6 & 3] >> (value & 63) & 1;
}

/* Source and destination as they are in memory. */
static __always_inline bool ports_rejected(u64 address)
{
	const u32 ports = (u32)peek_or_read(address);
	const u16 source = (u16)ports, destination = ports >> 16;

#pragma unroll
	for (u32 i = 0; i < SKBT_PREFILTER_PORTS; i++) {
		u16 port = skbt_prefilter.port[i];

		if (source == port || destination == port)
			return false;
	}
	return true;
}

/* The same of its IP header, whose first 16 bytes these are. */
static __always_inline bool header_rejected(u64 at, u64 first, u64 second)
{
	u32 protocol;

	switch (first >> 4 & 0xf) {
	case 4:
		protocol = second >> 8 & 0xff;
		if (!is_among(skbt_prefilter.v4, protocol))
			return true;
		at += (first & 0xf) * 4;
		break;
	case 6:
		protocol = first >> 48 & 0xff;
		if (!is_among(skbt_prefilter.v6, protocol))
			return true;
		at += 40;
		break;
	default:
		return false;
	}
	return skbt_prefilter.ports && (protocol == IPPROTO_TCP || protocol == IPPROTO_UDP) &&
	       ports_rejected(at);
}

/* As packet_find() has it: nothing is known of the packet yet. */
static __always_inline bool is_unknown(u32 network)
{
	return network == 0 || network == OFFSET_UNSET;
}

static __always_inline bool may_be_ip(u16 protocol)
{
	return protocol == bpf_htons(ETH_P_IP) || protocol == bpf_htons(ETH_P_IPV6) || !protocol;
}

/* Of the skb, whose fields are loaded where they lie. A cast is as dear as a load: one for each
 * struct. */
static __always_inline bool fields_rejected(const struct sk_buff *skb)
{
	const u32 network = skb->network_header;
	const u16 protocol = skb->protocol;
	const struct timespec64 *header; /* two words */
	u64 at;

	if (is_unknown(network)) /* which matches no expression */
		return skb->mac_header == OFFSET_UNSET || protocol == 0;
	if (!may_be_ip(protocol))
		return false;
	at = (u64)skb->head + network;
	if (SKBT_DIRECT) {
		header = skbt_cast((const void *)at, bpf_core_type_id_kernel(struct timespec64));
		return header_rejected(at, header->tv_sec, header->tv_nsec);
	} else {
		u64 words[2];

		return !bpf_probe_read_kernel(words, sizeof(words), (const void *)at) &&
		       header_rejected(at, words[0], words[1]);
	}
}

/* Words of the sk_buff in which its heads are, read at once. */
#define HEADS_BEGIN (SKB_OFFSET(protocol) & ~7u)
#define HEADS_WORDS 4
#define IS_IN_HEADS(field, size)                                                                   \
	(SKB_OFFSET(field) >= HEADS_BEGIN &&                                                       \
	 SKB_OFFSET(field) + (size) <= HEADS_BEGIN + HEADS_WORDS * 8)
#define HAS_HEADS                                                                                  \
	(IS_IN_HEADS(protocol, 2) && IS_IN_HEADS(network_header, 2) &&                             \
	 IS_IN_HEADS(mac_header, 2) && IS_IN_HEADS(head, 8))
#define HEADS_FIELD(type, field) (*(const type *)heads_at(words, SKB_OFFSET(field) - HEADS_BEGIN))

static __always_inline const void *heads_at(const u64 *words, u64 offset)
{
	/* else the compiler ors it to a pointer that it knows to be aligned, and the verifier
	 * refuses that */
	asm volatile("" : "+r"(offset));
	return (const u8 *)words + offset;
}

static __always_inline bool prefilter_rejects_copied(u64 skb)
{
	u64 words[HEADS_WORDS]; /* all that a hop's stack has room for */
	u64 at;

	if (!HAS_HEADS ||
	    bpf_probe_read_kernel(words, sizeof(words), (const void *)(skb + HEADS_BEGIN)))
		return false;
	if (is_unknown(HEADS_FIELD(u16, network_header)))
		return HEADS_FIELD(u16, mac_header) == OFFSET_UNSET ||
		       HEADS_FIELD(u16, protocol) == 0;
	if (!may_be_ip(HEADS_FIELD(u16, protocol)))
		return false;
	at = HEADS_FIELD(u64, head) + HEADS_FIELD(u16, network_header);
	if (bpf_probe_read_kernel(words, 16, (const void *)at))
		return false;
	return header_rejected(at, words[0], words[1]);
}

/* The skb, which is not followed, certainly does not match the expression. */
static __always_inline bool prefilter_rejects(u64 skb)
{
	if (!skbt_prefilter.use)
		return false;
	return SKBT_DIRECT ? fields_rejected(skbt_cast((const void *)skb,
						       bpf_core_type_id_kernel(struct sk_buff)))
			   : prefilter_rejects_copied(skb);
}

/* The same of one that is typed. */
static __always_inline bool prefilter_rejects_typed(const struct sk_buff *skb)
{
	return skbt_prefilter.use && fields_rejected(skb);
}

#endif
