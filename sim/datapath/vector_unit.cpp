// SPDX-License-Identifier: Apache-2.0
// Runs the passes of a step in order; numbers between passes go through two scratch buffers.
#include "sim/datapath/vector_unit.hpp"

#include <algorithm>
#include <utility>

#include "sim/arithmetic/activation.hpp"
#include "sim/arithmetic/pool.hpp"
#include "sim/base/error.hpp"
#include "sim/datapath/constants.hpp"

namespace brownout::datapath {

namespace {

int pixels_of(const network::Shape& shape) { return shape.height * shape.width; }

template <typename T>
void to_chw(const network::Shape& shape, const T* from, T* to) {
  const std::size_t channels = shape.channels;
  const std::size_t pixels = pixels_of(shape);
  for (std::size_t p = 0; p < pixels; ++p) {
    for (std::size_t c = 0; c < channels; ++c) to[c * pixels + p] = from[p * channels + c];
  }
}

/// fl(s·fl(q - z)) of each code of a value.
CodeNumbers numbers_of(const network::Network& network, network::ValueIndex value) {
  const network::Quantize& quantize = network::quantizer_of(network, value);
  CodeNumbers numbers{};
  for (std::size_t q = 0; q < numbers.size(); ++q) {
    numbers[q] = arithmetic::activation_value(static_cast<std::uint8_t>(q), quantize.scale,
                                              quantize.zero_point);
  }
  return numbers;
}

template <typename T>
void select_channels(const std::vector<int>& channels, int in_channels, int pixels, const T* from,
                     T* to) {
  for (int pixel = 0; pixel < pixels; ++pixel, from += in_channels) {
    for (const int channel : channels) *to++ = from[channel];
  }
}

}  // namespace

VectorUnit::VectorUnit(network::SharedNetwork network, const network::Shapes& shapes,
                       const Step& step, const VectorKernels& kernels, bool quantize)
    : network_(std::move(network)), kernels_(kernels), quantize_(quantize) {
  std::size_t channels = 0;
  for (const VectorPass& plan : step.passes) {
    passes_.push_back(make_pass(plan, shapes));
    channels = std::max(channels, static_cast<std::size_t>(plan.in.channels));
  }
  zeros_.assign(channels, 0.0f);
  ones_.assign(channels, 1.0f);
  minus_zeros_.assign(channels, -0.0f);
}

VectorUnit::Pass VectorUnit::make_pass(const VectorPass& plan,
                                       const network::Shapes& shapes) const {
  Pass pass;
  pass.plan = plan;
  pass.sums = mapping::summing_norm(*network_, plan);
  if (plan.max_pool) pass.window = pool_window(*network_, shapes, *plan.max_pool);
  if (plan.activation) {
    const network::Operator& op = network_->nodes[*plan.activation].op;
    pass.activation = arithmetic::activation_of(op);
    const arithmetic::ActivationBounds bounds = arithmetic::bounds_of(op);
    const std::size_t channels = plan.in.channels;
    for (std::size_t c = 0; c < channels; ++c) pass.low.push_back(bounds.low_of(c));
    pass.high = bounds.high;
  }
  if (plan.quantize) {
    const auto& node = network_->nodes[*plan.quantize];
    pass.scale = std::get<network::Quantize>(node.op).scale;
    pass.zero_point = std::get<network::Quantize>(node.op).zero_point;
  }
  if (plan.single) {
    const network::Node& node = network_->nodes[*plan.single];
    if (std::holds_alternative<network::AveragePool>(node.op)) {
      pass.window = pool_window(*network_, shapes, *plan.single);
    }
    if (const auto* lookup = std::get_if<network::Lookup>(&node.op)) {
      pass.formula.emplace(lookup->formula);
    }
    pass.selects = std::holds_alternative<network::SelectChannels>(node.op);
    for (const network::ValueIndex value : node.inputs) {
      pass.input_shapes.push_back(shapes[value]);
      if (network::is_quantized(*network_, value)) {
        pass.numbers_of.push_back(code_numbers(node.op, value));
      } else {
        pass.numbers_of.emplace_back();
      }
    }
  }
  return pass;
}

/// The table of a lookup, or the numbers themselves.
CodeNumbers VectorUnit::code_numbers(const network::Operator& op, network::ValueIndex value) const {
  const auto* lookup = std::get_if<network::Lookup>(&op);
  if (lookup == nullptr || !quantize_) return numbers_of(*network_, value);
  CodeNumbers numbers{};
  std::copy(lookup->table.begin(), lookup->table.end(), numbers.begin());
  return numbers;
}

void VectorUnit::set_codes(const network::Codes& codes) {
  for (Pass& pass : passes_) {
    const int channels = pass.plan.in.channels;
    if (pass.sums) {
      if (std::holds_alternative<network::LocalResponseNorm>(network_->nodes[*pass.sums].op)) {
        continue;
      }
      NormParameters parameters = norm_parameters(*network_, codes, *pass.sums, channels);
      pass.factor = std::move(parameters.gamma);
      pass.shift = std::move(parameters.shift);
      continue;
    }
    if (!pass.plan.norm) continue;
    pass.mean.clear();
    pass.factor.clear();
    pass.shift.clear();
    for (const arithmetic::Affine& affine :
         batch_norm(*network_, codes, *pass.plan.norm, channels)) {
      pass.mean.push_back(affine.mean);
      pass.factor.push_back(affine.factor);
      pass.shift.push_back(affine.shift);
    }
  }
}

void VectorUnit::grow(VectorScratch& scratch) const {
  std::size_t numbers = 0;
  std::size_t channels = 0;
  for (const Pass& pass : passes_) {
    for (const network::Shape& shape : {pass.plan.in, pass.plan.out}) {
      numbers = std::max(numbers, static_cast<std::size_t>(shape.size()));
      channels = std::max(channels, static_cast<std::size_t>(shape.channels));
    }
  }
  const auto at_least = [](auto& memory, std::size_t size) {
    if (memory.size() < size) memory.resize(size);
  };
  if (passes_.size() > 1 || passes_[0].plan.single || passes_[0].plan.flatten) {
    at_least(scratch.ping, numbers);
    at_least(scratch.pong, numbers);
  }
  at_least(scratch.s1, channels);
  at_least(scratch.s2, channels);
  at_least(scratch.mean, channels);
  at_least(scratch.factor, channels);
}

void VectorUnit::normalize(const Pass& pass, const double* s1, const double* s2,
                           VectorScratch& scratch) const {
  const auto& node = network_->nodes[*pass.plan.norm];
  const auto& op = std::get<network::GroupNorm>(node.op);
  const int members = pass.plan.in.channels / op.groups;
  for (int first = 0; first < pass.plan.in.channels; first += members) {
    const auto group = arithmetic::group_statistics(s1 + first, s2 + first, members,
                                                    pixels_of(pass.plan.in), op.eps);
    for (std::size_t c = first; c < first + static_cast<std::size_t>(members); ++c) {
      const auto affine = arithmetic::group_norm_affine(group, pass.factor[c], pass.shift[c]);
      scratch.mean[c] = affine.mean;
      scratch.factor[c] = affine.factor;
    }
  }
}

const float* VectorUnit::plain_numbers(const StepSource& source, const network::Shape& shape,
                                       float* to) const {
  if (source.numbers != nullptr) return source.numbers;
  FinishTask task;
  task.integers = source.integers;
  task.pixels = pixels_of(shape);
  task.channels = shape.channels;
  task.mean = zeros_.data();
  task.factor = ones_.data();
  task.shift = minus_zeros_.data();
  task.out = to;
  kernels_.finish(task);
  return to;
}

void VectorUnit::finish(const Pass& pass, const StepSource& source, const Operand* residual,
                        void* to, VectorScratch& scratch) const {
  FinishTask task;
  task.numbers = source.numbers;
  task.integers = source.integers;
  task.pixels = pixels_of(pass.plan.in);
  task.channels = pass.plan.in.channels;
  const bool norm = pass.plan.norm.has_value();
  const bool group_norm = pass.sums.has_value();
  task.mean = group_norm ? scratch.mean.data() : norm ? pass.mean.data() : zeros_.data();
  task.factor = group_norm ? scratch.factor.data() : norm ? pass.factor.data() : ones_.data();
  task.shift = norm ? pass.shift.data() : minus_zeros_.data();
  if (residual != nullptr) {
    task.residual_codes = residual->codes;
    task.residual_numbers = residual->numbers;
    const network::ValueIndex value = network_->nodes[*pass.plan.residual].inputs[1];
    const network::Quantize& quantize = network::quantizer_of(*network_, value);
    task.residual_scale = quantize.scale;
    task.residual_zero = quantize.zero_point;
  }
  task.activation = pass.activation;
  task.low = pass.low.empty() ? nullptr : pass.low.data();
  task.high = pass.high;
  task.pool = pass.plan.max_pool ? &pass.window : nullptr;
  if (quantize_ && pass.plan.quantize) {
    task.codes = static_cast<std::uint8_t*>(to);
    task.scale = pass.scale;
    task.zero_point = pass.zero_point;
  } else {
    task.out = static_cast<float*>(to);
  }
  kernels_.finish(task);
}

void VectorUnit::join(const Pass& pass, const StepSource& source, const Operand* operands,
                      float* to) const {
  const std::vector<network::ValueIndex>& inputs = network_->nodes[*pass.plan.single].inputs;
  const std::size_t channels = pass.plan.out.channels;
  const std::size_t pixels = pixels_of(pass.plan.out);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Operand from = i == 0 ? Operand{source.codes, source.numbers} : operands[i - 1];
    const CodeNumbers& numbers = pass.numbers_of[i];
    const std::size_t own = pass.input_shapes[i].channels;
    for (std::size_t pixel = 0; pixel < pixels; ++pixel) {
      float* out = to + pixel * channels;
      for (std::size_t c = 0; c < own; ++c) {
        const std::size_t at = pixel * own + c;
        out[c] = from.codes != nullptr ? numbers[from.codes[at]] : from.numbers[at];
      }
    }
    to += own;
  }
}

