// SPDX-License-Identifier: Apache-2.0
// A network as steps. A step is a matrix operator and the vector operators that follow it, fused as
// long as nothing else reads the values between them.
#pragma once
#include <vector>

#include "sim/arithmetic/elementwise.hpp"
#include "sim/network/network.hpp"

namespace brownout::mapping {

/// One kernel call over a tensor. (What hardware needs is counted in walks, see program.hpp.) All
/// parts are optional (-1) and apply in this order; they are indices into Network::nodes. An
/// average pool, or a flatten that moves data, is a pass of its own.
struct VectorPass {
  int norm = -1;      // GroupNorm or BatchNorm
  int residual = -1;  // Add
  arithmetic::Activation activation = arithmetic::Activation::kNone;
  int max_pool = -1;
  int quantize = -1;
  int average_pool = -1;
  int flatten = -1;
  network::Shape in, out;
};

/// Computes value `output` from value `input`.
struct Step {
  int matrix = -1;            // Conv2d or Linear, -1: starts with the first pass
  network::Shape matrix_out;  // what the first pass reads
  std::vector<VectorPass> passes;
  int input = 0;
  int output = 0;
  std::vector<int> residuals;  // values that Add nodes of the passes read
};

/// Whether the step's output is in the order of a flatten that moves data.
bool moves_data(const Step& step);

/// Steps in an order in which every value is computed before it is read. `shapes` are those of
/// network::check.
std::vector<Step> make_plan(const network::Network& network,
                            const std::vector<network::Shape>& shapes);

}  // namespace brownout::mapping
