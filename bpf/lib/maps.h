/* SPDX-License-Identifier: GPL-2.0-only */
/* Every map, with its bound and what happens when it is full. */
#ifndef SKBT_MAPS_H
#define SKBT_MAPS_H

#include "kernel.h"
#include <bpf/bpf_helpers.h>

#include "../wire.h"
#include "shared.h"

/* All that is compared with the packet's last record. */
struct skbt_sections {
	struct skbt_dev dev;
	struct skbt_task task;
	struct skbt_meta meta;
	struct skbt_eth eth;
	struct skbt_ip ip;
	struct skbt_l4 l4;
	struct skbt_buffer buffer;
	struct skbt_route route;
	struct skbt_conntrack conntrack;
	struct skbt_inner inner;
	struct skbt_owner owner;
	struct skbt_control_block control;
};

#define SKB_COPY_BYTES 256 /* of the sk_buff itself, at most */

/* What the packet's last record was made of; see raw.h. Of struct skb_shared_info by its names. */
struct skbt_raw {
	u64 skb[SKB_COPY_BYTES / 8]; /* copy of the sk_buff itself */
	u64 frag_list;
	u64 shared; /* word that has nr_frags, gso_size, gso_segs */
	u32 gso_type;
	u32 is_usual; /* the sk_buff's fields lie as they are compared in words */
	u32 head_words; /* of `first`; 0: not kept */
	u32 start; /* of struct skbt_packet, as are those below */
	u32 used;
	u32 network;
	u32 wire_len;
	u16 l3; /* protocol */
	u8 is_cut;
	u8 has_tag;
	u32 may_be_quick; /* so they do, and the settings want no more of a hop at which nothing has
			     changed than that */
	u64 first[SKBT_RAW_HEAD_WORDS]; /* bytes of the packet */
};

/* A followed packet. */
struct skbt_track {
	u64 skb; /* its sk_buff, 0: nobody's place */
	u64 packet;
	u64 begun_ns;
	u64 sk; /* whose owner `last.owner` is */
	u64 receiver; /* socket that it was given to; skb->sk does not say so for UDP */
	u64 cut_from; /* packet that this is a segment of, 0: none */
	u32 hook; /* of IP, that it is at, as pf << 8 | hook; 0: none */
	u32 place; /* in `track_places`, always there */
	u32 generation;
	u8 flags; /* SKBT_FLAG_PID_*, SKBT_FLAG_DROPPED */
	u8 fresh; /* no record yet */
	u8 sent_asked; /* whether it carries what was sent before is known */
	u8 in_tcf; /* filters of tc are asked, which tell of their programs themselves */
	u64 thread; /* of the last record: pid and tgid, */
	u32 netns; /* namespace */
	u32 ifindex; /* and device */
	struct skbt_raw raw;
	struct skbt_sections last;
};

/* Work space of one program run; too large for the stack. */
struct skbt_scratch {
	/* of SCRATCH_HOP: the one that is being handled. A probe inside of it is not run on that
	 * CPU, and counted as missed */
	struct skbt_hit hit;
	u8 skb[SKB_COPY_BYTES]; /* copy of the sk_buff itself */
	u8 shared[32]; /* copy of the beginning of its shared_info */
	struct skbt_packet packet;
	struct skbt_packet inner; /* what a tunnel carries, for the filter on that */
	struct skbt_sections now;
	struct skbt_drop drop; /* of the record that is made */
	u8 record[SKBT_RECORD_ROOM];
	/* bytes of it in use; here and not in a register, where the verifier would follow every
	 * sum of sections apart */
	u64 record_size;
};

/* Program kinds that can interrupt each other have a scratch each. */
enum skbt_scratch_slot {
	SCRATCH_HOP,
	SCRATCH_DROP,
	SCRATCH_PROGRAM,
	SCRATCH_TYPED,
	SCRATCH_SLOTS,
};

/* A followed packet inside a function whose return is waited for: it may be gone by then. */
struct skbt_pending_key {
	u64 skb;
	u16 what; /* enum skbt_decision_kind */
	u16 pf; /* of netfilter's: bridge-netfilter asks the hooks of IP inside its own; tc: tells
		   its filters apart, as an action may have others asked */
	u32 reserved;
};

#define NFT_DEPTH 3 /* chains that were jumped to, remembered for finding the rule */

/* What is kept of a followed packet from a function's entry to its return. */
struct skbt_begun {
	u64 packet; /* 0: it was none that is followed */
	u64 begun_ns;
	u64 by;
	u32 generation;
	u32 netns;
	u32 hook; /* pf << 8 | hook */
	u32 used; /* packets in the queue, backlog */
};

