// SPDX-License-Identifier: Apache-2.0
// Test helper: ONNX files as other tools write them, node by node.
#pragma once

#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace brownout::importing {

class GraphBuilder {
 public:
  explicit GraphBuilder(int opset = 13) {
    model.set_ir_version(8);
    model.set_producer_name("a test");
    auto* set = model.add_opset_import();
    set->set_domain("");
    set->set_version(opset);
    model.mutable_graph()->set_name("graph");
  }

  /// An extent of -1 is left open.
  GraphBuilder& input(const std::string& name, const std::vector<std::int64_t>& dims) {
    auto* value = model.mutable_graph()->add_input();
    value->set_name(name);
    auto* type = value->mutable_type()->mutable_tensor_type();
    type->set_elem_type(onnx::TensorProto::FLOAT);
    for (const std::int64_t extent : dims) {
      auto* dim = type->mutable_shape()->add_dim();
      if (extent < 0) {
        dim->set_dim_param("open");
      } else {
        dim->set_dim_value(extent);
      }
    }
    return *this;
  }
  GraphBuilder& output(const std::string& name) {
    model.mutable_graph()->add_output()->set_name(name);
    return *this;
  }
  onnx::NodeProto& node(const std::string& op, const std::vector<std::string>& inputs,
                        const std::vector<std::string>& outputs) {
    auto* node = model.mutable_graph()->add_node();
    node->set_op_type(op);
    node->set_name(outputs.empty() ? "" : "node_" + outputs[0]);
    for (const std::string& name : inputs) node->add_input(name);
    for (const std::string& name : outputs) node->add_output(name);
    return *node;
  }
  onnx::TensorProto& floats(const std::string& name, const std::vector<std::int64_t>& dims,
                            float value = 0.5f) {
    onnx::TensorProto& tensor = add(name, dims, onnx::TensorProto::FLOAT);
    std::int64_t count = 1;
    for (const std::int64_t extent : dims) count *= extent;
    for (std::int64_t i = 0; i < count; ++i) tensor.add_float_data(value);
    return tensor;
  }
  onnx::TensorProto& integers(const std::string& name, const std::vector<std::int64_t>& data) {
    onnx::TensorProto& tensor =
        add(name, {static_cast<std::int64_t>(data.size())}, onnx::TensorProto::INT64);
    for (const std::int64_t value : data) tensor.add_int64_data(value);
    return tensor;
  }

  /// Of int8 or uint8.
  onnx::TensorProto& bytes(const std::string& name, const std::vector<std::int64_t>& dims, int type,
                           int value) {
    onnx::TensorProto& tensor = add(name, dims, type);
    std::int64_t count = 1;
    for (const std::int64_t extent : dims) count *= extent;
    for (std::int64_t i = 0; i < count; ++i) tensor.add_int32_data(value);
    return tensor;
  }

  std::filesystem::path write(const std::string& name = "graph.onnx") const {
    const std::filesystem::path file = std::filesystem::path(testing::TempDir()) / name;
    std::ofstream(file, std::ios::binary) << model.SerializeAsString();
    return file;
  }

  onnx::ModelProto model;

 private:
  onnx::TensorProto& add(const std::string& name, const std::vector<std::int64_t>& dims, int type) {
    auto* tensor = model.mutable_graph()->add_initializer();
    tensor->set_name(name);
    tensor->set_data_type(type);
    for (const std::int64_t extent : dims) tensor->add_dims(extent);
    return *tensor;
  }
};

inline void set_ints(onnx::NodeProto& node, const std::string& name,
                     const std::vector<std::int64_t>& values) {
  auto* attribute = node.add_attribute();
  attribute->set_name(name);
  attribute->set_type(onnx::AttributeProto::INTS);
  for (const std::int64_t value : values) attribute->add_ints(value);
}

inline void set_int(onnx::NodeProto& node, const std::string& name, std::int64_t value) {
  auto* attribute = node.add_attribute();
  attribute->set_name(name);
  attribute->set_type(onnx::AttributeProto::INT);
  attribute->set_i(value);
}

inline void set_text(onnx::NodeProto& node, const std::string& name, const std::string& value) {
  auto* attribute = node.add_attribute();
  attribute->set_name(name);
  attribute->set_type(onnx::AttributeProto::STRING);
  attribute->set_s(value);
}

/// What the call throws, or "".
template <typename Call>
std::string message_of(Call call) {
  try {
    call();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "";
}

}  // namespace brownout::importing
