// SPDX-License-Identifier: Apache-2.0
// Trainings that start from a float network: the same logits before the first step, every operator
// trains and exports, and what cannot be trained is refused.
#include "trainers/method/initial_network.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/base/random.hpp"
#include "sim/engines/evaluate.hpp"
#include "sim/import/lower.hpp"
#include "sim/network/onnx_file.hpp"
#include "small_training.hpp"
#include "tests/import/graph_builder.hpp"
#include "trainers/method/value_codes.hpp"
#include "trainers/output/export.hpp"

namespace brownout::trainers {
namespace {

namespace fs = std::filesystem;
using importing::message_of;
using importing::set_int;
using importing::set_ints;
using testing::AllOf;
using testing::HasSubstr;
using Strings = std::vector<std::string>;

/// Files with random weights.
class FloatNetwork : public importing::GraphBuilder {
 public:
  explicit FloatNetwork(std::uint64_t seed = 1) : random_(seed, Purpose::kTest) {}

  /// Numbers spread by `deviation` around `mean`.
  void numbers(const std::string& name, const std::vector<std::int64_t>& dims, double deviation,
               double mean = 0.0) {
    onnx::TensorProto& tensor = floats(name, dims);
    for (int i = 0; i < tensor.float_data_size(); ++i) {
      const double uniform =
          unit_open(random_(tensors_, static_cast<std::uint64_t>(i))[0]) * 2.0 - 1.0;
      tensor.set_float_data(i, static_cast<float>(mean + deviation * std::sqrt(3.0) * uniform));
    }
    ++tensors_;
  }
  std::string conv(const std::string& from, const std::string& name, int in, int out, int kernel,
                   const std::vector<std::int64_t>& pads, int stride = 1) {
    numbers(name + "_w", {out, in, kernel, kernel}, std::sqrt(2.0 / (in * kernel * kernel)));
    onnx::NodeProto& node = this->node("Conv", {from, name + "_w"}, {name});
    set_ints(node, "kernel_shape", {kernel, kernel});
    set_ints(node, "pads", pads);
    set_ints(node, "strides", {stride, stride});
    return name;
  }
  std::string norm(const std::string& from, const std::string& name, int channels) {
    numbers(name + "_scale", {channels}, 0.2, 1.0);
    numbers(name + "_shift", {channels}, 0.2);
    numbers(name + "_mean", {channels}, 0.2);
    numbers(name + "_variance", {channels}, 0.2, 1.0);
    node("BatchNormalization",
         {from, name + "_scale", name + "_shift", name + "_mean", name + "_variance"}, {name});
    return name;
  }
  std::string op(const std::string& kind, const Strings& inputs, const std::string& name) {
    node(kind, inputs, {name});
    return name;
  }
  std::string pool(const std::string& kind, const std::string& from, const std::string& name) {
    onnx::NodeProto& node = this->node(kind, {from}, {name});
    set_ints(node, "kernel_shape", {3, 3});
    set_ints(node, "strides", {2, 2});
    set_ints(node, "pads", {0, 0, 1, 1});
    return name;
  }
  void classify(const std::string& from, int features) {
    numbers("fc_w", {3, features}, std::sqrt(1.0 / features));
    numbers("fc_b", {3}, 0.1);
    set_int(node("Gemm", {from, "fc_w", "fc_b"}, {"logits"}), "transB", 1);
    output("logits");
  }

