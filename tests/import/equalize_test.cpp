// SPDX-License-Identifier: Apache-2.0
// Cross-layer equalization: scales by hand, a function that stays, and codes that lose less.
#include "sim/import/equalize.hpp"

#include <gmock/gmock.h>

#include <cmath>

#include "sim/base/random.hpp"
#include "tests/import/graph_builder.hpp"
#include "tests/import/import_suite.hpp"

namespace brownout::importing {
namespace {

using testing::ElementsAre;

void set_floats(GraphBuilder& builder, const std::string& name,
                const std::vector<std::int64_t>& dims, const std::vector<float>& values) {
  onnx::TensorProto& tensor = builder.floats(name, dims, 0.0f);
  for (int i = 0; i < tensor.float_data_size(); ++i) {
    tensor.set_float_data(i, values.at(static_cast<std::size_t>(i)));
  }
}

/// Values of the parameter with this name.
std::vector<float> values_of(const network::Network& network, const std::string& name) {
  for (const network::Parameter& parameter : network.parameters) {
    if (parameter.name == name) return parameter.values;
  }
  ADD_FAILURE() << "no parameter " << name;
  return {};
}

/// Two convolutions of one pixel, 1 -> 2 -> 1 channels; `between` connects "c" to "m".
template <typename Between>
ImportedNetwork two_layers(const std::vector<float>& w1, const std::vector<float>& b1,
                           const std::vector<float>& w2, Between between,
                           const LowerOptions& options = {}) {
  GraphBuilder builder;
  builder.input("x", {1, 1, 1, 1}).output("y");
  set_floats(builder, "w1", {2, 1, 1, 1}, w1);
  set_floats(builder, "b1", {2}, b1);
  set_floats(builder, "w2", {1, 2, 1, 1}, w2);
  builder.node("Conv", {"x", "w1", "b1"}, {"c"});
  between(builder);
  builder.node("Conv", {"m", "w2"}, {"y"});
  return lower(Graph::read(builder.write()), options);
}

void one_relu(GraphBuilder& builder) { builder.node("Relu", {"c"}, {"m"}); }

/// A chain of layers with random weights on 3 x 12 x 12 images, 5 classes, in which every operator
/// that commutes with a scale stands between two layers.
class Chain {
 public:
  /// Channel ranges of a tensor differ by up to `spread`. If `undone`, the layer after it undoes
  /// this, so that all spreads make the same function.
  Chain(std::uint64_t seed, double spread, bool undone)
      : random_(seed, Purpose::kTest), spread_(spread), undone_(undone) {
    builder_.input("image", {-1, 3, 12, 12}).output("logits");
    last_ = "image";
    factors_.assign(3, 1.0);
    conv(8, 3, 1);
    join("Relu");
    conv(8, 3, 8);
    join("Relu");
    conv(16, 1, 1);
    join("LeakyRelu");
    pool("MaxPool");
    conv(16, 3, 4);
    slopes(16);
    shuffle(16);
    conv(16, 3, 16);
    pool("AveragePool");
    conv(8, 1, 1);
    join("Identity");
    join("Relu");
    join("Flatten");
    linear(12, 9);
    join("Relu");
    spread_ = 1.0;
    linear(5, 1);
    builder_.node("Identity", {last_}, {"logits"});
  }

  ImportedNetwork network() const {
    LowerOptions options;
    options.transform = {{0.5f}, {0.25f}};
    return lower(Graph::read(builder_.write("chain.onnx")), options);
  }

 private:
  double draw() { return 2.0 * unit_open(random_(next_++)[0]) - 1.0; }  // in (-1, 1)
  std::string fresh(const std::string& kind) { return kind + std::to_string(count_++); }

  /// `taps`: weights that an output has for one input; `copies`: inputs that a channel of the layer
  /// before became.
  std::vector<float> weights(std::size_t outputs, std::size_t groups, std::size_t taps,
                             std::size_t copies) {
    const std::size_t inputs = factors_.size() * copies / groups;
    const double size = std::sqrt(6.0 / static_cast<double>(inputs * taps));
    std::vector<double> own(outputs);
    for (double& factor : own) factor = std::pow(spread_, 0.5 * draw());
    std::vector<float> values;
    for (std::size_t o = 0; o < outputs; ++o) {
      for (std::size_t i = 0; i < inputs * taps; ++i) {
        const std::size_t channel = (o / (outputs / groups) * inputs + i / taps) / copies;
        values.push_back(static_cast<float>(draw() * size * own[o] / factors_[channel]));
      }
    }
    factors_ = own;
    return values;
  }
  std::vector<float> biases() {
    std::vector<float> values;
    for (double& factor : factors_) {
      values.push_back(static_cast<float>(0.1 * draw() * factor));
      if (!undone_) factor = 1.0;
    }
    return values;
  }

