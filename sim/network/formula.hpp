// SPDX-License-Identifier: Apache-2.0
// Functions of one number, written in postfix: "x 3 + 0 max 6 min x * 6 /" is hard swish.
#pragma once
#include <array>
#include <cstddef>
#include <string>
#include <vector>

namespace brownout::network {

/// Numbers and x are pushed on a stack; `+ - * / min max pow` replace the two upper numbers by one,
/// `neg abs exp log sqrt erf tanh sigmoid softplus floor round sign` replace the upper one; the
/// sign of 0 is 0. One number remains.
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
    kRound,
    kSign
  };
  struct Step {
    Action action = Action::kX;
    double number = 0.0;
  };
  /// In the order of the text.
  const std::vector<Step>& steps() const { return steps_; }
  /// How many numbers of the stack an action takes: none, one or two.
  static int operands(Action action);

  /// The result with numbers of any kind: `number(double)` makes one of a constant, `one(action,
  /// a)` and `two(action, a, b)` apply an action.
  template <typename Number, typename Constant, typename One, typename Two>
  Number compute(const Number& x, Constant number, One one, Two two) const {
    std::array<Number, kDeepest> stack{};
    std::size_t size = 0;
    for (const Step& step : steps_) {
      if (step.action == Action::kX) {
        stack[size++] = x;
      } else if (step.action == Action::kNumber) {
        stack[size++] = number(step.number);
      } else if (operands(step.action) == 2) {
        stack[size - 2] = two(step.action, stack[size - 2], stack[size - 1]);
        --size;
      } else {
        stack[size - 1] = one(step.action, stack[size - 1]);
      }
    }
    return stack[0];
  }

 private:
  std::vector<Step> steps_;
};

/// The table of a formula behind codes of this scale and zero point: fl(f(fl(s·fl(q - z)))) for
/// q = 0 … 255. InputError when an entry is not a finite fp32 number.
std::vector<float> lookup_table(const Formula& formula, float scale, int zero_point);

}  // namespace brownout::network
