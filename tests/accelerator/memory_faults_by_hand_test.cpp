// SPDX-License-Identifier: Apache-2.0
// One faulty cell in each memory, on networks small enough to compute by hand, in every engine.
#include <gtest/gtest.h>

#include "sim/base/error.hpp"
#include "sim/engines/systemc_engine.hpp"
#include "tests/accelerator/process_host.hpp"
#include "tests/network/built_networks.hpp"

namespace brownout::accelerator {
namespace {

using memory::CellFault;
using network::Builder;
using network::Coding;
using network::Role;
using network::Scheme;

constexpr float kFlip[] = {1.0f, 1.0f}, kStuckAt1[] = {1.0f, 0.0f}, kStuckAt0[] = {0.0f, 1.0f};

/// A cell, by its bit number from the beginning of the memory.
memory::FaultList cell(std::int64_t bit, const float* p) {
  return {{static_cast<std::uint32_t>(bit / 64), static_cast<std::uint32_t>(bit % 64), p[0], p[1]}};
}

/// Two pixels, two classes: codes 2·pixel/255 (z = 1), weights 3 -2 / 0 1, alpha ½, beta ¼; bias
/// 1 and -1. Pixels 255 255: q - z = 2 2, sums 2 2, sum lane 4, logits 2 and 0.
network::Network tiny() {
  Builder b({1, 1, 2}, 2);
  b.add(network::Quantize{0.5f, 1});
  b.add(network::Flatten{});
  const auto weight =
      b.parameter(Role::kWeight, {2, 2}, Coding{Scheme::kRquant, 4, 0.5f, 0.25f}, {3, -2, 0, 1});
  const auto bias =
      b.parameter(Role::kBias, {2}, Coding{Scheme::kSymmetric, 8, 0.125f, 0.0f}, {8, -8});
  b.add(network::Linear{weight, bias, 2});
  return b.network();
}

/// Two pixels through a 1×1 convolution and a group norm: codes 2·pixel/255, weight 1, numbers ½ of
/// the codes. Pixels 0 255: 0 and 1, mean ½, deviation ½.
network::Network normed() {
  Builder b({1, 1, 2}, 2);
  b.add(network::Quantize{0.5f, 0});
  const auto weight =
      b.parameter(Role::kWeight, {1, 1, 1, 1}, Coding{Scheme::kSymmetric, 4, 1.0f, 0.0f}, {1});
  b.add(network::Conv2d{weight, {}, 1, 1, {1, 1}, {1, 1}, {0, 0, 0, 0}});
  b.add(network::GroupNorm{{}, {}, 1, 1e-30f, false});
  b.add(network::Flatten{});
  return b.network();
}

/// One row, two columns: every code is a K tile; the accumulators hold a pixel a half.
mapping::AcceleratorConfig small_array() {
  mapping::AcceleratorConfig config;
  config.array.rows = 1;
  config.array.columns = 2;
  config.accumulators.depth = 1;
  config.activations.kib = 1;
  config.activations.banks = 1;
  return config;
}

class ByHand : public ::testing::Test {
 protected:
  void use(network::Network network, const mapping::AcceleratorConfig& config) {
    network_ = std::move(network);
    systemc_ = std::make_unique<engines::SystemcEngine>(
        accelerator::process_host(), network::share(network_), config, 1, 0, "test");
    program_ = mapping::compile(network_, config, 1);
    faults_ = {};
    faults_.full = std::make_shared<const mapping::Program>(program_);
  }

  /// The same logits in all engines.
  std::vector<float> logits(const std::vector<std::uint8_t>& pixels) {
    const auto images = static_cast<int>(pixels.size() / 2);
    faults_.images = images;
    std::vector<std::vector<float>> all;
    const auto run = [&](engines::Engine& engine) {
      all.emplace_back(2 * static_cast<std::size_t>(images));
      engine.set_memory_faults(faults_);
      engine.set_codes(network::clean_codes(network_));
      engine.run(pixels.data(), 0, images, all.back().data(), 0);
    };
    for (const char* name : {"functional", "reference"}) {
      run(*engines::make_engine(name, network::share(network_), 1));
    }
    run(*systemc_);
    EXPECT_EQ(all[0], all[1]);
    EXPECT_EQ(all[0], all[2]);
    return all[0];
  }
  std::int64_t bit_of(const mapping::ByteRange& at) const { return 8 * at.address; }
  network::ValueIndex last_code() const { return program_.layers.back().step.input; }

