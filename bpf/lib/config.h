/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SKBT_CONFIG_H
#define SKBT_CONFIG_H

#include "kernel.h"

#include "../wire.h"
#include "shared.h"

const volatile struct skbt_config config;

/* 1: any pointer can be loaded from directly (bpf_rdonly_cast, since 6.3). There is an object of
 * each (native/CMakeLists.txt): the verifier takes away what settings rule out, one place at a
 * time, for each of which it moves all of the program behind it. */
#ifndef SKBT_DIRECT
#error "SKBT_DIRECT is not given"
#endif

#endif
