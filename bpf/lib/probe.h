/* SPDX-License-Identifier: GPL-2.0-only */
/* What all programs on probes share. */
#ifndef SKBT_PROBE_H
#define SKBT_PROBE_H

#include "callers.h"
#include "cookies.h"
#include "track.h"
#include <bpf/bpf_tracing.h>

/* Written by native/src/probes.cc through the mapped .bss. */
volatile __u8 gates[SKBT_GATES];
volatile __u8 muted[SKBT_FUNCTIONS];

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct skbt_typed_place);
} typed_places SEC(".maps");

static __always_inline struct skbt_typed_place *typed_place(void)
{
	u32 zero = 0;

	return bpf_map_lookup_elem(&typed_places, &zero);
}

/* Of a function, by its id, at the stack pointer at its entry. */
static __always_inline u64 hit_number(u64 sp, u32 id)
{
	return sp ^ (u64)id << 48;
}

static __always_inline void count_hit(void)
{
	struct skbt_typed_place *place = typed_place();

	if (place)
		place->hits++; /* no other kprobe runs here meanwhile */
}

/* For the typed probe that takes the place of this kprobe: whether it has told this hit. */
static __always_inline void tell_typed(struct pt_regs *ctx, bool has_told)
{
	struct skbt_typed_place *place = typed_place();
	u32 id = SKBT_COOKIE_FUNC(bpf_get_attach_cookie(ctx)) % SKBT_FUNCTIONS;

	if (place)
		place->told = has_told ? hit_number(PT_REGS_SP(ctx), id) : 0;
}

static __always_inline u64 argument(struct pt_regs *ctx, u32 position)
{
	u64 a1 = PT_REGS_PARM1(ctx), a2 = PT_REGS_PARM2(ctx), a3 = PT_REGS_PARM3(ctx),
	    a4 = PT_REGS_PARM4(ctx), a5 = PT_REGS_PARM5(ctx);

	/* five loads at constant offsets: the verifier refuses one load at a chosen offset of ctx
	 */
	asm volatile("" : "+r"(a1), "+r"(a2), "+r"(a3), "+r"(a4), "+r"(a5));
	return position == 1   ? a1
	       : position == 2 ? a2
	       : position == 3 ? a3
	       : position == 4 ? a4
			       : a5;
}

/* A typed pointer as a number, which it is only in memory. */
static __always_inline u64 as_number(struct skbt_scratch *s, const void *pointer)
{
	volatile u64 *place = &s->record_size;

	*place = (u64)pointer;
	return *place;
}

/* A packet that is still followed where its memory is given back: the programs of end.h were not
 * run for it. The last place to end it before the address is another's. */
static __always_inline void end_late(u64 skb)
{
	const struct skbt_control *ctl = control_get();
	struct skbt_counters *c = counters_get();

	if (!ctl || !c || !maybe_followed(skb) || !track_at(skb))
		return;
	__sync_fetch_and_add(&c->late_ends, 1);
	track_end(skb, ctl);
}

/* What is behind the jump: the hop of the hit. */
static __always_inline void hop_on_probe(struct pt_regs *ctx)
{
	struct skbt_scratch *s = scratch_get(SCRATCH_HOP);
	const struct skbt_hit *hit;

	if (!s)
		return;
	hit = &s->hit;
	if (!hit->skb)
		return;
	if (hit->flags & SKBT_PROBE_END) {
		end_late(hit->skb);
		return;
	}
	if (hop_handle(ctx, s, hit->skb, hit->flags, function_of(ctx), PT_REGS_SP(ctx), NULL) &&
	    skbt_noting)
		caller_note_hop(
			PT_REGS_SP(ctx), bpf_get_func_ip(ctx),
			spans[SKBT_COOKIE_FUNC(bpf_get_attach_cookie(ctx)) % SKBT_FUNCTIONS],
			hit->skb);
}

#endif
