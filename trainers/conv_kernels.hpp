// SPDX-License-Identifier: Apache-2.0
// Training convolutions for small images on AVX2: Winograd F(4x4, 3x3) and plain matrix products.
#pragma once
#include <cstdint>
#include <vector>

namespace brownout::trainers {

/// Whether this processor can run the functions below.
bool conv_kernels_available();

/// Channels that the kernels take: multiples of 16.
inline constexpr int kChannelStep = 16;

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
/// gives those of the gradient with respect to the input: pass the *gradient's* in and out then,
/// that is w is [in][out][3][3].
void winograd_weights(const float* w, int in, int out, bool transposed, float* u);

/// y = conv(x) + bias (may be null) for the tiles [first, last).
void winograd_forward(const Winograd& shape, const float* x, const float* u, const float* bias,
                      float* y, std::int64_t first, std::int64_t last);

/// du[36][in][out] += the transformed weight gradient of the tiles [first, last).
void winograd_weight_gradient(const Winograd& shape, const float* x, const float* dy, float* du,
                              std::int64_t first, std::int64_t last);

/// dw[out][in][3][3] from du.
void winograd_finish(const float* du, int in, int out, float* dw);

/// b[in][out] from w[out][in] in panels of 16 outputs, for `matrix_forward`; out a multiple of 16.
/// `transposed`: w is [in][out].
void pack_matrix(const float* w, int in, int out, bool transposed, float* b);

/// y[rows][out] = x[rows][in]·b + bias (may be null).
void matrix_forward(const float* x, const float* b, const float* bias, std::int64_t rows, int in,
                    int out, float* y);

/// db[in][out] += x[rows][in]ᵀ·dy[rows][out]; out a multiple of 16.
void matrix_weight_gradient(const float* x, const float* dy, std::int64_t rows, int in, int out,
                            float* db);

/// The same product for a few rows and large matrices: outputs of the panels [first, last), 16 a
/// panel. Every output is computed alike, whatever the split.
void linear_forward(const float* x, const float* b, const float* bias, std::int64_t rows, int in,
                    int out, int first, int last, float* y);

/// dw[out][in] = dyᵀ·x for the inputs of the panels [first, last); in a multiple of 16.
/// `dy_columns` is dy transposed: [out][rows].
void linear_weight_gradient(const float* x, const float* dy_columns, std::int64_t rows, int in,
                            int out, int first, int last, float* dw);

/// sums[out] += column sums of dy[rows][out].
void column_sums(const float* dy, std::int64_t rows, int out, float* sums);

}  // namespace brownout::trainers
