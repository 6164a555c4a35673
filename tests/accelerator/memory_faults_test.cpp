// SPDX-License-Identifier: Apache-2.0
// Faulty input, activation and accumulator memories: the functional engine and the SystemC model
// give the bits of the reference, which looks up every bit's cell, whatever network, accelerator,
// batch, chip and draws.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "sim/base/error.hpp"
#include "sim/chips/chip.hpp"
#include "sim/engines/functional_engine.hpp"
#include "sim/engines/reference_engine.hpp"
#include "sim/engines/systemc_engine.hpp"
#include "tests/accelerator/process_host.hpp"
#include "tests/accelerator/random_accelerator.hpp"
#include "tests/network/random_network.hpp"

namespace brownout::accelerator {
namespace {

using memory::MemoryId;

constexpr std::uint64_t kNetworks = 160;

::testing::AssertionResult same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::isnan(a[i]) && std::isnan(b[i])) continue;
    if (std::memcmp(&a[i], &b[i], sizeof(float)) != 0) {
      return ::testing::AssertionFailure() << "logit " << i << ": " << a[i] << " and " << b[i];
    }
  }
  return ::testing::AssertionSuccess();
}

/// A network on an accelerator, and images: full batches and a smaller one.
struct Case {
  explicit Case(std::uint64_t seed)
      : network(network::random_network(seed)),
        shapes(network::check(network, "random")),
        config(random_accelerator(seed)),
        batch(1 + static_cast<int>(seed % 4)),
        images(batch * 2 + static_cast<int>(seed % 3) % batch),
        pixels(network::random_pixels(network, images, seed)) {
    config.activations.kib = 256;
    faults.images = images;
    try {
      engine = std::make_unique<engines::SystemcEngine>(
          accelerator::process_host(), network::share(network), config, batch, 0, "test");
      faults.full = compiled(batch);
      if (images % batch != 0) faults.remainder = compiled(images % batch);
    } catch (const InputError&) {
    }
  }
  std::shared_ptr<const mapping::Program> compiled(int images_at_once) const {
    return std::make_shared<const mapping::Program>(
        mapping::compile(network, config, images_at_once));
  }
  bool fits() const { return engine != nullptr; }

  /// Faults of the memories in `memories`, a set of bits, input first.
  void draw(const std::string& chip_name, double rate, unsigned memories) {
    const auto chip = chips::make_chip(chip_name);
    const auto list = [&](MemoryId memory, unsigned bit) {
      if ((memories >> bit & 1u) == 0) return memory::FaultList();
      return chip->faults(memory, mapping::memory_words(config, memory), {0.82, rate});
    };
    faults.input = list(MemoryId::kInput, 0);
    faults.activations = list(MemoryId::kActivations, 1);
    faults.accumulators = list(MemoryId::kAccumulators, 2);
  }

  /// Chips without such faults, on which the engine may keep clean values for others.
  void run_before(engines::Engine& tested) const {
    network::Codes codes = network::clean_codes(network);
    codes.back() = network::random_codes(network, 1).back();
    tested.keep_clean_values(pixels.data(), images, std::size_t{1} << 24);
    std::vector<float> logits(static_cast<std::size_t>(images * network.classes));
    for (int chip = 0; chip < 3; ++chip) {
      tested.set_codes(codes);
      tested.run(pixels.data(), 0, images, logits.data(), 0);
    }
  }

  std::vector<float> run(engines::Engine& tested, const network::Codes& codes,
                         int images_a_call) const {
    std::vector<float> logits(static_cast<std::size_t>(images * network.classes));
    tested.set_memory_faults(faults);
    tested.set_codes(codes);
    for (int first = 0; first < images; first += images_a_call) {
      tested.run(pixels.data() + first * network.input.size(), first,
                 std::min(images_a_call, images - first),
                 logits.data() + std::ptrdiff_t{first} * network.classes,
                 images_a_call < images ? first % 2 : 0);
    }
    return logits;
  }

  network::Network network;
  network::Shapes shapes;
  mapping::AcceleratorConfig config;
  int batch, images;
  std::vector<std::uint8_t> pixels;
  std::unique_ptr<engines::SystemcEngine> engine;
  mapping::MemoryFaults faults;
};

/// Which cases occurred; each must have occurred.
struct Met {
  int output_stationary = 0, staged = 0, grouped = 0, remainders = 0, changed = 0, folds = 0;
  int wrong_input = 0, wrong_activations = 0, wrong_accumulators = 0;
  int hit = 0, missed = 0;
};

std::vector<std::int64_t> numbers(const mapping::MemoryCounts& counts) {
  return {counts.input, counts.activations, counts.accumulators.value_or(-1)};
}

