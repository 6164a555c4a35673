// SPDX-License-Identifier: Apache-2.0
// Files of other tools with random damage: they end in a graph or in one message.
#include <random>

#include "sim/base/error.hpp"
#include "sim/import/matrix_products.hpp"
#include "sim/import/values.hpp"
#include "tests/import/graph_builder.hpp"

namespace brownout::importing {
namespace {

TEST(ImportFuzz, DamageIsNamedOrHarmless) {
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
  const std::string sound = builder.model.SerializeAsString();
  const std::filesystem::path file = std::filesystem::path(testing::TempDir()) / "damaged.onnx";
  std::mt19937 random(3);
  int read = 0;
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
    } catch (const InputError&) {
    }
  }
  EXPECT_GT(read, 100);
  EXPECT_LT(read, 1900);
}

}  // namespace
}  // namespace brownout::importing
