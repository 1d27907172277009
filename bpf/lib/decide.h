/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the functions that decide about a packet return: netfilter, routing, neighbours, sockets,
 * queues, tc, XDP, XFRM. Only for packets that are followed; loaded once, like lineage.h.
 *
 * Some of these functions free the packet that they refuse. Where that may be, a program at the
 * function's entry keeps who it is (map `pending`), which also tells how long the function took.
 *
 * For functions that take an skb there are two ways to get here: typed programs at their entry and
 * exit, and, where the kernel has that, sessions (session.h).
 */
#ifndef SKBT_DECIDE_H
#define SKBT_DECIDE_H

#include "track.h"

#define NFPROTO_IPV4 2
#define NFPROTO_IPV6 10
#define BY_TCX 1 /* `used` of a decision of tc */
#define NF_DROP 0u
#define NF_STOLEN 2u

/* A decision as it is sent. */
struct skbt_told {
	struct skbt_decision d;
	struct skbt_rule rule;
};

/* In tail mode: keeps a decision of a packet that is not chosen; false when it is to be sent. One
 * about a packet that has ended is wanted if that was told. */
static __always_inline bool decision_kept(struct skbt_decision *d, u32 size)
{
	struct skbt_track *t;

	if (!config.tail)
		return false;
	t = track_find(d->skb, d->header.generation);
	return t && t->packet == d->packet
		       ? trail_keep(t, &d->header, size)
		       : skbt_told_lately[d->packet & (TOLD_PLACES - 1)] != d->packet;
}

/* Completes one whose generation and time are filled. */
static __always_inline void decision_end(struct skbt_decision *d, u32 size, u16 sections)
{
	emit_header(&d->header, SKBT_KIND_DECISION, (u16)size, d->header.generation,
		    d->header.time_ns);
	d->header.sections = sections;
	if (!decision_kept(d, size))
		emit_send(&d->header, size);
}

/* Sends a decision. A global function: the verifier looks at it once, and not for each kind. */
__noinline int skbt_decision_send(struct skbt_decision *d)
{
	if (d)
		decision_end(d, sizeof(*d), 0);
	return 0;
}

/* The same of one with its rule. */
__noinline int skbt_rule_send(struct skbt_told *told)
{
	if (told)
		decision_end(&told->d, sizeof(*told), SKBT_SECTION_RULE);
	return 0;
}

static __always_inline u32 netns_of_skb(u64 address)
{
	const struct sk_buff *skb = (const void *)address;
	const struct net_device *dev = KERNEL_FIELD(sk_buff, skb, dev);
	const struct sock *sk;
	u32 netns = 0;

	if (is_kernel_pointer(dev))
		netns = netns_of(KERNEL_FIELD(net_device, dev, nd_net.net));
	if (netns)
		return netns;
	sk = KERNEL_FIELD(sk_buff, skb, sk);
	return is_kernel_pointer(sk) ? netns_of(KERNEL_FIELD(sock, sk, __sk_common.skc_net.net))
				     : 0;
}

/* Fills who was decided about; false when the packet is not followed. */
static __always_inline bool decision_on(struct skbt_decision *d, u64 skb, u16 what, s32 value,
					const struct skbt_control *ctl)
{
	const struct skbt_track *t;

	if (!ctl || !ctl->generation)
		return false;
	t = track_find(skb, ctl->generation);
	if (!t)
		return false;
	d->header.generation = t->generation;
	d->header.time_ns = bpf_ktime_get_ns() - ctl->base_ns;
	d->packet = t->packet;
	d->skb = skb;
	d->value = value;
	d->netns = netns_of_skb(skb);
	d->decision = what;
	return true;
}

/* A decision that needs no more than what the function returned. */
static __always_inline void decide_followed(u64 skb, u16 what, s32 value, u32 used, u32 limit)
{
	const struct skbt_control *ctl = control_get();
	struct skbt_decision d = {};

	if (!decision_on(&d, skb, what, value, ctl))
		return;
	d.used = used;
	d.limit = limit;
	skbt_decision_send(&d);
}

