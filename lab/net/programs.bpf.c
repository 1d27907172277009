// SPDX-License-Identifier: GPL-2.0-only
// What scenarios attach to devices, by `ip link set … xdp obj` and `tc filter … bpf da obj`. A
// program is named in traces as its function is here.
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

// ifindex that the redirecting programs send to; scenarios give a device this one (`ip link add …
// index`)
#define TARGET 777

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

char LICENSE[] SEC("license") = "GPL";
