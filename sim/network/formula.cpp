// SPDX-License-Identifier: Apache-2.0
// Words to steps, steps over a stack.
#include "sim/network/formula.hpp"

#include <algorithm>
#include <array>
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

}  // namespace

double Formula::unary(Action action, double a) {
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
    default:
      return std::numeric_limits<double>::quiet_NaN();
  }
}

double Formula::binary(Action action, double a, double b) {
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

Formula::Formula(const std::string& text) {
  struct Word {
    Action action;
    int operands;
  };
  static const std::map<std::string, Word> words = {
      {"x", {Action::kX, 0}},
      {"+", {Action::kAdd, 2}},
      {"-", {Action::kSubtract, 2}},
      {"*", {Action::kMultiply, 2}},
      {"/", {Action::kDivide, 2}},
      {"min", {Action::kMin, 2}},
      {"max", {Action::kMax, 2}},
      {"pow", {Action::kPower, 2}},
      {"neg", {Action::kNegate, 1}},
      {"abs", {Action::kAbsolute, 1}},
      {"exp", {Action::kExp, 1}},
      {"log", {Action::kLog, 1}},
      {"sqrt", {Action::kSqrt, 1}},
      {"erf", {Action::kErf, 1}},
      {"tanh", {Action::kTanh, 1}},
      {"sigmoid", {Action::kSigmoid, 1}},
      {"softplus", {Action::kSoftplus, 1}},
      {"floor", {Action::kFloor, 1}},
      {"round", {Action::kRound, 1}},
  };
  const std::string quoted = in_quotes(text);
  if (text.size() > kMostCharacters) {
    throw InputError("a formula of {} characters, expected at most {}", text.size(),
                     kMostCharacters);
  }
  std::istringstream stream(text);
  int depth = 0;
  for (std::string word; stream >> word;) {
    const auto found = words.find(word);
    int operands = 0;
    if (found != words.end()) {
      steps_.push_back({found->second.action, 0.0});
      operands = found->second.operands;
    } else {
      const std::optional<double> number = number_of(word);
      if (!number) {
        throw InputError("formula {}: {} is neither a number nor a function", quoted,
                         in_quotes(word));
      }
      steps_.push_back({Action::kNumber, *number});
    }
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
  std::array<double, kDeepest + 1> stack{};
  std::size_t size = 0;
  for (const Step& step : steps_) {
    if (step.action == Action::kX || step.action == Action::kNumber) {
      stack[size++] = step.action == Action::kX ? x : step.number;
    } else if (step.action <= Action::kPower) {
      stack[size - 2] = binary(step.action, stack[size - 2], stack[size - 1]);
      --size;
    } else {
      stack[size - 1] = unary(step.action, stack[size - 1]);
    }
  }
  return stack[0];
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
