// SPDX-License-Identifier: Apache-2.0
// Wrong network files: one message each, which names the file and the place in it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/base/error.hpp"
#include "sim/network/formula.hpp"
#include "sim/network/onnx_file.hpp"
#include "tests/network/built_networks.hpp"
#include "tests/network/edit_onnx.hpp"
#include "tests/network/same_network.hpp"
#include "tests/network/small_network.hpp"

namespace brownout::network {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

class OnnxErrors : public testing::Test {
 protected:
  OnnxErrors() : file_(folder_.path() / "net.onnx") { write_onnx(small_network(), file_); }

  std::string message() const {
    return input_error([&] { read_onnx(file_); });
  }
  /// The message without the leading "<file>: ".
  std::string after(const std::function<void(onnx::ModelProto&)>& edit) const {
    edit_onnx(file_, edit);
    const std::string text = message();
    const std::string prefix = file_.string() + ": ";
    EXPECT_THAT(text, StartsWith(prefix));
    return text.substr(std::min(text.size(), prefix.size()));
  }
  static onnx::NodeProto& node(onnx::ModelProto& model, const std::string& name) {
    for (auto& found : *model.mutable_graph()->mutable_node()) {
      if (found.name() == name) return found;
    }
    throw std::out_of_range(name);
  }
  static onnx::TensorProto& tensor(onnx::ModelProto& model, const std::string& name) {
    for (auto& found : *model.mutable_graph()->mutable_initializer()) {
      if (found.name() == name) return found;
    }
    throw std::out_of_range(name);
  }
  static std::string& metadata(onnx::ModelProto& model, const std::string& key) {
    for (auto& found : *model.mutable_metadata_props()) {
      if (found.key() == key) return *found.mutable_value();
    }
    throw std::out_of_range(key);
  }
  static onnx::AttributeProto& attribute(onnx::NodeProto& node, const std::string& name) {
    for (auto& found : *node.mutable_attribute()) {
      if (found.name() == name) return found;
    }
    throw std::out_of_range(name);
  }

  TemporaryFolder folder_;
  std::filesystem::path file_;
};

TEST_F(OnnxErrors, NoneInTheFileItself) {
  EXPECT_EQ(message(), "no error");
  expect_same(small_network(), read_onnx(file_), "small");
}

TEST_F(OnnxErrors, MissingEmptyAndForeignFiles) {
  write_bytes(file_, "");
  EXPECT_THAT(message(), HasSubstr("net.onnx: the file is empty"));
  write_bytes(file_, "# just some text\n");
  EXPECT_THAT(message(), HasSubstr("net.onnx: 17 bytes that are no ONNX file"));
  std::filesystem::remove(file_);
  EXPECT_THAT(message(), HasSubstr("net.onnx"));
  EXPECT_NE(message(), "no error");
}

TEST_F(OnnxErrors, FilesCutShortAnywhere) {
  const std::string bytes = read_file(file_);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    write_bytes(file_, bytes.substr(0, size));
    ASSERT_THAT(message(), HasSubstr("net.onnx: ")) << "cut to " << size << " bytes";
  }
}

TEST_F(OnnxErrors, OnnxFromElsewhere) {
  const std::string text = after([](onnx::ModelProto& model) {
    model.clear_metadata_props();
    model.set_producer_name("pytorch");
  });
  EXPECT_THAT(text, AllOf(HasSubstr("by \"pytorch\" (opset 13, "), HasSubstr("brownout.format"),
                          HasSubstr("`brownout model import` makes a network of a float file")));
}

TEST_F(OnnxErrors, OtherFormatVersions) {
  EXPECT_EQ(after([](onnx::ModelProto& model) { metadata(model, "brownout.format") = "2"; }),
            "brownout.format is \"2\", expected \"1\"");
  write_onnx(small_network(), file_);
  EXPECT_EQ(after([](onnx::ModelProto& model) { model.mutable_opset_import(0)->set_version(17); }),
            "found ONNX IR 8 and opset 17, expected 8 and 13");
}

