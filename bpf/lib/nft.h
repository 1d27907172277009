/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * nftables: which table, chain and rule gave a verdict. The kernel tells the rule only while
 * tracing is on for a packet (meta nftrace), so it is found another way: the last expression that
 * set the verdict register is kept, and at the chain's end the rule that holds it is looked up in
 * the chain's memory.
 */
#ifndef SKBT_NFT_H
#define SKBT_NFT_H

#include "decide.h"

#define NFT_REG_VERDICT 0
#define NFT_CONTINUE (-1)
#define NFT_BREAK (-2)
#define NFT_JUMP (-3)
#define NFT_GOTO (-4)
#define NFT_CHAIN_BASE 1
#define NFT_RULES_MAX 512 /* of a chain that are looked at */

/* nft_do_chain(packet, chain) */
SEC("skbt/begin")
int skbt_nft_begin(u64 *ctx)
{
	const struct nft_pktinfo *packet = (const void *)ctx[0];

	/* a typed pointer: direct loads */
	if (bpf_core_type_exists(struct nft_pktinfo) && maybe_followed((u64)packet->skb))
		pending_begin((u64)packet->skb, SKBT_DECISION_TABLE, ctx[1], packet->state);
	return 0;
}

static __always_inline struct skbt_pending *nft_pending(u64 address)
{
	const struct nft_pktinfo *packet = (const void *)address;

	if (!bpf_core_type_exists(struct nft_pktinfo))
		return NULL;
	if (!maybe_waiting((u64)packet->skb))
		return NULL;
	return pending_find((u64)BPF_CORE_READ(packet, skb), SKBT_DECISION_TABLE,
			    pf_of((u64)BPF_CORE_READ(packet, state)));
}

static __always_inline void nft_remember(struct skbt_pending *p, u64 expression,
					 const struct nft_verdict *verdict)
{
	p->expression = expression;
	p->verdict = BPF_CORE_READ(verdict, code);
	if ((s32)p->verdict == NFT_JUMP || (s32)p->verdict == NFT_GOTO) {
		p->chains[2] = p->chains[1];
		p->chains[1] = p->chains[0];
		p->chains[0] = (u64)BPF_CORE_READ(verdict, chain);
	}
}

/* nft_immediate_eval(expression, registers, packet): `drop`, `accept`, `jump …` */
SEC("skbt/begin")
int skbt_nft_verdict(u64 *ctx)
{
	struct skbt_pending *p = nft_pending(ctx[2]);
	const struct nft_immediate_expr *immediate;

	if (!p)
		return 0;
	immediate = (const void *)(ctx[0] + bpf_core_field_offset(struct nft_expr, data));
	if (BPF_CORE_READ(immediate, dreg) == NFT_REG_VERDICT)
		nft_remember(p, ctx[0], &immediate->data.verdict);
	return 0;
}

/* Other expressions that may give a verdict: nft_*_eval(expression, registers, packet) */
static __always_inline void nft_evaluated(u64 expression, u64 registers, u64 packet)
{
	const struct nft_regs *regs = (const void *)registers;
	struct skbt_pending *p = nft_pending(packet);

	if (!p)
		return;
	switch ((s32)BPF_CORE_READ(regs, verdict.code)) {
	case NFT_CONTINUE:
	case NFT_BREAK:
		return;
	default:
		nft_remember(p, expression, &regs->verdict);
	}
}

#define NFT_EXPRESSION(name)                                                                       \
	SEC("skbt/exit")                                                                           \
	int skbt_nft_##name(u64 *ctx)                                                              \
	{                                                                                          \
		nft_evaluated(ctx[0], ctx[1], ctx[2]);                                             \
		return 0;                                                                          \
	}

NFT_EXPRESSION(lookup) /* verdict maps */
NFT_EXPRESSION(nat)
NFT_EXPRESSION(nat_inet)
NFT_EXPRESSION(masq) /* 6.12; 6.1 has one for each family */
NFT_EXPRESSION(masq_ipv4)
NFT_EXPRESSION(masq_ipv6)
NFT_EXPRESSION(masq_inet)
NFT_EXPRESSION(redir)
NFT_EXPRESSION(reject_ipv4)
NFT_EXPRESSION(reject_ipv6)
NFT_EXPRESSION(reject_inet)
NFT_EXPRESSION(reject_bridge)
NFT_EXPRESSION(queue)
NFT_EXPRESSION(queue_sreg)
NFT_EXPRESSION(target) /* of iptables, in nftables' tables */
NFT_EXPRESSION(target_bridge)

struct nft_search {
	u64 at;
	u64 end;
	u64 expression;
	u64 handle;
};

/* struct nft_rule_dp since 5.17 (2c865a8a28a1): is_last 1 bit, dlen 12, handle 42, then its
 * expressions */
