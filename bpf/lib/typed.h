/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Probes as typed programs (fentry), the cheapest per hit: for functions that packets pass most,
 * and for those that have a typed program anyhow, where a kprobe beside it would be the dearest.
 * The kernel wants a program for each function, so each has a copy of skbt_typed_entry
 * (native/src/typed_probes.cc), which says no to most packets.
 *
 * What does not say no goes on to one hop program for all of them. It cannot jump there: since 6.12
 * (28ead3eaabc1 "bpf: Prevent tail call between progs attached to different hooks") typed programs
 * jump only to those of the same prototype. But it can call a helper, which is a function of the
 * kernel, and has a typed program as any function can: bpf_strncmp() of an empty string does next
 * to nothing, and hands on five registers, at two of which it does not look.
 */
#ifndef SKBT_TYPED_H
#define SKBT_TYPED_H

#include "prefilter.h"
#include "probe.h"
#include "quick.h"

#define RELAY_BYTES 1

/* To skbt_typed_hop(): whose call it is, by the address of its control section, the skb, and
 * SKBT_RELAY(). */
static long (*const relay)(const char *control, u32 bytes, const char *empty, u64 skb,
			   u64 what) = (void *)182; /* BPF_FUNC_strncmp */

#define CALL_REACH 16 /* the call of ftrace is among a function's first bytes */

/* By function id: how far above the hop's context the stack pointer at the function's entry is. */
__u16 skbt_depths[SKBT_FUNCTIONS];

/* The context's address. As a number it can only be had out of memory; who interrupts puts back
 * what it finds there. 0: not known. */
static __always_inline u64 context_number(u64 *ctx)
{
	struct skbt_typed_place *place = typed_place();
	u64 before;

	if (!place)
		return 0;
	before = __sync_lock_test_and_set(&place->context, (u64)ctx);
	return __sync_lock_test_and_set(&place->context, before);
}

/* Whether that is the stack pointer at the function's entry: below it is where the trampoline
 * returns to, into the function. */
static __always_inline bool is_entry_sp(u64 sp, u64 function)
{
	return peek_or_read(sp - 8) - function <= CALL_REACH;
}

/*
 * The stack pointer at the function's entry, as a kprobe has it: where its caller's address is. The
 * context is part of the trampoline's frame (arch/x86/net/bpf_jit_comp.c): behind the arguments
 * comes the place of a return value, if programs at the function's exit want one, then the caller's
 * frame pointer, then where the trampoline returns to. 0: not found.
 */
static __always_inline u64 typed_sp(u64 *ctx, u64 function)
{
	u64 behind = context_number(ctx) + bpf_get_func_arg_cnt(ctx) * 8;

	return is_entry_sp(behind + 16, function)   ? behind + 16
	       : is_entry_sp(behind + 24, function) ? behind + 24
						    : 0;
}

/* The same at the hop, whose caller is skbt_typed_go_on(): its frame knows that of
 * skbt_typed_entry(), and that the trampoline's. */
static __always_inline u64 relayed_sp(u64 ctx, u64 function, u32 id)
{
	volatile u16 *depth = &skbt_depths[id % SKBT_FUNCTIONS];
	u64 sp = ctx + *depth, frame;

	if (is_entry_sp(sp, function))
		return sp;
	for (u32 i = 0; i < 2; i++) {
		frame = peek_or_read(peek_or_read(ctx + 5 * 8 + i * 8));
		sp = peek_or_read(frame) + 16;
		if (is_entry_sp(sp, function)) {
			*depth = sp - ctx;
			return sp;
		}
	}
	return 0;
}

/* What is written over in each copy, beside the places of its two bytes: native/src/entry.cc. */
static __always_inline u64 relayed_word(void)
{
	u64 what;

	asm volatile("%0 = " STRING(SKBT_ENTRY_RELAY) " ll" : "=r"(what));
	return what;
}

