// SPDX-License-Identifier: Apache-2.0
// Compiled for AVX2 and FMA; callers ask conv_kernels_available first.
#include "trainers/kernels/winograd_kernels.hpp"

#if defined(__AVX2__) && defined(__FMA__)
#include <algorithm>
#include <memory>

#include "trainers/kernels/avx2_vector.hpp"
#include "trainers/kernels/matrix_kernels.hpp"

namespace brownout::trainers {
namespace {

constexpr int kPoints = 36;

/// G of F(4, 3), points 0, 1, -1, 2, -2, infinity.
constexpr float kWeightTransform[6][3] = {{0.25f, 0.0f, 0.0f},
                                          {-1.0f / 6, -1.0f / 6, -1.0f / 6},
                                          {-1.0f / 6, 1.0f / 6, -1.0f / 6},
                                          {1.0f / 24, 1.0f / 12, 1.0f / 6},
                                          {1.0f / 24, -1.0f / 12, 1.0f / 6},
                                          {0.0f, 0.0f, 1.0f}};

// ---- the one-dimensional transforms of F(4, 3), points 0, 1, -1, 2, -2, infinity ----

inline void input_transform(const Vector d[6], Vector v[6]) {
  const Vector a = fma(-4.0f, d[2], d[4]);  // d4 - 4 d2
  const Vector b = fma(-4.0f, d[1], d[3]);  // d3 - 4 d1
  const Vector c = _mm256_sub_ps(d[4], d[2]);
  const Vector e = scaled(2.0f, _mm256_sub_ps(d[3], d[1]));
  v[0] = fma(4.0f, d[0], fma(-5.0f, d[2], d[4]));
  v[1] = _mm256_add_ps(a, b);
  v[2] = _mm256_sub_ps(a, b);
  v[3] = _mm256_add_ps(c, e);
  v[4] = _mm256_sub_ps(c, e);
  v[5] = fma(4.0f, d[1], fma(-5.0f, d[3], d[5]));
}

inline void output_transform(const Vector m[6], Vector y[4]) {
  const Vector a = _mm256_add_ps(m[1], m[2]);
  const Vector b = _mm256_sub_ps(m[1], m[2]);
  const Vector c = _mm256_add_ps(m[3], m[4]);
  const Vector d = _mm256_sub_ps(m[3], m[4]);
  y[0] = _mm256_add_ps(m[0], _mm256_add_ps(a, c));
  y[1] = fma(2.0f, d, b);
  y[2] = fma(4.0f, c, a);
  y[3] = _mm256_add_ps(fma(8.0f, d, b), m[5]);
}

/// The transpose of output_transform: 4 gradients → 6.
inline void gradient_transform(const Vector y[4], Vector m[6]) {
  const Vector a = _mm256_add_ps(y[0], y[2]);
  const Vector b = _mm256_add_ps(y[1], y[3]);
  const Vector c = fma(4.0f, y[2], y[0]);
  const Vector d = fma(8.0f, y[3], scaled(2.0f, y[1]));
  m[0] = y[0];
  m[1] = _mm256_add_ps(a, b);
  m[2] = _mm256_sub_ps(a, b);
  m[3] = _mm256_add_ps(c, d);
  m[4] = _mm256_sub_ps(c, d);
  m[5] = y[3];
}

struct Tile {
  std::int64_t image;
  int y, x;  // of its first output pixel
};

Tile tile_at(const Winograd& s, std::int64_t index) {
  const int columns = s.tile_columns();
  const int per_image = s.tile_rows() * columns;
  const int inside = static_cast<int>(index % per_image);
  return {index / per_image, inside / columns * 4, inside % columns * 4};
}

/// Bᵀ·patch·B of a 6x6 patch; v[point·stride + channel].
void transform_input(const Winograd& s, const float* x, const Tile& tile, float* v,
                     std::int64_t stride) {
  const std::int64_t row = std::int64_t{s.width} * s.in;
  const float* image = x + tile.image * s.height * row;
  for (int c = 0; c < s.in; c += kLanes) {
    Vector columns[6][6];  // [x][point in y]
    for (int j = 0; j < 6; ++j) {
      const int px = tile.x - 1 + j;
      Vector d[6];
      for (int i = 0; i < 6; ++i) {
        const int py = tile.y - 1 + i;
        const bool inside = px >= 0 && px < s.width && py >= 0 && py < s.height;
        d[i] = inside ? load(image + py * row + std::int64_t{px} * s.in + c) : _mm256_setzero_ps();
      }
      input_transform(d, columns[j]);
    }
    for (int i = 0; i < 6; ++i) {
      const Vector d[6] = {columns[0][i], columns[1][i], columns[2][i],
                           columns[3][i], columns[4][i], columns[5][i]};
      Vector out[6];
      input_transform(d, out);
      for (int j = 0; j < 6; ++j) store(v + (i * 6 + j) * stride + c, out[j]);
    }
  }
}

/// A·dy·Aᵀ of a 4x4 tile of gradients.
void transform_gradient(const Winograd& s, const float* dy, const Tile& tile, float* m,
                        std::int64_t stride) {
  const std::int64_t row = std::int64_t{s.width} * s.out;
  const float* image = dy + tile.image * s.height * row;
  for (int k = 0; k < s.out; k += kLanes) {
    Vector columns[4][6];
    for (int j = 0; j < 4; ++j) {
      Vector d[4];
      for (int i = 0; i < 4; ++i) {
        const bool inside = tile.x + j < s.width && tile.y + i < s.height;
        d[i] = inside ? load(image + (tile.y + i) * row + std::int64_t{tile.x + j} * s.out + k)
                      : _mm256_setzero_ps();
      }
      gradient_transform(d, columns[j]);
    }
    for (int i = 0; i < 6; ++i) {
      const Vector d[4] = {columns[0][i], columns[1][i], columns[2][i], columns[3][i]};
      Vector out[6];
      gradient_transform(d, out);
      for (int j = 0; j < 6; ++j) store(m + (i * 6 + j) * stride + k, out[j]);
    }
  }
}

/// Aᵀ·m·A + bias into the tile's pixels that lie inside the image.
void transform_output(const Winograd& s, const float* m, std::int64_t stride, const Tile& tile,
                      const float* bias, float* y) {
  const std::int64_t row = std::int64_t{s.width} * s.out;
  float* image = y + tile.image * s.height * row;
  for (int k = 0; k < s.out; k += kLanes) {
    const Vector offset = bias != nullptr ? load(bias + k) : _mm256_setzero_ps();
    Vector rows[6][4];  // [point in y][x]
    for (int i = 0; i < 6; ++i) {
      Vector p[6];
      for (int j = 0; j < 6; ++j) p[j] = load(m + (i * 6 + j) * stride + k);
      output_transform(p, rows[i]);
    }
    for (int j = 0; j < 4 && tile.x + j < s.width; ++j) {
      const Vector p[6] = {rows[0][j], rows[1][j], rows[2][j], rows[3][j], rows[4][j], rows[5][j]};
      Vector out[4];
      output_transform(p, out);
      for (int i = 0; i < 4 && tile.y + i < s.height; ++i) {
        store(image + (tile.y + i) * row + std::int64_t{tile.x + j} * s.out + k,
              _mm256_add_ps(out[i], offset));
      }
    }
  }
}

/// Tiles whose transforms together fit the second-level cache, a multiple of the kernel's 6 rows.
int block_tiles(const Winograd& s) {
  constexpr int kBudget = 384 * 1024;
  const int fit = kBudget / (kPoints * 4 * (s.in + s.out));
  return std::clamp(fit / 6 * 6, 12, 48);
}

/// Points lie one cache line further apart than their data, so that they do not share cache sets.
constexpr std::int64_t kPad = 16;

struct Scratch {
  explicit Scratch(std::int64_t floats) : data(new float[static_cast<std::size_t>(floats)]) {}
  std::unique_ptr<float[]> data;
};

}  // namespace

void winograd_weights(const float* w, int in, int out, bool transposed, float* u) {
  const auto& g = kWeightTransform;
  for (int k = 0; k < out; ++k) {
    for (int c = 0; c < in; ++c) {
      const std::int64_t at = transposed ? std::int64_t{c} * out + k : std::int64_t{k} * in + c;
      float f[9];
      for (int i = 0; i < 9; ++i) f[i] = w[at * 9 + (transposed ? 8 - i : i)];
      float half[6][3];  // G·f
      for (int i = 0; i < 6; ++i) {
        for (int j = 0; j < 3; ++j) {
          half[i][j] = g[i][0] * f[j] + g[i][1] * f[3 + j] + g[i][2] * f[6 + j];
        }
      }
      float* to = u + std::int64_t{k / kChannelStep} * in * kChannelStep + c * kChannelStep +
                  k % kChannelStep;
      for (int i = 0; i < 6; ++i) {
        for (int j = 0; j < 6; ++j) {
          to[std::int64_t{i * 6 + j} * in * out] =
              half[i][0] * g[j][0] + half[i][1] * g[j][1] + half[i][2] * g[j][2];
        }
      }
    }
  }
}

void winograd_forward(const Winograd& s, const float* x, const float* u, const float* bias,
                      float* y, std::int64_t first, std::int64_t last) {
  const int block = block_tiles(s);
  const std::int64_t v_stride = std::int64_t{block} * s.in + kPad;
  const std::int64_t m_stride = std::int64_t{block} * s.out + kPad;
  const Scratch v(kPoints * v_stride);
  const Scratch m(kPoints * m_stride);
  for (std::int64_t from = first; from < last; from += block) {
    const int count = static_cast<int>(std::min<std::int64_t>(block, last - from));
    for (int t = 0; t < count; ++t) {
      transform_input(s, x, tile_at(s, from + t), v.data.get() + std::int64_t{t} * s.in, v_stride);
    }
    for (int point = 0; point < kPoints; ++point) {
      matrix_forward(v.data.get() + point * v_stride, u + std::int64_t{point} * s.in * s.out,
                     nullptr, count, s.in, s.out, m.data.get() + point * m_stride);
    }
    for (int t = 0; t < count; ++t) {
      transform_output(s, m.data.get() + std::int64_t{t} * s.out, m_stride, tile_at(s, from + t),
                       bias, y);
    }
  }
}

void winograd_weight_gradient(const Winograd& s, const float* x, const float* dy, float* du,
                              std::int64_t first, std::int64_t last) {
  const int block = block_tiles(s);
  const std::int64_t v_stride = std::int64_t{block} * s.in + kPad;
  const std::int64_t m_stride = std::int64_t{block} * s.out + kPad;
  const Scratch v(kPoints * v_stride);
  const Scratch m(kPoints * m_stride);
  for (std::int64_t from = first; from < last; from += block) {
    const int count = static_cast<int>(std::min<std::int64_t>(block, last - from));
    for (int t = 0; t < count; ++t) {
      const Tile tile = tile_at(s, from + t);
      transform_input(s, x, tile, v.data.get() + std::int64_t{t} * s.in, v_stride);
      transform_gradient(s, dy, tile, m.data.get() + std::int64_t{t} * s.out, m_stride);
    }
    for (int point = 0; point < kPoints; ++point) {
      matrix_weight_gradient(v.data.get() + point * v_stride, m.data.get() + point * m_stride,
                             count, s.in, s.out, du + std::int64_t{point} * s.in * s.out);
    }
  }
}

void winograd_finish(const float* du, int in, int out, float* dw) {
  const auto& g = kWeightTransform;
  for (int c = 0; c < in; ++c) {
    for (int k = 0; k < out; ++k) {
      float half[3][6] = {};  // Gᵀ·du
      for (int i = 0; i < 6; ++i) {
        for (int j = 0; j < 6; ++j) {
          const float d = du[(std::int64_t{i * 6 + j} * in + c) * out + k];
          for (int a = 0; a < 3; ++a) half[a][j] += g[i][a] * d;
        }
      }
      float* to = dw + (std::int64_t{k} * in + c) * 9;
      for (int a = 0; a < 3; ++a) {
        for (int b = 0; b < 3; ++b) {
          float sum = 0.0f;
          for (int j = 0; j < 6; ++j) sum += half[a][j] * g[j][b];
          to[a * 3 + b] = sum;
        }
      }
    }
  }
}

}  // namespace brownout::trainers

#else
#include <cstdlib>

namespace brownout::trainers {
// Built without AVX2: nobody calls these, since they are not available.
void winograd_weights(const float*, int, int, bool, float*) { std::abort(); }
void winograd_forward(const Winograd&, const float*, const float*, const float*, float*,
                      std::int64_t, std::int64_t) {
  std::abort();
}
void winograd_weight_gradient(const Winograd&, const float*, const float*, float*, std::int64_t,
                              std::int64_t) {
  std::abort();
}
void winograd_finish(const float*, int, int, float*) { std::abort(); }
}  // namespace brownout::trainers
#endif
