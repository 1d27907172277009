/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Has anything changed since the packet's last record? Between most functions nothing has, and then
 * a record is a few words long. Compared is what records are made of: those fields of the sk_buff
 * and of its shared info (struct skbt_raw), and the packet's first bytes. First in words, which
 * also have other fields; where these differ, field by field.
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
#define EACH_WORD_FIELD(f) f(_nfct) f(queue_mapping) f(csum) f(priority) f(hash) f(mark)
#define EACH_REST_FIELD(f) EACH_WORD_FIELD(f) f(truesize)
#define EACH_FIELD(f)                                                                              \
	EACH_DEVICE_FIELD(f) EACH_PLACE_FIELD(f) EACH_ROUTE_FIELD(f) EACH_REST_FIELD(f)

#define SKB_OFFSET(field) __builtin_preserve_field_info(((struct sk_buff *)0)->field, 0)

/* The byte that a bit field is in. */
#define BYTE_OF(skb, field) (*((const u8 *)(skb) + __CORE_RELO(skb, field, BYTE_OFFSET)))
#define EACH_BYTE(f) f(cloned, 0) f(pkt_type, 8) f(ip_summed, 16) f(csum_level, 24)

/* Words of the sk_buff in which all of these are, but truesize: dev and sk, and those from
 * _skb_refdst on. Whether they are there is asked once: raw_is_usual(). */
#define WORDS_BEGIN 11
#define WORDS_END (WORDS_BEGIN + SKBT_WORDS)
/* In two of these are none: destructor, and napi_id with secmark, are there. */
#define IS_UNUSED_WORD(i) ((i) == 12 || (i) == 20)
#define IS_IN_WORDS(at)                                                                            \
	(((at) >= 16 && (at) < 32) ||                                                              \
	 ((at) >= WORDS_BEGIN * 8 && (at) < WORDS_END * 8 && !IS_UNUSED_WORD((at) / 8)))
/* What a function changes most often is among the first of these: the length. */
#define EACH_FIRST_WORD(f) f(11) f(13) f(14)
#define EACH_OTHER_WORD(f) EACH_4(f, 15) f(19) f(21) f(22) EACH_4(f, 23)

#define SHARED_OFFSET(field) __builtin_preserve_field_info(((struct skb_shared_info *)0)->field, 0)
/* The shared info's first words: flags, nr_frags, gso_size and gso_segs; frag_list; gso_type. */
#define SHARED_WORDS 4
#define SHARED_FLAGS 0xffffull
#define IS_SHARED_USUAL                                                                            \
	(SHARED_OFFSET(nr_frags) == 2 && SHARED_OFFSET(gso_size) == 4 &&                           \
	 SHARED_OFFSET(gso_segs) == 6 && SHARED_OFFSET(frag_list) == 8 &&                          \
	 SHARED_OFFSET(gso_type) == 24)

__u8 skbt_usual; /* 1: they are, 2: they are not */

/* What these settings want of a hop at which nothing has changed is a plain record. */
#define MAY_BE_PLAIN (!config.stack_on_hop && !config.control_block && (config.keep || !config.pid))

