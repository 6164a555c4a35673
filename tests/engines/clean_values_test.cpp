// SPDX-License-Identifier: Apache-2.0
// Runs that begin at kept clean values give the bits of runs that compute everything, do not
// compute what comes before, and take memory only where chips come back for it.
#include "sim/engines/clean_values.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "sim/engines/functional_engine.hpp"
#include "sim/engines/reference_engine.hpp"
#include "tests/network/built_networks.hpp"
#include "tests/network/random_network.hpp"

namespace brownout::engines {
namespace {

constexpr std::uint64_t kNetworks = 120;
constexpr int kImages = 7;
constexpr std::size_t kPlenty = std::size_t{1} << 24;

/// The same bits; the payload of a NaN does not count.
bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::isnan(a[i]) && std::isnan(b[i])) continue;
    if (std::memcmp(&a[i], &b[i], sizeof(float)) != 0) return false;
  }
  return a.size() == b.size();
}

/// A network with its plan.
struct Planned {
  explicit Planned(const network::Network& planned)
      : network(network::share(planned)),
        shapes(network::check(*network, "test")),
        steps(mapping::make_plan(*network, shapes)) {
    for (const network::ValueIndex value : shapes.indices()) {
      const bool codes = network::is_quantized(*network, value);
      bytes.push_back(static_cast<std::size_t>(shapes[value].size()) * (codes ? 1 : sizeof(float)));
    }
  }
  std::vector<Boundary> boundaries(std::size_t budget) const {
    return choose_boundaries(*network, steps, bytes, kImages, budget);
  }
  /// Clean codes but for those of one parameter.
  network::Codes wrong_in(network::ParameterIndex parameter, std::uint64_t seed = 1) const {
    network::Codes codes = network::clean_codes(*network);
    codes[parameter] = network::random_codes(*network, seed)[parameter];
    return codes;
  }
  network::ParameterIndex last_parameter() const {
    return network::ParameterIndex(network->parameters.size() - 1);
  }

  network::SharedNetwork network;
  network::Shapes shapes;
  std::vector<mapping::Step> steps;
  datapath::ImageBytes bytes;
};

/// All images in calls of `together`, on two workers in turns.
std::vector<float> run(Engine& engine, const network::Network& network, const network::Codes& codes,
                       const std::vector<std::uint8_t>& pixels, int together = kImages) {
  std::vector<float> logits(static_cast<std::size_t>(kImages) *
                            static_cast<std::size_t>(network.classes));
  engine.set_codes(codes);
  for (int first = 0, call = 0; first < kImages; first += together, ++call) {
    engine.run(pixels.data() + first * network.input.size(), first,
               std::min(together, kImages - first),
               logits.data() + std::ptrdiff_t{first} * network.classes, call % 2);
  }
  return logits;
}

TEST(CleanValues, GiveTheReferencesBitsWhicheverParameterIsWrong) {
  int networks_with_boundaries = 0, several_values = 0, begun_later = 0;
  for (std::uint64_t seed = 0; seed < kNetworks; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Planned planned(network::random_network(seed));
    const network::Network& network = *planned.network;
    const std::size_t budget = seed % 3 == 2 ? kImages * 64 : kPlenty;
    const std::vector<Boundary> boundaries = planned.boundaries(budget);
    networks_with_boundaries += boundaries.empty() ? 0 : 1;
    for (const Boundary& boundary : boundaries) several_values += boundary.values.size() > 1;

    std::vector<std::uint8_t> pixels = network::random_pixels(network, kImages, seed);
    FunctionalOptions options;
    options.batch = 1 << (seed % 5);
    const auto engine = make_functional_engine(planned.network, 2, options);
    engine->keep_clean_values(pixels.data(), kImages, budget);
    ReferenceEngine reference(planned.network);
    const int together = 1 + static_cast<int>(seed / 5 % kImages);

    // The last parameters first: their runs keep what the others then must not use.
    for (std::size_t i = network.parameters.size(); i-- > 0;) {
      const network::Codes codes = planned.wrong_in(network::ParameterIndex(i), seed);
      const auto expected = run(reference, network, codes, pixels);
      for (int again = 0; again < 3; ++again) {
        ASSERT_TRUE(same_bits(expected, run(*engine, network, codes, pixels, together)))
            << "parameter " << i;
      }
    }
    for (const network::Codes& codes :
         {network::clean_codes(network), network::random_codes(network, seed)}) {
      ASSERT_TRUE(same_bits(run(reference, network, codes, pixels),
                            run(*engine, network, codes, pixels, together)));
    }

    // Whoever does not look at the images again does not notice that they are others.
    const network::Codes last = planned.wrong_in(planned.last_parameter(), seed);
    const auto expected = run(reference, network, last, pixels);
    const std::vector<std::uint8_t> kept = pixels;
    for (std::uint8_t& pixel : pixels) pixel = static_cast<std::uint8_t>(255 - pixel);
    const auto others = run(reference, network, last, pixels);
    const auto found = run(*engine, network, last, pixels, together);
    if (boundaries.empty()) {
      ASSERT_TRUE(same_bits(others, found));
    }
    begun_later += same_bits(expected, found) && !same_bits(others, found);
    // At another address they are other images, whatever their numbers.
    const std::vector<std::uint8_t> elsewhere = pixels;
    ASSERT_TRUE(same_bits(others, run(*engine, network, last, elsewhere, together)));
  }
  EXPECT_GT(networks_with_boundaries, 40);
  EXPECT_GT(several_values, 20);
  EXPECT_GT(begun_later, 30);
}

