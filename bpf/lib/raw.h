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
#define EACH_PAIR_OF_8(f, i) f((i)) f((i) + 2) f((i) + 4) f((i) + 6)
#define EACH_HEAD_PAIR(f) EACH_PAIR_OF_8(f, 0) EACH_PAIR_OF_8(f, 8)

/* Fields by what they tell of. */
#define EACH_DEVICE_FIELD(f) f(dev) f(sk) f(skb_iif)
#define EACH_PLACE_FIELD(f)                                                                        \
	f(head) f(data) f(end) f(len) f(data_len) f(protocol) f(network_header) f(mac_header)      \
		f(vlan_proto) f(vlan_tci)
#define EACH_ROUTE_FIELD(f) f(_skb_refdst)
#define EACH_WORD_FIELD(f) f(_nfct) f(queue_mapping) f(csum) f(priority) f(hash) f(mark)
#define EACH_REST_FIELD(f) EACH_WORD_FIELD(f) f(truesize)

#define SKB_OFFSET(field) __builtin_preserve_field_info(((struct sk_buff *)0)->field, 0)

/* Those that are bit fields. */
#define EACH_BYTE(f) f(cloned) f(nohdr) f(fclone) f(pkt_type) f(ip_summed) f(csum_level)

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
#define BYTE_IN_WORDS(field)                                                                       \
	is_usual = is_usual && IS_IN_WORDS(__CORE_RELO((struct sk_buff *)0, field, BYTE_OFFSET));
	EACH_DEVICE_FIELD(IN_WORDS)
	EACH_PLACE_FIELD(IN_WORDS)
	EACH_ROUTE_FIELD(IN_WORDS)
	EACH_WORD_FIELD(IN_WORDS)
	EACH_BYTE(BYTE_IN_WORDS)
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

/* Else the compiler loads all first, and has too little stack for it. */
#define KEEP_ORDER(value) asm volatile("" : "+r"(value));

/* The packet's first bytes are, from `at` on, as they were: some are kept. Directly, or copied into
 * the scratch. */
