// SPDX-License-Identifier: Apache-2.0
// Compiled for AVX2 and FMA; callers ask conv_kernels_available first. Training is outside the
// arithmetic contract, so fused multiply-adds are welcome here.
#include "trainers/conv_kernels.hpp"

#if defined(__AVX2__) && defined(__FMA__)
#include <immintrin.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <type_traits>

namespace brownout::trainers {
namespace {

using Vector = __m256;
constexpr int kLanes = 8;
constexpr int kPoints = 36;

inline Vector load(const float* p) { return _mm256_loadu_ps(p); }
inline void store(float* p, Vector v) { _mm256_storeu_ps(p, v); }
inline Vector scaled(float s, Vector v) { return _mm256_mul_ps(_mm256_set1_ps(s), v); }
inline Vector fma(float s, Vector v, Vector sum) {
  return _mm256_fmadd_ps(_mm256_set1_ps(s), v, sum);
}

// ---- matrix kernels: R rows × 16 columns stay in registers ----

/// R × 16 sums as twelve plain variables: an array of them would live in memory.
template <int R>
struct Sums {
  Vector a0, a1, b0, b1, c0, c1, d0, d1, e0, e1, f0, f1;

  /// Row r starts at from + r·stride.
  void read(const float* from, std::int64_t stride) {
    a0 = load(from), a1 = load(from + kLanes);
    if constexpr (R > 1) b0 = load(from + stride), b1 = load(from + stride + kLanes);
    if constexpr (R > 2) c0 = load(from + 2 * stride), c1 = load(from + 2 * stride + kLanes);
    if constexpr (R > 3) d0 = load(from + 3 * stride), d1 = load(from + 3 * stride + kLanes);
    if constexpr (R > 4) e0 = load(from + 4 * stride), e1 = load(from + 4 * stride + kLanes);
    if constexpr (R > 5) f0 = load(from + 5 * stride), f1 = load(from + 5 * stride + kLanes);
  }

  void write(float* to, std::int64_t stride) const {
    put(to, a0, a1);
    if constexpr (R > 1) put(to + stride, b0, b1);
    if constexpr (R > 2) put(to + 2 * stride, c0, c1);
    if constexpr (R > 3) put(to + 3 * stride, d0, d1);
    if constexpr (R > 4) put(to + 4 * stride, e0, e1);
    if constexpr (R > 5) put(to + 5 * stride, f0, f1);
  }

  /// Row r += x[r·stride] · (y0, y1).
  void add(const float* x, std::int64_t stride, Vector y0, Vector y1) {
    add_row(x, y0, y1, a0, a1);
    if constexpr (R > 1) add_row(x + stride, y0, y1, b0, b1);
    if constexpr (R > 2) add_row(x + 2 * stride, y0, y1, c0, c1);
    if constexpr (R > 3) add_row(x + 3 * stride, y0, y1, d0, d1);
    if constexpr (R > 4) add_row(x + 4 * stride, y0, y1, e0, e1);
    if constexpr (R > 5) add_row(x + 5 * stride, y0, y1, f0, f1);
  }