void VectorUnit::multiply(const Pass& pass, const StepSource& source, const Operand& factor,
                          float* to) const {
  const CodeNumbers& numbers = pass.numbers_of[1];
  const std::size_t size = pass.plan.in.size();
  const std::size_t own = pass.input_shapes[1].size();
  for (std::size_t first = 0; first < size; first += own) {
    for (std::size_t i = 0; i < own; ++i) {
      const float f = factor.codes != nullptr ? numbers[factor.codes[i]] : factor.numbers[i];
      to[first + i] = source.numbers[first + i] * f;
    }
  }
}

void VectorUnit::run_single(const Pass& pass, const StepSource& source, const Operand* operands,
                            float* spare, void* to) const {
  const network::Operator& op = network_->nodes[*pass.plan.single].op;
  const network::Shape& in = pass.plan.in;
  auto* const out = static_cast<float*>(to);
  if (const auto* select = std::get_if<network::SelectChannels>(&op)) {
    if (source.codes != nullptr) {
      select_channels(select->channels, in.channels, pixels_of(in), source.codes,
                      static_cast<std::uint8_t*>(to));
    } else {
      select_channels(select->channels, in.channels, pixels_of(in),
                      plain_numbers(source, in, spare), out);
    }
  } else if (std::holds_alternative<network::Concat>(op)) {
    join(pass, source, operands, out);
  } else if (std::holds_alternative<network::Multiply>(op)) {
    StepSource numbers;
    numbers.numbers = plain_numbers(source, in, spare);
    multiply(pass, numbers, *operands, out);
  } else if (const auto* pool = std::get_if<network::AveragePool>(&op)) {
    arithmetic::average_pool(pass.window, in.channels, pool->count_pad,
                             plain_numbers(source, in, spare), out);
  } else if (source.codes != nullptr) {  // a lookup or dequantize
    const CodeNumbers& numbers = pass.numbers_of[0];
    for (std::int64_t i = 0; i < in.size(); ++i) out[i] = numbers[source.codes[i]];
  } else {
    const auto function = [&](float x) {
      return pass.formula ? static_cast<float>((*pass.formula)(static_cast<double>(x))) : x;
    };
    std::transform(source.numbers, source.numbers + in.size(), out, function);
  }
}

