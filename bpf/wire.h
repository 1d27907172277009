/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * The one definition of what travels from the kernel to the browser and to the disk.
 *
 * A stream is a sequence of records. Every record starts with struct skbt_header, is `size`
 * bytes long (a multiple of 8, header included) and is little-endian. A reader skips records of
 * a kind that it does not know and counts them. TypeScript offsets (core/wire/layout.gen.ts) and
 * C++ asserts (native/src/wire_asserts.gen.h) are generated from this file's compiled BTF by
 * scripts/gen-wire.mjs; see docs/wire-format.md.
 *
 * Addresses, ports and all other packet fields are in host byte order unless a comment says
 * "network order"; byte arrays are as on the wire.
 */
#ifndef SKBT_WIRE_H
#define SKBT_WIRE_H

enum skbt_kind {
	SKBT_KIND_HOP = 1, /* struct skbt_hop + sections: an skb at a probed function */
	SKBT_KIND_DROP = 2, /* struct skbt_hop + sections: skb:kfree_skb, has SKBT_SECTION_DROP */
	SKBT_KIND_FREE = 3, /* struct skbt_free: the skb's memory went back, its id ends */
	SKBT_KIND_LINEAGE = 4, /* struct skbt_lineage: a packet came out of another */
	SKBT_KIND_SYMBOL = 5, /* struct skbt_symbol: name of a kernel address, made by the reader */
	SKBT_KIND_DECISION = 6, /* struct skbt_decision [+ skbt_rule]: what a function that decides
				   returned */
	SKBT_KIND_STACK = 7, /* struct skbt_stack: what a stack id stands for, made by the reader */
	SKBT_KIND_SOCKET = 8, /* struct skbt_socket: a TCP connection was made, accepted, closed */
	SKBT_KIND_TAIL = 9, /* struct skbt_tail: tail mode: a packet is told, and why; its records
			       until now follow */
};

/* Sections follow struct skbt_hop in the order of their bits, each present when its bit is set:
 * at the packet's first record, and whenever one of its fields differs from the packet's last
 * record. */
enum skbt_section {
	SKBT_SECTION_DEV = 1 << 0, /* struct skbt_dev */
	SKBT_SECTION_TASK = 1 << 1, /* struct skbt_task */
	SKBT_SECTION_META = 1 << 2, /* struct skbt_meta */
	SKBT_SECTION_ETH = 1 << 3, /* struct skbt_eth */
	SKBT_SECTION_IP = 1 << 4, /* struct skbt_ip */
	SKBT_SECTION_L4 = 1 << 5, /* struct skbt_l4 */
	SKBT_SECTION_DROP = 1 << 6, /* struct skbt_drop; only on SKBT_KIND_DROP, always there */
	SKBT_SECTION_BUFFER = 1 << 7, /* struct skbt_buffer */
	SKBT_SECTION_ROUTE = 1 << 8, /* struct skbt_route */
	SKBT_SECTION_CONNTRACK = 1 << 9, /* struct skbt_conntrack */
	SKBT_SECTION_INNER = 1 << 10, /* struct skbt_inner */
	SKBT_SECTION_OWNER = 1 << 11, /* struct skbt_owner */
	SKBT_SECTION_CONTROL = 1 << 12, /* struct skbt_control_block; only when asked for */
	SKBT_SECTION_STACK = 1 << 13, /* struct skbt_stack_id; only when asked for */
	SKBT_SECTION_RULE = 1 << 14, /* struct skbt_rule; only on SKBT_KIND_DECISION */
};

enum skbt_flag {
	SKBT_FLAG_FIRST = 1 << 0, /* first record of this packet */
	SKBT_FLAG_PID_OWNER = 1 << 1, /* matched --pid: the skb's socket belongs to it */
	SKBT_FLAG_PID_CURRENT = 1 << 2, /* matched --pid: it was the running task */
	SKBT_FLAG_DROPPED = 1 << 3, /* on FREE: skb:kfree_skb was seen for this skb */
	SKBT_FLAG_KEPT = 1 << 4, /* tail mode: came with a TAIL record, whose numbers count this */
};

/* Why a packet is told in tail mode. */
enum skbt_chosen {
	SKBT_CHOSEN_DROPPED = 1,
	SKBT_CHOSEN_SLOW = 2, /* it has lived for longer than was asked for */
	SKBT_CHOSEN_NEW = 3, /* it ended on a path that none was seen on: the functions, in order */
	SKBT_CHOSEN_SAMPLED = 4, /* by a hash of what no hop changes in its headers */
};

