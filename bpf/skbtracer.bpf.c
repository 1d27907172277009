// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel side of skbtracer: entry points only, each a few lines over lib/.
 *
 * Sections named skbt/… are not libbpf's: native/src/tracer loads and attaches them by hand. The
 * tracer loads this object once for the probes and maps, and once more for each change of settings
 * (see lib/config.h).
 */
#include "lib/kernel.h"
#include "lib/config.h"
#include "lib/maps.h"
#include "lib/track.h"
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

/* Attached to every probed function; its cookie is SKBT_COOKIE(function id, skb's position). */
SEC("skbt/entry")
int skbt_entry(struct pt_regs *ctx)
{
	bpf_tail_call(ctx, &bodies, SKBT_BODY_HOP);
	return 0;
}

static __always_inline u64 argument(struct pt_regs *ctx, u32 position)
{
	u64 a1 = PT_REGS_PARM1(ctx), a2 = PT_REGS_PARM2(ctx), a3 = PT_REGS_PARM3(ctx),
	    a4 = PT_REGS_PARM4(ctx), a5 = PT_REGS_PARM5(ctx);

	/* five loads at constant offsets: the verifier refuses one load at a chosen offset of ctx */
	asm volatile("" : "+r"(a1), "+r"(a2), "+r"(a3), "+r"(a4), "+r"(a5));
	return position == 1 ? a1 : position == 2 ? a2 : position == 3 ? a3 : position == 4 ? a4 : a5;
}

SEC("skbt/hop")
int skbt_hop_body(struct pt_regs *ctx)
{
	struct skbt_scratch *s = scratch_get(SCRATCH_HOP);
	u64 cookie = bpf_get_attach_cookie(ctx);
	u64 skb = argument(ctx, cookie >> 32);

	if (!s || !skb)
		return 0;
	hop_handle(s, skb, (u32)cookie, PT_REGS_SP(ctx), SKBT_KIND_HOP, NULL);
	return 0;
}

/* skb:kfree_skb(skb, location, reason) */
SEC("skbt/drop")
int skbt_drop_body(u64 *ctx)
{
	struct skbt_scratch *s = scratch_get(SCRATCH_DROP);
	struct skbt_control *ctl = control_get();
	struct skbt_drop drop = {};

	/* while settings are exchanged the old and the new program are both attached */
	if (!s || !ctl || ctl->generation != config.generation)
		return 0;
	drop.location = ctx[1];
	if (config.has_drop_reason)
		drop.reason = (u32)ctx[2];
	hop_handle(s, ctx[0], 0, 0, SKBT_KIND_DROP, &drop);
	return 0;
}

/*
 * Typed programs: ctx holds the function's arguments, and behind them, at its exit, what it returned.
 */

/* skb_release_head_state(skb): every way in which an skb ends, is stolen from or is written over
 * comes through here. */
SEC("skbt/free")
int skbt_free_body(u64 *ctx)
{
	struct skbt_control *ctl = control_get();

	if (ctl && ctl->generation == config.generation)
		track_end(ctx[0]);
	return 0;
}

static __always_inline void inherit(u64 parent, u64 child, u32 relation)
{
	struct skbt_control *ctl = control_get();

	if (ctl && ctl->generation == config.generation)
		track_inherit(parent, child, relation);
}

/* skb_clone(skb, gfp) */
SEC("skbt/exit")
int skbt_clone(u64 *ctx)
{
	inherit(ctx[0], ctx[2], SKBT_RELATION_CLONE);
	return 0;
}

/* skb_copy(skb, gfp) */
SEC("skbt/exit")
int skbt_copy(u64 *ctx)
{
	inherit(ctx[0], ctx[2], SKBT_RELATION_COPY);
	return 0;
}

/* __pskb_copy_fclone(skb, headroom, gfp, fclone) */
SEC("skbt/exit")
int skbt_pskb_copy(u64 *ctx)
{
	inherit(ctx[0], ctx[4], SKBT_RELATION_COPY);
	return 0;
}

#include "lib/owner.h"
