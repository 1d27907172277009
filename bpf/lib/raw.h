/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Has anything changed since the packet's last record? Between most functions nothing has, and then
 * a record is a few words long. Compared is what records are made of: those fields of the sk_buff
 * and of its shared info (struct skbt_raw), and the packet's first bytes.
 */
#ifndef SKBT_RAW_H
#define SKBT_RAW_H

#include "config.h"
#include "direct.h"
#include "maps.h"
#include "packet.h"

/* Written out: the compiler does not unroll it, and the verifier then sees no constants. */
#define EACH_4(f, i) f((i)) f((i) + 1) f((i) + 2) f((i) + 3)
#define EACH_HEAD_WORD(f) EACH_4(f, 0) EACH_4(f, 4) EACH_4(f, 8) EACH_4(f, 12)

/* Fields by what they tell of. */
#define EACH_DEVICE_FIELD(f) f(dev) f(sk) f(skb_iif)
#define EACH_PLACE_FIELD(f)                                                                        \
	f(head) f(data) f(end) f(len) f(data_len) f(protocol) f(network_header) f(mac_header)      \
		f(vlan_proto) f(vlan_tci)
#define EACH_ROUTE_FIELD(f) f(_skb_refdst)
#define EACH_REST_FIELD(f) f(_nfct) f(queue_mapping) f(csum) f(priority) f(hash) f(mark) f(truesize)
#define EACH_FIELD(f)                                                                              \
	EACH_DEVICE_FIELD(f) EACH_PLACE_FIELD(f) EACH_ROUTE_FIELD(f) EACH_REST_FIELD(f)
#define EACH_SHARED_FIELD(f) f(nr_frags) f(gso_size) f(gso_segs) f(gso_type)

/* The byte that a bit field is in. */
#define BYTE_OF(skb, field) (*((const u8 *)(skb) + __CORE_RELO(skb, field, BYTE_OFFSET)))
#define EACH_BYTE(f) f(cloned, 0) f(pkt_type, 8) f(ip_summed, 16) f(csum_level, 24)

/* The skb that the record is about: a number, as it comes out of a map, and not a typed pointer. */
static __always_inline u64 raw_skb(const struct skbt_scratch *s)
{
	return ((const struct skbt_hop *)s->record)->skb;
}

static __always_inline const struct skb_shared_info *raw_shared(const struct sk_buff *skb)
{
	return (const struct skb_shared_info *)(skb->head + skb->end);
}

static __always_inline u32 raw_bytes(const struct sk_buff *skb)
{
	u32 bytes = 0;

#define RAW_BYTE(field, shift) bytes |= (u32)BYTE_OF(skb, field) << (shift);
	EACH_BYTE(RAW_BYTE)
	return bytes;
}

/* nohdr and fclone are in the byte of cloned where these are the same. */
static __always_inline u32 raw_more_bytes(const struct sk_buff *skb)
{
	u32 bytes = 0;

	if (__CORE_RELO(skb, nohdr, BYTE_OFFSET) != __CORE_RELO(skb, cloned, BYTE_OFFSET))
		bytes |= BYTE_OF(skb, nohdr);
	if (__CORE_RELO(skb, fclone, BYTE_OFFSET) != __CORE_RELO(skb, cloned, BYTE_OFFSET))
		bytes |= (u32)BYTE_OF(skb, fclone) << 8;
	if (bpf_core_field_exists(((const struct sk_buff___vlan_present *)skb)->vlan_present))
		bytes |= (u32)skb_has_vlan_tag(skb) << 16;
	return bytes;
}

/* Else the compiler loads all first, and has too little stack for it. */
#define KEEP_ORDER(value) asm volatile("" : "+r"(value));

/* The packet's first bytes are, from `at` on, as they were. */
static __always_inline bool head_is_same(const struct skbt_track *t, u64 at)
{
	u32 words = t->raw.head_words;
	u64 difference = 0;

#define RAW_COMPARE_HEAD(i)                                                                        \
	if (words <= i)                                                                            \
		return difference == 0;                                                            \
	difference |= peek_or_read(at + (i)*8) ^ t->raw.first[i];                                  \
	KEEP_ORDER(difference)

	EACH_HEAD_WORD(RAW_COMPARE_HEAD)
	return difference == 0;
}

/* The packet, whose data has moved, is the same on the wire: its headers begin where they did, and
 * it ends there. */
static __always_inline bool place_is_same(const struct sk_buff *skb, const struct skbt_track *t)
{
	u32 data = (u32)(skb->data - skb->head), network = 0, start;

	if (t->raw.is_cut || t->raw.has_tag || skb_has_vlan_tag(skb))
		return false;
	start = packet_find(skb, &network);
	return start == t->raw.start && network - start == t->raw.network &&
	       bpf_ntohs(skb->protocol) == t->raw.l3 &&
	       data + skb->len - start == t->raw.wire_len &&
	       data + skb->len - skb->data_len >= start + t->raw.used;
}

