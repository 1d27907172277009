/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* What the kernel side and its loader (native/src) must agree on, beside the wire format. */
#ifndef SKBT_SHARED_H
#define SKBT_SHARED_H

/* What of a packet differs from its last record. */
enum skbt_changed {
	SKBT_CHANGED_DEVICE = 1 << 0, /* or socket */
	SKBT_CHANGED_PLACE = 1 << 1, /* where its bytes are, which are the same */
	SKBT_CHANGED_ROUTE = 1 << 2,
	SKBT_CHANGED_REST = 1 << 3, /* of the skb */
	SKBT_CHANGED_TASK = 1 << 4,
	SKBT_CHANGED_CONNTRACK = 1 << 5,
	SKBT_CHANGED_OWNER = 1 << 6,
	SKBT_CHANGED_BYTES = 1 << 7, /* its headers; only together with all else */
	SKBT_CHANGED_ALL = 0xff,
	SKBT_CHANGED_COPIED = 1 << 8, /* it was seen in a copy, which is there */
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
	/* Where interrupts and exceptions are entered, */
	__u64 entry_begin;
	__u64 entry_end;
	/* and what takes the place of a return address while a return is waited for (rethook); 0:
	 * not known. */
	__u64 return_hook;
	/* Address of net_hotdata, until 6.9 of netdev_max_backlog; 0: not known. */
	__u64 backlog_limit;
	__u64 tail_slow_ns; /* tail mode: packets that live for as long are told, 0: none are for
			       that */
	__u32 tail_one_in; /* so are one in so many, 0: none */
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
	__u8 by_address; /* a hop's function is told by the low word of its address, not its id */
	__u8 tail; /* what is recorded of a packet is kept until it is chosen; see lib/trail.h */
	__u8 tail_new; /* packets on a path that none was on are chosen */
	__u32 wake_bytes; /* the reader is woken when as much waits in a ring buffer */
	char ifname[16];
	char empty[8]; /* a string */
};

/* Per CPU. */
struct skbt_counters {
	__u64 events; /* records made, where the CPU has no lane, which counts them */
	__u64 lost_ring; /* records lost: ring buffer full */
	__u64 track_full; /* packets not followed: tracking table full */
	__u64 stack_full; /* stacks not taken: their table is full, or another has that place */
	__u64 rate_limited; /* packets not followed: their flow began too many */
	__u64 packets; /* ids given */
	__u64 freed; /* ids ended */
	__u64 told; /* tail mode: packets chosen, */
	__u64 trail_full; /* records not kept: that packet's place is full */
	__u64 late_ends; /* seen only where the memory was given back */
};

/*
 * Tail mode: what is recorded of a followed packet, behind its struct skbt_track. Records are
 * whole, or, where all but function and time is as in the hop before, struct skbt_trail_hop.
 */
#define SKBT_TRAIL_BYTES 6144
#define SKBT_RECORD_ROOM 1024 /* a power of two above SKBT_RECORD_MAX */
#define SKBT_TRAIL_CLOSED (1ull << 63) /* sent: what comes is sent as it comes */
struct skbt_trail {
	__u64 end; /* bytes in use, records << 32 */
	__u64 dev; /* of the last hop that is whole: skb->dev, */
	__u64 sp; /* stack pointer */
	__u32 cpu;
	__u8 is_sampled;
	__u8 is_full;
	__u8 reserved[2];
	struct skbt_tail tail; /* sent as one with those bytes that are in use */
	__u8 bytes[SKBT_TRAIL_BYTES + SKBT_RECORD_ROOM];
};
struct skbt_trail_copy {
	struct skbt_tail tail;
	__u8 bytes[SKBT_TRAIL_BYTES + SKBT_RECORD_ROOM];
};
struct skbt_trail_hop {
	__u16 size; /* 0, which no record's is */
	__u16 sp; /* lower bits */
	__u32 func;
	__u32 delay_ns; /* since the packet was begun */
};
#define SKBT_TRAIL_SP_BITS 14 /* a stack of the kernel's */

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
	SKBT_GATE_NOTED, /* so, and what is entered is noted as a caller; see lib/callers.h */
	SKBT_GATE_OTHER, /* of functions that take no skb */
	/* of a kprobe whose function has a typed probe, too, which is about to take its place: as
	 * partly, and the typed probe is told of each hit, */
	SKBT_GATE_LEAVING,
	SKBT_GATE_GONE, /* shut, and the typed probe is told that this hit was not told, */
	SKBT_GATE_COMING, /* and of that: as partly, but for the hits that it was told of */
};
/* In `muted`, of a session's function: not muted, but noted. */
#define SKBT_MUTED 1
#define SKBT_NOT_MUTED_NOTED 2

