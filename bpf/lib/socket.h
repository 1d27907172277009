/* SPDX-License-Identifier: GPL-2.0-only */
/* TCP connections: made, accepted, closed, or not made (what tcptracer-bpf tells). */
#ifndef SKBT_SOCKET_H
#define SKBT_SOCKET_H

#include "emit.h"
#include "meta.h"

#define AF_INET 2
#define AF_INET6 10
#define IPPROTO_TCP_SOCKET 6
#define TCP_ESTABLISHED 1
#define TCP_SYN_SENT 2
#define TCP_SYN_RECV 3
#define TCP_CLOSE 7
#define SOCK_DONE 1 /* bit of sk_flags: the other side's FIN was taken */

/*
 * Bytes of data, without SYN and FIN, which the kernel counts as well. `bytes_acked` counts the SYN
 * on the side that asked (tcp_finish_connect) and the FIN once that is acknowledged; more than what
 * was sent for the first time it can be for no other reason.
 */
static __always_inline u64 socket_sent(const struct tcp_sock *tcp, const struct skbt_tcp_life *life)
{
	u64 acknowledged = BPF_CORE_READ(tcp, bytes_acked);
	u64 sent = BPF_CORE_READ(tcp, bytes_sent) - BPF_CORE_READ(tcp, bytes_retrans);

	if (life && life->is_asker && acknowledged)
		acknowledged--;
	return acknowledged < sent ? acknowledged : sent;
}

/* `bytes_received` counts the FIN (tcp_queue_rcv). */
static __always_inline u64 socket_received(const struct tcp_sock *tcp, const struct sock *sk)
{
	u64 received = BPF_CORE_READ(tcp, bytes_received);
	bool has_fin = BPF_CORE_READ(sk, __sk_common.skc_flags) >> SOCK_DONE & 1;

	return has_fin && received ? received - 1 : received;
}

/* IPv4 over a socket of both versions (::ffff:10.1.0.2) is IPv4, whose addresses it has as well. */
static __always_inline bool socket_is_v6(const struct sock *sk)
{
	u32 daddr[4] = {};

	if (BPF_CORE_READ(sk, __sk_common.skc_family) != AF_INET6)
		return false;
	BPF_CORE_READ_INTO(&daddr, sk, __sk_common.skc_v6_daddr.in6_u.u6_addr8);
	return daddr[0] || daddr[1] || daddr[2] != bpf_htonl(0xffff);
}

static __always_inline void socket_tell(u64 address, u8 event, u8 old_state, u8 new_state,
					const struct skbt_control *ctl)
{
	const struct sock *sk = (const void *)address;
	const struct inet_sock *inet = (const void *)address;
	const struct tcp_sock *tcp = (const void *)address;
	const struct skbt_tcp_life *life = bpf_map_lookup_elem(&tcp_lives, &address);
	const struct skbt_owner *owner = bpf_map_lookup_elem(&owners, &address);
	struct skbt_socket r = {};
	u64 now = bpf_ktime_get_ns();

	r.netns = netns_of(BPF_CORE_READ(sk, __sk_common.skc_net.net));
	if (ctl->netns && r.netns != ctl->netns)
		return;
	if (ctl->pid && (!owner || owner->pid != ctl->pid))
		return;
	r.sk = address;
	r.event = event;
	r.old_state = old_state;
	r.new_state = new_state;
	/* skc_num is 0 once the port was given back, which is before a connection is CLOSE */
	r.sport = bpf_ntohs(BPF_CORE_READ(inet, inet_sport));
	r.dport = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
	if (socket_is_v6(sk)) {
		r.family = 6;
		BPF_CORE_READ_INTO(&r.saddr, sk, __sk_common.skc_v6_rcv_saddr.in6_u.u6_addr8);
		BPF_CORE_READ_INTO(&r.daddr, sk, __sk_common.skc_v6_daddr.in6_u.u6_addr8);
	} else {
		r.family = 4;
		BPF_CORE_READ_INTO((u32 *)r.saddr, sk, __sk_common.skc_rcv_saddr);
		BPF_CORE_READ_INTO((u32 *)r.daddr, sk, __sk_common.skc_daddr);
	}
	if (owner) {
		r.pid = owner->pid;
		r.uid = owner->uid;
		r.cgroup = owner->cgroup;
		__builtin_memcpy(r.comm, owner->comm, sizeof(r.comm));
	}
	if (life)
		r.duration_ns = now - life->begun_ns;
	r.sent = socket_sent(tcp, life);
	r.received = socket_received(tcp, sk);
	r.srtt_us = BPF_CORE_READ(tcp, srtt_us) >> 3;
	r.retransmits = BPF_CORE_READ(tcp, total_retrans);
	emit_header(&r.header, SKBT_KIND_SOCKET, sizeof(r), ctl->generation, now - ctl->base_ns);
	emit_send(&r.header, sizeof(r));
}

/* sock:inet_sock_set_state(sk, old, new) */
SEC("skbt/tracepoint")
int skbt_tcp_state(u64 *ctx)
{
	const struct skbt_control *ctl = control_get();
	const struct sock *sk = (const void *)ctx[0];
	struct skbt_tcp_life begun = {}, *life;
	u8 old_state = (u8)ctx[1], new_state = (u8)ctx[2];
	u64 address = ctx[0];

	if (!ctl || !ctl->generation || !ctl->tcp_events ||
	    BPF_CORE_READ(sk, sk_protocol) != IPPROTO_TCP_SOCKET)
		return 0;
	if (new_state == TCP_SYN_SENT || new_state == TCP_SYN_RECV) {
		begun.begun_ns = bpf_ktime_get_ns();
		begun.is_asker = new_state == TCP_SYN_SENT;
		bpf_map_update_elem(&tcp_lives, &address, &begun, BPF_ANY);
		return 0;
	}
	life = bpf_map_lookup_elem(&tcp_lives, &address);
	if (new_state == TCP_ESTABLISHED) {
		if (life) {
			life->is_established = 1;
		} else {
			begun.begun_ns = bpf_ktime_get_ns();
			begun.is_established = 1;
			bpf_map_update_elem(&tcp_lives, &address, &begun, BPF_ANY);
		}
		if (old_state == TCP_SYN_SENT)
			socket_tell(address, SKBT_SOCKET_CONNECT, old_state, new_state, ctl);
	} else if (new_state == TCP_CLOSE) {
		if (old_state == TCP_SYN_SENT)
			socket_tell(address, SKBT_SOCKET_FAIL, old_state, new_state, ctl);
		else if (old_state != 10 /* TCP_LISTEN */)
			socket_tell(address, SKBT_SOCKET_CLOSE, old_state, new_state, ctl);
		bpf_map_delete_elem(&tcp_lives, &address);
	}
	return 0;
}

/* inet_accept(sock, newsock, …): told where the process gets it, which is its owner */
static __always_inline void accepted(u64 newsock)
{
	const struct skbt_control *ctl = control_get();
	const struct socket *sock = (const void *)newsock;
	u64 sk = (u64)BPF_CORE_READ(sock, sk);

	owner_use(sock);
	if (sk && ctl && ctl->generation && ctl->tcp_events)
		socket_tell(sk, SKBT_SOCKET_ACCEPT, TCP_SYN_RECV, TCP_ESTABLISHED, ctl);
}

/* The number of its arguments changed at 6.10 (92ef0fd55ac8 "net: change proto and proto_ops accept
 * type"); the second is the new socket in both. Its answer is not asked: without a socket there is
 * nothing to tell. */
SEC("skbt/exit")
int skbt_accept(u64 *ctx)
{
	accepted(ctx[1]);
	return 0;
}

#endif