static __always_inline void decide(u64 skb, u16 what, s32 value, u32 used, u32 limit)
{
	if (maybe_followed(skb))
		decide_followed(skb, what, value, used, limit);
}

/* Where netfilter is: pf << 8 | hook, and the namespace. */
static __always_inline u32 hook_of(const struct nf_hook_state *state, u32 *netns)
{
	if (SKBT_DIRECT) {
		/* one cast for all: it is as dear as a load */
		state = skbt_cast(state, bpf_core_type_id_kernel(struct nf_hook_state));
		*netns = netns_of(state->net);
		return (u32)state->pf << 8 | (u8)state->hook;
	}
	*netns = netns_of(BPF_CORE_READ(state, net));
	return (u32)BPF_CORE_READ(state, pf) << 8 | (u8)BPF_CORE_READ(state, hook);
}

static __always_inline u16 pf_of(u64 state)
{
	return KERNEL_FIELD(nf_hook_state, state, pf);
}

static __always_inline struct skbt_pending *pending_find(u64 skb, u16 what, u16 pf)
{
	struct skbt_pending_key key = {skb, what, pf, 0};

	return maybe_waiting(skb) ? bpf_map_lookup_elem(&pending, &key) : NULL;
}

/* Fills what is kept of a followed packet that enters a function which may free it. */
static __always_inline void begun_fill(struct skbt_begun *b, const struct skbt_track *t, u64 skb,
				       u64 by, const struct nf_hook_state *state)
{
	u32 netns;

	b->packet = t->packet;
	b->generation = t->generation;
	b->begun_ns = bpf_ktime_get_ns();
	b->by = by;
	b->used = 0;
	if (state) {
		b->hook = hook_of(state, &netns);
		b->netns = netns;
	} else {
		b->hook = t->hook;
		b->netns = netns_of_skb(skb);
	}
}

static __always_inline void pending_put(u64 skb, u32 what, u16 place, u64 by,
					const struct nf_hook_state *state)
{
	const struct skbt_control *ctl = control_get();
	struct skbt_pending_key key = {skb, (u16)what, place, 0};
	struct skbt_pending p = {};
	const struct skbt_track *t;
	const struct sk_buff *buffer = (const void *)skb;

	if (!ctl || !ctl->generation)
		return;
	t = track_find(skb, ctl->generation);
	if (!t)
		return;
	begun_fill(&p.begun, t, skb, by, state);
	p.head = (u64)KERNEL_FIELD(sk_buff, buffer, head);
	if (state)
		key.pf = (u16)(p.begun.hook >> 8);
	counted_put(&pending, skbt_waiting, skb, &key, &p);
}

static __always_inline void pending_begin_at(u64 skb, u32 what, u16 place, u64 by,
					     const struct nf_hook_state *state)
{
	if (maybe_followed(skb))
		pending_put(skb, what, place, by, state);
}

static __always_inline void pending_begin(u64 skb, u32 what, u64 by,
					  const struct nf_hook_state *state)
{
	pending_begin_at(skb, what, 0, by, state);
}

static __always_inline void pending_forget(u64 skb, u16 what, u16 pf)
{
	struct skbt_pending_key key = {skb, what, pf, 0};

	if (maybe_waiting(skb))
		counted_remove(&pending, skbt_waiting, skb, &key);
}

/* What netfilter code that drops an skb itself returns since 6.7 (e0d4593140b0 "netfilter: add
 * nf_drop_reason": NF_STOLEN with an errno), as the drop that it is; others as they are. */
static __always_inline s32 nf_verdict(u32 value)
{
	return (s32)((value & 0xff) == NF_STOLEN && value >> 16 ? (value & ~0xffu) | NF_DROP
								: value);
}

