// SPDX-License-Identifier: Apache-2.0
// The kernel side's own headers, for C++.
#pragma once

#include <linux/types.h>

extern "C" {
#include "wire.h"
// wire.h first: shared.h uses its limits
#include "lib/shared.h"
}

#include "wire_asserts.gen.h"
