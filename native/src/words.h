// SPDX-License-Identifier: Apache-2.0
// Which words of an sk_buff records are made of, by this kernel's types; see bpf/lib/raw.h.
#pragma once

#include "kernel_shared.h"

#include <bpf/btf.h>

namespace skbt {

// Fills word[], end_shift, truesize_shift and has_heads of the settings. A field that this kernel has not is left out;
// where something is not as it has to be, all words are, and every hop is told in full.
void findWords(const btf *types, skbt_config &config);

} // namespace skbt
