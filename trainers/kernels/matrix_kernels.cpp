// SPDX-License-Identifier: Apache-2.0
// Compiled for AVX2 and FMA; callers ask conv_kernels_available first.
#include "trainers/kernels/matrix_kernels.hpp"

#if defined(__AVX2__) && defined(__FMA__)
#include <algorithm>
#include <type_traits>
#include <vector>

#include "trainers/kernels/avx2_vector.hpp"

namespace brownout::trainers {
namespace {

/// R × 16 sums as twelve plain variables, because an array of them would be kept in memory.
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

}  // namespace

bool conv_kernels_available() {
  return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0;
}

void pack_matrix(const float* w, int in, int out, float* b) {
  for (int k = 0; k < out; k += kChannelStep) {
    const float* from = w + std::int64_t{k} * in;
    for (int c = 0; c < in; ++c) {
      for (int j = 0; j < kChannelStep; ++j) b[j] = from[std::int64_t{j} * in + c];
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
void pack_matrix(const float*, int, int, float*) { std::abort(); }
void matrix_forward(const float*, const float*, const float*, std::int64_t, int, int, float*) {
  std::abort();
}
void matrix_weight_gradient(const float*, const float*, std::int64_t, int, int, float*) {
  std::abort();
}
void column_sums(const float*, std::int64_t, int, float*) { std::abort(); }
}  // namespace brownout::trainers
#endif
