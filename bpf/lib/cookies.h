/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Cookies by the function's address. Where one link has the probes of many functions, the kernel
 * looks for a cookie among those of all of them, which is more than the rest of what a probe asks.
 */
#ifndef SKBT_COOKIES_H
#define SKBT_COOKIES_H

#include "config.h"
#include "maps.h"
#include <bpf/bpf_tracing.h>

/* Written by native/src/probes.cc through the mapped .bss, before a probe is attached. A place that
 * two functions share is the first one's. */
struct skbt_known_cookie known_cookies[SKBT_KNOWN_COOKIES];

/* The cookie of the probe that was hit. */
static __always_inline u64 cookie_of(struct pt_regs *ctx)
{
	const volatile struct skbt_known_cookie *known;
	u64 function;

	if (config.by_address) {
		function = bpf_get_func_ip(ctx);
		known = &known_cookies[SKBT_KNOWN_PLACE(function)];
		if (known->function == function)
			return known->cookie;
	}
	return bpf_get_attach_cookie(ctx);
}

#endif
