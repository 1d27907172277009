/* SPDX-License-Identifier: GPL-2.0-only */
/* Loads from kernel memory without a helper, where the kernel lets programs on probes do that. */
#ifndef SKBT_DIRECT_H
#define SKBT_DIRECT_H

#include "config.h"
#include <bpf/bpf_core_read.h>

/* bpf_rdonly_cast(), since 6.3 (a35b9af4ec2c "bpf: Add a kfunc for generic type cast"): a pointer
 * from anywhere becomes one that is loaded from directly, a fault giving 0. Called only where
 * SKBT_DIRECT says that it can be; the tracer puts the call in place (native/src/kfuncs.h). */
static void *(*const skbt_cast)(const void *object, __u64 type) = (void *)SKBT_CAST_MARKER;

/* Eight bytes of kernel memory, 0 where there is none. Only where SKBT_DIRECT says that it can
 * be. */
static __always_inline u64 peek(u64 address)
{
	return ((const struct timespec64 *)skbt_cast((const void *)address,
						     bpf_core_type_id_kernel(struct timespec64)))
		->tv_sec;
}

static __always_inline u64 peek_or_read(u64 address)
{
	if (SKBT_DIRECT) {
		return peek(address);
	} else {
		u64 value = 0; /* here, or it is written where it is not needed */

		bpf_probe_read_kernel(&value, sizeof(value), (const void *)address);
		return value;
	}
}

#define SKBT_WORDS 16

/* Kernel memory, as words that lie side by side. */
struct skbt_words {
	u64 word[SKBT_WORDS];
};

/* The same for many words, with one cast. The kernel lets be loaded what a type of its own has:
 * struct pt_regs begins with as many words. */
static __always_inline const struct skbt_words *peek_words(u64 address)
{
	return skbt_cast((const void *)address, bpf_core_type_id_kernel(struct pt_regs));
}

/* A field of the struct at an address, 0 where there is none. */
#define KERNEL_FIELD(type, address, field)                                                         \
	(SKBT_DIRECT ? ((const struct type *)skbt_cast((const void *)(address),                    \
						       bpf_core_type_id_kernel(struct type)))      \
			       ->field                                                             \
		     : BPF_CORE_READ((const struct type *)(address), field))

#endif