  void conv(std::size_t outputs, std::size_t kernel, std::size_t groups) {
    const std::string name = fresh("conv");
    const auto size = static_cast<std::int64_t>(kernel);
    const auto inputs = static_cast<std::int64_t>(factors_.size() / groups);
    set_floats(builder_, name + "w", {static_cast<std::int64_t>(outputs), inputs, size, size},
               weights(outputs, groups, kernel * kernel, 1));
    set_floats(builder_, name + "b", {static_cast<std::int64_t>(outputs)}, biases());
    onnx::NodeProto& node = builder_.node("Conv", {last_, name + "w", name + "b"}, {name});
    set_int(node, "group", static_cast<std::int64_t>(groups));
    set_ints(node, "pads", std::vector<std::int64_t>(4, size / 2));
    last_ = name;
  }
  void linear(std::size_t outputs, std::size_t copies) {
    const std::string name = fresh("linear");
    const auto inputs = static_cast<std::int64_t>(factors_.size() * copies);
    set_floats(builder_, name + "w", {static_cast<std::int64_t>(outputs), inputs},
               weights(outputs, 1, 1, copies));
    set_floats(builder_, name + "b", {static_cast<std::int64_t>(outputs)}, biases());
    set_int(builder_.node("Gemm", {last_, name + "w", name + "b"}, {name}), "transB", 1);
    last_ = name;
  }
  void join(const std::string& op) {
    const std::string name = fresh("join");
    builder_.node(op, {last_}, {name});
    last_ = name;
  }
  void pool(const std::string& op) {
    join(op);
    onnx::NodeProto& node = *builder_.model.mutable_graph()->mutable_node()->rbegin();
    set_ints(node, "kernel_shape", {2, 2});
    set_ints(node, "strides", {2, 2});
  }
  void slopes(std::int64_t channels) {
    const std::string name = fresh("slopes");
    builder_.floats(name + "s", {channels, 1, 1}, 0.25f).set_float_data(3, 0.5f);
    builder_.node("PRelu", {last_, name + "s"}, {name});
    last_ = name;
  }
  /// Channels in reverse order.
  void shuffle(std::int64_t channels) {
    const std::string name = fresh("order");
    std::vector<std::int64_t> order;
    for (std::int64_t c = channels; c-- > 0;) order.push_back(c);
    builder_.integers(name + "i", order);
    set_int(builder_.node("Gather", {last_, name + "i"}, {name}), "axis", 1);
    factors_ = {factors_.rbegin(), factors_.rend()};
    last_ = name;
  }

  GraphBuilder builder_;
  const Philox random_;
  double spread_;
  const bool undone_;
  std::uint64_t next_ = 0;
  int count_ = 0;
  std::string last_;
  std::vector<double> factors_;  // by channel of the last layer, which the next one undoes
};

std::vector<std::uint8_t> random_images(int count) {
  const Philox random(11, Purpose::kTest);
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(count) * 3 * 12 * 12);
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    pixels[i] = static_cast<std::uint8_t>(random(i)[0] >> 24);
  }
  return pixels;
}

/// Signal to noise of the logits of codes beside those of floats, in dB.
double logits_db(const ImportedNetwork& imported, const QuantizeOptions& options) {
  const std::vector<std::uint8_t> pixels = random_images(16);
  const std::vector<float> expected = logits_of("float", imported.network, pixels);
  const std::vector<float> found =
      logits_of("functional", quantized(imported, pixels, options), pixels);
  double signal = 0.0;
  double noise = 0.0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const double error = double{found[i]} - double{expected[i]};
    signal += double{expected[i]} * double{expected[i]};
    noise += error * error;
  }
  return 10.0 * std::log10(signal / noise);
}

TEST(Equalize, ScalesAreThoseOfTheEquation) {
  // s = sqrt(r1 r2)/r2: sqrt(4·1)/1 = 2 and sqrt(0.25·4)/4 = 0.25.
  ImportedNetwork imported = two_layers({-4.0f, 0.25f}, {1.0f, 1.0f}, {1.0f, 4.0f}, one_relu);
  const Equalization done = equalize(imported, "test");
  EXPECT_EQ(done.pairs, 1);
  EXPECT_EQ(done.at_norms, 0);
  EXPECT_DOUBLE_EQ(done.before, 16.0);
  EXPECT_DOUBLE_EQ(done.after, 2.0);
  EXPECT_THAT(values_of(imported.network, "node_c.weight"), ElementsAre(-2.0f, 1.0f));
  EXPECT_THAT(values_of(imported.network, "node_c.bias"), ElementsAre(0.5f, 4.0f));
  EXPECT_THAT(values_of(imported.network, "node_y.weight"), ElementsAre(2.0f, 1.0f));
}

