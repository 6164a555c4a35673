// SPDX-License-Identifier: Apache-2.0
// One LibTorch operator for each step.
#include "trainers/torch/torch_formula.hpp"

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
    case Action::kSign:
      return a.sign();
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
  const Tensor wide = x.to(torch::kDouble);
  // A number has no dimension, so that it meets every element.
  const auto number = [&](double value) { return torch::full({}, value, wide.options()); };
  const Tensor result = formula.compute<Tensor>(wide, number, of_one, of_two);
  // A formula without x is one number.
  return result.expand_as(wide).to(x.scalar_type());
}

}  // namespace brownout::trainers
