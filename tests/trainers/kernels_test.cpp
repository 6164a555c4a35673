// SPDX-License-Identifier: Apache-2.0
// The training kernels against plain loops in fp64.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "sim/base/random.hpp"
#include "trainers/kernels/matrix_kernels.hpp"
#include "trainers/kernels/norm_kernels.hpp"
#include "trainers/kernels/pool_kernels.hpp"
#include "trainers/kernels/winograd_kernels.hpp"

namespace brownout::trainers {
namespace {

std::vector<float> noise(std::int64_t count, std::uint64_t stream) {
  const Philox random(stream, Purpose::kTest);
  std::vector<float> values;
  for (std::int64_t i = 0; i < count; ++i) {
    values.push_back(
        static_cast<float>(unit_open(random(static_cast<std::uint64_t>(i))[0]) * 2.0 - 1.0));
  }
  return values;
}

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

/// y, dx and dw of a 3x3 convolution (padding 1) in fp64.
struct Reference {
  std::vector<double> y, dx, dw;

  Reference(const Winograd& s, const std::vector<float>& x, const std::vector<float>& w,
            const std::vector<float>& bias, const std::vector<float>& dy)
      : y(at(s.images * s.height * s.width * s.out)), dx(x.size()), dw(w.size()) {
    for (std::int64_t n = 0; n < s.images; ++n) {
      for (int oy = 0; oy < s.height; ++oy) {
        for (int ox = 0; ox < s.width; ++ox) {
          for (int k = 0; k < s.out; ++k) {
            const std::int64_t o = ((n * s.height + oy) * s.width + ox) * s.out + k;
            y[at(o)] = static_cast<double>(bias[at(k)]);
            for (int tap = 0; tap < 9; ++tap) {
              const int iy = oy + tap / 3 - 1;
              const int ix = ox + tap % 3 - 1;
              if (iy < 0 || iy >= s.height || ix < 0 || ix >= s.width) continue;
              for (int c = 0; c < s.in; ++c) {
                const std::int64_t i = ((n * s.height + iy) * s.width + ix) * s.in + c;
                const std::int64_t f = (std::int64_t{k} * s.in + c) * 9 + tap;
                const double d = static_cast<double>(dy[at(o)]);
                y[at(o)] += static_cast<double>(x[at(i)]) * static_cast<double>(w[at(f)]);
                dx[at(i)] += d * static_cast<double>(w[at(f)]);
                dw[at(f)] += d * static_cast<double>(x[at(i)]);
              }
            }
          }
        }
      }
    }
  }
};

void expect_near(const std::vector<float>& found, const std::vector<double>& expected,
                 double tolerance) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    ASSERT_NEAR(static_cast<double>(found[i]), expected[i], tolerance) << "element " << i;
  }
}

class WinogradShapes : public testing::TestWithParam<Winograd> {};

TEST_P(WinogradShapes, EqualsDirectConvolutionInAllThreeDirections) {
  if (!conv_kernels_available()) GTEST_SKIP() << "this processor has no AVX2";
  const Winograd s = GetParam();
  const auto x = noise(s.images * s.height * s.width * s.in, 1);
  const auto w = noise(std::int64_t{9} * s.in * s.out, 2);
  const auto bias = noise(s.out, 3);
  const auto dy = noise(s.images * s.height * s.width * s.out, 4);
  const Reference expected(s, x, w, bias, dy);
  const std::int64_t half = s.tiles() / 2;

  std::vector<float> u(at(std::int64_t{36} * s.in * s.out));
  winograd_weights(w.data(), s.in, s.out, false, u.data());
  std::vector<float> y(expected.y.size(), NAN);
  winograd_forward(s, x.data(), u.data(), bias.data(), y.data(), 0, half);
  winograd_forward(s, x.data(), u.data(), bias.data(), y.data(), half, s.tiles());
  expect_near(y, expected.y, 2e-5 * s.in);

  Winograd back = s;
  std::swap(back.in, back.out);
  winograd_weights(w.data(), back.in, back.out, true, u.data());
  std::vector<float> dx(x.size(), NAN);
  winograd_forward(back, dy.data(), u.data(), nullptr, dx.data(), 0, back.tiles());
  expect_near(dx, expected.dx, 2e-5 * s.out);

  std::vector<float> du(u.size(), 0.0f);
  winograd_weight_gradient(s, x.data(), dy.data(), du.data(), 0, half);
  winograd_weight_gradient(s, x.data(), dy.data(), du.data(), half, s.tiles());
  std::vector<float> dw(w.size());
  winograd_finish(du.data(), s.in, s.out, dw.data());
  expect_near(dw, expected.dw,
              1e-4 * std::sqrt(static_cast<double>(s.images) * s.height * s.width));
}