 private:
  Philox random_;
  std::uint64_t tensors_ = 0;
};

/// A residual, a SiLU, one-sided padding, squeeze and excite, branches that join, chosen channels.
FloatNetwork everything(std::uint64_t seed = 1) {
  FloatNetwork net(seed);
  net.input("image", {-1, 1, 8, 8});
  net.op("Relu", {net.norm(net.conv("image", "c1", 1, 8, 3, {1, 1, 1, 1}), "b1", 8)}, "r1");
  net.op("Add", {net.norm(net.conv("r1", "c2", 8, 8, 3, {1, 1, 1, 1}), "b2", 8), "r1"}, "sum");
  net.op("Relu", {"sum"}, "r2");
  net.norm(net.conv("r2", "c3", 8, 12, 3, {0, 0, 1, 1}, 2), "b3", 12);
  net.op("Mul", {"b3", net.op("Sigmoid", {"b3"}, "sigma")}, "silu");
  net.op("GlobalAveragePool", {"silu"}, "squeeze");
  net.op("LeakyRelu", {net.conv("squeeze", "e1", 12, 4, 1, {0, 0, 0, 0})}, "leaky");
  net.op("Sigmoid", {net.conv("leaky", "e2", 4, 12, 1, {0, 0, 0, 0})}, "gate");
  net.op("Mul", {"silu", "gate"}, "excited");
  net.op("Concat",
         {net.pool("MaxPool", "excited", "largest"), net.pool("AveragePool", "excited", "mean")},
         "joined");
  set_int(*net.model.mutable_graph()->mutable_node(net.model.graph().node_size() - 1), "axis", 1);
  net.integers("first", {4});
  net.integers("end", {20});
  net.integers("axis", {1});
  net.op("Slice", {"joined", "first", "end", "axis"}, "slice");
  net.floats("low", {}, 0.0f);
  net.floats("high", {}, 6.0f);
  net.op("Clip", {"slice", "low", "high"}, "clip");
  net.op("GlobalAveragePool", {"clip"}, "average");
  net.classify(net.op("Flatten", {"average"}, "flat"), 16);
  return net;
}

/// Dilation, a layer norm of each pixel, a local response norm, a gate by a linear layer.
FloatNetwork normed(std::uint64_t seed = 1) {
  FloatNetwork net(seed);
  net.input("image", {-1, 1, 8, 8});
  net.op("Relu", {net.conv("image", "c1", 1, 8, 3, {1, 1, 1, 1})}, "r1");
  net.conv("r1", "c2", 8, 8, 3, {2, 2, 2, 2});
  set_ints(*net.model.mutable_graph()->mutable_node(net.model.graph().node_size() - 1), "dilations",
           {2, 2});
  set_ints(net.node("Transpose", {"c2"}, {"last"}), "perm", {0, 2, 3, 1});
  net.numbers("norm_scale", {8}, 0.2, 1.0);
  net.numbers("norm_shift", {8}, 0.2);
  net.op("LayerNormalization", {"last", "norm_scale", "norm_shift"}, "normed");
  set_ints(net.node("Transpose", {"normed"}, {"n2"}), "perm", {0, 3, 1, 2});
  net.op("Relu", {"n2"}, "r2");
  onnx::NodeProto& response = net.node("LRN", {"r2"}, {"response"});
  set_int(response, "size", 3);
  auto* alpha = response.add_attribute();
  alpha->set_name("alpha");
  alpha->set_type(onnx::AttributeProto::FLOAT);
  alpha->set_f(0.5f);
  net.op("Flatten", {net.op("GlobalAveragePool", {"response"}, "squeeze")}, "squeezed");
  net.numbers("gate_w", {8, 8}, 0.5);
  net.op("Sigmoid", {net.op("MatMul", {"squeezed", "gate_w"}, "gate_in")}, "gate");
  net.integers("pixel", {2, 3});
  net.op("Mul", {"response", net.op("Unsqueeze", {"gate", "pixel"}, "gate_image")}, "excited");
  net.op("GlobalAveragePool", {"excited"}, "average");
  net.classify(net.op("Flatten", {"average"}, "flat"), 8);
  return net;
}

TrainingConfig tuning(const std::string& initial, const std::string& extra = "",
                      const std::string& quantization = "{scheme: rquant, bits: 8}") {
  return parse_training("initial: " + initial +
                            "\ndataset: {name: mnist}\nquantization: " + quantization +
                            "\noptimizer: {learning_rate: 0.05}\n"
                            "schedule: {epochs: 6, batch: 16, milestones: []}\nseed: 5\n"
                            "calibration_images: 96\noutput: tuned.onnx\n" +
                            extra,
                        fs::path(testing::TempDir()) / "tuning.yaml");
}

std::string with_transform(const fs::path& file) {
  return "{file: " + file.string() + ", mean: [0.4], deviation: [0.3]}";
}

struct Tuning {
  explicit Tuning(const TrainingConfig& config)
      : train(striped_images(96, 1)),
        test(striped_images(300, 2)),
        architecture(import_architecture(*config.initial, train.shape, train.classes)),
        trainer(config, architecture, train, test, "cpu", 1) {}

