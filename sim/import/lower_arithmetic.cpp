// SPDX-License-Identifier: Apache-2.0
// Sums, products and quotients: of constants, which join weights or the input's transform where
// they can, and of values.
#include <algorithm>
#include <cmath>

#include "sim/import/lowering.hpp"

namespace brownout::importing {

bool Lowering::change_transform(const Lowered& x, const std::vector<float>& scale,
                                const std::vector<float>& shift) {
  if (x.value != network::kInputImage || x.coded || x.shared || x.padded() ||
      draft_.has_quantizer(network::kInputImage))
    return false;
  network::InputTransform transform = network_.transform;
  const std::size_t channels = transform.mean.size();
  const bool repeats = std::equal(scale.begin() + 1, scale.end(), scale.begin()) &&
                       std::equal(shift.begin() + 1, shift.end(), shift.begin());
  if (scale.size() != channels && !repeats) return false;
  // s (p - mean)/std + b = (p - (mean - b std/s)) / (std/s)
  for (std::size_t c = 0; c < channels; ++c) {
    const double s = scale[scale.size() == channels ? c : 0];
    const double b = shift[shift.size() == channels ? c : 0];
    if (!(s > 0.0)) return false;
    const double deviation = double{transform.std[c]} / s;
    transform.mean[c] = as_float(double{transform.mean[c]} - b * deviation);
    transform.std[c] = as_float(deviation);
    if (!std::isfinite(transform.mean[c]) || !std::isnormal(transform.std[c])) return false;
  }
  network_.transform = std::move(transform);  // all channels, or none
  return true;
}

bool Lowering::change_weights(const Lowered& x, const std::vector<float>& scale,
                              const std::vector<float>& shift) {
  if (x.value == network::kInputImage || x.coded || x.shared || draft_.has_quantizer(x.value))
    return false;
  DraftNode& matrix = draft_.node_of(x.value);
  if (!network::is_matrix(matrix.op) || matrix.coded_weight) return false;
  const std::size_t outputs = scale.size();
  const std::size_t row = matrix.weight.size() / outputs;
  const bool shifts = std::any_of(shift.begin(), shift.end(), [](float s) { return s != 0.0f; });
  if (matrix.bias.empty() && shifts) matrix.bias.assign(outputs, 0.0f);
  for (std::size_t o = 0; o < outputs; ++o) {
    for (std::size_t i = o * row; i < (o + 1) * row; ++i) {
      matrix.weight[i] = as_float(double{matrix.weight[i]} * double{scale[o]});
      if (!std::isfinite(matrix.weight[i])) fail("makes a weight {}", matrix.weight[i]);
    }
    if (matrix.bias.empty()) continue;
    matrix.bias[o] = as_float(double{matrix.bias[o]} * double{scale[o]} + double{shift[o]});
    if (!std::isfinite(matrix.bias[o])) fail("makes a bias {}", matrix.bias[o]);
  }
  return true;
}

bool Lowering::change_norm(const Lowered& x, const std::vector<float>& scale,
                           const std::vector<float>& shift) {
  if (x.value == network::kInputImage || x.coded || x.shared || draft_.has_quantizer(x.value))
    return false;
  DraftNode& norm = draft_.node_of(x.value);
  if (!std::holds_alternative<network::GroupNorm>(norm.op)) return false;
  norm.scale.resize(scale.size(), 1.0f);
  norm.shift.resize(scale.size(), 0.0f);
  for (std::size_t c = 0; c < scale.size(); ++c) {
    norm.scale[c] = as_float(double{norm.scale[c]} * double{scale[c]});
    norm.shift[c] = as_float(double{norm.shift[c]} * double{scale[c]} + double{shift[c]});
  }
  return true;
}

void Lowering::define_affine(const Lowered& x, const std::vector<float>& scale,
                             const std::vector<float>& shift) {
  for (std::size_t c = 0; c < scale.size(); ++c) {
    if (!std::isfinite(scale[c]) || !std::isfinite(shift[c]))
      fail("multiplies by {} and adds {}, expected finite numbers", scale[c], shift[c]);
  }
  if (change_transform(x, scale, shift) || change_weights(x, scale, shift) ||
      change_norm(x, scale, shift)) {
    Lowered result = x;
    result.grid.reset();
    define(result);
    return;
  }
  if (x.padded()) fail("reads a padded image, which only convolutions and average pools can");
  const auto repeats = [](const std::vector<float>& numbers) {
    return std::equal(numbers.begin() + 1, numbers.end(), numbers.begin());
  };
  if (repeats(scale) && repeats(shift) && x.value != network::kInputImage) {
    // A function that follows takes it in; otherwise it becomes a batch norm then.
    define_open_affine(x, double{scale[0]}, double{shift[0]});
    return;
  }
  define(same_form(x, affine(node_->name, x, scale, shift)));
}

/// A batch norm of mean 0 and variance 1.
network::ValueIndex Lowering::affine(const std::string& name, const Lowered& x,
                                     const std::vector<float>& scale,
                                     const std::vector<float>& shift) {
  DraftNode draft;
  draft.name = name;
  network::BatchNorm norm;
  norm.eps = kScaleEpsilon;
  norm.mean.assign(scale.size(), 0.0f);
  norm.variance.assign(scale.size(), 1.0f);
  draft.op = norm;
  draft.scale = scale;
  draft.shift = shift;
  draft.inputs = {numbers(x)};
  return draft_.add(std::move(draft));
}

std::vector<float> Lowering::per_channel(std::size_t i, const Lowered& x, std::size_t of) const {
  const Dims& whole = dims(of);
  const Dims& own = dims(i);
  const std::size_t axis = x.channels_last && !x.flat ? whole.size() - 1 : 1;
  std::vector<float> numbers = floats(i);
  for (std::size_t back = 1; back <= own.size(); ++back) {
    if (own.size() > whole.size() || (own[own.size() - back] != 1 && whole.size() - back != axis)) {
      fail("a constant of {} beside {}, expected one number a channel", to_string(own),
           to_string(whole));
    }
  }
  if (numbers.size() == 1) numbers.assign(static_cast<std::size_t>(whole[axis]), numbers[0]);
  if (x.flat && x.channels_last && numbers.size() > 1 &&
      !std::equal(numbers.begin() + 1, numbers.end(), numbers.begin()))
    fail("changes a flattened image with channels last element by element");
  return numbers;
}

void Lowering::lower_add() {
  for (const std::size_t i : {0u, 1u}) {
    if (!is_constant(i)) continue;
    const std::optional<double> number = number_constant(i);
    if (number && is_open(open_input(1 - i))) {
      define_open_affine(open_input(1 - i), 1.0, *number);
      return;
    }
    const Lowered x = input(1 - i);
    const std::vector<float> shift = per_channel(i, x, 1 - i);
    define_affine(x, std::vector<float>(shift.size(), 1.0f), shift);
    return;
  }
  if (join_functions("+")) return;
  // The second one is a residual in codes: the one that has codes already, or the older.
  Lowered x = input(0);
  Lowered residual = input(1);
  if (dims(0) != dims(1) || x.flat != residual.flat || x.channels_last != residual.channels_last)
    fail("adds {} and {}, expected equal shapes", to_string(dims(0)), to_string(dims(1)));
  if (x.padded() || residual.padded())
    fail("reads a padded image, which only convolutions and average pools can");
  const auto rank = [&](const Lowered& one) {
    return std::pair(one.coded || one.shared || draft_.has_quantizer(one.value) ? 0 : 1, one.value);
  };
  if (rank(x) < rank(residual)) std::swap(x, residual);
  const network::ValueIndex second = codes(residual);
  define(same_form(x, emit(network::Add{}, {numbers(x), second})));
}

void Lowering::lower_mul() {
  for (const std::size_t i : {0u, 1u}) {
    if (!is_constant(i)) continue;
    const std::optional<double> number = number_constant(i);
    if (number && is_open(open_input(1 - i))) {
      define_open_affine(open_input(1 - i), *number, 0.0);
      return;
    }
    const Lowered x = input(1 - i);
    const std::vector<float> scale = per_channel(i, x, 1 - i);
    define_affine(x, scale, std::vector<float>(scale.size(), 0.0f));
    return;
  }
  if (join_functions("*")) return;
  for (const std::size_t i : {0u, 1u}) {  // a product repeats one pixel by itself
    if (open_input(i).repeats) lowered_[node_->inputs[i]].repeats = false;
  }
  Lowered x = input(0);
  Lowered factor = input(1);
  const auto pixels = [](const Lowered& one) { return one.image.height * one.image.width; };
  if (pixels(x) < pixels(factor)) std::swap(x, factor);
  if (x.padded() || factor.padded())
    fail("reads a padded image, which only convolutions and average pools can");
  if (x.flat != factor.flat || x.channels_last != factor.channels_last ||
      x.image.channels != factor.image.channels ||
      (!(x.image == factor.image) && pixels(factor) != 1))
    fail("multiplies {} and {}, expected equal shapes or one number a channel", to_string(dims(0)),
         to_string(dims(1)));
  const network::ValueIndex second = codes(factor);
  define(same_form(x, emit(network::Multiply{}, {numbers(x), second})));
}

void Lowering::lower_sub() {
  const bool from_constant = is_constant(0);
  if (!from_constant && !is_constant(1)) {
    if (join_functions("-")) return;
    fail("subtracts two values of the image, which is not supported");
  }
  const std::size_t i = from_constant ? 0 : 1;
  const std::optional<double> number = number_constant(i);
  if (number && is_open(open_input(1 - i))) {
    define_open_affine(open_input(1 - i), from_constant ? -1.0 : 1.0,
                       from_constant ? *number : -*number);
    return;
  }
  const Lowered x = input(1 - i);
  std::vector<float> shift = per_channel(i, x, 1 - i);
  if (!from_constant) {
    for (float& s : shift) s = -s;
  }
  define_affine(x, std::vector<float>(shift.size(), from_constant ? -1.0f : 1.0f), shift);
}

void Lowering::lower_div() {
  if (!is_constant(1)) {
    const std::optional<double> dividend = number_constant(0);
    if (dividend) {
      define_quotient(*dividend);
      return;
    }
    if (!is_constant(0) && join_functions("/")) return;
    fail("divides by a value of the image, which is not supported");
  }
  const std::optional<double> number = number_constant(1);
  if (number && *number != 0.0 && is_open(open_input(0))) {
    define_open_affine(open_input(0), 1.0 / *number, 0.0);
    return;
  }
  const Lowered x = input(0);
  std::vector<float> scale = per_channel(1, x, 0);
  for (float& s : scale) {
    if (s == 0.0f) fail("divides by 0");
    s = 1.0f / s;
  }
  define_affine(x, scale, std::vector<float>(scale.size(), 0.0f));
}

}  // namespace brownout::importing
