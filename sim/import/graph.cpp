// SPDX-License-Identifier: Apache-2.0
// Reads the file's structure. Nothing in it is trusted.
#include "sim/import/graph.hpp"

#include <fmt/ranges.h>

#include <limits>
#include <set>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/base/text.hpp"
#include "sim/import/onnx_constants.hpp"
#include "sim/import/plain_operators.hpp"

namespace brownout::importing {

namespace fs = std::filesystem;

struct Graph::File {
  onnx::ModelProto model;
  std::map<std::string, const onnx::TensorProto*> tensors;  // initializers and Constant nodes
  std::map<std::string, Tensor> made;                       // Constant nodes without a tensor
  mutable ExternalFiles files;

  explicit File(const fs::path& network) : files(network.parent_path()) {}
};

namespace {

constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 31;  // protobuf's own limit

onnx::ModelProto parse(const fs::path& file) {
  const std::string bytes = read_file(file, kMostBytes);
  onnx::ModelProto model;
  if (bytes.empty() || bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()) ||
      !model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) || !model.has_graph()) {
    throw InputError(
        "{}: {} bytes that are no ONNX network: another format, or cut short or "
        "damaged",
        file.string(), bytes.size());
  }
  if (model.functions_size() > 0 || model.training_info_size() > 0) {
    throw InputError(
        "{}: the file has ONNX functions or training graphs, which cannot be read; "
        "expected a graph of ONNX's own operators",
        file.string());
  }
  return model;
}

Dims extents_of(const onnx::ValueInfoProto& value) {
  Dims dims;
  for (const auto& dim : value.type().tensor_type().shape().dim()) {
    dims.push_back(dim.has_dim_value() && dim.dim_value() > 0 ? dim.dim_value() : -1);
  }
  return dims;
}

GraphInput input_of(const onnx::ValueInfoProto& value) {
  GraphInput input{value.name(), extents_of(value), false, ""};
  const int type = value.type().tensor_type().elem_type();
  if (value.has_type() && !value.type().has_tensor_type()) {
    input.holds = "no tensor";
  } else if (type == onnx::TensorProto::UNDEFINED) {
    input.holds = "elements whose type is not stated";
  } else if (onnx::TensorProto::DataType_IsValid(type)) {
    input.holds = "elements of type " +
                  onnx::TensorProto::DataType_Name(static_cast<onnx::TensorProto::DataType>(type));
  } else {
    input.holds = fmt::format("elements of type {}", type);
  }
  for (const int one : {onnx::TensorProto::FLOAT, onnx::TensorProto::FLOAT16,
                        onnx::TensorProto::BFLOAT16, onnx::TensorProto::DOUBLE}) {
    input.is_float = input.is_float || type == one;
  }
  return input;
}

Attribute attribute_of(const onnx::AttributeProto& attribute, ExternalFiles& files,
                       const std::string& place) {
  switch (attribute.type()) {
    case onnx::AttributeProto::INT:
      return attribute.i();
    case onnx::AttributeProto::FLOAT:
      return attribute.f();
    case onnx::AttributeProto::STRING:
      return attribute.s();
    case onnx::AttributeProto::INTS:
      return std::vector<std::int64_t>(attribute.ints().begin(), attribute.ints().end());
    case onnx::AttributeProto::FLOATS:
      return std::vector<float>(attribute.floats().begin(), attribute.floats().end());
    case onnx::AttributeProto::TENSOR:
      return std::make_shared<const Tensor>(
          read_tensor(attribute.t(), files, place + ": attribute " + attribute.name()));
    default:
      return std::monostate();
  }
}

std::string op_of(const onnx::NodeProto& node) {
  const std::string& domain = node.domain();
  const bool known = domain.empty() || domain == "ai.onnx" || domain == "com.microsoft";
  return known ? node.op_type() : domain + "." + node.op_type();
}

std::string place_of(const fs::path& file, const std::string& name, const std::string& op) {
  return fmt::format("{}: node {} ({})", file.string(), in_quotes(name), printable(op));
}

