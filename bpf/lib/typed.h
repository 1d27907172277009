/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Probes as typed programs (fentry): the cheapest per hit, for a few functions; and for those that
 * have a typed program anyhow, where a kprobe beside it would be the dearest. The kernel wants a
 * program for each function, and since 6.12 (28ead3eaabc1 "bpf: Prevent tail call between progs
 * attached to different hooks") lets typed programs jump only to those of the same prototype. So
 * each function has a copy of skbt_typed_entry, and all functions of one prototype jump to one copy
 * of skbt_typed_hop. native/src/typed_probes.cc makes the copies; neither is attached itself.
 */
#ifndef SKBT_TYPED_H
#define SKBT_TYPED_H

#include "prefilter.h"
#include "probe.h"

/* Stands for the array of that prototype; see `bodies`. */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, SKBT_HOP_BODIES);
	__type(key, u32);
	__type(value, u32);
} typed_bodies SEC(".maps");

/*
 * Hits under way on this CPU. Other than programs on kprobes these may be preempted, and those of
 * different functions run inside of one another: each hit takes a place, which is its own by the
 * address of its context, on the stack. No place left: counted as missed.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SKBT_TYPED_HITS);
	__type(key, u32);
	__type(value, struct skbt_typed_hit);
} typed_hits SEC(".maps");

static __always_inline struct skbt_typed_hit *typed_hit_at(u32 place)
{
	return bpf_map_lookup_elem(&typed_hits, &place);
}

static __always_inline struct skbt_typed_hit *typed_hit_take(u64 *ctx)
{
	struct skbt_typed_hit *hit = NULL;

#pragma unroll
	for (u32 i = 0; i < SKBT_TYPED_HITS; i++) {
		hit = typed_hit_at(i);
		if (!hit)
			return NULL;
		if (!__sync_val_compare_and_swap(&hit->owner, 0, (u64)ctx)) {
			hit->place = i;
			return hit;
		}
	}
	if (hit)
		__sync_fetch_and_add(&hit->missed, 1);
	return NULL;
}

/* The hit whose context this is. Its place comes out of memory, so that the verifier goes on with
 * one unknown number and not once for each place. */
static __always_inline struct skbt_typed_hit *typed_hit_find(u64 *ctx)
{
	u32 place = SKBT_TYPED_HITS;

#pragma unroll
	for (u32 i = 0; i < SKBT_TYPED_HITS; i++) {
		const struct skbt_typed_hit *hit = typed_hit_at(i);

		if (!hit)
			return NULL;
		if (*(volatile u64 *)&hit->owner == (u64)ctx) {
			place = *(volatile u32 *)&hit->place;
			break;
		}
	}
	return typed_hit_at(place);
}

static __always_inline void typed_hit_give_back(struct skbt_typed_hit *hit)
{
	__sync_lock_test_and_set(&hit->owner, 0);
}

#define CALL_REACH 16 /* the call of ftrace is among a function's first bytes */

/*
 * The stack pointer at the function's entry, as a kprobe has it: where its caller's address is. The
 * context is part of the trampoline's frame (arch/x86/net/bpf_jit_comp.c): behind the arguments
 * comes the place of a return value, if programs at the function's exit want one, then the caller's
 * frame pointer, then where the trampoline returns to, which is into the function, and shows which
 * of the two it is.
 */
static __always_inline u64 typed_sp(u64 *ctx, const struct skbt_typed_hit *hit)
{
	u64 behind = *(volatile u64 *)&hit->owner + bpf_get_func_arg_cnt(ctx) * 8;

	if (peek_or_read(behind + 8) - hit->function <= CALL_REACH)
		return behind + 16;
	if (peek_or_read(behind + 16) - hit->function <= CALL_REACH)
		return behind + 24;
	return behind;
}

/* The function is entered, of a packet that may be none that is followed. */
static __always_inline void typed_note(u64 *ctx, u64 function)
{
	struct skbt_typed_hit *hit = typed_hit_take(ctx);

	if (!hit)
		return;
	hit->function = function;
	caller_note_at(typed_sp(ctx, hit), 0, 0, 0, 0);
	typed_hit_give_back(hit);
}

/* Four constants are written over, and the places of the two bytes: see native/src/entry.cc. */
SEC("skbt/typed")
int skbt_typed_entry(u64 *ctx)
{
	u8 gate = gates[0];
	const struct skbt_control *ctl;
	struct skbt_typed_hit *hit;
	u32 argument, flags, size;
	u64 function, skb = 0;

	if (gate != SKBT_GATE_OPEN && (gate == SKBT_GATE_SHUT || muted[0]))
		return 0;
	asm volatile("%0 = " STRING(SKBT_ENTRY_ARGUMENT) : "=r"(argument));
	asm volatile("%0 = " STRING(SKBT_ENTRY_FLAGS) : "=r"(flags));
	asm volatile("%0 = " STRING(SKBT_ENTRY_FUNCTION) : "=r"(function));
	asm volatile("%0 = " STRING(SKBT_ENTRY_SIZE) : "=r"(size));
	/* not out of the context, where it would be a pointer that nobody may reckon with */
	if (bpf_get_func_arg(ctx, argument, &skb))
		return 0;
	if ((flags & SKBT_PROBE_INDIRECT) &&
	    bpf_probe_read_kernel(&skb, sizeof(skb), (const void *)skb))
		return 0;
	if (gate == SKBT_GATE_NOTED)
		typed_note(ctx, function);
	if (!maybe_followed(skb) && ((flags & SKBT_PROBE_PASSIVE) || prefilter_rejects(skb)))
		return 0;
	ctl = control_get();
	if (!ctl || !ctl->generation || !skb)
		return 0;
	hit = typed_hit_take(ctx);
	if (!hit)
		return 0;
	hit->skb = skb;
	hit->function = function;
	hit->size = size;
	hit->flags = flags;
	bpf_tail_call(ctx, &typed_bodies, SKBT_HOP_SLOT(ctl->generation));
	typed_hit_give_back(hit);
	return 0;
}

SEC("skbt/pattern")
int skbt_typed_hop(u64 *ctx)
{
	struct skbt_typed_hit *hit = typed_hit_find(ctx);
	struct skbt_scratch *s;
	u64 sp;

	if (!hit)
		return 0;
	s = scratch_get(SCRATCH_TYPED + hit->place);
	if (hit->flags & SKBT_PROBE_END) {
		end_late(hit->skb);
	} else if (s) {
		sp = typed_sp(ctx, hit);
		if (hop_handle(ctx, s, hit->skb, hit->flags, (u32)hit->function, sp, NULL) &&
		    skbt_noting)
			caller_note_hop(sp, hit->function, hit->size, hit->skb);
	}
	typed_hit_give_back(hit);
	return 0;
}

#endif