/* Fills a decision from what was kept; false when it belongs to other settings. */
static __always_inline bool begun_tell(struct skbt_decision *d, const struct skbt_begun *b, u64 skb,
				       u16 what, s32 value, const struct skbt_control *ctl)
{
	u64 now;

	if (!ctl || !b->packet || b->generation != ctl->generation)
		return false;
	now = bpf_ktime_get_ns();
	d->header.generation = b->generation;
	d->header.time_ns = now - ctl->base_ns;
	d->packet = b->packet;
	d->skb = skb;
	d->by = b->by;
	d->value = value;
	d->netns = b->netns;
	d->decision = what;
	d->pf = (u8)(b->hook >> 8);
	d->hook = (u8)b->hook;
	d->duration_ns = now - b->begun_ns;
	return true;
}

/* A decision of which no more is known. */
static __always_inline void begun_decide(const struct skbt_begun *b, u64 skb, u16 what, s32 value)
{
	const struct skbt_control *ctl = control_get();
	struct skbt_decision d = {};

	if (begun_tell(&d, b, skb, what, value, ctl))
		skbt_decision_send(&d);
}

/* The simple end of a pending decision. */
static __always_inline void pending_decide(u64 skb, u16 what, u16 pf, s32 value)
{
	const struct skbt_pending *p = pending_find(skb, what, pf);

	if (!p)
		return;
	begun_decide(&p->begun, skb, what, value);
	pending_forget(skb, what, pf);
}

/* The packet is at a hook of IP (as hook_of() has it), or no more. Bridge-netfilter asks these
 * inside of its own. */
static __always_inline void hook_at(struct skbt_track *t, u32 hook, bool is_there)
{
	const u32 pf = hook >> 8;

	if (pf == NFPROTO_IPV4 || pf == NFPROTO_IPV6)
		t->hook = is_there ? hook : 0;
}

/* nf_hook_slow(skb, state, entries, i): frees what it drops */
static __always_inline void hook_move(u64 skb, u64 state, bool is_there)
{
	struct skbt_track *t = track_now(skb);
	u32 netns;

	if (t)
		hook_at(t, hook_of((const struct nf_hook_state *)state, &netns), is_there);
}

static __always_inline void hook_begin(u64 skb, u64 state)
{
	pending_begin(skb, SKBT_DECISION_HOOK, 0, (const struct nf_hook_state *)state);
	hook_move(skb, state, true);
}

static __always_inline void hook_end(u64 skb, u64 state, s32 value)
{
	if (!maybe_waiting(skb))
		return;
	pending_decide(skb, SKBT_DECISION_HOOK, pf_of(state), value);
	hook_move(skb, state, false);
}

SEC("skbt/begin")
int skbt_hook_begin(u64 *ctx)
{
	hook_begin(ctx[0], ctx[1]);
	return 0;
}

SEC("skbt/exit")
int skbt_hook_end(u64 *ctx)
{
	hook_end(ctx[0], ctx[1], (s32)ctx[4]);
	return 0;
}

/*
 * Tables of iptables, ip6tables and ebtables. ipt_do_table(table, skb, state): the order since 5.16
 * (8844e01062dd "netfilter: iptables: allow use of ipt_do_table as hookfn").
 */
static __always_inline void table_begin(u64 table, u64 skb, u64 state)
{
	pending_begin(skb, SKBT_DECISION_TABLE, table, (const struct nf_hook_state *)state);
}

static __always_inline void table_tell(const struct skbt_begun *b, u64 table, u64 skb, u32 value,
				       bool is_ebtables)
{
	const struct skbt_control *ctl = control_get();
	const struct xt_table *xt = (const void *)table;
	const struct ebt_table *ebt = (const void *)table;
	struct skbt_told told = {};

	if (!begun_tell(&told.d, b, skb, SKBT_DECISION_TABLE, nf_verdict(value), ctl))
		return;
	if (is_ebtables) {
		if (bpf_core_type_exists(struct ebt_table))
			bpf_core_read_str(told.rule.table, sizeof(told.rule.table), &ebt->name);
	} else if (bpf_core_type_exists(struct xt_table)) {
		bpf_core_read_str(told.rule.table, sizeof(told.rule.table), &xt->name);
		told.d.priority = BPF_CORE_READ(xt, priority);
	}
	skbt_rule_send(&told);
}

