// SPDX-License-Identifier: Apache-2.0
// Words to steps, steps over a stack.
#include "sim/network/formula.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <sstream>

#include "sim/base/error.hpp"
#include "sim/base/text.hpp"

namespace brownout::network {

namespace {

/// The whole word as a finite number.
std::optional<double> number_of(const std::string& word) {
  double number = 0.0;
  const char* const end = word.data() + word.size();
  const auto [stop, error] = std::from_chars(word.data(), end, number);
  if (error != std::errc() || stop != end || !std::isfinite(number)) return std::nullopt;
  return number;
}

using Action = Formula::Action;

double apply_to_one(Action action, double a) {
  switch (action) {
    case Action::kNegate:
      return -a;
    case Action::kAbsolute:
      return std::abs(a);
    case Action::kExp:
      return std::exp(a);
    case Action::kLog:
      return std::log(a);
    case Action::kSqrt:
      return std::sqrt(a);
    case Action::kErf:
      return std::erf(a);
    case Action::kTanh:
      return std::tanh(a);
    case Action::kSigmoid:
      return 1.0 / (1.0 + std::exp(-a));
    case Action::kSoftplus:
      return std::max(a, 0.0) + std::log1p(std::exp(-std::abs(a)));
    case Action::kFloor:
      return std::floor(a);
    case Action::kRound:
      return std::nearbyint(a);
    case Action::kSign:
      return a > 0.0 ? 1.0 : a < 0.0 ? -1.0 : a;
    default:
      return std::numeric_limits<double>::quiet_NaN();
  }
}

double apply_to_two(Action action, double a, double b) {
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
      return std::min(a, b);
    case Action::kMax:
      return std::max(a, b);
    case Action::kPower:
      return std::pow(a, b);
    default:
      return std::numeric_limits<double>::quiet_NaN();
  }
}

const std::map<std::string, Action>& formula_words() {
  static const std::map<std::string, Action> table = {
      {"x", Action::kX},
      {"+", Action::kAdd},
      {"-", Action::kSubtract},
      {"*", Action::kMultiply},
      {"/", Action::kDivide},
      {"min", Action::kMin},
      {"max", Action::kMax},
      {"pow", Action::kPower},
      {"neg", Action::kNegate},
      {"abs", Action::kAbsolute},
      {"exp", Action::kExp},
      {"log", Action::kLog},
      {"sqrt", Action::kSqrt},
      {"erf", Action::kErf},
      {"tanh", Action::kTanh},
      {"sigmoid", Action::kSigmoid},
      {"softplus", Action::kSoftplus},
      {"floor", Action::kFloor},
      {"round", Action::kRound},
      {"sign", Action::kSign},
  };
  return table;
}

}  // namespace

int Formula::operands(Action action) {
  if (action == Action::kX || action == Action::kNumber) return 0;
  return action <= Action::kPower ? 2 : 1;
}

Formula::Formula(const std::string& text) {
  const std::string quoted = in_quotes(text);
  if (text.size() > kMostCharacters) {
    throw InputError("a formula of {} characters, expected at most {}", text.size(),
                     kMostCharacters);
  }
  std::istringstream stream(text);
  int depth = 0;
  for (std::string word; stream >> word;) {
    const auto found = formula_words().find(word);
    Step step;
    if (found != formula_words().end()) {
      step.action = found->second;
    } else {
      const std::optional<double> number = number_of(word);
      if (!number) {
        throw InputError("formula {}: {} is neither a number nor a function", quoted,
                         in_quotes(word));
      }
      step = {Action::kNumber, *number};
    }
    steps_.push_back(step);
    const int operands = Formula::operands(step.action);
    if (depth < operands) {
      throw InputError("formula {}: {} needs {} numbers before it, found {}", quoted,
                       in_quotes(word), operands, depth);
    }
    depth += 1 - operands;
    if (depth > kDeepest) {
      throw InputError("formula {}: more than {} numbers wait", quoted, kDeepest);
    }
  }
  if (depth != 1) throw InputError("formula {}: leaves {} numbers, expected one", quoted, depth);
}

double Formula::operator()(double x) const {
  return compute<double>(
      x, [](double number) { return number; }, apply_to_one, apply_to_two);
}

std::vector<float> lookup_table(const Formula& formula, float scale, int zero_point) {
  std::vector<float> table;
  for (int q = 0; q < 256; ++q) {
    const float x = scale * static_cast<float>(q - zero_point);
    const auto y = static_cast<float>(formula(static_cast<double>(x)));
    if (!std::isfinite(y)) {
      throw InputError("its function gives {} at {}, expected a finite number", y, x);
    }
    table.push_back(y);
  }
  return table;
}

}  // namespace brownout::network
