// SPDX-License-Identifier: Apache-2.0
// The constants of operators once the codes of a chip are known; they are the same for every
// engine.
#pragma once
#include <vector>

#include "sim/arithmetic/dequantize.hpp"
#include "sim/arithmetic/norm.hpp"
#include "sim/mapping/geometry.hpp"
#include "sim/network/network.hpp"

namespace brownout::datapath {

using mapping::matrix_node;
using mapping::MatrixNode;
using mapping::pool_window;

/// A and B of a matrix node, one of each per output channel.
std::vector<arithmetic::Dequantization> dequantization(const network::Network& network,
                                                       network::NodeIndex node);

/// Decoded values of a parameter, or `count` times `absent` when there is none.
std::vector<float> parameter_values(const network::Network& network, const network::Codes& codes,
                                    network::OptionalParameter index, int count, float absent);

/// Factor (gamma) and shift of a GroupNorm or BatchNorm node, one per channel.
struct NormParameters {
  std::vector<float> gamma, shift;
};
NormParameters norm_parameters(const network::Network& network, const network::Codes& codes,
                               network::NodeIndex node, int channels);

/// The constants of a BatchNorm node, one per channel.
std::vector<arithmetic::Affine> batch_norm(const network::Network& network,
                                           const network::Codes& codes, network::NodeIndex node,
                                           int channels);

/// Throws unless `codes` has one n per coded element.
void check_codes(const network::Network& network, const network::Codes& codes);

}  // namespace brownout::datapath