  /// Of the first test images, with the weights as they are.
  std::vector<float> logits(int count) {
    std::vector<std::int32_t> order(static_cast<std::size_t>(count));
    std::iota(order.begin(), order.end(), 0);
    std::vector<float> images(static_cast<std::size_t>(count * 64));
    data::Labels labels(static_cast<std::size_t>(count));
    BatchReader(test, trainer.transform()).read(order.data(), count, images.data(), labels.data());
    std::vector<float> logits(static_cast<std::size_t>(count * 3));
    trainer.pass().infer(trainer.state().weights.data(), trainer.state().statistics, images.data(),
                         count, logits.data());
    return logits;
  }

  data::Dataset train, test;
  Architecture architecture;
  Trainer trainer;
};

std::vector<float> engine_logits(const std::string& name, const network::Network& net,
                                 const data::Dataset& data, int count) {
  const auto engine = engines::make_engine(name, network::share(net), 1);
  engine->set_codes(network::clean_codes(net));
  std::vector<float> logits(static_cast<std::size_t>(count * 3));
  engine->run(data.image(0), 0, count, logits.data(), 0);
  return logits;
}

double engine_error(const std::string& name, const network::Network& net,
                    const data::Dataset& data) {
  const auto engine = engines::make_engine(name, network::share(net), 1);
  engine->set_codes(network::clean_codes(net));
  const auto result = engines::evaluate(*engine, net, data, data.size(), 1);
  return 100.0 * static_cast<double>(result.wrong) / static_cast<double>(data.size());
}

double largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  double largest = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    largest = std::max(largest, std::abs(double{a[i]} - double{b[i]}));
  }
  return largest;
}

TEST(InitialNetwork, BeforeTheFirstStepItsLogitsAreThoseOfTheFile) {
  const fs::path file = everything().write("before.onnx");
  for (const char* more : {"", ", batch_norm: fold", ", reparameterized: true"}) {
    Tuning small(
        tuning("{file: " + file.string() + ", mean: [0.4], deviation: [0.3]" + more + "}"));
    importing::LowerOptions options;
    options.transform = {{0.4f}, {0.3f}};
    const network::Network net = importing::lower(importing::Graph::read(file), options).network;
    EXPECT_LT(largest_difference(small.logits(300), engine_logits("float", net, small.test, 300)),
              1e-4)
        << more;
  }
}

TEST(InitialNetwork, NormsOfPixelsAndGatesOfVectorsAreTrained) {
  const fs::path start = normed().write("normed.onnx");
  Tuning small(tuning(with_transform(start)));
  importing::LowerOptions options;
  options.transform = {{0.4f}, {0.3f}};
  const network::Network net = importing::lower(importing::Graph::read(start), options).network;
  EXPECT_LT(largest_difference(small.logits(300), engine_logits("float", net, small.test, 300)),
            1e-4);
  const double first = small.trainer.step().clean.loss;
  ASSERT_TRUE(small.trainer.run(quiet()));
  EXPECT_LT(small.trainer.state().history.back().loss, 0.95 * first);
  const fs::path file = fs::path(testing::TempDir()) / "normed-tuned.onnx";
  export_network(small.trainer, file);
  const network::Network tuned = network::read_onnx(file);
  EXPECT_EQ(engine_logits("functional", tuned, small.test, 60),
            engine_logits("reference", tuned, small.test, 60));
}

TEST(InitialNetwork, TheArchitectureHasTheFilesOperatorsWithoutQuantizers) {
  const Tuning small(tuning(with_transform(everything().write("operators.onnx"))));
  Strings operators;
  for (const network::Node& node : small.architecture.nodes) {
    operators.push_back(network::operator_name(node.op));
  }
  EXPECT_EQ(operators, (Strings{"conv",       "batch_norm",   "relu",         "conv",
                                "batch_norm", "add",          "relu",         "conv",
                                "batch_norm", "lookup",       "average_pool", "conv",
                                "prelu",      "conv",         "lookup",       "multiply",
                                "max_pool",   "average_pool", "concat",       "select_channels",
                                "clip",       "average_pool", "flatten",      "linear"}));
  EXPECT_EQ(small.architecture.shapes.back(), (network::Shape{3, 1, 1}));
  EXPECT_EQ(small.trainer.transform().mean, std::vector<float>{0.4f});
  EXPECT_EQ(small.trainer.transform().std, std::vector<float>{0.3f});
}