/* A function of its own: what saying no takes is few instructions, without its registers. */
static __noinline int skbt_typed_go_on(u64 *ctx, u64 skb)
{
	const struct skbt_control *ctl = control_get();
	const char *empty = (const char *)config.empty;
	const u64 what = relayed_word(), function = SKBT_RELAY_FUNCTION(what);
	const u32 flags = SKBT_RELAY_FLAGS(what);

	if (!ctl->generation || !skb)
		return 0;
	if (!maybe_followed(skb)) {
		if (flags & SKBT_PROBE_PASSIVE)
			return 0;
	} else if (skbt_quick_hop(skb, (u32)function, typed_sp(ctx, function), flags)) {
		return 0;
	}
	relay((const char *)ctl, RELAY_BYTES, empty, skb,
	      what | SKBT_RELAY_GENERATION(ctl->generation));
	return 0;
}

static __noinline int skbt_typed_note(u64 *ctx)
{
	caller_note_at(typed_sp(ctx, SKBT_RELAY_FUNCTION(relayed_word())), 0, 0, 0, 0);
	return 0;
}

/* The function's kprobe, which leaves, has told this hit. */
static __noinline int skbt_typed_is_told(u64 *ctx)
{
	const u64 what = relayed_word();
	struct skbt_typed_place *place = typed_place();
	u64 hit = hit_number(typed_sp(ctx, SKBT_RELAY_FUNCTION(what)), SKBT_RELAY_ID(what));

	if (!place || place->told != hit)
		return 0;
	place->told = 0;
	return 1;
}

/* The gate is open for this function. */
static __always_inline bool typed_is_open(u64 *ctx)
{
	const u8 gate = gates[0];

	if (gate == SKBT_GATE_OPEN)
		return true;
	if (gate == SKBT_GATE_SHUT || muted[0])
		return false;
	if (gate == SKBT_GATE_NOTED)
		skbt_typed_note(ctx);
	return gate != SKBT_GATE_COMING || !skbt_typed_is_told(ctx);
}

/* Twice, it is fewer instructions than kept in a register. */
static __always_inline u64 typed_argument(u64 *ctx)
{
	u64 argument;

	asm volatile("%0 = *(u64 *)(%1 + " STRING(SKBT_ENTRY_CONTEXT) ")"
		     : "=r"(argument)
		     : "r"(ctx));
	return argument;
}

SEC("skbt/pattern")
int skbt_typed_entry(u64 *ctx)
{
	u64 skb;

	if (!typed_is_open(ctx))
		return 0;
	skb = typed_argument(ctx);
	if (!maybe_followed(skb) && prefilter_rejects_typed((const struct sk_buff *)skb))
		return 0;
	skbt_typed_go_on(ctx, typed_argument(ctx));
	return 0;
}

/* Of functions whose argument points to the pointer to the skb. */
SEC("skbt/pattern")
int skbt_typed_indirect(u64 *ctx)
{
	u64 skb = 0;
	u32 argument;

	if (!typed_is_open(ctx))
		return 0;
	asm volatile("%0 = " STRING(SKBT_ENTRY_ARGUMENT) : "=r"(argument));
	if (bpf_get_func_arg(ctx, argument, &skb) ||
	    bpf_probe_read_kernel(&skb, sizeof(skb), (const void *)skb))
		return 0;
	if (!maybe_followed(skb) && prefilter_rejects(skb))
		return 0;
	skbt_typed_go_on(ctx, skb);
	return 0;
}

/* bpf_strncmp(s1, s1_sz, s2, …): of all calls, those of the program above, of this capture and
 * under these settings. */
SEC("skbt/begin")
int skbt_typed_hop(u64 *ctx)
{
	const u64 skb = ctx[3], what = ctx[4], function = SKBT_RELAY_FUNCTION(what);
	const u32 flags = SKBT_RELAY_FLAGS(what), id = SKBT_RELAY_ID(what);
	struct skbt_scratch *s;
	u64 sp;

	if (ctx[0] != (u64)control_get() || ctx[1] != RELAY_BYTES ||
	    (what & SKBT_RELAY_GENERATION(0xff)) != SKBT_RELAY_GENERATION(config.generation))
		return 0;
	if (flags & SKBT_PROBE_END) {
		end_late(skb);
		return 0;
	}
	s = scratch_get(SCRATCH_TYPED);
	if (!s)
		return 0;
	sp = relayed_sp(as_number(s, ctx), function, id);
	if (hop_handle(ctx, s, skb, flags, (u32)function, sp, NULL) && skbt_noting)
		caller_note_hop(sp, function, spans[id % SKBT_FUNCTIONS], skb);
	return 0;
}

#endif