static __always_inline void table_end(u64 table, u64 skb, u64 state, u32 value, bool is_ebtables)
{
	const struct skbt_pending *p;
	u16 pf;

	if (!maybe_waiting(skb))
		return;
	pf = pf_of(state);
	p = pending_find(skb, SKBT_DECISION_TABLE, pf);
	if (!p)
		return;
	table_tell(&p->begun, table, skb, value, is_ebtables);
	pending_forget(skb, SKBT_DECISION_TABLE, pf);
}

#define TABLE_PROGRAMS(name, is_ebtables)                                                          \
	SEC("skbt/begin")                                                                          \
	int skbt_##name##_begin(u64 *ctx)                                                          \
	{                                                                                          \
		table_begin(ctx[0], ctx[1], ctx[2]);                                               \
		return 0;                                                                          \
	}                                                                                          \
                                                                                                   \
	SEC("skbt/exit")                                                                           \
	int skbt_##name##_end(u64 *ctx)                                                            \
	{                                                                                          \
		table_end(ctx[0], ctx[1], ctx[2], (u32)ctx[3], is_ebtables);                       \
		return 0;                                                                          \
	}

TABLE_PROGRAMS(ipt, false) /* ipt_do_table */
TABLE_PROGRAMS(ip6t, false) /* ip6t_do_table */
TABLE_PROGRAMS(ebt, true) /* ebt_do_table */

/* nf_conntrack_in(skb, state) */
static __always_inline void conntrack_begin(u64 skb, u64 state)
{
	pending_begin(skb, SKBT_DECISION_CONNTRACK, 0, (const struct nf_hook_state *)state);
}

static __always_inline void conntrack_tell(const struct skbt_begun *b, u64 skb, u32 value)
{
	const struct skbt_control *ctl = control_get();
	const struct sk_buff *buffer = (const void *)skb;
	struct skbt_decision d = {};
	u64 nfct;

	if (!begun_tell(&d, b, skb, SKBT_DECISION_CONNTRACK, nf_verdict(value), ctl))
		return;
	nfct = KERNEL_FIELD(sk_buff, buffer, _nfct);
	d.used = nfct & NFCT_INFOMASK;
	d.limit = (nfct & NFCT_PTRMASK) != 0;
	d.by = nfct & NFCT_PTRMASK;
	skbt_decision_send(&d);
}

static __always_inline void conntrack_end(u64 skb, u64 state, u32 value)
{
	const struct skbt_pending *p;
	u16 pf;

	if (!maybe_waiting(skb))
		return;
	pf = pf_of(state);
	p = pending_find(skb, SKBT_DECISION_CONNTRACK, pf);
	if (!p)
		return;
	conntrack_tell(&p->begun, skb, value);
	pending_forget(skb, SKBT_DECISION_CONNTRACK, pf);
}

SEC("skbt/begin")
int skbt_conntrack_begin(u64 *ctx)
{
	conntrack_begin(ctx[0], ctx[1]);
	return 0;
}

SEC("skbt/exit")
int skbt_conntrack_end(u64 *ctx)
{
	conntrack_end(ctx[0], ctx[1], (u32)ctx[2]);
	return 0;
}

/* nf_nat_manip_pkt(skb, ct, type, direction) */
static __always_inline void nat_begin(u64 skb, u64 entry)
{
	pending_begin(skb, SKBT_DECISION_NAT, entry, NULL);
}

static __always_inline void nat_tell(const struct skbt_begun *b, u64 skb, u32 type, s32 value)
{
	const struct skbt_control *ctl = control_get();
	struct skbt_decision d = {};

	if (!begun_tell(&d, b, skb, SKBT_DECISION_NAT, value, ctl))
		return;
	d.used = type;
	skbt_decision_send(&d);
}

