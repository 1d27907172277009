/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* What the kernel side and its loader (native/src) must agree on, beside the wire format. */
#ifndef SKBT_SHARED_H
#define SKBT_SHARED_H

/* Words of an sk_buff, and of its shared info, that records are made of; the first ones are needed
 * by name. */
enum skbt_word_place {
	SKBT_WORD_HEAD, /* skb->head */
	SKBT_WORD_END, /* has skb->end, an offset from it */
	SKBT_WORD_TRUESIZE,
	SKBT_WORD_SOCKET, /* skb->sk */
	SKBT_WORD_CONNTRACK, /* skb->_nfct */
	SKBT_WORD_OTHERS,
	SKBT_WORD_SHARED = 20, /* from here on of struct skb_shared_info */
	SKBT_WORDS = 24,
};
enum skbt_word_kind {
	SKBT_WORD_NONE,
	SKBT_WORD_OF_DEVICE = 1 << 0, /* device, socket */
	SKBT_WORD_OF_BYTES = 1 << 1, /* where the packet's bytes are, and which */
	SKBT_WORD_OF_ROUTE = 1 << 2,
	SKBT_WORD_OF_REST = 1 << 3,
};
struct skbt_word {
	__u16 offset; /* of eight bytes */
	__u16 kind; /* enum skbt_word_kind, 0: not used */
};

#define SKBT_RAW_HEAD_WORDS 16 /* of the packet's first bytes that are remembered */

/*
 * Capture settings: set before load and constant from then on, so that the verifier removes the
 * code of tests that are off. Exchanging settings means loading the programs again beside the old
 * ones (they share the maps) and swapping them; see struct skbt_control.
 */
struct skbt_config {
	__u64 base_ns; /* subtracted from every time */
	/* Where drops are none: addresses of skb_release_data, which until 6.2 (0e84afe8ebfb "net:
	 * dropreason: add SKB_CONSUMED reason") drops the skbs that hang on one whose end is in
	 * order. 0: nowhere. */
	__u64 no_drop_begin;
	__u64 no_drop_end;
	/* Address of net_hotdata, until 6.9 of netdev_max_backlog; 0: not known. */
	__u64 backlog_limit;
	__u32 generation; /* of these settings, from 1; records carry it */
	__u32 netns; /* inode, 0: any */
	__u32 mark;
	__u32 mark_mask; /* 0: any */
	__u32 pid; /* tgid, 0: any */
	__u32 flow_rate; /* packets that a flow may begin in a second, 0: no limit */
	__u8 use_pcap; /* the filter slots hold a program */
	__u8 use_inner; /* the slot for what a tunnel carries holds one */
	__u8 use_ifname;
	__u8 keep; /* once matched, follow for life */
	__u8 has_drop_reason; /* skb:kfree_skb has it since 5.17 (c504e5c2f964) */
	__u8 stack_on_drop;
	__u8 stack_on_hop;
	__u8 control_block; /* records have skb->cb and the reference counts */
	__u8 direct; /* any pointer can be loaded from directly (bpf_rdonly_cast, since 6.3) */
	__u8 has_heads; /* skb->protocol and the places of the headers lie as lib/prefilter.h wants
			   them */
	__u8 by_address; /* a hop's function is told by the low word of its address, not its id */
	__u8 end_shift; /* of skb->end in its word */
	__u8 truesize_shift;
	__u8 reserved[3];
	__u32 filter_reach; /* bytes of a packet that the expression looks at, at most */
	struct skbt_word word[SKBT_WORDS];
	char ifname[16];
};

/* Per CPU. */
struct skbt_counters {
	__u64 events; /* records made; the low 32 bits are the sequence number */
	__u64 lost_ring; /* of these: ring buffer full */
	__u64 track_full; /* packets not followed: tracking table full */
	__u64 stack_full; /* stacks not taken: their table is full, or another has that place */
	__u64 rate_limited; /* packets not followed: their flow began too many */
	__u64 packets; /* ids given */
	__u64 freed; /* ids ended */
};

/* What programs that are not exchanged with the settings know of them. */
struct skbt_control {
	__u32 generation; /* settings in force; 0: capture is off */
	__u32 tcp_events; /* records of connections are wanted */
	__u32 netns; /* of these connections, 0: any */
	__u32 pid; /* of their owner, 0: any */
	__u64 base_ns; /* subtracted from every time */
	__u32 refusing; /* set by the programs: some packet was not followed */
	__u32 reserved;
};