enum skbt_relation {
	SKBT_RELATION_CLONE = 1, /* skb_clone: same data, new skb */
	SKBT_RELATION_COPY =
		2, /* skb_copy, __pskb_copy_fclone, skb_copy_expand: new data, new skb */
	SKBT_RELATION_HEAD =
		3, /* pskb_expand_head: the same packet, its data moved; its own parent */
	SKBT_RELATION_SEGMENT = 4, /* skb_segment, skb_segment_list: one of many (GSO) */
	SKBT_RELATION_MERGE = 5, /* skb_gro_receive: the parent went into this one (GRO) */
	SKBT_RELATION_FRAGMENT = 6, /* ip_frag_next, ip6_frag_next: one of many */
	SKBT_RELATION_REASSEMBLY = 7, /* inet_frag_reasm_finish: the parent went into this one */
	SKBT_RELATION_MORPH = 8, /* skb_morph: this skb took over what the parent was */
	SKBT_RELATION_XDP = 9, /* built anew for, or from, an XDP frame */
	SKBT_RELATION_RETRANSMIT = 10, /* the same TCP data, sent again; parent: the first time */
};

/* What decided; `value` is what the function returned. */
enum skbt_decision_kind {
	SKBT_DECISION_HOOK = 1, /* nf_hook_slow: 1 pass, 0 stolen or queued, < 0 dropped */
	SKBT_DECISION_TABLE = 2, /* ipt_do_table, ip6t_do_table, ebt_do_table, nft_do_chain: NF_* */
	SKBT_DECISION_CONNTRACK = 3, /* nf_conntrack_in: NF_*; used: enum ip_conntrack_info, limit:
					1 when there is an entry */
	SKBT_DECISION_NAT = 4, /* nf_nat_manip_pkt: NF_*; used: 0 source, 1 destination */
	SKBT_DECISION_ROUTE = 5, /* ip_route_input_noref, ip6_route_input (pf: IPv6): 0 or -errno */
	SKBT_DECISION_SOURCE = 6, /* fib_validate_source: >= 0 or -errno */
	SKBT_DECISION_NEIGHBOUR = 7, /* __neigh_event_send: 0 known, 1 not (yet); used: NUD_* */
	SKBT_DECISION_LISTENER = 8, /* socket lookup: 1 found, 0 none */
	SKBT_DECISION_BACKLOG = 9, /* enqueue_to_backlog: NET_RX_*; used: packets in that
				      CPU's queue, limit: netdev_max_backlog (one more is taken),
				      0 when not known */
	SKBT_DECISION_FILTER = 10, /* sk_filter_trim_cap: 0 or -errno */
	SKBT_DECISION_TC = 11, /* cls_bpf_classify, tcf_classify, or (used: 1) a program that tcx
				  ran: TC_ACT_*; rule.chain: the program */
	SKBT_DECISION_XDP = 12, /* bpf_prog_run_generic_xdp, veth_xdp_rcv_skb: XDP_*; used: 1 on
				   veth; limit: errno when sending it there failed; rule.chain: the
				   program */
	SKBT_DECISION_POLICY = 13, /* __xfrm_policy_check: 1 allowed, 0 not; used: XFRM_POLICY_* */
	SKBT_DECISION_ACCEPT = 14, /* tcp_conn_request; used, limit: accept queue */
	SKBT_DECISION_RECEIVE = 15, /* __udp_enqueue_schedule_skb, __sock_queue_rcv_skb: 0 or
				       -errno; used, limit: bytes in the receive buffer */
	SKBT_DECISION_TRANSMIT = 16, /* __dev_queue_xmit: NET_XMIT_* or -errno; only refusals */
};

enum skbt_tunnel {
	SKBT_TUNNEL_NONE = 0,
	SKBT_TUNNEL_VXLAN = 1,
	SKBT_TUNNEL_GENEVE = 2,
	SKBT_TUNNEL_GRE = 3,
	SKBT_TUNNEL_IPIP = 4, /* also IPv6 in IPv4 and the other way round */
};

enum skbt_buffer_bit {
	SKBT_BUFFER_CLONED = 1 << 0,
	SKBT_BUFFER_NOHDR = 1 << 1,
	SKBT_BUFFER_FCLONE = 1 << 2, /* has, or is, a companion (fast clone) */
	SKBT_BUFFER_FRAG_LIST = 1 << 3, /* other skbs hang on it */
};

/* A TCP connection's life; states are the kernel's TCP_*. */
enum skbt_socket_event {
	SKBT_SOCKET_CONNECT = 1, /* this side asked, and it was established */
	SKBT_SOCKET_ACCEPT = 2, /* the other side asked */
	SKBT_SOCKET_CLOSE = 3, /* it had been established */
	SKBT_SOCKET_FAIL = 4, /* this side asked, and it was not */
};