  network::Network network_;
  std::unique_ptr<engines::SystemcEngine> systemc_;
  mapping::Program program_;
  mapping::MemoryFaults faults_;
};

using Logits = std::vector<float>;

TEST_F(ByHand, WithoutFaultsTheLogitsAreTheNetworks) {
  use(tiny(), small_array());
  EXPECT_EQ(logits({255, 255}), (Logits{2.0f, 0.0f}));
}

TEST_F(ByHand, AnAccumulatorIsReadAtEveryFoldButTheFirst) {
  use(tiny(), small_array());
  // 6 is written, 14 read, 14 - 4 = 10 written and read.
  faults_.accumulators = cell(3, kStuckAt1);
  EXPECT_EQ(logits({255, 255}), (Logits{4.0f, 0.0f}));
  // 6, read as 14, 10 written, read as 2: the flips cancel.
  faults_.accumulators = cell(3, kFlip);
  EXPECT_EQ(logits({255, 255}), (Logits{2.0f, 0.0f}));
  // Lane 1: 0 is written, -2^31 read, 2 - 2^31 written, 2 read.
  faults_.accumulators = cell(32 + 31, kFlip);
  EXPECT_EQ(logits({255, 255}), (Logits{2.0f, 0.0f}));
  // … and read as it is where the sign sticks: ¼·(2 - 2^31) + ½ - 1.
  faults_.accumulators = cell(32 + 31, kStuckAt1);
  EXPECT_EQ(logits({255, 255}), (Logits{2.0f, -536870912.0f}));
}

TEST_F(ByHand, TheSumLaneHasCellsOfItsOwn) {
  use(tiny(), small_array());
  // Sum: 2, read as 0, 2 written, read as 0.
  faults_.accumulators = cell(2 * 32 + 1, kFlip);
  EXPECT_EQ(logits({255, 255}), (Logits{1.5f, -0.5f}));
}

TEST_F(ByHand, AnOutputStationaryAccumulatorIsReadOnce) {
  mapping::AcceleratorConfig config = small_array();
  config.array.dataflow = mapping::Dataflow::kOutputStationary;
  use(tiny(), config);
  faults_.accumulators = cell(3, kFlip);  // 2, read as 10
  EXPECT_EQ(logits({255, 255}), (Logits{4.0f, 0.0f}));
  faults_.accumulators = cell(2 * 32 + 2, kFlip);  // the sum, 4, read as 0
  EXPECT_EQ(logits({255, 255}), (Logits{1.5f, -0.5f}));
}

TEST_F(ByHand, InputPixelsFailInTheBufferThatTheyArriveIn) {
  use(tiny(), small_array());
  // 255 is read as 127: code 1 less. Sums -1 and 2, sum lane 3; the second batch has the other
  // buffer, the third one this again.
  const mapping::ByteRange pixels = mapping::pixels_of_image(program_, 0, 0);
  faults_.input = cell(bit_of(pixels) + 7, kStuckAt0);
  EXPECT_EQ(logits({255, 255, 255, 255, 255, 255}),
            (Logits{1.125f, -0.125f, 2.0f, 0.0f, 1.125f, -0.125f}));
  // The faults of the activation memory do not reach the pixels.
  faults_.activations.swap(faults_.input);
  EXPECT_EQ(logits({255, 255}), (Logits{2.0f, 0.0f}));
}

TEST_F(ByHand, ActivationsAreReadThroughTheirCells) {
  use(tiny(), small_array());
  // Code 3 is read as 1: q - z = 0 2. Sums -4 and 2, sum lane 2.
  const mapping::ByteRange codes = mapping::value_of_image(network_, program_, last_code(), 0);
  faults_.activations = cell(bit_of(codes) + 1, kStuckAt0);
  EXPECT_EQ(logits({255, 255}), (Logits{0.25f, -0.25f}));
  faults_.input.swap(faults_.activations);
  EXPECT_EQ(logits({255, 255}), (Logits{2.0f, 0.0f}));
}

TEST_F(ByHand, LogitsAreLittleEndianNumbersInTheActivationMemory) {
  use(tiny(), small_array());
  const mapping::ByteRange at =
      mapping::value_of_image(network_, program_, network::ValueIndex(3), 0);
  EXPECT_TRUE(at.numbers);
  faults_.activations = cell(bit_of(at) + 31, kFlip);  // the first one's sign
  EXPECT_EQ(logits({255, 255}), (Logits{-2.0f, 0.0f}));
  faults_.activations = cell(bit_of(at) + 32 + 30, kStuckAt1);  // 0 becomes 2^1
  EXPECT_EQ(logits({255, 255}), (Logits{2.0f, 2.0f}));
}

TEST_F(ByHand, StagedNumbersFailBehindTheSumsOfTheirNorm) {
  use(normed(), small_array());
  const auto staged = [](const mapping::LayerProgram& layer) { return layer.staged; };
  const auto layer = std::find_if(program_.layers.begin(), program_.layers.end(), staged);
  ASSERT_NE(layer, program_.layers.end());
  EXPECT_EQ(logits({0, 255}), (Logits{-1.0f, 1.0f}));
  // 1 is read as -1, while mean and deviation stay: (-1 - ½)·2.
  faults_.activations = cell(bit_of(mapping::staged_of_image(program_, *layer, 0)) + 63, kFlip);
  EXPECT_EQ(logits({0, 255}), (Logits{-1.0f, -3.0f}));
  // Sum 2 is read as 0 before the norm: both numbers are 0. Half 1, as it is the second strip.
  faults_.activations.clear();
  faults_.accumulators = cell((1 * 1 + 0) * 3 * 32 + 1, kStuckAt0);
  EXPECT_EQ(logits({0, 255}), (Logits{0.0f, 0.0f}));
}

TEST_F(ByHand, FreshDrawsAreThoseOfBatchAndEvent) {
  use(tiny(), small_array());
  const std::vector<std::uint8_t> pixels(2 * 40, 255);
  const float half[] = {0.5f, 0.5f};
  const auto expect_draws = [&](memory::MemoryId memory, const CellFault& fault,
                                std::uint64_t event, const Logits& right, const Logits& wrong) {
    for (const bool fresh : {false, true}) {
      faults_.draws = {{Purpose::kMeasuredChipRead, 5}, 9, fresh};
      const Logits found = logits(pixels);
      int wrongs = 0;
      for (std::uint64_t image = 0; image < 40; ++image) {
        const memory::CellReader reader(memory, faults_.draws.of_batch(image), event);
        const bool hit = reader.wrong(fault, 1) != 0;
        const Logits& expected = hit ? wrong : right;
        EXPECT_EQ(found[2 * image], expected[0]) << "image " << image;
        EXPECT_EQ(found[2 * image + 1], expected[1]) << "image " << image;
        wrongs += hit ? 1 : 0;
      }
      EXPECT_EQ(fresh, wrongs > 5 && wrongs < 35) << wrongs;
    }
  };
  const Logits clean{2.0f, 0.0f};
  const mapping::ByteRange codes = mapping::value_of_image(network_, program_, last_code(), 0);
  faults_.activations = cell(bit_of(codes) + 1, half);
  const std::size_t layer = program_.layers.size() - 1;
  expect_draws(memory::MemoryId::kActivations, faults_.activations[0],
               mapping::write_event(mapping::LayerIndex(layer - 1)), clean, {0.25f, -0.25f});
  faults_.activations.clear();
  const float down[] = {0.0f, 0.5f};
  // Sum 2 is read as 0, and 2 again.
  faults_.accumulators = cell(2 * 32 + 1, down);
  expect_draws(memory::MemoryId::kAccumulators, faults_.accumulators[0],
               mapping::accumulator_event(mapping::LayerIndex(layer)), clean, {1.5f, -0.5f});
}

TEST(MemoryFaults, EngineFloatHasNoSuchMemories) {
  const network::Network network = tiny();
  const mapping::Program program = mapping::compile(network, small_array(), 1);
  mapping::MemoryFaults faults;
  faults.full = std::make_shared<const mapping::Program>(program);
  faults.images = 1;
  const auto engine = engines::make_engine("float", network::share(network), 1);
  EXPECT_NO_THROW(engine->set_memory_faults(faults));
  faults.accumulators = cell(0, kFlip);
  try {
    engine->set_memory_faults(faults);
    FAIL() << "no error";
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("expected functional, reference, systemc or rtl"),
              std::string::npos);
  }
}

}  // namespace
}  // namespace brownout::accelerator