/* The same where calls are no sessions, and whoever looks for it knows the packet only. */
struct skbt_pending {
	struct skbt_begun begun;
	u64 head; /* where the packet's memory begins, for XDP frames made of it */
	u64 chains[NFT_DEPTH]; /* nftables: newest first */
	u64 expression; /* the last one that gave a verdict */
	u32 verdict;
	u32 error; /* errno, XDP */
};

#define CALL_ARGUMENTS 4
#define CALLS (1 << 12)

struct skbt_call {
	u64 turn; /* whose place it is: 0 while it is written */
	u64 kind; /* enum skbt_session_kind */
	u64 argument[CALL_ARGUMENTS];
	struct skbt_begun begun;
};

/* A probed function with an skb, on a stack; see lib/callers.h. */
struct skbt_caller {
	u64 sp; /* at its entry: where its return address is */
	u64 back; /* that address */
	u64 skb;
	u64 packet; /* 0: one that is not followed */
	u64 begin; /* where the frame that it called must be */
	u64 end;
};

#define CALLERS_MAX 8 /* a power of two */
#define FRAMES_MAX 96

struct skbt_callers {
	u32 noting; /* as skbt_noting when they were noted: others are no more */
	u32 count;
	struct skbt_caller caller[CALLERS_MAX]; /* outermost first */
};

/* Work space. */
struct skbt_walk {
	u64 frames[FRAMES_MAX]; /* return addresses, innermost first */
	u64 back[CALLERS_MAX]; /* of callers that may be on the stack; 0: is not */
};

#define FRAGMENTS_MAX 64 /* of one datagram that are remembered */

struct skbt_fragments {
	u64 count;
	u64 packets[FRAGMENTS_MAX];
};

struct skbt_fraglist {
	u64 last;
	u64 parent;
};

/* A flow's packets in this second. */
struct skbt_flow_key {
	u8 saddr[16];
	u8 daddr[16];
	u16 sport;
	u16 dport;
	u32 netns_protocol;
};

struct skbt_flow_rate {
	u64 second;
	u64 packets;
};

struct skbt_sent_key {
	u64 sk;
	u32 seq;
	u32 reserved;
};

struct skbt_tcp_life {
	u64 begun_ns;
	u32 is_established;
	u32 is_asker; /* this side sent the SYN */
};

struct skbt_ring {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries,
	       4096); /* of the pattern; those in the map are as long as was asked for */
};

/* The ring buffer of each CPU, which a few share, so that many do not wait for one: put there by
 * the tracer (native/src/rings.h), whose reader merges them by time. Full: the record is lost and
 * counted (skbt_counters.lost_ring). */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, SKBT_RING_PLACES);
	__type(key, u32);
	__array(values, struct skbt_ring);
} rings SEC(".maps");

/* Lanes by CPU, in a section of its own, which the reader maps: no map is asked for one. */
struct skbt_lane skbt_lanes[SKBT_LANES] SEC(".data.lanes") __attribute__((aligned(64)));

/* Their places. Full: the hop goes into the ring buffer. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* set before load */
	__type(key, u32);
	__type(value, struct skbt_lane_hop);
} lane_hops SEC(".maps");

/* Address of a followed packet's sk_buff -> its place. Full: the packet is not followed, and
 * counted (skbt_counters.track_full). */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1 << 16); /* set before load */
	__type(key, u64);
	__type(value, u32);
} tracks SEC(".maps");

/* The followed packets, as many as above. In tail mode there is a struct skbt_trail behind each. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1 << 16); /* set before load */
	__type(key, u32);
	__type(value, struct skbt_track);
} track_places SEC(".maps");

/* Of these, those that were in use and are no longer. Never full. */
struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 1 << 16); /* set before load */
	__type(value, u32);
} free_places SEC(".maps");

/* How many have been in use. */
__u32 skbt_places_used;

/* Address of an skb that matched and is not followed -> generation. A path does not begin halfway,
 * and each is counted once. Full: the least recently used goes, and may be counted again. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1 << 14);
	__type(key, u64);
	__type(value, u32);
} refused SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SCRATCH_SLOTS);
	__type(key, u32);
	__type(value, struct skbt_scratch);
} scratches SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct skbt_counters);
} counters SEC(".maps");

/* In a section of its own: written by the tracer. No map is asked for it at each hit. */
struct skbt_control skbt_control SEC(".data.control");

