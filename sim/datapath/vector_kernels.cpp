// SPDX-License-Identifier: Apache-2.0
// The vector unit in plain C++: the cores of sim/arithmetic applied number by number.
#include "sim/datapath/vector_kernels.hpp"

#include <cstring>
#include <limits>

#include "sim/arithmetic/norm.hpp"
#include "sim/arithmetic/requantize.hpp"

namespace brownout::datapath {

namespace {

using arithmetic::Activation;

/// acc and y may share memory, so the integer is read as bytes.
float dequantized(const DequantizeTask& task, std::size_t pixel, std::size_t c) {
  const std::size_t channels = task.channels;
  const std::size_t at = pixel * channels + c;
  std::int32_t acc = 0;
  std::memcpy(&acc, task.acc + at, sizeof acc);
  const float product = task.a[c] * static_cast<float>(acc);
  const float y = product + task.offsets[task.offset_per_channel ? at : pixel];
  return y + task.bias[c];
}

/// The number at one input pixel after norm, residual and activation.
float number(const FinishTask& task, std::size_t pixel, std::size_t c) {
  const std::size_t at = pixel * task.channels + c;
  float y = task.numbers != nullptr ? task.numbers[at] : dequantized(task.integers, pixel, c);
  y = arithmetic::apply({task.mean[c], task.factor[c], task.shift[c]}, y);
  if (task.residual_codes != nullptr) {
    y = arithmetic::residual_add(y, task.residual_codes[at], task.residual_scale,
                                 task.residual_zero);
  } else if (task.residual_numbers != nullptr) {
    y += task.residual_numbers[at];
  }
  return arithmetic::activate(task.activation, y, task.low == nullptr ? 0.0f : task.low[c],
                              task.high);
}

float pooled(const FinishTask& task, const arithmetic::Span& span, std::size_t c) {
  float best = -std::numeric_limits<float>::infinity();
  for (int row = span.top; row < span.bottom; ++row) {
    for (int column = span.left; column < span.right; ++column) {
      const float y =
          number(task,
                 static_cast<std::size_t>(row) * static_cast<std::size_t>(task.pool->in_width) +
                     static_cast<std::size_t>(column),
                 c);
      best = y > best ? y : best;
    }
  }
  return best;
}

void store(const FinishTask& task, std::size_t at, float y) {
  if (task.codes != nullptr) {
    task.codes[at] = arithmetic::requantize(y, task.scale, task.zero_point);
  } else {
    task.out[at] = y;
  }
}

void dequantize_with_sums(const DequantizeTask& task, float* y, double* s1, double* s2) {
  portable_dequantize_with_sums(task, 0, y, s1, s2);
}

void sums(const float* y, int pixels, int channels, double* s1, double* s2) {
  portable_sums(y, pixels, channels, 0, s1, s2);
}

void finish(const FinishTask& task) { portable_finish(task, 0); }

}  // namespace

void portable_dequantize_with_sums(const DequantizeTask& task, int first, float* y, double* s1,
                                   double* s2) {
  const std::size_t channels = task.channels;
  for (std::size_t c = first; c < channels; ++c) s1[c] = s2[c] = 0.0;
  for (std::size_t pixel = 0; pixel < static_cast<std::size_t>(task.pixels); ++pixel) {
    for (std::size_t c = first; c < channels; ++c) {
      const float value = dequantized(task, pixel, c);
      std::memcpy(y + pixel * channels + c, &value, sizeof value);
      arithmetic::add_to_sums(value, s1[c], s2[c]);
    }
  }
}

void portable_sums(const float* y, int pixels, int channels, int first, double* s1, double* s2) {
  const std::size_t stride = channels;
  for (std::size_t c = first; c < stride; ++c) s1[c] = s2[c] = 0.0;
  for (std::size_t pixel = 0; pixel < static_cast<std::size_t>(pixels); ++pixel) {
    for (std::size_t c = first; c < stride; ++c) {
      arithmetic::add_to_sums(y[pixel * stride + c], s1[c], s2[c]);
    }
  }
}

void portable_finish(const FinishTask& task, int first) {
  const std::size_t channels = task.channels;
  if (task.pool == nullptr) {
    for (std::size_t pixel = 0; pixel < static_cast<std::size_t>(task.pixels); ++pixel) {
      for (std::size_t c = first; c < channels; ++c) {
        store(task, pixel * channels + c, number(task, pixel, c));
      }
    }
    return;
  }
  std::size_t out_pixel = 0;
  for (int y = 0; y < task.pool->out_height; ++y) {
    for (int x = 0; x < task.pool->out_width; ++x, ++out_pixel) {
      const arithmetic::Span span = visible(*task.pool, y, x);
      for (std::size_t c = first; c < channels; ++c) {
        store(task, out_pixel * channels + c, pooled(task, span, c));
      }
    }
  }
}

const VectorKernels& portable_vector_kernels() {
  static const VectorKernels kernels{"portable", dequantize_with_sums,  sums,
                                     finish,     portable_channel_sums, portable_window_offsets};
  return kernels;
}

}  // namespace brownout::datapath
