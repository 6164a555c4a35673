// SPDX-License-Identifier: Apache-2.0
// Training convolutions for small images on AVX2: Winograd F(4x4, 3x3) in all three directions.
#pragma once
#include <cstdint>

namespace brownout::trainers {

/// A 3x3 convolution, stride 1, padding 1. Images are NHWC; both channel counts multiples of 16.
struct Winograd {
  std::int64_t images = 0;
  int height = 0, width = 0;
  int in = 0, out = 0;

  int tile_rows() const { return (height + 3) / 4; }
  int tile_columns() const { return (width + 3) / 4; }
  std::int64_t tiles() const { return images * tile_rows() * tile_columns(); }
};

/// Transformed weights (36 × in × out, in panels of 16 outputs) from w[out][in][3][3]. `transposed`
/// gives those of the gradient with respect to the input: then pass the in and out of the
/// *gradient*, so that w is [in][out][3][3].
void winograd_weights(const float* w, int in, int out, bool transposed, float* u);

/// y = conv(x) + bias (may be null) for the tiles [first, last).
void winograd_forward(const Winograd& shape, const float* x, const float* u, const float* bias,
                      float* y, std::int64_t first, std::int64_t last);

/// du[36][in][out] += the transformed weight gradient of the tiles [first, last).
void winograd_weight_gradient(const Winograd& shape, const float* x, const float* dy, float* du,
                              std::int64_t first, std::int64_t last);

/// dw[out][in][3][3] from du.
void winograd_finish(const float* du, int in, int out, float* dw);

}  // namespace brownout::trainers
