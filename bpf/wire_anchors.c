// SPDX-License-Identifier: GPL-2.0-only
/*
 * Puts every type of wire.h into BTF: compiled by scripts/gen-wire.mjs with -Werror=padded, never
 * loaded. A type that is only used inside a program, or an enum kept in a __u8, would be missing.
 */
#include <linux/types.h>
#include "wire.h"

#define CAT_(a, b) a##b
#define CAT(a, b) CAT_(a, b)
#define ANCHOR(type) type *CAT(anchor_, __LINE__)

ANCHOR(enum skbt_kind);
ANCHOR(enum skbt_section);
ANCHOR(enum skbt_flag);
ANCHOR(enum skbt_relation);
ANCHOR(enum skbt_l4_kind);
ANCHOR(enum skbt_limits);
ANCHOR(struct skbt_header);
ANCHOR(struct skbt_hop);
ANCHOR(struct skbt_dev);
ANCHOR(struct skbt_task);
ANCHOR(struct skbt_meta);
ANCHOR(struct skbt_eth);
ANCHOR(struct skbt_ip);
ANCHOR(struct skbt_l4);
ANCHOR(struct skbt_drop);
ANCHOR(struct skbt_free);
ANCHOR(struct skbt_lineage);
ANCHOR(struct skbt_symbol);
