// SPDX-License-Identifier: Apache-2.0
// Operators of any number of inputs, fused ones, channels that come last, and what follows a
// softmax: engine "float" against numbers by hand.
#include <gmock/gmock.h>

#include <cmath>

#include "sim/import/lower.hpp"
#include "sim/import/matrix_products.hpp"
#include "tests/import/graph_builder.hpp"
#include "tests/import/run_network.hpp"

namespace brownout::importing {
namespace {

using testing::HasSubstr;

/// What engine "float" gives for one image.
std::vector<float> float_logits(const GraphBuilder& builder,
                                const std::vector<std::uint8_t>& image) {
  const network::SharedNetwork network =
      network::share(lower(Graph::read(builder.write()), {}).network);
  return run("float", network, image);
}

/// c = 2x - 1 (a convolution), r = max(c, 0); the test's operator gives y. Pixels 204 and 51 are
/// 0.8 and 0.2, so that c is 0.6 and -0.6.
GraphBuilder two_channels() {
  GraphBuilder builder;
  builder.input("x", {1, 2, 1, 1}).output("y");
  onnx::TensorProto& w = builder.floats("w", {2, 2, 1, 1}, 0.0f);
  w.set_float_data(0, 2.0f);
  w.set_float_data(3, 2.0f);
  builder.floats("b", {2}, -1.0f);
  builder.node("Conv", {"x", "w", "b"}, {"c"});
  builder.node("Relu", {"c"}, {"r"});
  builder.floats("half", {}, 0.5f);
  builder.floats("tenth", {1}, 0.1f);
  onnx::TensorProto& shifts = builder.floats("shifts", {2, 1, 1}, 10.0f);
  shifts.set_float_data(1, 20.0f);
  return builder;
}

void expect_of(const char* op, const std::vector<std::string>& inputs, float first, float second) {
  GraphBuilder builder = two_channels();
  builder.node(op, inputs, {"y"});
  const std::vector<float> found = float_logits(builder, {204, 51});
  EXPECT_NEAR(found[0], first, 1e-5f) << op << inputs.size();
  EXPECT_NEAR(found[1], second, 1e-5f) << op << inputs.size();
}

TEST(ImportOperators, SumsMeansAndExtremesTakeAnyNumberOfInputs) {
  expect_of("Max", {"c"}, 0.6f, -0.6f);
  expect_of("Min", {"c"}, 0.6f, -0.6f);
  expect_of("Max", {"c", "tenth"}, 0.6f, 0.1f);
  expect_of("Max", {"half", "c", "tenth"}, 0.6f, 0.5f);
  expect_of("Min", {"c", "half", "tenth"}, 0.1f, -0.6f);
  expect_of("Sum", {"c"}, 0.6f, -0.6f);
  expect_of("Sum", {"c", "half"}, 1.1f, -0.1f);
  expect_of("Sum", {"c", "r", "c"}, 1.8f, -1.2f);
  expect_of("Sum", {"c", "shifts", "r", "half"}, 11.7f, 19.9f);
  expect_of("Mean", {"c"}, 0.6f, -0.6f);
  expect_of("Mean", {"c", "r"}, 0.6f, -0.3f);
  expect_of("Mean", {"c", "shifts", "r"}, 11.2f / 3.0f, 19.4f / 3.0f);
}

TEST(ImportOperators, FunctionsOfOneNumberAreTables) {
  expect_of("Sign", {"c"}, 1.0f, -1.0f);
  expect_of("Sign", {"r"}, 1.0f, 0.0f);
  expect_of("Ceil", {"c"}, 1.0f, 0.0f);
  expect_of("Softsign", {"c"}, 0.375f, -0.375f);
  expect_of("ThresholdedRelu", {"c"}, 0.0f, 0.0f);
  GraphBuilder builder = two_channels();
  auto* alpha = builder.node("ThresholdedRelu", {"c"}, {"y"}).add_attribute();
  alpha->set_name("alpha");
  alpha->set_type(onnx::AttributeProto::FLOAT);
  alpha->set_f(0.5f);
  EXPECT_NEAR(float_logits(builder, {204, 51})[0], 0.6f, 1e-5f);
}

TEST(ImportOperators, ExtremesOfTwoValuesAreRefused) {
  GraphBuilder builder = two_channels();
  builder.node("Max", {"c", "r", "half"}, {"y"});
  EXPECT_THAT(message_of([&] { lower(Graph::read(builder.write()), {}); }),
              HasSubstr("(Max): takes several values, expected one value and numbers"));
  GraphBuilder channels = two_channels();
  channels.node("Max", {"c", "shifts"}, {"y"});
  EXPECT_THAT(message_of([&] { lower(Graph::read(channels.write()), {}); }),
              HasSubstr("input 2 is a constant of [2, 1, 1], expected one number"));
}

TEST(ImportOperators, FusedOperatorsAreWhatTheyWereMadeOf) {
  struct Case {
    const char* activation;
    std::vector<float> settings;
    float first, second;
  };
  const Case cases[] = {
      {"", {}, 1.2f, -1.2f},
      {"Relu", {}, 1.2f, 0.0f},
      {"LeakyRelu", {0.25f}, 1.2f, -0.3f},
      {"Clip", {-0.5f, 1.0f}, 1.0f, -0.5f},
      {"HardSigmoid", {0.25f, 0.5f}, 0.8f, 0.2f},
      {"Sigmoid", {}, 1.0f / (1.0f + std::exp(-1.2f)), 1.0f / (1.0f + std::exp(1.2f))},
      {"Tanh", {}, std::tanh(1.2f), -std::tanh(1.2f)}};
  for (const Case& one : cases) {
    GraphBuilder builder = two_channels();
    // The convolution once more, plus its own result: 2c.
    onnx::NodeProto& fused = builder.node("FusedConv", {"x", "w", "b", "c"}, {"y"});
    fused.set_domain("com.microsoft");
    if (*one.activation != '\0') set_text(fused, "activation", one.activation);
    if (!one.settings.empty()) {
      auto* settings = fused.add_attribute();
      settings->set_name("activation_params");
      settings->set_type(onnx::AttributeProto::FLOATS);
      for (const float number : one.settings) settings->add_floats(number);
    }
    const std::vector<float> found = float_logits(builder, {204, 51});
    EXPECT_NEAR(found[0], one.first, 1e-5f) << one.activation;
    EXPECT_NEAR(found[1], one.second, 1e-5f) << one.activation;
    EXPECT_EQ(matrix_products(Graph::read(builder.write())).products.size(), 2u);
  }
  GraphBuilder unknown = two_channels();
  set_text(unknown.node("FusedConv", {"x", "w"}, {"y"}), "activation", "Sine");
  EXPECT_THAT(
      message_of([&] { Graph::read(unknown.write()); }),
      HasSubstr("node \"node_y\" (FusedConv): activation is \"Sine\", expected one of Clip"));
}

TEST(ImportOperators, FusedGemmIsALinearLayerWithItsActivation) {
  GraphBuilder builder;
  builder.input("x", {1, 2}).output("y");
  builder.floats("w", {2, 2}, 1.0f).set_float_data(1, -1.0f);
  onnx::NodeProto& fused = builder.node("FusedGemm", {"x", "w"}, {"y"});
  fused.set_domain("com.microsoft");
  set_text(fused, "activation", "LeakyRelu");
  auto* alpha = fused.add_attribute();
  alpha->set_name("activation_alpha");
  alpha->set_type(onnx::AttributeProto::FLOAT);
  alpha->set_f(0.5f);
  const std::vector<float> found = float_logits(builder, {204, 51});
  EXPECT_NEAR(found[0], 1.0f, 1e-5f);
  EXPECT_NEAR(found[1], -0.3f, 1e-5f);
}

TEST(ImportOperators, ConstantsAndPadsComeBeforeTheTurnOfChannelsLast) {
  const std::vector<std::vector<std::int64_t>> shapes{{3}, {1, 1, 3}, {1, 1, 1, 3}};
  for (const auto& shape : shapes) {
    for (const bool pad : {false, true}) {
      GraphBuilder builder;
      builder.input("x", {1, 1, 2, 3}).output("y");  // height, width, channels
      onnx::TensorProto& mean = builder.floats("mean", shape, 0.2f);
      mean.set_float_data(2, 0.4f);
      onnx::TensorProto& scale = builder.floats("scale", shape, 2.0f);
      scale.set_float_data(0, 4.0f);
      // Every output channel is a channel's sum over a window of 1 x 2.
      onnx::TensorProto& w = builder.floats("w", {3, 3, 1, 2}, 0.0f);
      for (const int i : {0, 1, 8, 9, 16, 17}) w.set_float_data(i, 1.0f);
      builder.integers("pads", {0, 0, 1, 0, 0, 0, 0, 0});
      builder.node("Sub", {"x", "mean"}, {"s"});
      builder.node("Mul", {"s", "scale"}, {"m"});
      if (pad) builder.node("Pad", {"m", "pads"}, {"p"});
      set_ints(builder.node("Transpose", {pad ? "p" : "m"}, {"t"}), "perm", {0, 3, 1, 2});
      builder.node("Conv", {"t", "w"}, {"c"});
      builder.node("GlobalAveragePool", {"c"}, {"y"});
      const std::vector<float> found = float_logits(builder, {51, 102, 153, 204, 102, 51});
      // With the pad, the first window holds one pixel: (a + (a + b))/2 in place of a + b.
      const float a[] = {0.0f, 0.4f, 0.4f};
      const float b[] = {2.4f, 0.4f, -0.4f};
      for (std::size_t c = 0; c < 3; ++c)
        EXPECT_NEAR(found[c], pad ? a[c] + b[c] / 2.0f : a[c] + b[c], 1e-5f) << c << pad;
    }
  }
}

TEST(ImportOperators, APadBetweenTwoTurnsJoinsTheConvolution) {
  GraphBuilder builder = two_channels();
  builder.integers("pads", {0, 0, 1, 0, 0, 0, 0, 0});
  onnx::TensorProto& w = builder.floats("w2", {2, 2, 1, 2}, 0.0f);
  for (const int i : {0, 1, 6, 7}) w.set_float_data(i, static_cast<float>(i));
  set_ints(builder.node("Transpose", {"c"}, {"last"}), "perm", {0, 2, 3, 1});
  builder.node("Pad", {"last", "pads"}, {"p"});
  set_ints(builder.node("Transpose", {"p"}, {"first"}), "perm", {0, 3, 1, 2});
  builder.node("Conv", {"first", "w2"}, {"y"});
  const std::vector<float> found = float_logits(builder, {204, 51});
  EXPECT_NEAR(found[0], 0.6f, 1e-5f);
  EXPECT_NEAR(found[1], -4.2f, 1e-5f);
}

TEST(ImportOperators, ShapesMayChangeAfterTheLastSoftmax) {
  for (const char* op : {"Flatten", "Reshape", "Squeeze"}) {
    GraphBuilder builder = two_channels();
    builder.integers("Reshape", {-1, 2});
    builder.integers("Squeeze", {2, 3});
    set_int(builder.node("Softmax", {"c"}, {"s"}), "axis", 1);
    std::vector<std::string> inputs{"s"};
    if (std::string(op) != "Flatten") inputs.emplace_back(op);
    builder.node(op, inputs, {"y"});
    const std::vector<float> found = float_logits(builder, {204, 51});
    EXPECT_NEAR(found[0], 0.6f, 1e-5f) << op;
    EXPECT_NEAR(found[1], -0.6f, 1e-5f) << op;
  }
}

TEST(ImportOperators, AScaleBeyondTheInputsTransformStaysAnOperator) {
  GraphBuilder builder;
  builder.input("x", {1, 2, 1, 1}).output("y");
  builder.floats("s", {2, 1, 1}, 1e-42f);
  builder.floats("w", {2, 2, 1, 1});
  builder.node("Mul", {"x", "s"}, {"m"});
  builder.node("Conv", {"m", "w"}, {"y"});
  EXPECT_NEAR(float_logits(builder, {204, 51})[0], 0.0f, 1e-30f);
}

TEST(ImportOperators, NoBiasComesFromAScale) {
  GraphBuilder builder = two_channels();
  builder.floats("s", {2, 1, 1}, 2.0f);
  builder.node("Conv", {"r", "w"}, {"d"});
  builder.node("Mul", {"d", "s"}, {"y"});
  const network::Network network = lower(Graph::read(builder.write()), {}).network;
  std::size_t biases = 0;
  for (const network::Parameter& parameter : network.parameters)
    biases += parameter.role == network::Role::kBias ? 1u : 0u;
  EXPECT_EQ(biases, 1u);
}

}  // namespace
}  // namespace brownout::importing