template <typename Stage>
void VectorUnit::normalize_pixels(const Pass& pass, const float* numbers, const Stage& stage,
                                  float* to, VectorScratch& scratch) const {
  const network::Operator& op = network_->nodes[*pass.sums].op;
  const int channels = pass.plan.in.channels;
  const int pixels = pixels_of(pass.plan.in);
  const std::int64_t size = pass.plan.in.size();
  if (const auto* local = std::get_if<network::LocalResponseNorm>(&op)) {
    for (std::int64_t i = 0; i < size; ++i) {
      const auto c = static_cast<int>(i % channels);
      to[i] = arithmetic::local_response_factor(*local, numbers + (i - c), channels, c);
    }
    stage();
    for (std::int64_t i = 0; i < size; ++i) to[i] = numbers[i] * to[i];
    return;
  }
  const auto& norm = std::get<network::GroupNorm>(op);
  const int members = channels / norm.groups;
  const std::int64_t groups = std::int64_t{pixels} * norm.groups;
  scratch.pixels.clear();
  for (std::int64_t g = 0; g < groups; ++g) {
    scratch.pixels.push_back(
        arithmetic::pixel_statistics(numbers + g * members, members, norm.eps));
  }
  stage();
  for (std::int64_t i = 0; i < size; ++i) {
    const auto c = static_cast<std::size_t>(i % channels);
    to[i] = arithmetic::apply(
        arithmetic::group_norm_affine(scratch.pixels[static_cast<std::size_t>(i / members)],
                                      pass.factor[c], pass.shift[c]),
        numbers[i]);
  }
}

