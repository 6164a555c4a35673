// SPDX-License-Identifier: Apache-2.0
// Chains of operators become steps, and operators that can share a kernel call become passes.
#include "sim/mapping/plan.hpp"

#include <algorithm>

#include "sim/arithmetic/activation.hpp"
#include "sim/base/error.hpp"

namespace brownout::mapping {

using network::NodeIndex;
using network::ValueIndex;

namespace {

/// Rank of an operator within a pass. A pass has at most one operator of each rank, in ascending
/// order.
struct RankOf {
  int operator()(const network::GroupNorm&) const { return 1; }
  int operator()(const network::BatchNorm&) const { return 1; }
  int operator()(const network::Add&) const { return 2; }
  int operator()(const network::MaxPool&) const { return 4; }
  int operator()(const network::Quantize&) const { return 5; }
  /// Average pools and flattens never share a pass.
  template <typename Op>
  int operator()(const Op&) const {
    return arithmetic::kIsActivation<Op> ? 3 : 0;
  }
};

class Planner {
 public:
  Planner(const network::Network& network, const network::Shapes& shapes)
      : network_(network), shapes_(shapes), readers_(network.nodes.size() + 1) {
    for (const NodeIndex node : network.nodes.indices()) {
      for (const ValueIndex value : network.nodes[node].inputs) readers_[value].push_back(node);
    }
  }

  std::vector<Step> run() {
    Table<NodeIndex, bool> done(network_.nodes.size(), false);
    std::vector<Step> steps;
    for (const NodeIndex first : network_.nodes.indices()) {
      if (done[first]) continue;
      Step step = begin(first);
      for (OptionalNode node = first; node; node = next(*node)) {
        done[*node] = true;
        if (node != step.matrix) append(step, *node);
        step.output = network::value_of(*node);
      }
      if (step.passes.empty()) {  // a matrix operator whose fp32 value is itself read elsewhere
        step.passes.emplace_back();
        step.passes.back().in = step.passes.back().out = step.matrix_out;
      }
      steps.push_back(std::move(step));
    }
    // A chain may end after nodes that compute what it reads on its way (the other branch of a
    // residual). Everything that it reads comes before its last node, and everything that reads it
    // comes after.
    std::stable_sort(steps.begin(), steps.end(),
                     [](const Step& a, const Step& b) { return a.output < b.output; });
    return steps;
  }

 private:
  const network::Node& node_at(NodeIndex node) const { return network_.nodes[node]; }
  const network::Shape& shape(ValueIndex value) const { return shapes_[value]; }

  Step begin(NodeIndex node) const {
    Step step;
    step.input = node_at(node).inputs[0];
    step.matrix_out = shape(step.input);
    if (network::is_matrix(node_at(node).op)) {
      step.matrix = node;
      step.matrix_out = shape(network::value_of(node));
    }
    return step;
  }

  /// The node that continues the chain after `node`, if any. It must be the only reader of its
  /// value and not a matrix operator. Codes are stored; only a flatten may follow them, because it
  /// decides in which order.
  OptionalNode next(NodeIndex node) const {
    const ValueIndex value = network::value_of(node);
    const std::vector<NodeIndex>& readers = readers_[value];
    if (readers.size() != 1) return std::nullopt;
    const network::Operator& op = node_at(readers[0]).op;
    if (network::is_matrix(op)) return std::nullopt;
    if (network::is_quantized(network_, value) && !std::holds_alternative<network::Flatten>(op)) {
      return std::nullopt;
    }
    return readers[0];
  }

  void append(Step& step, NodeIndex node) const {
    const network::Operator& op = node_at(node).op;
    const network::Shape& in = shape(node_at(node).inputs[0]);
    const int rank = std::visit(RankOf{}, op);
    const bool flatten = std::holds_alternative<network::Flatten>(op);
    // With one pixel or one channel, NHWC and CHW are the same order.
    const bool moves = flatten && in.channels > 1 && in.height * in.width > 1;
    if (flatten && !moves && !step.passes.empty()) {
      step.passes.back().out = shape(network::value_of(node));
      return;
    }
    if (step.passes.empty() || rank == 0 || rank <= last_rank(step.passes.back())) {
      step.passes.emplace_back();
      step.passes.back().in = in;
    }
    VectorPass& pass = step.passes.back();
    pass.out = shape(network::value_of(node));
    if (flatten) pass.flatten = node;
    if (std::holds_alternative<network::AveragePool>(op)) pass.average_pool = node;
    if (rank == 1) pass.norm = node;
    if (std::holds_alternative<network::Add>(op)) {
      pass.residual = node;
      step.residuals.push_back(node_at(node).inputs[1]);
    }
    if (rank == 3) pass.activation = arithmetic::activation_of(op);
    if (std::holds_alternative<network::MaxPool>(op)) pass.max_pool = node;
    if (std::holds_alternative<network::Quantize>(op)) pass.quantize = node;
  }

  static int last_rank(const VectorPass& pass) {
    if (pass.average_pool || pass.flatten) return 6;
    if (pass.quantize) return 5;
    if (pass.max_pool) return 4;
    if (pass.activation != arithmetic::Activation::kNone) return 3;
    if (pass.residual) return 2;
    return pass.norm ? 1 : 0;
  }

  const network::Network& network_;
  const network::Shapes& shapes_;
  Table<ValueIndex, std::vector<NodeIndex>> readers_;
};

}  // namespace

bool moves_data(const Step& step) {
  return std::any_of(step.passes.begin(), step.passes.end(),
                     [](const VectorPass& pass) { return pass.flatten.has_value(); });
}

std::vector<Step> make_plan(const network::Network& network, const network::Shapes& shapes) {
  return Planner(network, shapes).run();
}

}  // namespace brownout::mapping
