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
};

enum skbt_flag {
	SKBT_FLAG_FIRST = 1 << 0, /* first record of this packet */
	SKBT_FLAG_PID_OWNER = 1 << 1, /* matched --pid: the skb's socket belongs to it */
	SKBT_FLAG_PID_CURRENT = 1 << 2, /* matched --pid: it was the running task */
	SKBT_FLAG_DROPPED = 1 << 3, /* on FREE: skb:kfree_skb was seen for this skb */
};

enum skbt_relation {
	SKBT_RELATION_CLONE = 1, /* skb_clone: same data, new skb */
	SKBT_RELATION_COPY = 2, /* skb_copy, __pskb_copy_fclone: new data, new skb */
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
	SKBT_RECORD_MAX = 256, /* no record is longer */
};

struct skbt_header {
	__u16 size; /* bytes, header included, multiple of 8 */
	__u8 kind; /* enum skbt_kind */
	__u8 flags; /* enum skbt_flag */
	__u16 cpu;
	__u16 sections; /* enum skbt_section */
	__u32 seq; /* counts the records of this CPU, lost ones too: a gap is a loss */
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

struct skbt_free {
	struct skbt_header header;
	__u64 packet;
	__u64 skb;
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
