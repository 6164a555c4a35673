// SPDX-License-Identifier: Apache-2.0
// Random tiles through the RTL: every sum, every word, every cycle, every counter.
#include <gtest/gtest.h>

#include "sim/cosim/predict.hpp"
#include "tests/cosim/random_job.hpp"

namespace brownout::cosim {
namespace {

class RandomTiles : public testing::TestWithParam<int> {};

/// Runs `jobs` random jobs; returns the number of tiles.
std::size_t check(int size, bool pressed, std::uint64_t first_seed, int jobs) {
  const std::unique_ptr<Core> core = make_core(size, size);
  std::size_t tiles = 0;
  for (std::uint64_t seed = first_seed; seed < first_seed + static_cast<std::uint64_t>(jobs);
       ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed << ", " << size << "x" << size);
    const RandomJob random = random_job(seed, core->shape(), pressed);
    core->reset();
    core->write(0, 4096, random.stored.data());
    core->set_faults(random.faults);
    Recorder recorder(core->shape(), random.job);
    const JobTimes times = core->run(random.job, recorder, {random.pressure, {}, 0, 0, 0});
    EXPECT_EQ(recorder.rows, random.rows);
    EXPECT_EQ(recorder.surplus_seen, std::vector<std::string>());
    for (std::size_t c = 0; c < random.job.commands.size(); ++c) {
      if (!random.job.commands[c].parameters) continue;
      std::vector<std::uint64_t> words;
      for (const Recorder::Word& word : recorder.words[c]) words.push_back(word.data);
      EXPECT_EQ(recorder.parameters[c], words) << "command " << c;
    }
    for (std::size_t s = 0; s < random.job.strips.size(); ++s) {
      const StripJob& strip = random.job.strips[s];
      std::vector<std::int32_t> left;
      for (int w = 0; w < strip.walks; ++w) {
        const auto& last = random.rows[strip.command_first + strip.command_count - 1];
        left.insert(left.end(), last.begin(), last.end());
      }
      EXPECT_EQ(recorder.strips[s], left) << "strip " << s;
    }
    const JobTimes expected = predict(core->shape(), random.job, random.pressure);
    EXPECT_EQ(times.tiles.size(), expected.tiles.size());
    for (std::size_t t = 0; t < times.tiles.size(); ++t) {
      EXPECT_EQ(times.tiles[t].load, expected.tiles[t].load) << "tile " << t;
      EXPECT_EQ(times.tiles[t].swap, expected.tiles[t].swap) << "tile " << t;
      EXPECT_EQ(times.tiles[t].last_vector, expected.tiles[t].last_vector) << "tile " << t;
    }
    EXPECT_EQ(times.drained, expected.drained);
    EXPECT_EQ(times.counters.busy, expected.counters.busy);
    EXPECT_EQ(times.counters.stalled_weights, expected.counters.stalled_weights);
    EXPECT_EQ(times.counters.stalled_accumulators, expected.counters.stalled_accumulators);
    EXPECT_EQ(times.counters.stalled_activations, expected.counters.stalled_activations);
    EXPECT_EQ(times.counters.weight_reads, expected.counters.weight_reads);
    EXPECT_EQ(times.counters.weight_writes, expected.counters.weight_writes);
    EXPECT_EQ(times.counters.accumulator_reads, expected.counters.accumulator_reads);
    EXPECT_EQ(times.counters.accumulator_writes, expected.counters.accumulator_writes);
    if (testing::Test::HasFailure()) break;
    tiles += times.tiles.size();
  }
  return tiles;
}

TEST_P(RandomTiles, GiveTheSumsAndCyclesOfTheFormulas) {
  EXPECT_GE(check(GetParam(), false, 1, 100), 500U);
}

TEST_P(RandomTiles, GiveThemUnderBackPressureOnEveryPort) {
  EXPECT_GE(check(GetParam(), true, 1001, 100), 500U);
}

INSTANTIATE_TEST_SUITE_P(Sizes, RandomTiles, testing::Values(4, 8, 16),
                         [](const auto& size) { return "Array" + std::to_string(size.param); });

}  // namespace
}  // namespace brownout::cosim
