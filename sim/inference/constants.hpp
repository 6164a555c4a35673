// SPDX-License-Identifier: Apache-2.0
// What operators compute with once the codes of a chip are known: the same for every engine.
#pragma once
#include <vector>

#include "sim/arithmetic/dequantize.hpp"
#include "sim/arithmetic/matrix.hpp"
#include "sim/arithmetic/norm.hpp"
#include "sim/network/network.hpp"

namespace brownout::inference {

/// A matrix operator, convolution or linear layer alike.
struct MatrixNode {
  arithmetic::Matrix matrix;
  int pad_bottom = 0, pad_right = 0;
  int weight = -1, bias = -1;
};
/// `shapes` are those of network::check; `node` is a Conv2d or Linear.
MatrixNode matrix_node(const network::Network& network, const std::vector<network::Shape>& shapes,
                       int node);

/// Window of a MaxPool or AveragePool node.
arithmetic::Window pool_window(const network::Network& network,
                               const std::vector<network::Shape>& shapes, int node);

/// The Quantize whose codes `value` holds (it may have been flattened since).
const network::Quantize& quantization_of(const network::Network& network, int value);

/// A and B of a matrix node.
arithmetic::Dequantization dequantization(const network::Network& network, int node);

/// Decoded values of parameter `index`, or `count` times `absent` when there is none.
std::vector<float> parameter_values(const network::Network& network, const network::Codes& codes,
                                    int index, int count, float absent);

/// Factor (gamma) and shift of a GroupNorm or BatchNorm node, one per channel.
struct NormParameters {
  std::vector<float> gamma, shift;
};
NormParameters norm_parameters(const network::Network& network, const network::Codes& codes,
                               int node, int channels);

/// The constants of a BatchNorm node, one per channel.
std::vector<arithmetic::Affine> batch_norm(const network::Network& network,
                                           const network::Codes& codes, int node, int channels);

/// Throws unless `codes` has one n per coded element.
void check_codes(const network::Network& network, const network::Codes& codes);

}  // namespace brownout::inference
