// SPDX-License-Identifier: Apache-2.0
// `brownout model import` from the outside: what it writes is a network like any other, and what it
// refuses leaves nothing.
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "sim/arithmetic/decode.hpp"
#include "sim/base/files.hpp"
#include "tests/import/graph_builder.hpp"
#include "workplace.hpp"

namespace brownout::end_to_end {
namespace {

namespace fs = std::filesystem;
using importing::GraphBuilder;
using testing::HasSubstr;

class Import : public testing::Test {
 protected:
  Import() {
    const fs::path data = workplace_.folder() / "data";
    for (const char* kind : {"images-idx3-ubyte", "labels-idx1-ubyte"}) {
      fs::copy_file(data / (std::string("t10k-") + kind), data / (std::string("train-") + kind));
    }
    workplace_.write("float.onnx", graph().model.SerializeAsString());
  }

  /// The workplace's linear classifier, as PyTorch would export it.
  static GraphBuilder graph(std::int64_t classes = 10) {
    const network::Network tiny = tiny_network(network::Scheme::kRquant, 8);
    GraphBuilder builder;
    builder.input("image", {-1, 1, 28, 28}).output("logits");
    const auto decoded = [&](const char* name, std::size_t parameter,
                             const std::vector<std::int64_t>& dims) {
      const network::Parameter& from = tiny.parameters[network::ParameterIndex(parameter)];
      const std::vector<float> values = arithmetic::decode_parameter(from, from.n);
      onnx::TensorProto& tensor = builder.floats(name, dims, 0.0f);
      for (int i = 0; i < tensor.float_data_size(); ++i) {
        const auto at = static_cast<std::size_t>(i);
        if (at < values.size()) tensor.set_float_data(i, values[at]);
      }
    };
    decoded("w", 0, {classes, 784});
    decoded("b", 1, {classes});
    builder.node("Flatten", {"image"}, {"flat"});
    importing::set_int(builder.node("Gemm", {"flat", "w", "b"}, {"logits"}), "transB", 1);
    return builder;
  }

  /// A linear layer with the file's own quantizer before it; its weights are integers, or floats.
  static GraphBuilder quantized_graph(bool integer_weights) {
    GraphBuilder builder;
    builder.input("x", {1, 1, 28, 28}).output("y");
    builder.floats("s", {}, 0.02f);
    builder.bytes("z", {}, onnx::TensorProto::UINT8, 128);
    builder.bytes("w", {784, 10}, onnx::TensorProto::INT8, 1);
    builder.floats("wf", {784, 10}, 0.3f).set_float_data(1, 1.0f);
    builder.node("QuantizeLinear", {"x", "s", "z"}, {"q"});
    builder.node("DequantizeLinear", {"q", "s", "z"}, {"d"});
    builder.node("DequantizeLinear", {"w", "s"}, {"dw"});
    builder.node("Flatten", {"d"}, {"f"});
    builder.node("MatMul", {"f", integer_weights ? "dw" : "wf"}, {"y"});
    return builder;
  }

  /// `more`: options with their values, which replace the usual ones.
  Outcome import(const std::string& file, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> all{"model", "import", file, "--out", "codes.onnx", "--quiet"};
    const std::vector<std::pair<std::string, std::string>> usual{{"--data", "data"},
                                                                 {"--images", "50"},
                                                                 {"--test-images", "100"},
                                                                 {"--deviation", "0.25"},
                                                                 {"--mean", "0.5"}};
    for (const auto& [option, value] : usual) {
      if (std::find(more.begin(), more.end(), option) == more.end())
        all.insert(all.end(), {option, value});
    }
    all.insert(all.end(), more.begin(), more.end());
    return workplace_.run(BROWNOUT_BINARY, all);
  }
  void refuse(const std::string& file, const std::vector<std::string>& more,
              const std::string& part) {
    const std::vector<std::string> before = workplace_.listing();
    const Outcome outcome = import(file, more);
    EXPECT_EQ(outcome.code, 2) << part << ": " << outcome.err;
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    EXPECT_NE(outcome.err.find(part), std::string::npos) << part << ": " << outcome.err;
    EXPECT_EQ(workplace_.listing(), before) << part;
  }

