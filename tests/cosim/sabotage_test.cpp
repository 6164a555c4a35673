// SPDX-License-Identifier: Apache-2.0
// The checker must be able to fail: one error is made on the RTL side alone, and it is found and
// located.
#include <gtest/gtest.h>

#include <filesystem>

#include "sim/base/files.hpp"
#include "sim/chips/random_chip.hpp"
#include "sim/cosim/checked_array.hpp"
#include "sim/engines/systemc_engine.hpp"
#include "sim/network/onnx_file.hpp"
#include "tests/accelerator/process_host.hpp"
#include "tests/network/random_network.hpp"

namespace brownout::cosim {
namespace {

namespace fs = std::filesystem;

class Sabotaged : public testing::Test {
 protected:
  Sabotaged()
      : network_(network::read_onnx(fs::path(BROWNOUT_SOURCE_DIR) /
                                    "models/fmnist-simplenet16-randbet-8b.onnx")) {
    config_ = mapping::load_accelerator(fs::path(BROWNOUT_SOURCE_DIR) /
                                        "configs/accelerators/edge-16x16.yaml");
    config_.array.rows = config_.array.columns = 8;
    waves_ = fs::path(testing::TempDir()) /
             (std::string("brownout-sabotage-") +
              testing::UnitTest::GetInstance()->current_test_info()->name() + ".fst");
    fs::remove(waves_);
  }

  /// One image, one sabotage in the first layer.
  Mismatch run(const Sabotage& sabotage) {
    CheckOptions options;
    options.mismatch_trace = waves_;
    options.sabotage = sabotage;
    array_ = std::make_shared<CheckedArray>(config_, options);
    engines::SystemcEngine engine(accelerator::process_host(), network::share(network_), config_, 1,
                                  0, "test", array_);
    const chips::RandomChip chip(7);
    engine.set_chip({},
                    {chip.faults(memory::MemoryId::kWeights, engine.program().placement.words,
                                 {0.8333, 0.01115}),
                     {}},
                    {chip.die(), 1});
    std::vector<float> logits(static_cast<std::size_t>(network_.classes));
    engine.run(network::random_pixels(network_, 1, 3).data(), 0, 1, logits.data(), 0);
    job_ = layer_job(engine.program(), network_, matrix_layer(engine.program()));
    layer_ = engine.program().layers[matrix_layer(engine.program())].name;
    EXPECT_TRUE(array_->first_mismatch().has_value());
    return array_->first_mismatch().value_or(Mismatch{});
  }

  static mapping::LayerIndex matrix_layer(const mapping::Program& program) {
    for (const mapping::LayerIndex i : program.layers.indices()) {
      if (program.layers[i].k > 0) return i;
    }
    throw std::logic_error("no matrix layer");
  }

  /// The first tile of the first strip.
  const Command& first_tile() const {
    for (const Command& command : job_.commands) {
      if (!command.parameters) return command;
    }
    throw std::logic_error("no tile");
  }

  void expect_waves() const {
    ASSERT_TRUE(fs::exists(waves_));
    EXPECT_GT(fs::file_size(waves_), 1000U);
  }

