// SPDX-License-Identifier: Apache-2.0
// Norms of other tools: which operator of a network they become, with which constants.
#include <gmock/gmock.h>

#include <functional>

#include "sim/import/lower.hpp"
#include "tests/import/graph_builder.hpp"

namespace brownout::importing {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

void set_number(onnx::NodeProto& node, const std::string& name, float value) {
  auto* attribute = node.add_attribute();
  attribute->set_name(name);
  attribute->set_type(onnx::AttributeProto::FLOAT);
  attribute->set_f(value);
}

void set_data(onnx::TensorProto& tensor, const std::vector<float>& data) {
  tensor.clear_float_data();
  for (const float number : data) tensor.add_float_data(number);
}

/// ReLU of 4 x 3 x 3 images, whatever `add` makes of "r" in "n", and a global pool to 4 logits.
GraphBuilder graph_of(const std::function<void(GraphBuilder&)>& add, int opset = 17) {
  GraphBuilder graph(opset);
  graph.input("x", {1, 4, 3, 3}).output("y");
  graph.node("Relu", {"x"}, {"r"});
  add(graph);
  graph.node("GlobalAveragePool", {"n"}, {"g"});
  graph.node("Flatten", {"g"}, {"y"});
  return graph;
}

network::Network imported(const std::function<void(GraphBuilder&)>& add, int opset = 17) {
  return lower(Graph::read(graph_of(add, opset).write()), {}).network;
}

std::string refusal(const std::function<void(GraphBuilder&)>& add, int opset = 17) {
  return message_of([&] { imported(add, opset); });
}

template <typename Op>
const Op& only(const network::Network& network) {
  const Op* found = nullptr;
  for (const network::Node& node : network.nodes) {
    if (const auto* op = std::get_if<Op>(&node.op)) {
      EXPECT_EQ(found, nullptr) << "two of them";
      found = op;
    }
  }
  return *found;
}

std::vector<float> values_of(const network::Network& network, network::OptionalParameter index) {
  return index ? network.parameters[*index].values : std::vector<float>{};
}

void channels_last(GraphBuilder& graph, const std::string& from, const std::string& to) {
  set_ints(graph.node("Transpose", {from}, {to}), "perm", {0, 2, 3, 1});
}
void channels_first(GraphBuilder& graph, const std::string& from, const std::string& to) {
  set_ints(graph.node("Transpose", {from}, {to}), "perm", {0, 3, 1, 2});
}

TEST(Norms, ALayerNormOverChannelsLastIsOneOfEachPixel) {
  const network::Network network = imported([](GraphBuilder& graph) {
    channels_last(graph, "r", "last");
    set_data(graph.floats("scale", {4}), {1.0f, 2.0f, 3.0f, 4.0f});
    set_data(graph.floats("bias", {4}), {0.0f, 0.0f, 0.0f, 5.0f});
    set_number(graph.node("LayerNormalization", {"last", "scale", "bias"}, {"l"}), "epsilon",
               0.25f);
    channels_first(graph, "l", "n");
  });
  const auto& norm = only<network::GroupNorm>(network);
  EXPECT_TRUE(norm.each_pixel);
  EXPECT_EQ(norm.groups, 1);
  EXPECT_EQ(norm.eps, 0.25f);
  EXPECT_FALSE(norm.reparameterized);
  EXPECT_THAT(values_of(network, norm.scale), ElementsAre(1.0f, 2.0f, 3.0f, 4.0f));
  EXPECT_THAT(values_of(network, norm.shift), ElementsAre(0.0f, 0.0f, 0.0f, 5.0f));
}

TEST(Norms, ALayerNormOverTheImageIsAGroupNormOfOneGroup) {
  const auto over_image = [](std::vector<float> scale) {
    return [=](GraphBuilder& graph) {
      set_data(graph.floats("scale", {4, 3, 3}), scale);
      set_int(graph.node("LayerNormalization", {"r", "scale"}, {"n"}), "axis", 1);
    };
  };
  std::vector<float> scale(36, 2.0f);
  const network::Network network = imported(over_image(scale));
  const auto& norm = only<network::GroupNorm>(network);
  EXPECT_FALSE(norm.each_pixel);
  EXPECT_EQ(norm.groups, 1);
  EXPECT_THAT(values_of(network, norm.scale), ElementsAre(2.0f, 2.0f, 2.0f, 2.0f));
  EXPECT_FALSE(norm.shift.has_value());
  scale[10] = 1.0f;
  EXPECT_THAT(refusal(over_image(scale)),
              HasSubstr("node \"node_n\" (LayerNormalization): input 2 differs within channel 1"));
}

TEST(Norms, AxesThatAreNoChannelsAreRefused) {
  EXPECT_THAT(refusal([](GraphBuilder& graph) {
                graph.floats("scale", {3});
                graph.node("LayerNormalization", {"r", "scale"}, {"n"});
              }),
              HasSubstr("normalizes [1, 4, 3, 3] from axis 3 on, expected the channels of each"));
}

/// (r - mean)/sqrt(mean((r - mean)^2) + 0.5) over `axes`.
void written_out(GraphBuilder& graph, const std::vector<std::int64_t>& axes, bool read_mean) {
  graph.floats("two", {}, 2.0f);
  graph.floats("epsilon", {}, 0.5f);
  set_ints(graph.node("ReduceMean", {"r"}, {"mean"}), "axes", axes);
  graph.node("Sub", {"r", "mean"}, {"d"});
  graph.node("Pow", {"d", "two"}, {"d2"});
  set_ints(graph.node("ReduceMean", {"d2"}, {"variance"}), "axes", axes);
  graph.node("Add", {"variance", "epsilon"}, {"v"});
  graph.node("Sqrt", {"v"}, {"s"});
  graph.node("Div", {"d", "s"}, {read_mean ? "q" : "n"});
  if (read_mean) graph.node("Mul", {"q", "mean"}, {"n"});
}

TEST(Norms, AMatrixMeetsTheChannelsOfPixelsThatComeLast) {
  const auto product = [](bool last) {
    return [=](GraphBuilder& graph) {
      graph.floats("w", {last ? 4 : 3, 4});
      if (last) channels_last(graph, "r", "from");
      graph.node("MatMul", {last ? "from" : "r", "w"}, {last ? "m" : "n"});
      if (last) channels_first(graph, "m", "n");
    };
  };
  const network::Network network = imported(product(true));
  EXPECT_EQ(only<network::Conv2d>(network).out_channels, 4);
  EXPECT_EQ(only<network::Conv2d>(network).kernel, (std::array<int, 2>{1, 1}));
  EXPECT_THAT(refusal(product(false)), HasSubstr("multiplies the rows of [1, 4, 3, 3], expected"));
}

TEST(Norms, OperatorsThatWriteOutALayerNormBecomeOne) {
  const network::Network pixels =
      imported([](GraphBuilder& graph) { written_out(graph, {1}, false); });
  EXPECT_TRUE(only<network::GroupNorm>(pixels).each_pixel);
  EXPECT_EQ(only<network::GroupNorm>(pixels).eps, 0.5f);
  const network::Network image = imported([](GraphBuilder& graph) {
    written_out(graph, {-1, 1, 2}, false);
  });
  EXPECT_FALSE(only<network::GroupNorm>(image).each_pixel);
  EXPECT_THAT(
      refusal([](GraphBuilder& graph) { written_out(graph, {2}, false); }),
      HasSubstr("normalizes axes [2] of [1, 4, 3, 3], expected the channels, the pixels or all"));
  EXPECT_THAT(refusal([](GraphBuilder& graph) { written_out(graph, {1}, true); }),
              HasSubstr("(ReduceMean): reduces axes [1] of [1, 4, 3, 3]"));
}

TEST(Norms, GroupsHaveOneScaleEachOrOneAChannel) {
  const auto group_norm = [](std::vector<float> scale) {
    return [=](GraphBuilder& graph) {
      const auto count = static_cast<std::int64_t>(scale.size());
      set_data(graph.floats("scale", {count}), scale);
      graph.floats("bias", {count}, 0.0f);
      set_int(graph.node("GroupNormalization", {"r", "scale", "bias"}, {"n"}), "num_groups", 2);
    };
  };
  const network::Network old = imported(group_norm({2.0f, 3.0f}), 18);
  EXPECT_EQ(only<network::GroupNorm>(old).groups, 2);
  EXPECT_THAT(values_of(old, only<network::GroupNorm>(old).scale),
              ElementsAre(2.0f, 2.0f, 3.0f, 3.0f));
  const network::Network recent = imported(group_norm({2.0f, 3.0f, 4.0f, 5.0f}), 21);
  EXPECT_THAT(values_of(recent, only<network::GroupNorm>(recent).scale),
              ElementsAre(2.0f, 3.0f, 4.0f, 5.0f));
  EXPECT_THAT(refusal(group_norm({1.0f, 2.0f, 3.0f}), 21),
              HasSubstr("input 2 has 3 numbers, expected one for each of 4 channels"));
}

TEST(Norms, ALaterScaleJoinsTheNorm) {
  const network::Network network = imported([](GraphBuilder& graph) {
    graph.floats("one", {4}, 1.0f);
    graph.floats("zero", {4}, 0.0f);
    graph.node("InstanceNormalization", {"r", "one", "zero"}, {"i"});
    graph.floats("three", {4, 1, 1}, 3.0f);
    graph.floats("half", {4, 1, 1}, 0.5f);
    graph.node("Add", {"i", "half"}, {"a"});
    graph.node("Mul", {"a", "three"}, {"n"});
  });
  const auto& norm = only<network::GroupNorm>(network);
  EXPECT_EQ(norm.groups, 4);
  EXPECT_THAT(values_of(network, norm.scale), ElementsAre(3.0f, 3.0f, 3.0f, 3.0f));
  EXPECT_THAT(values_of(network, norm.shift), ElementsAre(1.5f, 1.5f, 1.5f, 1.5f));
}

TEST(Norms, LocalResponseNormsHaveAnExponentOfQuarters) {
  const auto response = [](float beta) {
    return [=](GraphBuilder& graph) {
      onnx::NodeProto& node = graph.node("LRN", {"r"}, {"n"});
      set_int(node, "size", 5);
      set_number(node, "alpha", 0.5f);
      set_number(node, "bias", 2.0f);
      set_number(node, "beta", beta);
    };
  };
  const network::Network network = imported(response(0.75f));
  const auto& norm = only<network::LocalResponseNorm>(network);
  EXPECT_EQ(norm.size, 5);
  EXPECT_EQ(norm.alpha, 0.5f);
  EXPECT_EQ(norm.bias, 2.0f);
  EXPECT_EQ(norm.quarters, 3);
  EXPECT_THAT(refusal(response(0.6f)), HasSubstr("(LRN): has exponent 0.6, expected 0.25, 0.5"));
}

}  // namespace
}  // namespace brownout::importing
