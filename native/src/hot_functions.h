// SPDX-License-Identifier: Apache-2.0
// Functions that packets pass most: their probes are typed ones (typed_probes.h) soon after a capture has begun.
#pragma once

#include <string_view>

namespace skbt {

bool isHot(std::string_view function);

} // namespace skbt
