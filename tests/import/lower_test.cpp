// SPDX-License-Identifier: Apache-2.0
// Float graphs as networks: engine "float" against a plain evaluation of ONNX's definitions, and
// what cannot be imported.
#include "sim/import/lower.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <set>

#include "sim/arithmetic/requantize.hpp"
#include "sim/base/random.hpp"
#include "sim/import/quantize.hpp"
#include "tests/import/graph_builder.hpp"
#include "tests/import/run_network.hpp"

namespace brownout::importing {
namespace {

using testing::HasSubstr;

/// Channels x height x width.
struct Image {
  int channels = 0, height = 0, width = 0;
  std::vector<double> x;
  double& at(int c, int h, int w) {
    return x[static_cast<std::size_t>((c * height + h) * width + w)];
  }
  double padded(int c, int h, int w) const {
    if (h < 0 || w < 0 || h >= height || w >= width) return 0.0;
    return x[static_cast<std::size_t>((c * height + h) * width + w)];
  }
};

Image image_of(int channels, int height, int width) {
  return {channels, height, width,
          std::vector<double>(static_cast<std::size_t>(channels * height * width))};
}

Image convolve(const Image& in, const std::vector<float>& weights, int outputs, int kernel,
               int stride, int pad, int groups) {
  const int inputs = in.channels / groups;
  Image out = image_of(outputs, (in.height + 2 * pad - kernel) / stride + 1,
                       (in.width + 2 * pad - kernel) / stride + 1);
  for (int o = 0; o < outputs; ++o) {
    for (int h = 0; h < out.height; ++h) {
      for (int w = 0; w < out.width; ++w) {
        for (int i = 0; i < inputs * kernel * kernel; ++i) {
          const int c = i / (kernel * kernel) + o / (outputs / groups) * inputs;
          const int y = h * stride - pad + i / kernel % kernel;
          const int x = w * stride - pad + i % kernel;
          const auto at = static_cast<std::size_t>(o * inputs * kernel * kernel + i);
          out.at(o, h, w) += in.padded(c, y, x) * double{weights[at]};
        }
      }
    }
  }
  return out;
}

/// A graph of one residual block on 2 x 6 x 6 images, and its weights.
class Block {
 public:
  Block() : builder(13) {
    builder.input("x", {-1, 2, 6, 6}).output("y");
    weights("w1", {4, 2, 3, 3});
    weights("w2", {4, 2, 3, 3});
    weights("b2", {4});
    weights("gamma", {4});
    weights("beta", {4});
    weights("mean", {4});
    for (float& v : weights("variance", {4})) v = 0.5f + v * v;
    fill("variance");
    weights("wl", {3, 4});
    weights("bl", {3});
    set_ints(builder.node("Conv", {"x", "w1"}, {"c1"}), "pads", {1, 1, 1, 1});
    builder.node("BatchNormalization", {"c1", "gamma", "beta", "mean", "variance"}, {"n1"});
    builder.node("Relu", {"n1"}, {"r1"});
    onnx::NodeProto& second = builder.node("Conv", {"r1", "w2", "b2"}, {"c2"});
    set_ints(second, "pads", {1, 1, 1, 1});
    set_int(second, "group", 2);
    builder.node("Add", {"c2", "r1"}, {"sum"});
    onnx::NodeProto& pool = builder.node("MaxPool", {"sum"}, {"p"});
    set_ints(pool, "kernel_shape", {2, 2});
    set_ints(pool, "strides", {2, 2});
    builder.node("GlobalAveragePool", {"p"}, {"g"});
    builder.node("Flatten", {"g"}, {"f"});
    set_int(builder.node("Gemm", {"f", "wl", "bl"}, {"l"}), "transB", 1);
    builder.node("Softmax", {"l"}, {"y"});
  }