Node node_of(const onnx::NodeProto& proto, const fs::path& file, ExternalFiles& files) {
  Node node;
  node.op = op_of(proto);
  node.inputs.assign(proto.input().begin(), proto.input().end());
  node.outputs.assign(proto.output().begin(), proto.output().end());
  node.name = proto.name();
  if (node.name.empty() && !node.outputs.empty()) node.name = node.outputs.front();
  node.place = place_of(file, node.name, node.op);
  if (node.outputs.empty()) throw InputError("{}: the node has no output", node.place);
  std::set<std::string> seen;
  for (const auto& attribute : proto.attribute()) {
    if (!seen.insert(attribute.name()).second)
      throw InputError("{}: attribute {} occurs twice", node.place, printable(attribute.name()));
    node.attributes.emplace(attribute.name(), attribute_of(attribute, files, node.place));
  }
  return node;
}

/// The value of a Constant node that is no tensor; none for other nodes.
std::optional<Tensor> constant_of(const Node& node) {
  if (const auto found = node.attributes.find("value_int"); found != node.attributes.end())
    return integer_tensor({}, {node.integer("value_int", 0)});
  if (const auto found = node.attributes.find("value_float"); found != node.attributes.end())
    return float_tensor({}, {node.number("value_float", 0.0f)});
  if (node.attributes.count("value_ints") > 0)
    return integer_tensor(node.integers("value_ints", {}));
  if (const auto found = node.attributes.find("value_floats"); found != node.attributes.end()) {
    if (const auto* numbers = std::get_if<std::vector<float>>(&found->second))
      return float_tensor({static_cast<std::int64_t>(numbers->size())}, *numbers);
  }
  return std::nullopt;
}

/// Orders nodes so that each comes after those whose values it reads; otherwise the file's order
/// stays.
std::vector<Node> in_order(const std::vector<Node>& nodes, const std::set<std::string>& known) {
  std::map<std::string, const Node*> computed_by;
  for (const Node& node : nodes) {
    for (const std::string& output : node.outputs) {
      if (output.empty()) continue;
      if (known.count(output) > 0 || !computed_by.emplace(output, &node).second) {
        throw InputError("{}: computes {}, which is computed elsewhere as well", node.place,
                         in_quotes(output));
      }
    }
  }
  for (const Node& node : nodes) {
    for (const std::string& input : node.inputs) {
      if (input.empty() || known.count(input) > 0 || computed_by.count(input) > 0) continue;
      throw InputError("{}: reads {}, which nothing computes", node.place, in_quotes(input));
    }
  }
  // How many inputs of each node are still missing, and who waits for a value.
  std::vector<std::size_t> missing(nodes.size(), 0);
  std::map<std::string, std::vector<std::size_t>> waiting;
  std::set<std::size_t> ready;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    for (const std::string& input : nodes[i].inputs) {
      if (input.empty() || known.count(input) > 0) continue;
      waiting[input].push_back(i);
      ++missing[i];
    }
    if (missing[i] == 0) ready.insert(i);
  }
  std::vector<Node> ordered;
  while (!ready.empty()) {
    const std::size_t i = *ready.begin();
    ready.erase(ready.begin());
    for (const std::string& output : nodes[i].outputs) {
      for (const std::size_t reader : waiting[output]) {
        if (--missing[reader] == 0) ready.insert(reader);
      }
    }
    ordered.push_back(nodes[i]);
  }
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (missing[i] > 0) throw InputError("{}: the node is part of a cycle", nodes[i].place);
  }
  return ordered;
}

}  // namespace

