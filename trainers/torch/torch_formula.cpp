// SPDX-License-Identifier: Apache-2.0
// One LibTorch operator for each step over a stack.
#include "trainers/torch/torch_formula.hpp"

#include <vector>

#include "sim/base/error.hpp"

namespace brownout::trainers {
namespace {

using network::Formula;
using torch::Tensor;

Tensor of_one(Formula::Action action, const Tensor& a) {
  using Action = Formula::Action;
  switch (action) {
    case Action::kNegate:
      return -a;
    case Action::kAbsolute:
      return a.abs();
    case Action::kExp:
      return a.exp();
    case Action::kLog:
      return a.log();
    case Action::kSqrt:
      return a.sqrt();
    case Action::kErf:
      return a.erf();
    case Action::kTanh:
      return a.tanh();
    case Action::kSigmoid:
      return a.sigmoid();
    case Action::kSoftplus:
      // Beyond the threshold LibTorch takes x itself.
      return torch::softplus(a, 1.0, 40.0);
    case Action::kFloor:
      return a.floor();
    case Action::kRound:
      return a.round();
    default:
      break;
  }
  BROWNOUT_CHECK(false, "step {} takes no single number", static_cast<int>(action));
  return a;
}

Tensor of_two(Formula::Action action, const Tensor& a, const Tensor& b) {
  using Action = Formula::Action;
  switch (action) {
    case Action::kAdd:
      return a + b;
    case Action::kSubtract:
      return a - b;
    case Action::kMultiply:
      return a * b;
    case Action::kDivide:
      return a / b;
    case Action::kMin:
      return torch::minimum(a, b);
    case Action::kMax:
      return torch::maximum(a, b);
    case Action::kPower:
      return torch::pow(a, b);
    default:
      break;
  }
  BROWNOUT_CHECK(false, "step {} takes no two numbers", static_cast<int>(action));
  return a;
}

}  // namespace

Tensor apply_formula(const Formula& formula, const Tensor& x) {
  using Action = Formula::Action;
  const Tensor wide = x.to(torch::kDouble);
  std::vector<Tensor> stack;
  for (const Formula::Step& step : formula.steps()) {
    if (step.action == Action::kX) {
      stack.push_back(wide);
    } else if (step.action == Action::kNumber) {
      // Of no dimension, so that it meets every element.
      stack.push_back(torch::full({}, step.number, wide.options()));
    } else if (step.action <= Action::kPower) {
      const Tensor second = stack.back();
      stack.pop_back();
      stack.back() = of_two(step.action, stack.back(), second);
    } else {
      stack.back() = of_one(step.action, stack.back());
    }
  }
  // A formula without x is one number.
  return stack.back().expand_as(wide).to(x.scalar_type());
}

}  // namespace brownout::trainers
