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
#include "lib/followed.h"
#include "lib/prefilter.h"
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

/* Written by native/src/probes.cc through the mapped .bss. */
volatile __u8 gates[SKBT_GATES];
volatile __u8 muted[SKBT_FUNCTIONS];

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

/*
 * Attached to every probed function, in copies (native/src/entry.cc): each has a gate of its own, and
 * its probes' skb is at the same place among the arguments, or found by the cookie. Says no to
 * packets that are neither followed nor match; the rest is behind the tail call.
 */
SEC("skbt/entry")
int skbt_entry(struct pt_regs *ctx)
{
	u8 gate = gates[0];
	struct skbt_hit *hit;
	u64 skb, cookie;
	u32 flags;

	if (gate != SKBT_GATE_OPEN &&
	    (gate == SKBT_GATE_SHUT ||
	     muted[SKBT_COOKIE_FUNC(bpf_get_attach_cookie(ctx)) % SKBT_FUNCTIONS]))
		return 0;
	asm volatile("%0 = *(u64 *)(%1 + 112)" : "=r"(skb) : "r"(ctx)); /* di: the first argument */
	asm volatile("%0 = " STRING(SKBT_ENTRY_FLAGS) : "=r"(flags));
	if (flags & SKBT_PROBE_BY_COOKIE) {
		cookie = bpf_get_attach_cookie(ctx);
		flags = SKBT_COOKIE_FLAGS(cookie);
		skb = argument(ctx, SKBT_COOKIE_ARGUMENT(cookie));
		if ((flags & SKBT_PROBE_INDIRECT) &&
		    bpf_probe_read_kernel(&skb, sizeof(skb), (const void *)skb))
			return 0;
	}
	if (!maybe_followed(skb) && ((flags & SKBT_PROBE_PASSIVE) || prefilter_rejects(skb)))
		return 0;
	hit = hit_get();
	if (!hit)
		return 0;
	hit->skb = skb;
	hit->flags = flags;
	bpf_tail_call(ctx, &bodies, SKBT_BODY_HOP);
	return 0;
}

SEC("skbt/hop")
int skbt_hop_body(struct pt_regs *ctx)
{
	struct skbt_scratch *s = scratch_get(SCRATCH_HOP);
	const struct skbt_hit *hit = hit_get();

	if (!s || !hit || !hit->skb)
		return 0;
	/* the cookie is looked for among those of all functions where one link has them */
	hop_handle(ctx, s, hit->skb, hit->flags,
		   config.by_address ? (u32)bpf_get_func_ip(ctx)
				     : SKBT_COOKIE_FUNC(bpf_get_attach_cookie(ctx)),
		   PT_REGS_SP(ctx), NULL);
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
	hop_handle(ctx, s, ctx[0], 0, 0, 0, &drop);
	return 0;
}
