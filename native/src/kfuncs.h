// SPDX-License-Identifier: Apache-2.0
// Kernel functions that our programs call. They do it by a marker, as they would call a helper, and not by name:
// libbpf would load the kernel's types for that, with every start.
#pragma once

#include <linux/bpf.h>

#include <cstdint>
#include <vector>

namespace skbt {

// BTF ids, 0 where the kernel has none for our programs.
struct Kfuncs {
  uint32_t cast = 0; // bpf_rdonly_cast, since 6.3: loads from any pointer, cheaper than reads by a helper
  uint32_t isReturn = 0, session = 0; // bpf_session_is_return and bpf_session_cookie, since 6.10; both or none
  bool hasSessions() const { return session != 0; }
};

// BPF_TRACE_KPROBE_SESSION, which the headers of older systems lack.
constexpr uint32_t KPROBE_SESSION = 56;

// Found by trying.
Kfuncs findKfuncs();

// Makes calls of the markers (bpf/lib/shared.h) calls of these functions; of one that there is not they become moves,
// in code that is never reached. Whether there were any.
bool placeKfuncs(std::vector<bpf_insn> &program, const Kfuncs &kfuncs);

} // namespace skbt
