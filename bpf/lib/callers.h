/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Functions that take no skb. Such a function is a hop of the packet that it runs for: the one
 * whose probed function is on this very stack, above it, and nearest to it.
 *
 * What is above is noted where probed functions are entered. Nothing tells when they return, so
 * that it is looked at when it is asked:
 * - A function that is entered at the same place of the stack, or above it, has found the one that
 *   was noted there returned. All that are probed are asked, of packets that are not followed, too.
 * - Its return address is still where it was, and the kernel's own unwinder finds it among those of
 *   the stack.
 * - Nothing else is called from where it was called from: the call is a direct one of it. Where it
 *   is not, the next frame must be in it.
 * - No interrupt or exception is in between: it has nothing to do with the packet.
 * - The packet has not ended, and its skb is not another's.
 * A doubt makes no hop.
 *
 * All of it is only run while such functions are probed; see enum skbt_gate and skbt_noting.
 */
#ifndef SKBT_CALLERS_H
#define SKBT_CALLERS_H

#include "direct.h"
#include "track.h"
#include <bpf/bpf_tracing.h>

/* Written by native/src/probes.cc through the mapped .bss: not 0 while callers are noted. Another
 * number forgets what was noted before. */
volatile __u32 skbt_noting;
/* Bytes of a function, by its id. */
volatile __u16 spans[SKBT_FUNCTIONS];

#define STACK_BYTES (16 << 10) /* THREAD_SIZE and IRQ_STACK_SIZE */
#define ANYWHERE (~0ull)

/* Of x86: call and its distance from where it returns to; and endbr64, which a call may pass over.
 */
#define CALL_OPCODE 0xe8
#define ENDBR_BYTES 4

/* A task's stack, by its begin; that of the interrupts of this CPU otherwise. */
static __always_inline u64 stack_of(u64 sp)
{
	u64 base = (u64)KERNEL_FIELD(task_struct, bpf_get_current_task(), stack);

	return sp - base < STACK_BYTES ? base : bpf_get_smp_processor_id() + 1;
}

/* Its return address is where it was, or a trampoline that has taken its place for as long as the
 * function runs. */
static __always_inline bool caller_is_intact(const struct skbt_caller *caller)
{
	u64 back = peek_or_read(caller->sp);

	return back == caller->back || (config.return_hook && back == config.return_hook);
}

/* Where a frame must be that was called by it: in it, unless nothing else is called from there. */
static __always_inline void caller_place(struct skbt_caller *caller, u64 func, u32 size)
{
	u64 call = peek_or_read(caller->back - 8);

	if ((call >> 24 & 0xff) == CALL_OPCODE &&
	    caller->back + (s32)(call >> 32) - func <= ENDBR_BYTES)
		return;
	caller->begin = func;
	caller->end = func + size;
}

/* A probed function with an skb is entered, of a packet that is followed, or of none: 0. Address
 * and size are those of the function, and not looked at where it is of none. */
static __always_inline void caller_note_at(u64 sp, u64 func, u32 size, u64 skb, u64 packet)
{
	u32 noting = skbt_noting, count = 0, zero = 0;
	u64 stack;
	struct skbt_callers *all;
	struct skbt_caller *one;
	const void *blank;

	if (!noting)
		return;
	stack = stack_of(sp);
	all = bpf_map_lookup_elem(&callers, &stack);
	if (!all) {
		blank = bpf_map_lookup_elem(&blank_callers, &zero);
		if (!packet || !blank || bpf_map_update_elem(&callers, &stack, blank, BPF_ANY))
			return;
		all = bpf_map_lookup_elem(&callers, &stack);
		if (!all)
			return;
	}
	if (all->noting == noting)
		count = all->count;
	all->noting = noting;
#pragma unroll
	for (u32 i = CALLERS_MAX; i > 0; i--)
		if (count == i && all->caller[i - 1].sp <= sp)
			count = i - 1;
	all->count = count;
	if (!packet && !count)
		return;
	if (count) {
		one = &all->caller[(count - 1) & (CALLERS_MAX - 1)];
		/* what it calls is found by that one, too */
		if (one->packet == packet && one->skb == skb && one->end == ANYWHERE &&
		    caller_is_intact(one))
			return;
	}
	if (count >= CALLERS_MAX)
		count = 0; /* they are forgotten */
	/* not a test, which 6.1's verifier forgets */
	asm volatile("%0 &= %1" : "+r"(count) : "i"(CALLERS_MAX - 1));
	one = &all->caller[count];
	one->sp = sp;
	one->back = peek_or_read(sp);
	one->skb = skb;
	one->packet = packet;
	one->begin = 0;
	one->end = ANYWHERE;
	if (packet)
		caller_place(one, func, size);
	all->count = count + 1;
}

/* The same of none, on a kprobe. */
static __always_inline void caller_note_other(struct pt_regs *ctx)
{
	caller_note_at(PT_REGS_SP(ctx), 0, 0, 0, 0);
}

/* The same, behind a hop. */
static __always_inline void caller_note_hop(u64 sp, u64 func, u32 size, u64 skb)
{
	const struct skbt_track *t = track_find(skb, config.generation);

	if (t)
		caller_note_at(sp, func, size, skb, t->packet);
}

/* Those of this stack that may not have returned: where they return to, in walk->back. False when
 * none is of a packet that is followed. */
