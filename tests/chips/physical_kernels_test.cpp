// SPDX-License-Identifier: Apache-2.0
// Inner loops of physical chips against the functions they stand for.
#include "sim/chips/physical_kernels.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "sim/base/random.hpp"
#include "sim/memory/geometric.hpp"
#include "sim/memory/normal.hpp"

namespace brownout::chips::physical {
namespace {

std::vector<std::uint64_t> random_numbers(int count) {
  const Philox philox(5, Purpose::kTest);
  std::vector<std::uint64_t> numbers;
  for (int i = 0; i < count; ++i) numbers.push_back(philox(static_cast<std::uint64_t>(i))[0]);
  return numbers;
}

/// A number with these 23 bits for the gap and these for the place.
std::uint64_t number_of(std::uint32_t gap, std::uint32_t place) {
  return std::uint64_t{gap} << 41 | std::uint64_t{place} << 9;
}

TEST(PhysicalKernels, GapsAreGeometric) {
  const int count = 1 << 20;
  const std::vector<std::uint64_t> numbers = random_numbers(count);
  std::vector<std::int32_t> gaps(numbers.size());
  for (int octave = 1; octave <= memory::kLastOctave; ++octave) {
    fill_gaps(numbers.data(), count, static_cast<float>(memory::kGapScale[octave]), gaps.data());
    const double rate = 1.0 - std::exp(-1.0 / memory::kGapScale[octave]);
    double sum = 0.0;
    std::int64_t zeros = 0;
    for (const std::int32_t gap : gaps) {
      ASSERT_GE(gap, 0);
      sum += gap;
      zeros += gap == 0;
    }
    // Mean (1 - r)/r, deviation sqrt(1 - r)/r of a gap.
    const double error = std::sqrt((1.0 - rate) / count) / rate;
    EXPECT_NEAR(sum / count, (1.0 - rate) / rate, 4.5 * error) << octave;
    EXPECT_NEAR(static_cast<double>(zeros), rate * count, 4.5 * std::sqrt(rate * count)) << octave;
  }
  fill_gaps(numbers.data(), 8, static_cast<float>(memory::kGapScale[0]), gaps.data());
  EXPECT_EQ(gaps[0], 0);  // octave 0 takes every cell
}

TEST(PhysicalKernels, GapsFollowTheLogarithmUpToItsEnds) {
  std::vector<std::uint64_t> numbers;
  for (const std::uint32_t x : {0u, 1u, 2u, 1000u, 2965819u, 2965820u, 2965821u, (1u << 22),
                                (1u << 23) - 2, (1u << 23) - 1})
    numbers.push_back(number_of(x, 0));
  const int count = static_cast<int>(numbers.size());
  std::vector<std::int32_t> gaps(numbers.size());
  fill_gaps(numbers.data(), count, 1e6f, gaps.data());
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const double u = (2.0 * static_cast<double>(numbers[i] >> 41) + 1.0) * 0x1p-24;
    const double expected = -std::log(u) * 1e6;
    EXPECT_NEAR(gaps[i], expected, 1.0 + 3e-7 * expected) << u;
  }
}

TEST(PhysicalKernels, QuantilesAreThoseOfTheNormalDistribution) {
  const std::vector<std::uint64_t> numbers = random_numbers(4096);
  std::vector<float> g(numbers.size());
  double worst = 0.0;
  for (int octave = 0; octave <= memory::kLastOctave; ++octave) {
    Quantiles::of(octave).fill(numbers.data(), 4096, g.data());
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      const double f = static_cast<double>(unit_open_23(place_bits(numbers[i])));
      const double u =
          octave == memory::kLastOctave ? 0x1p-16 * f : std::ldexp(1.0 + f, -(octave + 1));
      worst = std::max(worst, std::abs(static_cast<double>(g[i]) - memory::normal_upper(u)));
    }
  }
  std::printf("quantiles: within %.2g\n", worst);
  EXPECT_LT(worst, 3e-6);
}

TEST(PhysicalKernels, ProbabilitiesNeverFallAndEndWhereTheyShould) {
  const double noise = 0.0066;
  const Probabilities probabilities(noise);
  const std::uint64_t numbers[8] = {};
  float margins[8];
  std::int32_t knots[8];
  float rests[8];
  float last = 0.0f;
  double worst = 0.0;
  for (double z = -4.0; z < 7.0; z += 1.7e-5) {
    for (float& margin : margins) margin = static_cast<float>(z * noise);
    probabilities.locate(margins, numbers, /*limit=*/1, 8, knots, rests);
    const float p = probabilities.at(knots[0], rests[0]);
    ASSERT_GE(p, last) << z;
    last = p;
    if (z < -3.0974) {
      ASSERT_EQ(p, 0.0f);
    } else if (z > -3.0972) {
      worst = std::max(worst, std::abs(static_cast<double>(p) - memory::normal_cdf(z)));
    }
    probabilities.locate(margins, numbers, /*limit=*/0, 8, knots, rests);
    ASSERT_EQ(probabilities.at(knots[0], rests[0]), -p);
  }
  EXPECT_EQ(last, 1.0f);
  std::printf("probabilities: within %.2g\n", worst);
  EXPECT_LT(worst, 2e-5);  // the margin's own single precision is most of it
}

TEST(PhysicalKernels, WithoutNoiseACellFailsOrDoesNot) {
  const Probabilities probabilities(0.0);
  const std::uint64_t numbers[8] = {};
  const float margins[8] = {1e-7f, -1e-7f, 0.3f, -0.3f};
  std::int32_t knots[8];
  float rests[8];
  probabilities.locate(margins, numbers, 1, 8, knots, rests);
  EXPECT_EQ(probabilities.at(knots[0], rests[0]), 1.0f);
  EXPECT_EQ(probabilities.at(knots[1], rests[1]), 0.0f);
  EXPECT_EQ(probabilities.at(knots[2], rests[2]), 1.0f);
  EXPECT_EQ(probabilities.at(knots[3], rests[3]), 0.0f);
}

TEST(PhysicalKernels, ListsTheBitsOfWords) {
  const std::vector<std::uint64_t> words = {
      0, 1, ~std::uint64_t{0}, 0, 0x8000000000000001, 0x1111111111111111, std::uint64_t{1} << 63,
      0};
  std::vector<std::uint32_t> expected;
  for (std::uint32_t word = 0; word < words.size(); ++word) {
    for (std::uint32_t bit = 0; bit < 64; ++bit) {
      if ((words[word] >> bit & 1) != 0) expected.push_back(word * 64 + bit);
    }
  }
  std::vector<std::uint32_t> bits(words.size() * 64 + kListedAtOnce);
  bits.resize(list_bits(words.data(), static_cast<std::uint32_t>(words.size()), bits.data()));
  EXPECT_EQ(bits, expected);
}

}  // namespace
}  // namespace brownout::chips::physical