/* Found by the sweep: packets that have been followed for a long time. */
struct skbt_sweep {
	__u64 now_ns;
	__u64 long_ns; /* from here on it is long */
	__u64 long_lived;
	__u64 oldest_ns; /* age */
};

/* As the kernel has it: BPF_OBJ_NAME_LEN. */
struct skbt_program_name {
	char name[16];
};

/*
 * Probes are switched by bytes that they read before anything else. Those attached together share
 * a gate; each gate has its copy of skbt_entry. `muted` has a byte for each function id.
 */
#define SKBT_GATES 256
#define SKBT_FUNCTIONS (1 << 16)
enum skbt_gate {
	SKBT_GATE_SHUT,
	SKBT_GATE_OPEN,
	SKBT_GATE_PARTLY, /* open, but not for functions that are muted */
};

/* Slots of the map `bodies`. */
enum skbt_body { SKBT_BODY_HOP, SKBT_BODY_COUNT };

/*
 * A probe's cookie: function id, position of the skb among the arguments, and what is to be known
 * about the function, of which there are:
 * - the argument points to the pointer to the skb;
 * - it runs on skbs that are no packet yet (what their headers say was another's) or no more (their
 *   id has ended): it starts no packet;
 * - it runs before the length is written into the IP header.
 */
#define SKBT_PROBE_INDIRECT 1
#define SKBT_PROBE_PASSIVE 2
#define SKBT_PROBE_NO_LENGTH 4
#define SKBT_PROBE_BY_COOKIE 8 /* of a copy of the entry program: its probes differ in these */
#define SKBT_COOKIE(func, argument, flags)                                                         \
	((__u64)(func) | (__u64)(argument) << 32 | (__u64)(flags) << 40)
#define SKBT_COOKIE_FUNC(cookie) ((__u32)(cookie))
#define SKBT_COOKIE_ARGUMENT(cookie) ((__u32)((cookie) >> 32) & 0xff)
#define SKBT_COOKIE_FLAGS(cookie) ((__u32)((cookie) >> 40) & 0xff)

/* The copy of the entry program for probes of one kind: in it, the load of the skb is from the
 * register of that argument, and this immediate stands for the probes' flags. See
 * native/src/entry.cc. */
#define SKBT_ENTRY_FLAGS 0x5b7f1e05

#define SKBT_PREFILTER_PORTS 4

/* What certainly does not match the pcap expression; see lib/prefilter.h. */
struct skbt_prefilter {
	__u64 v4[4]; /* bits: IPv4 protocols that may match */
	__u64 v6[4]; /* first next headers of IPv6 that may */
	__u16 port[SKBT_PREFILTER_PORTS]; /* network order; the rest repeats the first */
	__u8 ports; /* TCP and UDP match only with one of these ports */
	__u8 use; /* 0: everything may match */
	__u8 reserved[6];
};

/* A probe's hit, from the program on it to the one that it jumps to. */
struct skbt_hit {
	__u64 skb;
	__u32 flags;
	__u32 reserved;
};

/* eBPF instructions that a translated pcap filter may have; see lib/filter.h. */
#define SKBT_FILTER_SLOT 2048
/* Immediate of the first instruction of each slot function. */
#define SKBT_FILTER_MARKER_L2 0x5b7f1e02
#define SKBT_FILTER_MARKER_L3 0x5b7f1e03
#define SKBT_FILTER_MARKER_INNER 0x5b7f1e04

/*
 * Packet bytes as they are on the wire, from the MAC header where there is one, else from the
 * network header; a tag kept outside the data is put back. What the pcap filter sees.
 */
struct skbt_packet {
	__u8 data[SKBT_HEAD_BYTES +
		  64]; /* the rest is never filled: room that the verifier asks for */
	__u32 avail; /* bytes of data filled, at most SKBT_HEAD_BYTES */
	__u32 wire_len; /* bytes of the whole packet from data[0] on */
	__u32 network; /* offset of the network header in data */
	__u32 protocol; /* EtherType at the network header, 0 when not known */
	__u32 inner; /* offset of what a tunnel carries, from its network header on; 0: none */
	__u32 payload; /* bytes behind the TCP header */
	__u32 start; /* offset of data[0] from skb->head */
	__u32 used; /* bytes of data that were looked at */
	__u8 has_mac;
	__u8 has_network;
	__u8 has_tag; /* the first tag in data is the one that is kept beside the packet's data */
	__u8 reserved[5];
};

#endif
