// SPDX-License-Identifier: Apache-2.0
// Internal: shape rules of windows and matrix products.
#pragma once

#include <vector>

#include "sim/import/values.hpp"

namespace brownout::importing {

/// Numbers of a file, which must be within +-2^31, so that no product of two overflows.
const std::vector<std::int64_t>& bounded(const Node& node,
                                         const std::vector<std::int64_t>& numbers);
/// InputError unless there are batch, channels, and as many extents as the window has.
void expect_image(const Node& node, const Dims& input, std::size_t window);
/// Extents of a window operator's output: convolution or pool, as its attributes say. `kernel`: of
/// the window without the channels.
Dims window_dims(const Node& node, const Dims& input, const Dims& kernel, std::int64_t channels);

std::vector<Dims> conv(const Values& values, const Node& node);
std::vector<Dims> transposed_conv(const Values& values, const Node& node);
std::vector<Dims> pool(const Values& values, const Node& node);
std::vector<Dims> global_pool(const Values& values, const Node& node);
std::vector<Dims> gemm(const Values& values, const Node& node);
std::vector<Dims> matmul(const Values& values, const Node& node);

}  // namespace brownout::importing
