// SPDX-License-Identifier: Apache-2.0
#include "btf.h"

#include <mutex>

namespace skbt {

Result<btf *> kernelBtf() {
  static std::mutex lock;
  static Btf kept;
  const std::lock_guard guard(lock);
  if (!kept)
    kept.reset(btf__load_vmlinux_btf());
  if (!kept)
    return errnoError("KERNEL_NO_BTF",
                      "this kernel has no usable /sys/kernel/btf/vmlinux; a kernel built with CONFIG_DEBUG_INFO_BTF "
                      "is needed (those of Debian 12 and Ubuntu 22.04 are)",
                      errno);
  return kept.get();
}

} // namespace skbt
