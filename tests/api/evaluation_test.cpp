// SPDX-License-Identifier: Apache-2.0
// Experiments of the library beside `brownout eval` on the same data: equal figures, JSON, CSV and
// text.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "brownout/experiment.hpp"
#include "sim/base/files.hpp"
#include "tests/api/expect_error.hpp"
#include "tests/end_to_end/workplace.hpp"

namespace brownout {
namespace {

using end_to_end::Outcome;
using end_to_end::without_timing;
using Json = nlohmann::json;

/// Lines that do not state a time.
std::string timeless(const std::string& text) {
  std::string kept;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at) + 1;
    const std::string line = text.substr(at, end - at);
    if (line.find("images/s") == std::string::npos) kept += line;
    at = end;
  }
  return kept;
}

class Evaluation : public testing::Test {
 protected:
  ExperimentConfig config() const {
    ExperimentConfig config;
    config.data = (workplace_.folder() / "data").string();
    return config;
  }
  Network network() const { return Network::load(workplace_.network().string()); }

  /// What the command writes.
  struct Written {
    Json json;
    std::string text, samples;
  };
  Written command(std::vector<std::string> more) const {
    std::vector<std::string> arguments{"eval",       workplace_.network().string(),
                                       "--data",     config().data,
                                       "--json",     "eval.json",
                                       "--samples",  "eval.csv",
                                       "--overwrite"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Outcome outcome = workplace_.run(BROWNOUT_BINARY, arguments);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return {without_timing(Json::parse(read_file(workplace_.folder() / "eval.json"))), outcome.out,
            read_file(workplace_.folder() / "eval.csv")};
  }
  void expect_same(const EvalResult& result, const Written& written) const {
    EXPECT_EQ(without_timing(Json::parse(result.json)), written.json);
    EXPECT_EQ(result.samples_csv, written.samples);
    // The command appends what to do next.
    EXPECT_EQ(timeless(written.text).rfind(timeless(result.text), 0), 0u)
        << result.text << "\nexpected:\n"
        << written.text;
  }
  end_to_end::Workplace workplace_;
};

const std::vector<std::string> kTwoChips{"random:3", "physical:5"};

TEST_F(Evaluation, GivesWhatTheCommandGives) {
  Experiment experiment(network(), config());
  const EvalResult result = experiment.run(Conditions::at_voltage(0.84), kTwoChips);
  expect_same(result, command({"--voltage", "0.84", "--chip", "random:3", "--chip", "physical:5"}));
  const Json json = Json::parse(result.json);
  EXPECT_EQ(result.model, "tiny-rquant-8b");
  EXPECT_EQ(result.images, 400);
  EXPECT_TRUE(result.labelled);
  EXPECT_EQ(result.voltage, 0.84);
  EXPECT_EQ(*result.rate, json["rate"]);
  EXPECT_EQ(result.err, json["err"]);
  EXPECT_EQ(result.err_ci95, (json["err_ci95"].get<std::array<double, 2>>()));
  EXPECT_EQ(result.rerr->mean, json["rerr_mean"]);
  EXPECT_EQ(*result.rerr->std, json["rerr_std"]);
  EXPECT_EQ(*result.rerr->ci95, (json["rerr_ci95"].get<std::array<double, 2>>()));
  EXPECT_EQ(*result.rerr->ci95_all, (json["rerr_ci95_all"].get<std::array<double, 2>>()));
  EXPECT_EQ(*result.energy_sram_rel, json["energy_sram_rel"]);
  ASSERT_EQ(result.chips.size(), 2u);
  for (std::size_t i = 0; i < 2; ++i) {
    const Json& chip = json["per_chip"][i];
    EXPECT_EQ(result.chips[i].chip, chip["chip"]);
    EXPECT_EQ(result.chips[i].rerr, chip["rerr"]);
    EXPECT_EQ(result.chips[i].confidence, chip["confidence"]);
    EXPECT_EQ(result.chips[i].cells_hit, chip["cells_hit"]);
    EXPECT_EQ(result.chips[i].bits_wrong, chip["bits_wrong"]);
  }
  EXPECT_EQ(result.rerr->min, std::min(result.chips[0].rerr, result.chips[1].rerr));
  EXPECT_EQ(result.rerr->max, std::max(result.chips[0].rerr, result.chips[1].rerr));
  EXPECT_FALSE(result.cycles);
  EXPECT_TRUE(result.logits.empty());
}

TEST_F(Evaluation, EverySettingIsTheOptionOfThatName) {
  ExperimentConfig config = this->config();
  config.images = 100;
  config.engine = "float";
  config.bit_offset = 77;
  config.evaluation_seed = 9;
  config.fresh_reads = true;
  config.batch = 10;
  config.mitigation = "secded";
  config.only_bits = "5-7";
  config.list_cells = true;
  config.threads = 0;
  Experiment experiment(network(), config);
  expect_same(experiment.run(Conditions::at_rate(0.02), {"random:1,p_err=0.5"}),
              command({"--images",
                       "100",
                       "--engine",
                       "float",
                       "--bit-offset",
                       "77",
                       "--evaluation-seed",
                       "9",
                       "--reads",
                       "fresh",
                       "--batch",
                       "10",
                       "--mitigation",
                       "secded",
                       "--only-bits",
                       "5-7",
                       "--cells",
                       "--rate",
                       "0.02",
                       "--chip",
                       "random:1,p_err=0.5"}));
}

TEST_F(Evaluation, WithoutConditionsOnlyTheCleanNetworkRuns) {
  Experiment experiment(network(), config());
  const EvalResult result = experiment.run({});
  expect_same(result, command({}));
  EXPECT_FALSE(result.rerr);
  EXPECT_TRUE(result.chips.empty());
}

TEST_F(Evaluation, WithoutChipsTheTenOfTheCommandRun) {
  Experiment experiment(network(), config());
  const EvalResult result = experiment.run(Conditions::at_rate(0.01));
  expect_same(result, command({"--rate", "0.01"}));
  EXPECT_EQ(result.chips.size(), 10u);
  std::vector<std::string> names;
  for (const ChipError& chip : result.chips) names.push_back(chip.chip);
  EXPECT_EQ(names, random_chips(10));
  EXPECT_EQ(random_chips(2, 41), (std::vector<std::string>{"random:41", "random:42"}));
}

TEST_F(Evaluation, DependsNeitherOnWhatRanBeforeNorOnThreads) {
  Experiment experiment(network(), config());
  const EvalResult first = experiment.run(Conditions::at_voltage(0.84), random_chips(3));
  experiment.run(Conditions::at_voltage(0.80), kTwoChips);
  experiment.run({});
  const EvalResult again = experiment.run(Conditions::at_voltage(0.84), random_chips(3));
  EXPECT_EQ(without_timing(Json::parse(first.json)), without_timing(Json::parse(again.json)));
  ExperimentConfig threads = config();
  threads.threads = 3;
  Experiment other(network(), threads);
  EXPECT_EQ(
      without_timing(Json::parse(first.json)),
      without_timing(Json::parse(other.run(Conditions::at_voltage(0.84), random_chips(3)).json)));
}

TEST_F(Evaluation, LogitsAreThoseOfTheCleanPassThenOfEachChip) {
  ExperimentConfig config = this->config();
  config.images = 7;
  config.keep_logits = true;
  Experiment experiment(network(), config);
  const EvalResult result = experiment.run(Conditions::at_rate(0.2), random_chips(2));
  ASSERT_EQ(result.logits.size(), 3u * 7 * 10);
  const auto pass = [&](std::size_t i) {
    const auto begin = result.logits.begin() + static_cast<std::ptrdiff_t>(i * 70);
    return std::vector<float>(begin, begin + 70);
  };
  EXPECT_EQ(pass(0), experiment.run({}).logits);
  EXPECT_EQ(pass(2), [&] {
    const std::vector<float> both = experiment.run(Conditions::at_rate(0.2), {"random:1"}).logits;
    return std::vector<float>(both.begin() + 70, both.end());
  }());
}

TEST_F(Evaluation, CodesThatTheChipChangedGiveTheSameError) {
  // Perturbing the codes by hand and running the network clean is what an evaluation does.
  const Network clean = network();
  const OperatingPoint at = Technology().at(0.82);
  std::vector<std::vector<std::int8_t>> read;
  CodePlacement placement;
  for (const Parameter& parameter : clean.parameters()) {
    read.emplace_back();
    if (parameter.n.empty()) continue;
    std::vector<std::uint8_t> codes = parameter.codes();
    const auto count = static_cast<std::int64_t>(codes.size());
    corrupt(codes.data(), count, parameter.bits, Chip("random:4"), at, placement);
    placement.offset += codes.size() * static_cast<std::size_t>(parameter.bits);
    // rquant: n = max(v, 1) - 128
    for (const std::uint8_t v : codes)
      read.back().push_back(static_cast<std::int8_t>(std::max<int>(v, 1) - 128));
  }
  EXPECT_EQ(static_cast<std::int64_t>(placement.offset), clean.coded_bits());
  ExperimentConfig config = this->config();
  config.keep_logits = true;
  const EvalResult by_hand = Experiment(clean.with_codes(read), config).run({});
  const EvalResult expected =
      Experiment(clean, config).run(Conditions::at_voltage(0.82), {"random:4"});
  EXPECT_EQ(by_hand.err, expected.rerr->mean);
  EXPECT_TRUE(
      std::equal(by_hand.logits.begin(), by_hand.logits.end(), expected.logits.begin() + 400 * 10));
}

TEST_F(Evaluation, ProgressCountsPassesAndMayEndTheRun) {
  Experiment experiment(network(), config());
  std::int64_t last = -1, total = 0;
  experiment.run(Conditions::at_rate(0.01), random_chips(4),
                 [&](std::int64_t done, std::int64_t of) {
                   EXPECT_GE(done, last);
                   last = done;
                   total = of;
                   return true;
                 });
  EXPECT_EQ(last, 5);
  EXPECT_EQ(total, 5);
  int chips = 0;
  EXPECT_THROW(experiment.run(Conditions::at_rate(0.01), random_chips(1000),
                              [&](std::int64_t done, std::int64_t) {
                                chips = static_cast<int>(done);
                                return done < 3;
                              }),
               Interrupted);
  EXPECT_EQ(chips, 3);
  // An exception of the function arrives as it is, and the experiment goes on working.
  EXPECT_THROW(experiment.run(Conditions::at_rate(0.01), random_chips(3),
                              [](std::int64_t, std::int64_t) -> bool { throw 5; }),
               int);
  EXPECT_EQ(experiment.run(Conditions::at_rate(0.01), random_chips(2)).chips.size(), 2u);
}

TEST_F(Evaluation, OneRunsAtATime) {
  Experiment experiment(network(), config()), other(network(), config());
  const auto run = [](Experiment& one, const ProgressFunction& progress = {}) {
    return one.run(Conditions::at_rate(0.02), random_chips(3), progress).rerr->mean;
  };
  const double expected = run(experiment);
  const std::string refused =
      "progress: the run that calls it has not ended; expected a function that starts no run of "
      "its own";
  int calls = 0;
  const double found = run(experiment, [&](std::int64_t, std::int64_t) {
    if (++calls > 3) return true;
    expect_error([&] { run(experiment); }, refused);
    expect_error([&] { experiment.run_random(Conditions::at_rate(0.2), 2); }, refused);
    EXPECT_EQ(run(other), expected);  // another experiment is fine
    std::thread([&] {
      expect_error([&] { run(experiment); }, "a run of another thread has not ended; expected one");
    }).join();
    return true;
  });
  EXPECT_GE(calls, 3);
  EXPECT_EQ(found, expected);
  // Not even through another one.
  run(experiment, [&](std::int64_t, std::int64_t) {
    run(other, [&](std::int64_t, std::int64_t) {
      expect_error([&] { run(experiment); }, refused);
      return true;
    });
    return true;
  });
  EXPECT_EQ(run(experiment), expected);
}

TEST_F(Evaluation, WrongSettingsNameTheField) {
  const Network net = network();
  const auto refused = [&](auto change, const std::string& message) {
    ExperimentConfig config = this->config();
    change(config);
    expect_error([&] { Experiment(net, config).run(Conditions::at_voltage(0.9)); }, message);
  };
  refused([](auto& c) { c.engine = "functionl"; },
          "engine: expected one of functional, float, reference, systemc, got \"functionl\"; did "
          "you mean \"functional\"?");
  refused([](auto& c) { c.images = 401; },
          "images: expected an integer in [1, 400], the images of fashion-mnist (test), got 401");
  refused([](auto& c) { c.images = -1; }, "images: expected an integer in [1, ");
  refused([](auto& c) { c.split = "tset"; }, "split: expected one of train, test");
  refused([](auto& c) { c.dataset = "mnis"; }, "dataset: expected one of ");
  refused([](auto& c) { c.data = "/nowhere"; }, "data: /nowhere");
  refused([](auto& c) { c.batch = 0; }, "batch: expected an integer in [1, ");
  refused([](auto& c) { c.bit_offset = ~std::uint64_t{0}; }, "bit_offset: expected an integer");
  refused([](auto& c) { c.threads = -1; }, "threads: expected an integer in [0, 256], got \"-1\"");
  refused([](auto& c) { c.accelerator = "edge-16x17"; },
          "accelerator: expected a file or the name of a shipped accelerator");
  refused([](auto& c) { c.technology = "none.yaml"; }, "none.yaml");
  refused([](auto& c) { c.mitigation = "secdet"; }, "mitigation: ");
  refused([](auto& c) { c.supplies["input"] = "0.9"; }, "supplies: needs an accelerator");
  refused([](auto& c) { c.engine = "systemc"; }, "engine systemc: needs an accelerator");
  refused([](auto& c) { c.only_tensors = {"no such tensor"}; }, "no such tensor");
  refused([](auto& c) { c.only_tensors = {""}; }, "only_tensors: expected a value, got \"\"");
  refused(
      [](auto& c) {
        c.only_layers = {"conv1", ""};
      },
      "only_layers: expected a value, got \"\"");
  refused([](auto& c) { c.batch_statistics = true; }, "batch_statistics: ");
}

TEST_F(Evaluation, WrongConditionsNameTheField) {
  Experiment experiment(network(), config());
  expect_error([] { random_chips(0); }, "chips: expected an integer in [1, 1000000], got \"0\"");
  expect_error([] { random_chips(-3); }, "chips: expected an integer in [1, 1000000], got \"-3\"");
  expect_error([] { random_chips(3, ~std::uint64_t{0}); }, "seed: expected an integer in [0, ");
  expect_error([&] { experiment.run_random(Conditions::at_rate(0.1), 3, std::uint64_t{1} << 63); },
               "seed: expected an integer in [0, ");
  expect_error([&] { experiment.run(Conditions::at_voltage(0.1)); },
               "voltage: expected a number in [0.75, 1], got \"0.1\" (the range of ");
  expect_error(
      [&] {
        experiment.run({0.9, 0.1});
      },
      "voltage and rate: expected one of them, got both");
  expect_error([&] { experiment.run(Conditions::at_rate(1.5)); },
               "rate: expected a number in [0, 1], got \"1.5\"");
  expect_error([&] { experiment.run({}, {"random:1"}); },
               "chip: needs an operating point; expected rate or voltage");
  expect_error([&] { experiment.run(Conditions::at_voltage(0.9), {"rnd:1"}); }, "chip \"rnd:1\"");
  expect_error(
      [&] {
        experiment.run(Conditions::at_voltage(0.9), {"random:1", "random:1"});
      },
      "chip: random:1 is named twice");
  expect_error([&] { experiment.run(Conditions::at_rate(0.1), {"physical:1"}); },
               "rate: chip physical:1 fails by voltage; expected voltage");
}

}  // namespace
}  // namespace brownout
