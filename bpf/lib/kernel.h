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
typedef __u16 u16;
typedef __u8 u8;
typedef _Bool bool;
#define true 1
#define false 0
#define NULL ((void *)0)

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

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
	possible_net_t nd_net;
};

struct sock_common {
	possible_net_t skc_net;
};

struct sock {
	struct sock_common __sk_common;
};

struct socket {
	struct sock *sk;
};

struct sk_buff {
	struct net_device *dev;
	struct sock *sk;
	unsigned int len;
	unsigned int data_len;
	__u8 pkt_type : 3;
	__u32 priority;
	__be16 vlan_proto;
	__u16 vlan_tci;
	__u32 mark;
	__be16 protocol;
	__u16 network_header;
	__u16 mac_header;
	unsigned char *head;
	unsigned char *data;
};

/* Until 6.2 (354259fa73e2 "net: remove skb->vlan_present") a bit of its own said that there is a
 * tag; since then vlan_proto is not zero. */
struct sk_buff___vlan_present {
	__u8 vlan_present : 1;
};

struct task_struct {
	int tgid;
};

struct file;

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
