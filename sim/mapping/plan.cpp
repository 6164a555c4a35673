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

constexpr int kLastRank = 6;

/// Rank of an operator within a pass. A pass has at most one operator of each rank, in ascending
/// order. Operators of rank 0 never share a pass.
struct RankOf {
  int operator()(const network::GroupNorm& op) const { return op.each_pixel ? 0 : 1; }
  int operator()(const network::BatchNorm&) const { return 1; }
  int operator()(const network::Add&) const { return 2; }
  int operator()(const network::MaxPool&) const { return 4; }
  int operator()(const network::Quantize&) const { return 5; }
  template <typename Op>
  int operator()(const Op&) const {
    return arithmetic::kIsActivation<Op> ? 3 : 0;
  }
};

/// Whether an operator turns codes into numbers.
bool decodes(const network::Operator& op) {
  return std::holds_alternative<network::Lookup>(op) ||
         std::holds_alternative<network::Dequantize>(op);
}

/// Whether an operator only changes how many axes a value has, or the order of its pixels.
bool reshapes(const network::Operator& op) {
  return std::holds_alternative<network::Flatten>(op) ||
         std::holds_alternative<network::Unflatten>(op);
}

bool arranges_channels(const network::Operator& op) {
  return std::holds_alternative<network::Concat>(op) ||
         std::holds_alternative<network::SelectChannels>(op);
}

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
      for (OptionalNode node = first; node; node = next(step, *node)) {
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
    const network::Operator& op = node_at(node).op;
    if (network::is_matrix(op)) step.matrix = node;
    if (network::is_matrix(op) || arranges_channels(op)) {
      step.matrix_out = shape(network::value_of(node));
    }
    return step;
  }

  /// The node that continues the chain after `node`, if any. It must be the only reader of its
  /// value, and not an operator that begins a step. Codes are stored, unless all that reads them is
  /// what makes numbers of them; a flatten may follow them, because it decides in which order.
  OptionalNode next(const Step& step, NodeIndex node) const {
    const ValueIndex value = network::value_of(node);
    const std::vector<NodeIndex>& readers = readers_[value];
    if (readers.size() != 1) return std::nullopt;
    const network::Operator& op = node_at(readers[0]).op;
    if (network::is_matrix(op) || arranges_channels(op)) return std::nullopt;
    if (!network::is_quantized(network_, value)) return readers[0];
    const bool image = step.input == network::kInputImage;
    if (reshapes(op) || (decodes(op) && !image)) return readers[0];
    return std::nullopt;
  }

  void append(Step& step, NodeIndex node) const {
    const network::Operator& op = node_at(node).op;
    const network::Shape& in = shape(node_at(node).inputs[0]);
    const int rank = std::visit(RankOf{}, op);
    const bool flatten = reshapes(op);
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
    const std::vector<ValueIndex>& inputs = node_at(node).inputs;
    step.operands.insert(step.operands.end(), inputs.begin() + 1, inputs.end());
    switch (rank) {
      case 1:
        pass.norm = node;
        break;
      case 2:
        pass.residual = node;
        break;
      case 3:
        pass.activation = node;
        break;
      case 4:
        pass.max_pool = node;
        break;
      case 5:
        pass.quantize = node;
        break;
      default:
        (flatten ? pass.flatten : pass.single) = node;
    }
  }

  static int last_rank(const VectorPass& pass) {
    if (pass.single || pass.flatten) return kLastRank;
    if (pass.quantize) return 5;
    if (pass.max_pool) return 4;
    if (pass.activation) return 3;
    if (pass.residual) return 2;
    return pass.norm ? 1 : 0;
  }

  const network::Network& network_;
  const network::Shapes& shapes_;
  Table<ValueIndex, std::vector<NodeIndex>> readers_;
};

}  // namespace

OptionalNode summing_norm(const network::Network& network, const VectorPass& pass) {
  const OptionalNode node = pass.norm ? pass.norm : pass.single;
  if (!node) return std::nullopt;
  const network::Operator& op = network.nodes[*node].op;
  const bool sums = std::holds_alternative<network::GroupNorm>(op) ||
                    std::holds_alternative<network::LocalResponseNorm>(op);
  return sums ? node : std::nullopt;
}

bool moves_data(const Step& step) {
  return std::any_of(step.passes.begin(), step.passes.end(),
                     [](const VectorPass& pass) { return pass.flatten.has_value(); });
}

std::vector<Step> make_plan(const network::Network& network, const network::Shapes& shapes) {
  return Planner(network, shapes).run();
}

}  // namespace brownout::mapping