 private:
  static void put(float* to, Vector y0, Vector y1) {
    store(to, y0);
    store(to + kLanes, y1);
  }
  static void add_row(const float* x, Vector y0, Vector y1, Vector& s0, Vector& s1) {
    const Vector factor = _mm256_broadcast_ss(x);
    s0 = _mm256_fmadd_ps(factor, y0, s0);
    s1 = _mm256_fmadd_ps(factor, y1, s1);
  }
};

/// y = start + a·b; rows of `start` lie `start_stride` apart (0: one row for all, a bias).
template <int R>
void product_block(const float* a, std::int64_t a_stride, const float* b, int depth,
                   const float* start, std::int64_t start_stride, float* y, std::int64_t y_stride) {
  Sums<R> sums;
  sums.read(start, start_stride);
  for (int c = 0; c < depth; ++c) {
    sums.add(a + c, a_stride, load(b + c * kChannelStep), load(b + c * kChannelStep + kLanes));
  }
  sums.write(y, y_stride);
}

/// Sixteen columns of y: rows of a, one panel of b.
void product_panel(const float* a, std::int64_t a_stride, const float* panel, int depth,
                   const float* start, std::int64_t start_stride, std::int64_t rows, float* y,
                   std::int64_t y_stride) {
  std::int64_t r = 0;
  const auto run = [&](auto count) {
    constexpr int kRows = decltype(count)::value;
    product_block<kRows>(a + r * a_stride, a_stride, panel, depth, start + r * start_stride,
                         start_stride, y + r * y_stride, y_stride);
    r += kRows;
  };
  while (r + 6 <= rows) run(std::integral_constant<int, 6>());
  switch (rows - r) {
    case 1:
      run(std::integral_constant<int, 1>());
      break;
    case 2:
      run(std::integral_constant<int, 2>());
      break;
    case 3:
      run(std::integral_constant<int, 3>());
      break;
    case 4:
      run(std::integral_constant<int, 4>());
      break;
    case 5:
      run(std::integral_constant<int, 5>());
      break;
    default:
      break;
  }
}

void product(const float* a, const float* b, const float* bias, std::int64_t rows, int depth,
             int out, float* y) {
  static const float zero[kChannelStep] = {};
  for (int k = 0; k < out; k += kChannelStep) {
    product_panel(a, depth, b + static_cast<std::int64_t>(k) * depth, depth,
                  bias != nullptr ? bias + k : zero, 0, rows, y + k, out);
  }
}

template <int R>
void outer_block(const float* a, std::int64_t a_stride, const float* b, std::int64_t b_stride,
                 std::int64_t rows, float* to, std::int64_t to_stride) {
  Sums<R> sums;
  sums.read(to, to_stride);
  for (std::int64_t t = 0; t < rows; ++t) {
    sums.add(a + t * a_stride, 1, load(b + t * b_stride), load(b + t * b_stride + kLanes));
  }
  sums.write(to, to_stride);
}

/// sums[in][out] += aᵀ·b
void outer_product(const float* a, const float* b, std::int64_t rows, int in, int out,
                   float* sums) {
  for (int k = 0; k < out; k += kChannelStep) {
    int c = 0;
    for (; c + 6 <= in; c += 6) {
      outer_block<6>(a + c, in, b + k, out, rows, sums + std::int64_t{c} * out + k, out);
    }
    float* to = sums + std::int64_t{c} * out + k;
    switch (in - c) {
      case 1:
        outer_block<1>(a + c, in, b + k, out, rows, to, out);
        break;
      case 2:
        outer_block<2>(a + c, in, b + k, out, rows, to, out);
        break;
      case 3:
        outer_block<3>(a + c, in, b + k, out, rows, to, out);
        break;
      case 4:
        outer_block<4>(a + c, in, b + k, out, rows, to, out);
        break;
      case 5:
        outer_block<5>(a + c, in, b + k, out, rows, to, out);
        break;
      default:
        break;
    }
  }
}

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

/// Tiles whose transforms fit the second-level cache together, a multiple of the kernel's 6 rows.
int block_tiles(const Winograd& s) {
  constexpr int kBudget = 384 * 1024;
  const int fit = kBudget / (kPoints * 4 * (s.in + s.out));
  return std::clamp(fit / 6 * 6, 12, 48);
}

/// Points lie a cache line further apart than their data, so that they do not share cache sets.
constexpr std::int64_t kPad = 16;

struct Scratch {
  explicit Scratch(std::int64_t floats) : data(new float[static_cast<std::size_t>(floats)]) {}
  std::unique_ptr<float[]> data;
};

}  // namespace

bool conv_kernels_available() {
  return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0;
}

void winograd_weights(const float* w, int in, int out, bool transposed, float* u) {
  static const float g[6][3] = {{0.25f, 0.0f, 0.0f},
                                {-1.0f / 6, -1.0f / 6, -1.0f / 6},
                                {-1.0f / 6, 1.0f / 6, -1.0f / 6},
                                {1.0f / 24, 1.0f / 12, 1.0f / 6},
                                {1.0f / 24, -1.0f / 12, 1.0f / 6},
                                {0.0f, 0.0f, 1.0f}};
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
      product(v.data.get() + point * v_stride, u + std::int64_t{point} * s.in * s.out, nullptr,
              count, s.in, s.out, m.data.get() + point * m_stride);
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
      outer_product(v.data.get() + point * v_stride, m.data.get() + point * m_stride, count, s.in,
                    s.out, du + std::int64_t{point} * s.in * s.out);
    }
  }
}

