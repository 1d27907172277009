/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Has anything changed since the packet's last record? Between most functions nothing has, and then
 * a record is a few words long and costs a few loads. Compared is what records are made of: those
 * words of the sk_buff and of its shared info (config.words, found in the kernel's types by
 * native/src/words.cc), and the packet's first bytes.
 */
#ifndef SKBT_RAW_H
#define SKBT_RAW_H

#include "config.h"
#include "maps.h"
#include "packet.h"

/* Eight bytes of kernel memory, 0 where there is none. Only where config.direct says that it can
 * be. */
static __always_inline u64 peek(u64 address)
{
	return ((const struct timespec64 *)bpf_rdonly_cast(
			(const void *)address, bpf_core_type_id_kernel(struct timespec64)))
		->tv_sec;
}

static __always_inline u64 peek_or_read(u64 address)
{
	u64 value = 0;

	if (config.direct)
		return peek(address);
	bpf_probe_read_kernel(&value, sizeof(value), (const void *)address);
	return value;
}

/* Loops over what is known at load are written out: the compiler does not unroll them, and the
 * verifier then sees no constants. */
#define EACH_4(f, i) f((i)) f((i) + 1) f((i) + 2) f((i) + 3)
#define EACH_16(f) EACH_4(f, 0) EACH_4(f, 4) EACH_4(f, 8) EACH_4(f, 12)
#define EACH_RAW_WORD(f) EACH_16(f) EACH_4(f, 16) EACH_4(f, 20)
#define EACH_HEAD_WORD(f) EACH_16(f)

/* The skb that the record is about: a number, as it comes out of a map, and not a typed pointer. */
static __always_inline u64 raw_skb(const struct skbt_scratch *s)
{
	return ((const struct skbt_hop *)s->record)->skb;
}

/* Reads word i of the skb, or of its shared info, at `at`. */
static __always_inline u64 raw_word(struct skbt_scratch *s, u64 at, u32 i)
{
	u64 word;

	if (config.direct || i >= SKBT_WORD_SHARED)
		word = peek_or_read(at + config.word[i].offset);
	else
		word = *(const u64 *)(s->skb + config.word[i].offset);
	if (i == SKBT_WORD_TRUESIZE) /* beside it is the reference count */
		word = (u32)(word >> config.truesize_shift);
	s->raw[i] = word;
	return word;
}

/*
 * Reads the words into s->raw. Not 0: they differ from the packet's last, or the packet's first
 * bytes do. Global functions: the verifier looks at them once, and not at each place where they
 * could lead on.
 */
__noinline int skbt_raw_differs(struct skbt_scratch *s, struct skbt_track *t)
{
	u64 at, difference = 0;
	u32 words;

	if (!s || !t)
		return 1;
	at = raw_skb(s);
#define RAW_COMPARE(i)                                                                             \
	if (i == SKBT_WORD_SHARED)                                                                 \
		at = s->raw[SKBT_WORD_HEAD] + (u32)(s->raw[SKBT_WORD_END] >> config.end_shift);    \
	if (config.word[i].kind)                                                                   \
		difference |= raw_word(s, at, i) ^ t->raw.words[i];

	EACH_RAW_WORD(RAW_COMPARE)
	words = t->raw.head_words;
	if (difference || !words)
		return 1;
	/* it lies where it lay */
	at = s->raw[SKBT_WORD_HEAD] + t->raw.start;
#define RAW_COMPARE_HEAD(i)                                                                        \
	if (words <= i)                                                                            \
		return difference != 0;                                                            \
	difference |= peek_or_read(at + (i)*8) ^ t->raw.head[i];

	EACH_HEAD_WORD(RAW_COMPARE_HEAD)
	return difference != 0;
}

/* Keeps what the record that is being made is made of: the words, and as many of the first bytes as
 * were looked at; too many of these, or none: they differ next time. */
__noinline int skbt_raw_keep(struct skbt_scratch *s, struct skbt_track *t)
{
	u32 used, words;
	u64 at;

	if (!s || !t)
		return 0;
	at = raw_skb(s);
#define RAW_KEEP(i)                                                                                \
	if (i == SKBT_WORD_SHARED)                                                                 \
		at = s->raw[SKBT_WORD_HEAD] + (u32)(s->raw[SKBT_WORD_END] >> config.end_shift);    \
	if (config.word[i].kind)                                                                   \
		t->raw.words[i] = raw_word(s, at, i);

	EACH_RAW_WORD(RAW_KEEP)
	used = s->packet.used;
	if (!config.keep && used < config.filter_reach)
		used = config.filter_reach;
	words = (used + 7) / 8;
	if (!s->packet.has_network || words > SKBT_RAW_HEAD_WORDS)
		words = 0;
	t->raw.start = s->packet.start;
	t->raw.head_words = words;
	at = s->raw[SKBT_WORD_HEAD] + s->packet.start;
#define RAW_KEEP_HEAD(i)                                                                           \
	if (words <= i)                                                                            \
		return 0;                                                                          \
	t->raw.head[i] = peek_or_read(at + (i)*8);

	EACH_HEAD_WORD(RAW_KEEP_HEAD)
	return 0;
}

#endif