static __always_inline void nat_end(u64 skb, u32 type, s32 value)
{
	const struct skbt_pending *p = pending_find(skb, SKBT_DECISION_NAT, 0);

	if (!p)
		return;
	nat_tell(&p->begun, skb, type, value);
	pending_forget(skb, SKBT_DECISION_NAT, 0);
}

SEC("skbt/begin")
int skbt_nat_begin(u64 *ctx)
{
	nat_begin(ctx[0], ctx[1]);
	return 0;
}

SEC("skbt/exit")
int skbt_nat_end(u64 *ctx)
{
	nat_end(ctx[0], (u32)ctx[2], (s32)ctx[4]);
	return 0;
}

/* ip_route_input_noref(skb, destination, source, tos, device) */
SEC("skbt/exit")
int skbt_route4(u64 *ctx)
{
	decide(ctx[0], SKBT_DECISION_ROUTE, (s32)ctx[5], 0, 0);
	return 0;
}

/* ip6_route_input(skb): what it found stands in the packet's dst_entry */
static __always_inline void route6_end(u64 address)
{
	const struct sk_buff *skb = (const void *)address;
	u64 refdst = KERNEL_FIELD(sk_buff, skb, _skb_refdst) & REFDST_PTRMASK;
	const struct dst_entry *dst = (const void *)refdst;
	const struct skbt_control *ctl = control_get();
	struct skbt_decision d = {};

	if (!is_kernel_pointer(dst) || !decision_on(&d, address, SKBT_DECISION_ROUTE,
						    KERNEL_FIELD(dst_entry, dst, error), ctl))
		return;
	d.pf = NFPROTO_IPV6;
	skbt_decision_send(&d);
}

SEC("skbt/exit")
int skbt_route6(u64 *ctx)
{
	route6_end(ctx[0]);
	return 0;
}

/* fib_validate_source(skb, source, destination, tos, oif, device, in_device, itag): rp_filter */
static __always_inline void source_end(u64 skb, s32 value)
{
	if (value < 0)
		decide(skb, SKBT_DECISION_SOURCE, value, 0, 0);
}

SEC("skbt/exit")
int skbt_source(u64 *ctx)
{
	source_end(ctx[0], (s32)ctx[8]);
	return 0;
}

/* __neigh_event_send(neighbour, skb, immediate_ok): not 0, the packet waits or is dropped. It may
 * be gone at the exit: asked at the entry. */
static __always_inline void neighbour_begin(u64 neighbour, u64 skb)
{
	if (skb)
		pending_begin(skb, SKBT_DECISION_NEIGHBOUR, neighbour, NULL);
}

static __always_inline void neighbour_tell(const struct skbt_begun *b, u64 address, u64 skb,
					   s32 value)
{
	const struct skbt_control *ctl = control_get();
	const struct neighbour *neighbour = (const void *)address;
	struct skbt_decision d = {};

	if (!begun_tell(&d, b, skb, SKBT_DECISION_NEIGHBOUR, value, ctl))
		return;
	d.used = KERNEL_FIELD(neighbour, neighbour, nud_state);
	skbt_decision_send(&d);
}

static __always_inline void neighbour_end(u64 address, u64 skb, s32 value)
{
	const struct skbt_pending *p;

	if (!skb)
		return;
	p = pending_find(skb, SKBT_DECISION_NEIGHBOUR, 0);
	if (!p)
		return;
	neighbour_tell(&p->begun, address, skb, value);
	pending_forget(skb, SKBT_DECISION_NEIGHBOUR, 0);
}

SEC("skbt/begin")
int skbt_neighbour_begin(u64 *ctx)
{
	neighbour_begin(ctx[0], ctx[1]);
	return 0;
}

