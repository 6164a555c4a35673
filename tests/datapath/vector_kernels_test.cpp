// SPDX-License-Identifier: Apache-2.0
// AVX2 vector kernels give the bits of the plain ones, for any channel count, NaN and infinities.
#include "sim/datapath/vector_kernels.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "sim/arithmetic/matrix.hpp"
#include "sim/base/random.hpp"

namespace brownout::datapath {
namespace {

class Draws {
 public:
  explicit Draws(std::uint64_t seed) : philox_(seed, Purpose::kTest) {}
  int below(int limit) {
    return static_cast<int>(philox_(count_++)[0] % static_cast<std::uint64_t>(limit));
  }
  /// Mostly ordinary numbers, and sometimes numbers that break careless code.
  float number() {
    const float special[] = {0.0f,
                             -0.0f,
                             1e-42f,
                             -1e-42f,
                             3e38f,
                             std::numeric_limits<float>::infinity(),
                             -std::numeric_limits<float>::infinity(),
                             std::numeric_limits<float>::quiet_NaN()};
    if (below(50) == 0) return special[below(8)];
    return static_cast<float>(below(2001) - 1000) / 128.0f;
  }
  std::vector<float> numbers(int count) {
    std::vector<float> result;
    for (int i = 0; i < count; ++i) result.push_back(number());
    return result;
  }
  std::vector<std::uint8_t> codes(int count) {
    std::vector<std::uint8_t> result;
    for (int i = 0; i < count; ++i) result.push_back(static_cast<std::uint8_t>(below(256)));
    return result;
  }
  std::vector<std::int32_t> integers(int count) {
    std::vector<std::int32_t> result;
    for (int i = 0; i < count; ++i) {
      const int range = below(3) == 0 ? 2000000000 : 2000;
      result.push_back(below(range) - range / 2);
    }
    return result;
  }

 private:
  Philox philox_;
  std::uint64_t count_ = 0;
};

template <typename T>
::testing::AssertionResult same(const std::vector<T>& a, const std::vector<T>& b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if constexpr (std::is_floating_point_v<T>) {
      if (std::isnan(a[i]) && std::isnan(b[i])) continue;
    }
    if (std::memcmp(&a[i], &b[i], sizeof(T)) != 0) {
      return ::testing::AssertionFailure() << "element " << i << ": " << +a[i] << " and " << +b[i];
    }
  }
  return ::testing::AssertionSuccess();
}

constexpr int kChannels[] = {1, 3, 7, 8, 9, 16, 24, 31, 32, 40, 56, 64, 100, 512};

class VectorKernelsAgree : public ::testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    if (avx2_vector_kernels() == nullptr) GTEST_SKIP() << "this processor has no AVX2";
  }
  const int channels_ = GetParam();
};

TEST_P(VectorKernelsAgree, OnDequantizationAndItsSums) {
  for (const bool per_channel : {false, true}) {
    Draws draws(static_cast<std::uint64_t>(channels_));
    const int pixels = 1 + draws.below(300);
    const auto acc = draws.integers(pixels * channels_);
    const auto offsets = draws.numbers(per_channel ? pixels * channels_ : pixels);
    const auto bias = draws.numbers(channels_);
    const auto a = draws.numbers(channels_);
    const DequantizeTask task{acc.data(),  a.data(), offsets.data(), per_channel,
                              bias.data(), pixels,   channels_};
    std::vector<float> y[2];
    std::vector<double> s1[2];
    std::vector<double> s2[2];
    const VectorKernels* kernels[] = {&portable_vector_kernels(), avx2_vector_kernels()};
    for (const int k : {0, 1}) {
      y[k].resize(acc.size());
      s1[k].resize(bias.size());
      s2[k].resize(bias.size());
      kernels[k]->dequantize_with_sums(task, y[k].data(), s1[k].data(), s2[k].data());
    }
    ASSERT_TRUE(same(y[0], y[1]));
    ASSERT_TRUE(same(s1[0], s1[1]));
    ASSERT_TRUE(same(s2[0], s2[1]));
    // The same sums again, of numbers.
    kernels[1]->sums(y[0].data(), pixels, channels_, s1[1].data(), s2[1].data());
    ASSERT_TRUE(same(s1[0], s1[1]));
    ASSERT_TRUE(same(s2[0], s2[1]));
  }
}

TEST_P(VectorKernelsAgree, OnDequantizationInPlace) {
  Draws draws(static_cast<std::uint64_t>(channels_));
  const int pixels = 50;
  auto acc = draws.integers(pixels * channels_);
  const auto offsets = draws.numbers(pixels);
  const auto bias = draws.numbers(channels_);
  const auto a = draws.numbers(channels_);
  const DequantizeTask task{acc.data(),  a.data(), offsets.data(), false,
                            bias.data(), pixels,   channels_};
  std::vector<float> y(acc.size());
  std::vector<double> s1(bias.size());
  std::vector<double> s2(bias.size());
  portable_vector_kernels().dequantize_with_sums(task, y.data(), s1.data(), s2.data());
  void* place = acc.data();
  avx2_vector_kernels()->dequantize_with_sums(task, static_cast<float*>(place), s1.data(),
                                              s2.data());
  std::vector<float> replaced(y.size());
  std::memcpy(replaced.data(), acc.data(), acc.size() * sizeof(float));
  ASSERT_TRUE(same(y, replaced));
}

