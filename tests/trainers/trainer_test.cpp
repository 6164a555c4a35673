// SPDX-License-Identifier: Apache-2.0
// The training loop: gradients, one step by hand, determinism, exact resume.
#include "trainers/method/trainer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <csignal>
#include <string>
#include <thread>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/base/random.hpp"
#include "small_training.hpp"

namespace brownout::trainers {
namespace {

namespace fs = std::filesystem;

fs::path fresh_folder(const std::string& name) {
  const fs::path folder = fs::path(testing::TempDir()) / ("brownout-trainer-" + name);
  fs::remove_all(folder);
  fs::create_directories(folder);
  return folder;
}

const std::string kRandbet =
    "w_max: 0.3\nbit_errors: {rate: 0.02, start_loss: 100}\noptimizer: {learning_rate: 0.02}\n";

TEST(NetworkPass, ALearnedScaleIsAValueAfterTheWeightsWithItsGradient) {
  SmallTraining small(small_config(""));
  NetworkPass& pass = small.trainer.pass();
  LossChoice loss;
  loss.kind = LossChoice::Kind::kMcel;
  loss.margin = 8.0;
  loss.learn_scale = true;
  std::vector<float> weights = small.trainer.state().weights;
  weights.push_back(0.5f);
  std::vector<std::int32_t> order(48);
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::int32_t>(i);
  std::vector<float> images(48 * 64);
  data::Labels labels(48);
  small.trainer.train_reader().read(order.data(), 48, images.data(), labels.data());
  std::vector<float> statistics = small.trainer.state().statistics;
  std::vector<float> gradient(weights.size());
  const auto at = [&](const LossChoice& choice, float scale) {
    weights.back() = scale;
    return pass
        .train(choice, weights.data(), images.data(), labels.data(), 48, gradient.data(),
               statistics, false)
        .loss;
  };
  const double slope = (at(loss, 0.51f) - at(loss, 0.49f)) / 0.02;
  const double learned = at(loss, 0.5f);
  EXPECT_NEAR(gradient.back(), slope, 1e-3 * std::abs(slope) + 1e-4);
  LossChoice constant = loss;
  constant.learn_scale = false;
  constant.logit_scale = 0.5;
  EXPECT_NEAR(at(constant, 0.5f), learned, 1e-5);
}

TEST(Trainer, ALearnedScaleStartsWhereItIsToldAndMoves) {
  SmallTraining small(small_config(
      kRandbet + "loss: {kind: mcel, margin: 8, logit_scale: 0.001, learn_scale: true}\n"));
  const std::size_t weights = static_cast<std::size_t>(small.trainer.coder().size());
  ASSERT_EQ(small.trainer.state().weights.size(), weights + 1);
  EXPECT_EQ(small.trainer.state().weights.back(), 0.001f);
  for (int i = 0; i < 20; ++i) small.trainer.step();
  EXPECT_GT(small.trainer.state().weights.back(), 0.001f);
}

TEST(Trainer, ALearnedScaleNeverFallsBelowItsStart) {
  const TrainingConfig config = small_config(
      "loss: {kind: mcel, margin: 8, logit_scale: 0.25, learn_scale: true}\n"
      "optimizer: {learning_rate: 0.02}\n");
  SmallTraining begun(config);
  TrainingFiles files = quiet();
  files.checkpoint = fs::path(testing::TempDir()) / "brownout-scale.checkpoint";
  const std::sig_atomic_t stop = 1;
  begun.trainer.run(files, &stop);
  Checkpoint checkpoint = read_checkpoint(files.checkpoint);
  checkpoint.weights.back() = -1.0f;
  SmallTraining rest(config);
  rest.trainer.resume(checkpoint, "x");
  rest.trainer.step();
  EXPECT_EQ(rest.trainer.state().weights.back(), 0.25f);
}

TEST(Trainer, AScaleThatStartsNearZeroTrainsANetworkTheRightWayRound) {
  for (const char* seed : {"1", "2", "3"}) {
    TrainingConfig config = small_config(
        "loss: {kind: mcel, bound: 100, margin: 32, logit_scale: 1e-5, learn_scale: true}\n"
        "optimizer: {kind: adam, learning_rate: 1e-2}\n");
    config.seed = std::stoull(seed);
    config.schedule.epochs = 10;
    SmallTraining small(config);
    ASSERT_TRUE(small.trainer.run(quiet()));
    EXPECT_GT(small.trainer.state().weights.back(), 1e-5f) << seed;
    EXPECT_LT(small.trainer.test_error(300), 34.0) << seed;  // two classes of three by chance: 67
  }
}

TEST(NetworkPass, GradientsEqualDifferencesOfTheLoss) {
  SmallTraining small(small_config(""));
  NetworkPass& pass = small.trainer.pass();
  std::vector<float> weights = small.trainer.state().weights;
  const Philox random(4, Purpose::kTest);
  for (std::size_t i = 0; i < weights.size(); ++i) {  // leave the identity of norms and biases
    weights[i] += static_cast<float>(unit_open(random(i)[0]) * 0.2 - 0.1);
  }
  std::vector<std::int32_t> order(48);
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::int32_t>(i);
  std::vector<float> images(48 * 64);
  data::Labels labels(48);
  small.trainer.train_reader().read(order.data(), 48, images.data(), labels.data());
  std::vector<float> statistics = small.trainer.state().statistics;
  std::vector<float> gradient(weights.size());
  std::vector<float> unused(weights.size());
  pass.train({}, weights.data(), images.data(), labels.data(), 48, gradient.data(), statistics,
             false);
  // For each tensor, along its own gradient; the slope there is the gradient's length.
  for (std::size_t t = 0; t < small.architecture.parameters.size(); ++t) {
    const TensorSpan& span = small.trainer.coder().spans()[t];
    double length = 0.0;
    for (std::int64_t i = span.first; i < span.first + span.count; ++i) {
      const double g = static_cast<double>(gradient[static_cast<std::size_t>(i)]);
      length += g * g;
    }
    length = std::sqrt(length);
    if (length < 1e-3) continue;  // a bias right before a norm that removes it
    const double step = 2e-3;
    double loss[2];
    for (int side = 0; side < 2; ++side) {
      std::vector<float> moved = weights;
      for (std::int64_t i = span.first; i < span.first + span.count; ++i) {
        const std::size_t at = static_cast<std::size_t>(i);
        moved[at] += static_cast<float>((side == 0 ? step : -step) *
                                        static_cast<double>(gradient[at]) / length);
      }
      loss[side] = pass.train({}, moved.data(), images.data(), labels.data(), 48, unused.data(),
                              statistics, false)
                       .loss;
    }
    EXPECT_NEAR((loss[0] - loss[1]) / (2.0 * step), length, 0.03 * length + 2e-4)
        << small.architecture.parameters[t].name;
  }
}

TEST(Trainer, APlainStepIsSgdOnTheGradientOfTheQuantizedWeights) {
  const TrainingConfig config = small_config(
      "optimizer: {learning_rate: 0.1, momentum: 0.5, nesterov: true, weight_decay: 0.01}\n");
  SmallTraining small(config);
  Trainer& trainer = small.trainer;
  std::vector<float> weights = trainer.state().weights;
  WeightCoder coder(small.architecture.parameters, config.coding);
  std::vector<float> decoded(weights.size());
  coder.quantize(weights.data(), decoded.data());
  const auto order = shuffled(96, config.seed, 0);
  std::vector<float> images(16 * 64);
  data::Labels labels(16);
  trainer.train_reader().read(order.data(), 16, images.data(), labels.data());
  std::vector<float> statistics = trainer.state().statistics;
  std::vector<float> gradient(weights.size());
  const PassResult pass = trainer.pass().train({}, decoded.data(), images.data(), labels.data(), 16,
                                               gradient.data(), statistics, true);
  const StepResult step = trainer.step();
  EXPECT_EQ(step.clean.loss, pass.loss);
  EXPECT_FALSE(step.injected);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    // v = g, w -= lr·(g + 0.5·v) with g including the decay
    const float g = gradient[i] + 0.01f * weights[i];
    ASSERT_NEAR(trainer.state().weights[i], weights[i] - 0.15f * g, 1e-6f) << i;
  }
  EXPECT_EQ(trainer.state().statistics, statistics);
}

TEST(Trainer, WeightsAreClippedBeforeTheRangeIsTaken) {
  SmallTraining small(small_config("w_max: 0.05\n"));
  small.trainer.quantize_now();
  for (const network::Coding& coding : small.trainer.coder().codings()) {
    const float high = network::decode(coding, network::n_high(coding));
    EXPECT_LE(high, 0.05001f);
  }
  for (const float w : small.trainer.state().weights) ASSERT_LE(std::abs(w), 0.05f);
}

TEST(Trainer, ErrorsStartOnTheBatchAfterTheGateOpens) {
  SmallTraining open(small_config(kRandbet));
  EXPECT_FALSE(open.trainer.step().injected);
  const StepResult second = open.trainer.step();
  EXPECT_TRUE(second.injected);
  EXPECT_GT(second.flipped_bits, 0);
  EXPECT_NE(second.perturbed_loss, second.clean.loss);
  SmallTraining closed(small_config("bit_errors: {rate: 0.02, start_loss: 0.001}\n"));
  for (int i = 0; i < 4; ++i) EXPECT_FALSE(closed.trainer.step().injected);
}

TEST(Trainer, ThePerturbedPassDoesNotMoveRunningStatistics) {
  SmallTraining plain(small_config("w_max: 0.3\noptimizer: {learning_rate: 0.02}\n"));
  SmallTraining randbet(small_config(kRandbet));
  plain.trainer.step();
  randbet.trainer.step();
  plain.trainer.step();
  randbet.trainer.step();  // the first step with errors: its clean pass is still the same
  EXPECT_EQ(plain.trainer.state().statistics, randbet.trainer.state().statistics);
  EXPECT_NE(plain.trainer.state().weights, randbet.trainer.state().weights);
}

TEST(Gradients, AreClampedAndAveragedAsThePublishedCodeDoes) {
  BitErrorChoice choice;
  std::vector<float> clean = {1.0f, 1.0f, 1.0f};
  const std::vector<float> perturbed = {0.2f, -0.2f, 0.01f};
  combine_gradients(choice, 3, perturbed.data(), clean.data());
  EXPECT_FLOAT_EQ(clean[0], (1.0f + 0.05f) / 2);
  EXPECT_FLOAT_EQ(clean[1], (1.0f - 0.05f) / 2);
  EXPECT_FLOAT_EQ(clean[2], (1.0f + 0.01f) / 2);
  choice.average = false;
  choice.gradient_clamp = 0.0;
  clean = {1.0f, 1.0f, 1.0f};
  combine_gradients(choice, 3, perturbed.data(), clean.data());
  EXPECT_FLOAT_EQ(clean[0], 1.2f);
}

TEST(Optimizer, AdamFollowsItsDefinition) {
  OptimizerChoice choice;
  choice.kind = OptimizerChoice::Kind::kAdam;
  choice.weight_decay = 0.0;
  Optimizer optimizer(choice, 1);
  double m = 0.0, v = 0.0, expected = 1.0;
  float weight = 1.0f;
  for (int step = 0; step < 5; ++step) {
    const double g = 0.3 - 0.2 * step;
    const float gradient = static_cast<float>(g);
    optimizer.update(static_cast<std::uint64_t>(step), 0.01, &gradient, &weight);
    m = 0.9 * m + 0.1 * g;
    v = 0.999 * v + 0.001 * g * g;
    expected -= 0.01 * (m / (1.0 - std::pow(0.9, step + 1))) /
                (std::sqrt(v / (1.0 - std::pow(0.999, step + 1))) + 1e-8);
    EXPECT_NEAR(static_cast<double>(weight), expected, 1e-6);
  }
}

TEST(Batches, AnEpochShowsEveryImageOnceInAnOrderOfItsOwn) {
  const auto a = shuffled(1000, 1, 0);
  std::vector<bool> seen(1000, false);
  for (const std::int32_t i : a) seen[static_cast<std::size_t>(i)] = true;
  EXPECT_EQ(std::count(seen.begin(), seen.end(), true), 1000);
  EXPECT_EQ(a, shuffled(1000, 1, 0));
  EXPECT_NE(a, shuffled(1000, 1, 1));
  EXPECT_NE(a, shuffled(1000, 2, 0));
}

TEST(Trainer, LearnsStripesWithErrorsInItsWeights) {
  TrainingConfig config = small_config(kRandbet);
  config.schedule.epochs = 16;
  SmallTraining small(config);
  EXPECT_GT(small.trainer.test_error(300), 40.0);
  ASSERT_TRUE(small.trainer.run(quiet()));
  EXPECT_LT(small.trainer.test_error(300), 20.0);
  EXPECT_EQ(small.trainer.state().history.size(), 16u);
  EXPECT_GT(small.trainer.state().history.back().perturbed_share, 0.9);
}

TEST(Trainer, TheSameSeedGivesTheSameWeightsAndAnotherSeedOthers) {
  const auto weights = [](std::uint64_t seed) {
    TrainingConfig config = small_config(kRandbet);
    config.seed = seed;
    SmallTraining small(config);
    small.trainer.run(quiet());
    return small.trainer.state().weights;
  };
  EXPECT_EQ(weights(5), weights(5));
  EXPECT_NE(weights(5), weights(6));
}

TEST(Trainer, SeveralThreadsAreDeterministicToo) {
  const auto weights = [] {
    SmallTraining small(small_config(kRandbet), small_architecture_yaml(), 3);
    small.trainer.run(quiet());
    return small.trainer.state().weights;
  };
  EXPECT_EQ(weights(), weights());
}

TEST(Trainer, StoppedAtAnyMomentItsTestsIncludedItEndsTheSame) {
  const TrainingConfig config = small_config(kRandbet);
  SmallTraining whole(config);
  const auto start = std::chrono::steady_clock::now();
  whole.trainer.run(quiet());
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
  const fs::path folder = fresh_folder("stopped");
  for (int round = 0; round < 10; ++round) {
    TrainingFiles files = quiet();
    files.checkpoint = folder / ("run" + std::to_string(round) + ".checkpoint");
    int runs = 0;
    for (bool ended = false; !ended; ++runs) {
      SmallTraining next(config);
      if (runs > 0) next.trainer.resume(read_checkpoint(files.checkpoint), "run.checkpoint");
      volatile std::sig_atomic_t stop = 0;
      std::thread stopper([&] {
        std::this_thread::sleep_for(taken * (0.05 + 0.05 * round));
        stop = 1;
      });
      ended = next.trainer.run(files, &stop);
      stopper.join();
      if (!ended) continue;
      EXPECT_EQ(next.trainer.state().weights, whole.trainer.state().weights);
      ASSERT_EQ(next.trainer.state().history.size(), whole.trainer.state().history.size());
      for (std::size_t e = 0; e < whole.trainer.state().history.size(); ++e) {
        EXPECT_EQ(next.trainer.state().history[e].test_error,
                  whole.trainer.state().history[e].test_error);
      }
    }
  }
}

TEST(Trainer, ResumesAfterAnyStepWithIdenticalWeights) {
  const TrainingConfig config = small_config(kRandbet);
  SmallTraining whole(config);
  whole.trainer.run(quiet());
  const fs::path folder = fresh_folder("resume");
  for (const int killed_after : {1, 5, 6, 13}) {
    TrainingFiles files = quiet();
    files.checkpoint = folder / "run.checkpoint";
    files.metrics = folder / "run.csv";
    files.checkpoint_steps = 1;
    const std::sig_atomic_t stop = 1;  // run() then makes one step, writes a checkpoint and returns
    for (int i = 0; i < killed_after; ++i) {
      SmallTraining next(config);
      if (i > 0) next.trainer.resume(read_checkpoint(files.checkpoint), "run.checkpoint");
      EXPECT_FALSE(next.trainer.run(files, &stop));
    }
    SmallTraining rest(config);
    rest.trainer.resume(read_checkpoint(files.checkpoint), "run.checkpoint");
    EXPECT_EQ(rest.trainer.state().step, static_cast<std::uint64_t>(killed_after));
    ASSERT_TRUE(rest.trainer.run(files));
    EXPECT_EQ(rest.trainer.state().weights, whole.trainer.state().weights);
    EXPECT_EQ(rest.trainer.state().statistics, whole.trainer.state().statistics);
    ASSERT_EQ(rest.trainer.state().history.size(), whole.trainer.state().history.size());
    for (std::size_t e = 0; e < 3; ++e) {
      EXPECT_EQ(rest.trainer.state().history[e].loss, whole.trainer.state().history[e].loss);
      EXPECT_EQ(rest.trainer.state().history[e].test_error,
                whole.trainer.state().history[e].test_error);
    }
  }
}

TEST(Checkpoint, SaysInShortWhatDiffersFromATraining) {
  Checkpoint there, here;
  there.config = here.config = describe(small_config(""));
  EXPECT_EQ(difference(there, here), "");
  there.config = describe(small_config("optimizer: {learning_rate: 0.06}\n"));
  EXPECT_EQ(difference(there, here), "optimizer.learning_rate there is 0.06, here 0.05");
  there.config = describe(small_config("w_max: 0.2\n"));
  EXPECT_EQ(difference(there, here), "w_max there is 0.2, here absent");
  there.config = here.config;
  here.surroundings = {{"threads", "1"}};
  EXPECT_EQ(difference(there, here), "");  // older checkpoints do not say
  there.surroundings = {{"threads", "2"}};
  EXPECT_EQ(difference(there, here), "threads there is 2, here 1");
}

TEST(Checkpoint, ADamagedOneIsRefused) {
  const fs::path file = fresh_folder("damage") / "x.checkpoint";
  Checkpoint checkpoint;
  checkpoint.config = "seed: 1\n";
  checkpoint.weights = {1.0f, 2.0f};
  checkpoint.optimizer = {{3.0f, 4.0f}};
  write_checkpoint(checkpoint, file);
  EXPECT_EQ(read_checkpoint(file).optimizer[0], checkpoint.optimizer[0]);
  std::string bytes = read_file(file);
  const auto refused = [&](const std::string& content) {
    write_file_atomically(file, content);
    EXPECT_THROW(read_checkpoint(file), InputError);
  };
  refused(bytes.substr(0, bytes.size() - 1));
  refused("onnx");
  refused("");
  bytes[bytes.size() - 2] = static_cast<char>(bytes[bytes.size() - 2] ^ 1);
  refused(bytes);
}

TEST(Checkpoint, OneOfAnotherConfigurationIsRefused) {
  SmallTraining small(small_config(kRandbet));
  Checkpoint checkpoint = small.trainer.state();
  checkpoint.optimizer.assign(1, std::vector<float>(checkpoint.weights.size()));
  SmallTraining other(small_config(""));
  EXPECT_THROW(other.trainer.resume(checkpoint, "x"), InputError);
}

TEST(TrainingConfig, SaysWhatIsWrongAndWhere) {
  const auto message = [](const std::string& extra, const std::string& quantization) {
    try {
      small_config(extra, quantization);
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_NE(message("w_max: -1\n", "{scheme: rquant, bits: 8}").find("w_max"), std::string::npos);
  EXPECT_NE(message("wmax: 1\n", "{scheme: rquant, bits: 8}").find("w_max"), std::string::npos);
  EXPECT_NE(message("", "{scheme: rquant, bits: 9}").find("bits"), std::string::npos);
  EXPECT_NE(message("", "{scheme: rquant, bits: 1}").find("bits"), std::string::npos);
  EXPECT_NE(message("", "{scheme: rquant, bits: 8, range: global}").find("symmetric"),
            std::string::npos);
  EXPECT_NE(message("", "{scheme: rquant, bits: 8, coded: [weights]}").find("weights"),
            std::string::npos);
  for (const char* coded : {"[bias]", "[]", "[weight, weight]"}) {
    const std::string text =
        message("", std::string("{scheme: rquant, bits: 8, coded: ") + coded + "}");
    EXPECT_EQ(text.rfind("small-training.yaml:3:", 0), 0u) << coded << ": " << text;
    EXPECT_NE(text.find("quantization.coded"), std::string::npos) << text;
  }
  EXPECT_NE(message("bit_errors: {rate: .nan}\n", "{scheme: rquant, bits: 8}").find("rate"),
            std::string::npos);
}

TEST(TrainingConfig, MilestonesRiseAndMayBeNone) {
  const auto parse = [](const std::string& milestones) {
    return parse_training(
        "architecture: {file: small.yaml}\ndataset: {name: mnist}\n"
        "quantization: {scheme: rquant, bits: 8}\noutput: x.onnx\n"
        "schedule: {epochs: 2, milestones: " +
            milestones + "}\n",
        "x.yaml");
  };
  EXPECT_TRUE(parse("[]").schedule.milestones.empty());
  EXPECT_EQ(parse("[0.4, 0.6]").schedule.milestones.size(), 2u);
  EXPECT_THROW(parse("[0.6, 0.4]"), InputError);
}

TEST(TrainingConfig, TheShippedConfigurationsAreReadable) {
  const fs::path folder = fs::path(BROWNOUT_SOURCE_DIR) / "configs" / "trainings";
  int count = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {  // short runs lie in search/
    if (entry.is_directory()) continue;
    // Whoever uses it brings the float network that a training starts from.
    const std::string text = read_file(entry.path());
    const bool starts = text.find("\ninitial:") != std::string::npos;
    const TrainingConfig config =
        starts ? parse_training(text, entry.path()) : load_training(entry.path());
    EXPECT_TRUE(starts || fs::exists(config.architecture)) << entry.path();
    EXPECT_NE(config.output.stem().string().find(entry.path().stem().string()), std::string::npos);
    ++count;
  }
  EXPECT_GE(count, 5);
}

}  // namespace
}  // namespace brownout::trainers