INSTANTIATE_TEST_SUITE_P(Shapes, WinogradShapes,
                         testing::Values(Winograd{1, 4, 4, 16, 16}, Winograd{3, 7, 7, 16, 48},
                                         Winograd{2, 14, 9, 32, 16}, Winograd{5, 3, 3, 16, 32},
                                         Winograd{1, 28, 28, 32, 32}, Winograd{7, 1, 5, 16, 16}));

TEST(MatrixKernels, EqualPlainLoopsForEveryRemainderOfRowsAndDepth) {
  if (!conv_kernels_available()) GTEST_SKIP() << "this processor has no AVX2";
  for (const int rows : {1, 5, 6, 53, 97, 200}) {
    for (const int depth : {1, 9, 16, 20}) {
      const int out = 32;
      const auto x = noise(std::int64_t{rows} * depth, 5);
      const auto w = noise(std::int64_t{out} * depth, 6);
      const auto dy = noise(std::int64_t{rows} * out, 7);
      std::vector<float> b(w.size());
      std::vector<float> y(dy.size());
      pack_matrix(w.data(), depth, out, b.data());
      matrix_forward(x.data(), b.data(), nullptr, rows, depth, out, y.data());
      std::vector<float> db(w.size(), 0.0f);
      matrix_weight_gradient(x.data(), dy.data(), rows, depth, out, db.data());
      std::vector<double> y_expected(y.size());
      std::vector<double> db_expected(db.size());
      for (int r = 0; r < rows; ++r) {
        for (int k = 0; k < out; ++k) {
          for (int c = 0; c < depth; ++c) {
            const double xv = static_cast<double>(x[at(r * depth + c)]);
            y_expected[at(r * out + k)] += xv * static_cast<double>(w[at(k * depth + c)]);
            db_expected[at(c * out + k)] += xv * static_cast<double>(dy[at(r * out + k)]);
          }
        }
      }
      expect_near(y, y_expected, 1e-5);
      expect_near(db, db_expected, 1e-4);
    }
  }
}

TEST(MatrixKernels, ColumnSumsAddUp) {
  if (!conv_kernels_available()) GTEST_SKIP() << "this processor has no AVX2";
  const auto dy = noise(150 * 32, 8);
  std::vector<float> sums(32, 1.0f);
  column_sums(dy.data(), 150, 32, sums.data());
  for (int k = 0; k < 32; ++k) {
    double expected = 1.0;
    for (int r = 0; r < 150; ++r) expected += static_cast<double>(dy[at(r * 32 + k)]);
    EXPECT_NEAR(static_cast<double>(sums[at(k)]), expected, 1e-4);
  }
}

/// Σ weight·y of a group norm in fp64: its gradients follow by differences.
double norm_objective(const GroupNormShape& s, const std::vector<double>& x,
                      const std::vector<double>& gamma, const std::vector<double>& beta,
                      const std::vector<float>& weight) {
  const int per_group = s.channels / s.groups;
  double sum = 0.0;
  for (int g = 0; g < s.groups; ++g) {
    double mean = 0.0;
    double square = 0.0;
    const double count = static_cast<double>(per_group * s.pixels);
    for (std::int64_t p = 0; p < s.pixels; ++p) {
      for (int c = g * per_group; c < (g + 1) * per_group; ++c) {
        const double v = x[at(p * s.channels + c)];
        mean += v / count;
        square += v * v / count;
      }
    }
    const double r = 1.0 / std::sqrt(square - mean * mean + static_cast<double>(s.eps));
    for (std::int64_t p = 0; p < s.pixels; ++p) {
      for (int c = g * per_group; c < (g + 1) * per_group; ++c) {
        const std::int64_t i = p * s.channels + c;
        double y = (x[at(i)] - mean) * r * gamma[at(c)] + beta[at(c)];
        if (s.relu && y < 0.0) y = 0.0;
        sum += y * static_cast<double>(weight[at(i)]);
      }
    }
  }
  return sum;
}

class NormShapes : public testing::TestWithParam<GroupNormShape> {};

