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
#include "lib/probe.h"
#include "lib/session.h"
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

/*
 * Attached to every probed function, in copies (native/src/entry.cc): each has a gate of its own,
 * and its probes' skb is at the same place among the arguments, or found by the cookie. Says no to
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
	hop_on_probe(ctx);
	return 0;
}

/* skb:kfree_skb(skb, location, reason) */
SEC("skbt/drop")
int skbt_drop_body(u64 *ctx)
{
	struct skbt_scratch *s = scratch_get(SCRATCH_DROP);

	/* while settings are exchanged the old and the new program are both attached, but those of
	 * one only are in force: hop_handle() */
	if (!s)
		return 0;
	s->drop = (struct skbt_drop){.location = ctx[1]};
	if (config.no_drop_end && s->drop.location >= config.no_drop_begin &&
	    s->drop.location < config.no_drop_end)
		return 0;
	if (config.has_drop_reason)
		s->drop.reason = (u32)ctx[2];
	hop_handle(ctx, s, ctx[0], 0, 0, 0, &s->drop);
	return 0;
}
