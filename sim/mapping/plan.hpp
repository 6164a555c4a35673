// SPDX-License-Identifier: Apache-2.0
// A network as steps. A step is a matrix operator and the vector operators that follow it, fused as
// long as nothing else reads the values between them.
#pragma once
#include <optional>
#include <vector>

#include "sim/network/network.hpp"

namespace brownout::mapping {

using OptionalNode = std::optional<network::NodeIndex>;

/// One kernel call over a tensor. (What hardware needs is counted in walks, see program.hpp.) All
/// parts are optional and apply in this order. A flatten that moves data, and every operator that
/// has no place in this order, is a pass of its own.
struct VectorPass {
  OptionalNode norm;      // GroupNorm over whole images, or BatchNorm
  OptionalNode residual;  // Add
  OptionalNode activation;
  OptionalNode max_pool;
  OptionalNode quantize;
  OptionalNode flatten;
  // GroupNorm of each pixel, LocalResponseNorm, AveragePool, Lookup, Dequantize, Multiply, Concat,
  // SelectChannels
  OptionalNode single;
  network::Shape in, out;
};

/// Computes value `output` from value `input`. A Concat or SelectChannels begins a step, so that
/// the channels within a step are those of its beginning.
struct Step {
  OptionalNode matrix;        // Conv2d or Linear; none: starts with the first pass
  network::Shape matrix_out;  // of the matrix operator, Concat or SelectChannels; else of the input
  std::vector<VectorPass> passes;
  network::ValueIndex input, output;
  /// What passes read besides: the second inputs of Add and Multiply, all but the first of Concat.
  std::vector<network::ValueIndex> operands;
};

/// The norm of a pass that needs sums of its numbers before it can change any: a GroupNorm or
/// LocalResponseNorm.
OptionalNode summing_norm(const network::Network& network, const VectorPass& pass);

/// Whether the step's output is in the order of a flatten that moves data.
bool moves_data(const Step& step);

/// Steps in an order in which every value is computed before it is read. `shapes` are those of
/// network::check.
std::vector<Step> make_plan(const network::Network& network, const network::Shapes& shapes);

}  // namespace brownout::mapping