static __always_inline bool head_is_same(struct skbt_scratch *s, const struct skbt_track *t, u64 at,
					 bool directly)
{
	const u64 *now = s ? (const u64 *)s->packet.data : NULL;
	u32 words = t->raw.head_words, size;
	u64 difference = 0;

#define RAW_COMPARE_PAIR(i)                                                                        \
	if ((i) && words <= (i))                                                                   \
		return difference == 0;                                                            \
	difference |= now[i] ^ t->raw.first[i];                                                    \
	KEEP_ORDER(difference)                                                                     \
	difference |= now[(i) + 1] ^ t->raw.first[(i) + 1];                                        \
	KEEP_ORDER(difference)

	if (directly) {
		now = peek_words(at)->word;
	} else {
		size = words * 8;
		asm volatile("" : "+r"(size)); /* compared as it is used */
		if (!s || size > SKBT_RAW_HEAD_WORDS * 8 ||
		    bpf_probe_read_kernel(s->packet.data, size, (const void *)at))
			return false;
	}
	EACH_HEAD_PAIR(RAW_COMPARE_PAIR)
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

/* What of the shared info differs, where its fields lie as raw_is_usual() wants it. It is kept in
 * the scratch, if there is one. */
static __always_inline u64 shared_word_changes(struct skbt_scratch *s, u64 shared,
					       const struct skbt_track *t, bool directly)
{
	u64 *now = s ? (u64 *)s->shared : NULL, first, second, fourth;
	const struct skbt_words *words;

	if (directly) {
		words = peek_words(shared);
		first = words->word[0];
		second = words->word[1];
		fourth = words->word[3];
		if (now) {
			now[0] = first;
			now[1] = second;
			now[3] = fourth;
		}
	} else {
		if (!now ||
		    bpf_probe_read_kernel(s->shared, SHARED_WORDS * 8, (const void *)shared))
			return 1;
		first = now[0];
		second = now[1];
		fourth = now[3];
	}
	return ((first & ~SHARED_FLAGS) ^ t->raw.shared) | (second ^ t->raw.frag_list) |
	       ((u32)fourth ^ t->raw.gso_type);
}

/* The same wherever they lie. */
static __always_inline u64 shared_changes(struct skbt_scratch *s, const struct sk_buff *skb,
					  const struct skbt_track *t)
{
	const struct skb_shared_info *shared = raw_shared(skb);
	u64 difference;

	if (t->raw.is_usual)
		return shared_word_changes(s, (u64)shared, t, SKBT_DIRECT);
	difference = raw_shared_word(shared) ^ t->raw.shared;
	KEEP_ORDER(difference)
	difference |= KERNEL_FIELD(skb_shared_info, shared, gso_type) ^ t->raw.gso_type;
	KEEP_ORDER(difference)
	return difference | (peek_or_read((u64)&shared->frag_list) ^ t->raw.frag_list);
}

/* Only where IS_BY_WORDS(). */
static __always_inline const struct sk_buff *peek_skb(u64 address)
{
	return skbt_cast((const void *)address, bpf_core_type_id_kernel(struct sk_buff));
}

/* The words are loaded one by one from where they are. */
#define IS_BY_WORDS(t) (SKBT_DIRECT && (t)->raw.is_usual)

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
	difference |= peek_skb(address)->truesize ^ last->truesize;
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

/* Copies only those words, and returns what of them differs: one copy is compared and kept. */
static __always_inline u64 words_copy_in(struct skbt_scratch *s, u64 address,
					 const struct skbt_track *t)
{
	const struct sk_buff *last = (const struct sk_buff *)t->raw.skb;
	const struct skbt_words *now = peek_words(address + WORDS_BEGIN * 8);
	struct sk_buff *skb = (struct sk_buff *)s->skb;
	u64 difference = 0, word, *to = (u64 *)s->skb;
	u32 truesize;

#define RAW_COPY_WORD(from, i)                                                                     \
	word = now->word[from];                                                                    \
	to[i] = word;                                                                              \
	difference |= word ^ t->raw.skb[i];                                                        \
	KEEP_ORDER(difference)
#define RAW_COPY_BEHIND(i) RAW_COPY_WORD((i)-WORDS_BEGIN, i)
	EACH_FIRST_WORD(RAW_COPY_BEHIND)
	EACH_OTHER_WORD(RAW_COPY_BEHIND)
	now = peek_words(address);
	RAW_COPY_WORD(2, 2)
	RAW_COPY_WORD(3, 3)
	truesize = peek_skb(address)->truesize;
	skb->truesize = truesize;
	return difference | (truesize ^ last->truesize);
}

/* Keeps the sk_buff that was copied. */
static __always_inline void raw_take_skb(const struct sk_buff *skb, struct skbt_track *t)
{
	__builtin_memcpy(t->raw.skb, skb, sizeof(t->raw.skb));
}

/* The same, as skbt_changes() has copied it. */
static __always_inline void raw_take_copied(const struct skbt_scratch *s, struct skbt_track *t)
{
	const struct sk_buff *skb = (const struct sk_buff *)s->skb;
	const u64 *from = (const u64 *)s->skb;

	if (!IS_BY_WORDS(t)) {
		raw_take_skb(skb, t);
		return;
	}
#define RAW_TAKE_WORD(i)                                                                           \
	t->raw.skb[i] = from[i];                                                                   \
	asm volatile("" ::: "memory");
	EACH_FIRST_WORD(RAW_TAKE_WORD)
	EACH_OTHER_WORD(RAW_TAKE_WORD)
	RAW_TAKE_WORD(2)
	RAW_TAKE_WORD(3)
	((struct sk_buff *)t->raw.skb)->truesize = skb->truesize;
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
#define RAW_BYTE(field)                                                                            \
	rest |= BYTE_OF(skb, field) ^ BYTE_OF(last, field);                                        \
	KEEP_ORDER(rest)
	EACH_DEVICE_FIELD(RAW_DEVICE)
	EACH_PLACE_FIELD(RAW_PLACE)
	EACH_ROUTE_FIELD(RAW_ROUTE)
	EACH_REST_FIELD(RAW_REST)
	EACH_BYTE(RAW_BYTE)
	rest |= skb_has_vlan_tag(skb) ^ skb_has_vlan_tag(last);
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
 * What of the packet differs from its last record: enum skbt_changed. The skb has been copied, if
 * that says so: what is kept is what was compared. A global function: the verifier looks at it
 * once, and not at each place where it could lead on.
 */
__noinline int skbt_changes(struct skbt_scratch *s, struct skbt_track *t)
{
	const struct sk_buff *skb;
	u64 difference = 1;
	u32 changed = 0;

	if (!s || !t)
		return SKBT_CHANGED_ALL;
	if (!t->raw.head_words)
		return SKBT_CHANGED_ALL;
	/* not what skb_copy_in() returns: NULL, for 6.1's verifier */
	skb = (const struct sk_buff *)s->skb;
	if (IS_BY_WORDS(t))
		difference = words_copy_in(s, raw_skb(s), t);
	else if (!skb_copy_in(s, (const void *)raw_skb(s)))
		return SKBT_CHANGED_ALL;
	else if (t->raw.is_usual)
		difference = !words_are_same(skb, t);
	if (difference) {
		changed = field_changes(skb, t);
		if (changed & SKBT_CHANGED_BYTES)
			return SKBT_CHANGED_ALL | SKBT_CHANGED_COPIED;
		if (!changed)
			raw_take_copied(s, t); /* what was another in these words */
	}
	if (shared_changes(s, skb, t))
		changed |= SKBT_CHANGED_REST;
	if (!head_is_same(s, t, (u64)skb->head + t->raw.start, SKBT_DIRECT))
		changed = SKBT_CHANGED_ALL;
	return (int)(changed | SKBT_CHANGED_COPIED);
}

static __always_inline void raw_take_shared(const struct skb_shared_info *shared,
					    struct skbt_track *t)
{
	t->raw.shared = raw_shared_word(shared);
	t->raw.gso_type = KERNEL_FIELD(skb_shared_info, shared, gso_type);
	t->raw.frag_list = peek_or_read((u64)&shared->frag_list);
}

/* Keeps what the record of a change is made of. */
static __always_inline void raw_take_changed(struct skbt_scratch *s, struct skbt_track *t)
{
	const u64 *shared = (const u64 *)s->shared;

	raw_take_copied(s, t);
	if (t->raw.is_usual) {
		t->raw.shared = shared[0] & ~SHARED_FLAGS;
		t->raw.frag_list = shared[1];
		t->raw.gso_type = (u32)shared[3];
	} else {
		raw_take_shared(raw_shared((const struct sk_buff *)s->skb), t);
	}
}

/* The same of a whole record. */
static __always_inline void raw_take(const struct sk_buff *skb, struct skbt_track *t)
{
	raw_take_skb(skb, t);
	raw_take_shared(raw_shared(skb), t);
	t->raw.is_usual = raw_is_usual();
	t->raw.may_be_quick = IS_BY_WORDS(t) && MAY_BE_PLAIN;
}

/* The same, and as many of the first bytes as were looked at, in pairs of words; too many of these,
 * or none: they differ next time. */
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
	words = (used + 15) / 16 * 2;
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
	if (!SKBT_DIRECT) {
		size = words * 8;
		asm volatile("" : "+r"(size)); /* compared as it is used */
		if (size > sizeof(t->raw.first) ||
		    bpf_probe_read_kernel(t->raw.first, size, (const void *)at))
			t->raw.head_words = 0;
		return 0;
	}
	now = peek_words(at)->word;
#define RAW_KEEP_PAIR(i)                                                                           \
	if (words <= i)                                                                            \
		return 0;                                                                          \
	t->raw.first[i] = now[i];                                                                  \
	t->raw.first[(i) + 1] = now[(i) + 1];

	EACH_HEAD_PAIR(RAW_KEEP_PAIR)
	return 0;
}

#endif
