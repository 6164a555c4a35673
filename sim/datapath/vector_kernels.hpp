// SPDX-License-Identifier: Apache-2.0
// The fast form of the vector unit: whole tensors of one image, NHWC, fused passes. Bit for bit
// what sim/arithmetic defines, whatever instructions are used.
#pragma once
#include <cstdint>

#include "sim/arithmetic/elementwise.hpp"
#include "sim/arithmetic/window.hpp"
#include "sim/datapath/sum_lane.hpp"

namespace brownout::datapath {

/// y = fl(fl(fl(A·fl(acc)) + offset) + bias); offset = fl(B·fl(sum)).
struct DequantizeTask {
  const std::int32_t* acc = nullptr;  // pixels × channels
  const float* a = nullptr;           // per channel
  const float* offsets = nullptr;     // per pixel, or per pixel and channel
  bool offset_per_channel = false;
  const float* bias = nullptr;  // per channel
  int pixels = 1;
  int channels = 1;
};

/// One pass: load, norm, residual, activation, max pool, quantize.
struct FinishTask {
  // Source: fp32 numbers, or, when `numbers` is null, the matrix unit's integers.
  const float* numbers = nullptr;
  DequantizeTask integers;
  int pixels = 1;
  int channels = 1;
  // out = fl(fl(fl(y - mean)·factor) + shift), one constant per channel. 0, 1 and -0 leave every
  // number as it is.
  const float* mean = nullptr;
  const float* factor = nullptr;
  const float* shift = nullptr;
  // Residual: codes with their scale, or numbers (engine "float"), or none.
  const std::uint8_t* residual_codes = nullptr;
  float residual_scale = 1.0f;
  int residual_zero = 0;
  const float* residual_numbers = nullptr;
  arithmetic::Activation activation = arithmetic::Activation::kNone;
  const float* low = nullptr;                // per channel, of a clip or prelu (its slope)
  float high = 0.0f;                         // of a clip
  const arithmetic::Window* pool = nullptr;  // null: out pixels = pixels
  // Target: codes, or, when `codes` is null, fp32 numbers.
  std::uint8_t* codes = nullptr;
  float scale = 1.0f;
  int zero_point = 0;
  float* out = nullptr;

  int out_pixels() const { return pool != nullptr ? pool->out_pixels() : pixels; }
};

/// One implementation of each; all agree bit for bit.
struct VectorKernels {
  const char* name;
  /// Writes y (which may be the memory of acc) and the fp64 sums of y and y² per channel.
  void (*dequantize_with_sums)(const DequantizeTask& task, float* y, double* s1, double* s2);
  /// The sums alone, of numbers.
  void (*sums)(const float* y, int pixels, int channels, double* s1, double* s2);
  void (*finish)(const FinishTask& task);
  /// The `sum` lane, see sum_lane.hpp.
  void (*channel_sums)(const std::uint8_t* q, int pixels, int channels, int groups, int zero_point,
                       std::int32_t* sums);
  void (*window_offsets)(const arithmetic::Matrix& matrix, float b, SumScratch& scratch,
                         float* offsets);
};

/// Plain C++ for any processor.
const VectorKernels& portable_vector_kernels();
/// AVX2; null when the processor lacks it.
const VectorKernels* avx2_vector_kernels();

/// Parts of the portable kernels for channels [first, channels), that is for those after the last
/// full vector.
void portable_dequantize_with_sums(const DequantizeTask& task, int first, float* y, double* s1,
                                   double* s2);
void portable_sums(const float* y, int pixels, int channels, int first, double* s1, double* s2);
void portable_finish(const FinishTask& task, int first);

}  // namespace brownout::datapath
