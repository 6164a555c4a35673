// SPDX-License-Identifier: Apache-2.0
// An array of fp32 numbers as NumPy reads it.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace brownout {

/// The bytes of a .npy file (version 1, little-endian, C order). `dims` multiply to the number of
/// numbers.
std::string npy_bytes(const std::vector<std::int64_t>& dims, const std::vector<float>& numbers);

}  // namespace brownout
