// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel side of skbtracer: the programs that are exchanged with the settings. Those that are
 * loaded once stand beside what they do, in lib/: end.h, lineage.h, decide.h, nft.h, xdp.h,
 * owner.h, socket.h.
 *
 * Sections named skbt/… are not libbpf's: native/src/tracer loads and attaches them by hand. The
 * tracer loads this object once for the probes and maps, and once more for each change of settings
 * (see lib/config.h).
 */
#include "lib/kernel.h"
#include "lib/config.h"
#include "lib/maps.h"
#include "lib/track.h"
#include "lib/end.h"
#include "lib/lineage.h"
#include "lib/decide.h"
#include "lib/nft.h"
#include "lib/xdp.h"
#include "lib/owner.h"
#include "lib/socket.h"
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

	if ((SKBT_COOKIE_FLAGS(cookie) & SKBT_PROBE_INDIRECT) &&
	    bpf_probe_read_kernel(&skb, sizeof(skb), (void *)skb))
		return 0;
	if (!s || !skb)
		return 0;
	hop_handle(ctx, s, skb, cookie, PT_REGS_SP(ctx), NULL);
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
	if (config.no_drop_end && drop.location >= config.no_drop_begin &&
	    drop.location < config.no_drop_end)
		return 0;
	if (config.has_drop_reason)
		drop.reason = (u32)ctx[2];
	hop_handle(ctx, s, ctx[0], 0, 0, &drop);
	return 0;
}
