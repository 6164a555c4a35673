// SPDX-License-Identifier: Apache-2.0
// Properties over random networks: every kernel, batch size and worker gives the reference's bits.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "sim/datapath/convolution/convolution.hpp"
#include "sim/engines/functional_engine.hpp"
#include "sim/engines/reference_engine.hpp"
#include "tests/network/random_network.hpp"

namespace brownout::engines {
namespace {

constexpr std::uint64_t kNetworks = 240;
constexpr int kImages = 5;

/// The same bits; the payload of a NaN does not count.
::testing::AssertionResult same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::isnan(a[i]) && std::isnan(b[i])) continue;
    if (std::memcmp(&a[i], &b[i], sizeof(float)) != 0) {
      return ::testing::AssertionFailure() << "logit " << i << ": " << a[i] << " and " << b[i];
    }
  }
  return ::testing::AssertionSuccess();
}

std::vector<float> logits_of(Engine& engine, const network::Network& network,
                             const std::vector<std::uint8_t>& pixels, int worker = 0) {
  const auto images =
      static_cast<int>(static_cast<std::int64_t>(pixels.size()) / network.input.size());
  std::vector<float> logits(static_cast<std::size_t>(images * network.classes));
  engine.run(pixels.data(), 0, images, logits.data(), worker);
  return logits;
}

/// The network of a seed with clean and with random codes, and the reference's results for them.
struct Case {
  explicit Case(std::uint64_t seed)
      : network(network::random_network(seed)),
        pixels(network::random_pixels(network, kImages, seed)),
        codes{network::clean_codes(network), network::random_codes(network, seed)} {
    ReferenceEngine reference(network::share(network));
    for (const network::Codes& loaded : codes) {
      reference.set_codes(loaded);
      logits.push_back(logits_of(reference, network, pixels));
    }
  }
  network::Network network;
  std::vector<std::uint8_t> pixels;
  std::vector<network::Codes> codes;
  std::vector<std::vector<float>> logits;
};

class EnginesAgree : public ::testing::TestWithParam<std::string> {};

TEST_P(EnginesAgree, OnRandomNetworksCodesBatchesAndWorkers) {
  if (!datapath::convolution_available(GetParam())) GTEST_SKIP() << "not on this processor";
  for (std::uint64_t seed = 0; seed < kNetworks; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Case example(seed);
    FunctionalOptions options;
    options.convolution = GetParam();
    options.batch = 1 << (seed % 5);
    options.portable_vectors = seed % 4 == 3;
    const auto engine = make_functional_engine(network::share(example.network), 2, options);
    for (std::size_t i = 0; i < example.codes.size(); ++i) {
      engine->set_codes(example.codes[i]);
      for (const int worker : {1, 0}) {
        ASSERT_TRUE(same_bits(example.logits[i],
                              logits_of(*engine, example.network, example.pixels, worker)));
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, EnginesAgree, ::testing::ValuesIn(datapath::convolution_kinds()),
                         [](const auto& kind) {
                           std::string name = kind.param;
                           for (char& c : name) c = c == '-' ? '_' : c;
                           return name;
                         });

}  // namespace
}  // namespace brownout::engines
