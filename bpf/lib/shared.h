/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* What the kernel side and its loader (native/src) must agree on, beside the wire format. */
#ifndef SKBT_SHARED_H
#define SKBT_SHARED_H

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
	__u32 reserved;
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
#define SKBT_COOKIE(func, argument, flags)                                                         \
	((__u64)(func) | (__u64)(argument) << 32 | (__u64)(flags) << 40)
#define SKBT_COOKIE_FUNC(cookie) ((__u32)(cookie))
#define SKBT_COOKIE_ARGUMENT(cookie) ((__u32)((cookie) >> 32) & 0xff)
#define SKBT_COOKIE_FLAGS(cookie) ((__u32)((cookie) >> 40) & 0xff)

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
	__u8 has_mac;
	__u8 has_network;
	__u8 has_tag; /* the first tag in data is the one that is kept beside the packet's data */
	__u8 reserved[5];
};

#endif
