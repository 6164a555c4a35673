// SPDX-License-Identifier: Apache-2.0
// An ONNX graph as a network of this project's operators.
#pragma once

#include <string>
#include <vector>

#include "sim/import/graph.hpp"
#include "sim/network/network.hpp"

namespace brownout::importing {

struct LowerOptions {
  /// What the graph's input holds: x = (pixel/255 - mean)/std. One number a channel, or one for all
  /// of them.
  network::InputTransform transform{{0.0f}, {1.0f}};
  /// Channels, height and width, for a file that leaves them open or reads a vector; empty: as the
  /// file has them.
  Dims input;
  /// A batch norm that follows a matrix operator changes its weights and goes; else it stays.
  bool fold_batch_norm = true;
};

/// A change of scale that joins nothing else becomes a batch norm of mean 0 and variance 1 with
/// this epsilon. It is no norm: its mean and variance never change.
inline constexpr float kScaleEpsilon = 1e-12f;

/// A network as its file has it: weights are plain, or codes where the file has integers.
struct ImportedNetwork {
  network::Network network;
  /// Quantizers of which the file says nothing. They have scale 1 and zero point 0, which engine
  /// "float" passes over; calibrate them before any other engine. Tables of lookups are empty.
  std::vector<network::NodeIndex> open;
  /// Of every node: the operator of the file that it comes from, as messages begin.
  Table<network::NodeIndex, std::string> places;
  bool quantized = false;            // the file has quantizers of its own
  std::vector<std::string> remarks;  // what the user should know
};

/// InputError for a network of this project, and for one of an opset before 7.
void expect_foreign(const Graph& graph);

/// Quantizers stand where matrix operators, residuals and tables need codes, and where several
/// operators read a value. InputError, which names node, operator and reason, for what the
/// network's operators cannot express, and for weights that are not finite.
ImportedNetwork lower(const Graph& graph, const LowerOptions& options);

/// ONNX operators that lower() knows, in alphabetical order.
const std::vector<std::string>& lowered_operators();

}  // namespace brownout::importing
