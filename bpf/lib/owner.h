/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which sockets belong to the process of --pid. Loaded only when a pid is set. The task that is
 * running when a packet passes need not be its owner (softirq): a socket's owner is who uses it.
 */
#ifndef SKBT_OWNER_H
#define SKBT_OWNER_H

#include "config.h"
#include "maps.h"
#include <bpf/bpf_tracing.h>

static __always_inline void owner_use(const struct socket *sock)
{
	u32 tgid = (u32)(bpf_get_current_pid_tgid() >> 32);
	u64 sk;

	if (tgid != config.pid)
		return;
	sk = (u64)sock->sk;
	if (sk)
		bpf_map_update_elem(&owned_sockets, &sk, &tgid, BPF_ANY);
}

SEC("skbt/owner")
int skbt_owner_send4(u64 *ctx)
{
	owner_use((const struct socket *)ctx[0]);
	return 0;
}

SEC("skbt/owner")
int skbt_owner_send6(u64 *ctx)
{
	owner_use((const struct socket *)ctx[0]);
	return 0;
}

SEC("skbt/owner")
int skbt_owner_receive4(u64 *ctx)
{
	owner_use((const struct socket *)ctx[0]);
	return 0;
}

SEC("skbt/owner")
int skbt_owner_receive6(u64 *ctx)
{
	owner_use((const struct socket *)ctx[0]);
	return 0;
}

/* A socket's address is used again: forget whose it was. */
SEC("skbt/owner")
int skbt_owner_end(u64 *ctx)
{
	u64 key = ctx[0];

	bpf_map_delete_elem(&owned_sockets, &key);
	return 0;
}

/* The sockets that the process had before the capture began; run once, by reading the iterator. */
SEC("iter/task_file")
int skbt_owner_prime(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct socket *sock;
	u32 tgid;
	u64 sk;

	if (!task || !file)
		return 0;
	tgid = task->tgid;
	if (tgid != config.pid)
		return 0;
	sock = bpf_sock_from_file(file);
	if (!sock)
		return 0;
	sk = (u64)sock->sk;
	if (sk)
		bpf_map_update_elem(&owned_sockets, &sk, &tgid, BPF_ANY);
	return 0;
}

#endif
