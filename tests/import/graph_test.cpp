// SPDX-License-Identifier: Apache-2.0
// The structure of ONNX files by other tools, sound and broken.
#include "sim/import/graph.hpp"

#include <gmock/gmock.h>

#include "sim/base/error.hpp"
#include "tests/import/graph_builder.hpp"

namespace brownout::importing {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::string refusal(const GraphBuilder& builder) {
  return message_of([&] { Graph::read(builder.write()); });
}

TEST(ImportGraph, NodesComeAfterThoseThatTheyRead) {
  GraphBuilder builder;
  builder.input("x", {1, 2}).output("c");
  builder.node("Relu", {"b"}, {"c"});
  builder.node("Relu", {"a"}, {"b"});
  builder.node("Relu", {"x"}, {"a"});
  std::string order;
  const Graph graph = Graph::read(builder.write());
  for (const Node& node : graph.nodes()) order += node.outputs[0];
  EXPECT_EQ(order, "abc");
}

TEST(ImportGraph, BrokenStructureIsNamed) {
  GraphBuilder cycle;
  cycle.input("x", {1, 2});
  cycle.node("Add", {"x", "b"}, {"a"});
  cycle.node("Relu", {"a"}, {"b"});
  EXPECT_THAT(refusal(cycle), HasSubstr("node \"node_a\" (Add): the node is part of a cycle"));
  GraphBuilder missing;
  missing.input("x", {1, 2}).node("Relu", {"y"}, {"a"});
  EXPECT_THAT(refusal(missing), HasSubstr("reads \"y\", which nothing computes"));
  GraphBuilder twice;
  twice.input("x", {1, 2}).node("Relu", {"x"}, {"a"});
  twice.node("Abs", {"x"}, {"a"});
  EXPECT_THAT(refusal(twice), HasSubstr("computes \"a\", which is computed elsewhere as well"));
  GraphBuilder repeated;
  onnx::NodeProto& node = repeated.input("x", {1, 2}).node("Clip", {"x"}, {"a"});
  set_int(node, "min", 0);
  set_int(node, "min", 1);
  EXPECT_THAT(refusal(repeated), HasSubstr("attribute min occurs twice"));
}

TEST(ImportGraph, InitializersAmongTheInputsAreConstants) {
  GraphBuilder builder;
  builder.input("x", {-1, 3}).input("w", {3, 4}).output("y");
  builder.floats("w", {3, 4});
  builder.node("MatMul", {"x", "w"}, {"y"});
  const Graph graph = Graph::read(builder.write());
  ASSERT_EQ(graph.inputs().size(), 1u);
  EXPECT_EQ(graph.inputs()[0].dims, (Dims{-1, 3}));
  ASSERT_NE(graph.constant_dims("w"), nullptr);
  EXPECT_EQ(*graph.constant_dims("w"), (Dims{3, 4}));
}

TEST(ImportGraph, ConstantNodesHoldTensorsAndNumbers) {
  GraphBuilder builder;
  builder.input("x", {1, 2});
  set_ints(builder.node("Constant", {}, {"axes"}), "value_ints", {2, -1});
  set_int(builder.node("Constant", {}, {"one"}), "value_int", 7);
  const Graph graph = Graph::read(builder.write());
  EXPECT_EQ(graph.constant("axes").integers(), (std::vector<std::int64_t>{2, -1}));
  EXPECT_EQ(graph.constant("one").dims, Dims{});
  EXPECT_EQ(graph.constant("one").integers(), (std::vector<std::int64_t>{7}));
  EXPECT_TRUE(graph.nodes().empty());
}

TEST(ImportGraph, HalfAndBfloatBecomeFloat) {
  GraphBuilder builder;
  builder.input("x", {1, 2});
  onnx::TensorProto& half = *builder.model.mutable_graph()->add_initializer();
  half.set_name("half");
  half.set_data_type(onnx::TensorProto::FLOAT16);
  half.add_dims(6);
  // 1, -2, the smallest, the largest, infinity, 0
  for (const int bits : {0x3c00, 0xc000, 0x0001, 0x7bff, 0x7c00, 0x0000}) half.add_int32_data(bits);
  onnx::TensorProto& brain = *builder.model.mutable_graph()->add_initializer();
  brain.set_name("brain");
  brain.set_data_type(onnx::TensorProto::BFLOAT16);
  brain.add_dims(2);
  for (const int bits : {0x3f80, 0xc040}) brain.add_int32_data(bits);
  const Graph graph = Graph::read(builder.write());
  EXPECT_EQ(graph.constant("half").floats(),
            (std::vector<float>{1.0f, -2.0f, 0x1p-24f, 65504.0f,
                                std::numeric_limits<float>::infinity(), 0.0f}));
  EXPECT_EQ(graph.constant("brain").floats(), (std::vector<float>{1.0f, -3.0f}));
}

TEST(ImportGraph, ExternalDataLieInTheNetworksFolderAlone) {
  GraphBuilder builder;
  builder.input("x", {1, 2});
  onnx::TensorProto& tensor = *builder.model.mutable_graph()->add_initializer();
  tensor.set_name("w");
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  tensor.add_dims(2);
  tensor.set_data_location(onnx::TensorProto::EXTERNAL);
  const auto entry = [&](const char* key, const std::string& value) {
    auto* one = tensor.add_external_data();
    one->set_key(key);
    one->set_value(value);
  };
  const auto read = [&] { return Graph::read(builder.write()).constant("w").floats(); };
  const auto place = [&](const std::string& location, const std::string& offset) {
    tensor.clear_external_data();
    entry("location", location);
    entry("offset", offset);
    entry("length", "8");
  };
  const auto hold = [](float last) {
    const float numbers[] = {9.0f, 1.5f, last};
    std::ofstream(std::filesystem::path(testing::TempDir()) / "graph.data", std::ios::binary)
        .write(reinterpret_cast<const char*>(numbers), sizeof numbers);
  };
  hold(-2.5f);
  place("graph.data", "4");
  EXPECT_EQ(read(), (std::vector<float>{1.5f, -2.5f}));
  const std::string hash = Graph::read(builder.write()).sha256();
  hold(3.5f);
  EXPECT_NE(Graph::read(builder.write()).sha256(), hash);
  place("graph.data", "8");
  EXPECT_THAT(message_of(read), HasSubstr("bytes 8 to 16 of"));
  place("graph.data", "four");
  EXPECT_THAT(message_of(read), HasSubstr("expected a number, found \"four\""));
  for (const char* location : {"../graph.data", "/etc/passwd", "a/../../b", ""}) {
    place(location, "0");
    EXPECT_THAT(message_of(read), HasSubstr("expected a file in the network's folder"));
  }
  place("absent.data", "0");
  EXPECT_THAT(message_of(read), HasSubstr("absent.data"));
  EXPECT_THAT(message_of(read), Not(HasSubstr("a link")));
}

TEST(ImportGraph, ALinkToExternalDataStaysInTheFolder) {
  namespace fs = std::filesystem;
  const fs::path folder = fs::path(testing::TempDir()) / "linked";
  fs::remove_all(folder);
  fs::create_directories(folder / "model" / "below");
  const float numbers[] = {1.5f, -2.5f};
  for (const fs::path& place : {folder / "outside.data", folder / "model" / "below" / "in.data"}) {
    std::ofstream(place, std::ios::binary)
        .write(reinterpret_cast<const char*>(numbers), sizeof numbers);
  }
  fs::create_symlink("below/in.data", folder / "model" / "inside.data");
  fs::create_symlink("../outside.data", folder / "model" / "leads-out.data");
  fs::create_directory_symlink("..", folder / "model" / "up");
  const auto read = [&](const std::string& location) {
    GraphBuilder builder;
    builder.input("x", {1, 2});
    onnx::TensorProto& tensor = *builder.model.mutable_graph()->add_initializer();
    tensor.set_name("w");
    tensor.set_data_type(onnx::TensorProto::FLOAT);
    tensor.add_dims(2);
    tensor.set_data_location(onnx::TensorProto::EXTERNAL);
    auto* entry = tensor.add_external_data();
    entry->set_key("location");
    entry->set_value(location);
    return Graph::read(builder.write("linked/model/graph.onnx")).constant("w").floats();
  };
  EXPECT_EQ(read("inside.data"), (std::vector<float>{1.5f, -2.5f}));
  // A network that is named without a folder lies in this one.
  const fs::path before = fs::current_path();
  fs::current_path(folder / "model");
  EXPECT_EQ(Graph::read("graph.onnx").constant("w").floats(), (std::vector<float>{1.5f, -2.5f}));
  fs::current_path(before);
  for (const char* location : {"leads-out.data", "up/outside.data"}) {
    EXPECT_THAT(message_of([&] { read(location); }),
                AllOf(HasSubstr(location), HasSubstr("a link out of the network's folder, to \""),
                      HasSubstr("outside.data\"; ONNX has external data inside that folder")));
  }
}

TEST(ImportGraph, ClaimsAboutTensorsAreCheckedWhenTheyAreRead) {
  GraphBuilder builder;
  builder.input("x", {1, 2});
  onnx::TensorProto& tensor = builder.floats("w", {2, 2});
  const auto read = [&] { Graph::read(builder.write()).constant("w"); };
  tensor.add_float_data(1.0f);
  EXPECT_THAT(message_of(read),
              HasSubstr("constant \"w\": found 5 elements, its dimensions [2, 2] expect 4"));
  tensor.set_dims(0, std::int64_t{1} << 40);
  EXPECT_THAT(message_of(read), HasSubstr("expected at most 2^31 elements"));
  tensor.set_dims(0, -2);
  EXPECT_THAT(message_of(read), HasSubstr("expected at most 2^31 elements"));
  tensor.set_dims(0, 2);
  tensor.set_data_type(onnx::TensorProto::STRING);
  EXPECT_THAT(message_of(read), HasSubstr("found elements of type STRING"));
}

TEST(ImportGraph, WhatIsNoNetworkIsRefused) {
  const std::filesystem::path file = std::filesystem::path(testing::TempDir()) / "graph.onnx";
  for (const std::string& bytes : {std::string(), std::string("\x08\x08"), std::string(50, 'x')}) {
    std::ofstream(file, std::ios::binary) << bytes;
    EXPECT_THAT(message_of([&] { Graph::read(file); }), HasSubstr("that are no ONNX network"));
  }
}

}  // namespace
}  // namespace brownout::importing
