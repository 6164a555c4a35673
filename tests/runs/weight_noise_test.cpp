// SPDX-License-Identifier: Apache-2.0
// Relative weight noise: within its bounds, uniform, and the same for the same seed.
#include "sim/runs/weight_noise.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "sim/arithmetic/decode.hpp"
#include "sim/base/random.hpp"

namespace brownout::runs {
namespace {

network::Parameter tensor(std::int64_t size, bool coded) {
  network::Parameter parameter;
  parameter.name = "t";
  parameter.shape = {size};
  const Philox random(static_cast<std::uint64_t>(size), Purpose::kTest);
  for (std::int64_t i = 0; i < size; ++i) {
    const std::uint64_t number = random(static_cast<std::uint64_t>(i))[0];
    if (coded)
      parameter.n.push_back(static_cast<std::int8_t>(static_cast<int>(number % 255) - 127));
    if (!coded) parameter.values.push_back(static_cast<float>(number % 7));
  }
  if (coded) {
    parameter.coding = network::Coding{};
    parameter.coding->alpha = 0.01f;
    parameter.coding->beta = 0.3f;
  }
  return parameter;
}

network::Network three_tensors() {
  network::Network network;
  network.parameters = {tensor(20001, true), tensor(7, false), tensor(30, true)};
  return network;
}

TEST(WeightNoise, IsUniformWithinItsShareOfTheTensorsRange) {
  const network::Network clean = three_tensors();
  network::Network noisy = clean;
  add_weight_noise(noisy, 0.05, 3);
  EXPECT_EQ(noisy.parameters[1].values, clean.parameters[1].values);  // not coded: not moved
  for (const std::size_t t : {0u, 2u}) {
    const auto before = arithmetic::decode_parameter(clean.parameters[t], clean.parameters[t].n);
    const std::vector<float>& after = noisy.parameters[t].values;
    ASSERT_EQ(after.size(), before.size());
    EXPECT_FALSE(noisy.parameters[t].coding.has_value());
    const auto [low, high] = std::minmax_element(before.begin(), before.end());
    const double bound = 0.05 * (static_cast<double>(*high) - static_cast<double>(*low));
    double sum = 0.0, squares = 0.0, largest = 0.0;
    for (std::size_t i = 0; i < after.size(); ++i) {
      const double u = (static_cast<double>(after[i]) - static_cast<double>(before[i])) / bound;
      ASSERT_LE(std::abs(u), 1.0 + 1e-5);
      sum += u;
      squares += u * u;
      largest = std::max(largest, std::abs(u));
    }
    const auto n = static_cast<double>(after.size());
    EXPECT_NEAR(sum / n, 0.0, 4.5 / std::sqrt(3.0 * n));
    EXPECT_NEAR(squares / n, 1.0 / 3.0, 4.5 * std::sqrt(4.0 / 45.0 / n));
    EXPECT_GT(largest, 0.9);
  }
}

TEST(WeightNoise, FollowsItsDefinition) {
  const network::Network clean = three_tensors();
  network::Network noisy = clean;
  add_weight_noise(noisy, 0.5, 11);
  const auto before = arithmetic::decode_parameter(clean.parameters[2], clean.parameters[2].n);
  const auto [low, high] = std::minmax_element(before.begin(), before.end());
  const std::uint64_t number = Philox(11, Purpose::kWeightNoise)(2, 13 / 4)[13 % 4];
  const double expected = static_cast<double>(before[13]) +
                          0.5 * (static_cast<double>(*high) - static_cast<double>(*low)) *
                              (2.0 * unit_open(number) - 1.0);
  EXPECT_FLOAT_EQ(noisy.parameters[2].values[13], static_cast<float>(expected));
}

TEST(WeightNoise, DependsOnTheSeedAloneAndScalesWithItsShare) {
  network::Network a = three_tensors(), b = three_tensors(), c = three_tensors();
  add_weight_noise(a, 0.1, 5);
  add_weight_noise(b, 0.1, 5);
  add_weight_noise(c, 0.1, 6);
  EXPECT_EQ(a.parameters[0].values, b.parameters[0].values);
  EXPECT_NE(a.parameters[0].values, c.parameters[0].values);
  network::Network none = three_tensors();
  add_weight_noise(none, 0.0, 5);
  const network::Network clean = three_tensors();
  EXPECT_EQ(none.parameters[0].values,
            arithmetic::decode_parameter(clean.parameters[0], clean.parameters[0].n));
}

}  // namespace
}  // namespace brownout::runs
