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
ANCHOR(enum skbt_decision_kind);
ANCHOR(enum skbt_tunnel);
ANCHOR(enum skbt_buffer_bit);
ANCHOR(enum skbt_socket_event);
ANCHOR(enum skbt_chosen);
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
ANCHOR(struct skbt_buffer);
ANCHOR(struct skbt_route);
ANCHOR(struct skbt_conntrack);
ANCHOR(struct skbt_inner);
ANCHOR(struct skbt_owner);
ANCHOR(struct skbt_control_block);
ANCHOR(struct skbt_stack_id);
ANCHOR(struct skbt_rule);
ANCHOR(struct skbt_decision);
ANCHOR(struct skbt_stack);
ANCHOR(struct skbt_socket);
ANCHOR(struct skbt_free);
ANCHOR(struct skbt_lineage);
ANCHOR(struct skbt_symbol);
ANCHOR(struct skbt_tail);
