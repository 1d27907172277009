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
};

/* A followed packet. Key: address of its sk_buff. */
struct skbt_track {
	u64 packet;
	u32 generation;
	u8 flags; /* SKBT_FLAG_PID_*, SKBT_FLAG_DROPPED */
	u8 fresh; /* no record yet */
	u8 pad[2];
	struct skbt_sections last;
};

/* Work space of one program run; too large for the stack. */
struct skbt_scratch {
	u8 skb[320]; /* copy of the sk_buff itself */
	struct skbt_packet packet;
	struct skbt_sections now;
	struct skbt_track fresh_track;
	u8 record[SKBT_RECORD_MAX + 64];
	/* bytes of it in use; here and not in a register, where the verifier would follow every
	 * sum of sections apart */
	u64 record_size;
};

/* Program kinds that can interrupt each other have a scratch each. */
enum skbt_scratch_slot {
	SCRATCH_HOP,
	SCRATCH_DROP,
	SCRATCH_CLONE,
	SCRATCH_COPY,
	SCRATCH_PSKB_COPY,
	SCRATCH_SLOTS,
};

/* Full: the record is lost and counted (skbt_counters.lost_ring). */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 16 << 20); /* set before load */
} events SEC(".maps");

/* Full: the packet is not followed, and counted (skbt_counters.track_full). */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1 << 16); /* set before load */
	__type(key, u64);
	__type(value, struct skbt_track);
} tracks SEC(".maps");

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

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct skbt_control);
} control SEC(".maps");

/* The last packet id given. Apart from `control`, so that an exchange of settings gives none twice.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} last_packet SEC(".maps");

/* The probes' programs only jump through here: settings are exchanged, and the capture is switched
 * off, by writing one slot, without touching a probe. */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, SKBT_BODY_COUNT);
	__type(key, u32);
	__type(value, u32);
} bodies SEC(".maps");

/* Sockets of the process that --pid names: struct sock address -> tgid. Full: the least recently
 * used goes, and its packets match by the running task only. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, u64);
	__type(value, u32);
} owned_sockets SEC(".maps");

static __always_inline struct skbt_scratch *scratch_get(u32 slot)
{
	return bpf_map_lookup_elem(&scratches, &slot);
}

static __always_inline struct skbt_counters *counters_get(void)
{
	u32 zero = 0;

	return bpf_map_lookup_elem(&counters, &zero);
}

static __always_inline struct skbt_control *control_get(void)
{
	u32 zero = 0;

	return bpf_map_lookup_elem(&control, &zero);
}

#endif