/* What of the shared info differs. */
static __always_inline u64 shared_changes(const struct sk_buff *skb, const struct skbt_track *t)
{
	const struct skb_shared_info *shared = raw_shared(skb);
	u64 difference = 0;

#define RAW_COMPARE_SHARED(field)                                                                  \
	difference |= (u64)KERNEL_FIELD(skb_shared_info, shared, field) ^ (u64)t->raw.field;       \
	KEEP_ORDER(difference)
	EACH_SHARED_FIELD(RAW_COMPARE_SHARED)
	return difference | (peek_or_read((u64)&shared->frag_list) ^ t->raw.frag_list);
}

/*
 * Copies the skb. What of the packet differs from its last record: enum skbt_changed. A global
 * function: the verifier looks at it once, and not at each place where it could lead on.
 */
__noinline int skbt_changes(struct skbt_scratch *s, struct skbt_track *t)
{
	u64 device = 0, place = 0, route = 0, rest = 0;
	const struct sk_buff *skb;
	u32 changed = 0;

	if (!s || !t)
		return SKBT_CHANGED_ALL;
	skb = skb_copy_in(s, (const void *)raw_skb(s));
	if (!skb || !t->raw.head_words)
		return SKBT_CHANGED_ALL;
#define RAW_DIFFERENCE(field) ((u64)skb->field ^ (u64)t->raw.field)
#define RAW_DEVICE(field)                                                                          \
	device |= RAW_DIFFERENCE(field);                                                           \
	KEEP_ORDER(device)
#define RAW_PLACE(field)                                                                           \
	place |= RAW_DIFFERENCE(field);                                                            \
	KEEP_ORDER(place)
#define RAW_ROUTE(field)                                                                           \
	route |= RAW_DIFFERENCE(field);                                                            \
	KEEP_ORDER(route)
#define RAW_REST(field)                                                                            \
	rest |= RAW_DIFFERENCE(field);                                                             \
	KEEP_ORDER(rest)
	EACH_DEVICE_FIELD(RAW_DEVICE)
	EACH_PLACE_FIELD(RAW_PLACE)
	EACH_ROUTE_FIELD(RAW_ROUTE)
	EACH_REST_FIELD(RAW_REST)
	rest |= raw_bytes(skb) ^ t->raw.bytes;
	rest |= raw_more_bytes(skb) ^ t->raw.more_bytes;
	rest |= shared_changes(skb, t);
	if (device)
		changed |= SKBT_CHANGED_DEVICE;
	if (route)
		changed |= SKBT_CHANGED_ROUTE;
	if (rest)
		changed |= SKBT_CHANGED_REST;
	if (place) {
		if (!place_is_same(skb, t))
			return SKBT_CHANGED_ALL;
		changed |= SKBT_CHANGED_PLACE;
	}
	if (!head_is_same(t, (u64)skb->head + t->raw.start))
		return SKBT_CHANGED_ALL;
	return (int)changed;
}

/* Keeps the fields that the record which is being made is made of. */
static __always_inline void raw_take(const struct sk_buff *skb, struct skbt_track *t)
{
	const struct skb_shared_info *shared = raw_shared(skb);

#define RAW_TAKE(field) t->raw.field = (typeof(t->raw.field))(u64)skb->field;
#define RAW_TAKE_SHARED(field)                                                                     \
	t->raw.field = (typeof(t->raw.field))(u64)KERNEL_FIELD(skb_shared_info, shared, field);
	EACH_FIELD(RAW_TAKE)
	EACH_SHARED_FIELD(RAW_TAKE_SHARED)
	t->raw.frag_list = peek_or_read((u64)&shared->frag_list);
	t->raw.bytes = raw_bytes(skb);
	t->raw.more_bytes = raw_more_bytes(skb);
}

/* The same, and as many of the first bytes as were looked at; too many of these, or none: they
 * differ next time. */
__noinline int skbt_raw_keep(struct skbt_scratch *s, struct skbt_track *t)
{
	const struct skbt_packet *p;
	u32 used, words;
	u64 at;

	if (!s || !t)
		return 0;
	p = &s->packet;
	raw_take((const struct sk_buff *)s->skb, t);
	used = p->used;
	if (!config.keep && used < config.filter_reach)
		used = config.filter_reach;
	words = (used + 7) / 8;
	if (!p->has_network || words > SKBT_RAW_HEAD_WORDS)
		words = 0;
	t->raw.start = p->start;
	t->raw.head_words = words;
	t->raw.used = used;
	t->raw.network = p->network;
	t->raw.l3 = p->protocol;
	t->raw.wire_len = p->wire_len;
	t->raw.is_cut = p->is_cut;
	t->raw.has_tag = p->has_tag;
	at = t->raw.head + p->start;
#define RAW_KEEP_HEAD(i)                                                                           \
	if (words <= i)                                                                            \
		return 0;                                                                          \
	t->raw.first[i] = peek_or_read(at + (i)*8);

	EACH_HEAD_WORD(RAW_KEEP_HEAD)
	return 0;
}

#endif
