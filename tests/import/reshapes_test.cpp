// SPDX-License-Identifier: Apache-2.0
// Operators that change axes: which images and vectors of a network their values are.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "sim/import/lower.hpp"
#include "tests/import/graph_builder.hpp"
#include "tests/import/run_network.hpp"

namespace brownout::importing {
namespace {

using testing::HasSubstr;

TEST(Reshapes, ImagesOfOneChannelNeedNoAxisForIt) {
  GraphBuilder builder;
  builder.input("x", {-1, 2, 3}).output("y");
  builder.floats("w", {6, 6}, 0.0f);
  for (int i = 0; i < 6; ++i) {
    builder.model.mutable_graph()->mutable_initializer(0)->set_float_data(7 * i, 1.0f);
  }
  builder.node("Flatten", {"x"}, {"f"});
  builder.node("MatMul", {"f", "w"}, {"y"});
  const Graph graph = Graph::read(builder.write());
  const network::SharedNetwork network = network::share(lower(graph, {}).network);
  EXPECT_EQ(network->input, (network::Shape{1, 2, 3}));
  const std::vector<float> logits = run("float", network, {0, 51, 102, 153, 204, 255});
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_NEAR(logits[i], 0.2f * static_cast<float>(i), 1e-6f) << i;
  }
  LowerOptions named;
  named.input = {1, 3, 2};
  EXPECT_EQ(lower(graph, named).network.input, (network::Shape{1, 3, 2}));
  named.input = {1, 3, 3};
  EXPECT_THAT(message_of([&] { lower(graph, named); }),
              HasSubstr("expected an image of the 6 numbers of input \"x\", got [1, 3, 3]"));
}

TEST(Reshapes, RowsOfAnImageAreNoMatrix) {
  GraphBuilder builder;
  builder.input("x", {-1, 2, 3}).output("y");
  builder.floats("w", {3, 4});
  builder.node("MatMul", {"x", "w"}, {"y"});
  EXPECT_THAT(message_of([&] { lower(Graph::read(builder.write()), {}); }),
              HasSubstr("multiplies [1, 2, 3] and [3, 4], expected vectors and a matrix"));
  GraphBuilder other;
  other.input("x", {-1, 2, 3}).output("y");
  other.node("Relu", {"x"}, {"y"});
  EXPECT_THAT(message_of([&] { lower(Graph::read(other.write()), {}); }),
              HasSubstr("reads [1, 2, 3], expected an image or a vector"));
}

TEST(Reshapes, AReshapeOfOneChannelTurnsAnImage) {
  GraphBuilder builder;
  builder.input("x", {-1, 2, 3, 1}).output("y");  // height, width, one channel
  builder.floats("w", {2, 1, 1, 1}, 1.0f);
  builder.model.mutable_graph()->mutable_initializer(0)->set_float_data(1, 2.0f);
  builder.integers("first", {-1, 1, 2, 3});
  builder.node("Reshape", {"x", "first"}, {"image"});
  builder.node("Conv", {"image", "w"}, {"c"});
  builder.node("Flatten", {"c"}, {"y"});
  const network::SharedNetwork network =
      network::share(lower(Graph::read(builder.write()), {}).network);
  EXPECT_EQ(network->input, (network::Shape{1, 2, 3}));
  const std::vector<float> logits = run("float", network, {0, 51, 102, 153, 204, 255});
  for (std::size_t i = 0; i < 12; ++i) {
    EXPECT_NEAR(logits[i], 0.2f * static_cast<float>(i % 6) * (i < 6 ? 1.0f : 2.0f), 1e-6f) << i;
  }
}

TEST(Reshapes, AVectorThatTheGraphMakesAnImageIsOne) {
  GraphBuilder builder;
  builder.input("x", {-1, 6}).output("y");
  builder.floats("w", {1, 1, 1, 2}, 1.0f);
  builder.integers("image", {-1, 1, 2, 3});
  builder.node("Reshape", {"x", "image"}, {"i"});
  builder.node("Conv", {"i", "w"}, {"c"});
  builder.node("Flatten", {"c"}, {"y"});
  const network::SharedNetwork network =
      network::share(lower(Graph::read(builder.write()), {}).network);
  EXPECT_EQ(network->input, (network::Shape{1, 2, 3}));
  const std::vector<float> logits = run("float", network, {0, 51, 102, 153, 204, 255});
  const float expected[] = {0.2f, 0.6f, 1.4f, 1.8f};
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(logits[i], expected[i], 1e-6f) << i;
}

TEST(Reshapes, AFlattenMayBeginAtTheBatchOfOneImage) {
  for (const int axis : {0, 1, -2, -3}) {
    GraphBuilder builder;
    builder.input("x", {1, 2, 3}).output("y");
    builder.floats("w", {6, 1}, 1.0f);
    set_int(builder.node("Flatten", {"x"}, {"f"}), "axis", axis);
    builder.node("MatMul", {"f", "w"}, {"y"});
    const network::SharedNetwork network =
        network::share(lower(Graph::read(builder.write()), {}).network);
    EXPECT_NEAR(run("float", network, {51, 51, 51, 51, 51, 102})[0], 1.4f, 1e-6f) << axis;
  }
}

TEST(Reshapes, HeightAndWidthAreAveragedAtOnceOrOneAfterTheOther) {
  using Means = std::vector<std::pair<std::vector<std::int64_t>, bool>>;  // axes, keepdims
  const std::vector<std::uint8_t> image{0, 10, 51, 20, 102, 30, 153, 40, 204, 50, 240, 60};
  for (const Means& means : {Means{{{2, 3}, false}}, Means{{{3}, false}, {{2}, false}},
                             Means{{{-1}, false}, {{-1}, false}}, Means{{{2}, false}, {{2}, false}},
                             Means{{{3}, true}, {{2}, false}}, Means{{{2}, true}, {{3}, true}}}) {
    GraphBuilder builder;
    builder.input("x", {-1, 2, 2, 3}).output("y");
    builder.floats("w", {2, 2, 1, 1}, 0.0f);
    for (const int i : {0, 3}) {
      builder.model.mutable_graph()->mutable_initializer(0)->set_float_data(i, 1.0f);
    }
    builder.node("Conv", {"x", "w"}, {"v0"});
    for (std::size_t i = 0; i < means.size(); ++i) {
      onnx::NodeProto& node =
          builder.node("ReduceMean", {fmt::format("v{}", i)}, {fmt::format("v{}", i + 1)});
      set_ints(node, "axes", means[i].first);
      set_int(node, "keepdims", means[i].second ? 1 : 0);
    }
    builder.node("Flatten", {fmt::format("v{}", means.size())}, {"y"});
    const network::SharedNetwork network =
        network::share(lower(Graph::read(builder.write()), {}).network);
    const std::vector<float> logits = run("float", network, image);
    EXPECT_NEAR(logits[0], 125.0f / 255.0f, 1e-6f);
    EXPECT_NEAR(logits[1], 35.0f / 255.0f, 1e-6f);
  }
  for (const std::vector<std::int64_t>& axes : {std::vector<std::int64_t>{1}, {1, 2}, {0}}) {
    GraphBuilder builder;
    builder.input("x", {-1, 2, 2, 3}).output("y");
    set_ints(builder.node("ReduceMean", {"x"}, {"m"}), "axes", axes);
    builder.node("Flatten", {"m"}, {"y"});
    EXPECT_THAT(message_of([&] { lower(Graph::read(builder.write()), {}); }),
                HasSubstr("expected height and width of an image"));
  }
}

}  // namespace
}  // namespace brownout::importing
