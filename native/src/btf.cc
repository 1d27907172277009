// SPDX-License-Identifier: Apache-2.0
#include "btf.h"

#include <bpf/libbpf.h>

#include <mutex>

namespace skbt {

Result<btf *> kernelBtf() {
  static std::mutex lock;
  static Btf kept;
  const std::lock_guard guard(lock);
  if (!kept) {
    // the error tells it, each time
    const libbpf_print_fn_t before = libbpf_set_print(nullptr);
    kept.reset(btf__load_vmlinux_btf());
    libbpf_set_print(before);
  }
  if (!kept)
    return errnoError("KERNEL_NO_BTF",
                      "this kernel has no usable /sys/kernel/btf/vmlinux; a kernel built with CONFIG_DEBUG_INFO_BTF "
                      "is needed (those of Debian 12 and Ubuntu 22.04 are)",
                      errno);
  return kept.get();
}

} // namespace skbt
