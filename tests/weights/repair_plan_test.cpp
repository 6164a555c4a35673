// SPDX-License-Identifier: Apache-2.0
// What mitigations mean for a network's cells, and which cells a selection keeps.
#include "sim/weights/repair_plan.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "sim/base/error.hpp"
#include "sim/chips/random_chip.hpp"
#include "sim/weights/selection.hpp"
#include "sim/weights/sensitivity.hpp"
#include "tests/mapping/coded_network.hpp"

namespace brownout::weights {
namespace {

using network::Scheme;

/// Two tensors of one width in 18 cells of 8 bits, the second from a word's middle on.
network::Network two_tensors(int bits = 8) {
  network::Network network;
  network.parameters.push_back(mapping::coded_parameter(Scheme::kRquant, bits, 12, 1));
  network.parameters.push_back(mapping::coded_parameter(Scheme::kRquant, bits, 6, 2));
  network.parameters[0].name = "a";
  network.parameters[1].name = "b";
  network::Node node;
  node.name = "first";
  network::Linear linear;
  linear.weight = network::ParameterIndex(0);
  linear.bias = network::ParameterIndex(1);
  node.op = linear;
  network.nodes.push_back(node);
  return network;
}

template <typename F>
std::string message_of(F&& f) {
  try {
    f();
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

mitigation::RepairPlan plan(const network::Network& network, const std::string& text,
                            std::uint64_t offset = 0) {
  return plan_repair(network, "hash", mapping::resident(network, offset),
                     mitigation::parse_mitigations(text, "m"), nullptr, "net.onnx");
}

TEST(RepairPlan, WithoutMitigationsChangesNothing) {
  const mitigation::RepairPlan none = plan(two_tensors(), "none");
  EXPECT_EQ(none.words, 3u);
  EXPECT_EQ(none.cell_words(), 3u);
  EXPECT_EQ(none.safe_columns, 0u);
  EXPECT_FALSE(none.whole_arrays());
}

TEST(RepairPlan, SafeBitsAreColumns) {
  EXPECT_EQ(plan(two_tensors(), "msb=1").safe_columns, 0x8080808080808080u);
  EXPECT_EQ(plan(two_tensors(), "msb=3").safe_columns, 0xE0E0E0E0E0E0E0E0u);
  EXPECT_EQ(plan(two_tensors(4), "msb=1", 4).safe_columns, 0x8888888888888888u);
  EXPECT_EQ(plan(two_tensors(2), "msb=2").safe_columns, ~std::uint64_t{0});
  EXPECT_EQ(plan(two_tensors(4), "msb=1").rotation_step, 4u);
}

TEST(RepairPlan, SafeBitsNeedOneWidthThatFitsTheColumns) {
  network::Network mixed = two_tensors();
  mixed.parameters[1] = mapping::coded_parameter(Scheme::kRquant, 4, 6, 2);
  EXPECT_NE(message_of([&] { plan(mixed, "msb=1"); }).find("got several widths"),
            std::string::npos);
  EXPECT_NE(message_of([&] { plan(two_tensors(6), "msb=1"); }).find("got 6 bits"),
            std::string::npos);
  EXPECT_NE(message_of([&] { plan(two_tensors(4), "msb=5"); }).find("at most the 4 bits"),
            std::string::npos);
  EXPECT_NE(message_of([&] { plan(two_tensors(), "msb=1", 4); }).find("multiples of 8 bits"),
            std::string::npos);
}

TEST(RepairPlan, SparesCoverWholeArraysOfTheScratchpad) {
  const mitigation::RepairPlan plain = plan(two_tensors(), "parity+spares=8x2");
  EXPECT_EQ(plain.arrays, 1u);
  EXPECT_EQ(plain.cell_words(), 520u);
  EXPECT_EQ(plain.first_spare_column, 65u);
  const network::Network network = two_tensors();
  mapping::WeightMemoryConfig weights;
  weights.arrays = 6;
  weights.array_rows = 9;
  weights.words_per_cycle = 3;
  const mitigation::RepairPlan accelerated =
      plan_repair(network, "hash", mapping::resident(network),
                  mitigation::parse_mitigations("spares=2x0", "m"), &weights, "net.onnx");
  EXPECT_EQ(accelerated.arrays, 6u);
  EXPECT_EQ(accelerated.cell_words(), 66u);
  for (std::uint32_t word = 0; word < 54; ++word) {
    EXPECT_EQ(accelerated.geometry.array_of(word),
              static_cast<std::uint32_t>(weights.array_of(word)));
    EXPECT_EQ(accelerated.geometry.row_of(word), static_cast<std::uint32_t>(weights.row_of(word)));
  }
}

constexpr char kSensitivities[] = R"({"format": "brownout.sensitivity", "version": 1, "networks": [
  {"model": "other", "model_sha256": "0123456789abcdef", "rate": 0.01, "chips": 1, "images": 1,
   "seed": 0, "err": 1, "tensors": [], "bits": []},
  {"model": "net", "model_sha256": "hash", "rate": 0.01, "chips": 3, "images": 100, "seed": 0,
   "err": 9.5,
   "tensors": [
     {"name": "a", "bits": 2, "codes": 12, "rise_points": 4, "bits_wrong_mean": 2,
      "per_bit_points": 2},
     {"name": "b", "bits": 2, "codes": 6, "rise_points": -1, "bits_wrong_mean": 1,
      "per_bit_points": -1}],
   "bits": [
     {"bit": 0, "rise_points": 1, "bits_wrong_mean": 1, "per_bit_points": 1},
     {"bit": 1, "rise_points": 6, "bits_wrong_mean": 2, "per_bit_points": 3}]}]})";

class SensitivityFile : public testing::Test {
 protected:
  void write(const std::string& text) { std::ofstream(file_, std::ios::binary) << text; }
  void TearDown() override { std::filesystem::remove(file_); }
  std::string message(const std::string& from, const std::string& to) {
    std::string text = kSensitivities;
    const std::size_t at = text.find(from);
    BROWNOUT_CHECK(at != std::string::npos, "{}", from);
    write(text.replace(at, from.size(), to));
    return message_of([&] { read_sensitivity(file_, "hash", two_tensors(2)); });
  }
  const std::filesystem::path file_ = std::filesystem::path(testing::TempDir()) /
                                      ("sensitivity_" + std::to_string(::getpid()) + ".json");
};

TEST_F(SensitivityFile, GivesEachColumnTheSumOfItsCells) {
  write(kSensitivities);
  const network::Network network = two_tensors(2);
  const Sensitivity sensitivity = read_sensitivity(file_, "hash", network);
  EXPECT_EQ(sensitivity.model, "net");
  EXPECT_EQ(sensitivity.chips, 3);
  const std::vector<std::uint64_t> sums =
      column_sensitivity(network, mapping::resident(network, 60), sensitivity, {1, 1}, 2);
  // a: 2 points a bit, of which bit 0 has 1 of 4 parts and bit 1 three; b counts as 0. Bit 1 costs
  // most, and bit 0 a third of it.
  const std::uint64_t most = 1u << 28, third = 89478485;
  ASSERT_EQ(sums.size(), 128u);
  EXPECT_EQ(sums[59], 0u);
  EXPECT_EQ(sums[60], third);
  EXPECT_EQ(sums[61], most);
  EXPECT_EQ(sums[64], third);
  EXPECT_EQ(sums[83], most);
  EXPECT_EQ(sums[84], 0u);  // b
  // With two rows an array both words are in array 0.
  const auto both =
      column_sensitivity(network, mapping::resident(network, 60), sensitivity, {2, 1}, 1);
  ASSERT_EQ(both.size(), 64u);
  EXPECT_EQ(both[0], third);
  EXPECT_EQ(both[60], third);
}

TEST_F(SensitivityFile, IsCheckedAgainstTheNetwork) {
  EXPECT_NE(message("\"hash\"", "\"other\"").find("found other (0123"), std::string::npos);
  EXPECT_NE(message("\"name\": \"a\"", "\"name\": \"c\"")
                .find("tensors[0]: expected a (12 codes of 2 bits), got \"c\""),
            std::string::npos);
  EXPECT_NE(message("\"codes\": 12", "\"codes\": 13"), "");
  EXPECT_NE(message("\"bit\": 1", "\"bit\": 2"), "");
  EXPECT_NE(message("brownout.sensitivity", "brownout"), "");
  EXPECT_NE(message("\"version\": 1", "\"version\": 2"), "");
  EXPECT_NE(message("\"rate\": 0.01, \"chips\": 3", "\"rate\": 2, \"chips\": 3"), "");
  EXPECT_NE(message("\"rate\": 0.01, \"chips\": 3", "\"rate\": 1, \"chips\": 0.5"), "");
  EXPECT_NE(message("\"err\": 9.5", "\"er\": 9.5").find("networks[1].err: missing"),
            std::string::npos);
}

TEST_F(SensitivityFile, DamagedFilesFailWithOneLine) {
  std::mt19937 random(11);
  for (int i = 0; i < 400; ++i) {
    std::string text = kSensitivities;
    for (auto n = random() % 3 + 1; n > 0; --n) {
      const std::size_t at = random() % text.size();
      if (random() % 2 == 0) {
        text.resize(at);
        if (text.empty()) text = "x";
      } else {
        text[at] = static_cast<char>(random() % 256);
      }
    }
    write(text);
    const std::string message =
        message_of([&] { read_sensitivity(file_, "hash", two_tensors(2)); });
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  }
}

Selection selection(const std::string& bits, std::vector<std::string> tensors = {},
                    std::vector<std::string> layers = {}) {
  Selection result;
  if (!bits.empty()) parse_bits(bits, "--only-bits", result);
  result.tensors = std::move(tensors);
  result.layers = std::move(layers);
  return result;
}

std::vector<std::uint64_t> kept(const network::Network& network, const Selection& which,
                                std::uint64_t offset = 0) {
  const mapping::Placement placement = mapping::resident(network, offset);
  memory::FaultList all;
  for (std::uint32_t word = 0; word < placement.words; ++word) {
    for (std::uint32_t bit = 0; bit < 72; ++bit) all.push_back({word, bit});
  }
  const SelectedCells selected(network, placement, which, "--only");
  std::vector<std::uint64_t> cells;
  for (const memory::CellFault& fault : selected.keep(all)) {
    EXPECT_LT(fault.bit, 64u);
    cells.push_back(std::uint64_t{fault.word} * 64 + fault.bit);
  }
  EXPECT_EQ(cells.size(), static_cast<std::size_t>(selected.cells()));
  return cells;
}

TEST(SelectedCells, AreThoseOfTensorsLayersAndBits) {
  const network::Network network = two_tensors();
  EXPECT_EQ(kept(network, selection("")).size(), 18u * 8);
  const std::vector<std::uint64_t> b = kept(network, selection("", {"b"}));
  EXPECT_EQ(b.size(), 48u);
  EXPECT_EQ(b.front(), 96u);
  EXPECT_EQ(b.back(), 143u);
  EXPECT_EQ(kept(network, selection("", {}, {"first"})).size(), 18u * 8);
  EXPECT_EQ(kept(network, selection("7", {"b"}, {}), 3),
            (std::vector<std::uint64_t>{106, 114, 122, 130, 138, 146}));
  const std::vector<std::uint64_t> two = kept(network, selection("6-7"));
  EXPECT_EQ(two.size(), 36u);
  EXPECT_EQ(two[0], 6u);
  EXPECT_EQ(two[1], 7u);
  EXPECT_EQ(two[2], 14u);
}

TEST(SelectedCells, RefuseWhatIsNotThere) {
  const network::Network network = two_tensors(4);
  EXPECT_EQ(message_of([&] { kept(network, selection("", {"c"})); }),
            "--only: tensor \"c\": expected one of a, b");
  EXPECT_EQ(message_of([&] { kept(network, selection("", {}, {"a"})); }),
            "--only: layer \"a\": expected one of first");
  EXPECT_NE(message_of([&] { kept(network, selection("4")); }), "");
  for (const char* text : {"", "8", "-1", "6-", "7-6", "6 - 7", "0-8", "a"}) {
    Selection result;
    EXPECT_NE(message_of([&] { parse_bits(text, "--only-bits", result); }), "") << text;
  }
}

TEST(SelectedCells, RefuseCellsThatHoldSeveralCodes) {
  const network::Network network = two_tensors();
  mapping::Placement shared = mapping::resident(network);
  shared.runs[1].start = 64;
  shared.runs[1].load_event = 1;
  EXPECT_NE(message_of([&] {
              SelectedCells(network, shared, selection("7"), "--only");
            }).find("cell 64 holds several codes"),
            std::string::npos);
}

TEST(RepairedFaults, WithoutRepairAreTheChips) {
  mitigation::RepairPlan plan;
  plan.words = 3000;
  const chips::RandomChip chip(7);
  const chips::OperatingPoint at{0.85, 0.01};
  const memory::WordFaultLists plain =
      repaired_faults(plan, chip, memory::MemoryId::kWeights, at, memory::CheckCode::kNone);
  EXPECT_EQ(plain.data, chip.faults(memory::MemoryId::kWeights, 3000, at));
  EXPECT_TRUE(plain.checks.empty());
  const memory::WordFaultLists secded =
      repaired_faults(plan, chip, memory::MemoryId::kWeights, at, memory::CheckCode::kSecded);
  EXPECT_EQ(secded.data, plain.data);
  EXPECT_EQ(secded.checks, chip.check_faults(memory::MemoryId::kWeights, 3000, at));
  for (const memory::CellFault& fault :
       repaired_faults(plan, chip, memory::MemoryId::kWeights, at, memory::CheckCode::kParity)
           .checks)
    EXPECT_EQ(fault.bit, 64u);
}

TEST(RepairedFaults, SparesRemoveFaultsOfAChip) {
  mitigation::RepairPlan plan;
  plan.arrays = 10;
  plan.words = 5000;  // the last array is not full
  plan.spare_rows = 8;
  plan.spare_columns = 2;
  mitigation::RepairStats stats;
  const chips::RandomChip chip(1);
  const chips::OperatingPoint at{0.9, 0.0005};
  const memory::WordFaultLists left =
      repaired_faults(plan, chip, memory::MemoryId::kWeights, at, memory::CheckCode::kNone, &stats);
  const memory::FaultList before = chip.faults(memory::MemoryId::kWeights, 5000, at);
  EXPECT_TRUE(left.checks.empty());
  // Of 80 and 20: spares with faults of their own, about 3 and 23 %, mostly stay unused.
  EXPECT_GT(stats.rows_replaced, 70);
  EXPECT_LE(stats.rows_replaced, 80);
  EXPECT_GT(stats.columns_replaced, 12);
  EXPECT_LE(stats.columns_replaced, 20);
  // 16 faults an array, of which eight rows and two columns remove ten or a few more.
  EXPECT_LT(left.data.size(), before.size() / 2);
  for (const memory::CellFault& fault : left.data) EXPECT_LT(fault.word, 5000u);
}

}  // namespace
}  // namespace brownout::weights