TEST_F(OnnxErrors, UnsupportedOperator) {
  EXPECT_THAT(after([](onnx::ModelProto& model) { node(model, "relu1").set_op_type("Selu"); }),
              AllOf(StartsWith("node \"relu1\" (Selu): operator Selu is not supported; supported: "
                               "Add, AveragePool, "),
                    HasSubstr("Where")));
  write_onnx(small_network(), file_);
  EXPECT_THAT(
      after([](onnx::ModelProto& model) { node(model, "relu1").set_domain("com.microsoft"); }),
      HasSubstr("operator com.microsoft.Relu is not supported"));
}

TEST_F(OnnxErrors, UnsupportedAttributes) {
  EXPECT_EQ(after([](onnx::ModelProto& model) {
              auto& added = *node(model, "conv1").add_attribute();
              added.set_name("dilations");
              added.set_type(onnx::AttributeProto::INTS);
              added.add_ints(0);
              added.add_ints(2);
            }),
            "node \"conv1\" (conv): has 0 as dilation, expected 1 to 1048576");
  write_onnx(small_network(), file_);
  EXPECT_EQ(after([](onnx::ModelProto& model) {
              auto& added = *node(model, "conv1").add_attribute();
              added.set_name("color");
              added.set_type(onnx::AttributeProto::INT);
            }),
            "node \"conv1\" (Conv): attribute color is not supported");
}

TEST_F(OnnxErrors, UnknownInputsAndCycles) {
  EXPECT_EQ(after([](onnx::ModelProto& model) { node(model, "relu1").set_input(0, "nowhere"); }),
            "node \"relu1\" (Relu): reads \"nowhere\", which nothing computes");
  write_onnx(small_network(), file_);
  EXPECT_EQ(after([](onnx::ModelProto& model) { node(model, "relu1").set_input(0, "q1"); }),
            "node \"relu1\" (Relu): reads \"q1\" before it is computed: the nodes are out of order "
            "or form a cycle");
  write_onnx(small_network(), file_);
  EXPECT_EQ(after([](onnx::ModelProto& model) { node(model, "relu1").set_output(0, "conv1"); }),
            "node \"relu1\" (Relu): \"conv1\" is defined twice");
}

TEST_F(OnnxErrors, WrongShapes) {
  EXPECT_EQ(after([](onnx::ModelProto& model) {
              tensor(model, "fc.weight").set_dims(0, 4);
              tensor(model, "fc.weight").set_dims(1, 6);
            }),
            "parameter \"fc.weight\" of node \"fc\" (linear): has shape [4, 6], expected [4, 8]");
  write_onnx(small_network(), file_);
  EXPECT_EQ(after([](onnx::ModelProto& model) { tensor(model, "fc.weight").set_dims(0, 4); }),
            "initializer \"fc.weight\": found 24 bytes of data, its dimensions [4, 8] expect 32");
  write_onnx(small_network(), file_);
  EXPECT_EQ(after([](onnx::ModelProto& model) {
              model.mutable_graph()
                  ->mutable_output(0)
                  ->mutable_type()
                  ->mutable_tensor_type()
                  ->mutable_shape()
                  ->mutable_dim(1)
                  ->set_dim_value(7);
            }),
            "node \"fc\" (linear): gives 3x1x1 logits, expected 7 classes x1x1");
}

TEST_F(OnnxErrors, HugeDimensions) {
  EXPECT_THAT(after([](onnx::ModelProto& model) {
                tensor(model, "fc.weight").set_dims(0, std::int64_t{1} << 62);
              }),
              HasSubstr("initializer \"fc.weight\": "));
  write_onnx(small_network(), file_);
  EXPECT_THAT(after([](onnx::ModelProto& model) {
                attribute(node(model, "conv1"), "pads").set_ints(0, std::int64_t{1} << 40);
              }),
              HasSubstr("node \"conv1\" (Conv): attribute pads holds 1099511627776"));
  write_onnx(small_network(), file_);
  EXPECT_THAT(after([](onnx::ModelProto& model) {
                for (int i = 0; i < 4; ++i) {
                  attribute(node(model, "conv1"), "pads").set_ints(i, 1 << 20);
                }
              }),
              HasSubstr("node \"conv1\" (conv): gives a value of "));
}

