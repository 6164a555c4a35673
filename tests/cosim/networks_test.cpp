// SPDX-License-Identifier: Apache-2.0
// Whole networks through the accelerator with RTL inside: no word, no sum and no cycle differs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <set>

#include "sim/base/error.hpp"
#include "sim/chips/random_chip.hpp"
#include "sim/cosim/checked_array.hpp"
#include "sim/cosim/core_fit.hpp"
#include "sim/data/dataset.hpp"
#include "sim/engines/systemc_engine.hpp"
#include "sim/mapping/memory_faults.hpp"
#include "sim/network/onnx_file.hpp"
#include "tests/accelerator/process_host.hpp"
#include "tests/accelerator/random_accelerator.hpp"
#include "tests/network/random_network.hpp"

namespace brownout::cosim {
namespace {

namespace fs = std::filesystem;

std::vector<float> run(engines::SystemcEngine& engine, const network::Network& network,
                       const std::vector<std::uint8_t>& pixels) {
  const auto images =
      static_cast<int>(static_cast<std::int64_t>(pixels.size()) / network.input.size());
  std::vector<float> logits(static_cast<std::size_t>(images * network.classes));
  engine.run(pixels.data(), 0, images, logits.data(), 0);
  return logits;
}

std::string describe(const Mismatch& found) {
  return std::string(kind_name(found.kind)) + " " + found.what + " in layer " + found.layer +
         ", strip " + std::to_string(found.strip) + ", tile " + std::to_string(found.tile) +
         ", row " + std::to_string(found.row) + ", column " + std::to_string(found.column) +
         ": expected " + std::to_string(found.expected) + ", found " + std::to_string(found.found);
}

void expect_agreement(const CheckedArray& array) {
  if (array.first_mismatch()) ADD_FAILURE() << describe(*array.first_mismatch());
  for (const mapping::LayerIndex i : array.checks().indices()) {
    EXPECT_EQ(array.checks()[i].mismatches, 0);
    EXPECT_EQ(array.records()[i].rtl_cycles, array.records()[i].systemc_cycles)
        << "layer " << i.number();
  }
}

// Numbers that have no factor in common with what else is drawn from the seed.
constexpr const char* kMitigations[7] = {"none",
                                         "secded",
                                         "none",
                                         "interleaved-parity",
                                         "parity",
                                         "interleaved-parity,on-error=zero",
                                         "secded,on-error=zero"};
mitigation::Mitigations mitigations(std::uint64_t number) {
  return mitigation::parse_mitigations(kMitigations[number % std::size(kMitigations)], "test");
}

TEST(CheckCore, RefusesStreamedWeightsWhoseLoadsWouldWaitAtOtherTimes) {
  const auto refusal = [](int arrays, int rows, mapping::WeightResidency residency) {
    mapping::AcceleratorConfig config;
    config.array.rows = config.array.columns = 8;
    config.weights.words_per_cycle = 1;
    config.weights.residency = residency;
    config.weights.arrays = arrays;
    config.weights.array_rows = rows;
    try {
      check_core(config);
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  constexpr auto kStreamed = mapping::WeightResidency::kStreamed;
  constexpr auto kResident = mapping::WeightResidency::kResident;
  EXPECT_EQ(refusal(4, 512, kStreamed), "");
  EXPECT_THAT(refusal(4, 256, kStreamed), testing::HasSubstr("weights.array_rows: the RTL has"));
  EXPECT_THAT(refusal(3, 512, kStreamed), testing::HasSubstr("weights.arrays: expected an even"));
  EXPECT_EQ(refusal(3, 256, kResident), "");
}

TEST(RandomNetworks, AgreeOnRandomAcceleratorsAndFaultyChips) {
  constexpr int kNetworks = 160;
  int tried = 0;
  std::int64_t tiles = 0;
  int redrawn = 0, with_sums = 0;  // streamed with draws per load; with faulty accumulators
  Counters counters;
  for (std::uint64_t seed = 0; tried < kNetworks; ++seed) {
    ASSERT_LT(seed, 4 * kNetworks) << "too few networks fit";
    SCOPED_TRACE("seed " + std::to_string(seed));
    const network::Network network = network::random_network(seed);
    mapping::AcceleratorConfig config = accelerator::random_accelerator(seed);
    config.array.dataflow = mapping::Dataflow::kWeightStationary;
    config.array.rows = config.array.columns = 4 << seed % 3;
    config.weights.words_per_cycle = 1;
    if (config.weights.residency == mapping::WeightResidency::kStreamed) {
      config.weights.array_rows = 512;
      config.weights.arrays = 2 + 2 * static_cast<int>(seed % 2);
    }
    config.weights.mitigations = mitigations(seed);
    ASSERT_NO_THROW(check_core(config));
    const int batch = 1 + static_cast<int>(seed % 3);
    const auto pixels = network::random_pixels(network, 2 * batch, seed);
    CheckOptions options;
    options.mismatch_trace = testing::TempDir() + "random-network-mismatch.fst";
    const auto checked = std::make_shared<CheckedArray>(config, options);
    try {
      engines::SystemcEngine behavioural(accelerator::process_host(), network::share(network),
                                         config, batch, seed % 7 * 13, "random");
      engines::SystemcEngine cosim(accelerator::process_host(), network::share(network), config,
                                   batch, seed % 7 * 13, "random", checked);
      engines::SystemcEngine rtl(accelerator::process_host(), network::share(network), config,
                                 batch, seed % 7 * 13, "random",
                                 std::make_shared<RtlArray>(config));
      const double rates[] = {0.0, 0.01, 0.1, 0.5};
      const chips::RandomChip chip(seed, seed % 2 == 0 ? 1.0 : 0.7);
      const chips::OperatingPoint at{0.8, rates[seed % 4]};
      memory::WordFaultLists faults{
          chip.faults(memory::MemoryId::kWeights, cosim.program().placement.words, at), {}};
      if (config.weights.mitigations.any()) {
        faults.checks =
            chip.check_faults(memory::MemoryId::kWeights, cosim.program().placement.words, at);
      }
      const bool fresh = seed % 5 < 2;
      const memory::Draws draws{chip.die(), seed, fresh};
      mapping::MemoryFaults others;
      others.full = std::make_shared<const mapping::Program>(cosim.program());
      others.images = 2 * batch;
      others.draws = draws;
      if (seed % 3 == 1) {
        others.accumulators =
            chip.faults(memory::MemoryId::kAccumulators,
                        mapping::memory_words(config, memory::MemoryId::kAccumulators),
                        {0.8, seed % 4 == 0 ? 0.03 : 0.002});
        with_sums += others.accumulators.empty() ? 0 : 1;
      }
      for (engines::SystemcEngine* engine : {&behavioural, &cosim, &rtl}) {
        engine->set_chip({}, faults, draws);
        engine->set_memory_faults(others);
      }
      const bool streamed = config.weights.residency == mapping::WeightResidency::kStreamed;
      redrawn += fresh && streamed && seed % 2 == 1 && !faults.data.empty() ? 1 : 0;
      const std::vector<float> logits = run(behavioural, network, pixels);
      const auto same = [&](const std::vector<float>& other) {
        return std::memcmp(logits.data(), other.data(), logits.size() * sizeof(float)) == 0;
      };
      EXPECT_TRUE(same(run(cosim, network, pixels)));
      EXPECT_TRUE(same(run(rtl, network, pixels)));
      EXPECT_EQ(rtl.name(), "rtl");
    } catch (const InputError&) {
      continue;  // does not fit
    }
    expect_agreement(*checked);
    for (const LayerRecord& record : checked->records()) tiles += record.tiles;
    for (const LayerCheck& check : checked->checks()) counters += check.counters;
    ++tried;
    if (HasFailure()) break;
  }
  EXPECT_GT(redrawn, 5);
  EXPECT_GT(with_sums, 30);
  EXPECT_GT(counters.words_corrected, 1000);
  EXPECT_GT(counters.words_detected, 1000);
  RecordProperty("tiles", static_cast<int>(tiles));
}

TEST(RandomNetworks, AgreeUnderBackPressure) {
  int tried = 0;
  for (std::uint64_t seed = 1000; tried < 30; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const network::Network network = network::random_network(seed);
    mapping::AcceleratorConfig config = accelerator::random_accelerator(seed);
    config.array.dataflow = mapping::Dataflow::kWeightStationary;
    config.array.rows = config.array.columns = 4 << seed % 3;
    config.weights.words_per_cycle = 1;
    // If chunks stream in, the gates come from a model that knows no back-pressure.
    config.weights.residency = mapping::WeightResidency::kResident;
    CheckOptions options;
    options.mismatch_trace = testing::TempDir() + "pressed-network-mismatch.fst";
    options.pressure.seed = seed;
    options.pressure.share = {0.3, 0.1, 0.1, 0.3};
    options.pressure.longest = 1 + static_cast<int>(seed % 20);
    const auto checked = std::make_shared<CheckedArray>(config, options);
    try {
      engines::SystemcEngine cosim(accelerator::process_host(), network::share(network), config, 1,
                                   0, "random", checked);
      cosim.set_chip({}, {}, {});
      run(cosim, network, network::random_pixels(network, 1, seed));
    } catch (const InputError&) {
      continue;  // does not fit
    }
    if (checked->first_mismatch()) ADD_FAILURE() << describe(*checked->first_mismatch());
    ++tried;
    if (HasFailure()) break;
  }
}

/// The edge accelerator with another array.
mapping::AcceleratorConfig edge(int size) {
  auto config = mapping::load_accelerator(fs::path(BROWNOUT_SOURCE_DIR) /
                                          "configs/accelerators/edge-16x16.yaml");
  config.array.rows = config.array.columns = size;
  return config;
}

/// The coding of its first weight; the other weights have the same scheme and bits.
const network::Coding& coding_of(const network::Network& network) {
  const auto coded =
      std::find_if(network.parameters.begin(), network.parameters.end(),
                   [](const auto& parameter) { return parameter.coding.has_value(); });
  return *coded->coding;
}

class ShippedNetworks : public testing::TestWithParam<int> {};

TEST_P(ShippedNetworks, AgreeInAllLayersOnSeveralChips) {
  const int size = GetParam();
  std::vector<fs::path> models;
  for (const auto& entry : fs::directory_iterator(fs::path(BROWNOUT_SOURCE_DIR) / "models")) {
    if (entry.path().extension() == ".onnx") models.push_back(entry.path());
  }
  std::sort(models.begin(), models.end());
  ASSERT_FALSE(models.empty());
  mapping::AcceleratorConfig config = edge(size);
  std::uint64_t seed = 7;
  std::set<std::pair<network::Scheme, int>> codings;
  for (const fs::path& model : models) {
    SCOPED_TRACE(model.filename());
    config.weights.mitigations = mitigations(seed);
    const network::Network network = network::read_onnx(model);
    const network::Coding& coding = coding_of(network);
    if (!codings.emplace(coding.scheme, coding.bits).second) continue;  // only its numbers differ
    // A larger network takes the RTL minutes, and has no kind of layer that these do not have.
    if (network.coded_bits() > 64 * config.weights.words()) continue;
    const auto pixels = network::random_pixels(network, 8, 1);
    CheckOptions options;
    options.mismatch_trace = testing::TempDir() + "shipped-network-mismatch.fst";
    const auto checked = std::make_shared<CheckedArray>(config, options);
    engines::SystemcEngine cosim(accelerator::process_host(), network::share(network), config, 1, 0,
                                 "test", checked);
    // Several chips, for 4, 3 and 1 of the images.
    const std::int64_t image = network.input.size();
    std::int64_t first = 0;
    for (const std::int64_t count : {4, 3, 1}) {
      const chips::RandomChip chip(seed++);
      const chips::OperatingPoint at{0.8333, 0.01115};
      const std::uint32_t words = cosim.program().placement.words;
      memory::WordFaultLists faults{chip.faults(memory::MemoryId::kWeights, words, at), {}};
      if (config.weights.mitigations.any()) {
        faults.checks = chip.check_faults(memory::MemoryId::kWeights, words, at);
      }
      cosim.set_chip({}, faults, {chip.die(), seed});
      run(cosim, network,
          {pixels.begin() + first * image, pixels.begin() + (first + count) * image});
      first += count;
    }
    expect_agreement(*checked);
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, ShippedNetworks, testing::Values(4, 8, 16),
                         [](const auto& size) { return "Array" + std::to_string(size.param); });

}  // namespace
}  // namespace brownout::cosim