void expect_gradients_of_the_loss(const FloatNetwork& file) {
  Tuning small(tuning(with_transform(file.write("gradients.onnx"))));
  std::vector<std::int32_t> order(48);
  std::iota(order.begin(), order.end(), 0);
  std::vector<float> images(48 * 64);
  data::Labels labels(48);
  small.trainer.train_reader().read(order.data(), 48, images.data(), labels.data());
  std::vector<float> statistics = small.trainer.state().statistics;
  const std::vector<float>& start = small.trainer.state().weights;
  std::vector<float> gradient(start.size());
  const auto loss = [&](const std::vector<float>& weights) {
    return small.trainer.pass()
        .train(LossChoice(), weights.data(), images.data(), labels.data(), 48, gradient.data(),
               statistics, false)
        .loss;
  };
  loss(start);
  const std::vector<float> at_start = gradient;
  std::size_t first = 0;
  for (const network::Parameter& p : small.architecture.parameters) {
    const auto count = static_cast<std::size_t>(p.size());
    double square = 0.0;
    for (std::size_t i = first; i < first + count; ++i) square += double{at_start[i]} * at_start[i];
    ASSERT_GT(square, 0.0) << p.name;
    // A step along the gradient of this tensor alone.
    const double step = 2e-3 / std::sqrt(square);
    std::vector<float> up = start;
    std::vector<float> down = start;
    for (std::size_t i = first; i < first + count; ++i) {
      up[i] += static_cast<float>(step * at_start[i]);
      down[i] -= static_cast<float>(step * at_start[i]);
    }
    const double slope = (loss(up) - loss(down)) / (2.0 * step);
    EXPECT_NEAR(slope, square, 0.05 * square + 1e-5) << p.name;
    first += count;
  }
}

TEST(InitialNetwork, GradientsAreThoseOfTheLoss) {
  expect_gradients_of_the_loss(everything());
  expect_gradients_of_the_loss(normed());
}

TEST(InitialNetwork, AFewStepsLowerTheLossAndTheExportScoresTheSame) {
  Tuning small(tuning(with_transform(everything().write("export.onnx")),
                      "w_max: 2\nbit_errors: {rate: 0.002, start_loss: 100}\n"));
  const double first = small.trainer.step().clean.loss;
  ASSERT_TRUE(small.trainer.run(quiet()));
  EXPECT_LT(small.trainer.state().history.back().loss, 0.8 * first);

  const fs::path file = fs::path(testing::TempDir()) / "tuned.onnx";
  const ExportScore score = export_network(small.trainer, file);
  const network::Network net = network::read_onnx(file);
  EXPECT_LT(score.float_error, 50.0);  // a constant class scores 66.7
  EXPECT_NEAR(score.quantized_error, score.float_error, 4.0);
  // One image of 300 is a third of a point.
  EXPECT_NEAR(engine_error("float", net, small.test), score.float_error, 0.4);
  EXPECT_NEAR(engine_error("functional", net, small.test), score.quantized_error, 0.7);
  EXPECT_EQ(engine_logits("functional", net, small.test, 60),
            engine_logits("reference", net, small.test, 60));
  EXPECT_EQ(net.metadata.at("training.initial_sha256"), small.architecture.sha256);
}

TEST(InitialNetwork, WhatSeveralOperatorsReadIsDecodedFromItsCodes) {
  Tuning small(tuning(with_transform(everything().write("shared.onnx"))));
  const ValueCodes codes = choose_codes(small.architecture);
  for (const network::NodeIndex i : small.architecture.nodes.indices()) {
    const network::Node& node = small.architecture.nodes[i];
    const Reading first = codes.readings[i][0];
    if (node.name == "node_squeeze" || node.name == "node_clip") {
      EXPECT_EQ(first, Reading::kDecoded) << node.name;
    } else if (node.name == "node_r1" || node.name == "node_leaky") {
      EXPECT_EQ(first, Reading::kNumbers) << node.name;
    } else if (node.name == "node_joined") {
      EXPECT_EQ(codes.readings[i], (std::vector<Reading>{Reading::kCodes, Reading::kCodes}));
    }
  }
  int decoded = 0;
  const network::Network net = build_network(small.trainer, calibrate(small.trainer, 96), {});
  for (const network::Node& node : net.nodes) {
    decoded += std::holds_alternative<network::Dequantize>(node.op) ? 1 : 0;
  }
  // The squeeze and the product read the SiLU, both pools the product; the clip reads chosen codes.
  EXPECT_EQ(decoded, 5);
}

