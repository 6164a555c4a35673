// SPDX-License-Identifier: Apache-2.0
// Files that say something wrong or contradict themselves: each message names node and reason.
#include <gmock/gmock.h>

#include "sim/import/lower.hpp"
#include "tests/import/graph_builder.hpp"

namespace brownout::importing {
namespace {

using testing::HasSubstr;

/// One convolution and a pool, to which `change` does something.
template <typename Change>
std::string convolution_refusal(const Change& change) {
  GraphBuilder builder;
  builder.input("x", {1, 1, 8, 8}).output("y");
  builder.floats("w", {1, 1, 3, 3});
  builder.node("GlobalAveragePool", {"c"}, {"y"});
  change(builder, builder.node("Conv", {"x", "w"}, {"c"}));
  return message_of([&] { lower(Graph::read(builder.write()), {}); });
}

/// A convolution, and one more operator that reads it.
template <typename Build>
std::string refusal_after(const Build& build) {
  GraphBuilder builder;
  builder.input("x", {1, 2, 1, 1}).output("y");
  builder.floats("w", {2, 2, 1, 1});
  builder.node("Conv", {"x", "w"}, {"c"});
  build(builder);
  return message_of([&] { lower(Graph::read(builder.write()), {}); });
}

TEST(ImportRefusals, AttributesAreKnownAndHaveTheirKind) {
  EXPECT_THAT(
      convolution_refusal(
          [](GraphBuilder&, onnx::NodeProto& node) { set_int(node, "frobnicate", 3); }),
      HasSubstr("node \"node_c\" (Conv): has an attribute \"frobnicate\", which the operator "
                "does not have; expected auto_pad, dilations, group, kernel_shape, pads, "
                "strides"));
  EXPECT_THAT(convolution_refusal([](GraphBuilder&, onnx::NodeProto& node) {
                auto* graph = node.add_attribute();
                graph->set_name("strides");
                graph->set_type(onnx::AttributeProto::GRAPH);
              }),
              HasSubstr("attribute strides: expected integers"));
  EXPECT_THAT(refusal_after([](GraphBuilder& builder) {
                set_int(builder.node("Relu", {"c"}, {"y"}), "alpha", 1);
              }),
              HasSubstr("(Relu): has an attribute \"alpha\", which the operator does not have; "
                        "expected none"));
}

TEST(ImportRefusals, AutomaticPadsHaveAKnownNameAndNoOthersBesideThem) {
  const auto with = [](const std::string& automatic, const std::vector<std::int64_t>& pads) {
    return convolution_refusal([&](GraphBuilder&, onnx::NodeProto& node) {
      set_text(node, "auto_pad", automatic);
      if (!pads.empty()) set_ints(node, "pads", pads);
    });
  };
  EXPECT_THAT(with("FOO", {}),
              HasSubstr("(Conv): auto_pad is \"FOO\", expected NOTSET, SAME_UPPER"));
  EXPECT_THAT(with("SAME_UPPER", {2, 2, 2, 2}),
              HasSubstr("auto_pad is SAME_UPPER and pads are [2, 2, 2, 2], expected one of them"));
  EXPECT_THAT(with("VALID", {1, 1, 1, 1}), HasSubstr("expected one of them"));
  for (const char* automatic : {"SAME_UPPER", "SAME_LOWER", "VALID", "NOTSET", ""}) {
    EXPECT_EQ(with(automatic, {0, 0, 0, 0}), "") << automatic;
  }
  EXPECT_EQ(with("SAME_LOWER", {1, 1, 1, 1}), "");
}

TEST(ImportRefusals, TheInputHoldsFloats) {
  const auto of_type = [](int type) {
    return convolution_refusal([&](GraphBuilder& builder, onnx::NodeProto&) {
      builder.model.mutable_graph()
          ->mutable_input(0)
          ->mutable_type()
          ->mutable_tensor_type()
          ->set_elem_type(type);
    });
  };
  EXPECT_THAT(of_type(onnx::TensorProto::STRING),
              HasSubstr("input \"x\" holds elements of type STRING, expected an image of floats"));
  EXPECT_THAT(of_type(onnx::TensorProto::INT64), HasSubstr("holds elements of type INT64"));
  EXPECT_THAT(of_type(onnx::TensorProto::UNDEFINED),
              HasSubstr("holds elements whose type is not stated"));
  EXPECT_THAT(of_type(77), HasSubstr("holds elements of type 77"));
  EXPECT_EQ(of_type(onnx::TensorProto::FLOAT16), "");
  EXPECT_THAT(convolution_refusal([](GraphBuilder& builder, onnx::NodeProto&) {
                auto* input = builder.model.mutable_graph()->mutable_input(0);
                input->clear_type();
                input->mutable_type()->mutable_sequence_type();
              }),
              HasSubstr("input \"x\""));
}

TEST(ImportRefusals, NothingIsDroppedOrNormalizedInTraining) {
  EXPECT_THAT(refusal_after([](GraphBuilder& builder) {
                builder.floats("ratio", {});
                builder.bytes("mode", {}, onnx::TensorProto::BOOL, 1);
                builder.node("Dropout", {"c", "ratio", "mode"}, {"y"});
              }),
              HasSubstr("node \"node_y\" (Dropout): has training_mode true, expected false"));
  EXPECT_EQ(refusal_after([](GraphBuilder& builder) {
              builder.floats("ratio", {});
              builder.bytes("mode", {}, onnx::TensorProto::BOOL, 0);
              builder.node("Dropout", {"c", "ratio", "mode"}, {"y"});
            }),
            "");
  EXPECT_THAT(
      refusal_after([](GraphBuilder& builder) {
        builder.floats("n", {2});
        builder.floats("v", {2}).set_float_data(1, -2.0f);
        builder.node("BatchNormalization", {"c", "n", "n", "n", "v"}, {"y"});
      }),
      HasSubstr("(BatchNormalization): channel 1 has variance -2 and epsilon 1e-05, expected "
                "their sum above 0"));
}

TEST(ImportRefusals, NumbersThatLeaveTheirRangeAreNamed) {
  EXPECT_THAT(refusal_after([](GraphBuilder& builder) {
                builder.floats("s", {2, 1, 1}, 1e-42f);
                builder.node("Div", {"c", "s"}, {"y"});
              }),
              HasSubstr("node \"node_y\" (Div): multiplies by inf"));
  EXPECT_THAT(refusal_after([](GraphBuilder& builder) {
                builder.floats("s", {2, 1, 1}, 3e38f);
                builder.node("Mul", {"c", "s"}, {"d"});
                builder.node("Mul", {"d", "s"}, {"y"});
              }),
              HasSubstr("node \"node_y\" (Mul): makes a weight inf"));
}

TEST(ImportRefusals, WeightsHaveNoBlocksOfScales) {
  EXPECT_THAT(refusal_after([](GraphBuilder& builder) {
                builder.bytes("q", {2, 2, 1, 1}, onnx::TensorProto::INT8, 3);
                builder.floats("s", {2, 2, 1, 1});
                set_int(builder.node("DequantizeLinear", {"q", "s"}, {"d"}), "block_size", 1);
                builder.node("Conv", {"c", "d"}, {"y"});
              }),
              HasSubstr("(Conv): weights are quantized in blocks of 1"));
}

TEST(ImportRefusals, OutputsAndOpsetsAreThere) {
  EXPECT_THAT(refusal_after([](GraphBuilder& builder) {
                builder.integers("pads", {0, 0, 1, 1, 0, 0, 1, 1});
                builder.node("Pad", {"c", "pads"}, {"y"});
              }),
              HasSubstr("output \"y\" is a padded image, expected one number a class"));
  EXPECT_THAT(convolution_refusal([](GraphBuilder& builder, onnx::NodeProto&) {
                builder.model.mutable_graph()->mutable_output(0)->set_name("nothing");
              }),
              HasSubstr("no operator computes output \"nothing\" from the image"));
  const auto of_opset = [](int opset) {
    GraphBuilder builder(opset);
    builder.input("x", {1, 1, 8, 8}).output("y");
    builder.floats("w", {1, 1, 3, 3});
    builder.node("Conv", {"x", "w"}, {"c"});
    builder.node("GlobalAveragePool", {"c"}, {"y"});
    return builder;
  };
  EXPECT_THAT(message_of([&] { expect_foreign(Graph::read(of_opset(0).write())); }),
              HasSubstr("found opset 0, expected 7 or later"));
  const ImportedNetwork newer = lower(Graph::read(of_opset(99).write()), {});
  ASSERT_EQ(newer.remarks.size(), 1u);
  EXPECT_THAT(newer.remarks[0], HasSubstr("opset 99 is newer than 23"));
  EXPECT_TRUE(lower(Graph::read(of_opset(23).write()), {}).remarks.empty());
}

}  // namespace
}  // namespace brownout::importing