SEC("skbt/exit")
int skbt_neighbour_end(u64 *ctx)
{
	neighbour_end(ctx[0], ctx[1], (s32)ctx[3]);
	return 0;
}

/* __inet_lookup_listener(net, tables, skb, …), 10 arguments; a reuseport group's choice too */
SEC("skbt/exit")
int skbt_listener_tcp4(u64 *ctx)
{
	decide(ctx[2], SKBT_DECISION_LISTENER, ctx[10] != 0, 0, 0);
	return 0;
}

/* __udp4_lib_lookup(net, …, skb), 9 arguments */
SEC("skbt/exit")
int skbt_listener_udp4(u64 *ctx)
{
	decide(ctx[8], SKBT_DECISION_LISTENER, ctx[9] != 0, 0, 0);
	return 0;
}

/* inet6_lookup_listener(net, tables, skb, …), 10 arguments */
SEC("skbt/exit")
int skbt_listener_tcp6(u64 *ctx)
{
	decide(ctx[2], SKBT_DECISION_LISTENER, ctx[10] != 0, 0, 0);
	return 0;
}

/* __udp6_lib_lookup(net, …, skb), 9 arguments */
SEC("skbt/exit")
int skbt_listener_udp6(u64 *ctx)
{
	decide(ctx[8], SKBT_DECISION_LISTENER, ctx[9] != 0, 0, 0);
	return 0;
}

extern const struct softnet_data softnet_data __ksym __weak;

static __always_inline u32 backlog_used(u32 cpu)
{
	const struct softnet_data *queues = NULL;

	if (&softnet_data)
		queues = bpf_per_cpu_ptr(&softnet_data, cpu);
	return queues ? queues->input_pkt_queue.qlen : 0;
}

static __always_inline u32 backlog_limit(void)
{
	const struct net_hotdata *hot = (const void *)config.backlog_limit;
	s32 limit = 0;

	if (!config.backlog_limit)
		return 0;
	if (bpf_core_type_exists(struct net_hotdata))
		return (u32)KERNEL_FIELD(net_hotdata, hot, max_backlog);
	bpf_probe_read_kernel(&limit, sizeof(limit), hot);
	return (u32)limit;
}

/* enqueue_to_backlog(skb, cpu, qtail) frees what it refuses; that CPU may have emptied its queue by
 * then */
static __always_inline void backlog_begin(u64 skb, u32 cpu)
{
	struct skbt_pending *p;

	if (!maybe_followed(skb))
		return;
	pending_begin(skb, SKBT_DECISION_BACKLOG, 0, NULL);
	p = pending_find(skb, SKBT_DECISION_BACKLOG, 0);
	if (p)
		p->begun.used = backlog_used(cpu);
}

static __always_inline void backlog_tell(const struct skbt_begun *b, u64 skb, s32 value)
{
	const struct skbt_control *ctl = control_get();
	struct skbt_decision d = {};

	if (!value || !begun_tell(&d, b, skb, SKBT_DECISION_BACKLOG, value, ctl))
		return;
	d.used = b->used;
	d.limit = backlog_limit();
	skbt_decision_send(&d);
}

static __always_inline void backlog_end(u64 skb, s32 value)
{
	const struct skbt_pending *p = pending_find(skb, SKBT_DECISION_BACKLOG, 0);

	if (!p)
		return;
	backlog_tell(&p->begun, skb, value);
	pending_forget(skb, SKBT_DECISION_BACKLOG, 0);
}

SEC("skbt/begin")
int skbt_backlog_begin(u64 *ctx)
{
	backlog_begin(ctx[0], (u32)ctx[1]);
	return 0;
}

SEC("skbt/exit")
int skbt_backlog_end(u64 *ctx)
{
	backlog_end(ctx[0], (s32)ctx[3]);
	return 0;
}

/* __dev_queue_xmit(skb, sb_dev) frees what it refuses */
static __always_inline void transmit_begin(u64 skb)
{
	pending_begin(skb, SKBT_DECISION_TRANSMIT, 0, NULL);
}

