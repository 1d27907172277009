/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kernel types, only the fields that are used: CO-RE finds their offsets in the running kernel's
 * BTF, so order and size here mean nothing. Kernel-version differences live here and nowhere else,
 * each with the commit that made it.
 */
#ifndef SKBT_KERNEL_H
#define SKBT_KERNEL_H

#define __VMLINUX_H__ /* bpf_tracing.h: use the kernel's register names */
#include <linux/bpf.h>
#include <linux/types.h>

typedef __u64 u64;
typedef __u32 u32;
typedef __s32 s32;
typedef __u16 u16;
typedef __u8 u8;
typedef u64 __attribute__((may_alias)) any_word; /* of whatever struct */
typedef _Bool bool;
#define true 1
#define false 0
#define NULL ((void *)0)

#include <bpf/bpf_helpers.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct timespec64 {
	long long tv_sec;
	long tv_nsec;
};

struct pt_regs {
	unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8;
	unsigned long ax, cx, dx, si, di, orig_ax, ip, cs, flags, sp, ss;
};

struct ns_common {
	unsigned int inum;
};

struct net {
	struct ns_common ns;
};

typedef struct {
	struct net *net;
} possible_net_t;

struct net_device {
	char name[16];
	int ifindex;
	unsigned int mtu;
	possible_net_t nd_net;
};

typedef struct {
	int counter;
} atomic_t;

typedef struct {
	atomic_t refs;
} refcount_t;

typedef struct {
	unsigned int val;
} kuid_t;

struct in6_addr {
	union {
		__u8 u6_addr8[16];
	} in6_u;
};

struct sock_common {
	unsigned long skc_flags;
	__be32 skc_daddr;
	__be32 skc_rcv_saddr;
	__be16 skc_dport;
	__u16 skc_num;
	unsigned short skc_family;
	volatile unsigned char skc_state;
	possible_net_t skc_net;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
};

struct sock___backlog {
	atomic_t rmem_alloc;
};

struct sock {
	struct sock_common __sk_common;
	struct sock___backlog sk_backlog;
	int sk_rcvbuf;
	u32 sk_ack_backlog;
	u32 sk_max_ack_backlog;
	u16 sk_protocol;
	kuid_t sk_uid;
};

struct inet_sock {
	__be16 inet_sport;
};

struct tcp_sock {
	u64 bytes_sent;
	u64 bytes_retrans;
	u64 bytes_acked;
	u64 bytes_received;
	u32 srtt_us;
	u32 total_retrans;
};

struct socket {
	struct sock *sk;
};

struct sk_buff {
	struct sk_buff *next;
	struct net_device *dev;
	struct sock *sk;
	char cb[48];
	unsigned long _skb_refdst;
	unsigned long _nfct;
	unsigned int len;
	unsigned int data_len;
	__u16 queue_mapping;
	__u8 cloned : 1;
	__u8 nohdr : 1;
	__u8 fclone : 2;
	__u8 pkt_type : 3;
	__u8 ip_summed : 2;
	__u8 csum_level : 2;
	__wsum csum;
	__u32 priority;
	int skb_iif;
	__u32 hash;
	__be16 vlan_proto;
	__u16 vlan_tci;
	__u32 mark;
	__be16 protocol;
	__u16 network_header;
	__u16 mac_header;
	unsigned int end;
	unsigned char *head;
	unsigned char *data;
	unsigned int truesize;
	refcount_t users;
};

struct skb_shared_info {
	__u8 nr_frags;
	unsigned short gso_size;
	unsigned short gso_segs;
	struct sk_buff *frag_list;
	unsigned int gso_type;
	atomic_t dataref;
};

struct dst_entry {
	struct net_device *dev;
	short error;
};

struct rtable {
	__u16 rt_type;
	__u8 rt_gw_family;
	__be32 rt_gw4;
};

struct nf_conn {
	unsigned long status;
	u32 mark;
};

struct nf_hook_state {
	u8 hook;
	u8 pf;
	struct net *net;
};

struct xt_table {
	char name[32];
	int priority;
};

struct ebt_table {
	char name[32];
};

struct nft_pktinfo {
	struct sk_buff *skb;
	const struct nf_hook_state *state;
};

struct nft_table {
	u16 family : 6;
	char *name;
};

struct nft_rule_blob {
	unsigned long size;
	unsigned char data[];
};

struct nft_chain {
	struct nft_rule_blob *blob_gen_0;
	struct nft_rule_blob *blob_gen_1;
	struct nft_table *table;
	char *name;
	u8 flags : 5;
};

struct nf_hook_ops {
	int priority;
};

struct nft_base_chain {
	struct nf_hook_ops ops;
	struct nft_chain chain;
};

struct nft_verdict {
	u32 code;
	struct nft_chain *chain;
};

struct nft_regs {
	struct nft_verdict verdict;
};

struct nft_data {
	struct nft_verdict verdict;
};

struct nft_immediate_expr {
	struct nft_data data;
	u8 dreg;
};

struct nft_expr {
	const void *ops;
	unsigned char data[];
};

struct sk_buff_head {
	u32 qlen;
};

struct softnet_data {
	struct sk_buff_head input_pkt_queue;
};

/* Since 6.9 (edbc666cdcbf "net: move netdev_max_backlog to net_hotdata"). */
struct net_hotdata {
	int max_backlog;
};

struct list_head {
	struct list_head *next;
};

struct tcf_proto {
	void *root;
};

struct bpf_prog_aux {
	char name[16];
};

struct bpf_prog {
	struct bpf_prog_aux *aux;
};

struct cls_bpf_head {
	struct list_head plist;
};

struct cls_bpf_prog {
	struct bpf_prog *filter;
	struct list_head link;
};

struct veth_rq {
	struct bpf_prog *xdp_prog;
};

struct xdp_buff {
	void *data_hard_start;
};

struct neighbour {
	__u8 nud_state;
};

struct ip_fraglist_iter {
	struct sk_buff *frag;
};

struct ip6_fraglist_iter {
	struct sk_buff *frag;
};

/* Until 6.2 (354259fa73e2 "net: remove skb->vlan_present") a bit of its own said that there is a
 * tag; since then vlan_proto is not zero. */
struct sk_buff___vlan_present {
	__u8 vlan_present : 1;
};

struct cred {
	kuid_t uid;
};

struct kernfs_node {
	u64 id;
};

struct cgroup {
	struct kernfs_node *kn;
};

struct css_set {
	struct cgroup *dfl_cgrp;
};

struct task_struct {
	void *stack;
	int tgid;
	const struct cred *cred;
	struct css_set *cgroups;
	char comm[16];
};

struct file;

struct bpf_map;

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	u32 fd;
	struct file *file;
};

#pragma clang attribute pop

#endif