TEST_P(NormShapes, ForwardAndGradientsEqualTheFormula) {
  const GroupNormShape s = GetParam();
  const std::int64_t size = s.channels * s.pixels;
  const auto x = noise(size, 11);
  const auto gamma = noise(s.channels, 12);
  const auto beta = noise(s.channels, 13);
  const auto dy = noise(size, 14);
  std::vector<float> y(x.size()), dx(x.size()), mean(at(s.groups)), rstd(at(s.groups));
  std::vector<float> dgamma(at(s.channels)), dbeta(at(s.channels));
  group_norm_forward(s, x.data(), gamma.data(), beta.data(), y.data(), mean.data(), rstd.data());
  group_norm_backward(s, dy.data(), x.data(), gamma.data(), beta.data(), mean.data(), rstd.data(),
                      dx.data(), dgamma.data(), dbeta.data());
  std::vector<double> xs(x.begin(), x.end());
  std::vector<double> gs(gamma.begin(), gamma.end());
  std::vector<double> bs(beta.begin(), beta.end());
  double objective = 0.0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    objective += static_cast<double>(y[i]) * static_cast<double>(dy[i]);
  }
  EXPECT_NEAR(objective, norm_objective(s, xs, gs, bs, dy), 1e-4 * static_cast<double>(size));
  const double step = 1e-6;
  const auto slope = [&](std::vector<double>& values, std::size_t i) {
    const double kept = values[i];
    values[i] = kept + step;
    const double high = norm_objective(s, xs, gs, bs, dy);
    values[i] = kept - step;
    const double low = norm_objective(s, xs, gs, bs, dy);
    values[i] = kept;
    return (high - low) / (2.0 * step);
  };
  for (std::size_t i = 0; i < x.size(); i += 7) {
    ASSERT_NEAR(static_cast<double>(dx[i]), slope(xs, i), 2e-3) << "input " << i;
  }
  for (std::size_t c = 0; c < gamma.size(); ++c) {
    ASSERT_NEAR(static_cast<double>(dgamma[c]), slope(gs, c), 2e-3) << "channel " << c;
    ASSERT_NEAR(static_cast<double>(dbeta[c]), slope(bs, c), 2e-3) << "channel " << c;
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, NormShapes,
                         testing::Values(GroupNormShape{16, 8, 49, 1e-5f, true},
                                         GroupNormShape{16, 8, 49, 1e-5f, false},
                                         GroupNormShape{6, 3, 65, 1e-5f, true},
                                         GroupNormShape{27, 9, 5, 1e-3f, true},
                                         GroupNormShape{32, 1, 1, 1e-5f, false}));

TEST(MaxPoolKernel, TakesTheFirstMaximumAndSendsTheGradientThere) {
  PoolShape s;
  s.channels = 1;
  s.height = s.width = 4;
  s.out_height = s.out_width = 2;
  const std::vector<float> x = {1, 5, 2, 2, 3, 5, 2, 2, -1, -2, 0, 7, -3, -4, 7, 6};
  std::vector<float> y(4), dx(16);
  std::vector<std::int32_t> taken(4);
  max_pool_forward(s, x.data(), y.data(), taken.data());
  EXPECT_EQ(y, (std::vector<float>{5, 2, -1, 7}));
  const std::vector<float> dy = {10, 20, 30, 40};
  max_pool_backward(s, dy.data(), taken.data(), dx.data());
  EXPECT_EQ(dx, (std::vector<float>{0, 10, 20, 0, 0, 0, 0, 0, 30, 0, 0, 40, 0, 0, 0, 0}));
}

TEST(MaxPoolKernel, PaddingNeverWinsAndOverlappingWindowsAddGradients) {
  PoolShape s;
  s.channels = 2;
  s.height = s.width = 3;
  s.out_height = s.out_width = 2;
  s.kernel_y = s.kernel_x = 3;
  s.pad_y = s.pad_x = 1;
  std::vector<float> x(18, -5.0f);
  x[8] = -1.0f;  // the middle pixel of channel 0 belongs to all four windows
  std::vector<float> y(8), dx(18);
  std::vector<std::int32_t> taken(8);
  max_pool_forward(s, x.data(), y.data(), taken.data());
  EXPECT_EQ(y, (std::vector<float>{-1, -5, -1, -5, -1, -5, -1, -5}));
  const std::vector<float> dy(8, 1.0f);
  max_pool_backward(s, dy.data(), taken.data(), dx.data());
  EXPECT_EQ(dx[8], 4.0f);
}

}  // namespace
}  // namespace brownout::trainers