static __always_inline void transmit_end(u64 skb, s32 value)
{
	if (value)
		pending_decide(skb, SKBT_DECISION_TRANSMIT, 0, value);
	else
		pending_forget(skb, SKBT_DECISION_TRANSMIT, 0);
}

SEC("skbt/begin")
int skbt_transmit_begin(u64 *ctx)
{
	transmit_begin(ctx[0]);
	return 0;
}

SEC("skbt/exit")
int skbt_transmit_end(u64 *ctx)
{
	transmit_end(ctx[0], (s32)ctx[2]);
	return 0;
}

/* sk_filter_trim_cap(sk, skb, cap): every socket that takes a packet in asks it */
static __always_inline void filter_end(u64 socket, u64 skb, s32 value)
{
	const struct skbt_control *ctl = control_get();
	struct skbt_track *t;

	t = ctl && ctl->generation ? track_find(skb, ctl->generation) : NULL;
	if (t)
		t->receiver = socket;
	if (value)
		decide(skb, SKBT_DECISION_FILTER, value, 0, 0);
}

SEC("skbt/exit")
int skbt_socket_filter(u64 *ctx)
{
	filter_end(ctx[0], ctx[1], (s32)ctx[3]);
	return 0;
}

static __always_inline void receive(u64 socket, u64 skb, s32 value)
{
	const struct sock *sk = (const void *)socket;

	if (value)
		decide(skb, SKBT_DECISION_RECEIVE, value,
		       (u32)KERNEL_FIELD(sock, sk, sk_backlog.rmem_alloc.counter),
		       (u32)KERNEL_FIELD(sock, sk, sk_rcvbuf));
}

/* __udp_enqueue_schedule_skb(sk, skb), __sock_queue_rcv_skb(sk, skb) */
SEC("skbt/exit")
int skbt_receive_udp(u64 *ctx)
{
	receive(ctx[0], ctx[1], (s32)ctx[2]);
	return 0;
}

SEC("skbt/exit")
int skbt_receive_other(u64 *ctx)
{
	receive(ctx[0], ctx[1], (s32)ctx[2]);
	return 0;
}

/* tcp_conn_request(ops, family_ops, sk, skb): a SYN on a full accept queue ends here without a drop
 */
static __always_inline void accept_end(u64 socket, u64 skb, s32 value)
{
	const struct sock *sk = (const void *)socket;

	if (!maybe_followed(skb))
		return;
	decide_followed(skb, SKBT_DECISION_ACCEPT, value, KERNEL_FIELD(sock, sk, sk_ack_backlog),
			KERNEL_FIELD(sock, sk, sk_max_ack_backlog));
}

SEC("skbt/exit")
int skbt_accept_queue(u64 *ctx)
{
	accept_end(ctx[2], ctx[3], (s32)ctx[4]);
	return 0;
}

/* __xfrm_policy_check(sk, direction, skb, family) */
static __always_inline void policy_end(u32 direction, u64 skb, s32 value)
{
	if (!value)
		decide(skb, SKBT_DECISION_POLICY, 0, direction, 0);
}

SEC("skbt/exit")
int skbt_policy(u64 *ctx)
{
	policy_end((u32)ctx[1], ctx[2], (s32)ctx[4]);
	return 0;
}

static __always_inline void program_name(struct skbt_told *told, const struct bpf_prog *prog)
{
	const struct bpf_prog_aux *aux;

	if (!is_kernel_pointer(prog))
		return;
	aux = BPF_CORE_READ(prog, aux);
	bpf_core_read_str(told->rule.chain, sizeof(aux->name), &aux->name);
}

static __always_inline void decide_program(u64 skb, u16 what, s32 value,
					   const struct bpf_prog *prog)
{
	const struct skbt_control *ctl = control_get();
	struct skbt_told told = {};

	if (!decision_on(&told.d, skb, what, value, ctl))
		return;
	program_name(&told, prog);
	skbt_rule_send(&told);
}

