// SPDX-License-Identifier: Apache-2.0
// Functions of one number. Exporters write hard swish or GELU as several operators; here they
// become one formula, and one table.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "sim/import/lowering.hpp"
#include "sim/network/formula.hpp"

namespace brownout::importing {

namespace {

/// Postfix, which follows the argument.
const std::map<std::string, std::string>& functions() {
  static const std::map<std::string, std::string> table{
      {"Abs", "abs"},
      {"Ceil", "neg floor neg"},
      {"Erf", "erf"},
      {"Exp", "exp"},
      {"Floor", "floor"},
      {"Log", "log"},
      {"Mish", "softplus tanh"},  // times the argument
      {"Neg", "neg"},
      {"Reciprocal", "-1 pow"},
      {"Round", "round"},
      {"Sigmoid", "sigmoid"},
      {"Sign", "sign"},
      {"Softplus", "softplus"},
      {"Sqrt", "sqrt"},
      {"Tanh", "tanh"},
  };
  return table;
}

std::string text(double number) { return fmt::format("{}", number); }

}  // namespace

std::optional<double> Lowering::number_constant(std::size_t i) const {
  if (!is_constant(i)) return std::nullopt;
  const std::vector<float> numbers = floats(i);
  if (numbers.size() != 1) return std::nullopt;
  return double{numbers[0]};
}

void Lowering::define_function(const Lowered& x, const std::string& tokens) {
  Lowered result = x;
  result.formula = tokens;
  result.affine = false;
  result.name = node_->name;
  result.place = node_->place;
  if (result.formula.size() > network::Formula::kMostCharacters)
    fail("is part of a function of more than {} characters", network::Formula::kMostCharacters);
  define(result);
}

void Lowering::define_open_affine(const Lowered& x, double scale, double shift) {
  std::string formula = argument_of(x);
  if (scale != 1.0) formula += " " + text(scale) + " *";
  if (shift != 0.0) formula += " " + text(shift) + " +";
  Lowered result = x;
  result.affine = x.formula.empty() || x.affine;
  result.scale = (x.formula.empty() ? 1.0 : x.scale) * scale;
  result.shift = (x.formula.empty() ? 0.0 : x.shift) * scale + shift;
  result.formula = formula;
  result.name = node_->name;
  result.place = node_->place;
  define(result);
}

Lowered Lowering::closed(const Lowered& x) {
  if (x.formula.empty()) return x;
  Lowered base = x;
  base.formula.clear();
  if (base.padded()) fail("reads a padded image, which only convolutions and average pools can");
  if (x.affine) {
    const std::size_t channels =
        static_cast<std::size_t>(x.flat ? x.image.size() : x.image.channels);
    return same_form(x,
                     affine(x.name, base, std::vector<float>(channels, static_cast<float>(x.scale)),
                            std::vector<float>(channels, static_cast<float>(x.shift))));
  }
  DraftNode draft;
  draft.name = x.name;
  draft.place = x.place;
  draft.op = network::Lookup{x.formula, {}};
  draft.inputs = {codes(base)};
  return same_form(x, draft_.add(std::move(draft)));
}

bool Lowering::join_functions(const std::string& token) {
  const Lowered& a = open_input(0);
  const Lowered& b = open_input(1);
  if (!one_base(a, b) || (a.formula.empty() && b.formula.empty() && token == "+")) return false;
  define_function(a, argument_of(a) + " " + argument_of(b) + " " + token);
  return true;
}

void Lowering::define_quotient(double dividend) {
  define_function(open_input(1), text(dividend) + " " + argument_of(open_input(1)) + " /");
}

void Lowering::lower_function() {
  const Lowered& x = open_input(0);
  const std::string argument = argument_of(x);
  const auto known = functions().find(node_->op);
  std::string formula = argument + (known == functions().end() ? "" : " " + known->second);
  if (node_->op == "Mish") formula += " " + argument + " *";
  if (node_->op == "Softsign") formula = fmt::format("{} {} abs 1 + /", argument, argument);
  if (node_->op == "ThresholdedRelu") {
    const std::string alpha = text(double{node_->number("alpha", 1.0f)});
    formula = fmt::format("{} {} {} - sign 0 max *", argument, argument, alpha);
  }
  define_function(x, formula);
}

/// x·Φ(x), or its approximation by a tanh.
void Lowering::lower_gelu() {
  const Lowered& x = open_input(0);
  const std::string u = argument_of(x);
  const std::string approximate = node_->text("approximate", "none");
  if (approximate != "none" && approximate != "tanh") {
    fail("approximates by \"{}\", expected \"none\" or \"tanh\"", approximate);
  }
  if (approximate == "tanh") {
    define_function(
        x, fmt::format("{} 3 pow 0.044715 * {} + 0.7978845608028654 * tanh 1 + {} * 2 /", u, u, u));
    return;
  }
  define_function(x, fmt::format("{} 2 sqrt / erf 1 + {} * 2 /", u, u));
}

void Lowering::lower_power() {
  if (node_->inputs.size() != 2) fail("has {} inputs, expected 2", node_->inputs.size());
  const std::optional<double> exponent = number_constant(1);
  if (exponent) {
    define_function(open_input(0), argument_of(open_input(0)) + " " + text(*exponent) + " pow");
    return;
  }
  const std::optional<double> base = number_constant(0);
  if (base && !is_constant(1)) {
    define_function(open_input(1), text(*base) + " " + argument_of(open_input(1)) + " pow");
    return;
  }
  if (is_constant(0) || is_constant(1) || !join_functions("pow"))
    fail("takes two values, expected one value and one number");
}

void Lowering::lower_elu() {
  const Lowered& x = open_input(0);
  const std::string argument = argument_of(x);
  const double alpha = node_->number("alpha", node_->op == "Selu" ? 1.67326319f : 1.0f);
  const double gamma = node_->number("gamma", node_->op == "Selu" ? 1.05070102f : 1.0f);
  const double inner = node_->op == "Celu" ? alpha : 1.0;
  // gamma·(max(x, 0) + alpha·(exp(min(x, 0)/inner) - 1))
  define_function(x, fmt::format("{} 0 max {} 0 min {} / exp 1 - {} * + {} *", argument, argument,
                                 text(inner), text(alpha), text(gamma)));
}

void Lowering::lower_hard_sigmoid() {
  const Lowered& x = open_input(0);
  const std::string argument = argument_of(x);
  if (node_->op == "HardSwish") {
    define_function(x, fmt::format("{} {} 3 + 0 max 6 min * 6 /", argument, argument));
    return;
  }
  const double alpha = node_->number("alpha", 0.2f);
  const double beta = node_->number("beta", 0.5f);
  define_function(x, fmt::format("{} {} * {} + 0 max 1 min", argument, text(alpha), text(beta)));
}

void Lowering::lower_leaky_relu() {
  const float slope = node_->number("alpha", 0.01f);
  if (takes_activation(open_input(0))) {
    const std::string argument = argument_of(open_input(0));
    define_function(open_input(0), fmt::format("{} 0 max {} 0 min {} * +", argument, argument,
                                               text(double{slope})));
    return;
  }
  const Lowered x = number_input(0);
  define(same_form(x, emit(network::PRelu{{slope}}, {x.value})));
}

void Lowering::lower_prelu() {
  const Lowered x = number_input(0);
  std::vector<float> slope = per_channel(1, x, 0);
  define(same_form(x, emit(network::PRelu{std::move(slope)}, {x.value})));
}

void Lowering::lower_relu() {
  if (takes_activation(open_input(0))) {
    define_function(open_input(0), argument_of(open_input(0)) + " 0 max");
    return;
  }
  const Lowered x = number_input(0);
  define(same_form(x, emit(network::Relu{}, {x.value})));
}

void Lowering::lower_clip() {
  const auto bound = [&](std::size_t i, const char* attribute, float open) {
    if (!node_->has_input(i)) return node_->number(attribute, open);
    if (!is_constant(i)) fail("bounds depend on the image");
    const std::vector<float> numbers = values_.constant(node_->inputs[i]).floats();
    if (numbers.size() != 1) fail("a bound has {} numbers, expected one", numbers.size());
    return numbers[0];
  };
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  constexpr float kMost = std::numeric_limits<float>::max();
  const float low = bound(1, "min", -kInfinity);
  const float high = bound(2, "max", kInfinity);
  if (!(low < high))
    fail("clips to [{}, {}], expected the first bound below the second", low, high);
  if (takes_activation(open_input(0))) {
    std::string formula = argument_of(open_input(0));
    if (low > -kMost) formula += " " + text(double{low}) + " max";
    if (high < kMost) formula += " " + text(double{high}) + " min";
    define_function(open_input(0), formula);
    return;
  }
  const Lowered x = number_input(0);
  if (low == 0.0f && high >= kMost) {
    define(same_form(x, emit(network::Relu{}, {x.value})));
  } else if (low > -kMost || high < kMost) {
    const network::Clip clip{std::max(low, -kMost), std::min(high, kMost)};
    define(same_form(x, emit(clip, {x.value})));
  } else {
    define(x);
  }
}

}  // namespace brownout::importing