/* Programs that tcx may run, by id, with their names: written before they are attached to. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1 << 12);
	__type(key, u64);
	__type(value, struct skbt_program_name);
} tcx_programs SEC(".maps");

/* The last packet id given. Apart from `control`, so that an exchange of settings gives none twice.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} last_packet SEC(".maps");

/* The probes' programs only jump through here: the capture is switched off, and settings are
 * exchanged, without touching a probe. The hop programs of the settings in force and of those to
 * come are both in place; one word of `control` says which it is. */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, SKBT_BODY_COUNT);
	__type(key, u32);
	__type(value, u32);
} bodies SEC(".maps");

/* The same for sessions: the kernel lets programs jump only to those of their own kind of
 * attachment. */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, SKBT_BODY_COUNT);
	__type(key, u32);
	__type(value, u32);
} session_bodies SEC(".maps");

/* Whose a socket is: struct sock address -> owner. Full: the least recently used goes, and packets
 * of that socket have no owner. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1 << 15);
	__type(key, u64);
	__type(value, struct skbt_owner);
} owners SEC(".maps");

/* Full, or two stacks that want the same place: the stack is not taken, and counted. */
struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, 1 << 14); /* set before load */
	__uint(key_size, sizeof(u32));
	__uint(value_size, SKBT_STACK_MAX * sizeof(u64));
} stacks SEC(".maps");

/* Full: the least recently used goes, and that decision is not told. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct skbt_pending_key);
	__type(value, struct skbt_pending);
} pending SEC(".maps");

/* Calls of functions that decide, from their entry to their return, where calls are sessions. Each
 * takes the next place in turn, which its session's cookie keeps. One during which as many others
 * began as there are places has lost its own: what it returned is not told. */
__u64 skbt_turns;
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, CALLS);
	__type(key, u32);
	__type(value, struct skbt_call);
} calls SEC(".maps");

/* struct inet_frag_queue address -> fragments in it. Full: the least recently used goes, and these
 * fragments are not shown as the datagram's. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 512);
	__type(key, u64);
	__type(value, struct skbt_fragments);
} fragments SEC(".maps");

/* struct ip_fraglist_iter or ip6_fraglist_iter, on a stack -> the fragment taken last, and out of
 * which packet. Full: the least recently used goes, and the next fragment is shown as that of the
 * one before. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 512);
	__type(key, u64);
	__type(value, struct skbt_fraglist);
} fraglists SEC(".maps");

/* Zeros, as a queue begins. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct skbt_fragments);
} blank_fragments SEC(".maps");

/* Memory of an XDP frame -> packet that it was. Full: the least recently used goes. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, u64);
	__type(value, u64);
} frames SEC(".maps");

/* The skb that XDP has in hand on this CPU, 0: none, or a frame that is no skb. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} xdp_skb SEC(".maps");

/* TCP data that was sent -> the packet that it was first. Full: the least recently used goes, and a
 * retransmission of it has no parent. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1 << 15);
	__type(key, struct skbt_sent_key);
	__type(value, u64);
} sent SEC(".maps");

/* Full: the least recently used goes, and its next packet begins a second anew. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1 << 14);
	__type(key, struct skbt_flow_key);
	__type(value, struct skbt_flow_rate);
} flow_rates SEC(".maps");

/* TCP sockets that were seen to begin. Full: the least recently used goes; its end has no duration.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1 << 15);
	__type(key, u64);
	__type(value, struct skbt_tcp_life);
} tcp_lives SEC(".maps");

/* Tail mode: hashes of the paths that packets have ended on. Full: the least recently seen goes,
 * and is new again. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1 << 14);
	__type(key, u32);
	__type(value, u8);
} paths SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct skbt_trail_copy);
} trail_copies SEC(".maps");

/* What the sweep was asked, and found. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct skbt_sweep);
} sweep SEC(".maps");

/* Probed functions with an skb, by the stack that they are on. Full: the least recently used stack
 * is forgotten, and what it calls of functions that take no skb is not told. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1 << 10);
	__type(key, u64);
	__type(value, struct skbt_callers);
} callers SEC(".maps");

/* Zeros, as a stack begins. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct skbt_callers);
} blank_callers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct skbt_walk);
} walks SEC(".maps");

static __always_inline struct skbt_scratch *scratch_get(u32 slot)
{
	return bpf_map_lookup_elem(&scratches, &slot);
}

static __always_inline struct skbt_hit *hit_get(void)
{
	struct skbt_scratch *s = scratch_get(SCRATCH_HOP);

	return s ? &s->hit : NULL;
}

static __always_inline struct skbt_counters *counters_get(void)
{
	u32 zero = 0;

	return bpf_map_lookup_elem(&counters, &zero);
}

static __always_inline struct skbt_control *control_get(void)
{
	return &skbt_control;
}

#endif