enum skbt_l4_kind {
	SKBT_L4_NONE = 0,
	SKBT_L4_TCP = 1,
	SKBT_L4_UDP = 2,
	SKBT_L4_ICMP = 3,
	SKBT_L4_ICMP6 = 4,
	SKBT_L4_SCTP = 5,
	SKBT_L4_ARP = 6,
};

enum skbt_limits {
	SKBT_IFNAME_LEN = 16,
	SKBT_COMM_LEN = 16,
	SKBT_SYMBOL_LEN = 64,
	SKBT_MODULE_LEN = 32,
	SKBT_HEAD_BYTES = 192, /* packet bytes that a filter can look at */
	SKBT_NAME_LEN = 32, /* of tables, chains and programs; longer ones are cut */
	SKBT_CB_LEN = 48,
	SKBT_STACK_MAX = 48, /* return addresses */
	SKBT_RECORD_MAX = 640, /* no record is longer */
};

struct skbt_header {
	__u16 size; /* bytes, header included, multiple of 8 */
	__u8 kind; /* enum skbt_kind */
	__u8 flags; /* enum skbt_flag */
	__u16 cpu;
	__u16 sections; /* enum skbt_section */
	__u32 seq; /* counts the records of this CPU, lost ones too: a gap is a loss; see
		      SKBT_FLAG_KEPT */
	__u32 generation; /* which capture settings were in force */
	__u64 time_ns; /* since the capture's base time (CLOCK_MONOTONIC), exact as a double for 104
			  days */
};

struct skbt_hop {
	struct skbt_header header;
	__u64 packet; /* packet id, < 2^53 */
	__u64 skb; /* address of the sk_buff */
	__u64 sp; /* stack pointer at the function's entry, 0 when not known */
	__u32 func; /* function id; 0 on DROP */
	__u32 netns; /* inode of the network namespace, 0 when not known */
	__u32 ifindex; /* 0 when the skb has no device */
	__u32 pid; /* tgid of the running task, which need not be the owner */
};

struct skbt_dev {
	char name[SKBT_IFNAME_LEN];
	__u32 mtu;
	__u32 iif; /* ifindex that the packet was received on, 0 for one made here */
};

struct skbt_task {
	char comm[SKBT_COMM_LEN];
};

struct skbt_meta {
	__u32 len; /* bytes of the skb, from data on */
	__u32 data_len; /* bytes of these that are not linear */
	__u32 mark;
	__u32 priority;
	__u16 protocol; /* EtherType */
	__u16 vlan_tci; /* tag kept outside the data */
	__u16 vlan_proto; /* its EtherType, 0 when there is no tag */
	__u8 pkt_type; /* PACKET_HOST … */
	__u8 reserved;
};

struct skbt_eth {
	__u8 dst[6];
	__u8 src[6];
	__u16 type;
	__u16 vlan_tci; /* outermost tag inside the data, 0 when there is none */
	__u16 inner_vlan_tci; /* the tag behind it */
	__u16 reserved;
	__u32 reserved2;
};

struct skbt_ip {
	__u8 saddr[16]; /* IPv4 in the first four bytes; ARP: sender and target address */
	__u8 daddr[16];
	__u16 length; /* total length as the header has it */
	__u16 id;
	__u16 frag; /* IPv4 flags and fragment offset; IPv6 fragment header's */
	__u8 version; /* 4 or 6 */
	__u8 protocol; /* the upper layer's, after extension headers */
	__u8 ttl;
	__u8 tos;
	__u16 reserved;
	__u32 reserved2;
};

struct skbt_l4 {
	__u16 sport;
	__u16 dport;
	__u32 tcp_seq;
	__u32 tcp_ack;
	__u16 tcp_window;
	__u8 tcp_flags; /* FIN=1 SYN=2 RST=4 PSH=8 ACK=16 URG=32 ECE=64 CWR=128 */
	__u8 kind; /* enum skbt_l4_kind */
	__u8 icmp_type;
	__u8 icmp_code;
	__u16 icmp_id;
	__u16 icmp_seq;
	__u16 arp_op; /* 1 request, 2 reply */
};

struct skbt_drop {
	__u64 location; /* kernel address, named by a SYMBOL record before */
	__u32 reason; /* enum skb_drop_reason of the running kernel; subsystem in the high 16 bits
		       */
	__u32 reserved;
};

struct skbt_buffer {
	__u32 hash;
	__u32 truesize;
	__u32 csum; /* as ip_summed says: the sum, or where it starts and goes */
	__u32 gso_type; /* SKB_GSO_* of the running kernel */
	__u16 gso_size;
	__u16 gso_segs;
	__u16 queue_mapping;
	__u8 nr_frags;
	__u8 ip_summed; /* CHECKSUM_NONE, _UNNECESSARY, _COMPLETE, _PARTIAL */
	__u8 csum_level;
	__u8 bits; /* enum skbt_buffer_bit */
	__u16 reserved;
	__u32 reserved2;
};

