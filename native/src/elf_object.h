// SPDX-License-Identifier: Apache-2.0
// The embedded eBPF object, whole or without the part that says what must be made to fit the kernel.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace skbt {

// A copy of the object in which libbpf finds no CO-RE relocation, and so needs no types of the kernel. Empty when the
// object is not as it is expected.
std::vector<uint8_t> withoutRelocations(const void *object, size_t size);

} // namespace skbt