static __always_inline bool raw_is_usual(void)
{
	bool is_usual = IS_SHARED_USUAL;

	if (skbt_usual)
		return skbt_usual == 1;
#define IN_WORDS(field) is_usual = is_usual && IS_IN_WORDS(SKB_OFFSET(field));
#define BYTE_IN_WORDS(field, shift)                                                                \
	is_usual = is_usual && IS_IN_WORDS(__CORE_RELO((struct sk_buff *)0, field, BYTE_OFFSET));
	EACH_DEVICE_FIELD(IN_WORDS)
	EACH_PLACE_FIELD(IN_WORDS)
	EACH_ROUTE_FIELD(IN_WORDS)
	EACH_WORD_FIELD(IN_WORDS)
	EACH_BYTE(BYTE_IN_WORDS)
	BYTE_IN_WORDS(nohdr, 0)
	BYTE_IN_WORDS(fclone, 0)
	skbt_usual = is_usual ? 1 : 2;
	return is_usual;
}

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
static __always_inline bool head_is_same(struct skbt_scratch *s, const struct skbt_track *t, u64 at)
{
	const u64 *now = (const u64 *)s->packet.data;
	u32 words = t->raw.head_words, size;
	u64 difference = 0;

#define RAW_COMPARE_HEAD(i)                                                                        \
	if (words <= i)                                                                            \
		return difference == 0;                                                            \
	difference |= now[i] ^ t->raw.first[i];                                                    \
	KEEP_ORDER(difference)

	if (config.direct) {
		now = peek_words(at)->word;
	} else {
		size = words * 8;
		asm volatile("" : "+r"(size)); /* compared as it is used */
		if (size > SKBT_RAW_HEAD_WORDS * 8 ||
		    bpf_probe_read_kernel(s->packet.data, size, (const void *)at))
			return false;
	}
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

/* They lie in the first word, the bytes before nr_frags and the one between it and gso_size being
 * flags. */
#define IS_SHARED_WORD                                                                             \
	(SHARED_OFFSET(nr_frags) < 4 && SHARED_OFFSET(gso_size) == 4 &&                            \
	 SHARED_OFFSET(gso_segs) == 6)

/* nr_frags, gso_size and gso_segs. */
static __always_inline u64 raw_shared_word(const struct skb_shared_info *shared)
{
	if (IS_SHARED_WORD)
		return peek_or_read((u64)shared) & -(1ull << 8 * SHARED_OFFSET(nr_frags));
	return (u64)KERNEL_FIELD(skb_shared_info, shared, nr_frags) |
	       (u64)KERNEL_FIELD(skb_shared_info, shared, gso_size) << 32 |
	       (u64)KERNEL_FIELD(skb_shared_info, shared, gso_segs) << 48;
}

static __always_inline u8 raw_nr_frags(const struct skbt_raw *raw)
{
	return (u8)(IS_SHARED_WORD ? raw->shared >> 8 * SHARED_OFFSET(nr_frags) : raw->shared);
}

static __always_inline u16 raw_gso_size(const struct skbt_raw *raw)
{
	return (u16)(raw->shared >> 32);
}

static __always_inline u16 raw_gso_segs(const struct skbt_raw *raw)
{
	return (u16)(raw->shared >> 48);
}

/* What of the shared info differs, where its fields lie as raw_is_usual() wants it. */
static __always_inline u64 shared_word_changes(struct skbt_scratch *s, u64 shared,
					       const struct skbt_track *t)
{
	const u64 *now = (const u64 *)s->shared;
	u64 difference;

	if (config.direct)
		now = peek_words(shared)->word;
	else if (bpf_probe_read_kernel(s->shared, SHARED_WORDS * 8, (const void *)shared))
		return 1;
	difference = (now[0] & ~SHARED_FLAGS) ^ t->raw.shared;
	KEEP_ORDER(difference)
	difference |= now[1] ^ t->raw.frag_list;
	KEEP_ORDER(difference)
	return difference | ((u32)now[3] ^ t->raw.gso_type);
}

/* The same wherever they lie. */
static __always_inline u64 shared_changes(struct skbt_scratch *s, const struct sk_buff *skb,
					  const struct skbt_track *t)
{
	const struct skb_shared_info *shared = raw_shared(skb);
	u64 difference;

	if (t->raw.is_usual)
		return shared_word_changes(s, (u64)shared, t);
	difference = raw_shared_word(shared) ^ t->raw.shared;
	KEEP_ORDER(difference)
	difference |= KERNEL_FIELD(skb_shared_info, shared, gso_type) ^ t->raw.gso_type;
	KEEP_ORDER(difference)
	return difference | (peek_or_read((u64)&shared->frag_list) ^ t->raw.frag_list);
}

/* Nothing of the sk_buff's fields differs, as far as words tell: loaded where it is, */
static __always_inline bool words_are_same_direct(u64 address, const struct skbt_track *t)
{
	const struct sk_buff *last = (const struct sk_buff *)t->raw.skb;
	const struct skbt_words *now = peek_words(address + WORDS_BEGIN * 8);
	u64 difference = 0;

#define RAW_COMPARE_DIRECT(i)                                                                      \
	difference |= now->word[(i)-WORDS_BEGIN] ^ t->raw.skb[i];                                  \
	KEEP_ORDER(difference)
	EACH_FIRST_WORD(RAW_COMPARE_DIRECT)
	if (difference)
		return false;
	EACH_OTHER_WORD(RAW_COMPARE_DIRECT)
	now = peek_words(address);
	difference |= now->word[2] ^ t->raw.skb[2];
	KEEP_ORDER(difference)
	difference |= now->word[3] ^ t->raw.skb[3];
	KEEP_ORDER(difference)
	difference |= KERNEL_FIELD(sk_buff, address, truesize) ^ last->truesize;
	return difference == 0;
}

/* or copied. */
static __always_inline bool words_are_same(const struct sk_buff *skb, const struct skbt_track *t)
{
	const struct sk_buff *last = (const struct sk_buff *)t->raw.skb;
	const u64 *now = (const u64 *)skb;
	u64 difference = skb->truesize ^ last->truesize;

#define RAW_COMPARE_WORD(i)                                                                        \
	difference |= now[i] ^ t->raw.skb[i];                                                      \
	KEEP_ORDER(difference)
	RAW_COMPARE_WORD(2)
	RAW_COMPARE_WORD(3)
	EACH_FIRST_WORD(RAW_COMPARE_WORD)
	EACH_OTHER_WORD(RAW_COMPARE_WORD)
	return difference == 0;
}

/* Keeps the sk_buff that was copied. */
static __always_inline void raw_take_skb(const struct sk_buff *skb, struct skbt_track *t)
{
	__builtin_memcpy(t->raw.skb, skb, sizeof(t->raw.skb));
}

/* What of the sk_buff's fields differs, where words do. */
static __always_inline u32 field_changes(const struct sk_buff *skb, const struct skbt_track *t)
{
	const struct sk_buff *last = (const struct sk_buff *)t->raw.skb;
	u64 device = 0, place = 0, route = 0, rest = 0;
	u32 changed = 0;

#define RAW_DIFFERENCE(field) ((u64)skb->field ^ (u64)last->field)
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
	rest |= raw_bytes(skb) ^ raw_bytes(last);
	rest |= raw_more_bytes(skb) ^ raw_more_bytes(last);
	if (device)
		changed |= SKBT_CHANGED_DEVICE;
	if (route)
		changed |= SKBT_CHANGED_ROUTE;
	if (rest)
		changed |= SKBT_CHANGED_REST;
	if (place)
		changed |= place_is_same(skb, t) ? SKBT_CHANGED_PLACE : SKBT_CHANGED_BYTES;
	return changed;
}

/*
 * What of the packet differs from its last record: enum skbt_changed. When anything does, the skb
 * has been copied; else what t->raw has of it is true. A global function: the verifier looks at it
 * once, and not at each place where it could lead on.
 */
__noinline int skbt_changes(struct skbt_scratch *s, struct skbt_track *t)
{
	const struct sk_buff *last, *skb;
	bool is_copied = false;
	u32 changed = 0;

	if (!s || !t)
		return SKBT_CHANGED_ALL;
	if (!t->raw.head_words)
		return SKBT_CHANGED_ALL;
	last = (const struct sk_buff *)t->raw.skb;
	if (!config.direct || !t->raw.is_usual || !words_are_same_direct(raw_skb(s), t)) {
		if (!skb_copy_in(s, (const void *)raw_skb(s)))
			return SKBT_CHANGED_ALL;
		is_copied = true;
		/* not what that returned: NULL, for 6.1's verifier */
		skb = (const struct sk_buff *)s->skb;
		if (config.direct || !t->raw.is_usual || !words_are_same(skb, t)) {
			changed = field_changes(skb, t);
			if (changed & SKBT_CHANGED_BYTES)
				return SKBT_CHANGED_ALL | SKBT_CHANGED_COPIED;
			if (!changed)
				raw_take_skb(skb, t); /* what was another in these words */
			else
				last = skb;
		}
	}
	if (shared_changes(s, last, t))
		changed |= SKBT_CHANGED_REST;
	if (!head_is_same(s, t, (u64)last->head + t->raw.start))
		changed = SKBT_CHANGED_ALL;
	if (changed && !is_copied && !skb_copy_in(s, (const void *)raw_skb(s)))
		return SKBT_CHANGED_ALL;
	return (int)(changed ? changed | SKBT_CHANGED_COPIED : 0);
}

/* Keeps what the record which is being made is made of. */
static __always_inline void raw_take(const struct sk_buff *skb, struct skbt_track *t)
{
	const struct skb_shared_info *shared = raw_shared(skb);

	raw_take_skb(skb, t);
	t->raw.is_usual = raw_is_usual();
	t->raw.may_be_plain = MAY_BE_PLAIN;
	t->raw.shared = raw_shared_word(shared);
	t->raw.gso_type = KERNEL_FIELD(skb_shared_info, shared, gso_type);
	t->raw.frag_list = peek_or_read((u64)&shared->frag_list);
}

/* The same, and as many of the first bytes as were looked at; too many of these, or none: they
 * differ next time. */
__noinline int skbt_raw_keep(struct skbt_scratch *s, struct skbt_track *t)
{
	const struct skbt_packet *p;
	u32 used, words, size;
	const u64 *now;
	u64 at;

	if (!s || !t)
		return 0;
	p = &s->packet;
	raw_take((const struct sk_buff *)s->skb, t);
	used = p->used;
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
	at = (u64)((const struct sk_buff *)s->skb)->head + p->start;
	if (!config.direct) {
		size = words * 8;
		asm volatile("" : "+r"(size)); /* compared as it is used */
		if (size > sizeof(t->raw.first) ||
		    bpf_probe_read_kernel(t->raw.first, size, (const void *)at))
			t->raw.head_words = 0;
		return 0;
	}
	now = peek_words(at)->word;
#define RAW_KEEP_HEAD(i)                                                                           \
	if (words <= i)                                                                            \
		return 0;                                                                          \
	t->raw.first[i] = now[i];

	EACH_HEAD_WORD(RAW_KEEP_HEAD)
	return 0;
}

#endif