/* Slots of the map `bodies`. */
enum skbt_body {
	SKBT_BODY_HOP, /* of settings whose number is even, */
	SKBT_BODY_HOP_ODD, /* and odd: SKBT_HOP_SLOT */
	SKBT_BODY_ENTER, /* sessions: a function was entered, */
	SKBT_BODY_RETURN, /* and left */
	SKBT_BODY_NOTE, /* where gates send what is noted, */
	SKBT_BODY_OTHER, /* and what takes no skb */
	SKBT_BODY_COUNT
};

/* Functions whose calls are sessions; see lib/session.h. */
enum skbt_session_kind {
	SKBT_SESSION_NONE,
	SKBT_SESSION_HOOK,
	SKBT_SESSION_TABLE,
	SKBT_SESSION_BRIDGE_TABLE,
	SKBT_SESSION_CONNTRACK,
	SKBT_SESSION_NAT,
	SKBT_SESSION_ROUTE4,
	SKBT_SESSION_ROUTE6,
	SKBT_SESSION_SOURCE,
	SKBT_SESSION_NEIGHBOUR,
	SKBT_SESSION_BACKLOG,
	SKBT_SESSION_TRANSMIT,
	SKBT_SESSION_FILTER,
	SKBT_SESSION_RECEIVE,
	SKBT_SESSION_ACCEPT,
	SKBT_SESSION_POLICY,
	SKBT_SESSION_TC,
	SKBT_SESSION_TC_PROGRAM,
	SKBT_SESSION_XDP_GENERIC,
};

/*
 * A probe's cookie: function id, position of the skb among the arguments, and what is to be known
 * about the function, of which there are:
 * - the argument points to the pointer to the skb;
 * - it runs on skbs that are no packet yet (what their headers say was another's) or no more (their
 *   id has ended): it starts no packet;
 * - it gives the skb's memory back: a packet that is still followed there ends, see lib/end.h;
 * - it runs before the length is written into the IP header.
 */
#define SKBT_PROBE_INDIRECT 1
#define SKBT_PROBE_PASSIVE 2
#define SKBT_PROBE_NO_LENGTH 4
#define SKBT_PROBE_BY_COOKIE 8 /* of a copy of the entry program: its probes differ in these */
#define SKBT_PROBE_END 16
#define SKBT_PROBE_COUNTED 64 /* of a copy of the entry program: its hits are counted */
#define SKBT_PROBE_IN_HAND 32 /* of a program of XDP: the skb is none of its arguments */
#define SKBT_COOKIE(func, argument, flags)                                                         \
	((__u64)(func) | (__u64)(argument) << 32 | (__u64)(flags) << 40)
#define SKBT_COOKIE_FUNC(cookie) ((__u32)(cookie))
/* of a probe; a copy of skbt_program_hop has its gate there */
#define SKBT_COOKIE_ARGUMENT(cookie) ((__u32)((cookie) >> 32) & 0xff)
#define SKBT_COOKIE_FLAGS(cookie) ((__u32)((cookie) >> 40) & 0xff)
#define SKBT_COOKIE_SESSION(kind) ((__u64)(kind) << 48)
#define SKBT_COOKIE_KIND(cookie) ((__u32)((cookie) >> 48) & 0xff)

/* Cookies by functions' addresses, as many as a power of two; see lib/cookies.h. */
#define SKBT_KNOWN_COOKIES (1 << 13)
#define SKBT_KNOWN_PLACE(function) ((__u32)((function) >> 4) & (SKBT_KNOWN_COOKIES - 1))
struct skbt_known_cookie {
	__u64 function; /* address; 0: nobody's */
	__u64 cookie;
};

