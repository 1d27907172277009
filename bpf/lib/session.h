/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Functions that decide about a packet, where one program is told of both their entry and their
 * return (kprobe.session, since 6.10: 535a3692ba72 "bpf: Add support for kprobe session attach").
 * It is on all of them at once, takes the place of a probe and of two typed programs, and is not
 * told of the return when the packet is not followed. Typed programs beside a probe cost more than
 * both: the kernel then asks each of its users of ftrace whether it is meant.
 */
#ifndef SKBT_SESSION_H
#define SKBT_SESSION_H

#include "decide.h"
#include "prefilter.h"
#include "probe.h"
#include "quick.h"

/* Kernel functions, declared as helpers are: see native/src/kfuncs.h. The context is given to
 * kernels that ask for it. */
static bool (*const session_is_return)(void *ctx) = (void *)SKBT_IS_RETURN_MARKER;
static u64 *(*const session_cookie)(void *ctx) = (void *)SKBT_SESSION_MARKER;

#define SESSION_SKIP 1 /* the return is not wanted */

static __always_inline struct skbt_call *call_at(u64 turn)
{
	u32 place = (u32)turn & (CALLS - 1);

	return bpf_map_lookup_elem(&calls, &place);
}

/* A place for a call, whose arguments it has then. Its cookie says where; call_keep() is to follow.
 */
static __always_inline struct skbt_call *call_begin(u64 *cookie, u64 turn, u32 kind,
						    const u64 *arguments)
{
	struct skbt_call *call = call_at(turn);

	if (!cookie || !call)
		return NULL;
	*cookie = turn;
	__sync_lock_test_and_set(&call->turn, 0);
	call->kind = kind;
#pragma unroll
	for (int i = 0; i < CALL_ARGUMENTS; i++)
		call->argument[i] = arguments[i];
	call->begun.packet = 0;
	return call;
}

static __always_inline void call_keep(struct skbt_call *call, u64 turn)
{
	__sync_lock_test_and_set(&call->turn, turn);
}

/* The call of that turn; false when its place is another's by now. */
static __always_inline bool call_recall(u64 turn, struct skbt_call *copy)
{
	const struct skbt_call *call = call_at(turn);
	const volatile u64 *from = (const volatile u64 *)call;
	u64 *to = (u64 *)copy;

	if (!call || *(const volatile u64 *)&call->turn != turn)
		return false;
#pragma unroll
	for (u32 i = 0; i < sizeof(*copy) / 8; i++)
		to[i] = from[i];
	return *(const volatile u64 *)&call->turn == turn;
}

SEC("skbt/session")
int skbt_session(struct pt_regs *ctx)
{
	const struct skbt_control *ctl = control_get();
	u64 cookie, skb;
	struct skbt_hit *hit;
	u32 flags, func;
	bool is_muted;
	u8 muting;

	/* where it is a constant, and the jump one of its own, the kernel makes it a direct one */
	if (session_is_return(ctx)) {
		bpf_tail_call_static(ctx, &session_bodies, SKBT_BODY_RETURN);
		return 0;
	}
	cookie = cookie_of(ctx);
	flags = SKBT_COOKIE_FLAGS(cookie);
	func = SKBT_COOKIE_FUNC(cookie);
	skb = argument(ctx, SKBT_COOKIE_ARGUMENT(cookie));
	muting = muted[func % SKBT_FUNCTIONS];
	is_muted = muting == SKBT_MUTED;
	if (muting == SKBT_NOT_MUTED_NOTED)
		caller_note_other(ctx);
	if (!maybe_followed(skb) &&
	    (is_muted || (flags & SKBT_PROBE_PASSIVE) || prefilter_rejects(skb)))
		return SESSION_SKIP;
	hit = hit_get();
	if (!hit)
		return SESSION_SKIP;
	hit->skb = skb;
	hit->flags = flags;
	hit->kind = SKBT_COOKIE_KIND(cookie);
	if (!is_muted && !skbt_quick_hop(skb, function_of(ctx), PT_REGS_SP(ctx), flags))
		bpf_tail_call(ctx, &session_bodies, SKBT_HOP_SLOT(ctl->generation));
	bpf_tail_call_static(ctx, &session_bodies, SKBT_BODY_ENTER);
	return SESSION_SKIP;
}

SEC("skbt/session")
int skbt_session_hop(struct pt_regs *ctx)
{
	const struct skbt_control *ctl = control_get();

	if (ctl && ctl->generation != config.generation)
		bpf_tail_call(ctx, &session_bodies, SKBT_HOP_SLOT(ctl->generation));
	hop_on_probe(ctx);
	bpf_tail_call_static(ctx, &session_bodies, SKBT_BODY_ENTER);
	return SESSION_SKIP;
}