Graph Graph::read(const fs::path& file) {
  const auto content = std::make_shared<File>(file);
  content->model = parse(file);
  const onnx::GraphProto& proto = content->model.graph();

  Graph graph;
  graph.file_ = file;
  graph.producer_ = content->model.producer_name();
  for (const auto& opset : content->model.opset_import()) {
    if (opset.domain().empty() || opset.domain() == "ai.onnx") graph.opset_ = opset.version();
  }
  for (const auto& entry : content->model.metadata_props()) {
    graph.metadata_.emplace(entry.key(), entry.value());
  }

  std::set<std::string> known;
  for (const auto& tensor : proto.initializer()) {
    content->tensors.emplace(tensor.name(), &tensor);
    content->files.note(tensor);
    graph.constant_dims_.emplace(tensor.name(), Dims(tensor.dims().begin(), tensor.dims().end()));
    known.insert(tensor.name());
  }
  if (proto.sparse_initializer_size() > 0) {
    throw InputError("{}: sparse initializers cannot be read", file.string());
  }
  std::vector<Node> nodes;
  for (const auto& one : proto.node()) {
    if (op_of(one) == "Constant" && one.output_size() == 1) {
      const std::string& name = one.output(0);
      for (const auto& attribute : one.attribute()) {
        if (attribute.name() != "value" || !attribute.has_t()) continue;
        content->tensors.emplace(name, &attribute.t());
        graph.constant_dims_.emplace(
            name, Dims(attribute.t().dims().begin(), attribute.t().dims().end()));
      }
      if (content->tensors.count(name) == 0) {
        const Node node = node_of(one, file, content->files);
        std::optional<Tensor> made = constant_of(node);
        if (!made) throw InputError("{}: the constant has no value that can be read", node.place);
        graph.constant_dims_.emplace(name, made->dims);
        content->made.emplace(name, std::move(*made));
      }
      if (!known.insert(name).second) {
        throw InputError("{}: computes {}, which is computed elsewhere as well",
                         place_of(file, one.name(), "Constant"), in_quotes(name));
      }
      continue;
    }
    nodes.push_back(node_of(one, file, content->files));
  }
  for (const auto& input : proto.input()) {
    // Before IR 4, initializers were listed among the inputs.
    if (!known.insert(input.name()).second) continue;
    graph.inputs_.push_back(input_of(input));
  }
  graph.nodes_ = plain_operators(in_order(nodes, known));
  for (const auto& output : proto.output()) graph.outputs_.push_back(output.name());
  graph.content_ = content;
  return graph;
}

const Dims* Graph::constant_dims(const std::string& value) const {
  const auto found = constant_dims_.find(value);
  return found == constant_dims_.end() ? nullptr : &found->second;
}

std::string Graph::sha256() const {
  std::string all = sha256_hex(read_file(file_, kMostBytes));
  std::set<fs::path> beside;
  for (const auto& [name, tensor] : content_->tensors) {
    if (tensor->data_location() != onnx::TensorProto::EXTERNAL) continue;
    beside.insert(external_file(*tensor, file_.string()));
  }
  for (const fs::path& file : beside) all += ' ' + sha256_hex(content_->files.bytes(file));
  return beside.empty() ? all : sha256_hex(all);
}

Tensor Graph::constant(const std::string& value) const {
  const auto made = content_->made.find(value);
  if (made != content_->made.end()) return made->second;
  return read_tensor(*content_->tensors.at(value), content_->files,
                     fmt::format("{}: constant {}", file_.string(), in_quotes(value)));
}

namespace {

/// The attribute of this name; null when there is none.
template <typename T>
const T* find_attribute(const Node& node, const std::string& name, const char* expected) {
  const auto found = node.attributes.find(name);
  if (found == node.attributes.end()) return nullptr;
  const T* value = std::get_if<T>(&found->second);
  if (value == nullptr)
    throw InputError("{}: attribute {}: expected {}", node.place, name, expected);
  return value;
}

}  // namespace

std::int64_t Node::integer(const std::string& attribute, std::int64_t fallback) const {
  const auto* found = find_attribute<std::int64_t>(*this, attribute, "an integer");
  return found == nullptr ? fallback : *found;
}

float Node::number(const std::string& attribute, float fallback) const {
  const auto* found = find_attribute<float>(*this, attribute, "a number");
  return found == nullptr ? fallback : *found;
}

std::string Node::text(const std::string& attribute, const std::string& fallback) const {
  const auto* found = find_attribute<std::string>(*this, attribute, "a text");
  return found == nullptr ? fallback : *found;
}

std::vector<std::int64_t> Node::integers(const std::string& attribute,
                                         const std::vector<std::int64_t>& fallback) const {
  const auto* found = find_attribute<std::vector<std::int64_t>>(*this, attribute, "integers");
  return found == nullptr ? fallback : *found;
}

}  // namespace brownout::importing
