// SPDX-License-Identifier: Apache-2.0
// Internal: the kinds of convolution that make_convolution chooses from. Shapes are checked there.
#pragma once
#include "sim/inference/convolution/convolution.hpp"

namespace brownout::inference {

std::unique_ptr<Convolution> make_reference_convolution(const ConvolutionShape& shape,
                                                        int zero_point);

/// int8 convolutions of oneDNN with a raw s32 destination. Where its kernels add products in 16
/// bits (every processor without VNNI), only `split` is exact: n = 2a + b with a in [-64, 63] and b
/// in {0, 1}, acc = 2·conv(a) + conv(b).
std::unique_ptr<Convolution> make_onednn_convolution(const ConvolutionShape& shape, int zero_point,
                                                     bool split);
/// Whether oneDNN uses VNNI here (DNNL_MAX_CPU_ISA counts).
bool onednn_has_vnni();

}  // namespace brownout::inference
