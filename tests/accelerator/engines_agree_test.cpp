// SPDX-License-Identifier: Apache-2.0
// The SystemC model computes the same bits as the reference, from words read through faulty cells
// and through check codes, for random networks on random accelerators, with frozen and with fresh
// draws; its counts are those of the closed form.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "sim/base/error.hpp"
#include "sim/chips/random_chip.hpp"
#include "sim/engines/reference_engine.hpp"
#include "sim/weights/weight_reader.hpp"
#include "tests/accelerator/process_host.hpp"
#include "tests/accelerator/random_accelerator.hpp"
#include "tests/network/built_networks.hpp"
#include "tests/network/random_network.hpp"

namespace brownout::accelerator {
namespace {

constexpr std::uint64_t kNetworks = 300;

::testing::AssertionResult same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::isnan(a[i]) && std::isnan(b[i])) continue;
    if (std::memcmp(&a[i], &b[i], sizeof(float)) != 0) {
      return ::testing::AssertionFailure() << "logit " << i << ": " << a[i] << " and " << b[i];
    }
  }
  return ::testing::AssertionSuccess();
}

/// A random case, or none if the network does not fit the accelerator.
struct Case {
  explicit Case(std::uint64_t seed) : network(network::random_network(seed)) {
    shapes = network::check(network, "random");
    batch = 1 + static_cast<int>(seed % 3);
    mapping::AcceleratorConfig config = random_accelerator(seed);
    config.weights.mitigations.check = static_cast<memory::CheckCode>(seed / 2 % 4);
    config.weights.mitigations.on_error = static_cast<memory::OnError>(seed / 8 % 3);
    try {
      program = mapping::compile(network, config, batch, seed % 7 * 13);
      fits = true;
    } catch (const InputError&) {
    }
  }
  network::Network network;
  network::Shapes shapes;
  int batch = 1;
  mapping::Program program;
  bool fits = false;
};

TEST(SystemcEngine, AgreesWithTheReferenceOnFaultyChips) {
  std::uint64_t tried = 0;
  for (std::uint64_t seed = 0; tried < kNetworks; ++seed) {
    ASSERT_LT(seed, 3 * kNetworks) << "too few networks fit";
    const Case example(seed);
    if (!example.fits) continue;
    ++tried;
    SCOPED_TRACE("seed " + std::to_string(seed));
    constexpr std::int64_t kBatches = 2;
    const int images = static_cast<int>(kBatches) * example.batch;
    const auto pixels = network::random_pixels(example.network, images, seed);
    const double rates[] = {0.0, 0.01, 0.1, 0.5};
    const chips::RandomChip chip(seed, seed % 2 == 0 ? 1.0 : 0.7);
    weights::WeightReader reader(network::share(example.network), example.program);
    const std::uint32_t words = example.program.placement.words;
    const chips::OperatingPoint at{0.8, rates[seed % 4]};
    memory::WordFaultLists faults;
    faults.data = chip.faults(memory::MemoryId::kWeights, words, at);
    if (reader.has_checks()) {
      faults.checks = chip.check_faults(memory::MemoryId::kWeights, words, at);
    }
    memory::Draws draws{chip.die(), /*seed=*/seed, /*fresh=*/seed % 3 == 0};
    engines::ReferenceEngine reference(network::share(example.network));
    std::vector<float> expected(static_cast<std::size_t>(images * example.network.classes));
    for (std::int64_t batch = 0; batch < kBatches; ++batch) {
      draws.batch = static_cast<std::uint64_t>(batch);
      reference.set_codes(reader.read(faults, draws));
      const std::int64_t first = batch * example.batch;
      reference.run(pixels.data() + first * example.network.input.size(), first, example.batch,
                    expected.data() + first * example.network.classes, 0);
    }
    draws.batch = 0;

    KernelHost& model = *process_host();
    model.configure(std::make_shared<const mapping::Program>(example.program),
                    network::share(example.network), example.shapes);
    model.set_faults(faults, draws);
    std::vector<float> logits(expected.size());
    const RunResult result = model.run(pixels.data(), kBatches, logits.data());
    ASSERT_TRUE(same_bits(expected, logits));

    // Counts: those of the closed form, whatever stalls there are.
    EventCounts twice = example.program.counts;
    twice += example.program.counts;
    ASSERT_EQ(result.total().counts, twice);
    // A layer's cycles are the streamed ones plus the stalls.
    for (std::size_t i = 0; i < result.layers.size(); ++i) {
      const LayerTally& layer = result.layers[i];
      std::int64_t cycles = layer.stream_cycles;
      for (const std::int64_t stall : layer.stalls) cycles += stall;
      ASSERT_EQ(layer.cycles, cycles) << example.program.layers[i].name;
      EventCounts layer_twice = example.program.layers[i].counts;
      layer_twice += example.program.layers[i].counts;
      ASSERT_EQ(layer.counts, layer_twice) << example.program.layers[i].name;
      ASSERT_GE(layer.cycles, kBatches * example.program.layers[i].closed_form_cycles)
          << example.program.layers[i].name;
      const bool waits =
          layer.stall(Stall::kWeightDma) > 0 || layer.stall(Stall::kAccumulators) > 0 ||
          layer.stall(Stall::kActivationBank) > 0 || layer.stall(Stall::kVectorUnit) > 0;
      if (!waits) {
        ASSERT_EQ(layer.cycles, kBatches * example.program.layers[i].closed_form_cycles)
            << example.program.layers[i].name;
      }
    }
    // Timing does not depend on data.
    model.configure(std::make_shared<const mapping::Program>(example.program),
                    network::share(example.network), example.shapes, {/*compute=*/false, 0});
    const RunResult timing = model.run(nullptr, kBatches, nullptr);
    ASSERT_EQ(timing.cycles, result.cycles);
    ASSERT_EQ(timing.total().counts, result.total().counts);
  }
}

