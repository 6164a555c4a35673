// SPDX-License-Identifier: Apache-2.0
// Cells that fail in one direction, on balanced data: they are wrong half the time, and fewer words
// fail.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "sim/chips/measured_chip.hpp"
#include "sim/chips/physical_chip.hpp"
#include "sim/chips/random_chip.hpp"
#include "sim/weights/faulty_reader.hpp"
#include "sim/weights/protected_reader.hpp"
#include "tests/mapping/coded_network.hpp"

namespace brownout::weights {
namespace {

using memory::FaultList;
using memory::MemoryId;

/// All 256 codes equally often, so that every bit position has as many ones as zeros.
network::Network balanced_network(std::int64_t codes) {
  network::Network network;
  network.parameters = {mapping::coded_parameter(network::Scheme::kUniform, 8, codes, 21)};
  return network;
}

double expected_wrong(const FaultList& faults) {
  double sum = 0.0;
  for (const memory::CellFault& fault : faults)
    sum += static_cast<double>(std::max(fault.p01, fault.p10));
  return sum;
}

TEST(OneDirectionalCells, AreWrongHalfTheTimeOnBalancedData) {
  const network::Network network = balanced_network(1 << 19);
  FaultyReader reader(network::share(network), mapping::resident(network));
  chips::PhysicalModel stuck;  // no cell is undecided
  stuck.read_noise = 0.0;
  chips::PhysicalModel biased = stuck;
  biased.zero_to_one_share = 1.0;
  for (const chips::PhysicalModel& model : {stuck, biased}) {
    for (const double voltage : {0.75, 0.83, 0.875}) {
      const FaultList faults = chips::PhysicalChip(3, model).faults(
          MemoryId::kWeights, reader.placement().words, {voltage, 0.0});
      ReadStats stats;
      reader.read(faults, {}, &stats);
      const auto hit = static_cast<double>(stats.cells_hit);
      const double cells = 64.0 * reader.placement().words;
      // Three numbers: the rate that the chip is set to, the cells that it hits, the bits that read
      // wrong.
      const double p = model.p(voltage);
      EXPECT_NEAR(hit, p * cells, 4.5 * std::sqrt(p * cells)) << voltage;
      EXPECT_NEAR(static_cast<double>(stats.bits_wrong), 0.5 * hit, 4.5 * std::sqrt(0.25 * hit))
          << voltage;
    }
  }
  // Flipping cells are always wrong.
  const FaultList flips =
      chips::RandomChip(3).faults(MemoryId::kWeights, reader.placement().words, {0.8, 0.02});
  ReadStats stats;
  reader.read(flips, {}, &stats);
  EXPECT_EQ(stats.bits_wrong, stats.cells_hit);
}

TEST(OneDirectionalCells, ThatErrSometimesAreWrongHalfAsOftenAsTheirProbabilitySays) {
  const network::Network network = balanced_network(1 << 19);
  FaultyReader reader(network::share(network), mapping::resident(network));
  const std::uint32_t words = reader.placement().words;
  const chips::MeasuredChip chip2(std::string(BROWNOUT_SOURCE_DIR) +
                                  "/profiles/chip2-synthetic.h5");
  for (const FaultList& faults : {chips::PhysicalChip(5, chips::PhysicalModel{})
                                      .faults(MemoryId::kWeights, words, {0.82, 0.0}),
                                  chip2.faults(MemoryId::kWeights, words, {0.7966, 0.0})}) {
    const double half = 0.5 * expected_wrong(faults);
    ReadStats stats;
    reader.read(faults, {{}, 9}, &stats);
    EXPECT_NEAR(static_cast<double>(stats.bits_wrong), half, 4.5 * std::sqrt(half));
    EXPECT_EQ(stats.cells_hit, static_cast<std::int64_t>(faults.size()));
    EXPECT_LT(half, 0.5 * static_cast<double>(stats.cells_hit));  // some do not err every time
  }
}

double uncorrectable(double p) {
  return 1.0 - std::pow(1.0 - p, 72) - 72.0 * p * std::pow(1.0 - p, 71);
}

TEST(OneDirectionalCells, FailFewerWordsBehindSecdedThanFlippingOnes) {
  const network::Network network = balanced_network(1 << 20);
  const mapping::Placement placement = mapping::resident(network);
  ProtectedReader reader(network::share(network), placement,
                         {{0, mapping::store(network, placement)}}, memory::CheckCode::kSecded,
                         memory::OnError::kPass);
  const chips::PhysicalModel model;
  for (const double voltage : {20.0 / 24, 21.0 / 24, 22.0 / 24}) {
    const double p = model.p(voltage);
    const auto failed = [&](const chips::Chip& chip) {
      const chips::OperatingPoint at{voltage, p};
      ReadStats stats;
      mitigation::ProtectionStats protection;
      reader.read({chip.faults(MemoryId::kWeights, placement.words, at),
                   chip.check_faults(MemoryId::kWeights, placement.words, at)},
                  {}, &stats, &protection);
      EXPECT_EQ(protection.words, placement.words);
      return static_cast<double>(protection.detected + protection.undetected);
    };
    const auto near = [&](double found, double share) {
      const double expected = share * placement.words;
      EXPECT_NEAR(found, expected, 4.5 * std::sqrt(expected * (1.0 - share)) + 1.0) << voltage;
    };
    const double flipping = failed(chips::RandomChip(7));
    const double one_directional = failed(chips::PhysicalChip(7, model));
    near(flipping, uncorrectable(p));
    near(one_directional, uncorrectable(0.5 * p));
    if (voltage < 0.9) {
      EXPECT_LT(one_directional, 0.4 * flipping);
    }
  }
}

}  // namespace
}  // namespace brownout::weights
