/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whose a socket is. The task that is running when a packet passes need not be its owner (softirq):
 * a socket's owner is who uses it.
 */
#ifndef SKBT_OWNER_H
#define SKBT_OWNER_H

#include "maps.h"
#include <bpf/bpf_core_read.h>

static __always_inline void owner_use(const struct socket *sock)
{
	u32 tgid = (u32)(bpf_get_current_pid_tgid() >> 32);
	const struct skbt_owner *known;
	struct skbt_owner owner = {};
	u64 sk = (u64)sock->sk; /* a typed pointer: a direct load */

	if (!sk || !tgid)
		return;
	known = bpf_map_lookup_elem(&owners, &sk);
	if (known && known->pid == tgid)
		return;
	owner.pid = tgid;
	owner.uid = (u32)bpf_get_current_uid_gid();
	owner.cgroup = bpf_get_current_cgroup_id();
	bpf_get_current_comm(owner.comm, sizeof(owner.comm));
	bpf_map_update_elem(&owners, &sk, &owner, BPF_ANY);
}

/* Each of these gets the socket first, in the process that uses it. */
#define OWNER_PROGRAM(name)                                                                        \
	SEC("skbt/begin")                                                                          \
	int skbt_owner_##name(u64 *ctx)                                                            \
	{                                                                                          \
		owner_use((const struct socket *)ctx[0]);                                          \
		return 0;                                                                          \
	}

OWNER_PROGRAM(send4) /* inet_sendmsg */
OWNER_PROGRAM(send6)
OWNER_PROGRAM(receive4) /* inet_recvmsg */
OWNER_PROGRAM(receive6)
OWNER_PROGRAM(connect) /* inet_stream_connect */
OWNER_PROGRAM(listen) /* inet_listen */
OWNER_PROGRAM(bind4) /* inet_bind */
OWNER_PROGRAM(bind6)

/* inet_sock_destruct(sk): its address is used again */
SEC("skbt/begin")
int skbt_owner_end(u64 *ctx)
{
	u64 key = ctx[0];

	bpf_map_delete_elem(&owners, &key);
	return 0;
}

/* The sockets that there were before the capture began; run once, by reading the iterator. Typed
 * pointers: direct loads. */
SEC("iter/task_file")
int skbt_owner_prime(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct skbt_owner owner = {};
	struct socket *sock;
	u64 sk;

	if (!task || !file)
		return 0;
	sock = bpf_sock_from_file(file);
	if (!sock)
		return 0;
	sk = (u64)sock->sk;
	if (!sk || bpf_map_lookup_elem(&owners, &sk))
		return 0;
	owner.pid = task->tgid;
	owner.uid = BPF_CORE_READ(task, cred, uid.val);
	owner.cgroup = BPF_CORE_READ(task, cgroups, dfl_cgrp, kn, id);
	bpf_probe_read_kernel_str(owner.comm, sizeof(owner.comm), task->comm);
	bpf_map_update_elem(&owners, &sk, &owner, BPF_ANY);
	return 0;
}

#endif