TEST(Equalize, AFlattenedChannelHasOneScaleForAllItsPixels) {
  GraphBuilder builder;
  builder.input("x", {1, 1, 1, 2}).output("y");
  set_floats(builder, "w1", {2, 1, 1, 1}, {4.0f, 1.0f});
  set_floats(builder, "w2", {1, 4}, {1.0f, -0.5f, 4.0f, 16.0f});
  builder.node("Conv", {"x", "w1"}, {"c"});
  builder.node("Flatten", {"c"}, {"f"});
  set_int(builder.node("Gemm", {"f", "w2"}, {"y"}), "transB", 1);
  ImportedNetwork imported = lower(Graph::read(builder.write()), {});
  EXPECT_EQ(equalize(imported, "test").pairs, 1);
  EXPECT_THAT(values_of(imported.network, "node_c.weight"), ElementsAre(2.0f, 4.0f));
  EXPECT_THAT(values_of(imported.network, "node_y.weight"), ElementsAre(2.0f, -1.0f, 1.0f, 4.0f));
}

TEST(Equalize, AVectorMayBecomeAnImageBetweenTwoLayers) {
  GraphBuilder builder;
  builder.input("x", {1, 1}).output("y");
  set_floats(builder, "w1", {1, 2}, {4.0f, 0.25f});
  set_floats(builder, "w2", {1, 2, 1, 1}, {1.0f, 4.0f});
  builder.integers("image", {1, 2, 1, 1});
  builder.node("MatMul", {"x", "w1"}, {"c"});
  builder.node("Reshape", {"c", "image"}, {"i"});
  builder.node("Conv", {"i", "w2"}, {"y"});
  ImportedNetwork imported = lower(Graph::read(builder.write()), {});
  EXPECT_EQ(equalize(imported, "test").pairs, 1);
  EXPECT_THAT(values_of(imported.network, "node_c.weight"), ElementsAre(2.0f, 1.0f));
  EXPECT_THAT(values_of(imported.network, "node_y.weight"), ElementsAre(2.0f, 1.0f));
}

TEST(Equalize, AChainSettlesWithEqualRangesOfEachChannel) {
  // Two channels that never meet, with ranges 64, 1, 1 and 4, 4, 4: each has its geometric mean.
  GraphBuilder builder;
  builder.input("x", {1, 1, 1, 1}).output("y");
  set_floats(builder, "w1", {2, 1, 1, 1}, {64.0f, 4.0f});
  set_floats(builder, "w2", {2, 1, 1, 1}, {1.0f, -4.0f});
  set_floats(builder, "w3", {1, 2, 1, 1}, {1.0f, 4.0f});
  builder.node("Conv", {"x", "w1"}, {"a"});
  set_int(builder.node("Conv", {"a", "w2"}, {"b"}), "group", 2);
  builder.node("Conv", {"b", "w3"}, {"y"});
  ImportedNetwork imported = lower(Graph::read(builder.write()), {});
  EXPECT_EQ(equalize(imported, "test").pairs, 2);
  for (const char* layer : {"node_a", "node_b", "node_y"}) {
    for (const float w : values_of(imported.network, std::string(layer) + ".weight")) {
      EXPECT_NEAR(std::abs(w), 4.0f, 0.01f) << layer;
    }
  }
}

TEST(Equalize, TheFloatNetworkComputesTheSame) {
  const std::vector<std::uint8_t> pixels = random_images(8);
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    const bool undone = seed % 2 == 0;
    ImportedNetwork imported = Chain(seed, 1000.0, undone).network();
    const std::vector<float> expected = logits_of("float", imported.network, pixels);
    const Equalization done = equalize(imported, "test");
    EXPECT_EQ(done.pairs, 7) << seed;
    if (undone) {
      EXPECT_GT(done.before, 10.0 * done.after) << seed;
    }
    EXPECT_LT(relative_error(logits_of("float", imported.network, pixels), expected, 5), 1e-5)
        << seed;
  }
}

TEST(Equalize, CodesLoseLessWhereRangesDiffer) {
  ImportedNetwork imported = Chain(3, 1000.0, true).network();
  const double before = logits_db(imported, {});
  equalize(imported, "test");
  EXPECT_GT(logits_db(imported, {}), before + 15.0);
}

TEST(Equalize, WhatWasSpreadBecomesWhatItWas) {
  const auto ratio = [](double spread) {
    ImportedNetwork imported = Chain(3, spread, true).network();
    return equalize(imported, "test").after;
  };
  EXPECT_NEAR(ratio(1000.0), ratio(1.0), 0.01);
}

