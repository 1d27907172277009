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

/* Attached to every probed function; see SKBT_COOKIE for its cookie. */
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

	/* five loads at constant offsets: the verifier refuses one load at a chosen offset of ctx
	 */
	asm volatile("" : "+r"(a1), "+r"(a2), "+r"(a3), "+r"(a4), "+r"(a5));
	return position == 1   ? a1
	       : position == 2 ? a2
	       : position == 3 ? a3
	       : position == 4 ? a4
			       : a5;
}

SEC("skbt/hop")
int skbt_hop_body(struct pt_regs *ctx)
{
	struct skbt_scratch *s = scratch_get(SCRATCH_HOP);
	u64 cookie = bpf_get_attach_cookie(ctx);
	u64 skb = argument(ctx, SKBT_COOKIE_ARGUMENT(cookie));

	if (SKBT_COOKIE_INDIRECT(cookie) && bpf_probe_read_kernel(&skb, sizeof(skb), (void *)skb))
		return 0;
	if (!s || !skb)
		return 0;
	hop_handle(s, skb, cookie, PT_REGS_SP(ctx), NULL);
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
	hop_handle(s, ctx[0], 0, 0, &drop);
	return 0;
}

/*
 * Typed programs: ctx holds the function's arguments, and behind them, at its exit, what it
 * returned.
 */

static __always_inline void end(u64 skb)
{
	struct skbt_control *ctl = control_get();

	if (ctl && ctl->generation == config.generation)
		track_end(skb);
}

/*
 * The ends of an skb. Nearly all come through skb_release_head_state(skb), also when its head was
 * stolen or another is written over it; taken at its exit because it calls the destructors
 * (sock_wfree …), which are hops of the packet still.
 */
SEC("skbt/exit")
int skbt_end_release(u64 *ctx)
{
	end(ctx[0]);
	return 0;
}

/* __consume_stateless_skb(skb): UDP, when a reader has taken what the socket had freed of its state
 */
SEC("skbt/begin")
int skbt_end_stateless(u64 *ctx)
{
	end(ctx[0]);
	return 0;
}

/* napi_skb_free_stolen_head(skb): GRO, merged into another */
SEC("skbt/begin")
int skbt_end_stolen(u64 *ctx)
{
	end(ctx[0]);
	return 0;
}

/* napi_get_frags(napi) returns an skb that GRO may have merged and kept for use as a new one */
SEC("skbt/exit")
int skbt_end_reused(u64 *ctx)
{
	end(ctx[1]);
	return 0;
}

static __always_inline void inherit(u64 parent, u64 child, u32 relation, u32 slot)
{
	struct skbt_control *ctl = control_get();

	if (ctl && ctl->generation == config.generation)
		track_inherit(parent, child, relation, slot);
}

/* skb_clone(skb, gfp) */
SEC("skbt/exit")
int skbt_clone(u64 *ctx)
{
	inherit(ctx[0], ctx[2], SKBT_RELATION_CLONE, SCRATCH_CLONE);
	return 0;
}

/* skb_copy(skb, gfp) */
SEC("skbt/exit")
int skbt_copy(u64 *ctx)
{
	inherit(ctx[0], ctx[2], SKBT_RELATION_COPY, SCRATCH_COPY);
	return 0;
}

/* __pskb_copy_fclone(skb, headroom, gfp, fclone) */
SEC("skbt/exit")
int skbt_pskb_copy(u64 *ctx)
{
	inherit(ctx[0], ctx[4], SKBT_RELATION_COPY, SCRATCH_PSKB_COPY);
	return 0;
}

#include "lib/owner.h"
