// SPDX-License-Identifier: Apache-2.0
// The kernel's types.
#pragma once

#include "result.h"

#include <bpf/btf.h>

#include <memory>

namespace skbt {

struct BtfFree {
  void operator()(btf *b) const { btf__free(b); }
};
using Btf = std::unique_ptr<btf, BtfFree>;

// Those of the kernel itself, loaded at the first call and kept: they stay the same while it runs. Any thread may
// read them. Errors: KERNEL_NO_BTF.
Result<btf *> kernelBtf();

} // namespace skbt