  std::vector<double> logits(const std::vector<std::uint8_t>& pixels) {
    Image image = image_of(2, 6, 6);
    for (int c = 0; c < 2; ++c) {
      for (int p = 0; p < 36; ++p) {
        image.x[static_cast<std::size_t>(c * 36 + p)] =
            (pixels[static_cast<std::size_t>(p * 2 + c)] / 255.0 - 0.5) / 0.25;
      }
    }
    Image r = convolve(image, values["w1"], 4, 3, 1, 1, 1);
    for (int c = 0; c < 4; ++c) {
      const auto k = static_cast<std::size_t>(c);
      for (int p = 0; p < 36; ++p) {
        double& v = r.x[k * 36 + static_cast<std::size_t>(p)];
        v = (v - double{values["mean"][k]}) / std::sqrt(double{values["variance"][k]} + 1e-5);
        v = std::max(v * double{values["gamma"][k]} + double{values["beta"][k]}, 0.0);
      }
    }
    Image sum = convolve(r, values["w2"], 4, 3, 1, 1, 2);
    for (std::size_t i = 0; i < sum.x.size(); ++i)
      sum.x[i] += double{values["b2"][i / 36]} + r.x[i];
    std::vector<double> means(4, 0.0);
    for (int c = 0; c < 4; ++c) {
      for (int h = 0; h < 6; h += 2) {
        for (int w = 0; w < 6; w += 2) {
          means[static_cast<std::size_t>(c)] +=
              std::max({sum.at(c, h, w), sum.at(c, h + 1, w), sum.at(c, h, w + 1),
                        sum.at(c, h + 1, w + 1)}) /
              9.0;
        }
      }
    }
    std::vector<double> logits;
    for (std::size_t o = 0; o < 3; ++o) {
      logits.push_back(double{values["bl"][o]});
      for (std::size_t i = 0; i < 4; ++i) logits[o] += double{values["wl"][o * 4 + i]} * means[i];
    }
    return logits;
  }

  GraphBuilder builder;
  std::map<std::string, std::vector<float>> values;

