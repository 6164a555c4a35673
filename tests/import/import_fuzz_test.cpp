// SPDX-License-Identifier: Apache-2.0
// Files of other tools with random damage: they end in a graph or in one message.
#include <random>

#include "sim/base/error.hpp"
#include "sim/import/lower.hpp"
#include "sim/import/matrix_products.hpp"
#include "sim/import/quantize.hpp"
#include "sim/import/values.hpp"
#include "tests/import/graph_builder.hpp"

namespace brownout::importing {
namespace {

/// Convolution, pool, and a shape that the file computes.
GraphBuilder plain() {
  GraphBuilder builder;
  builder.input("x", {-1, 1, 6, 6}).output("y");
  builder.floats("w", {2, 1, 3, 3});
  builder.integers("rest", {-1});
  builder.integers("zero", {0});
  set_ints(builder.node("Conv", {"x", "w"}, {"c"}), "pads", {1, 1, 0, 0});
  set_ints(builder.node("MaxPool", {"c"}, {"p"}), "kernel_shape", {2, 2});
  builder.node("Shape", {"p"}, {"shape"});
  builder.node("Gather", {"shape", "zero"}, {"batch"});
  set_int(builder.node("Concat", {"batch", "rest"}, {"target"}), "axis", 0);
  builder.node("Reshape", {"p", "target"}, {"y"});
  return builder;
}

/// Squeeze and excite, a function of several operators, channels that are cut, joined and shuffled.
GraphBuilder branches() {
  GraphBuilder builder;
  builder.input("x", {1, 2, 4, 4}).output("y");
  builder.floats("w", {4, 2, 1, 1}, 0.25f);
  builder.floats("s", {4, 4, 1, 1}, 0.125f);
  builder.floats("slope", {8, 1, 1}, 0.1f);
  builder.floats("three", {}, 3.0f);
  builder.floats("none", {}, 0.0f);
  builder.floats("six", {}, 6.0f);
  builder.integers("two", {2});
  builder.integers("four", {4});
  builder.integers("one", {1});
  builder.integers("halves", {1, 2, 4, 4, 4});
  builder.integers("image", {1, 8, 4, 4});
  builder.node("Conv", {"x", "w"}, {"c"});
  builder.node("Add", {"c", "three"}, {"a"});
  builder.node("Clip", {"a", "none", "six"}, {"clipped"});
  builder.node("Mul", {"c", "clipped"}, {"h"});
  builder.node("Div", {"h", "six"}, {"swish"});
  builder.node("GlobalAveragePool", {"swish"}, {"g"});
  builder.node("Conv", {"g", "s"}, {"e"});
  builder.node("HardSigmoid", {"e"}, {"gate"});
  builder.node("Mul", {"swish", "gate"}, {"m"});
  builder.node("Slice", {"m", "two", "four", "one"}, {"late"});
  set_int(builder.node("Split", {"m", "parts"}, {"first", "second"}), "axis", 1);
  builder.integers("parts", {2, 2});
  set_int(builder.node("Concat", {"late", "m", "second"}, {"joined"}), "axis", 1);
  builder.node("Reshape", {"joined", "halves"}, {"r"});
  set_ints(builder.node("Transpose", {"r"}, {"t"}), "perm", {0, 2, 1, 3, 4});
  builder.node("Reshape", {"t", "image"}, {"shuffled"});
  builder.node("PRelu", {"shuffled", "slope"}, {"l"});
  builder.node("GlobalAveragePool", {"l"}, {"y"});
  return builder;
}

/// Quantizers around a convolution with weights by channel, and a QLinear operator.
GraphBuilder quantized() {
  GraphBuilder builder;
  builder.input("x", {1, 1, 4, 4}).output("y");
  builder.floats("s", {}, 0.05f);
  builder.floats("ws", {3}, 0.01f);
  builder.bytes("z", {}, onnx::TensorProto::UINT8, 3);
  builder.bytes("wz", {3}, onnx::TensorProto::INT8, 0);
  builder.bytes("q", {3, 1, 2, 2}, onnx::TensorProto::INT8, 5);
  set_int(builder.node("DequantizeLinear", {"q", "ws", "wz"}, {"w"}), "axis", 0);
  builder.node("QuantizeLinear", {"x", "s", "z"}, {"xq"});
  builder.node("DequantizeLinear", {"xq", "s", "z"}, {"xd"});
  builder.node("Conv", {"xd", "w"}, {"c"});
  builder.node("QuantizeLinear", {"c", "s", "z"}, {"cq"});
  builder.node("QLinearGlobalAveragePool", {"cq", "s", "z", "s", "z"}, {"gq"});
  builder.node("DequantizeLinear", {"gq", "s", "z"}, {"y"});
  return builder;
}

class ImportFuzz : public testing::TestWithParam<GraphBuilder (*)()> {};

TEST_P(ImportFuzz, DamageIsNamedOrHarmless) {
  const GraphBuilder builder = GetParam()();
  const std::string sound = builder.model.SerializeAsString();
  const std::filesystem::path file = std::filesystem::path(testing::TempDir()) / "damaged.onnx";
  ASSERT_NO_THROW(lower(Graph::read(builder.write("damaged.onnx")), {}));
  std::mt19937 random(3);
  int read = 0;
  int lowered = 0;
  for (int i = 0; i < 2000; ++i) {
    std::string bytes = sound;
    for (unsigned k = random() % 4; k > 0; --k) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    if (random() % 4 == 0) bytes.resize(random() % bytes.size());
    std::ofstream(file, std::ios::binary) << bytes;
    try {
      const Graph graph = Graph::read(file);
      matrix_products(graph);
      for (const Node& node : graph.nodes()) {
        for (const std::string& input : node.inputs) {
          if (graph.constant_dims(input) != nullptr) graph.constant(input);
        }
      }
      ++read;
      const ImportedNetwork imported = lower(graph, {});
      const std::vector<Range> ranges(imported.open.size(), Range{-4.0f, 4.0f});
      quantize(imported, ranges, {}, "test");
      ++lowered;
    } catch (const InputError&) {
    }
  }
  EXPECT_GT(read, 100);
  EXPECT_LT(read, 1900);
  EXPECT_GT(lowered, 100);
}

INSTANTIATE_TEST_SUITE_P(Graphs, ImportFuzz, testing::Values(&plain, &branches, &quantized));

}  // namespace
}  // namespace brownout::importing
