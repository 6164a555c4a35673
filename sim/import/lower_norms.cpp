// SPDX-License-Identifier: Apache-2.0
// Norms: batch norms of fixed statistics, and those that form statistics of each image.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "sim/import/layer_norms.hpp"
#include "sim/import/lowering.hpp"

namespace brownout::importing {

namespace {

/// Each number `count` times in a row.
std::vector<float> repeated(const std::vector<float>& numbers, std::size_t count) {
  std::vector<float> result;
  for (const float number : numbers) result.insert(result.end(), count, number);
  return result;
}

bool all_are(const std::vector<float>& numbers, float value) {
  return std::all_of(numbers.begin(), numbers.end(), [=](float n) { return n == value; });
}

}  // namespace

void Lowering::lower_batch_norm() {
  const Lowered x = input(0);
  if (x.padded()) fail("reads a padded image, which only convolutions and average pools can");
  const std::vector<float> gamma = floats(1);
  const std::vector<float> beta = floats(2);
  const std::vector<float> mean = floats(3);
  const std::vector<float> variance = floats(4);
  const float eps = node_->number("epsilon", 1e-5f);
  const auto channels = static_cast<std::size_t>(x.flat ? dims(0)[1] : x.image.channels);
  if (node_->integer("training_mode", 0) != 0) fail("is in training mode");
  if (x.channels_last && !x.flat) fail("reads an image with channels last");
  for (const auto* numbers : {&gamma, &beta, &mean, &variance}) {
    if (numbers->size() != channels) fail("{} numbers for {} channels", numbers->size(), channels);
  }
  for (std::size_t c = 0; c < channels; ++c) {
    if (!(variance[c] >= 0.0f) || !(double{variance[c]} + double{eps} > 0.0))
      fail("channel {} has variance {} and epsilon {}, expected their sum above 0", c, variance[c],
           eps);
  }
  if (options_.fold_batch_norm) {
    std::vector<float> scale(channels);
    std::vector<float> shift(channels);
    for (std::size_t c = 0; c < channels; ++c) {
      const double s = double{gamma[c]} / std::sqrt(double{variance[c]} + double{eps});
      scale[c] = as_float(s);
      shift[c] = as_float(double{beta[c]} - double{mean[c]} * s);
    }
    if (change_weights(x, scale, shift)) {
      define(x);
      return;
    }
  }
  DraftNode draft;
  draft.name = node_->name;
  network::BatchNorm norm;
  norm.eps = eps;
  norm.mean = mean;
  norm.variance = variance;
  draft.op = norm;
  draft.scale = gamma;
  draft.shift = beta;
  draft.inputs = {numbers(x)};
  define(same_form(x, draft_.add(std::move(draft))));
}

/// A norm of statistics of the image. Constants that change nothing are left out.
void Lowering::define_norm(const Lowered& x, const network::GroupNorm& norm,
                           std::vector<float> scale, std::vector<float> shift) {
  DraftNode draft;
  draft.name = node_->name;
  draft.op = norm;
  if (!all_are(scale, 1.0f)) draft.scale = std::move(scale);
  if (!all_are(shift, 0.0f)) draft.shift = std::move(shift);
  draft.inputs = {numbers(x)};
  define(same_form(x, draft_.add(std::move(draft))));
}

/// One number for each channel of `channels`, from constant `i`, which may repeat it for each of
/// the `pixels` pixels; all `absent` without the constant.
std::vector<float> Lowering::norm_constants(std::size_t i, std::size_t channels, std::size_t pixels,
                                            float absent) const {
  if (!node_->has_input(i)) return std::vector<float>(channels, absent);
  std::vector<float> numbers = floats(i);
  if (numbers.size() == 1) numbers.assign(channels, numbers[0]);
  if (numbers.size() == channels) return numbers;
  if (numbers.size() != channels * pixels)
    fail("input {} has {} numbers, expected one for each of {} channels", i + 1, numbers.size(),
         channels);
  std::vector<float> result;
  for (std::size_t c = 0; c < channels; ++c) {
    const auto first = numbers.begin() + static_cast<std::ptrdiff_t>(c * pixels);
    if (!all_are({first, first + static_cast<std::ptrdiff_t>(pixels)}, *first))
      fail("input {} differs within channel {}, expected one number a channel", i + 1, c);
    result.push_back(*first);
  }
  return result;
}

/// Over the axes from `axis` on: the channels of each pixel, or the whole image or vector.
void Lowering::lower_layer_norm() {
  const Lowered x = number_input(0);
  const auto rank = static_cast<std::int64_t>(dims(0).size());
  std::int64_t axis = node_->integer("axis", -1);
  if (axis < 0) axis += rank;
  network::GroupNorm norm;
  norm.reparameterized = false;
  norm.eps = node_->number("epsilon", 1e-5f);
  norm.each_pixel = !x.flat && x.channels_last && axis == 3;
  const bool whole = axis == 1 && (x.flat || !x.channels_last);
  if (!norm.each_pixel && !whole)
    fail("normalizes {} from axis {} on, expected the channels of each pixel, or all of an image",
         to_string(dims(0)), axis);
  const auto channels = static_cast<std::size_t>(x.flat ? dims(0)[1] : x.image.channels);
  const auto pixels =
      static_cast<std::size_t>(norm.each_pixel || x.flat ? 1 : x.image.height * x.image.width);
  if (x.flat && x.channels_last && x.image.channels > 1 &&
      (node_->has_input(1) || node_->has_input(2)))
    fail("scales a flattened image with channels last element by element");
  define_norm(x, norm, norm_constants(1, channels, pixels, 1.0f),
              norm_constants(2, channels, pixels, 0.0f));
}

/// The seven operators that exporters write for a layer norm without scale and shift.
void Lowering::lower_written_out(const WrittenOutNorm& found) {
  const auto at = lowered_.find(found.input);
  if (at == lowered_.end()) fail("normalizes a constant");
  Lowered x = closed(at->second);
  if (x.padded()) fail("reads a padded image, which only convolutions and average pools can");
  network::GroupNorm norm;
  norm.reparameterized = false;
  norm.eps = found.epsilon;
  const std::size_t channel_axis = x.channels_last && !x.flat ? 3 : 1;
  norm.each_pixel = !x.flat && found.axes == std::vector{channel_axis};
  const std::vector<std::size_t> pixels =
      x.channels_last ? std::vector<std::size_t>{1, 2} : std::vector<std::size_t>{2, 3};
  const bool each_channel = !x.flat && found.axes == pixels;
  if (each_channel) norm.groups = x.image.channels;
  std::vector<std::size_t> all(values_.dims(found.input).size() - 1);
  std::iota(all.begin(), all.end(), 1);
  if ((!norm.each_pixel && !each_channel && found.axes != all) || x.halves[0] > 0 || x.grouped > 0)
    fail("normalizes axes {} of {}, expected the channels, the pixels or all of an image",
         to_string(Dims(found.axes.begin(), found.axes.end())),
         to_string(values_.dims(found.input)));
  define_norm(x, norm, {}, {});
}

/// Each channel alone, or each of the groups that a reshape before made.
void Lowering::lower_instance_norm() {
  Lowered x = open_input(0);
  const int groups = x.grouped;
  if (groups > 0) {
    x.grouped = 0;
    x.value = numbers(x);
    x.coded = x.shared = false;
  } else {
    x = number_image(0);
  }
  network::GroupNorm norm;
  norm.reparameterized = false;
  norm.eps = node_->number("epsilon", 1e-5f);
  const auto channels = static_cast<std::size_t>(x.flat ? x.image.size() : x.image.channels);
  norm.groups = groups > 0 ? groups : x.image.channels;
  const auto count = static_cast<std::size_t>(norm.groups);
  std::vector<float> scale = norm_constants(1, count, 1, 1.0f);
  std::vector<float> shift = norm_constants(2, count, 1, 0.0f);
  define_norm(x, norm, repeated(scale, channels / count), repeated(shift, channels / count));
  lowered_[node_->outputs[0]].grouped = groups;
}

void Lowering::lower_group_norm() {
  Lowered x = number_input(0);
  if (!x.flat && x.channels_last) fail("reads an image with channels last");
  network::GroupNorm norm;
  norm.reparameterized = false;
  norm.eps = node_->number("epsilon", 1e-5f);
  const std::int64_t channels = x.flat ? dims(0)[1] : x.image.channels;
  const std::int64_t groups = node_->integer("num_groups", 0);
  if (groups < 1 || groups > channels || channels % groups != 0)
    fail("has {} groups of {} channels", groups, channels);
  norm.groups = static_cast<int>(groups);
  // Opset 18 has one number a group, later ones have one a channel.
  const auto constants = [&](std::size_t i, float absent) {
    const bool by_group = is_constant(i) && dims(i) == Dims{groups};
    const auto count = static_cast<std::size_t>(by_group ? groups : channels);
    return repeated(norm_constants(i, count, 1, absent),
                    static_cast<std::size_t>(channels) / count);
  };
  std::vector<float> scale = constants(1, 1.0f);
  define_norm(x, norm, std::move(scale), constants(2, 0.0f));
}

void Lowering::lower_lrn() {
  const Lowered x = number_image(0);
  network::LocalResponseNorm norm;
  if (node_->attributes.count("size") == 0) fail("has no attribute size");
  norm.size = static_cast<int>(std::clamp<std::int64_t>(node_->integer("size", 0), 0, 1 << 20));
  norm.alpha = node_->number("alpha", 1e-4f);
  norm.bias = node_->number("bias", 1.0f);
  const float beta = node_->number("beta", 0.75f);
  const std::optional<int> quarters = network::quarters_of(beta);
  if (!quarters) fail("has exponent {}, expected 0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75 or 2", beta);
  norm.quarters = *quarters;
  if (norm.size < 1) fail("has a window of {} channels", node_->integer("size", 0));
  define(same_form(x, emit(norm, {x.value})));
}

}  // namespace brownout::importing