  Workplace workplace_;
};

TEST_F(Import, WhatItWritesIsTakenByOtherVerbs) {
  const Outcome outcome = import("float.onnx", {"--json", "-"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const nlohmann::json report = outcome.json();
  EXPECT_EQ(report.at("producer"), "a test");
  EXPECT_EQ(report.at("weights"), 7840);
  EXPECT_GE(report.at("agreement").get<double>(), 97.0);
  const Outcome eval = workplace_.run(
      BROWNOUT_BINARY,
      {"eval", "codes.onnx", "--data", "data", "--images", "100", "--json", "-", "--quiet"});
  ASSERT_EQ(eval.code, 0) << eval.err;
  EXPECT_EQ(eval.json().at("err"), report.at("quantized_err"));
  const Outcome estimate = workplace_.run(
      BROWNOUT_BINARY, {"estimate", "float.onnx", "--array", "16x16", "--json", "-", "--quiet"});
  ASSERT_EQ(estimate.code, 0) << estimate.err;
  EXPECT_EQ(estimate.json().at("total_macs"), 7840);
}

TEST_F(Import, TheSameCommandGivesTheSameFileWithAnyThreads) {
  ASSERT_EQ(import("float.onnx", {"--threads", "1", "--method", "percentile"}).code, 0);
  const std::string one = read_file(workplace_.folder() / "codes.onnx");
  ASSERT_EQ(import("float.onnx", {"--threads", "3", "--method", "percentile", "--overwrite"}).code,
            0);
  EXPECT_EQ(read_file(workplace_.folder() / "codes.onnx"), one);
}

TEST_F(Import, EqualizationSaysWhatItDidOrWhyNot) {
  // Channels with ranges 1 and 0.25, which are read with 0.5 and 1.
  const auto two_layers = [](bool norm) {
    GraphBuilder builder;
    builder.input("image", {-1, 1, 28, 28}).output("logits");
    onnx::TensorProto& first = builder.floats("w", {2, 1, 28, 28}, 0.01f);
    first.set_float_data(0, 1.0f);
    first.set_float_data(784, 0.25f);
    builder.floats("v", {10, 2}, 0.5f).set_float_data(3, 1.0f);
    builder.floats("g", {2}, 0.5f);
    builder.node("Conv", {"image", "w"}, {"c"});
    if (norm) builder.node("BatchNormalization", {"c", "g", "g", "g", "g"}, {"n"});
    builder.node("Relu", {norm ? "n" : "c"}, {"r"});
    builder.node("Flatten", {"r"}, {"f"});
    importing::set_int(builder.node("Gemm", {"f", "v"}, {"logits"}), "transB", 1);
    return builder.model.SerializeAsString();
  };
  workplace_.write("two.onnx", two_layers(false));
  workplace_.write("norm.onnx", two_layers(true));
  GraphBuilder codes = graph();
  codes.floats("s", {}, 0.02f);
  codes.bytes("z", {}, onnx::TensorProto::UINT8, 128);
  codes.node("QuantizeLinear", {"image", "s", "z"}, {"q"});
  codes.node("DequantizeLinear", {"q", "s", "z"}, {"coded"});
  auto& nodes = *codes.model.mutable_graph()->mutable_node();
  nodes[0].set_input(0, "coded");
  std::rotate(nodes.begin(), nodes.begin() + 2, nodes.end());
  workplace_.write("quantized.onnx", codes.model.SerializeAsString());

  const auto equalized = [&](const std::string& file, std::vector<std::string> more) {
    more.insert(more.end(), {"--equalize", "--overwrite"});
    const Outcome outcome = import(file, more);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return outcome;
  };
  EXPECT_TRUE(import("two.onnx", {"--json", "-"}).json().at("equalization").is_null());
  const nlohmann::json two = equalized("two.onnx", {"--json", "-"}).json().at("equalization");
  EXPECT_EQ(two.at("pairs"), 1);
  EXPECT_DOUBLE_EQ(two.at("range_ratio_before"), 4.0);
  EXPECT_NEAR(two.at("range_ratio_after").get<double>(), std::sqrt(2.0), 1e-6);
  EXPECT_THAT(equalized("norm.onnx", {}).out,
              HasSubstr("1 pair of layers equalized: channels of a tensor differ in range by up to "
                        "1.4, 4.0 before\n"));
  const nlohmann::json kept =
      equalized("norm.onnx", {"--batch-norm", "keep", "--json", "-"}).json().at("equalization");
  EXPECT_EQ(kept.at("pairs"), 0);
  EXPECT_EQ(kept.at("layers_before_batch_norms"), 1);
  EXPECT_TRUE(kept.at("range_ratio_after").is_null());
  const std::string none = "no pair of layers could be equalized: ";
  EXPECT_THAT(equalized("norm.onnx", {"--batch-norm", "keep"}).out,
              HasSubstr(none + "1 layer before a batch norm that stays\n"));
  EXPECT_THAT(equalized("float.onnx", {}).out,
              HasSubstr(none + "none are joined by ReLUs and pools alone\n"));
  EXPECT_THAT(equalized("quantized.onnx", {}).out, HasSubstr(none + "the file's own codes stay\n"));
}

TEST_F(Import, RefusalsNameWhatIsWrongAndLeaveNothing) {
  workplace_.write("cut.onnx", graph().model.SerializeAsString().substr(0, 3000));
  workplace_.write("classes.onnx", graph(11).model.SerializeAsString());
  GraphBuilder quantized;
  quantized.input("x", {1, 1, 28, 28}).output("y");
  quantized.floats("s", {}, 0.5f);
  quantized.floats("t", {}, 0.25f);
  quantized.node("QuantizeLinear", {"x", "s"}, {"q"});
  quantized.node("DequantizeLinear", {"q", "t"}, {"y"});
  workplace_.write("quantized.onnx", quantized.model.SerializeAsString());
  refuse("none.onnx", {}, "none.onnx");
  refuse("cut.onnx", {}, "that are no ONNX network");
  refuse("classes.onnx", {}, "has 11 classes");
  refuse("quantized.onnx", {},
         "(DequantizeLinear): has scale 0.25 and zero point 0, its codes were quantized with 0.5");
  refuse("tiny-rquant-8b.onnx", {}, "is a network of codes already");
  refuse("float.onnx", {"--mean", "0.5,0.5"},
         "--mean: expected one number, or one for each of the 1 channels, got 2");
  refuse("float.onnx", {"--mean", "x"}, "--mean: expected a number");
  refuse("float.onnx", {"--input", "3x28x28"},
         "--input: expected what fits input \"image\" of the file");
  refuse("float.onnx", {"--coded", "bais"}, "did you mean \"bias\"?");
  refuse("float.onnx", {"--scheme", "binary"}, "--bits: scheme binary takes 1 bits, got 8");
  refuse("float.onnx", {"--data", "nowhere"}, "--data: nowhere");
  GraphBuilder vectors;
  vectors.input("x", {-1, 784}).output("y");
  vectors.floats("w", {784, 10});
  vectors.node("MatMul", {"x", "w"}, {"y"});
  workplace_.write("vectors.onnx", vectors.model.SerializeAsString());
  refuse("vectors.onnx", {}, "reads vectors of 784 numbers; expected --input 1x28x28");
  GraphBuilder old = graph();
  old.model.mutable_opset_import(0)->set_version(6);
  workplace_.write("old.onnx", old.model.SerializeAsString());
  refuse("old.onnx", {}, "found opset 6, expected 7 or later");
  const Outcome device = workplace_.run(
      BROWNOUT_BINARY, {"model", "import", "float.onnx", "--out", "/dev/null", "--data", "data"});
  EXPECT_EQ(device.code, 2);
  EXPECT_NE(device.err.find("--out: /dev/null: expected a file, found a device or pipe"),
            std::string::npos)
      << device.err;
}

TEST_F(Import, AValueThatIsNoNumberIsNamedWithItsNodeAndImage) {
  const auto network_with = [&](const char* op, const std::vector<std::string>& inputs) {
    GraphBuilder builder = graph();
    builder.model.mutable_graph()->mutable_output(0)->set_name("y");
    builder.floats("half", {}, 0.5f);
    builder.floats("last", {10, 10});
    builder.node(op, inputs, {"f"});
    builder.node("MatMul", {"f", "last"}, {"y"});
    workplace_.write("endless.onnx", builder.model.SerializeAsString());
  };
  network_with("Pow", {"logits", "half"});
  refuse(
      "endless.onnx", {},
      "endless.onnx: node \"node_f\" (Pow): its value is nan on image 0 of fashion-mnist (train), "
      "expected finite numbers");
  network_with("Log", {"logits"});
  refuse("endless.onnx", {}, "node \"node_f\" (Log): its value is nan on image 0");
}

TEST_F(Import, OptionsThatHadNothingToActOnAreNamedInOneRemark) {
  const std::vector<std::string> given{
      "--bits", "4", "--bias-correction", "--coded", "bias", "--w-max", "0.001", "--json", "-"};
  const nlohmann::json plain = import("float.onnx", given).json();
  EXPECT_FALSE(plain.contains("remarks")) << plain.dump();
  EXPECT_EQ(plain.at("bias_correction"), true);
  EXPECT_EQ(import("float.onnx", {"--overwrite", "--json", "-"}).json().at("bias_correction"),
            false);

  workplace_.write("quantized.onnx", quantized_graph(true).model.SerializeAsString());
  std::vector<std::string> more = given;
  more.emplace_back("--overwrite");
  const nlohmann::json report = import("quantized.onnx", more).json();
  EXPECT_EQ(report.at("bias_correction"), false);
  // The usual options of these tests give --images, too.
  EXPECT_EQ(
      report.at("remarks"),
      nlohmann::json({"--bits, --w-max, --bias-correction, --coded bias, --images had nothing "
                      "to act on: the file's own scales and integers are kept"}));
}

TEST_F(Import, BiasesAreCorrectedBehindTheFilesOwnQuantizersToo) {
  workplace_.write("partly.onnx", quantized_graph(false).model.SerializeAsString());
  const nlohmann::json report =
      import("partly.onnx", {"--bias-correction", "--bits", "3", "--json", "-"}).json();
  EXPECT_EQ(report.at("quantized_file"), true);
  EXPECT_EQ(report.at("bias_correction"), true);
  EXPECT_FALSE(report.contains("remarks")) << report.dump();
}

TEST_F(Import, AFunctionMayBeInfiniteAtACodeThatNoNumberHas) {
  for (const float shift : {0.5f, 0.0f}) {
    GraphBuilder builder = graph();
    builder.model.mutable_graph()->mutable_output(0)->set_name("y");
    builder.floats("shift", {}, shift);
    builder.floats("s", {}, 0.1f);
    builder.bytes("z", {}, onnx::TensorProto::UINT8, 0);
    builder.node("Relu", {"logits"}, {"r"});
    builder.node("Add", {"r", "shift"}, {"a"});
    builder.node("QuantizeLinear", {"a", "s", "z"}, {"q"});
    builder.node("DequantizeLinear", {"q", "s", "z"}, {"d"});
    builder.node("Reciprocal", {"d"}, {"y"});
    workplace_.write("reciprocal.onnx", builder.model.SerializeAsString());
    if (shift > 0.0f) {
      const Outcome outcome = import("reciprocal.onnx", {});
      EXPECT_EQ(outcome.code, 0) << outcome.err;
      fs::remove(workplace_.folder() / "codes.onnx");
    } else {
      refuse("reciprocal.onnx", {}, "node \"node_y\" (Reciprocal): its value is inf on image");
    }
  }
}

TEST_F(Import, MoreImagesThanThereAreAreRefusedByTheOptionThatAsked) {
  const auto run = [&](const char* option) {
    return workplace_
        .run(BROWNOUT_BINARY, {"model", "import", "float.onnx", "--out", "codes.onnx", "--data",
                               "data", "--quiet", option, "5000"})
        .err;
  };
  EXPECT_NE(run("--images").find("error: --images: expected an integer in [1, 400]"),
            std::string::npos)
      << run("--images");
  const Outcome outcome = workplace_.run(
      BROWNOUT_BINARY, {"model", "import", "float.onnx", "--out", "codes.onnx", "--data", "data",
                        "--quiet", "--images", "50", "--test-images", "5000"});
  EXPECT_NE(outcome.err.find("error: --test-images: expected an integer in [1, 400]"),
            std::string::npos)
      << outcome.err;
  EXPECT_FALSE(fs::exists(workplace_.folder() / "codes.onnx"));
}

}  // namespace
}  // namespace brownout::end_to_end
