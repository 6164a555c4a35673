// SPDX-License-Identifier: Apache-2.0
// Exact integer convolution: one interface, one file per kind of hardware. All kinds agree bit for
// bit.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sim/mapping/geometry.hpp"

namespace brownout::datapath {

/// A convolution. A linear layer is a 1×1 convolution of a 1×1 image.
struct ConvolutionShape {
  int in_channels = 1, in_height = 1, in_width = 1;
  int out_channels = 1, out_height = 1, out_width = 1;
  int kernel_h = 1, kernel_w = 1;
  int stride_h = 1, stride_w = 1;
  int pad_top = 0, pad_left = 0, pad_bottom = 0, pad_right = 0;
  int groups = 1;
  int dilation_h = 1, dilation_w = 1;

  /// Products that make up one output: kernel_h · kernel_w · in_channels / groups.
  std::int64_t reduction() const {
    return std::int64_t{kernel_h} * kernel_w * (in_channels / groups);
  }
  /// Multiply–adds of one image.
  std::int64_t macs() const { return reduction() * out_channels * out_height * out_width; }
};

ConvolutionShape convolution_shape(const mapping::MatrixNode& node);

/// acc = Σ n·(q − z) in exact int32; outside the image q − z is 0.
class Convolution {
 public:
  virtual ~Convolution() = default;
  /// n: OIHW (I = in_channels / groups), |n| ≤ 2^(bits−1). Copies; not thread-safe.
  virtual void set_weights(const std::int8_t* n) = 0;
  /// Bytes of scratch that `run` needs for up to `images` images.
  virtual std::size_t scratch_bytes(int images) const = 0;
  /// q: images × H × W × C (NHWC); acc: images × OH × OW × OC. `scratch` needs no alignment and no
  /// particular content. Thread-safe for different acc and scratch, after set_weights.
  virtual void run(const std::uint8_t* q, int images, std::int32_t* acc, void* scratch) const = 0;
  /// What runs, for benchmarks and logs: "vnni-winograd".
  virtual std::string name() const = 0;
};

/// `kind` is "auto" (the fastest kind this processor has) or one of convolution_kinds().
/// `zero_point` z in [0, 255]; `bits` m in [1, 8]. InputError for an unknown kind, for one that
/// this processor cannot run, and for a shape whose sums could leave int32 (reduction · 2^(m−1) ·
/// 255 > 2³¹ − 1) or that contradicts itself.
std::unique_ptr<Convolution> make_convolution(const std::string& kind,
                                              const ConvolutionShape& shape, int zero_point,
                                              int bits);
/// "amx", "vnni", "avx2", "reference", the fastest first.
const std::vector<std::string>& convolution_kinds();
/// Whether this processor can run `kind` exactly ("avx2" needs AVX2, "vnni" AVX-512 VNNI
/// besides, "amx" AMX for bytes besides).
bool convolution_available(const std::string& kind);

}  // namespace brownout::datapath
