// SPDX-License-Identifier: Apache-2.0
// Reading chips one after the other gives what reading each from clean codes gives.
#include "sim/weights/faulty_reader.hpp"

#include <gtest/gtest.h>

#include "sim/chips/random_chip.hpp"
#include "tests/mapping/coded_network.hpp"

namespace brownout::weights {
namespace {

TEST(FaultyReader, ReadsEveryChipFromCleanCodes) {
  const network::Network network = mapping::network_of_all_schemes(8, 4);
  FaultyReader reader(network::share(network), mapping::resident(network, 17));
  for (std::uint64_t chip = 0; chip < 8; ++chip) {
    const memory::FaultList faults = chips::RandomChip(chip, 0.5).faults(
        memory::MemoryId::kWeights, reader.placement().words, {0.8, 0.05});
    network::Codes expected = network::clean_codes(network);
    std::vector<Touched> touched;
    const ReadStats expected_stats =
        read_through(network, reader.placement(), faults, {{}, chip}, expected, touched);
    ReadStats stats;
    EXPECT_EQ(reader.read(faults, {{}, chip}, &stats), expected);
    EXPECT_NE(expected, network::clean_codes(network));
    EXPECT_EQ(stats.cells_hit, expected_stats.cells_hit);
    EXPECT_EQ(stats.bits_wrong, expected_stats.bits_wrong);
    EXPECT_EQ(stats.codes_changed, expected_stats.codes_changed);
    if (chip % 3 == 0) {
      EXPECT_EQ(reader.clean(), network::clean_codes(network));
    }
  }
  EXPECT_EQ(reader.read({}, {}), network::clean_codes(network));
}

}  // namespace
}  // namespace brownout::weights
