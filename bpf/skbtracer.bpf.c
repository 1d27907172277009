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

/*
 * Attached to every probed function, in a copy for each position of the skb and each set of flags
 * (native/src/entry.cc). Says no to packets that are neither followed nor match; the rest is behind
 * the tail call.
 */
SEC("skbt/entry")
int skbt_entry(struct pt_regs *ctx)
{
	struct skbt_hit *hit;
	u32 flags;
	u64 skb;

	asm volatile("%0 = *(u64 *)(%1 + 112)" : "=r"(skb) : "r"(ctx)); /* di: the first argument */
	asm volatile("%0 = " STRING(SKBT_ENTRY_FLAGS) : "=r"(flags));
	if ((flags & SKBT_PROBE_INDIRECT) &&
	    bpf_probe_read_kernel(&skb, sizeof(skb), (const void *)skb))
		return 0;
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
