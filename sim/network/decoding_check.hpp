// SPDX-License-Identifier: Apache-2.0
// Which alpha and beta a decoding may have.
#pragma once
#include <string>

#include "sim/network/quantization.hpp"

namespace brownout::network {

/// InputError, which begins with `place`, unless alpha and beta are finite, alpha is at least 0,
/// and both are what the scheme fixes.
void check_decoding(const Coding& coding, const std::string& place);

}  // namespace brownout::network