TEST_F(OnnxErrors, MetadataThatContradictsTheData) {
  const auto replace = [](std::string& text, const std::string& from, const std::string& to) {
    text.replace(text.find(from), from.size(), to);
  };
  EXPECT_EQ(after([&](onnx::ModelProto& model) {
              replace(metadata(model, "brownout.tensors"), "\"bits\":4", "\"bits\":3");
            }),
            "parameter \"conv1.bias\" of node \"conv1\" (conv): element 0 is n = -7, scheme rquant "
            "with 3 bits expects -3 to 3");
  write_onnx(small_network(), file_);
  EXPECT_EQ(after([&](onnx::ModelProto& model) {
              replace(metadata(model, "brownout.tensors"), "\"bits\":4", "\"bits\":9");
            }),
            "metadata brownout.tensors: \"conv1.bias\": found 9 bits, expected 1 to 8");
  write_onnx(small_network(), file_);
  EXPECT_EQ(after([&](onnx::ModelProto& model) {
              replace(metadata(model, "brownout.tensors"), "rquant", "magic");
            }),
            "metadata brownout.tensors: \"conv1.bias\": unknown quantization scheme \"magic\", "
            "expected one of: rquant, uniform, symmetric, asymmetric-signed, binary");
  write_onnx(small_network(), file_);
  EXPECT_EQ(after([&](onnx::ModelProto& model) {
              replace(metadata(model, "brownout.tensors"), "\"role\":\"bias\"",
                      "\"role\":\"scale\"");
            }),
            "node \"conv1\" (Conv): uses \"conv1.bias\" as its bias, brownout.tensors says scale");
  write_onnx(small_network(), file_);
  EXPECT_EQ(
      after([&](onnx::ModelProto& model) {
        replace(metadata(model, "brownout.tensors"), "conv1.bias", "conv9.bias");
      }),
      "node \"conv1.bias#scaled\" (DequantizeLinear): input 0 (\"conv1.bias\") is a constant, "
      "expected quantized codes or a tensor that brownout.tensors lists");
  write_onnx(small_network(), file_);
  EXPECT_EQ(after([&](onnx::ModelProto& model) {
              replace(metadata(model, "brownout.tensors"), "{",
                      R"({"extra":{"bits":8,"role":"bias","scheme":"rquant"},)");
            }),
            "brownout.tensors lists \"extra\", which is no parameter of an operator");
  write_onnx(small_network(), file_);
  EXPECT_EQ(after([&](onnx::ModelProto& model) { metadata(model, "brownout.input") = "{]"; }),
            "metadata brownout.input:1:2: not valid JSON: found \"]\"");
  write_onnx(small_network(), file_);
  EXPECT_EQ(after([&](onnx::ModelProto& model) {
              metadata(model, "brownout.input") = R"({"mean":[0],"std":[0]})";
            }),
            "input channel 0 has mean 0 and standard deviation 0, expected finite numbers, the "
            "second above 0");
}

TEST_F(OnnxErrors, BrokenDecoding) {
  const auto set_float = [](onnx::TensorProto& tensor, float value) {
    tensor.clear_raw_data();
    tensor.clear_float_data();
    tensor.add_float_data(value);
  };
  EXPECT_EQ(
      after([&](onnx::ModelProto& model) { set_float(tensor(model, "fc.weight#alpha"), -0.5f); }),
      "parameter \"fc.weight\" of node \"fc\" (linear): alpha is -0.5, expected a finite "
      "number of at least 0");
  write_onnx(small_network(), file_);
  EXPECT_EQ(after([&](onnx::ModelProto& model) {
              set_float(tensor(model, "fc.weight#beta"), std::numeric_limits<float>::infinity());
            }),
            "parameter \"fc.weight\" of node \"fc\" (linear): beta is inf, expected a finite "
            "number");
  write_onnx(small_network(), file_);
  EXPECT_THAT(after([&](onnx::ModelProto& model) { set_float(tensor(model, "q1#scale"), 0.0f); }),
              StartsWith("node \"q1\" (quantize): has scale 0, expected"));
  write_onnx(small_network(), file_);
  EXPECT_EQ(after([&](onnx::ModelProto& model) { set_float(tensor(model, "gn1#one"), 2.0f); }),
            "node \"gn1#gamma\" (Add): \"gn1#one\" is [2], expected [1]");
}

