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

/* They lie as heads_read() reads them. */
#define HAS_HEADS                                                                                  \
	(SKB_OFFSET(network_header) == SKB_OFFSET(protocol) + 4 &&                                 \
	 SKB_OFFSET(mac_header) == SKB_OFFSET(protocol) + 6)

/* Where the headers are: protocol (network order), transport, network and MAC header, 16 bits each;
 * and skb->head. */
static __always_inline bool heads_read(u64 skb, u64 *heads, u64 *head)
{
	if (config.direct) {
		*heads = peek(skb + SKB_OFFSET(protocol));
		*head = peek(skb + SKB_OFFSET(head));
		return true;
	}
	return !bpf_probe_read_kernel(heads, 8, (const void *)(skb + SKB_OFFSET(protocol))) &&
	       !bpf_probe_read_kernel(head, 8, (const void *)(skb + SKB_OFFSET(head)));
}

static __always_inline bool is_among(const u64 *set, u32 value)
{
	return set[value >> 6 & 3] >> (value & 63) & 1;
}

/* Source and destination as they are in memory. */
static __always_inline bool ports_rejected(u64 address)
{
	u32 ports = 0;
	u16 source, destination;

	if (config.direct)
		ports = (u32)peek(address);
	else if (bpf_probe_read_kernel(&ports, sizeof(ports), (const void *)address))
		return false;
	source = (u16)ports;
	destination = ports >> 16;
#pragma unroll
	for (u32 i = 0; i < SKBT_PREFILTER_PORTS; i++) {
		u16 port = skbt_prefilter.port[i];

		if (source == port || destination == port)
			return false;
	}
	return true;
}

/* The skb, which is not followed, certainly does not match the expression. */
static __always_inline bool prefilter_rejects(u64 skb)
{
	u64 words[2], heads = 0, at = 0;
	u32 type, network, protocol;

	if (!skbt_prefilter.use || !HAS_HEADS || !heads_read(skb, &heads, &at))
		return false;
	type = heads & 0xffff;
	network = heads >> 32 & 0xffff;
	/* as packet_find() has it: nothing is known, which matches no expression */
	if (network == 0 || network == OFFSET_UNSET)
		return heads >> 48 == OFFSET_UNSET || type == 0;
	if (type != bpf_htons(ETH_P_IP) && type != bpf_htons(ETH_P_IPV6) && type)
		return false;
	at += network;
	if (config.direct) {
		words[0] = peek(at);
		words[1] = peek(at + 8);
	} else if (bpf_probe_read_kernel(words, sizeof(words), (const void *)at)) {
		return false;
	}
	switch (words[0] >> 4 & 0xf) {
	case 4:
		protocol = words[1] >> 8 & 0xff;
		if (!is_among(skbt_prefilter.v4, protocol))
			return true;
		at += (words[0] & 0xf) * 4;
		break;
	case 6:
		protocol = words[0] >> 48 & 0xff;
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

#endif