void winograd_finish(const float* du, int in, int out, float* dw) {
  static const float g[6][3] = {{0.25f, 0.0f, 0.0f},
                                {-1.0f / 6, -1.0f / 6, -1.0f / 6},
                                {-1.0f / 6, 1.0f / 6, -1.0f / 6},
                                {1.0f / 24, 1.0f / 12, 1.0f / 6},
                                {1.0f / 24, -1.0f / 12, 1.0f / 6},
                                {0.0f, 0.0f, 1.0f}};
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

void pack_matrix(const float* w, int in, int out, bool transposed, float* b) {
  const std::int64_t row = transposed ? 1 : in;  // from one output to the next
  const std::int64_t column = transposed ? out : 1;
  for (int k = 0; k < out; k += kChannelStep) {
    const float* from = w + k * row;
    for (int c = 0; c < in; ++c) {
      for (int j = 0; j < kChannelStep; ++j) b[j] = from[j * row + c * column];
      b += kChannelStep;
    }
  }
}

void matrix_forward(const float* x, const float* b, const float* bias, std::int64_t rows, int in,
                    int out, float* y) {
  constexpr std::int64_t kRows = 48;  // keeps x in the first-level cache across panels
  for (std::int64_t r = 0; r < rows; r += kRows) {
    product(x + r * in, b, bias, std::min(kRows, rows - r), in, out, y + r * out);
  }
}

void matrix_weight_gradient(const float* x, const float* dy, std::int64_t rows, int in, int out,
                            float* db) {
  constexpr std::int64_t kRows = 96;
  for (std::int64_t r = 0; r < rows; r += kRows) {
    outer_product(x + r * in, dy + r * out, std::min(kRows, rows - r), in, out, db);
  }
}

void linear_forward(const float* x, const float* b, const float* bias, std::int64_t rows, int in,
                    int out, int first, int last, float* y) {
  static const float zero[kChannelStep] = {};
  constexpr int kDepth = 256;  // a panel's part then fits the first-level cache, x's the second
  for (int d = 0; d < in; d += kDepth) {
    const int depth = std::min(kDepth, in - d);
    for (int panel = first; panel < last; ++panel) {
      const int k = panel * kChannelStep;
      const float* start = d > 0 ? y + k : (bias != nullptr ? bias + k : zero);
      product_panel(x + d, in, b + (std::int64_t{panel} * in + d) * kChannelStep, depth, start,
                    d > 0 ? out : 0, rows, y + k, out);
    }
  }
}

void linear_weight_gradient(const float* x, const float* dy_columns, std::int64_t rows, int in,
                            int out, int first, int last, float* dw) {
  static const float zero[kChannelStep] = {};
  const Scratch pixels(rows * kChannelStep);
  for (int panel = first; panel < last; ++panel) {
    const int c = panel * kChannelStep;
    for (std::int64_t t = 0; t < rows; ++t) {
      std::memcpy(pixels.data.get() + t * kChannelStep, x + t * in + c,
                  kChannelStep * sizeof(float));
    }
    product_panel(dy_columns, rows, pixels.data.get(), static_cast<int>(rows), zero, 0, out, dw + c,
                  in);
  }
}

void column_sums(const float* dy, std::int64_t rows, int out, float* sums) {
  constexpr std::int64_t kRows = 64;  // short partial sums lose less, and stay in the cache
  for (std::int64_t r = 0; r < rows; r += kRows) {
    const std::int64_t end = std::min(rows, r + kRows);
    for (int k = 0; k < out; k += kChannelStep) {
      Vector part0 = _mm256_setzero_ps();
      Vector part1 = _mm256_setzero_ps();
      for (std::int64_t i = r; i < end; ++i) {
        part0 = _mm256_add_ps(part0, load(dy + i * out + k));
        part1 = _mm256_add_ps(part1, load(dy + i * out + k + kLanes));
      }
      store(sums + k, _mm256_add_ps(load(sums + k), part0));
      store(sums + k + kLanes, _mm256_add_ps(load(sums + k + kLanes), part1));
    }
  }
}

}  // namespace brownout::trainers

#else
#include <cstdlib>

namespace brownout::trainers {
// Built without AVX2: nobody calls these, since they are not available.
bool conv_kernels_available() { return false; }
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
void pack_matrix(const float*, int, int, bool, float*) { std::abort(); }
void matrix_forward(const float*, const float*, const float*, std::int64_t, int, int, float*) {
  std::abort();
}
void matrix_weight_gradient(const float*, const float*, std::int64_t, int, int, float*) {
  std::abort();
}
void linear_forward(const float*, const float*, const float*, std::int64_t, int, int, int, int,
                    float*) {
  std::abort();
}
void linear_weight_gradient(const float*, const float*, std::int64_t, int, int, int, int, float*) {
  std::abort();
}
void column_sums(const float*, std::int64_t, int, float*) { std::abort(); }
}  // namespace brownout::trainers
#endif