TEST_P(VectorKernelsAgree, OnFusedPasses) {
  using arithmetic::Activation;
  const arithmetic::Window windows[] = {{6, 7, 3, 3, 2, 2, 2, 2, 0, 0},
                                        {6, 7, 6, 7, 3, 3, 1, 1, 1, 1},
                                        {6, 7, 1, 1, 6, 7, 1, 1, 0, 0}};
  Draws draws(static_cast<std::uint64_t>(channels_) + 1000);
  for (int round = 0; round < 48; ++round) {
    FinishTask task;
    task.pixels = 42;
    task.channels = channels_;
    const auto numbers = draws.numbers(task.pixels * channels_);
    const auto acc = draws.integers(task.pixels * channels_);
    const auto offsets = draws.numbers(task.pixels * channels_);
    const auto bias = draws.numbers(channels_);
    const auto mean = draws.numbers(channels_);
    const auto factor = draws.numbers(channels_);
    const auto shift = draws.numbers(channels_);
    const auto residual = draws.codes(task.pixels * channels_);
    if (round % 2 == 0) task.numbers = numbers.data();
    const auto a = draws.numbers(channels_);
    task.integers = {acc.data(),  a.data(),    offsets.data(), round % 4 == 1,
                     bias.data(), task.pixels, channels_};
    task.mean = mean.data();
    task.factor = factor.data();
    task.shift = shift.data();
    if (draws.below(3) == 0) {
      task.residual_codes = residual.data();
      task.residual_scale = 0.3f;
      task.residual_zero = draws.below(256);
    } else if (draws.below(2) == 0) {
      task.residual_numbers = numbers.data();
    }
    task.activation = static_cast<Activation>(draws.below(5));
    const auto low = draws.numbers(channels_);  // of a clip or prelu
    task.low = low.data();
    task.high = 0.5f;
    if (round % 3 != 0) task.pool = &windows[draws.below(3)];
    task.scale = 0.05f;
    task.zero_point = draws.below(3) == 0 ? draws.below(256) : 0;
    const auto size = static_cast<std::size_t>(task.out_pixels() * channels_);
    std::vector<float> out[2] = {std::vector<float>(size), std::vector<float>(size)};
    std::vector<std::uint8_t> codes[2] = {std::vector<std::uint8_t>(size),
                                          std::vector<std::uint8_t>(size)};
    const VectorKernels* kernels[] = {&portable_vector_kernels(), avx2_vector_kernels()};
    for (const int k : {0, 1}) {
      task.out = out[k].data();
      task.codes = nullptr;
      kernels[k]->finish(task);
      task.codes = codes[k].data();
      kernels[k]->finish(task);
    }
    SCOPED_TRACE("round " + std::to_string(round));
    ASSERT_TRUE(same(out[0], out[1]));
    ASSERT_TRUE(same(codes[0], codes[1]));
  }
}

INSTANTIATE_TEST_SUITE_P(Channels, VectorKernelsAgree, ::testing::ValuesIn(kChannels));

TEST(SumLane, EqualsItsDefinitionForAnyWindow) {
  Draws draws(7);
  for (int round = 0; round < 300; ++round) {
    arithmetic::Matrix matrix;
    const int members = draws.below(2) == 0 ? 1 + draws.below(40) : 16 * (1 + draws.below(8));
    matrix.groups = draws.below(3) == 0 ? 1 + draws.below(5) : 1;
    matrix.in_channels = members * matrix.groups;
    matrix.out_channels = matrix.groups;
    arithmetic::Window& window = matrix.window;
    window.in_height = 1 + draws.below(12);
    window.in_width = 1 + draws.below(20);
    window.pad_top = draws.below(4);
    window.pad_left = draws.below(4);
    const int pad_bottom = draws.below(4);
    const int pad_right = draws.below(4);
    const int high = window.in_height + window.pad_top + pad_bottom;
    const int wide = window.in_width + window.pad_left + pad_right;
    window.kernel_h = 1 + draws.below(std::min(high, 5));
    window.kernel_w = 1 + draws.below(std::min(wide, 5));
    window.stride_h = 1 + draws.below(2);
    window.stride_w = 1 + draws.below(2);
    window.out_height = (high - window.kernel_h) / window.stride_h + 1;
    window.out_width = (wide - window.kernel_w) / window.stride_w + 1;
    const int zero_point = draws.below(256);
    const auto q = draws.codes(window.in_pixels() * matrix.in_channels);
    const auto size = static_cast<std::size_t>(window.out_pixels() * matrix.groups);
    std::vector<std::int32_t> sums(size);
    arithmetic::sum_lane(matrix, q.data(), zero_point, sums.data());
    const float b = 0.37f;
    std::vector<float> expected;
    for (const std::int32_t sum : sums) expected.push_back(b * static_cast<float>(sum));

    SumScratch scratch;
    scratch.grow(matrix);
    const VectorKernels* kernels[] = {&portable_vector_kernels(), avx2_vector_kernels()};
    for (const VectorKernels* kind : kernels) {
      if (kind == nullptr) continue;
      std::vector<float> offsets(size + 8);
      kind->channel_sums(q.data(), window.in_pixels(), matrix.in_channels, matrix.groups,
                         zero_point, scratch.channels.data());
      kind->window_offsets(matrix, b, scratch, offsets.data());
      offsets.resize(size);
      SCOPED_TRACE(std::string(kind->name) + " round " + std::to_string(round));
      ASSERT_TRUE(same(expected, offsets));
    }
  }
}

}  // namespace
}  // namespace brownout::datapath