/// Two separate norms, because two operators read the value before them; their parameters take many
/// chunks of a small scratchpad.
network::Network norms_without_matrix() {
  const network::Coding coding{network::Scheme::kRquant, 8, 0.003f, -0.02f};
  network::Builder b({1, 1, 1}, 10);
  b.add(network::Quantize{1.0f / 255, 0});
  constexpr int kChannels = 4000;
  const auto wide = b.parameter(network::Role::kWeight, {kChannels, 1, 1, 1}, coding);
  auto value = b.add(network::Conv2d{wide, {}, kChannels});
  for (int i = 0; i < 2; ++i) {
    const auto residual = b.add(network::Quantize{0.01f, 100}, {value});
    const auto scale = b.parameter(network::Role::kScale, {kChannels}, coding);
    const auto shift = b.parameter(network::Role::kShift, {kChannels}, coding);
    const auto normed = b.add(network::GroupNorm{scale, shift, 8, 1e-5f, true}, {value});
    value = b.add(network::Add{}, {normed, residual});
  }
  b.add(network::Quantize{0.02f, 128});
  const auto last = b.parameter(network::Role::kWeight, {10, kChannels / 10, 1, 1}, coding);
  b.add(network::Conv2d{last, {}, 10, 10});
  return b.network();
}

TEST(SystemcEngine, NormsWithoutAMatrixOperatorGiveTheirWeightsPlaceBack) {
  const network::Network network = norms_without_matrix();
  const network::Shapes shapes = network::check(network, "test");
  auto config = mapping::load_accelerator(std::filesystem::path(BROWNOUT_SOURCE_DIR) /
                                          "configs/accelerators/ibm-14nm.yaml");
  config.weights.arrays = 1;
  config.weights.array_rows = 128;
  const mapping::Program program = mapping::compile(network, config, 1);
  std::size_t most = 0;
  for (const mapping::LayerProgram& layer : program.layers) {
    if (layer.k == 0) most = std::max(most, layer.chunks.size());
  }
  ASSERT_GT(most, 2u) << "each norm fits the scratchpad: this test shows nothing";
  const auto pixels = network::random_pixels(network, 2, 5);
  engines::ReferenceEngine reference(network::share(network));
  std::vector<float> expected(20);
  reference.set_codes(network::clean_codes(network));
  reference.run(pixels.data(), 0, 2, expected.data(), 0);
  KernelHost& model = *process_host();
  model.configure(std::make_shared<const mapping::Program>(program), network::share(network),
                  shapes);
  std::vector<float> logits(20);
  const RunResult result = model.run(pixels.data(), 2, logits.data());
  EXPECT_TRUE(same_bits(expected, logits));
  EventCounts twice = program.counts;
  twice += program.counts;
  EXPECT_EQ(result.total().counts, twice);
  for (std::size_t i = 0; i < result.layers.size(); ++i) {
    std::int64_t cycles = result.layers[i].stream_cycles;
    for (const std::int64_t stall : result.layers[i].stalls) cycles += stall;
    EXPECT_EQ(result.layers[i].cycles, cycles) << program.layers[i].name;
  }
}

}  // namespace
}  // namespace brownout::accelerator
