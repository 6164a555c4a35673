// SPDX-License-Identifier: Apache-2.0
// The SystemC model computes the same bits as the reference, from words read through faulty cells,
// and through check codes, for random networks on random accelerators, frozen draws and fresh ones;
// its counts are those of the closed form.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "sim/accelerator/accelerator.hpp"
#include "sim/base/error.hpp"
#include "sim/inference/reference_engine.hpp"
#include "sim/mapping/weight_reader.hpp"
#include "sim/memory/random_chip.hpp"
#include "tests/accelerator/random_accelerator.hpp"
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

/// A random case, or none where the network does not fit the accelerator.
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
  std::vector<network::Shape> shapes;
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
    const memory::RandomChip chip(seed, seed % 2 == 0 ? 1.0 : 0.7);
    mapping::WeightReader reader(example.network, example.program);
    const std::uint32_t words = example.program.placement.words;
    const memory::OperatingPoint at{0.8, rates[seed % 4]};
    memory::WordFaultLists faults;
    faults.data = chip.faults(memory::MemoryId::kWeights, words, at);
    if (reader.has_checks()) {
      faults.checks = chip.check_faults(memory::MemoryId::kWeights, words, at);
    }
    memory::Draws draws(/*evaluation_seed=*/seed);
    draws.fresh = seed % 3 == 0;
    inference::ReferenceEngine reference(example.network);
    std::vector<float> expected(static_cast<std::size_t>(images * example.network.classes));
    for (std::int64_t batch = 0; batch < kBatches; ++batch) {
      draws.batch = static_cast<std::uint64_t>(batch);
      reference.set_codes(reader.read(faults, draws));
      const std::int64_t first = batch * example.batch;
      reference.run(pixels.data() + first * example.network.input.size(), first, example.batch,
                    expected.data() + first * example.network.classes, 0);
    }
    draws.batch = 0;

    Accelerator& model = Accelerator::instance();
    model.configure(example.program, example.network, example.shapes);
    model.set_faults(faults, draws);
    std::vector<float> logits(expected.size());
    const RunResult result = model.run(pixels.data(), kBatches, logits.data());
    ASSERT_TRUE(same_bits(expected, logits));

    // Counts: those of the closed form, whatever stalls there are.
    EventCounts twice = example.program.counts;
    twice += example.program.counts;
    ASSERT_EQ(result.total().counts, twice);
    // A layer's cycles are what it streamed and why it did not.
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
    model.configure(example.program, example.network, example.shapes, {/*compute=*/false, 0});
    const RunResult timing = model.run(nullptr, kBatches, nullptr);
    ASSERT_EQ(timing.cycles, result.cycles);
    ASSERT_EQ(timing.total().counts, result.total().counts);
  }
}

}  // namespace
}  // namespace brownout::accelerator