/* The copy of the entry program for probes of one kind: in it, the load of the skb is from the
 * register of that argument, and this immediate stands for the probes' flags. See
 * native/src/entry.cc. */
#define SKBT_ENTRY_FLAGS 0x5b7f1e05

/* The same in a copy of skbt_typed_entry or skbt_typed_indirect: where the context has the
 * argument, and its index; and a word (both of its halves are this) for SKBT_RELAY(). */
#define SKBT_ENTRY_CONTEXT 0x7a8
#define SKBT_ENTRY_ARGUMENT 0x5b7f1e09
#define SKBT_ENTRY_RELAY 0x5b7f1e0a5b7f1e0a

/*
 * What skbt_typed_entry hands on: the low word of the function's address, which is in the last 2
 * GiB as all of the kernel's code, its flags and its id; and the settings under which it was hit.
 */
#define SKBT_RELAY(function, flags, id)                                                            \
	((__u64)(__u32)(function) | (__u64)(flags) << 32 | (__u64)((id) % SKBT_FUNCTIONS) << 48)
#define SKBT_RELAY_FUNCTION(what) ((__u64)(__s64)(__s32)(what))
#define SKBT_RELAY_FLAGS(what) ((__u32)((what) >> 32) & 0xff)
#define SKBT_RELAY_GENERATION(generation) ((__u64)((generation)&0xff) << 40)
#define SKBT_RELAY_ID(what) ((__u32)((what) >> 48))

/* Numbers of helpers that are called where these kernel functions are meant; see
 * native/src/kfuncs.h. */
#define SKBT_CAST_MARKER 0x5b7f1e06 /* bpf_rdonly_cast */
#define SKBT_IS_RETURN_MARKER 0x5b7f1e07 /* bpf_session_is_return */
#define SKBT_SESSION_MARKER 0x5b7f1e08 /* bpf_session_cookie */

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
	__u32 kind; /* enum skbt_session_kind */
};

/* Places of the map `rings`: which ring buffer a CPU's records go to, by its number. A machine of
 * more CPUs has some share. */
#define SKBT_RING_PLACES 1024

/* CPUs that have a lane, and a number of their own there, by their numbers. Others have the ring
 * only. */
#define SKBT_LANES 1024

/*
 * A CPU's lane: hops at which nothing has changed, in memory that the reader has, too; and how many
 * records it has made of any kind. See lib/lane.h. Who writes and who reads have a cache line each.
 */
struct skbt_lane {
	__u64 head; /* hops that places were taken for, ever */
	__u64 events; /* records made; the low 32 bits are the sequence number */
	__u32 first; /* of its places in the map `lane_hops`, of which there are */
	__u32 places; /* as many, a power of two; 0: none */
	__u32 wake; /* the reader is woken when as many are in use */
	__u32 reserved[9];
	__u64 tail; /* hops that the reader is done with */
	__u64 reserved2[7];
};

/* In a place, which is a cache line. */
struct skbt_lane_hop {
	__u32 stamp; /* written last: the lane's head behind this hop, its low 32 bits */
	__u32 flags; /* of the packet's struct skbt_track */
	__u64 time_ns;
	__u64 packet;
	__u64 skb;
	__u64 sp;
	__u32 netns;
	__u32 ifindex;
	__u32 func;
	__u32 pid;
	__u32 seq;
	__u32 generation;
};

/* Places of hop programs, of the settings in force and of those before or to come: by their
 * number. */
#define SKBT_HOP_BODIES 2
#define SKBT_HOP_SLOT(generation) ((generation) % SKBT_HOP_BODIES)

/* Where typed probes, of one CPU, have what lasts longer than they; see lib/typed.h. */
struct skbt_typed_place {
	__u64 context; /* address of one */
	__u64 told; /* hit of a kprobe that leaves: hit_number() */
	__u64 hits; /* of kprobes whose place typed probes take under load */
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
	__u8 is_cut; /* more bytes were asked for than there are */
	/* of those that match, by the expression's program: bits, words of data in which what it
	 * looked at ends */
	__u32 looked_at;
};

#endif
