// SPDX-License-Identifier: Apache-2.0
// Functions of one number, written in postfix: "x 3 + 0 max 6 min x * 6 /" is hard swish.
#pragma once
#include <cstddef>
#include <string>
#include <vector>

namespace brownout::network {

/// Numbers and x are pushed on a stack; `+ - * / min max pow` replace the two upper numbers by one,
/// `neg abs exp log sqrt erf tanh sigmoid softplus floor round` replace the upper one. One number
/// remains.
class Formula {
 public:
  /// InputError, which quotes the text, unless it is a formula.
  explicit Formula(const std::string& text);

  /// In fp64. The result may be infinite or NaN.
  double operator()(double x) const;

  /// The longest text and the deepest stack that are read.
  static constexpr std::size_t kMostCharacters = 1024;
  static constexpr int kDeepest = 16;

  enum class Action {
    kX,
    kNumber,
    kAdd,
    kSubtract,
    kMultiply,
    kDivide,
    kMin,
    kMax,
    kPower,
    kNegate,
    kAbsolute,
    kExp,
    kLog,
    kSqrt,
    kErf,
    kTanh,
    kSigmoid,
    kSoftplus,
    kFloor,
    kRound
  };
  struct Step {
    Action action = Action::kX;
    double number = 0.0;
  };
  /// In the order of the text, for those that compute it in another way. kX and kNumber push, what
  /// lies up to kPower takes two numbers, everything after it one.
  const std::vector<Step>& steps() const { return steps_; }

 private:
  static double unary(Action action, double a);
  static double binary(Action action, double a, double b);

  std::vector<Step> steps_;
};

/// The table of a formula behind codes of this scale and zero point: fl(f(fl(s·fl(q - z)))) for
/// q = 0 … 255. InputError when an entry is not a finite fp32 number.
std::vector<float> lookup_table(const Formula& formula, float scale, int zero_point);

}  // namespace brownout::network