  const network::Network network_;
  mapping::AcceleratorConfig config_;
  fs::path waves_;
  std::shared_ptr<CheckedArray> array_;
  Job job_;
  std::string layer_;
};

TEST_F(Sabotaged, NothingIsWrongWithoutIt) {
  CheckOptions options;
  options.mismatch_trace = waves_;
  array_ = std::make_shared<CheckedArray>(config_, options);
  engines::SystemcEngine engine(accelerator::process_host(), network::share(network_), config_, 1,
                                0, "test", array_);
  std::vector<float> logits(static_cast<std::size_t>(network_.classes));
  engine.run(network::random_pixels(network_, 1, 3).data(), 0, 1, logits.data(), 0);
  EXPECT_FALSE(array_->first_mismatch().has_value());
  EXPECT_FALSE(fs::exists(waves_));
}

TEST_F(Sabotaged, AMaskBitIsFoundByAddressWordAndBit) {
  // Bit 10 of the word in which the codes of the second output in the first tile begin.
  const mapping::Program program = mapping::compile(network_, config_, 1);
  job_ = layer_job(program, network_, matrix_layer(program));
  const Command tile = first_tile();
  Sabotage sabotage;
  sabotage.mask_word = (tile.cell + tile.stride + 10) / 64;
  sabotage.mask_bit = static_cast<int>((tile.cell + tile.stride + 10) % 64);
  const Mismatch found = run(sabotage);
  EXPECT_EQ(found.kind, Mismatch::Kind::kAccumulator);
  EXPECT_EQ(found.layer, layer_);
  EXPECT_EQ(found.strip, 0);
  EXPECT_EQ(found.tile, 0);
  EXPECT_EQ(found.column, 1);
  EXPECT_GE(found.row, 0);
  EXPECT_NE(found.expected, found.found);
  ASSERT_TRUE(found.word.has_value());
  EXPECT_EQ(found.word->address_expected, sabotage.mask_word);
  EXPECT_EQ(found.word->address_found, sabotage.mask_word);
  EXPECT_EQ(found.word->bit, sabotage.mask_bit);
  EXPECT_EQ(found.word->expected ^ found.word->found, std::uint64_t{1} << sabotage.mask_bit);
  expect_waves();
}

TEST_F(Sabotaged, WavesOfAMismatchAreVcdIfTheirNameSaysSo) {
  waves_.replace_extension(".vcd");
  const mapping::Program program = mapping::compile(network_, config_, 1);
  job_ = layer_job(program, network_, matrix_layer(program));
  Sabotage sabotage;
  sabotage.mask_word = first_tile().cell / 64;
  sabotage.mask_bit = static_cast<int>(first_tile().cell % 64);
  run(sabotage);
  EXPECT_EQ(array_->mismatch_waves(), waves_);
  const std::string text = read_file(waves_);
  EXPECT_NE(text.find("$enddefinitions"), std::string::npos);
  EXPECT_NE(text.find("bank_read_word"), std::string::npos);
  EXPECT_FALSE(fs::exists(waves_.string() + ".fst"));
}

TEST_F(Sabotaged, AMaskBitOfACheckBitIsFound) {
  config_.weights.mitigations.check = memory::CheckCode::kSecded;
  const mapping::Program program = mapping::compile(network_, config_, 1);
  job_ = layer_job(program, network_, matrix_layer(program));
  Sabotage sabotage;
  sabotage.mask_word = first_tile().cell / 64;
  sabotage.mask_bit = 67;
  const Mismatch found = run(sabotage);
  // Whether it changes a sum or not: SECDED corrects it, unless other bits of the word are wrong
  // too.
  EXPECT_TRUE(found.kind == Mismatch::Kind::kWord || found.kind == Mismatch::Kind::kCounter ||
              found.kind == Mismatch::Kind::kAccumulator)
      << kind_name(found.kind);
  EXPECT_EQ(found.layer, layer_);
  ASSERT_TRUE(found.word.has_value());
  EXPECT_EQ(found.word->address_expected, sabotage.mask_word);
  EXPECT_EQ(found.word->address_found, sabotage.mask_word);
  EXPECT_EQ(found.word->bit, 67);
  EXPECT_EQ(found.word->expected, found.word->found);
  expect_waves();
}

TEST_F(Sabotaged, AnAccumulatorBitIsFoundByRowAndColumn) {
  const mapping::Program program = mapping::compile(network_, config_, 1);
  job_ = layer_job(program, network_, matrix_layer(program));
  ASSERT_GE(job_.strips[0].command_count, 2U);
  const int vectors = first_tile().vectors;
  Sabotage sabotage;
  sabotage.sum_vector = vectors + 37;  // of the second K tile
  sabotage.sum_lane = 3;
  sabotage.sum_bit = 12;
  const Mismatch found = run(sabotage);
  EXPECT_EQ(found.kind, Mismatch::Kind::kAccumulator);
  EXPECT_EQ(found.layer, layer_);
  EXPECT_EQ(found.strip, 0);
  EXPECT_EQ(found.tile, 1);
  EXPECT_EQ(found.row, 37);
  EXPECT_EQ(found.column, 3);
  EXPECT_EQ(std::abs(found.expected - found.found), 1 << 12);
  EXPECT_FALSE(found.word.has_value());
  expect_waves();
}

TEST_F(Sabotaged, ABitOfTheColumnSumIsFound) {
  const mapping::Program program = mapping::compile(network_, config_, 1);
  job_ = layer_job(program, network_, matrix_layer(program));
  Sabotage sabotage;
  sabotage.sum_vector = first_tile().vectors + 5;
  sabotage.sum_lane = config_.array.columns;
  sabotage.sum_bit = 0;
  const Mismatch found = run(sabotage);
  EXPECT_EQ(found.kind, Mismatch::Kind::kColumnSum);
  EXPECT_EQ(found.tile, 1);
  EXPECT_EQ(found.row, 5);
  EXPECT_EQ(std::abs(found.expected - found.found), 1);
}

TEST_F(Sabotaged, AnAddressBitIsFoundByBothAddresses) {
  const mapping::Program program = mapping::compile(network_, config_, 1);
  job_ = layer_job(program, network_, matrix_layer(program));
  std::size_t tile = 0;
  while (job_.commands[tile].parameters) ++tile;
  Sabotage sabotage;
  sabotage.command = static_cast<std::int64_t>(tile);
  sabotage.address_bit = 9;  // 8 words further, or before
  const Mismatch found = run(sabotage);
  EXPECT_EQ(found.layer, layer_);
  EXPECT_EQ(found.strip, 0);
  EXPECT_EQ(found.tile, 0);
  ASSERT_TRUE(found.word.has_value());
  EXPECT_EQ(found.word->address_expected, job_.commands[tile].cell / 64);
  EXPECT_EQ(found.word->address_found, (job_.commands[tile].cell ^ 512U) / 64);
  expect_waves();
}

TEST_F(Sabotaged, ACycleIsFoundByTheTileThatIsLate) {
  const mapping::Program program = mapping::compile(network_, config_, 1);
  job_ = layer_job(program, network_, matrix_layer(program));
  Sabotage sabotage;
  sabotage.late_vector = first_tile().vectors + 11;  // in the second K tile
  const Mismatch found = run(sabotage);
  EXPECT_EQ(found.kind, Mismatch::Kind::kCycle);
  EXPECT_EQ(found.layer, layer_);
  EXPECT_EQ(found.strip, 0);
  EXPECT_EQ(found.tile, 1);
  EXPECT_EQ(found.what, "last vector");
  EXPECT_EQ(found.found - found.expected, 1);
  expect_waves();
}

}  // namespace
}  // namespace brownout::cosim