TEST(InitialNetwork, AResumedTrainingIsTheSameBitForBitAndOfNoOtherFile) {
  const fs::path file = everything().write("resume.onnx");
  const TrainingConfig config =
      tuning(with_transform(file), "bit_errors: {rate: 0.01, start_loss: 100}\n");
  Tuning whole(config);
  ASSERT_TRUE(whole.trainer.run(quiet()));
  Tuning stopped(config);
  TrainingFiles files = quiet();
  files.checkpoint = fs::path(testing::TempDir()) / "resume.checkpoint";
  const std::sig_atomic_t stop = 1;
  ASSERT_FALSE(stopped.trainer.run(files, &stop));
  Tuning resumed(config);
  resumed.trainer.resume(read_checkpoint(files.checkpoint), "resume.checkpoint");
  ASSERT_TRUE(resumed.trainer.run(quiet()));
  EXPECT_EQ(resumed.trainer.state().weights, whole.trainer.state().weights);
  EXPECT_EQ(resumed.trainer.state().statistics, whole.trainer.state().statistics);

  everything(2).write("resume.onnx");
  Tuning other(config);
  EXPECT_THAT(message_of([&] {
                other.trainer.resume(read_checkpoint(files.checkpoint), "resume.checkpoint");
              }),
              AllOf(HasSubstr("another training"), HasSubstr("initial_sha256")));
}

TEST(InitialNetwork, ANormThatOnlyScalesKeepsItsStatistics) {
  FloatNetwork net;
  net.input("image", {1, 1, 8, 8});
  net.op("Relu", {net.conv("image", "c1", 1, 8, 3, {1, 1, 1, 1})}, "r1");
  net.numbers("factor", {1, 8, 1, 1}, 0.2, 1.0);
  net.op("Mul", {"r1", "factor"}, "scaled");
  net.op("GlobalAveragePool", {"scaled"}, "average");
  net.classify(net.op("Flatten", {"average"}, "flat"), 8);
  Tuning small(tuning(net.write("scales.onnx").string()));
  const std::vector<float> before = small.trainer.state().statistics;
  ASSERT_EQ(before.size(), 16u);
  small.trainer.step();
  EXPECT_EQ(small.trainer.state().statistics, before);
}

std::string refusal(const FloatNetwork& net, const std::string& more = "") {
  const TrainingConfig config = tuning("{file: " + net.write("refused.onnx").string() + more + "}");
  return message_of([&] { import_architecture(*config.initial, {1, 8, 8}, 3); });
}

