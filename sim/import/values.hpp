// SPDX-License-Identifier: Apache-2.0
// The shape of every value of a graph, and the constants among them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/import/graph.hpp"

namespace brownout::importing {

/// Walks the nodes in order. Constants are computed only when somebody needs them.
class Values {
 public:
  /// A batch that the file leaves open becomes 1. `input`: extents of an image (channels, height,
  /// width) for a file that leaves those open; empty: as the file has them. InputError for a graph
  /// without an input or with several, for open extents, and for shapes that do not fit an
  /// operator. An operator that is unknown is taken for one that keeps its input's shape, and a
  /// remark says so.
  Values(const Graph& graph, const Dims& input);

  const Dims& dims(const std::string& value) const;
  /// Whether the value is the same for every image.
  bool is_constant(const std::string& value) const { return constant_.count(value) > 0; }
  /// The operator that computes a constant; null for the graph's own and for other values.
  const Node* maker(const std::string& value) const {
    const auto found = constant_.find(value);
    return found == constant_.end() ? nullptr : found->second;
  }
  /// InputError if the value is no constant, or by an operator that is not folded.
  const Tensor& constant(const std::string& value) const;
  /// Inputs of the graph that stand for weights, whose numbers the file does not have.
  const std::vector<std::string>& missing_weights() const { return missing_; }
  /// Operators that are unknown, each once.
  const std::vector<std::string>& remarks() const { return remarks_; }

  const Graph& graph() const { return graph_; }

  // For the operators' rules.
  const Dims& input_dims(const Node& node, std::size_t i) const;
  const Tensor& constant_input(const Node& node, std::size_t i) const;
  /// Integers of input `i`, or of the attribute that older opsets had in its place.
  std::vector<std::int64_t> setting(const Node& node, std::size_t i, const char* attribute) const;

 private:
  void walk(const Node& node);
  Tensor compute(const std::string& value) const;

  const Graph& graph_;
  std::map<std::string, Dims> dims_;
  std::map<std::string, const Node*> constant_;  // by whom; null: the graph's own
  mutable std::map<std::string, Tensor> computed_;
  std::vector<std::string> missing_;
  std::vector<std::string> remarks_;
};

}  // namespace brownout::importing
