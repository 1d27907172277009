// SPDX-License-Identifier: Apache-2.0
// What certainly does not match a pcap expression, from the program that libpcap made of it.
#pragma once

#include "kernel_shared.h"

#include <cstdint>
#include <vector>

namespace skbt {

// An instruction of classic BPF; pcap.h and <linux/bpf.h> disagree about what bpf_insn is.
struct ClassicInsn {
  uint16_t code;
  uint8_t jt;
  uint8_t jf;
  uint32_t k;
};
using ClassicProgram = std::vector<ClassicInsn>;

/*
 * `l2` is for packets with a MAC header, `l3` for those without, as in FilterProgram; an empty one matches nothing.
 * Both are followed through all of their branches with what the prefilter knows of a packet: the IP version, the
 * protocol (or first next header), the ports. Everything else may be anything. What then can end in a match may match.
 */
skbt_prefilter prefilterOf(const ClassicProgram &l2, const ClassicProgram &l3);

} // namespace skbt
