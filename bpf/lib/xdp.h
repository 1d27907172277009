/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * XDP where it is run on skbs: on veth, and by the kernel itself (generic). On veth, an skb whose
 * memory a program may not write to is copied first: it stays the same packet. One that is sent
 * back or redirected becomes a frame; the skb that its receiver makes of that is another packet,
 * with this one as its parent.
 */
#ifndef SKBT_XDP_H
#define SKBT_XDP_H

#include "decide.h"
#include "lineage.h"

#define XDP_ABORTED 0
#define XDP_DROP 1
#define XDP_PASS 2
#define XDP_TX 3
#define XDP_REDIRECT 4
#define ON_VETH 1 /* `used` of the decision */
#define EIO 5

static __always_inline u64 *xdp_in_hand(void)
{
	u32 zero = 0;

	return bpf_map_lookup_elem(&xdp_skb, &zero);
}

/* What is decided about the skb that veth has in hand on this CPU, if that is followed. */
static __always_inline struct skbt_pending *veth_pending(void)
{
	const u64 *current = xdp_in_hand();

	return current && *current ? pending_find(*current, SKBT_DECISION_XDP, 0) : NULL;
}

/* veth_xdp_rcv_skb(rq, skb, bq, stats) returns the skb, a copy of it, or none */
SEC("skbt/begin")
int skbt_veth_begin(u64 *ctx)
{
	u64 *current = xdp_in_hand();
	struct skbt_pending *p;

	if (current)
		*current = ctx[1];
	pending_begin(ctx[1], SKBT_DECISION_XDP, 0, NULL);
	p = veth_pending();
	if (p)
		p->verdict = XDP_DROP; /* unless something says otherwise below */
	return 0;
}

/* The packet goes on in another skb; the first is freed next, which is not its end. */
static __always_inline void veth_move(u64 from, u64 to)
{
	const struct skbt_control *ctl = control_get();
	u64 *current = xdp_in_hand();
	const struct skbt_pending *p = veth_pending();
	struct skbt_track *t;
	struct skbt_pending_key key = {to, SKBT_DECISION_XDP, 0, 0};

	if (!ctl || !p || !current || *current != from || from == to)
		return;
	t = track_find(from, ctl->generation);
	if (!t || !track_move(t, from, to))
		return;
	lineage_emit(t, to, t->packet, SKBT_RELATION_HEAD, bpf_ktime_get_ns() - ctl->base_ns);
	counted_put(&pending, skbt_waiting, to, &key, p);
	pending_forget(from, SKBT_DECISION_XDP, 0);
	*current = to;
}

/* skb_pp_cow_data(pool, pskb, headroom), which 6.12 has and 6.1 has not, leaves the copy where
 * the skb was */
SEC("skbt/exit")
int skbt_veth_copied(u64 *ctx)
{
	const u64 *current = xdp_in_hand();
	u64 to = 0, place = 0;

	if (!current || !*current || (s32)ctx[3])
		return 0;
	/* by a helper: a program may not load what points to a pointer from ctx */
	bpf_get_func_arg(ctx, 1, &place);
	if (!bpf_probe_read_kernel(&to, sizeof(to), (const void *)place) && to)
		veth_move(*current, to);
	return 0;
}

/* skb_copy_header(new, old): what veth's own copying calls before that */
SEC("skbt/begin")
int skbt_veth_copies(u64 *ctx)
{
	veth_move(ctx[1], ctx[0]);
	return 0;
}

/* The frame lies where the memory begins. */
static __always_inline void veth_frame(u64 buffer, u32 verdict)
{
	const struct xdp_buff *xdp = (const void *)buffer;
	struct skbt_pending *p = veth_pending();
	u64 frame;

	if (!p)
		return;
	p->verdict = verdict;
	frame = (u64)BPF_CORE_READ(xdp, data_hard_start);
	bpf_map_update_elem(&frames, &frame, &p->begun.packet, BPF_ANY);
}

/* xdp_do_redirect(device, xdp, prog) */
SEC("skbt/begin")
int skbt_redirect_begin(u64 *ctx)
{
	veth_frame(ctx[1], XDP_REDIRECT);
	return 0;
}

SEC("skbt/exit")
int skbt_redirect_end(u64 *ctx)
{
	struct skbt_pending *p = veth_pending();

	if (p && (s32)ctx[3] < 0)
		p->error = (u32) - (s32)ctx[3];
	return 0;
}

/* veth_xdp_tx(rq, xdp, bq) */
SEC("skbt/begin")
int skbt_veth_transmit(u64 *ctx)
{
	veth_frame(ctx[1], XDP_TX);
	return 0;
}

/* xdp:xdp_exception(device, prog, action): it failed, or what it asked for cannot be done */
SEC("skbt/tracepoint")
int skbt_xdp_exception(u64 *ctx)
{
	struct skbt_pending *p = veth_pending();

	if (!p)
		return 0;
	if ((u32)ctx[2] == XDP_TX)
		p->error = EIO;
	else
		p->verdict = XDP_ABORTED;
	return 0;
}

SEC("skbt/exit")
int skbt_veth_end(u64 *ctx)
{
	const struct skbt_control *ctl = control_get();
	const struct veth_rq *rq = (const void *)ctx[0];
	const struct skbt_pending *p = veth_pending();
	u64 *current = xdp_in_hand(), skb, returned = ctx[4];
	const struct bpf_prog *prog;
	struct skbt_told told = {};

	/* loaded here: the verifier refuses a load through a pointer that was made of ctx */
	asm volatile("" : "+r"(returned));
	if (!current)
		return 0;
	skb = *current;
	*current = 0;
	if (!p)
		return 0;
	prog = bpf_core_type_exists(struct veth_rq) ? BPF_CORE_READ(rq, xdp_prog) : NULL;
	if (is_kernel_pointer(prog) && begun_tell(&told.d, &p->begun, skb, SKBT_DECISION_XDP,
						  (s32)(returned ? XDP_PASS : p->verdict), ctl)) {
		told.d.used = ON_VETH;
		told.d.limit = p->error;
		program_name(&told, prog);
		skbt_rule_send(&told);
	}
	pending_forget(skb, SKBT_DECISION_XDP, 0);
	return 0;
}

/* bpf_prog_run_generic_xdp(skb, xdp, prog), which has what it decides told by decide.h */
SEC("skbt/begin")
int skbt_generic_begin(u64 *ctx)
{
	u64 *current = xdp_in_hand();

	if (current)
		*current = ctx[0];
	return 0;
}

SEC("skbt/exit")
int skbt_generic_end(void *ctx)
{
	u64 *current = xdp_in_hand();

	(void)ctx;
	if (current)
		*current = 0;
	return 0;
}

/* __xdp_build_skb_from_frame(frame, skb, device) */
SEC("skbt/exit")
int skbt_from_frame(u64 *ctx)
{
	const struct skbt_control *ctl = control_get();
	u64 frame = ctx[0], *packet;

	if (!ctl || !ctl->generation)
		return 0;
	packet = bpf_map_lookup_elem(&frames, &frame);
	if (!packet)
		return 0;
	inherit_from(*packet, 0, ctx[3], SKBT_RELATION_XDP, ctl);
	bpf_map_delete_elem(&frames, &frame);
	return 0;
}

#endif
