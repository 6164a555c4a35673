// SPDX-License-Identifier: Apache-2.0
// Exported jobs in Icarus Verilog: plain arithmetic, cycle formulas, exporter and RTL at once.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "sim/base/files.hpp"
#include "sim/cosim/export.hpp"
#include "sim/cosim/predict.hpp"
#include "tests/cosim/random_job.hpp"

namespace brownout::cosim {
namespace {

struct Outcome {
  int status = -1;
  std::string output;
};

class Replay : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / fmt::format("brownout-replay-{}", getpid());
    std::filesystem::remove_all(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  Outcome replay() const {
    const std::string command =
        fmt::format("sh '{}/run.sh' '{}/rtl' 2>&1", folder_.string(), BROWNOUT_SOURCE_DIR);
    std::FILE* const pipe = popen(command.c_str(), "r");
    Outcome outcome;
    char buffer[4096];
    while (const std::size_t n = std::fread(buffer, 1, sizeof buffer, pipe)) {
      outcome.output.append(buffer, n);
    }
    const int status = pclose(pipe);
    if (WIFEXITED(status)) outcome.status = WEXITSTATUS(status);
    return outcome;
  }

  std::filesystem::path folder_;
};

/// The rows that leave: those of each strip's last tile, walk after walk.
ExpectedJob expect(const CoreShape& shape, const RandomJob& random) {
  ExpectedJob expected;
  expected.stored = random.stored;
  expected.faults = random.faults;
  expected.cycles = predict(shape, random.job).cycles();
  for (const StripJob& strip : random.job.strips) {
    const std::size_t last = strip.command_first + strip.command_count - 1;
    const auto columns = static_cast<std::size_t>(random.job.commands[last].columns);
    for (int walk = 0; walk < strip.walks; ++walk) {
      const std::int32_t* row = random.rows[last].data();
      for (int r = 0; r < strip.rows; ++r, row += columns + 1) {
        // Columns not in use hold a number that must not be compared.
        std::vector<std::int32_t> lanes(static_cast<std::size_t>(shape.columns) + 1, -12345);
        std::copy_n(row, columns, lanes.begin());
        lanes.back() = row[columns];
        expected.rows.push_back(std::move(lanes));
      }
    }
  }
  return expected;
}

TEST_F(Replay, GivesTheRowsAndCyclesOfRandomJobs) {
  // Square and not; the seeds are those of jobs with several strips.
  const CoreShape shapes[] = {{4, 4, 65536, 1024}, {3, 5, 65536, 1024},   {1, 1, 65536, 128},
                              {8, 8, 65536, 1024}, {16, 16, 65536, 1024}, {7, 2, 16384, 256}};
  std::uint64_t seed = 41;
  for (const CoreShape& shape : shapes) {
    for (const bool writes : {false, true}) {
      SCOPED_TRACE(
          fmt::format("{}x{}, seed {}, writes {}", shape.rows, shape.columns, seed, writes));
      const RandomJob random = random_job(seed++, shape, writes);
      const ExpectedJob expected = expect(shape, random);
      export_job(folder_, shape, random.job, expected);
      const Outcome outcome = replay();
      EXPECT_EQ(outcome.status, 0) << outcome.output;
      EXPECT_NE(outcome.output.find(
                    fmt::format("PASS rows={} cycles={}\n", expected.rows.size(), expected.cycles)),
                std::string::npos)
          << outcome.output;
    }
  }
}

/// A job of one strip of two K tiles and 3 rows; the second tile is at cell 1024.
RandomJob small_job() {
  RandomJob random;
  random.stored.assign(65536, 0x0123456789ABCDEF);
  for (const bool last : {false, true}) {
    Command command;
    command.cell = last ? 1024 : 0;
    command.stride = 32;
    command.columns = 4;
    command.codes = 4;
    command.scheme = scheme_number(network::Scheme::kSymmetric);
    command.vectors = 3;
    command.first = !last;
    command.last = last;
    random.job.commands.push_back(command);
    for (int i = 0; i < 12; ++i) random.job.vectors.push_back(static_cast<std::int16_t>(i - 5));
  }
  StripJob strip;
  strip.command_count = 2;
  strip.rows = 3;
  strip.row_cycles = 2;
  random.job.strips.push_back(strip);
  // Rows 0x01 23 45 67 and 0x89 AB CD EF as two's complement, lowest code first, columns in turn.
  const int even[] = {0xEF - 256, 0xCD - 256, 0xAB - 256, 0x89 - 256};
  const int odd[] = {0x67, 0x45, 0x23, 0x01};
  random.rows.resize(2);
  for (int v = 0; v < 3; ++v) {
    int sums[5] = {};
    for (int r = 0; r < 4; ++r) {
      const int a = 2 * (v * 4 + r - 5);  // both tiles see the same
      for (int c = 0; c < 4; ++c) sums[c] += (c % 2 == 0 ? even[r] : odd[r]) * a;
      sums[4] += a;
    }
    random.rows[1].insert(random.rows[1].end(), sums, sums + 5);
  }
  return random;
}

constexpr CoreShape kSmall{4, 4, 65536, 1024};

TEST_F(Replay, WaitsForTheGatesOfAStrip) {
  RandomJob random = small_job();
  const std::int64_t free_cycles = predict(kSmall, random.job).cycles();
  random.job.strips[0].gates = {100, 300, 500};
  const ExpectedJob expected = expect(kSmall, random);
  // The rows leave from the last gate on, 2 cycles each.
  EXPECT_EQ(expected.cycles, 506);
  EXPECT_LT(free_cycles, 100);
  export_job(folder_, kSmall, random.job, expected);
  const Outcome outcome = replay();
  EXPECT_EQ(outcome.status, 0) << outcome.output;

  random.job.strips[0].gates = {100, 300, 0};
  const ExpectedJob earlier = expect(kSmall, random);
  export_job(folder_, kSmall, random.job, earlier);
  EXPECT_EQ(replay().status, 0) << "stream gate";
  random.job.strips[0].gates = {100, 0, 0};
  EXPECT_EQ(expect(kSmall, random).cycles, free_cycles + 100);
  export_job(folder_, kSmall, random.job, expect(kSmall, random));
  EXPECT_EQ(replay().status, 0) << "load gate";
}

TEST_F(Replay, NamesTheFirstSumThatDiffers) {
  const RandomJob random = small_job();
  ExpectedJob expected = expect(kSmall, random);
  const std::int32_t right = expected.rows[1][2];
  expected.rows[1][2] ^= 1 << 20;
  expected.rows[2][0] ^= 1;
  export_job(folder_, kSmall, random.job, expected);
  const Outcome outcome = replay();
  EXPECT_EQ(outcome.status, 1);
  EXPECT_NE(outcome.output.find(fmt::format("strip 0, row 1, lane 2: expected {}, got {}",
                                            expected.rows[1][2], right)),
            std::string::npos)
      << outcome.output;
}

TEST_F(Replay, SeesOneBitOfOneMask) {
  const RandomJob random = small_job();
  ExpectedJob expected = expect(kSmall, random);
  expected.faults = {{16, 0, 0, std::uint64_t{1} << 33}};  // column 1 of the second tile
  export_job(folder_, kSmall, random.job, expected);
  const Outcome outcome = replay();
  EXPECT_EQ(outcome.status, 1);
  EXPECT_NE(outcome.output.find("strip 0, row 0, lane 1: "), std::string::npos) << outcome.output;
}

TEST_F(Replay, SeesOneCycleTooMany) {
  const RandomJob random = small_job();
  ExpectedJob expected = expect(kSmall, random);
  ++expected.cycles;
  export_job(folder_, kSmall, random.job, expected);
  const Outcome outcome = replay();
  EXPECT_EQ(outcome.status, 1);
  EXPECT_NE(outcome.output.find(fmt::format("FAIL cycles: expected {}, got {}", expected.cycles,
                                            expected.cycles - 1)),
            std::string::npos)
      << outcome.output;
}

TEST_F(Replay, FailsWhenAnAssertionOfTheRtlFails) {
  RandomJob random = small_job();
  random.job.commands[0].bits = 9;
  export_job(folder_, kSmall, random.job, expect(kSmall, small_job()));
  const Outcome outcome = replay();
  EXPECT_EQ(outcome.status, 1);
  EXPECT_NE(outcome.output.find("run_reader: 9 bits a code"), std::string::npos) << outcome.output;
}

TEST_F(Replay, FailsWhenAFileIsMissing) {
  const RandomJob random = small_job();
  export_job(folder_, kSmall, random.job, expect(kSmall, random));
  std::filesystem::remove(folder_ / "vectors.mem");
  EXPECT_EQ(replay().status, 1);
}

TEST_F(Replay, WritesOnlyWordsThatTheJobReads) {
  RandomJob random = small_job();
  random.faults = {{3, 1, 0, 0}, {5000, 0, 1, 0}};
  export_job(folder_, kSmall, random.job, expect(kSmall, random));
  const nlohmann::json manifest = nlohmann::json::parse(read_file(folder_ / "manifest.json"));
  // Two tiles of 4 runs of 32 bits, two runs in a word; words 0, 1, 16, 17.
  EXPECT_EQ(manifest["files"]["weights.mem"]["lines"], 4);
  EXPECT_EQ(manifest["files"]["faults.mem"]["lines"], 0);
  EXPECT_EQ(read_file(folder_ / "weights.mem"),
            "00000000_0123456789abcdef\n00000001_0123456789abcdef\n"
            "00000010_0123456789abcdef\n00000011_0123456789abcdef\n");
  EXPECT_EQ(read_file(folder_ / "commands.mem").substr(0, 42),
            "0_1_0_2_8_0004_0004_0003_00000000_00000020");
}

}  // namespace
}  // namespace brownout::cosim