TEST(CleanValues, StepsBeforeABoundaryDoNotRunAndThoseOfAWrongCodeDo) {
  const Planned planned(network::simple_network());
  const network::Network& network = *planned.network;
  std::vector<std::uint8_t> pixels = network::random_pixels(network, kImages, 1);
  const auto engine = make_functional_engine(planned.network, 2, {});
  engine->keep_clean_values(pixels.data(), kImages, kPlenty);
  const network::Codes late = planned.wrong_in(planned.last_parameter());
  const network::Codes early = planned.wrong_in(network::ParameterIndex(0));
  const auto expected = run(*engine, network, late, pixels);
  const auto expected_early = run(*engine, network, early, pixels);
  run(*engine, network, late, pixels);  // keeps values

  std::fill(pixels.begin(), pixels.end(), std::uint8_t{77});
  EXPECT_EQ(run(*engine, network, late, pixels), expected);
  EXPECT_NE(run(*engine, network, early, pixels), expected_early);
}

TEST(CleanValues, BoundariesFitTheirBytes) {
  std::vector<Planned> networks;
  networks.emplace_back(network::simple_network());
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    networks.emplace_back(network::random_network(seed));
  }
  for (const Planned& planned : networks) {
    EXPECT_TRUE(planned.boundaries(0).empty());
    EXPECT_LE(planned.boundaries(kPlenty).size(), 3u);
    for (std::size_t budget = kImages; budget < kPlenty; budget *= 3) {
      std::size_t bytes = 0, last = 0;
      for (const Boundary& boundary : planned.boundaries(budget)) {
        bytes += boundary.image_bytes * kImages;
        EXPECT_GT(boundary.step, last);
        last = boundary.step;
      }
      EXPECT_LE(bytes, budget);
    }
  }
  EXPECT_FALSE(networks.front().boundaries(kPlenty).empty());
}

TEST(CleanValues, TakeMemoryFromTheSecondChipOnThatCanUseIt) {
  const Planned planned(network::simple_network());
  const std::vector<std::uint8_t> pixels = network::random_pixels(*planned.network, kImages, 1);
  CleanValues clean(planned.network, planned.steps, planned.bytes, pixels.data(), kImages, kPlenty);
  const std::vector<Boundary> boundaries = planned.boundaries(kPlenty);
  ASSERT_FALSE(boundaries.empty());
  const auto kept = [&] {
    std::size_t count = 0;
    for (const Boundary& boundary : boundaries) count += clean.at(boundary.step) != nullptr;
    return count;
  };

  const network::Codes late = planned.wrong_in(planned.last_parameter());
  for (int chip = 0; chip < 5; ++chip) {  // wrong everywhere
    clean.set_codes(network::random_codes(*planned.network, 1), true);
    EXPECT_EQ(kept(), 0u);
  }
  clean.set_codes(network::clean_codes(*planned.network), true);
  clean.set_codes(network::clean_codes(*planned.network), true);
  clean.set_codes(late, false);
  clean.set_codes(late, false);
  EXPECT_EQ(kept(), 0u);
  clean.set_codes(late, true);
  EXPECT_EQ(kept(), 0u);
  clean.set_codes(late, true);
  EXPECT_EQ(kept(), boundaries.size());
  EXPECT_EQ(clean.begin(0, kImages), 0u);  // nothing has run
  clean.add(0, 0, 3);
  EXPECT_EQ(clean.begin(0, 3), boundaries.back().step);
  EXPECT_EQ(clean.begin(0, 4), 0u);
  clean.set_codes(planned.wrong_in(network::ParameterIndex(0)), true);
  EXPECT_EQ(kept(), 0u);
  EXPECT_EQ(clean.begin(0, 3), 0u);
}

}  // namespace
}  // namespace brownout::engines
