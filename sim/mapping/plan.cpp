// SPDX-License-Identifier: Apache-2.0
// Chains of operators become steps, and operators that can share a kernel call become passes.
#include "sim/mapping/plan.hpp"

#include <algorithm>

#include "sim/arithmetic/activation.hpp"
#include "sim/base/error.hpp"

namespace brownout::mapping {

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
  Planner(const network::Network& network, const std::vector<network::Shape>& shapes)
      : network_(network), shapes_(shapes), readers_(network.nodes.size() + 1) {
    for (std::size_t i = 0; i < network.nodes.size(); ++i) {
      for (const int value : network.nodes[i].inputs) {
        readers_[static_cast<std::size_t>(value)].push_back(static_cast<int>(i));
      }
    }
  }

  std::vector<Step> run() {
    std::vector<bool> done(network_.nodes.size(), false);
    std::vector<Step> steps;
    for (int first = 0; first < static_cast<int>(network_.nodes.size()); ++first) {
      if (done[static_cast<std::size_t>(first)]) continue;
      Step step = begin(first);
      for (int node = first; node >= 0; node = next(node)) {
        done[static_cast<std::size_t>(node)] = true;
        if (node != step.matrix) append(step, node);
        step.output = node + 1;
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
  const network::Node& node_at(int node) const {
    return network_.nodes[static_cast<std::size_t>(node)];
  }
  const network::Shape& shape(int value) const { return shapes_[static_cast<std::size_t>(value)]; }

  Step begin(int node) const {
    Step step;
    step.input = node_at(node).inputs[0];
    step.matrix_out = shape(step.input);
    if (network::is_matrix(node_at(node).op)) {
      step.matrix = node;
      step.matrix_out = shape(node + 1);
    }
    return step;
  }

  /// The node that continues the chain after `node`, or -1. It must be the only reader of its value
  /// and not a matrix operator. Codes are stored; only a flatten may follow them, because it
  /// decides in which order.
  int next(int node) const {
    const std::vector<int>& readers = readers_[static_cast<std::size_t>(node + 1)];
    if (readers.size() != 1) return -1;
    const network::Operator& op = node_at(readers[0]).op;
    if (network::is_matrix(op)) return -1;
    if (network::is_quantized(network_, node + 1) &&
        !std::holds_alternative<network::Flatten>(op)) {
      return -1;
    }
    return readers[0];
  }

  void append(Step& step, int node) const {
    const network::Operator& op = node_at(node).op;
    const network::Shape& in = shape(node_at(node).inputs[0]);
    const int rank = std::visit(RankOf{}, op);
    const bool flatten = std::holds_alternative<network::Flatten>(op);
    // With one pixel or one channel, NHWC and CHW are the same order.
    const bool moves = flatten && in.channels > 1 && in.height * in.width > 1;
    if (flatten && !moves && !step.passes.empty()) {
      step.passes.back().out = shape(node + 1);
      return;
    }
    if (step.passes.empty() || rank == 0 || rank <= last_rank(step.passes.back())) {
      step.passes.emplace_back();
      step.passes.back().in = in;
    }
    VectorPass& pass = step.passes.back();
    pass.out = shape(node + 1);
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
    if (pass.average_pool >= 0 || pass.flatten >= 0) return 6;
    if (pass.quantize >= 0) return 5;
    if (pass.max_pool >= 0) return 4;
    if (pass.activation != arithmetic::Activation::kNone) return 3;
    if (pass.residual >= 0) return 2;
    return pass.norm >= 0 ? 1 : 0;
  }

  const network::Network& network_;
  const std::vector<network::Shape>& shapes_;
  std::vector<std::vector<int>> readers_;
};

}  // namespace

bool moves_data(const Step& step) {
  return std::any_of(step.passes.begin(), step.passes.end(),
                     [](const VectorPass& pass) { return pass.flatten >= 0; });
}

std::vector<Step> make_plan(const network::Network& network,
                            const std::vector<network::Shape>& shapes) {
  return Planner(network, shapes).run();
}

}  // namespace brownout::mapping
