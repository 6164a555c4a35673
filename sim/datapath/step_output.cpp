// SPDX-License-Identifier: Apache-2.0
// Integers, their sum lane and the passes of a step.
#include "sim/datapath/step_output.hpp"

#include <algorithm>

#include "sim/arithmetic/input.hpp"

namespace brownout::datapath {

namespace {

/// Repeats each of `count` numbers `times` times, in place.
void spread(float* numbers, int count, int times) {
  for (int i = count - 1; i >= 0; --i) {
    const float number = numbers[i];
    std::fill_n(numbers + std::ptrdiff_t{i} * times, times, number);
  }
}

/// offsets[p, c] becomes fl(b[c]·offsets[p, c]).
void scale_channels(const std::vector<float>& b, int pixels, float* offsets) {
  for (int pixel = 0; pixel < pixels; ++pixel) {
    for (const float factor : b) {
      *offsets *= factor;
      ++offsets;
    }
  }
}

}  // namespace

StepOutput::StepOutput(const network::SharedNetwork& network, const network::Shapes& shapes,
                       const Step& step, const VectorKernels& kernels)
    : network_(network),
      kernels_(kernels),
      step_(step),
      vectors_(network, shapes, step, kernels, true) {
  if (step.input == network::kInputImage) {
    const network::Quantize& quantize = network::quantizer_of(*network, step.output);
    for (std::size_t c = 0; c < network->transform.mean.size(); ++c) {
      tables_.push_back(arithmetic::input_table(network->transform.mean[c],
                                                network->transform.std[c], quantize.scale,
                                                quantize.zero_point));
    }
  }
  if (!step.matrix) return;
  node_ = matrix_node(*network, shapes, *step.matrix);
  sum_is_idle_ = true;
  one_b_ = true;
  for (const arithmetic::Dequantization& d : dequantization(*network, *step.matrix)) {
    sum_is_idle_ = sum_is_idle_ && arithmetic::sum_is_idle(d);
    one_b_ = one_b_ && (b_.empty() || d.b == b_[0]);
    a_.push_back(d.a);
    b_.push_back(d.b);
  }
  zero_point_ = network::quantizer_of(*network, step.input).zero_point;
}

void StepOutput::set_codes(const network::Codes& codes) {
  vectors_.set_codes(codes);
  if (!step_.matrix) return;
  bias_ = parameter_values(*network_, codes, node_.bias, node_.matrix.out_channels, 0.0f);
}

void StepOutput::grow(StepScratch& scratch) const {
  vectors_.grow(scratch.vectors);
  if (!step_.matrix) return;
  scratch.sums.grow(node_.matrix);
  const std::size_t outputs = step_.matrix_out.size();
  scratch.offsets.resize(std::max(scratch.offsets.size(), outputs + 8));
}

void StepOutput::run(const void* input, std::int32_t* acc, const Operand* operands, void* output,
                     StepScratch& scratch, const StepFaults* faults) const {
  if (step_.input == network::kInputImage) {
    quantize_input(static_cast<const std::uint8_t*>(input), static_cast<std::uint8_t*>(output));
    return;
  }
  StepSource source;
  if (step_.matrix) {
    source.integers = integers(static_cast<const std::uint8_t*>(input), acc, scratch, faults);
  } else if (network::is_quantized(*network_, step_.input)) {
    source.codes = static_cast<const std::uint8_t*>(input);
  } else {
    source.numbers = static_cast<const float*>(input);
  }
  const bool staged = faults != nullptr && faults->staged;
  vectors_.run(source, operands, output, scratch.vectors, staged ? &faults->staged : nullptr);
}

void StepOutput::quantize_input(const std::uint8_t* pixels, std::uint8_t* codes) const {
  const std::size_t channels = network_->input.channels;
  const std::size_t size = network_->input.size();
  const bool flat = mapping::moves_data(step_);
  for (std::size_t c = 0; c < channels; ++c) {
    const std::array<std::uint8_t, 256>& table = tables_[c];
    std::uint8_t* to = flat ? codes + c * (size / channels) : codes + c;
    for (std::size_t i = c; i < size; i += channels, to += flat ? 1 : channels) {
      *to = table[pixels[i]];
    }
  }
}

DequantizeTask StepOutput::integers(const std::uint8_t* codes, const std::int32_t* acc,
                                    StepScratch& scratch, const StepFaults* faults) const {
  const arithmetic::Matrix& matrix = node_.matrix;
  DequantizeTask task;
  task.acc = acc;
  task.a = a_.data();
  task.bias = bias_.data();
  task.pixels = matrix.window.out_pixels();
  task.channels = matrix.out_channels;
  task.offsets = scratch.offsets.data();
  if (sum_is_idle_) {
    std::fill_n(scratch.offsets.data(), task.pixels, 0.0f);
    return task;
  }
  kernels_.channel_sums(codes, matrix.window.in_pixels(), matrix.in_channels, matrix.groups,
                        zero_point_, scratch.sums.channels.data());
  // 1·fl(sum) are the sums themselves, which channels scale later.
  kernels_.window_offsets(matrix, one_b_ ? b_[0] : 1.0f, scratch.sums, scratch.offsets.data());
  const bool patched = faults != nullptr && !faults->sums.empty();
  if (matrix.groups > 1 || patched || !one_b_) {
    task.offset_per_channel = true;
    spread(scratch.offsets.data(), task.pixels * matrix.groups, matrix.group_outputs());
  }
  if (!one_b_) scale_channels(b_, task.pixels, scratch.offsets.data());
  if (!patched) return task;
  for (const SumPatch& patch : faults->sums) {
    float* const offsets = scratch.offsets.data() + std::ptrdiff_t{patch.pixel} * task.channels;
    for (int c = patch.first; c < patch.first + patch.count; ++c) {
      offsets[c] = b_[static_cast<std::size_t>(c)] * static_cast<float>(patch.sum);
    }
  }
  return task;
}

const VectorKernels& best_vector_kernels() {
  const VectorKernels* fast = avx2_vector_kernels();
  return fast != nullptr ? *fast : portable_vector_kernels();
}

}  // namespace brownout::datapath
