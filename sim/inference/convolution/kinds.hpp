// SPDX-License-Identifier: Apache-2.0
// Internal: the kinds of convolution that make_convolution chooses from. Shapes are checked there.
#pragma once
#include "sim/inference/convolution/convolution.hpp"

namespace brownout::inference {

std::unique_ptr<Convolution> make_reference_convolution(const ConvolutionShape& shape,
                                                        int zero_point);

/// int8 convolutions of oneDNN with a raw s32 destination. Its kernels add products in 16 bits, so
/// codes are split: n = 2a + b with a in [-64, 63] and b in {0, 1}, acc = 2·conv(a) + conv(b).
std::unique_ptr<Convolution> make_onednn_convolution(const ConvolutionShape& shape, int zero_point);

}  // namespace brownout::inference
