// SPDX-License-Identifier: Apache-2.0
// Training methods one by one: schedules, variants of RandBET, quantization after training, units.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "small_training.hpp"
#include "trainers/method/schedule.hpp"
#include "trainers/output/export.hpp"

namespace brownout::trainers {
namespace {

namespace fs = std::filesystem;

const std::string kErrors = "rate: 0.02, start_loss: 100";

std::string message_of(const std::string& extra,
                       const std::string& quantization = "{scheme: rquant, bits: 8}") {
  try {
    small_config(extra, quantization);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(Schedule, TheRateFallsAtFractionsOfTheEpochs) {
  TrainingConfig config = small_config("");
  config.schedule.epochs = 10;
  const TrainingLength length = training_length(config.schedule, 7);
  EXPECT_EQ(length.steps, 70u);
  EXPECT_DOUBLE_EQ(learning_rate(config, 4 * 7 - 1, length), 0.05);
  EXPECT_DOUBLE_EQ(learning_rate(config, 4 * 7, length), 0.05 * 0.1);
  EXPECT_NEAR(learning_rate(config, 69, length), 5e-5, 1e-12);
}

TEST(Schedule, AMilestoneFallsOnAWholeEpochRoundedDown) {
  TrainingConfig config = small_config("");
  config.schedule.epochs = 8;
  const TrainingLength length = training_length(config.schedule, 10);
  EXPECT_EQ(milestone_step(config.schedule, 0.4, length), 30u);  // 3.2 epochs
  EXPECT_EQ(milestone_step(config.schedule, 0.0, length), 0u);
}

TEST(Schedule, AShortTrainingHasItsMilestonesWithinTheFirstEpoch) {
  TrainingConfig config = small_config("");
  config.schedule.epochs = 1;
  const TrainingLength length = training_length(config.schedule, 50);
  EXPECT_DOUBLE_EQ(learning_rate(config, 19, length), 0.05);
  EXPECT_DOUBLE_EQ(learning_rate(config, 20, length), 0.05 * 0.1);
  EXPECT_NEAR(learning_rate(config, 30, length), 0.05 * 0.01, 1e-12);
  EXPECT_NEAR(learning_rate(config, 40, length), 0.05 * 0.001, 1e-12);
}

TEST(Schedule, ALimitOfStepsEndsTheEpochsEarlyAndMovesTheMilestones) {
  TrainingConfig config = small_config("");
  config.schedule.epochs = 10;
  config.schedule.steps = 25;
  const TrainingLength length = training_length(config.schedule, 10);
  EXPECT_EQ(length.steps, 25u);
  EXPECT_EQ(length.epochs(), 3);
  EXPECT_EQ(milestone_step(config.schedule, 0.4, length), 10u);
  EXPECT_EQ(milestone_step(config.schedule, 0.6, length), 15u);
  config.schedule.steps = 1000;  // beyond the epochs, it limits nothing
  EXPECT_EQ(training_length(config.schedule, 10).steps, 100u);
  config.schedule.steps = 20;
  config.schedule.cosine = true;
  const TrainingLength cosine = training_length(config.schedule, 10);
  EXPECT_NEAR(learning_rate(config, 10, cosine), 0.025, 1e-15);
}

TEST(Schedule, ACosineGoesFromTheRateTowardsZero) {
  TrainingConfig config = small_config("");
  config.schedule.epochs = 10;
  config.schedule.cosine = true;
  const TrainingLength length = training_length(config.schedule, 3);
  EXPECT_DOUBLE_EQ(learning_rate(config, 2, length), 0.05);
  EXPECT_NEAR(learning_rate(config, 5 * 3, length), 0.025, 1e-15);
  EXPECT_NEAR(learning_rate(config, 29, length), 0.025 * (1.0 + std::cos(0.9 * M_PI)), 1e-15);
}

TEST(Schedule, TheClippingLimitGoesDownALineAndStays) {
  const TrainingConfig config = small_config("w_max: 0.1\nw_max_ramp: {start: 1, until: 0.5}\n");
  EXPECT_DOUBLE_EQ(clipping_limit(config, 0, 100), 1.0);
  EXPECT_DOUBLE_EQ(clipping_limit(config, 25, 100), 0.55);
  EXPECT_DOUBLE_EQ(clipping_limit(config, 50, 100), 0.1);
  EXPECT_DOUBLE_EQ(clipping_limit(config, 99, 100), 0.1);
  EXPECT_DOUBLE_EQ(clipping_limit(small_config("w_max: 0.3\n"), 0, 100), 0.3);
}

TEST(Schedule, CurricularErrorsGrowFromATwentiethOverTheFirstHalf) {
  const TrainingConfig config =
      small_config("bit_errors: {" + kErrors + ", variant: curricular}\n");
  EXPECT_DOUBLE_EQ(bit_error_rate(config, 0, 200), 0.001);
  EXPECT_NEAR(bit_error_rate(config, 50, 200), 0.0105, 1e-12);
  EXPECT_DOUBLE_EQ(bit_error_rate(config, 100, 200), 0.02);
  EXPECT_DOUBLE_EQ(bit_error_rate(config, 199, 200), 0.02);
  const TrainingConfig standard = small_config("bit_errors: {" + kErrors + "}\n");
  EXPECT_DOUBLE_EQ(bit_error_rate(standard, 0, 200), 0.02);
}

TEST(Methods, UniformWeightsAndBiasesLieWithinTheirFanIn) {
  SmallTraining small(small_config("initialization: fan-in-uniform\n"));
  const SmallTraining normal(small_config(""));
  const std::vector<network::Parameter>& parameters = small.architecture.parameters;
  double fan_in = 0.0;
  for (std::size_t t = 0; t < parameters.size(); ++t) {
    const TensorSpan& span = small.trainer.coder().spans()[t];
    const auto first = small.trainer.state().weights.begin() + span.first;
    const auto last = first + span.count;
    if (parameters[t].role == network::Role::kWeight) {
      fan_in = static_cast<double>(span.count) / static_cast<double>(parameters[t].shape[0]);
    } else if (parameters[t].role != network::Role::kBias) {
      const auto same = normal.trainer.state().weights.begin() + span.first;
      EXPECT_TRUE(std::equal(first, last, same)) << parameters[t].name;
      continue;
    }
    const double limit = 1.0 / std::sqrt(fan_in);
    double square = 0.0;
    for (auto w = first; w != last; ++w) {
      ASSERT_LE(std::abs(static_cast<double>(*w)), limit * 1.000001) << parameters[t].name;
      square += static_cast<double>(*w) * static_cast<double>(*w);
    }
    const double count = static_cast<double>(span.count);
    // The variance of U(±L) is L²/3, that of w² is 4 L⁴/45.
    EXPECT_NEAR(square / count, limit * limit / 3.0,
                5.0 * limit * limit * std::sqrt(4.0 / 45.0 / count))
        << parameters[t].name;
  }
}

TEST(Methods, WithoutWhiteningPixelsStayBetweenZeroAndOne) {
  TrainingConfig config = small_config("");
  EXPECT_EQ(identity(config).find("whitening"), std::string::npos);
  config.whitening = false;
  EXPECT_NE(identity(config).find("whitening: false"), std::string::npos);
  SmallTraining small(config);
  const std::int32_t image = 7;
  std::vector<float> pixels(64);
  std::uint16_t label = 0;
  small.trainer.train_reader().read(&image, 1, pixels.data(), &label);
  for (std::size_t i = 0; i < 64; ++i) {
    EXPECT_EQ(pixels[i], static_cast<float>(small.train.image(7)[i] / 255.0));
  }
  EXPECT_EQ(small.trainer.transform().std, std::vector<float>{1.0f});
}

TEST(Methods, ClippingFollowsItsRamp) {
  SmallTraining small(small_config("w_max: 0.05\nw_max_ramp: {start: 0.5, until: 1}\n"));
  small.trainer.step();  // the limit was 0.5, wider than what Kaiming's weights reach here
  const auto largest = [&] {
    float top = 0.0f;
    for (const float w : small.trainer.state().weights) top = std::max(top, std::abs(w));
    return top;
  };
  EXPECT_GT(largest(), 0.3f);
  small.trainer.run(quiet());
  small.trainer.quantize_now();
  EXPECT_LE(largest(), 0.05f);
}

TEST(Methods, ThereAreMoreWrongBitsLaterInACurriculum) {
  SmallTraining small(small_config("w_max: 0.3\nbit_errors: {" + kErrors +
                                   ", variant: curricular}\noptimizer: {learning_rate: 0.02}\n"));
  std::vector<std::int64_t> flipped;
  for (std::uint64_t i = 0; i < small.trainer.total_steps(); ++i) {
    flipped.push_back(small.trainer.step().flipped_bits);
  }
  ASSERT_EQ(flipped.size(), 18u);
  const double bits = static_cast<double>(8 * small.trainer.coder().coded_size());
  EXPECT_LT(static_cast<double>(flipped[1]), 0.01 * bits);
  EXPECT_NEAR(static_cast<double>(flipped[17]), 0.02 * bits, 5.0 * std::sqrt(0.02 * bits));
}

TEST(Methods, AlternatingUpdatesTwiceAndCannotWidenTheRanges) {
  // A large step: without the projection the perturbed update leaves the ranges.
  SmallTraining small(small_config("bit_errors: {" + kErrors +
                                   ", variant: alternating, gradient_clamp: 0}\n"
                                   "optimizer: {learning_rate: 0.5, weight_decay: 0}\n"));
  Trainer& trainer = small.trainer;
  trainer.step();
  EXPECT_EQ(trainer.state().updates, 1u);  // the gate was closed
  const StepResult second = trainer.step();
  EXPECT_TRUE(second.injected);
  EXPECT_EQ(trainer.state().updates, 3u);
  // The codings are those of the perturbed pass: no weight may lie outside their range.
  for (std::size_t t = 0; t < trainer.coder().spans().size(); ++t) {
    const network::Coding& coding = trainer.coder().codings()[t];
    const TensorSpan& span = trainer.coder().spans()[t];
    const float low = network::decode(coding, network::n_low(coding));
    const float high = network::decode(coding, network::n_high(coding));
    const float slack = 1e-4f * (high - low) + 1e-6f;
    for (std::int64_t i = 0; i < span.count; ++i) {
      const float w = trainer.state().weights[static_cast<std::size_t>(span.first + i)];
      ASSERT_GE(w, low - slack) << t;
      ASSERT_LE(w, high + slack) << t;
    }
  }
}

TEST(Methods, AlternatingResumesExactly) {
  const TrainingConfig config =
      small_config("w_max: 0.3\nbit_errors: {" + kErrors +
                   ", variant: alternating}\noptimizer: {kind: adam, learning_rate: 0.003}\n");
  SmallTraining whole(config);
  whole.trainer.run(quiet());
  TrainingFiles files = quiet();
  files.checkpoint = fs::path(testing::TempDir()) / "brownout-alternating.checkpoint";
  const std::sig_atomic_t stop = 1;
  SmallTraining first(config);
  for (int i = 0; i < 4; ++i) first.trainer.step();
  first.trainer.run(files, &stop);
  SmallTraining rest(config);
  rest.trainer.resume(read_checkpoint(files.checkpoint), "run.checkpoint");
  ASSERT_TRUE(rest.trainer.run(quiet()));
  EXPECT_EQ(rest.trainer.state().weights, whole.trainer.state().weights);
}

TEST(Methods, EveryLossCombinesWithEveryPerturbation) {
  for (const char* loss : {"{kind: mcel, margin: 8, bound: 10}", "{kind: hinge, hinge_bound: 1}",
                           "{kind: cross-entropy, label_smoothing: 0.1}"}) {
    for (const char* errors :
         {"{rate: 0.01, start_loss: 1000}", "{rate: 0.01, start_loss: 1000, variant: curricular}",
          "{rate: 0.01, start_loss: 1000, variant: alternating}",
          "{pattern: \"random:3\", rate: 0.01, start_loss: 1000}"}) {
      TrainingConfig config =
          small_config(std::string("w_max: 0.3\nloss: ") + loss + "\nbit_errors: " + errors +
                       "\noptimizer: {kind: adam, learning_rate: 0.005}\n");
      config.schedule.epochs = 16;
      SmallTraining small(config);
      small.trainer.run(quiet());
      EXPECT_LT(small.trainer.test_error(300), 30.0) << loss << errors;
      EXPECT_GT(small.trainer.state().history.back().perturbed_share, 0.9) << loss << errors;
      EXPECT_GT(small.trainer.state().history.back().logit_margin,
                small.trainer.state().history.front().logit_margin);
    }
  }
}

TEST(Methods, QuantizationAfterTrainingTrainsInFloat) {
  const std::string coding = "{scheme: rquant, bits: 4, when: after-training}";
  SmallTraining small(small_config("", coding));
  Trainer& trainer = small.trainer;
  trainer.step();
  EXPECT_NE(trainer.decoded(), trainer.state().weights);  // the step saw those before the update
  SmallTraining other(small_config("", "{scheme: symmetric, bits: 2, when: after-training}"));
  other.trainer.step();
  EXPECT_EQ(trainer.state().weights, other.trainer.state().weights);
  EXPECT_EQ(difference(trainer.state(), other.trainer.state()), "");
  // The export has codes of the scheme that was asked for.
  trainer.quantize_now();
  std::vector<float> distinct(trainer.decoded().begin(), trainer.decoded().begin() + 72);
  std::sort(distinct.begin(), distinct.end());
  EXPECT_LE(std::unique(distinct.begin(), distinct.end()) - distinct.begin(), 15);
}

TEST(Methods, AFloatTrainingBelongsToAllCodingsOfTheSameTensors) {
  const auto same = [](const std::string& a, const std::string& b) {
    return identity(small_config("", a)) == identity(small_config("", b));
  };
  EXPECT_TRUE(same("{scheme: rquant, bits: 4, when: after-training}",
                   "{scheme: symmetric, bits: 8, rounding: truncate, when: after-training}"));
  EXPECT_FALSE(same("{scheme: rquant, bits: 4, when: after-training}",
                    "{scheme: rquant, bits: 4, coded: [weight], when: after-training}"));
  EXPECT_FALSE(same("{scheme: rquant, bits: 4}", "{scheme: rquant, bits: 8}"));
  EXPECT_FALSE(
      same("{scheme: rquant, bits: 4, when: after-training}", "{scheme: rquant, bits: 4}"));
}

TEST(Methods, AUnitFixesWhatACodeReadsAs) {
  SmallTraining small(small_config("", "{scheme: uniform, bits: 4, unit: 0.25}"));
  small.trainer.quantize_now();
  const std::vector<float>& decoded = small.trainer.decoded();
  for (std::size_t i = 0; i < decoded.size(); ++i) {
    ASSERT_EQ(decoded[i], 0.25f * static_cast<float>(small.trainer.coder().n()[i]));
    ASSERT_GE(decoded[i], -2.0f);
    ASSERT_LE(decoded[i], 1.75f);
  }
  const network::Network net = build_network(small.trainer, calibrate(small.trainer, 32), {});
  EXPECT_EQ(net.parameters[0].coding->alpha, 0.25f);
  EXPECT_EQ(net.parameters[0].coding->beta, 0.0f);
}

TEST(Methods, NarrowStridedConvolutionsStayWithinTheirBuffers) {
  // oneDNN wrote beyond them in channels-last layout, which ended programs sooner or later.
  for (const char* width : {"1", "2", "3", "5"}) {
    SmallTraining small(small_config(""), std::string("name: narrow\nwidth: ") + width + R"(
layers:
  - {op: conv, channels: 2w, norm: group, activation: relu}
  - {op: conv, channels: 4w, kernel: 1, stride: 2, bias: false, norm: group, activation: relu}
  - {op: globalavgpool}
  - {op: flatten}
  - {op: linear, features: classes}
)");
    ASSERT_TRUE(small.trainer.run(quiet()));
    EXPECT_TRUE(std::isfinite(small.trainer.state().history.back().loss));
  }
}

TEST(Methods, ALossThatIsNoNumberStopsBeforeTheUpdateAndKeepsTheCheckpoint) {
  TrainingConfig config = small_config("optimizer: {learning_rate: 0.02}\n");
  TrainingFiles files = quiet();
  files.checkpoint = fs::path(testing::TempDir()) / "brownout-diverged.checkpoint";
  const std::sig_atomic_t stop = 1;
  SmallTraining good(config);
  good.trainer.run(files, &stop);
  Checkpoint checkpoint = read_checkpoint(files.checkpoint);
  const std::string bytes = read_file(files.checkpoint);
  checkpoint.statistics[0] = std::numeric_limits<float>::quiet_NaN();  // harmless in training
  checkpoint.weights.back() = 3e38f;                                   // the last bias: loss inf
  checkpoint.weights[checkpoint.weights.size() - 2] = -3e38f;
  SmallTraining bad(config);
  bad.trainer.resume(checkpoint, "x");
  try {
    bad.trainer.run(files);
    FAIL() << "expected an error";
  } catch (const RunError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("the training diverged"));
    EXPECT_THAT(error.what(), testing::HasSubstr("step 2"));
    EXPECT_THAT(error.what(), testing::HasSubstr("brownout-diverged.checkpoint holds the training "
                                                 "after step 1"));
  }
  EXPECT_EQ(read_file(files.checkpoint), bytes);
}

TEST(TrainingConfig, MethodsThatDoNotFitAreErrors) {
  EXPECT_THAT(message_of("w_max_ramp: {start: 1}\n"), testing::HasSubstr("goes with w_max"));
  EXPECT_THAT(message_of("w_max: 0.5\nw_max_ramp: {start: 0.1}\n"), testing::HasSubstr("start"));
  EXPECT_THAT(message_of("bit_errors: {rate: 0.01, variant: cyclic}\n"),
              testing::HasSubstr("expected one of standard, curricular, alternating"));
  EXPECT_THAT(message_of("bit_errors: {rate: 0.01, variant: alternating, combine: sum}\n"),
              testing::HasSubstr("not combined"));
  EXPECT_THAT(message_of("bit_errors: {pattern: \"random:1\", rate: 0.01, variant: curricular}\n"),
              testing::HasSubstr("variant"));
  EXPECT_THAT(
      message_of("bit_errors: {rate: 0.01}\n", "{scheme: rquant, bits: 8, when: after-training}"),
      testing::HasSubstr("errors hit codes"));
  EXPECT_THAT(message_of("", "{scheme: rquant, bits: 8, when: after-training, unit: 1}"),
              testing::HasSubstr("unit"));
  EXPECT_THAT(message_of("", "{scheme: rquant, bits: 8, unit: 0}"), testing::HasSubstr("unit"));
}

TEST(TrainingConfig, ACosineHasNoMilestones) {
  EXPECT_THROW(parse_training("architecture: {file: a.yaml}\ndataset: {name: mnist}\n"
                              "quantization: {scheme: rquant, bits: 8}\noutput: x.onnx\n"
                              "schedule: {epochs: 3, decay: cosine, factor: 0.5}\n",
                              "t.yaml"),
               InputError);
}

}  // namespace
}  // namespace brownout::trainers
