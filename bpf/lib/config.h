/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SKBT_CONFIG_H
#define SKBT_CONFIG_H

#include "kernel.h"

#include "../wire.h"
#include "shared.h"

const volatile struct skbt_config config;

#endif