/// Cells that read wrong whatever they hold: only the cells hit make bits wrong.
void expect_hit_cells_are_those_that_matter(Case& example, const network::Codes& codes,
                                            std::uint64_t tried, Met& met) {
  const mapping::MemoryFaults before = example.faults;
  engines::ReferenceEngine reference(network::share(example.network));
  for (const MemoryId memory :
       {MemoryId::kInput, MemoryId::kActivations, MemoryId::kAccumulators}) {
    example.faults.input.clear();
    example.faults.activations.clear();
    example.faults.accumulators.clear();
    memory::FaultList& list = memory == MemoryId::kInput         ? example.faults.input
                              : memory == MemoryId::kActivations ? example.faults.activations
                                                                 : example.faults.accumulators;
    const std::uint32_t words = mapping::memory_words(example.config, memory);
    const std::uint64_t number = Philox(tried, Purpose::kTest)(7)[0];
    const auto word = static_cast<std::uint32_t>(number % std::min(words, 512u));
    list = {{word, static_cast<std::uint32_t>(tried % 64), 1.0f, 1.0f}};
    example.run(reference, codes, example.images);
    const mapping::MemoryCounts wrong = reference.memory_bits_wrong();
    const bool matters = wrong.input + wrong.activations + *wrong.accumulators > 0;
    EXPECT_EQ(mapping::cells_hit(example.network, example.faults, memory), matters ? 1 : 0);
    ++(matters ? met.hit : met.missed);
  }
  example.faults = before;
}

TEST(MemoryFaults, EnginesAgreeOnAnyNetworkAcceleratorBatchAndChip) {
  const std::string chips[] = {"random:3", "random:4,p_err=0.5", "physical:5"};
  const double rates[] = {0.001, 0.02, 0.1};
  Met met;
  std::uint64_t tried = 0;
  for (std::uint64_t seed = 0; tried < kNetworks; ++seed) {
    ASSERT_LT(seed, 4 * kNetworks) << "too few networks fit";
    Case example(seed);
    if (!example.fits()) continue;
    SCOPED_TRACE("seed " + std::to_string(seed));
    // Each memory alone, and all together.
    const unsigned memories[] = {1, 2, 4, 7};
    example.draw(chips[tried % 3], rates[tried / 3 % 3], memories[tried % 4]);
    example.faults.draws = {{Purpose::kPhysicalChipRead, tried}, seed, tried % 5 < 2};
    ++tried;

    const network::Codes codes = network::clean_codes(example.network);
    engines::ReferenceEngine reference(network::share(example.network));
    const std::vector<float> expected = example.run(reference, codes, example.images);
    const mapping::MemoryCounts wrong = reference.memory_bits_wrong();
    met.wrong_input += wrong.input > 0 ? 1 : 0;
    met.wrong_activations += wrong.activations > 0 ? 1 : 0;
    met.wrong_accumulators += *wrong.accumulators > 0 ? 1 : 0;

    engines::FunctionalOptions options;
    options.batch = 1 << seed % 4;
    options.portable_vectors = seed % 4 == 3;
    const auto functional =
        engines::make_functional_engine(network::share(example.network), 2, options);
    example.run_before(*functional);
    ASSERT_TRUE(same_bits(expected, example.run(*functional, codes, example.images)));
    ASSERT_EQ(numbers(functional->memory_bits_wrong()), numbers(wrong));
    ASSERT_TRUE(
        same_bits(expected, example.run(*functional, codes, 1 + static_cast<int>(seed % 3))));
    ASSERT_EQ(numbers(functional->memory_bits_wrong()), numbers(wrong));
    ASSERT_TRUE(same_bits(expected, example.run(*example.engine, codes, example.images)));
    ASSERT_EQ(numbers(example.engine->memory_bits_wrong()), numbers(wrong));
    if (tried % 4 == 0) expect_hit_cells_are_those_that_matter(example, codes, tried, met);

    met.output_stationary +=
        example.config.array.dataflow == mapping::Dataflow::kOutputStationary ? 1 : 0;
    met.remainders += example.faults.remainder != nullptr ? 1 : 0;
    for (const mapping::LayerProgram& layer : example.faults.full->layers) {
      met.staged += layer.staged && !example.faults.activations.empty() ? 1 : 0;
      met.grouped += layer.k > 0 && layer.node.matrix.groups > 1 ? 1 : 0;
      met.folds += layer.k > 2 * layer.k_tile ? 1 : 0;
    }
    // Without faults everything is as before.
    example.faults.input.clear();
    example.faults.activations.clear();
    example.faults.accumulators.clear();
    const std::vector<float> clean = example.run(reference, codes, example.images);
    met.changed += same_bits(clean, expected) ? 0 : 1;
    ASSERT_TRUE(same_bits(clean, example.run(*functional, codes, example.images)));
    ASSERT_TRUE(same_bits(clean, example.run(*example.engine, codes, example.images)));
  }
  EXPECT_GT(met.output_stationary, 20);
  EXPECT_GT(met.staged, 20);
  EXPECT_GT(met.grouped, 20);
  EXPECT_GT(met.remainders, 20);
  EXPECT_GT(met.folds, 20);
  EXPECT_GT(met.hit, 10);
  EXPECT_GT(met.missed, 10);
  EXPECT_GT(met.wrong_input, 20);
  EXPECT_GT(met.wrong_activations, 20);
  EXPECT_GT(met.wrong_accumulators, 20);
  EXPECT_GT(met.changed, static_cast<int>(kNetworks / 2));
}

}  // namespace
}  // namespace brownout::accelerator
