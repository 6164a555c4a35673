// SPDX-License-Identifier: Apache-2.0
// Shapes of a network's matrix operators and pools in the form that sim/arithmetic needs.
#pragma once

#include <vector>

#include "sim/arithmetic/matrix.hpp"
#include "sim/network/network.hpp"

namespace brownout::mapping {

/// A matrix operator, convolution or linear layer alike.
struct MatrixNode {
  arithmetic::Matrix matrix;
  int pad_bottom = 0, pad_right = 0;
  network::OptionalParameter weight, bias;  // a weight is always there
};
/// `shapes` are those of network::check; `node` is a Conv2d or Linear.
MatrixNode matrix_node(const network::Network& network, const network::Shapes& shapes,
                       network::NodeIndex node);

/// Window of a MaxPool or AveragePool node.
arithmetic::Window pool_window(const network::Network& network, const network::Shapes& shapes,
                               network::NodeIndex node);

}  // namespace brownout::mapping