TEST_F(OnnxErrors, PartsLeftOver) {
  EXPECT_EQ(after([](onnx::ModelProto& model) {
              auto& extra = *model.mutable_graph()->add_initializer();
              extra.set_name("extra");
              extra.set_data_type(onnx::TensorProto::FLOAT);
            }),
            "\"extra\" (a constant) is never used");
  write_onnx(small_network(), file_);
  EXPECT_EQ(after([](onnx::ModelProto& model) {
              model.mutable_graph()->mutable_output(0)->set_name("q1");
            }),
            "its output \"q1\" is not what the last operator gives");
}

/// "n1" looks codes up, and the weights of "n4" have a decoding for each of two channels.
Network network_with_lookup() {
  Builder b({1, 2, 2}, 2);
  b.add(Quantize{0.1f, 3});
  b.add(Lookup{"x tanh", lookup_table(Formula("x tanh"), 0.1f, 3)});
  b.add(Quantize{0.1f, 3});
  b.add(Flatten{});
  const ParameterIndex weight =
      b.parameter(Role::kWeight, {2, 4}, Coding{Scheme::kUniform, 8, 1.0f, 0.0f});
  b.network().parameters[weight].channels = {{0.5f, 0.25f}, {2.0f, -1.0f}};
  b.add(Linear{weight, {}, 2});
  return b.network();
}

TEST_F(OnnxErrors, InLookupsAndDecodingsByChannel) {
  const auto with = [&](const std::function<void(onnx::ModelProto&)>& edit) {
    write_onnx(network_with_lookup(), file_);
    return after(edit);
  };
  write_onnx(network_with_lookup(), file_);
  expect_same(network_with_lookup(), read_onnx(file_), "lookup");
  const auto formulas = [](const std::string& text) {
    return [text](onnx::ModelProto& model) { metadata(model, "brownout.formulas") = text; };
  };
  EXPECT_THAT(with(formulas("{}")), HasSubstr("(Gather): brownout.formulas has no formula of it"));
  EXPECT_THAT(with(formulas("[1]")),
              HasSubstr("metadata brownout.formulas: expected a JSON object"));
  EXPECT_THAT(with(formulas("{\"n1\": 3}")),
              HasSubstr("brownout.formulas: \"n1\": expected a text"));
  EXPECT_THAT(with(formulas("{\"n1\": \"x tan\"}")), HasSubstr("neither a number nor a function"));
  EXPECT_THAT(with(formulas("{\"n1\": \"x\", \"n2\": \"x\"}")),
              HasSubstr("brownout.formulas lists \"n2\", which is no lookup"));
  EXPECT_THAT(with([](onnx::ModelProto& model) {
                auto& table = tensor(model, "n1#table");
                table.set_dims(0, 255);
                table.mutable_raw_data()->resize(255 * 4);
              }),
              HasSubstr("has a table of 255 numbers, expected 256"));
  EXPECT_THAT(
      with([](onnx::ModelProto& model) { attribute(node(model, "n1#index"), "to").set_i(7); }),
      HasSubstr("attribute to"));
  EXPECT_THAT(with([](onnx::ModelProto& model) {
                tensor(model, "n1#scale").mutable_raw_data()->assign("\x00\x00\x80\x3f", 4);
              }),
              HasSubstr("expected the same"));
  EXPECT_THAT(with([](onnx::ModelProto& model) {
                auto& beta = tensor(model, "p0#beta");
                beta.set_dims(0, 1);
                beta.mutable_raw_data()->resize(4);
              }),
              HasSubstr("has 1 elements, expected one for each of 2 alphas"));
}

}  // namespace
}  // namespace brownout::network
