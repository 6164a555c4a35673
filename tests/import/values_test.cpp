// SPDX-License-Identifier: Apache-2.0
// Shapes through the operators of classifiers, as exporters write them, and the products to
// estimate.
#include "sim/import/values.hpp"

#include <gmock/gmock.h>

#include "sim/base/error.hpp"
#include "sim/import/matrix_products.hpp"
#include "tests/import/graph_builder.hpp"

namespace brownout::importing {
namespace {

using testing::HasSubstr;

Dims dims_of(const GraphBuilder& builder, const std::string& value, const Dims& input = {}) {
  const Graph graph = Graph::read(builder.write());
  return Values(graph, input).dims(value);
}

/// The extent that a window operator leaves of `extent`.
std::int64_t window(std::int64_t extent, const std::vector<std::int64_t>& pads, std::int64_t stride,
                    std::int64_t dilation, bool ceil, const std::string& automatic) {
  GraphBuilder builder;
  builder.input("x", {1, 2, extent, extent});
  onnx::NodeProto& node = builder.node("MaxPool", {"x"}, {"y"});
  set_ints(node, "kernel_shape", {3, 3});
  set_ints(node, "strides", {stride, stride});
  set_ints(node, "dilations", {dilation, dilation});
  set_ints(node, "pads", {pads[0], pads[0], pads[1], pads[1]});
  set_int(node, "ceil_mode", ceil ? 1 : 0);
  set_text(node, "auto_pad", automatic);
  const Dims dims = dims_of(builder, "y");
  EXPECT_EQ(dims, (Dims{1, 2, dims[2], dims[2]}));
  return dims[2];
}

TEST(ImportValues, WindowsAsTheAttributesSay) {
  EXPECT_EQ(window(8, {0, 0}, 1, 1, false, "NOTSET"), 6);
  EXPECT_EQ(window(8, {1, 1}, 2, 1, false, "NOTSET"), 4);
  EXPECT_EQ(window(8, {0, 0}, 2, 1, false, "NOTSET"), 3);
  EXPECT_EQ(window(8, {0, 0}, 2, 1, true, "NOTSET"), 4);
  EXPECT_EQ(window(6, {1, 1}, 4, 1, true, "NOTSET"), 2);
  EXPECT_EQ(window(4, {0, 1}, 2, 1, true, "NOTSET"), 2);  // a third would begin in the padding
  EXPECT_EQ(window(8, {0, 0}, 1, 3, false, "NOTSET"), 2);
  EXPECT_EQ(window(7, {0, 0}, 2, 1, false, "SAME_UPPER"), 4);
  EXPECT_EQ(window(7, {0, 0}, 2, 1, false, "VALID"), 3);
  EXPECT_THAT(message_of([] {
                window(2, {0, 0}, 1, 1, false, "NOTSET");
              }),
              HasSubstr("does not fit an input of [1, 2, 2, 2]"));
}

/// x.view(x.size(0), -1), as PyTorch's exporter writes it for an open batch.
TEST(ImportValues, ShapesThatTheGraphComputesAreKnown) {
  GraphBuilder builder;
  builder.input("x", {-1, 3, 4, 4});
  builder.integers("zero", {0});
  builder.integers("rest", {-1});
  builder.node("Shape", {"x"}, {"shape"});
  builder.node("Gather", {"shape", "zero"}, {"batch"});
  set_int(builder.node("Concat", {"batch", "rest"}, {"target"}), "axis", 0);
  builder.node("Reshape", {"x", "target"}, {"y"});
  EXPECT_EQ(dims_of(builder, "y"), (Dims{1, 48}));
}

TEST(ImportValues, SettingsMayBeAttributesOrInputs) {
  for (const bool as_input : {false, true}) {
    GraphBuilder builder(as_input ? 13 : 9);
    builder.input("x", {1, 2, 4, 4});
    const auto set = [&](onnx::NodeProto& node, const char* name,
                         const std::vector<std::int64_t>& values) {
      if (!as_input) return set_ints(node, name, values);
      const std::string constant = node.output(0) + "." + name;
      builder.integers(constant, values);
      node.add_input(constant);
    };
    set(builder.node("Pad", {"x"}, {"padded"}), "pads", {0, 0, 1, 2, 0, 0, 3, 4});
    set(builder.node("ReduceMean", {"padded"}, {"mean"}), "axes", {-1, -2});
    set(builder.node("Squeeze", {"mean"}, {"flat"}), "axes", {2, 3});
    set(builder.node("Unsqueeze", {"flat"}, {"image"}), "axes", {2, 3});
    onnx::NodeProto& split = builder.node("Split", {"padded"}, {"left", "right"});
    set_int(split, "axis", 3);
    set(split, "split", {3, 7});
    EXPECT_EQ(dims_of(builder, "padded"), (Dims{1, 2, 8, 10}));
    EXPECT_EQ(dims_of(builder, "mean"), (Dims{1, 2, 1, 1}));
    EXPECT_EQ(dims_of(builder, "flat"), (Dims{1, 2}));
    EXPECT_EQ(dims_of(builder, "image"), (Dims{1, 2, 1, 1}));
    EXPECT_EQ(dims_of(builder, "right"), (Dims{1, 2, 8, 7}));
  }
}

TEST(ImportValues, OpenExtentsAreAskedFor) {
  GraphBuilder builder;
  builder.input("x", {-1, 3, -1, -1}).node("Relu", {"x"}, {"y"});
  EXPECT_EQ(dims_of(builder, "y", {3, 10, 12}), (Dims{1, 3, 10, 12}));
  EXPECT_THAT(message_of([&] { dims_of(builder, "y"); }), HasSubstr("leaves extents open"));
  EXPECT_THAT(
      message_of([&] {
        dims_of(builder, "y", {1, 10, 12});
      }),
      HasSubstr("input: expected what fits input \"x\" of the file, [1, 3, -1, -1], got [1, 1, 10, "
                "12]"));
  builder.input("mask", {1, 1});
  EXPECT_THAT(message_of([&] { dims_of(builder, "y"); }),
              HasSubstr("found 2 inputs: \"x\", \"mask\", expected one image"));
}

TEST(ImportValues, WhatDoesNotFitIsNamed) {
  GraphBuilder builder;
  builder.input("x", {1, 4, 8, 8});
  builder.floats("w", {6, 3, 3, 3});
  builder.node("Conv", {"x", "w"}, {"y"});
  EXPECT_THAT(
      message_of([&] { dims_of(builder, "y"); }),
      HasSubstr("node \"node_y\" (Conv): weights are [6, 3, 3, 3] in 1 groups, the input is "
                "[1, 4, 8, 8]"));
}

TEST(ImportValues, UnknownOperatorsAreRemarked) {
  GraphBuilder builder;
  builder.input("x", {1, 4, 8, 8});
  builder.node("Quant", {"x"}, {"a"}).set_domain("some.where");
  builder.node("Quant", {"a"}, {"b"}).set_domain("some.where");
  const Graph graph = Graph::read(builder.write());
  const Values values(graph, {});
  EXPECT_EQ(values.dims("b"), (Dims{1, 4, 8, 8}));
  ASSERT_EQ(values.remarks().size(), 1u);
  EXPECT_EQ(values.remarks()[0],
            "operator some.where.Quant is unknown and taken to keep its input's shape");
}

/// Operators of another domain may have ONNX's names and mean something else.
TEST(ImportValues, OperatorsOfOtherDomainsAreUnknown) {
  GraphBuilder builder;
  builder.input("x", {9, 4});
  builder.floats("w", {2});
  builder.node("Shape", {"x"}, {"a"}).set_domain("some.where");
  builder.node("Conv", {"a", "w"}, {"b"}).set_domain("some.where");
  builder.floats("l", {4, 3});
  builder.node("MatMul", {"b", "l"}, {"c"});
  const MatrixProducts found = matrix_products(Graph::read(builder.write()));
  ASSERT_EQ(found.products.size(), 1u);
  EXPECT_EQ(found.remarks.size(), 2u);
}

TEST(ImportValues, ConstantsMayComeThroughAnyNumberOfNodes) {
  constexpr int kNodes = 50000;
  GraphBuilder builder;
  builder.input("x", {2, 3, 4});
  builder.integers("c0", {2, 12});
  for (int i = 0; i < kNodes; ++i)
    builder.node("Identity", {"c" + std::to_string(i)}, {"c" + std::to_string(i + 1)});
  builder.node("Reshape", {"x", "c" + std::to_string(kNodes)}, {"y"});
  EXPECT_EQ(dims_of(builder, "y"), (Dims{2, 12}));
}

TEST(ImportValues, HugeOrMissingNumbersAreRefused) {
  const auto refused = [](const char* op, const std::vector<std::int64_t>& numbers) {
    GraphBuilder builder;
    builder.input("x", {1, 1, 4, 4});
    builder.integers("numbers", numbers);
    builder.node(op, {"x", "numbers"}, {"y"});
    return message_of([&] { dims_of(builder, "y"); });
  };
  const std::int64_t huge = std::int64_t{1} << 62;
  EXPECT_THAT(refused("Tile", {1, 1, huge, 4}), HasSubstr("expected numbers within 2^31"));
  EXPECT_THAT(refused("Pad", {0, 0, huge, 0, 0, 0, huge, 0}),
              HasSubstr("expected numbers within 2^31"));
  EXPECT_THAT(refused("Expand", {1, 1, huge, 4}), HasSubstr("do not fit each other"));
  GraphBuilder missing;
  missing.input("x", {1, 2}).node("Expand", {"x"}, {"y"});
  EXPECT_THAT(message_of([&] { dims_of(missing, "y"); }), HasSubstr("input 2 is missing"));
  GraphBuilder large;
  large.input("x", {1, 2});
  large.integers("extents", {1 << 15, 1 << 15});
  large.node("ConstantOfShape", {"extents"}, {"zeros"});
  large.node("Reshape", {"x", "zeros"}, {"y"});
  EXPECT_THAT(message_of([&] { dims_of(large, "y"); }),
              HasSubstr("expected at most 2^27 elements"));
  GraphBuilder stride;
  onnx::NodeProto& pool = stride.input("x", {1, 1, 4, 4}).node("MaxPool", {"x"}, {"y"});
  set_ints(pool, "kernel_shape", {2, huge});
  EXPECT_THAT(message_of([&] { dims_of(stride, "y"); }), HasSubstr("expected numbers within 2^31"));
}

TEST(MatrixProducts, ConvolutionsAndLinearLayers) {
  GraphBuilder builder;
  builder.input("x", {-1, 4, 9, 9}).output("out");
  builder.floats("w", {6, 2, 3, 3});
  builder.floats("m", {294, 10});
  builder.floats("g", {5, 10});
  set_int(builder.node("Conv", {"x", "w"}, {"c"}), "group", 2);
  builder.node("Flatten", {"c"}, {"f"});
  builder.node("MatMul", {"f", "m"}, {"h"});
  set_int(builder.node("Gemm", {"h", "g"}, {"out"}), "transB", 1);
  const MatrixProducts found = matrix_products(Graph::read(builder.write()));
  ASSERT_EQ(found.products.size(), 3u);
  const auto is = [](const MatrixProduct& p, std::int64_t m, std::int64_t n, std::int64_t k,
                     std::int64_t groups) {
    return p.m == m && p.n == n && p.k == k && p.groups == groups;
  };
  EXPECT_EQ(found.products[0].name, "node_c");
  EXPECT_TRUE(is(found.products[0], 49, 3, 18, 2));
  EXPECT_TRUE(is(found.products[1], 1, 10, 294, 1));
  EXPECT_TRUE(is(found.products[2], 1, 5, 10, 1));
}

/// A transformer's layer: shared weights over 7 tokens, then a product of two values a head.
TEST(MatrixProducts, RowsOfAnImageAndProductsOfValues) {
  GraphBuilder builder;
  builder.input("x", {-1, 7, 8}).output("scores");
  builder.floats("w", {8, 8});
  builder.integers("heads", {0, 7, 2, 4});
  builder.node("MatMul", {"x", "w"}, {"q"});
  builder.node("Reshape", {"q", "heads"}, {"split"});
  set_ints(builder.node("Transpose", {"split"}, {"a"}), "perm", {0, 2, 1, 3});
  set_ints(builder.node("Transpose", {"split"}, {"b"}), "perm", {0, 2, 3, 1});
  builder.node("MatMul", {"a", "b"}, {"scores"});
  const MatrixProducts found = matrix_products(Graph::read(builder.write()));
  ASSERT_EQ(found.products.size(), 2u);
  EXPECT_EQ(found.products[0].m, 7);
  EXPECT_EQ(found.products[0].groups, 1);
  EXPECT_EQ(found.products[1].m, 7);
  EXPECT_EQ(found.products[1].n, 7);
  EXPECT_EQ(found.products[1].k, 4);
  EXPECT_EQ(found.products[1].groups, 2);
}

TEST(MatrixProducts, WeightsMayBeMissing) {
  GraphBuilder builder;
  builder.input("x", {1, 4, 9, 9}).output("c");
  onnx::TensorProto& weights = builder.floats("w", {6, 4, 3, 3});
  weights.clear_float_data();
  weights.set_data_location(onnx::TensorProto::EXTERNAL);
  builder.node("Conv", {"x", "w"}, {"c"});
  EXPECT_EQ(matrix_products(Graph::read(builder.write())).products.size(), 1u);
  GraphBuilder left_out;  // as inputs
  left_out.input("x", {1, 4, 9, 9}).input("w", {6, 4, 3, 3}).input("b", {6}).output("c");
  left_out.node("Conv", {"x", "w", "b"}, {"c"});
  const MatrixProducts found = matrix_products(Graph::read(left_out.write()));
  ASSERT_EQ(found.products.size(), 1u);
  EXPECT_EQ(found.products[0].k, 36);
  EXPECT_EQ(found.products[0].n, 6);
}

TEST(MatrixProducts, ANetworkWithoutAnyIsRefused) {
  GraphBuilder builder;
  builder.input("x", {1, 4}).node("Relu", {"x"}, {"y"});
  EXPECT_THAT(message_of([&] { matrix_products(Graph::read(builder.write())); }),
              HasSubstr("found no convolution and no matrix product"));
}

}  // namespace
}  // namespace brownout::importing