void VectorUnit::run(StepSource source, const Operand* operands, void* output,
                     VectorScratch& scratch, const Staged* staged, const Observer* observer) const {
  float* next = scratch.ping.data();
  float* other = scratch.pong.data();
  // The numbers replace the integers in place, which saves the cache one buffer.
  const auto dequantize = [&] {
    void* place = const_cast<std::int32_t*>(source.integers.acc);
    auto* y = static_cast<float*>(place);
    kernels_.dequantize_with_sums(source.integers, y, scratch.s1.data(), scratch.s2.data());
    source.numbers = y;
  };
  bool first_norm = true;
  // The numbers of a matrix operator are in its accumulators or in the scratch memory.
  const auto stage = [&] {
    if (first_norm && staged != nullptr) (*staged)(const_cast<float*>(source.numbers));
    first_norm = false;
  };
  for (std::size_t i = 0; i < passes_.size(); ++i) {
    const Pass& pass = passes_[i];
    void* to = i + 1 == passes_.size() ? output : next;
    if (pass.plan.flatten) {
      if (source.codes != nullptr) {
        to_chw(pass.plan.in, source.codes, static_cast<std::uint8_t*>(to));
      } else {
        to_chw(pass.plan.in, plain_numbers(source, pass.plan.in, other), static_cast<float*>(to));
      }
    } else if (pass.sums && pass.plan.single) {
      if (source.numbers == nullptr) dequantize();
      normalize_pixels(pass, source.numbers, stage, static_cast<float*>(to), scratch);
    } else if (pass.plan.single) {
      run_single(pass, source, operands, other, to);
      operands += network_->nodes[*pass.plan.single].inputs.size() - 1;
    } else {
      if (pass.sums) {
        double* s1 = scratch.s1.data();
        double* s2 = scratch.s2.data();
        if (source.numbers == nullptr) {
          dequantize();
        } else {
          kernels_.sums(source.numbers, pixels_of(pass.plan.in), pass.plan.in.channels, s1, s2);
        }
        normalize(pass, s1, s2, scratch);
        stage();
      }
      finish(pass, source, pass.plan.residual ? operands++ : nullptr, to, scratch);
    }
    const bool moved = pass.plan.flatten || pass.selects;
    const bool codes = (source.codes != nullptr && moved) || (quantize_ && pass.plan.quantize);
    source = StepSource{};
    if (codes) {
      source.codes = static_cast<const std::uint8_t*>(to);
    } else {
      source.numbers = static_cast<const float*>(to);
    }
    if (observer != nullptr && pass.plan.quantize) {
      (*observer)(*pass.plan.quantize, source.numbers, pass.plan.out.size());
    }
    std::swap(next, other);
  }
}

}  // namespace brownout::datapath
