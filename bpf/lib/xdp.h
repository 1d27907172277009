/* SPDX-License-Identifier: GPL-2.0-only */
/* XDP on veth: skbs become frames and frames skbs, and the packet stays the same. */
#ifndef SKBT_XDP_H
#define SKBT_XDP_H

#include "decide.h"
#include "lineage.h"

#define XDP_WENT_ON 2 /* XDP_PASS */
#define XDP_DID_NOT (-1)

/* veth_xdp_rcv_skb(rq, skb, bq, stats) returns the skb, another that was built of it, or none.
 * Which of drop, transmit and redirect it was, only its hops tell. */
SEC("skbt/begin")
int skbt_veth_begin(u64 *ctx)
{
	u32 zero = 0;
	u64 *current = bpf_map_lookup_elem(&veth_skb, &zero);

	if (current)
		*current = ctx[1];
	pending_begin(ctx[1], SKBT_DECISION_XDP, 0, NULL);
	return 0;
}

SEC("skbt/exit")
int skbt_veth_end(u64 *ctx)
{
	const struct skbt_control *ctl = control_get();
	const struct skbt_pending *p = pending_find(ctx[1], SKBT_DECISION_XDP, 0);
	const struct veth_rq *rq = (const void *)ctx[0];
	const struct bpf_prog *prog;
	struct skbt_told told = {};
	u32 zero = 0;
	u64 *current = bpf_map_lookup_elem(&veth_skb, &zero);

	if (current)
		*current = 0;
	if (!p)
		return 0;
	prog = bpf_core_type_exists(struct veth_rq) ? BPF_CORE_READ(rq, xdp_prog) : NULL;
	if (is_kernel_pointer(prog) && pending_tell(&told, p, ctx[1], SKBT_DECISION_XDP,
						    ctx[4] ? XDP_WENT_ON : XDP_DID_NOT, ctl)) {
		program_name(&told, prog);
		decision_send(&told, ctl, true);
		if (ctx[4] && ctx[4] != ctx[1])
			inherit_from(p->packet, (u8)p->flags, ctx[4], SKBT_RELATION_XDP, ctl);
	}
	pending_forget(ctx[1], SKBT_DECISION_XDP, 0);
	return 0;
}

/* xdp_do_redirect(device, xdp, prog): the frame lies where the memory begins */
SEC("skbt/begin")
int skbt_redirect(u64 *ctx)
{
	const struct xdp_buff *xdp = (const void *)ctx[1];
	const struct skbt_pending *p;
	u32 zero = 0;
	u64 *current = bpf_map_lookup_elem(&veth_skb, &zero);
	u64 frame;

	if (!current || !*current)
		return 0;
	p = pending_find(*current, SKBT_DECISION_XDP, 0);
	if (!p)
		return 0;
	frame = (u64)BPF_CORE_READ(xdp, data_hard_start);
	bpf_map_update_elem(&frames, &frame, &p->packet, BPF_ANY);
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