/* Behind the hop, with which the packet may have begun. */
SEC("skbt/session")
int skbt_session_enter(struct pt_regs *ctx)
{
	const struct skbt_control *ctl = control_get();
	const struct skbt_hit *hit = hit_get();
	const u64 a[CALL_ARGUMENTS] = {PT_REGS_PARM1(ctx), PT_REGS_PARM2(ctx), PT_REGS_PARM3(ctx),
				       PT_REGS_PARM4(ctx)};
	struct skbt_track *t;
	struct skbt_call *call;
	u64 turn;

	if (!ctl || !ctl->generation || !hit)
		return SESSION_SKIP;
	t = track_at(hit->skb);
	if (!t || t->generation != ctl->generation)
		return SESSION_SKIP;
	turn = __sync_fetch_and_add(&skbt_turns, 1) + 1;
	call = call_begin(session_cookie(ctx), turn, hit->kind, a);
	if (!call)
		return SESSION_SKIP;
	switch (call->kind) {
	case SKBT_SESSION_HOOK:
		begun_fill(&call->begun, t, a[0], 0, (const struct nf_hook_state *)a[1]);
		hook_at(t, call->begun.hook, true);
		break;
	case SKBT_SESSION_TABLE:
	case SKBT_SESSION_BRIDGE_TABLE:
		begun_fill(&call->begun, t, a[1], a[0], (const struct nf_hook_state *)a[2]);
		break;
	case SKBT_SESSION_CONNTRACK:
		begun_fill(&call->begun, t, a[0], 0, (const struct nf_hook_state *)a[1]);
		break;
	case SKBT_SESSION_NAT:
		begun_fill(&call->begun, t, a[0], a[1], NULL);
		break;
	case SKBT_SESSION_NEIGHBOUR:
		begun_fill(&call->begun, t, a[1], a[0], NULL);
		break;
	case SKBT_SESSION_BACKLOG:
		begun_fill(&call->begun, t, a[0], 0, NULL);
		call->begun.used = backlog_used((u32)a[1]);
		break;
	case SKBT_SESSION_TRANSMIT:
		begun_fill(&call->begun, t, a[0], 0, NULL);
		break;
	case SKBT_SESSION_TC:
		begun_fill(&call->begun, t, a[0], 0, NULL);
		t->in_tcf = 1;
		break;
	}
	call_keep(call, turn);
	return 0;
}

SEC("skbt/session")
int skbt_session_return(struct pt_regs *ctx)
{
	const u64 *turn = session_cookie(ctx);
	struct skbt_call call;
	const u64 *a = call.argument;
	u64 value = PT_REGS_RC(ctx);
	struct skbt_track *t;

	if (!turn || !call_recall(*turn, &call))
		return 0;
	switch (call.kind) {
	case SKBT_SESSION_HOOK:
		t = track_now(a[0]);
		/* One that bridge-netfilter's function has taken further from inside of it has been
		 * at others since: that it is said to be stolen is no decision about it. */
		if (value || (t && t->hook == call.begun.hook))
			begun_decide(&call.begun, a[0], SKBT_DECISION_HOOK, (s32)value);
		if (t)
			hook_at(t, call.begun.hook, false);
		break;
	case SKBT_SESSION_TABLE:
		table_tell(&call.begun, a[0], a[1], (u32)value, false);
		break;
	case SKBT_SESSION_BRIDGE_TABLE:
		table_tell(&call.begun, a[0], a[1], (u32)value, true);
		break;
	case SKBT_SESSION_CONNTRACK:
		conntrack_tell(&call.begun, a[0], (u32)value);
		break;
	case SKBT_SESSION_NAT:
		nat_tell(&call.begun, a[0], (u32)a[2], (s32)value);
		break;
	case SKBT_SESSION_ROUTE4:
		decide(a[0], SKBT_DECISION_ROUTE, (s32)value, 0, 0);
		break;
	case SKBT_SESSION_ROUTE6:
		route6_end(a[0]);
		break;
	case SKBT_SESSION_SOURCE:
		source_end(a[0], (s32)value);
		break;
	case SKBT_SESSION_NEIGHBOUR:
		neighbour_tell(&call.begun, a[0], a[1], (s32)value);
		break;
	case SKBT_SESSION_BACKLOG:
		backlog_tell(&call.begun, a[0], (s32)value);
		break;
	case SKBT_SESSION_TRANSMIT:
		if (value)
			begun_decide(&call.begun, a[0], SKBT_DECISION_TRANSMIT, (s32)value);
		break;
	case SKBT_SESSION_FILTER:
		filter_end(a[0], a[1], (s32)value);
		break;
	case SKBT_SESSION_RECEIVE:
		receive(a[0], a[1], (s32)value);
		break;
	case SKBT_SESSION_ACCEPT:
		accept_end(a[2], a[3], (s32)value);
		break;
	case SKBT_SESSION_POLICY:
		policy_end((u32)a[1], a[2], (s32)value);
		break;
	case SKBT_SESSION_TC:
		begun_decide(&call.begun, a[0], SKBT_DECISION_TC, (s32)value);
		if (maybe_followed(a[0]))
			tc_mark(a[0], 0);
		break;
	case SKBT_SESSION_TC_PROGRAM:
		tc_program_end(a[0], a[1], (s32)value);
		break;
	case SKBT_SESSION_XDP_GENERIC:
		decide_program(a[0], SKBT_DECISION_XDP, (s32)value, (const struct bpf_prog *)a[2]);
		break;
	}
	return 0;
}

#endif
