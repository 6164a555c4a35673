// SPDX-License-Identifier: Apache-2.0
// A slow, plain fp64 evaluation of a network: what its layers mean, without the contract's
// rounding.
#pragma once
#include <cstdint>
#include <vector>

#include "sim/network/network.hpp"

namespace brownout::network {

/// The normalized image (NCHW) of one NHWC image of u8 pixels, in fp32 as the contract says.
std::vector<float> normalized_image(const Network& network, const std::uint8_t* pixels);

/// Logits of one image. Parameters are decoded in fp32, activations are quantized and dequantized
/// where the network says so, everything else is fp64.
std::vector<double> reference_logits(const Network& network, const Codes& codes,
                                     const std::uint8_t* pixels);

}  // namespace brownout::network
