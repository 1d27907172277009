// SPDX-License-Identifier: GPL-2.0-only
// What scenarios attach to devices, by `ip link set … xdp obj` and `tc filter … bpf da obj`. A
// program is named in traces as its function is here.
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <stddef.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

// ifindex that the redirecting programs send to; scenarios give a device this one (`ip link add …
// index`)
#define TARGET 777
// what changing programs give a packet
#define MARK 0x5b7
#define TOS 0x20
#define MORE_BYTES 8

SEC("xdp/xdp_refuse")
int xdp_refuse(struct xdp_md *frame)
{
	(void)frame;
	return XDP_DROP;
}

SEC("xdp/xdp_allow")
int xdp_allow(struct xdp_md *frame)
{
	(void)frame;
	return XDP_PASS;
}

SEC("xdp/xdp_return")
int xdp_return(struct xdp_md *frame)
{
	(void)frame;
	return XDP_TX;
}

SEC("xdp/xdp_elsewhere")
int xdp_elsewhere(struct xdp_md *frame)
{
	(void)frame;
	return (int)bpf_redirect(TARGET, 0);
}

SEC("xdp/xdp_fail")
int xdp_fail(struct xdp_md *frame)
{
	(void)frame;
	return XDP_ABORTED;
}

SEC("tc/tc_refuse")
int tc_refuse(struct __sk_buff *skb)
{
	(void)skb;
	return TC_ACT_SHOT;
}

SEC("tc/tc_elsewhere")
int tc_elsewhere(struct __sk_buff *skb)
{
	(void)skb;
	return (int)bpf_redirect(TARGET, 0);
}

SEC("tc/tc_change")
int tc_change(struct __sk_buff *skb)
{
	__u8 tos[2] = {0x45, TOS};
	__u16 before = 0, after;

	if (bpf_skb_load_bytes(skb, ETH_HLEN, &before, sizeof(before)))
		return TC_ACT_UNSPEC;
	__builtin_memcpy(&after, tos, sizeof(after));
	skb->mark = MARK;
	bpf_l3_csum_replace(skb, ETH_HLEN + offsetof(struct iphdr, check), before, after,
			    sizeof(after));
	bpf_skb_store_bytes(skb, ETH_HLEN, &after, sizeof(after), 0);
	bpf_skb_change_tail(skb, skb->len + MORE_BYTES, 0);
	return TC_ACT_UNSPEC;
}

// longer than the name that the kernel keeps
SEC("tc/tc_look_at_what_comes")
int tc_look_at_what_comes(struct __sk_buff *skb)
{
	(void)skb;
	return TC_ACT_UNSPEC;
}

SEC("xdp/xdp_change")
int xdp_change(struct xdp_md *frame)
{
	void *end = (void *)(long)frame->data_end;
	struct ethhdr *eth = (void *)(long)frame->data;
	struct iphdr *ip = (void *)(eth + 1);
	__u32 sum;

	if ((void *)(ip + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP) || ip->tos != 0)
		return XDP_PASS;
	sum = (__u16)~ip->check + bpf_htons(TOS);
	ip->check = (__u16) ~((sum & 0xffff) + (sum >> 16));
	ip->tos = TOS;
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