TEST(Equalize, WhatDoesNotCommuteWithAScaleEndsAPair) {
  const auto pairs = [](auto between, bool fold = true) {
    LowerOptions options;
    options.fold_batch_norm = fold;
    ImportedNetwork imported =
        two_layers({4.0f, 0.25f}, {1.0f, 1.0f}, {1.0f, 4.0f}, between, options);
    const std::vector<float> weight = values_of(imported.network, "node_c.weight");
    const Equalization done = equalize(imported, "test");
    if (done.pairs == 0) {
      EXPECT_EQ(values_of(imported.network, "node_c.weight"), weight);
    }
    return std::pair(done.pairs, done.at_norms);
  };
  const auto norm = [](GraphBuilder& builder) {
    builder.floats("g", {2}, 0.5f);
    builder.node("BatchNormalization", {"c", "g", "g", "g", "g"}, {"n"});
    builder.node("Relu", {"n"}, {"m"});
  };
  EXPECT_EQ(pairs(one_relu), std::pair(1, 0));
  EXPECT_EQ(pairs(norm), std::pair(1, 0));
  EXPECT_EQ(pairs(norm, false), std::pair(0, 1));
  EXPECT_EQ(pairs([](GraphBuilder& builder) { builder.node("Sigmoid", {"c"}, {"m"}); }),
            std::pair(0, 0));
  EXPECT_EQ(pairs([](GraphBuilder& builder) {
              builder.floats("zero", {}, 0.0f);
              builder.floats("six", {}, 6.0f);
              builder.node("Clip", {"c", "zero", "six"}, {"m"});
            }),
            std::pair(0, 0));
  EXPECT_EQ(
      pairs([](GraphBuilder& builder) {
        builder.node("Relu", {"c"}, {"r"});
        builder.node("MaxPool", {"c"}, {"p"});
        set_ints(*builder.model.mutable_graph()->mutable_node()->rbegin(), "kernel_shape", {1, 1});
        builder.node("Add", {"r", "p"}, {"m"});
      }),
      std::pair(0, 0));
  EXPECT_EQ(pairs([](GraphBuilder& builder) {
              onnx::TensorProto& zero = builder.bytes("z", {}, onnx::TensorProto::UINT8, 0);
              EXPECT_EQ(zero.int32_data_size(), 1);
              builder.floats("s", {}, 0.1f);
              builder.node("QuantizeLinear", {"c", "s", "z"}, {"q"});
              builder.node("DequantizeLinear", {"q", "s", "z"}, {"m"});
            }),
            std::pair(0, 0));
}

TEST(Equalize, WeightsThatAreCodesStay) {
  GraphBuilder builder;
  builder.input("x", {1, 1, 1, 1}).output("y");
  set_floats(builder, "w1", {2, 1, 1, 1}, {4.0f, 0.25f});
  builder.bytes("w2", {1, 2, 1, 1}, onnx::TensorProto::INT8, 100);
  builder.floats("s", {}, 0.1f);
  builder.node("Conv", {"x", "w1"}, {"c"});
  builder.node("DequantizeLinear", {"w2", "s"}, {"plain"});
  builder.node("Conv", {"c", "plain"}, {"y"});
  ImportedNetwork imported = lower(Graph::read(builder.write()), {});
  EXPECT_EQ(equalize(imported, "test").pairs, 0);
  EXPECT_THAT(values_of(imported.network, "node_c.weight"), ElementsAre(4.0f, 0.25f));
}

TEST(Equalize, ChannelsWithoutWeightsKeepTheirScale) {
  // Dead before, dead after, and as good as dead.
  for (const auto& [w1, w2] : {std::pair{0.0f, 4.0f}, {0.25f, 0.0f}, {1e-9f, 4.0f}}) {
    ImportedNetwork imported = two_layers({4.0f, w1}, {1.0f, 8.0f}, {1.0f, w2}, one_relu);
    const Equalization done = equalize(imported, "test");
    EXPECT_DOUBLE_EQ(done.before, 1.0);
    EXPECT_DOUBLE_EQ(done.after, 1.0);
    EXPECT_THAT(values_of(imported.network, "node_c.weight"), ElementsAre(2.0f, w1));
    EXPECT_THAT(values_of(imported.network, "node_c.bias"), ElementsAre(0.5f, 8.0f));
    EXPECT_THAT(values_of(imported.network, "node_y.weight"), ElementsAre(2.0f, w2));
  }
}

TEST(Equalize, NoBiasBecomesInfinite) {
  const std::vector<float> tiny{1e-30f, 1e-30f};
  ImportedNetwork imported = two_layers(tiny, {1e30f, 1.0f}, {1.0f, 1.0f}, one_relu);
  equalize(imported, "test");
  const std::vector<float> weight = values_of(imported.network, "node_c.weight");
  EXPECT_EQ(weight.at(0), 1e-30f);
  EXPECT_FLOAT_EQ(weight.at(1), 1e-15f);
  EXPECT_EQ(values_of(imported.network, "node_c.bias").at(0), 1e30f);
}

}  // namespace
}  // namespace brownout::importing
