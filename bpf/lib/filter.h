/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Does an skb that is seen for the first time belong to the capture? Cheapest test first.
 *
 * The pcap expression is not known when this file is compiled. libpcap turns it into classic BPF,
 * native/src/filter translates that into eBPF and writes it over the body of the two slot functions
 * below just before the programs are loaded. A slot is `r0 = marker` and SKBT_FILTER_SLOT no-ops,
 * which are written over, or taken out.
 */
#ifndef SKBT_FILTER_H
#define SKBT_FILTER_H

#include "config.h"
#include "packet.h"

#define STRING_(x) #x
#define STRING(x) STRING_(x)

/*
 * Not 0: matches. A global function, so that the verifier looks at it once and not at every call;
 * `packet` may be NULL as far as it knows. In the slot r1 is the packet, and r0 the answer at its
 * end; r2 to r9 and 64 bytes of the stack are free.
 */
#define FILTER_SLOT(name, marker)                                                                  \
	__noinline int name(struct skbt_packet *packet)                                            \
	{                                                                                          \
		register struct skbt_packet *r1 asm("r1") = packet;                                \
		register int r0 asm("r0");                                                         \
                                                                                                   \
		asm volatile("r0 = " STRING(marker) "\n"                                           \
						    ".rept " STRING(SKBT_FILTER_SLOT) "\n"         \
										      "goto +0\n"  \
										      ".endr\n"    \
			     : "=r"(r0), "+r"(r1)                                                  \
			     :                                                                     \
			     : "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "memory");          \
		return r0;                                                                         \
	}

FILTER_SLOT(skbt_filter_l2, SKBT_FILTER_MARKER_L2)
FILTER_SLOT(skbt_filter_l3, SKBT_FILTER_MARKER_L3)
FILTER_SLOT(skbt_filter_inner, SKBT_FILTER_MARKER_INNER)

/* How many words that is whose bits are set, up to the last. Without a branch, which the verifier
 * would follow for each. */
static __always_inline u32 words_up_to(u32 bits)
{
	bits |= bits >> 1;
	bits |= bits >> 2;
	bits |= bits >> 4;
	bits |= bits >> 8;
	bits |= bits >> 16;
	bits -= bits >> 1 & 0x55555555;
	bits = (bits & 0x33333333) + (bits >> 2 & 0x33333333);
	bits = (bits + (bits >> 4)) & 0x0f0f0f0f;
	return (bits * 0x01010101) >> 24;
}

/* Without --keep the expression is asked again when one of the bytes differs that it has looked at:
 * of `part`, which begins at that offset of the packet. */
static __always_inline void filter_used(struct skbt_packet *p, u32 offset,
					const struct skbt_packet *part)
{
	u32 used;

	if (config.keep)
		return;
	used = offset + words_up_to(part->looked_at) * 8;
	if (used > p->avail)
		used = p->avail;
	if (p->used < used)
		p->used = used;
}

/* SKBT_FLAG_PID_* for what matched of --pid, 0 when nothing did. */
static __always_inline u8 filter_pid(const struct sk_buff *skb, u32 current_tgid)
{
	u64 sk = (u64)skb->sk;
	const struct skbt_owner *owner;
	u8 flags = 0;

	if (sk) {
		owner = bpf_map_lookup_elem(&owners, &sk);
		if (owner && owner->pid == config.pid)
			flags |= SKBT_FLAG_PID_OWNER;
	}
	if (current_tgid == config.pid)
		flags |= SKBT_FLAG_PID_CURRENT;
	return flags;
}

static __always_inline bool filter_ifname(const struct skbt_dev *dev)
{
#pragma unroll
	for (int i = 0; i < SKBT_IFNAME_LEN; i++) {
		if (dev->name[i] != config.ifname[i])
			return false;
		if (!dev->name[i])
			return true;
	}
	return true;
}

/* The expression on what a tunnel carries: its bytes are copied to where a packet begins. */
static __always_inline bool filter_inner(struct skbt_scratch *s)
{
	u32 offset = s->packet.inner, size;

	if (!offset || offset >= SKBT_HEAD_BYTES || s->packet.avail <= offset)
		return false;
	size = s->packet.avail - offset;
	/* used for nothing else, so that it stays where it is compared: of what was put aside, 6.1
	 * does not know the bound any more */
	asm volatile("" : "+r"(size));
	if (size > SKBT_HEAD_BYTES)
		return false;
	if (bpf_probe_read_kernel(s->inner.data, size, s->packet.data + offset))
		return false;
	s->inner.avail = s->packet.avail - offset;
	s->inner.wire_len = s->packet.wire_len - offset;
	s->inner.network = 0;
	s->inner.protocol = s->now.inner.ip.version == 4 ? ETH_P_IP : ETH_P_IPV6;
	s->inner.has_mac = 0;
	s->inner.has_network = 1;
	s->inner.looked_at = 0;
	if (!skbt_filter_inner(&s->inner))
		return false;
	filter_used(&s->packet, offset, &s->inner);
	return true;
}

/*
 * A flow has begun as many packets in this second as it may. What is sent here has its ports from
 * its socket, which knows them also of a fragment. A socket that is not connected is one flow for
 * each address that it sends to.
 */
static __always_inline bool filter_rate(const struct skbt_scratch *s, u32 netns, u64 now)
{
	struct skbt_flow_key key = {};
	struct skbt_flow_rate fresh = {}, *rate;
	const struct sk_buff *skb = (const struct sk_buff *)s->skb;
	const struct sock *sk = skb->sk;
	u64 second = now / 1000000000ull;

	__builtin_memcpy(key.saddr, s->now.ip.saddr, 16);
	__builtin_memcpy(key.daddr, s->now.ip.daddr, 16);
	if ((long)sk < 0 && !skb->skb_iif) {
		key.sport = BPF_CORE_READ(sk, __sk_common.skc_num);
		key.dport = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
	} else {
		key.sport = s->now.l4.sport;
		key.dport = s->now.l4.dport;
	}
	key.netns_protocol = netns ^ s->now.ip.protocol;
	rate = bpf_map_lookup_elem(&flow_rates, &key);
	if (!rate || rate->second != second) {
		fresh.second = second;
		fresh.packets = 1;
		bpf_map_update_elem(&flow_rates, &key, &fresh, BPF_ANY);
		return false;
	}
	return __sync_fetch_and_add(&rate->packets, 1) >= config.flow_rate;
}

static __always_inline bool filter_pcap(struct skbt_packet *packet)
{
	if (!packet->has_network)
		return false;
	packet->looked_at = 0;
	if (!(packet->has_mac ? skbt_filter_l2(packet) : skbt_filter_l3(packet)))
		return false;
	filter_used(packet, 0, packet);
	return true;
}

#endif
