// SPDX-License-Identifier: Apache-2.0
// Random tiles through the RTL: every sum, every word, every cycle, every counter.
#include <gtest/gtest.h>

#include <algorithm>

#include "sim/cosim/predict.hpp"
#include "tests/cosim/random_job.hpp"

namespace brownout::cosim {
namespace {

class RandomTiles : public testing::TestWithParam<CoreShape> {};

/// Whether gaps between vectors may make a tile read a row whose last sum is not written yet. It is
/// forwarded then and does not pass its cells (rtl/README.md).
bool may_forward(const Job& job) {
  constexpr int kSwapToSwap = 4;
  return std::any_of(job.commands.begin(), job.commands.end(), [](const Command& command) {
    return !command.parameters && command.vectors < kSwapToSwap;
  });
}

/// Runs `jobs` random jobs; returns the number of tiles.
std::size_t check(const CoreShape& size, bool pressed, std::uint64_t first_seed, int jobs,
                  const RandomFaults& faults = {}, Counters* total = nullptr) {
  const std::unique_ptr<Core> core = make_core(size.rows, size.columns);
  std::size_t tiles = 0;
  for (std::uint64_t seed = first_seed; seed < first_seed + static_cast<std::uint64_t>(jobs);
       ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed << ", " << size.rows << "x" << size.columns);
    RandomJob random = random_job(seed, core->shape(), pressed, faults);
    if (faults.accumulators && may_forward(random.job)) {
      random.pressure.share[Port::kVector] = 0.0;
    }
    core->reset();
    core->set_mitigation(faults.mode);
    core->set_accumulator_faults(random.accumulators);
    core->write(0, 4096, random.stored.data());
    core->set_faults(random.faults);
    Recorder recorder(core->shape(), random.job);
    const JobTimes times = core->run(random.job, recorder, {random.pressure, {}, 0, 0, 0});
    EXPECT_EQ(recorder.rows, random.rows);
    EXPECT_EQ(recorder.surplus_seen, std::vector<std::string>());
    for (std::size_t c = 0; c < random.job.commands.size(); ++c) {
      std::vector<Recorder::Checked> words;
      for (const Recorder::Word& word : recorder.words[c]) {
        const WordFaults fault = faults_of(random.faults, word.address);
        const std::uint64_t stored = random.stored[word.address];
        const std::uint8_t beside = memory::encode_word(stored, faults.mode.check);
        EXPECT_EQ(word.read, (RawWord{fault.read(stored), fault.read_check(beside)}));
        const memory::ReadWord behind =
            memory::read_word(stored, fault.errors(), faults.mode.check);
        words.push_back({behind.data, behind.suspect});
      }
      EXPECT_EQ(recorder.checked_words[c], words) << "command " << c;
      if (!random.job.commands[c].parameters) words.clear();
      EXPECT_EQ(recorder.parameters[c], words) << "command " << c;
    }
    for (std::size_t s = 0; s < random.job.strips.size(); ++s) {
      std::vector<std::int32_t> left;
      for (int w = 0; w < random.job.strips[s].walks; ++w) {
        left.insert(left.end(), random.drained[s].begin(), random.drained[s].end());
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
    EXPECT_EQ(times.counters.words_corrected, random.words_corrected);
    EXPECT_EQ(times.counters.words_detected, random.words_detected);
    if (total != nullptr) *total += times.counters;
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

constexpr memory::CheckMode kModes[] = {
    {memory::CheckCode::kSecded, memory::OnError::kPass},
    {memory::CheckCode::kSecded, memory::OnError::kZero},
    {memory::CheckCode::kSecded, memory::OnError::kMask},
    {memory::CheckCode::kParity, memory::OnError::kPass},
    {memory::CheckCode::kParity, memory::OnError::kZero},
    {memory::CheckCode::kParity, memory::OnError::kMask},
    {memory::CheckCode::kInterleavedParity, memory::OnError::kPass},
    {memory::CheckCode::kInterleavedParity, memory::OnError::kZero},
    {memory::CheckCode::kInterleavedParity, memory::OnError::kMask}};

TEST_P(RandomTiles, GiveThemBehindEveryCheckCode) {
  std::uint64_t seed = 2001;
  for (const bool pressed : {false, true}) {
    for (const memory::CheckMode& mode : kModes) {
      SCOPED_TRACE(testing::Message() << "check " << static_cast<int>(mode.check) << ", on error "
                                      << static_cast<int>(mode.on_error));
      Counters counters;
      EXPECT_GE(check(GetParam(), pressed, seed, 12, {mode, false}, &counters), 40U);
      EXPECT_EQ(counters.words_corrected > 0, mode.check == memory::CheckCode::kSecded);
      const bool reads_enough = GetParam().rows * GetParam().columns > 8;
      if (reads_enough) {
        EXPECT_GT(counters.words_detected, 5);
      }
      seed += 12;
    }
  }
}

TEST_P(RandomTiles, GiveThemThroughFaultyAccumulators) {
  EXPECT_GE(check(GetParam(), false, 3001, 30, {{}, true}), 100U);
  EXPECT_GE(check(GetParam(), true, 3031, 30,
                  {{memory::CheckCode::kInterleavedParity, memory::OnError::kMask}, true}),
            100U);
}

TEST(Modes, ChangeBetweenJobsAndForgetNothing) {
  const std::unique_ptr<Core> core = make_core(4, 4);
  std::uint64_t seed = 4001;
  for (int round = 0; round < 3; ++round) {
    for (const memory::CheckMode& checked : kModes) {
      for (const memory::CheckMode& mode : {checked, memory::CheckMode{}}) {
        // Jobs of several strips end in either half; no reset between them.
        const RandomJob random = random_job(seed++, core->shape(), false, {mode, seed % 2 == 0});
        core->set_mitigation(mode);
        core->set_accumulator_faults(random.accumulators);
        core->write(0, 4096, random.stored.data());
        core->set_faults(random.faults);
        Recorder recorder(core->shape(), random.job);
        const JobTimes times = core->run(random.job, recorder);
        ASSERT_EQ(recorder.rows, random.rows) << "seed " << seed - 1;
        for (std::size_t s = 0; s < random.drained.size(); ++s) {
          recorder.strips[s].resize(random.drained[s].size());  // the first walk
          ASSERT_EQ(recorder.strips[s], random.drained[s]) << "seed " << seed - 1;
        }
        ASSERT_EQ(times.drained, predict(core->shape(), random.job).drained);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, RandomTiles, testing::ValuesIn(built_cores()),
                         [](const auto& size) {
                           return "Array" + std::to_string(size.param.rows) + "x" +
                                  std::to_string(size.param.columns);
                         });

}  // namespace
}  // namespace brownout::cosim
