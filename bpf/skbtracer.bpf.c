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
#include "lib/quick.h"
#include "lib/session.h"
#include "lib/typed.h"
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

/* Unless the packet is neither followed nor may match. */
static __always_inline int go_to_hop(struct pt_regs *ctx, u64 skb, u32 flags)
{
	const struct skbt_control *ctl;
	struct skbt_hit *hit;

	if (!maybe_followed(skb)) {
		if ((flags & SKBT_PROBE_PASSIVE) || prefilter_rejects(skb))
			return 0;
	} else if (skbt_quick_hop(skb, function_of(ctx), PT_REGS_SP(ctx), flags)) {
		return 0;
	}
	ctl = control_get();
	hit = hit_get();
	if (!ctl || !hit)
		return 0;
	hit->skb = skb;
	hit->flags = flags;
	bpf_tail_call(ctx, &bodies, SKBT_HOP_SLOT(ctl->generation));
	return 0;
}

/*
 * Attached to every probed function, in copies (native/src/entry.cc): each has a gate of its own,
 * and its probes' skb is at the same place among the arguments, or found by the cookie. Says no to
 * packets that are neither followed nor match; the rest is behind the tail call.
 */
SEC("skbt/entry")
int skbt_entry(struct pt_regs *ctx)
{
	u8 gate = gates[0];
	u64 skb, cookie;
	u32 flags;

	if (gate != SKBT_GATE_OPEN) {
		if (gate == SKBT_GATE_SHUT ||
		    muted[SKBT_COOKIE_FUNC(cookie_of(ctx)) % SKBT_FUNCTIONS])
			return 0;
		/* each a jump of its own, which the kernel makes a direct one */
		if (gate == SKBT_GATE_NOTED) {
			bpf_tail_call_static(ctx, &bodies, SKBT_BODY_NOTE);
			return 0;
		}
		if (gate == SKBT_GATE_OTHER) {
			bpf_tail_call_static(ctx, &bodies, SKBT_BODY_OTHER);
			return 0;
		}
		if (gate == SKBT_GATE_LEAVING || gate == SKBT_GATE_GONE)
			tell_typed(ctx, gate == SKBT_GATE_LEAVING);
		if (gate == SKBT_GATE_GONE)
			return 0;
	}
	asm volatile("%0 = *(u64 *)(%1 + 112)" : "=r"(skb) : "r"(ctx)); /* di: the first argument */
	asm volatile("%0 = " STRING(SKBT_ENTRY_FLAGS) : "=r"(flags));
	if (flags & SKBT_PROBE_COUNTED)
		count_hit();
	if (flags & SKBT_PROBE_BY_COOKIE) {
		cookie = cookie_of(ctx);
		flags = SKBT_COOKIE_FLAGS(cookie);
		skb = argument(ctx, SKBT_COOKIE_ARGUMENT(cookie));
		if (flags & SKBT_PROBE_INDIRECT)
			skb = peek_or_read(skb);
	}
	return go_to_hop(ctx, skb, flags);
}

/* As skbt_entry, where callers are noted. */
SEC("skbt/hop")
int skbt_note(struct pt_regs *ctx)
{
	u64 cookie = cookie_of(ctx);
	u64 skb = argument(ctx, SKBT_COOKIE_ARGUMENT(cookie));
	u32 flags = SKBT_COOKIE_FLAGS(cookie);

	caller_note_other(ctx);
	if (flags & SKBT_PROBE_INDIRECT)
		skb = peek_or_read(skb);
	return go_to_hop(ctx, skb, flags);
}

/* Of functions that take no skb. */
SEC("skbt/hop")
int skbt_other(struct pt_regs *ctx)
{
	struct skbt_scratch *s = scratch_get(SCRATCH_HOP);
	const struct skbt_control *ctl = control_get();
	const struct skbt_caller *caller;
	struct skbt_track *t;

	if (!s || !ctl || !ctl->generation)
		return 0;
	caller = caller_find(ctx);
	if (!caller)
		return 0;
	t = track_find(caller->skb, ctl->generation);
	if (t && t->packet == caller->packet)
		other_hop(ctx, s, t, caller->skb, ctl);
	return 0;
}

SEC("skbt/hop")
int skbt_hop_body(struct pt_regs *ctx)
{
	const struct skbt_control *ctl = control_get();

	/* others came into force on the way here */
	if (ctl && ctl->generation != config.generation)
		bpf_tail_call(ctx, &bodies, SKBT_HOP_SLOT(ctl->generation));
	hop_on_probe(ctx);
	return 0;
}

/*
 * Attached to the entry and to the exit of programs of tc and XDP, in copies
 * (native/src/programs.cc): what a program changed stands at its exit. The kernel lets none jump to
 * what another program's has jumped to: each copy has all of the hop, and is exchanged with the
 * settings.
 */
SEC("skbt/pattern")
int skbt_program_hop(u64 *ctx)
{
	u64 cookie = bpf_get_attach_cookie(ctx), skb;
	u32 func = SKBT_COOKIE_FUNC(cookie);
	u8 gate = gates[SKBT_COOKIE_ARGUMENT(cookie)];
	struct skbt_scratch *s;
	const u64 *in_hand;

	if (gate != SKBT_GATE_OPEN && (gate == SKBT_GATE_SHUT || muted[func % SKBT_FUNCTIONS]))
		return 0;
	s = scratch_get(SCRATCH_PROGRAM);
	if (!s)
		return 0;
	if (SKBT_COOKIE_FLAGS(cookie) & SKBT_PROBE_IN_HAND) {
		in_hand = xdp_in_hand();
		skb = in_hand ? *in_hand : 0;
	} else {
		skb = as_number(s, (const void *)ctx[0]);
	}
	if (!skb || (!maybe_followed(skb) && prefilter_rejects(skb)))
		return 0;
	/* The context lies in the frame of what calls the program, at its entry as at its exit:
	 * below what led there, and above what the program calls. */
	hop_handle(ctx, s, skb, 0, func, as_number(s, ctx), NULL);
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