 private:
  std::vector<float>& weights(const std::string& name, const std::vector<std::int64_t>& dims) {
    onnx::TensorProto& tensor = builder.floats(name, dims);
    std::vector<float>& own = values[name];
    for (int i = 0; i < tensor.float_data_size(); ++i) {
      own.push_back(static_cast<float>(2.0 * unit_open(random_(next_++)[0]) - 1.0));
    }
    fill(name);
    return own;
  }
  void fill(const std::string& name) {
    for (auto& tensor : *builder.model.mutable_graph()->mutable_initializer()) {
      if (tensor.name() != name) continue;
      for (int i = 0; i < tensor.float_data_size(); ++i) {
        tensor.set_float_data(i, values[name][static_cast<std::size_t>(i)]);
      }
    }
  }
  const Philox random_{5, Purpose::kTest};
  std::uint64_t next_ = 0;
};

LowerOptions options(bool fold) {
  LowerOptions options;
  options.transform = {{0.5f}, {0.25f}};
  options.fold_batch_norm = fold;
  return options;
}

std::vector<std::uint8_t> pixels(std::uint64_t seed) {
  const Philox random(seed, Purpose::kTest);
  std::vector<std::uint8_t> pixels(72);
  for (std::size_t i = 0; i < pixels.size(); ++i)
    pixels[i] = static_cast<std::uint8_t>(random(i)[0] >> 24);
  return pixels;
}

TEST(Lower, EngineFloatComputesWhatTheGraphMeans) {
  Block block;
  const Graph graph = Graph::read(block.builder.write());
  for (const bool fold : {true, false}) {
    const network::SharedNetwork network = network::share(lower(graph, options(fold)).network);
    for (std::uint64_t seed = 0; seed < 5; ++seed) {
      const std::vector<std::uint8_t> image = pixels(seed);
      const std::vector<float> found = run("float", network, image);
      const std::vector<double> expected = block.logits(image);
      for (std::size_t c = 0; c < 3; ++c) EXPECT_NEAR(double{found[c]}, expected[c], 2e-5) << c;
    }
  }
}

TEST(Lower, FoldingTakesBatchNormsAway) {
  Block block;
  const Graph graph = Graph::read(block.builder.write());
  const auto norms = [&](bool fold) {
    int count = 0;
    for (const network::Node& node : lower(graph, options(fold)).network.nodes)
      count += std::holds_alternative<network::BatchNorm>(node.op) ? 1 : 0;
    return count;
  };
  EXPECT_EQ(norms(true), 0);
  EXPECT_EQ(norms(false), 1);
}

TEST(Lower, OtherEnginesAskForCodes) {
  Block block;
  const network::SharedNetwork network =
      network::share(lower(Graph::read(block.builder.write()), options(true)).network);
  EXPECT_THAT(message_of([&] { run("functional", network, pixels(0)); }),
              HasSubstr("is not coded, the array computes on codes only"));
}

TEST(Lower, QuantizedAtEightBitsTheNumbersStayClose) {
  Block block;
  const ImportedNetwork plain = lower(Graph::read(block.builder.write()), options(true));
  EXPECT_FALSE(plain.quantized);
  const std::vector<Range> ranges(plain.open.size(), Range{-8.0f, 8.0f});
  const Quantized quantized = quantize(plain, ranges, {}, "test");
  EXPECT_EQ(quantized.noise.size(), 3u);
  for (const LayerNoise& layer : quantized.noise) EXPECT_GT(layer.weight_db, 35.0) << layer.layer;
  const std::vector<float> codes = run("functional", network::share(quantized.network), pixels(1));
  EXPECT_EQ(codes, run("reference", network::share(quantized.network), pixels(1)));
  const std::vector<double> expected = block.logits(pixels(1));
  for (std::size_t c = 0; c < 3; ++c) EXPECT_NEAR(double{codes[c]}, expected[c], 0.3) << c;
}

TEST(Lower, ChangesOfScaleJoinTheTransformOrTheWeights) {
  GraphBuilder builder;
  builder.input("x", {-1, 1, 2, 2}).output("y");
  builder.floats("two", {1}, 2.0f);
  builder.floats("half", {1}, 0.5f);
  builder.floats("w", {4, 3}, 0.25f);
  builder.floats("b", {3}, 1.0f);
  builder.node("Sub", {"x", "half"}, {"centred"});
  builder.node("Mul", {"centred", "two"}, {"scaled"});
  builder.node("Flatten", {"scaled"}, {"f"});
  builder.node("MatMul", {"f", "w"}, {"m"});
  builder.node("Add", {"m", "b"}, {"y"});
  const network::SharedNetwork network =
      network::share(lower(Graph::read(builder.write()), LowerOptions{}).network);
  EXPECT_EQ(network->transform.mean, (std::vector<float>{0.5f}));
  EXPECT_EQ(network->transform.std, (std::vector<float>{0.5f}));
  const std::vector<float> logits = run("float", network, {255, 0, 255, 255});
  for (const float logit : logits) EXPECT_NEAR(logit, 0.25f * 2.0f + 1.0f, 1e-6f);
}

TEST(Lower, AFileMayEndWithTheNumbersOfItsCodes) {
  GraphBuilder builder;
  builder.input("x", {-1, 4}).output("y");
  builder.floats("s", {}, 1.0f / 255.0f);
  builder.floats("t", {}, 0.5f);
  builder.floats("w", {4, 2}, 1.0f);
  onnx::TensorProto& zero = builder.integers("z", {0});
  zero.set_data_type(onnx::TensorProto::UINT8);
  zero.clear_int64_data();
  zero.clear_dims();
  zero.add_int32_data(0);
  builder.node("QuantizeLinear", {"x", "s", "z"}, {"q"});
  builder.node("DequantizeLinear", {"q", "s", "z"}, {"d"});
  builder.node("MatMul", {"d", "w"}, {"m"});
  builder.node("QuantizeLinear", {"m", "t", "z"}, {"codes"});
  builder.node("DequantizeLinear", {"codes", "t", "z"}, {"y"});
  const ImportedNetwork imported = lower(Graph::read(builder.write()), LowerOptions{});
  EXPECT_TRUE(imported.quantized);
  EXPECT_TRUE(imported.open.empty());
  const network::SharedNetwork network = network::share(quantize(imported, {}, {}, "test").network);
  EXPECT_EQ(run("functional", network, {255, 255, 51, 0}), (std::vector<float>{2.0f, 2.0f}));
}

TEST(Lower, ChannelsLastAreTurned) {
  GraphBuilder builder;
  builder.input("x", {-1, 2, 2, 3}).output("y");  // height, width, channels
  builder.floats("w", {3, 3, 1, 1}, 0.0f);
  auto& w = *builder.model.mutable_graph()->mutable_initializer(0);
  for (const int i : {0, 4, 8}) w.set_float_data(i, 1.0f);
  onnx::TensorProto& linear = builder.floats("l", {12, 12}, 0.0f);
  for (int i = 0; i < 12; ++i) linear.set_float_data(13 * i, 1.0f);
  builder.integers("vector", {-1, 12});
  set_ints(builder.node("Transpose", {"x"}, {"first"}), "perm", {0, 3, 1, 2});
  builder.node("Conv", {"first", "w"}, {"c"});
  set_ints(builder.node("Transpose", {"c"}, {"last"}), "perm", {0, 2, 3, 1});
  builder.node("Reshape", {"last", "vector"}, {"f"});
  builder.node("MatMul", {"f", "l"}, {"y"});
  const network::SharedNetwork network =
      network::share(lower(Graph::read(builder.write()), LowerOptions{}).network);
  EXPECT_EQ(network->input, (network::Shape{3, 2, 2}));
  std::vector<std::uint8_t> image(12);
  for (std::size_t i = 0; i < 12; ++i) image[i] = static_cast<std::uint8_t>(20 * i);
  const std::vector<float> logits = run("float", network, image);
  for (std::size_t i = 0; i < 12; ++i)
    EXPECT_NEAR(logits[i], 20.0f * static_cast<float>(i) / 255.0f, 1e-6f) << i;
}

TEST(Lower, AScaleJoinsTheTransformForAllChannelsOrForNone) {
  GraphBuilder builder;
  builder.input("x", {1, 3, 1, 1}).output("y");
  onnx::TensorProto& scale = builder.floats("s", {3, 1, 1}, 2.0f);
  scale.set_float_data(1, -1.0f);
  onnx::TensorProto& w = builder.floats("w", {3, 3, 1, 1}, 0.0f);
  for (const int i : {0, 4, 8}) w.set_float_data(i, 1.0f);
  builder.node("Mul", {"x", "s"}, {"a"});
  builder.node("Conv", {"a", "w"}, {"y"});
  const network::SharedNetwork network =
      network::share(lower(Graph::read(builder.write()), {}).network);
  EXPECT_EQ(network->transform.std, std::vector<float>(3, 1.0f));
  const std::vector<float> logits = run("float", network, {255, 255, 51});
  EXPECT_NEAR(logits[0], 2.0f, 1e-5f);
  EXPECT_NEAR(logits[1], -1.0f, 1e-5f);
  EXPECT_NEAR(logits[2], 0.4f, 1e-5f);
}

TEST(Lower, ZerosAroundAReluJoinTheMaxPool) {
  for (const bool relu : {true, false}) {
    GraphBuilder builder;
    builder.input("x", {1, 1, 2, 2}).output("y");
    builder.floats("w", {1, 1, 1, 1}, 1.0f);
    builder.integers("pads", {0, 0, 1, 1, 0, 0, 1, 1});
    builder.node("Conv", {"x", "w"}, {"c"});
    builder.node(relu ? "Relu" : "Identity", {"c"}, {"r"});
    builder.node("Pad", {"r", "pads"}, {"p"});
    set_ints(builder.node("MaxPool", {"p"}, {"m"}), "kernel_shape", {2, 2});
    builder.node("GlobalMaxPool", {"m"}, {"y"});
    const auto read = [&] { return lower(Graph::read(builder.write()), {}).network; };
    if (!relu) {
      EXPECT_THAT(message_of(read), HasSubstr("padded with zeros and may be negative"));
      continue;
    }
    EXPECT_NEAR(run("float", network::share(read()), {0, 51, 0, 0})[0], 0.2f, 1e-6f);
  }
}

TEST(Lower, FunctionsTakeTheirNumberOnEitherSide) {
  const auto value = [](const char* op, bool first, float number) {
    GraphBuilder builder;
    builder.input("x", {1, 1, 1, 1}).output("y");
    builder.floats("w", {1, 1, 1, 1}, 1.0f);
    builder.floats("n", {}, number);
    builder.node("Conv", {"x", "w"}, {"c"});
    builder.node(
        op, first ? std::vector<std::string>{"n", "c"} : std::vector<std::string>{"c", "n"}, {"y"});
    return run("float", network::share(lower(Graph::read(builder.write()), {}).network), {102})[0];
  };
  EXPECT_NEAR(value("Min", true, 0.3f), 0.3f, 1e-6f);
  EXPECT_NEAR(value("Max", true, 0.3f), 0.4f, 1e-6f);
  EXPECT_NEAR(value("Pow", true, 2.0f), std::pow(2.0f, 0.4f), 1e-6f);
  EXPECT_NEAR(value("Pow", false, 2.0f), 0.16f, 1e-6f);
  EXPECT_NEAR(value("Div", true, 2.0f), 5.0f, 1e-5f);
}

TEST(Lower, WhatCannotBeImportedIsNamed) {
  GraphBuilder unknown;
  unknown.input("x", {1, 1, 4, 4}).output("y");
  unknown.node("Einsum", {"x"}, {"y"});
  EXPECT_THAT(message_of([&] { lower(Graph::read(unknown.write()), {}); }),
              HasSubstr("node \"node_y\" (Einsum): the operator cannot be imported; those that can "
                        "are Abs, Add, AveragePool,"));
  GraphBuilder dilated;
  dilated.input("x", {1, 1, 8, 8}).output("y");
  auto& pool = dilated.node("MaxPool", {"x"}, {"y"});
  set_ints(pool, "kernel_shape", {3, 3});
  set_ints(pool, "dilations", {2, 2});
  EXPECT_THAT(message_of([&] { lower(Graph::read(dilated.write()), {}); }),
              HasSubstr("is dilated, which only convolutions can be"));
  GraphBuilder weightless;
  weightless.input("x", {1, 1, 8, 8}).input("w", {1, 1, 8, 8}).output("y");
  weightless.node("Conv", {"x", "w"}, {"y"});
  EXPECT_THAT(message_of([&] { lower(Graph::read(weightless.write()), {}); }),
              HasSubstr("has no numbers for the weights w, which are inputs of its graph"));
  GraphBuilder several;
  several.input("x", {1, 4}).output("y").output("x");
  several.node("Relu", {"x"}, {"y"});
  EXPECT_THAT(message_of([&] { lower(Graph::read(several.write()), {}); }),
              HasSubstr("has 2 outputs, expected one"));
  GraphBuilder empty;
  empty.input("x", {1, 1, 4, 4}).output("y");
  empty.floats("w", {1, 1, 1, 1});
  empty.floats("none", {0});
  empty.node("Conv", {"x", "w"}, {"c"});
  empty.node("Clip", {"c", "none"}, {"y"});
  EXPECT_THAT(message_of([&] { lower(Graph::read(empty.write()), {}); }),
              HasSubstr("a bound has 0 numbers, expected one"));
  GraphBuilder endless;
  endless.input("x", {1, 4}).output("y");
  endless.floats("w", {4, 2}, std::numeric_limits<float>::infinity());
  endless.node("MatMul", {"x", "w"}, {"y"});
  EXPECT_THAT(message_of([&] { lower(Graph::read(endless.write()), {}); }),
              HasSubstr("input 2: element 0 is inf, expected a finite number"));
  GraphBuilder approximate(20);
  approximate.input("x", {1, 1, 4, 4}).output("y");
  approximate.floats("w", {1, 1, 1, 1});
  approximate.node("Conv", {"x", "w"}, {"c"});
  set_text(approximate.node("Gelu", {"c"}, {"y"}), "approximate", "sine");
  EXPECT_THAT(message_of([&] { lower(Graph::read(approximate.write()), {}); }),
              HasSubstr("approximates by \"sine\", expected \"none\" or \"tanh\""));
}

TEST(Ranges, TheSmallestNumbersHaveAQuantizer) {
  for (const float most : {1e-38f, 1e-42f, 1e-45f}) {
    const network::Quantize codes = quantize_of({-most, most});
    EXPECT_GT(codes.scale, 0.0f);
    EXPECT_GE(codes.zero_point, 0);
    EXPECT_LE(codes.zero_point, 255);
  }
  EXPECT_EQ(quantize_of({0.0f, 0.0f}).scale, 1.0f);
}

TEST(Ranges, MethodsChooseTheirEnds) {
  network::Network network;
  network.input = {1, 1, 1};
  network.transform = {{0.5f}, {0.5f}};
  network.nodes = {{"q0", network::Quantize{}, {network::kInputImage}},
                   {"q1", network::Quantize{}, {network::ValueIndex(1)}}};
  const network::Shape one{1, 1, 1};
  RangeMeter meter(network, {one, one, one}, {network::NodeIndex(0), network::NodeIndex(1)}, 2);
  std::vector<float> numbers(10000);
  for (std::size_t i = 0; i < numbers.size(); ++i)
    numbers[i] = static_cast<float>(i % 100) / 100.0f;
  numbers[0] = 50.0f;
  for (int pass = 0; pass < 2; ++pass) {
    if (pass == 1) meter.begin_histograms();
    meter.see(network::NodeIndex(1), numbers.data(), 5000, 0);
    meter.see(network::NodeIndex(1), numbers.data() + 5000, 5000, 1);
  }
  const auto range = [&](Calibration calibration) {
    return meter.ranges(calibration, 0.999, "test").at(1);
  };
  EXPECT_EQ(range(Calibration::kMinMax).high, 50.0f);
  EXPECT_NEAR(range(Calibration::kPercentile).high, 1.0f, 0.05f);
  EXPECT_LT(range(Calibration::kLeastError).high, 50.0f);
  const Range pixels = meter.ranges(Calibration::kMinMax, 1.0, "test").at(0);
  // Of -1 to 1, with 0 on a code: no pixel lies between two codes.
  const network::Quantize quantize = quantize_of(pixels);
  EXPECT_FLOAT_EQ(quantize.scale, 1.0f / 127.0f);
  std::set<int> codes;
  for (int pixel = 0; pixel < 256; ++pixel) {
    const float x = static_cast<float>(pixel) / 127.5f - 1.0f;
    codes.insert(arithmetic::requantize(x, quantize.scale, quantize.zero_point));
  }
  EXPECT_EQ(codes.size(), 255u);
  EXPECT_TRUE(meter.finite());
  EXPECT_EQ(meter.seen(network::NodeIndex(0))->low, -1.0f);
  EXPECT_EQ(meter.seen(network::NodeIndex(1))->high, 50.0f);
}

}  // namespace
}  // namespace brownout::importing