static long nft_rule_next(u32 index, void *data)
{
	struct nft_search *s = data;
	u64 head = 0, length;

	(void)index;
	if (s->at + sizeof(head) > s->end ||
	    bpf_probe_read_kernel(&head, sizeof(head), (const void *)s->at) || head & 1)
		return 1;
	length = head >> 1 & 0xfff;
	s->at += sizeof(head);
	if (s->expression >= s->at && s->expression < s->at + length) {
		s->handle = head >> 13 & ((1ull << 42) - 1);
		return 1;
	}
	s->at += length;
	return 0;
}

static __always_inline u64 nft_find_in(const struct nft_rule_blob *blob, u64 expression)
{
	struct nft_search search = {};

	if (!is_kernel_pointer(blob))
		return 0;
	search.at = (u64)blob + bpf_core_field_offset(struct nft_rule_blob, data);
	search.end = search.at + BPF_CORE_READ(blob, size);
	search.expression = expression;
	if (expression < search.at || expression >= search.end)
		return 0;
	bpf_loop(NFT_RULES_MAX, nft_rule_next, &search, 0);
	return search.handle;
}

/* Handle of the rule that holds the expression, 0 when it is not in this chain. */
static __always_inline u64 nft_find(u64 address, u64 expression)
{
	const struct nft_chain *chain = (const void *)address;
	u64 handle;

	if (!is_kernel_pointer(chain))
		return 0;
	handle = nft_find_in(BPF_CORE_READ(chain, blob_gen_0), expression);
	return handle ? handle : nft_find_in(BPF_CORE_READ(chain, blob_gen_1), expression);
}

struct nft_place {
	u64 chains[NFT_DEPTH + 1];
	u64 expression;
	u64 handle;
	u64 chain;
};

static long nft_place_next(u32 index, void *data)
{
	struct nft_place *place = data;

	if (index > NFT_DEPTH)
		return 1;
	place->chain = place->chains[index];
	place->handle = nft_find(place->chain, place->expression);
	return place->handle != 0;
}

static __always_inline void nft_name(struct skbt_told *told, u64 address)
{
	const struct nft_chain *chain = (const void *)address;
	const struct nft_table *table = BPF_CORE_READ(chain, table);

	/* of the table and not of the packet: that is how `nft` finds it */
	told->d.pf = (u8)BPF_CORE_READ_BITFIELD_PROBED(table, family);
	bpf_probe_read_kernel_str(told->rule.chain, sizeof(told->rule.chain),
				  BPF_CORE_READ(chain, name));
	bpf_probe_read_kernel_str(told->rule.table, sizeof(told->rule.table),
				  BPF_CORE_READ(table, name));
}

static __always_inline void nft_end(u64 *ctx)
{
	const struct skbt_control *ctl = control_get();
	const struct nft_pktinfo *packet = (const void *)ctx[0];
	const struct skbt_pending *p;
	struct skbt_told told = {};
	struct nft_place place = {};
	u16 pf;
	u64 skb, chain = ctx[1], verdict = ctx[2];

	/* loaded here: the verifier refuses a load through a pointer that was made of ctx */
	asm volatile("" : "+r"(chain), "+r"(verdict));

	skb = (u64)BPF_CORE_READ(packet, skb);
	pf = pf_of((u64)BPF_CORE_READ(packet, state));
	p = pending_find(skb, SKBT_DECISION_TABLE, pf);
	if (!p)
		return;
	if (begun_tell(&told.d, &p->begun, skb, SKBT_DECISION_TABLE, nf_verdict((u32)verdict),
		       ctl)) {
		const struct nft_base_chain *base =
			(const void *)(chain - bpf_core_field_offset(struct nft_base_chain, chain));

		told.d.priority = BPF_CORE_READ(base, ops.priority);
		place.expression = p->expression;
		place.chains[0] = p->chains[0];
		place.chains[1] = p->chains[1];
		place.chains[2] = p->chains[2];
		place.chains[3] = chain;
		/* the verdict of an expression that is not the chain's: its policy, a map, a target
		 */
		if (p->expression && ((u32)told.d.value & 0xff) == (p->verdict & 0xff))
			bpf_loop(NFT_DEPTH + 1, nft_place_next, &place, 0);
		told.rule.handle = place.handle;
		nft_name(&told, place.handle ? place.chain : chain);
		skbt_rule_send(&told);
	}
	pending_forget(skb, SKBT_DECISION_TABLE, pf);
}

SEC("skbt/exit")
int skbt_nft_end(u64 *ctx)
{
	const struct nft_pktinfo *packet = (const void *)ctx[0];

	if (bpf_core_type_exists(struct nft_pktinfo) && maybe_waiting((u64)packet->skb))
		nft_end(ctx);
	return 0;
}

#endif
