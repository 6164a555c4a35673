// SPDX-License-Identifier: Apache-2.0
// Exported networks: structure, codes, and the same score as the trainer's own passes.
#include "trainers/output/export.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "sim/engines/evaluate.hpp"
#include "sim/network/onnx_file.hpp"
#include "small_training.hpp"

namespace brownout::trainers {
namespace {

double engine_error(const std::string& engine_name, const network::Network& net,
                    const data::Dataset& data) {
  const auto engine = engines::make_engine(engine_name, network::share(net), 1);
  engine->set_codes(network::clean_codes(net));
  const auto result = engines::evaluate(*engine, net, data, data.size(), 1);
  return 100.0 * static_cast<double>(result.wrong) / static_cast<double>(data.size());
}

/// Long enough to distinguish the classes, and short enough to leave errors to agree on.
TrainingConfig brief(const std::string& quantization) {
  TrainingConfig config =
      small_config("w_max: 0.5\noptimizer: {learning_rate: 0.1}\n", quantization);
  config.schedule.epochs = 8;
  return config;
}

struct Logits {
  std::vector<float> trainer, engine;

  double mean_difference() const {
    double sum = 0.0;
    for (std::size_t i = 0; i < trainer.size(); ++i) {
      sum += std::abs(static_cast<double>(trainer[i]) - static_cast<double>(engine[i]));
    }
    return sum / static_cast<double>(trainer.size());
  }
};

/// The first 64 training images through the trainer's own pass and through an engine.
Logits both_logits(SmallTraining& small, const network::Network& net, const std::string& engine,
                   const std::vector<network::Quantize>* quantizers) {
  Logits logits{std::vector<float>(64 * 3), std::vector<float>(64 * 3)};
  std::vector<std::int32_t> order(64);
  std::iota(order.begin(), order.end(), 0);
  std::vector<float> images(64 * 64);
  data::Labels labels(64);
  small.trainer.train_reader().read(order.data(), 64, images.data(), labels.data());
  small.trainer.pass().infer(small.trainer.decoded().data(), small.trainer.state().statistics,
                             images.data(), 64, logits.trainer.data(), quantizers);
  const auto made = engines::make_engine(engine, network::share(net), 1);
  made->set_codes(network::clean_codes(net));
  made->run(small.train.image(0), 0, 64, logits.engine.data(), 0);
  return logits;
}

class ExportSchemes : public testing::TestWithParam<std::string> {};

TEST_P(ExportSchemes, TheFileScoresWhatTheTrainerMeasures) {
  SmallTraining small(brief(GetParam()));
  ASSERT_TRUE(small.trainer.run(quiet()));
  const auto file = std::filesystem::path(testing::TempDir()) / "brownout-export-test.onnx";
  const ExportScore score = export_network(small.trainer, file);
  const network::Network net = network::read_onnx(file);
  EXPECT_LT(score.float_error, 50.0);  // it learned something: a constant class scores 66.7
  // One image of 300 is a third of a point.
  EXPECT_NEAR(engine_error("float", net, small.test), score.float_error, 0.4);
  EXPECT_NEAR(engine_error("functional", net, small.test), score.quantized_error, 0.7);
  EXPECT_EQ(net.metadata.at("training.seed"), "5");
  EXPECT_EQ(net.metadata.at("training.epochs_run"), "8 of 8");
}

TEST_P(ExportSchemes, EnginesComputeTheTrainersLogits) {
  SmallTraining small(brief(GetParam()));
  ASSERT_TRUE(small.trainer.run(quiet()));
  const auto quantizers = calibrate(small.trainer, 96);
  const network::Network net = build_network(small.trainer, quantizers, {});
  EXPECT_LT(both_logits(small, net, "float", nullptr).mean_difference(), 1e-5);
  // A last bit of fp32 may move an activation to its neighbour; this is rare, so the mean stays
  // small.
  EXPECT_LT(both_logits(small, net, "functional", &quantizers).mean_difference(), 3e-4);
}

INSTANTIATE_TEST_SUITE_P(Schemes, ExportSchemes,
                         testing::Values("{scheme: rquant, bits: 8}", "{scheme: rquant, bits: 4}",
                                         "{scheme: uniform, bits: 6}",
                                         "{scheme: symmetric, bits: 8, rounding: truncate}",
                                         "{scheme: symmetric, bits: 8, range: global}",
                                         "{scheme: asymmetric-signed, bits: 8}",
                                         "{scheme: rquant, bits: 8, coded: [weight]}"));

TEST(Export, CodesAreThoseOfTheLastForwardPass) {
  SmallTraining small(brief("{scheme: rquant, bits: 8}"));
  small.trainer.step();
  const auto quantizers = calibrate(small.trainer, 96);
  const network::Network net = build_network(small.trainer, quantizers, {});
  std::size_t at = 0;
  for (const network::Parameter& p : net.parameters) {
    for (const std::int8_t n : p.n) {
      ASSERT_EQ(network::decode(*p.coding, n), small.trainer.decoded()[at]);
      ++at;
    }
  }
  EXPECT_EQ(at, small.trainer.decoded().size());
}

TEST(Export, EveryMatrixOperatorReadsAQuantizeNodeRightBeforeIt) {
  SmallTraining small(brief("{scheme: rquant, bits: 8}"));
  const network::Network net = build_network(small.trainer, calibrate(small.trainer, 96), {});
  for (const network::Node& node : net.nodes) {
    if (!network::is_matrix(node.op)) continue;
    const network::Node& source = net.nodes[network::writer_of(node.inputs[0])];
    EXPECT_TRUE(std::holds_alternative<network::Quantize>(source.op)) << node.name;
  }
  EXPECT_EQ(network::check(net, "test").back(), (network::Shape{3, 1, 1}));
}

TEST(Export, QuantizersKeepZeroExactAndCoverTheRange) {
  const network::Quantize relu = fit_quantizer(0.0f, 5.1f);
  EXPECT_EQ(relu.zero_point, 0);
  EXPECT_FLOAT_EQ(relu.scale, 0.02f);
  const network::Quantize both = fit_quantizer(-1.0f, 3.0f);
  EXPECT_EQ(both.zero_point, 64);
  EXPECT_FLOAT_EQ(both.scale, 4.0f / 255.0f);
  EXPECT_EQ(fit_quantizer(-2.0f, -1.0f).zero_point, 255);
  EXPECT_EQ(fit_quantizer(0.0f, 0.0f).scale, 1.0f);
}

TEST(Export, TheShareOfBatchesWithErrorsCountsTheRunningEpoch) {
  // Six steps an epoch; the first step has no errors, since the gate acts on the next batch.
  SmallTraining small(small_config("bit_errors: {rate: 0.01, start_loss: 100}\n"));
  const auto file = std::filesystem::path(testing::TempDir()) / "brownout-share-test.onnx";
  const std::sig_atomic_t stop = 1;  // after every step
  for (const char* share : {"0.0000", "0.5000", "0.6667"}) {
    EXPECT_FALSE(small.trainer.run(quiet(), &stop));
    export_network(small.trainer, file);
    EXPECT_EQ(network::read_onnx(file).metadata.at("training.perturbed_share"), share);
  }
  Checkpoint later;  // an epoch of 6 with errors in half of its batches, then 3 of 3
  later.history.emplace_back().perturbed_share = 0.5;
  later.step = 9;
  later.sums.batches = later.sums.perturbed_batches = 3;
  EXPECT_DOUBLE_EQ(perturbed_share(later), 6.0 / 9.0);
}

TEST(Export, TheInputsQuantizerTellsAllPixelValuesApart) {
  SmallTraining small(brief("{scheme: rquant, bits: 8}"));
  const network::Quantize q = calibrate(small.trainer, 96)[0];
  const float mean = small.trainer.transform().mean[0];
  const float deviation = small.trainer.transform().std[0];
  for (int pixel = 0; pixel < 256; ++pixel) {
    const float x = (static_cast<float>(pixel) / 255.0f - mean) / deviation;
    EXPECT_LE(std::abs(std::lround(x / q.scale) + q.zero_point - pixel), 0);
  }
}

}  // namespace
}  // namespace brownout::trainers
