// SPDX-License-Identifier: Apache-2.0
// A network as steps. A step is a matrix operator and the vector operators that follow it, fused as
// long as nothing else reads the values between them.
#pragma once
#include <optional>
#include <vector>

#include "sim/arithmetic/elementwise.hpp"
#include "sim/network/network.hpp"

namespace brownout::mapping {

using OptionalNode = std::optional<network::NodeIndex>;

/// One kernel call over a tensor. (What hardware needs is counted in walks, see program.hpp.) All
/// parts are optional and apply in this order. An average pool, or a flatten that moves data, is a
/// pass of its own.
struct VectorPass {
  OptionalNode norm;      // GroupNorm or BatchNorm
  OptionalNode residual;  // Add
  arithmetic::Activation activation = arithmetic::Activation::kNone;
  OptionalNode max_pool;
  OptionalNode quantize;
  OptionalNode average_pool;
  OptionalNode flatten;
  network::Shape in, out;
};

/// Computes value `output` from value `input`.
struct Step {
  OptionalNode matrix;        // Conv2d or Linear; none: starts with the first pass
  network::Shape matrix_out;  // what the first pass reads
  std::vector<VectorPass> passes;
  network::ValueIndex input, output;
  std::vector<network::ValueIndex> residuals;  // that Add nodes of the passes read
};

/// Whether the step's output is in the order of a flatten that moves data.
bool moves_data(const Step& step);

/// Steps in an order in which every value is computed before it is read. `shapes` are those of
/// network::check.
std::vector<Step> make_plan(const network::Network& network, const network::Shapes& shapes);

}  // namespace brownout::mapping