TEST(InitialNetwork, WhatCannotBeTrainedIsNamed) {
  FloatNetwork rounded;
  rounded.input("image", {1, 1, 8, 8});
  rounded.op("Floor", {rounded.conv("image", "c1", 1, 8, 8, {0, 0, 0, 0})}, "steps");
  rounded.classify(rounded.op("Flatten", {"steps"}, "flat"), 8);
  EXPECT_THAT(refusal(rounded), AllOf(HasSubstr("refused.onnx: node \"node_steps\" (lookup)"),
                                      HasSubstr("cannot be trained"), HasSubstr("has steps")));

  FloatNetwork infinite;
  infinite.input("image", {1, 1, 8, 8});
  infinite.op("Log", {infinite.conv("image", "c1", 1, 8, 8, {0, 0, 0, 0})}, "log");
  infinite.classify(infinite.op("Flatten", {"log"}, "flat"), 8);
  EXPECT_THAT(refusal(infinite),
              AllOf(HasSubstr("node \"node_log\" (lookup)"), HasSubstr("gives -inf at 0")));

  FloatNetwork unknown;
  unknown.input("image", {1, 1, 8, 8});
  unknown.op("LSTM", {"image"}, "memory");
  unknown.classify("memory", 8);
  EXPECT_THAT(refusal(unknown),
              AllOf(HasSubstr("node_memory"), HasSubstr("LSTM"), HasSubstr("cannot be imported")));

  FloatNetwork quantized;
  quantized.input("image", {1, 1, 8, 8});
  quantized.floats("scale", {}, 0.01f);
  auto* zero = quantized.model.mutable_graph()->add_initializer();
  zero->set_name("zero");
  zero->set_data_type(onnx::TensorProto::UINT8);
  zero->add_int32_data(0);
  quantized.op("QuantizeLinear", {"image", "scale", "zero"}, "q");
  quantized.op("DequantizeLinear", {"q", "scale", "zero"}, "x");
  quantized.conv("x", "c1", 1, 8, 8, {0, 0, 0, 0});
  quantized.classify(quantized.op("Flatten", {"c1"}, "flat"), 8);
  EXPECT_THAT(refusal(quantized),
              AllOf(HasSubstr("quantizers of its own"), HasSubstr("expected a float network")));

  EXPECT_THAT(message_of([] {
                const TrainingConfig config =
                    tuning(with_transform(everything().write("wide.onnx")));
                import_architecture(*config.initial, {3, 32, 32}, 3);
              }),
              AllOf(HasSubstr("initial.file"), HasSubstr("1x8x8"), HasSubstr("3x32x32")));
  EXPECT_THAT(message_of([] {
                const TrainingConfig config =
                    tuning(with_transform(everything().write("wide.onnx")));
                import_architecture(*config.initial, {1, 8, 8}, 10);
              }),
              HasSubstr("has 3 classes, the data set has 10"));
}

TEST(InitialNetwork, AFileOfThisProjectIsRefused) {
  Tuning small(tuning(with_transform(everything().write("own.onnx"))));
  const fs::path file = fs::path(testing::TempDir()) / "own-codes.onnx";
  network::write_onnx(build_network(small.trainer, calibrate(small.trainer, 96), {}), file);
  EXPECT_THAT(message_of([&] {
                import_architecture(*tuning(file.string()).initial, {1, 8, 8}, 3);
              }),
              HasSubstr("is a network of codes already"));
}

TEST(InitialNetwork, AVectorNeedsTheExtentsOfItsImage) {
  FloatNetwork net;
  net.input("image", {1, 64});
  net.classify("image", 64);
  EXPECT_THAT(refusal(net), HasSubstr("expected the key initial.input: 1x8x8"));
  EXPECT_EQ(refusal(net, ", input: 1x8x8"), "");
}

TEST(InitialNetwork, TheConfigurationSaysWhereTheNetworkComesFrom) {
  const auto message = [](const std::string& initial, const std::string& extra = "") {
    return message_of([&] { tuning(initial, extra); });
  };
  EXPECT_THAT(message("net.onnx", "architecture: {file: small.yaml}\n"),
              AllOf(HasSubstr("architecture"), HasSubstr("expected none")));
  EXPECT_THAT(message("net.onnx", "initialization: fan-in-uniform\n"),
              AllOf(HasSubstr("initialization"), HasSubstr("expected none")));
  EXPECT_THAT(message("{file: net.onnx, input: 3x32}"),
              AllOf(HasSubstr("initial.input"), HasSubstr("3x32x32")));
  EXPECT_THAT(message("{file: net.onnx, input: 3x32x}"), HasSubstr("initial.input"));
  EXPECT_THAT(message("{file: net.onnx, deviation: [0]}"), HasSubstr("initial.deviation"));
  EXPECT_THAT(message("{file: net.onnx, means: [0]}"), HasSubstr("mean"));
  EXPECT_THAT(
      describe(tuning("net.onnx")),
      HasSubstr("initial: {file: net.onnx, mean: [0], deviation: [1], batch_norm: keep}\n"));
  EXPECT_THAT(describe(tuning("{file: net.onnx, input: 3x32x32, batch_norm: fold}")),
              HasSubstr("batch_norm: fold, input: 3x32x32}"));
}

}  // namespace
}  // namespace brownout::trainers