/* Where the packet was routed to; zeros when it has no dst_entry (yet). */
struct skbt_route {
	__u64 dst; /* address of the dst_entry */
	__u32 ifindex; /* device it leads to */
	__u32 gateway; /* IPv4; 0 when the destination is on the link */
	__u16 type; /* RTN_* (IPv4), 0 when not known */
	__u16 error; /* errno that it stands for, 0 when it leads somewhere */
	__u32 reserved;
};

struct skbt_conntrack {
	__u64 ct; /* address of the nf_conn, 0 when there is none */
	__u32 status; /* IPS_* */
	__u32 mark;
	__u8 info; /* enum ip_conntrack_info */
	__u8 reserved[3];
	__u32 reserved2;
};

/* What a tunnel's packet carries. */
struct skbt_inner {
	struct skbt_ip ip;
	struct skbt_l4 l4;
	__u32 vni; /* VXLAN and GENEVE; GRE: key */
	__u8 tunnel; /* enum skbt_tunnel */
	__u8 reserved[3];
};

/* Who owns the packet's socket; pid 0 when that is not known. */
struct skbt_owner {
	__u32 pid;
	__u32 uid;
	__u64 cgroup; /* id, which is the inode of its folder */
	char comm[SKBT_COMM_LEN];
};

struct skbt_control_block {
	__u8 cb[SKBT_CB_LEN];
	__u32 users;
	__u32 dataref;
};

struct skbt_stack_id {
	__u32 id; /* of a STACK record before */
	__u32 reserved;
};

struct skbt_rule {
	__u64 handle; /* nftables: of the rule that gave the verdict, 0 when not known */
	char table[SKBT_NAME_LEN];
	char chain[SKBT_NAME_LEN];
};

struct skbt_decision {
	struct skbt_header header;
	__u64 packet;
	__u64 skb;
	__u64 by; /* what decided: address of a chain, a program, a socket; see enum
		     skbt_decision_kind */
	__s32 value;
	__u32 netns;
	__u16 decision; /* enum skbt_decision_kind */
	__u8 pf; /* NFPROTO_*, where netfilter decided */
	__u8 hook; /* NF_INET_* or that family's */
	__s32 priority; /* of the chain among those at its hook */
	__u32 used;
	__u32 limit;
	__u64 duration_ns; /* from the function's entry to its return, 0 when not measured */
};

struct skbt_stack {
	struct skbt_header header;
	__u32 id;
	__u32 depth; /* addresses that follow, innermost first; the rest is zeros */
	__u64 addresses[SKBT_STACK_MAX];
};

struct skbt_socket {
	struct skbt_header header;
	__u64 sk; /* address of the struct sock */
	__u64 cgroup;
	__u64 sent; /* bytes acknowledged by the other side; on CLOSE */
	__u64 received;
	__u64 duration_ns; /* since the connection was begun here */
	__u8 saddr[16]; /* of this side */
	__u8 daddr[16];
	char comm[SKBT_COMM_LEN];
	__u32 pid; /* of the owner, 0 when not known */
	__u32 uid;
	__u32 netns;
	__u32 srtt_us;
	__u32 retransmits;
	__u16 sport;
	__u16 dport;
	__u8 family; /* 4 or 6 */
	__u8 event; /* enum skbt_socket_event */
	__u8 old_state;
	__u8 new_state;
	__u32 reserved;
};

struct skbt_free {
	struct skbt_header header;
	__u64 packet;
	__u64 skb;
};

/*
 * `records` records of the packet follow, as they were made, with SKBT_FLAG_KEPT; this one's `seq`
 * is the first of 1 + records numbers.
 */
struct skbt_tail {
	struct skbt_header header;
	__u64 packet;
	__u64 skb;
	__u64 begun_ns; /* as time_ns */
	__u32 records;
	__u32 missed; /* records of the packet that there was no room for */
	__u32 path; /* hash of the functions passed, in their order */
	__u32 chosen; /* enum skbt_chosen */
};

struct skbt_lineage {
	struct skbt_header header;
	__u64 packet; /* the child, a packet of its own from here on */
	__u64 skb;
	__u64 parent; /* packet id it came from */
	__u32 relation; /* enum skbt_relation */
	__u32 reserved;
};

struct skbt_symbol {
	struct skbt_header header;
	__u64 address;
	__u32 offset; /* of the address in the function */
	__u32 reserved;
	char name[SKBT_SYMBOL_LEN];
	char module[SKBT_MODULE_LEN]; /* empty for the kernel itself */
};

#endif