static __always_inline bool callers_look(const struct skbt_callers *all, struct skbt_walk *walk,
					 u64 sp)
{
	bool is_any = false;

#pragma unroll
	for (u32 i = 0; i < CALLERS_MAX; i++) {
		const struct skbt_caller *one = &all->caller[i];

		walk->back[i] = 0;
		if (i >= all->count || one->sp <= sp || one->sp - sp >= STACK_BYTES ||
		    !caller_is_intact(one))
			continue;
		walk->back[i] = one->back;
		is_any |= one->packet != 0;
	}
	return is_any;
}

/* The way from the hit outwards. */
struct skbt_outwards {
	const struct skbt_callers *all;
	const struct skbt_walk *walk;
	u64 before; /* the frame before: where that returns to */
	u64 bytes; /* of frames */
	u32 nearest; /* of the callers, counted from 1; 0: none that counts */
};

static long frame_next(u32 index, void *data)
{
	struct skbt_outwards *way = data;
	const struct skbt_caller *one;
	u64 i = index + 2, frame;

	asm volatile("" : "+r"(i));
	if (i >= FRAMES_MAX || i * sizeof(u64) >= way->bytes)
		return 1;
	/* where the one before returns to: not yet a caller's */
	if (way->before - config.entry_begin < config.entry_end - config.entry_begin)
		return 1;
	frame = way->walk->frames[i];
#pragma unroll
	for (u32 k = CALLERS_MAX; k > 0; k--) {
		if (way->walk->back[k - 1] != frame)
			continue;
		one = &way->all->caller[k - 1];
		if (way->before - one->begin < one->end - one->begin) {
			way->nearest = one->packet ? k : 0;
			return 1;
		}
	}
	way->before = frame;
	return 0;
}

/* The nearest function on the stack of the hit that has an skb, if that is one of a packet that is
 * followed. */
static __always_inline const struct skbt_caller *caller_find(struct pt_regs *ctx)
{
	u64 sp = PT_REGS_SP(ctx), stack = stack_of(sp), which;
	u32 noting = skbt_noting, zero = 0;
	const struct skbt_callers *all;
	struct skbt_outwards way = {};
	struct skbt_walk *walk;
	long bytes;

	all = noting ? bpf_map_lookup_elem(&callers, &stack) : NULL;
	walk = bpf_map_lookup_elem(&walks, &zero);
	if (!all || !walk || all->noting != noting || !callers_look(all, walk, sp))
		return NULL;
	bytes = bpf_get_stack(ctx, walk->frames, sizeof(walk->frames), 0);
	if (bytes < 0)
		return NULL;
	way.all = all;
	way.walk = walk;
	way.before = walk->frames[1];
	way.bytes = bytes;
	bpf_loop(FRAMES_MAX, frame_next, &way, 0);
	if (!way.nearest)
		return NULL;
	which = way.nearest - 1;
	/* not a test, which 6.1's verifier forgets */
	asm volatile("%0 &= %1" : "+r"(which) : "i"(CALLERS_MAX - 1));
	return &all->caller[which];
}

/* The function of a probe, as hops tell it: the cookie is looked for among those of all functions
 * where one link has them. */
static __always_inline u32 function_of(struct pt_regs *ctx)
{
	return config.by_address ? (u32)bpf_get_func_ip(ctx)
				 : SKBT_COOKIE_FUNC(bpf_get_attach_cookie(ctx));
}

/* A hop as of the packet's last one: nothing of it is read, since what runs here may be about to
 * change it. */
static __always_inline void other_hop(struct pt_regs *ctx, struct skbt_scratch *s,
				      struct skbt_track *t, u64 skb, const struct skbt_control *ctl)
{
	struct skbt_hop *hop = (struct skbt_hop *)s->record;
	u64 sp = PT_REGS_SP(ctx), thread = bpf_get_current_pid_tgid();
	u64 time_ns = bpf_ktime_get_ns() - ctl->base_ns;
	u32 func = function_of(ctx);
	u32 changed = 0, size;
	u8 fresh = t->fresh;

	if (config.tail && trail_hop(t, skb, func, sp, thread, time_ns))
		return;
	if (!fresh && t->thread != thread) {
		t->thread = thread;
		bpf_get_current_comm(s->now.task.comm, sizeof(s->now.task.comm));
		changed = SKBT_CHANGED_TASK;
	}
	emit_header(&hop->header, SKBT_KIND_HOP, 0, ctl->generation, time_ns);
	hop->skb = skb;
	hop->sp = sp;
	hop->func = func;
	hop->netns = t->netns;
	hop->ifindex = t->ifindex;
	hop->pid = (u32)(thread >> 32);
	size = skbt_make_hop(s, t, changed, hop_stack(ctx, false));
	asm volatile("%0 &= %1" : "+r"(size) : "i"(SKBT_RECORD_ROOM - 1));
	if (!size)
		return;
	/* the packet's first record, or the one behind a loss, says everything: this one does not
	 */
	hop->header.flags &= ~SKBT_FLAG_FIRST;
	if (config.tail) {
		trail_of(t)->sp = sp;
		trail_of(t)->cpu = bpf_get_smp_processor_id();
	}
	if (!track_send(t, &hop->header, size) || (config.tail && trail_of(t)->is_full))
		t->fresh = 1;
}

#endif