/* Tells a device's filters apart. */
static __always_inline u16 tc_place(u64 filters)
{
	return (u16)(filters >> 6);
}

/* Read by a helper, since the verifier lets nobody reckon with a typed pointer. */
static __always_inline u64 tc_filters(u64 *ctx)
{
	u64 filters = 0;

	bpf_get_func_arg(ctx, 2, &filters);
	return filters;
}

static __always_inline void tc_mark(u64 skb, u8 in_tcf)
{
	struct skbt_track *t = track_now(skb);

	if (t)
		t->in_tcf = in_tcf;
}

/* tcf_classify(skb, block, filters, result, compat): an action may have sent or freed it */
static __always_inline void tc_begin(u64 skb, u64 filters)
{
	pending_begin_at(skb, SKBT_DECISION_TC, tc_place(filters), 0, NULL);
	tc_mark(skb, 1);
}

static __always_inline void tc_end(u64 skb, u64 filters, s32 value)
{
	pending_decide(skb, SKBT_DECISION_TC, tc_place(filters), value);
	tc_mark(skb, 0);
}

SEC("skbt/begin")
int skbt_tc_begin(u64 *ctx)
{
	tc_begin(ctx[0], tc_filters(ctx));
	return 0;
}

SEC("skbt/exit")
int skbt_tc_end(u64 *ctx)
{
	tc_end(ctx[0], tc_filters(ctx), (s32)ctx[5]);
	return 0;
}

/*
 * A program of tc itself (skb), which tcx runs without a function that could be probed; a copy of
 * this is attached to each, with its id as the cookie. See native/src/tcx.cc.
 */
SEC("skbt/exit")
int skbt_tcx_end(u64 *ctx)
{
	const struct skbt_control *ctl = control_get();
	u64 skb = ctx[0], id = bpf_get_attach_cookie(ctx);
	const struct skbt_program_name *name;
	struct skbt_told told = {};
	const struct skbt_track *t;

	if (!decision_on(&told.d, skb, SKBT_DECISION_TC, (s32)ctx[1], ctl))
		return 0;
	t = track_find(skb, ctl->generation);
	if (!t || t->in_tcf)
		return 0;
	told.d.used = BY_TCX;
	name = bpf_map_lookup_elem(&tcx_programs, &id);
	if (name)
		__builtin_memcpy(told.rule.chain, name->name, sizeof(name->name));
	skbt_rule_send(&told);
	return 0;
}

/* cls_bpf_classify(skb, filters, result): its first program gives the name */
static __always_inline void tc_program_end(u64 skb, u64 proto, s32 value)
{
	const struct tcf_proto *filters = (const void *)proto;
	const struct cls_bpf_head *head = BPF_CORE_READ(filters, root);
	const struct bpf_prog *prog = NULL;
	u64 first;

	if (bpf_core_type_exists(struct cls_bpf_head)) {
		first = (u64)BPF_CORE_READ(head, plist.next);
		if (first &&
		    first != (u64)head + bpf_core_field_offset(struct cls_bpf_head, plist)) {
			const struct cls_bpf_prog *one =
				(const void *)(first -
					       bpf_core_field_offset(struct cls_bpf_prog, link));

			prog = BPF_CORE_READ(one, filter);
		}
	}
	decide_program(skb, SKBT_DECISION_TC, value, prog);
}

SEC("skbt/exit")
int skbt_tc_program(u64 *ctx)
{
	tc_program_end(ctx[0], ctx[1], (s32)ctx[3]);
	return 0;
}

/* bpf_prog_run_generic_xdp(skb, xdp, prog) */
SEC("skbt/exit")
int skbt_xdp_generic(u64 *ctx)
{
	decide_program(ctx[0], SKBT_DECISION_XDP, (s32)ctx[3], (const struct bpf_prog *)ctx[2]);
	return 0;
}

#endif
