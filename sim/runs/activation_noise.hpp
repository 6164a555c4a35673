// SPDX-License-Identifier: Apache-2.0
// What an imported network's activations lost by quantization, layer by layer.
#pragma once

#include <string>
#include <vector>

#include "sim/data/dataset.hpp"
#include "sim/network/network.hpp"

namespace brownout::runs {

/// 10·log10(Σx² / Σ(x - x̂)²) in dB: x are the numbers of the float network, x̂ what the codes of the
/// other one stand for, with everything that was lost before this layer. Infinite without a
/// difference.
struct ActivationNoise {
  std::string layer;
  double db = 0.0;
};

/// Of every value that is stored in codes, in the order of the layers, over the first `images`
/// images of the data. Both networks have the same nodes.
std::vector<ActivationNoise> activation_noise(const network::SharedNetwork& plain,
                                              const network::SharedNetwork& quantized,
                                              const data::Dataset& data, int images);

}  // namespace brownout::runs
