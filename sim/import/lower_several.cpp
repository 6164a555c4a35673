// SPDX-License-Identifier: Apache-2.0
// Operators of any number of values and constants: sums, means, the largest and the smallest.
#include <fmt/format.h>

#include "sim/import/lowering.hpp"

namespace brownout::importing {

/// Inputs that depend on the image.
std::vector<std::size_t> Lowering::value_inputs() const {
  std::vector<std::size_t> values;
  for (std::size_t i = 0; i < node_->inputs.size(); ++i) {
    if (!is_constant(i)) values.push_back(i);
  }
  return values;
}

/// Constants of one number, and one value or functions of the same value.
void Lowering::lower_extreme() {
  const std::string token = node_->op == "Max" ? "max" : "min";
  const std::vector<std::size_t> values = value_inputs();
  const Lowered& first = open_input(values.at(0));
  if (node_->inputs.size() == 1) {
    define(first);
    return;
  }
  std::string formula;
  for (std::size_t i = 0; i < node_->inputs.size(); ++i) {
    const std::optional<double> number = number_constant(i);
    if (is_constant(i) && !number)
      fail("input {} is a constant of {}, expected one number", i + 1, to_string(dims(i)));
    if (!number && !one_base(first, open_input(i)))
      fail("takes several values, expected one value and numbers");
    formula += (formula.empty() ? "" : " ") +
               (number ? fmt::format("{}", *number) : argument_of(open_input(i)));
    if (i > 0) formula += ' ' + token;
  }
  define_function(first, formula);
}

/// Of values one after the other; then all constants, and the divisor of a mean, in one step.
void Lowering::lower_sum() {
  const std::vector<std::size_t> values = value_inputs();
  const std::size_t count = node_->inputs.size();
  if (node_->op == "Sum" && count == 2) return lower_add();
  if (count == 1) {
    define(open_input(0));
    return;
  }
  const std::size_t first = values.at(0);
  Lowered sum = input(first);
  for (std::size_t k = 1; k < values.size(); ++k) {
    const Lowered x = input(values[k]);
    if (dims(values[k]) != dims(first) || x.flat != sum.flat ||
        x.channels_last != sum.channels_last || x.padded() || sum.padded())
      fail("adds {} and {}, expected equal shapes", to_string(dims(first)),
           to_string(dims(values[k])));
    const network::ValueIndex second = codes(x);
    sum = same_form(sum, emit(network::Add{}, {numbers(sum), second}));
  }
  if (node_->op == "Sum" && values.size() == count) {
    define(sum);
    return;
  }
  const float part = node_->op == "Mean" ? 1.0f / static_cast<float>(count) : 1.0f;
  std::vector<double> shift;
  for (std::size_t i = 0; i < count; ++i) {
    if (!is_constant(i)) continue;
    const std::vector<float> more = per_channel(i, sum, first);
    shift.resize(more.size(), 0.0);
    for (std::size_t c = 0; c < more.size(); ++c) shift[c] += double{more[c]};
  }
  const auto channels = static_cast<std::size_t>(sum.flat ? dims(first)[1] : sum.image.channels);
  shift.resize(channels, 0.0);
  std::vector<float> parts;
  for (const double s : shift) parts.push_back(as_float(s * double{part}));
  define_affine(sum, std::vector<float>(channels, part), parts);
}

}  // namespace brownout::importing
