// SPDX-License-Identifier: Apache-2.0
// Networks to ONNX: each node becomes the small group of operators that docs/network-file.md lists.
#include <cstring>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/base/json.hpp"
#include "sim/base/text.hpp"
#include "sim/base/utf8.hpp"
#include "sim/network/infer.hpp"
#include "sim/network/onnx_file.hpp"
#include "sim/network/onnx_format.hpp"

namespace brownout::network {

namespace {

using namespace onnx_format;
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "raw_data is little-endian");

template <typename T>
constexpr int data_type() {
  if constexpr (std::is_same_v<T, float>) return onnx::TensorProto::FLOAT;
  if constexpr (std::is_same_v<T, std::int8_t>) return onnx::TensorProto::INT8;
  if constexpr (std::is_same_v<T, std::uint8_t>) return onnx::TensorProto::UINT8;
  if constexpr (std::is_same_v<T, std::int64_t>) return onnx::TensorProto::INT64;
}

class GraphWriter {
 public:
  GraphWriter(const Network& network, onnx::GraphProto& graph) : network_(network), graph_(graph) {}

  void write(const Shapes& shapes) {
    graph_.set_name(network_.name);
    describe(*graph_.add_input(), kImage, network_.input, false);
    ValueTypes types{{network_.input, false, false}};
    for (const Node& node : network_.nodes) {
      types.push_back(infer(node, types, network_.name));
      type_ = types.back();
      node_ = &node;
      input_ = value_name(node.inputs[0]);
      std::visit([this](const auto& op) { emit(op); }, node.op);
    }
    describe(*graph_.add_output(), network_.nodes.back().name, shapes.back(), types.back().flat);
  }

 private:
  static void describe(onnx::ValueInfoProto& info, const std::string& name, const Shape& shape,
                       bool flat) {
    info.set_name(name);
    auto& tensor = *info.mutable_type()->mutable_tensor_type();
    tensor.set_elem_type(onnx::TensorProto::FLOAT);
    tensor.mutable_shape()->add_dim()->set_dim_param("N");
    tensor.mutable_shape()->add_dim()->set_dim_value(shape.channels);
    if (flat) return;
    tensor.mutable_shape()->add_dim()->set_dim_value(shape.height);
    tensor.mutable_shape()->add_dim()->set_dim_value(shape.width);
  }

  std::string value_name(ValueIndex value) const {
    return value == kInputImage ? kImage : network_.nodes[writer_of(value)].name;
  }
  std::string part(const char* what) const { return derived(node_->name, what); }

  template <typename T>
  std::string tensor(const std::string& name, const std::vector<std::int64_t>& dims,
                     const std::vector<T>& data) {
    onnx::TensorProto& out = *graph_.add_initializer();
    out.set_name(name);
    out.set_data_type(data_type<T>());
    for (const std::int64_t extent : dims) out.add_dims(extent);
    out.set_raw_data(data.data(), data.size() * sizeof(T));
    return name;
  }
  template <typename T>
  std::string scalar(const std::string& name, T value) {
    return tensor(name, {}, std::vector<T>{value});
  }
  template <typename T>
  std::string list(const std::string& name, const std::vector<T>& data) {
    return tensor(name, {static_cast<std::int64_t>(data.size())}, data);
  }

  /// Appends an ONNX node and returns it; its output has the node's own name unless one is given.
  onnx::NodeProto& operation(const char* type, const std::string& name,
                             const std::vector<std::string>& inputs,
                             const std::string& output = "") {
    onnx::NodeProto& out = *graph_.add_node();
    out.set_op_type(type);
    out.set_name(name);
    for (const std::string& input : inputs) out.add_input(input);
    out.add_output(output.empty() ? name : output);
    return out;
  }

  static onnx::AttributeProto& attribute(onnx::NodeProto& node, const char* name,
                                         onnx::AttributeProto::AttributeType type) {
    onnx::AttributeProto& out = *node.add_attribute();
    out.set_name(name);
    out.set_type(type);
    return out;
  }
  static void set(onnx::NodeProto& node, const char* name, std::int64_t value) {
    attribute(node, name, onnx::AttributeProto::INT).set_i(value);
  }
  static void set(onnx::NodeProto& node, const char* name, float value) {
    attribute(node, name, onnx::AttributeProto::FLOAT).set_f(value);
  }
  template <typename Range>
  static void set_list(onnx::NodeProto& node, const char* name, const Range& values) {
    auto& out = attribute(node, name, onnx::AttributeProto::INTS);
    for (const int value : values) out.add_ints(value);
  }
  template <typename Op>
  static void set_window(onnx::NodeProto& node, const Op& op) {
    set_list(node, "kernel_shape", op.kernel);
    set_list(node, "strides", op.stride);
    set_list(node, "pads", op.pads);  // ONNX, too: top, left, bottom, right
  }

  /// The names of alpha and beta: scalars, or one number for each slice of the first axis.
  std::pair<std::string, std::string> decodings(const Parameter& p) {
    const std::string alpha = derived(p.name, "alpha");
    const std::string beta = derived(p.name, "beta");
    if (p.channels.empty()) return {scalar(alpha, p.coding->alpha), scalar(beta, p.coding->beta)};
    std::vector<float> alphas;
    std::vector<float> betas;
    for (const Decoding& decoding : p.channels) {
      alphas.push_back(decoding.alpha);
      betas.push_back(decoding.beta);
    }
    std::vector<std::int64_t> column(p.shape.size(), 1);
    column[0] = p.shape[0];
    return {list(alpha, alphas), tensor(beta, column, betas)};
  }

  /// The name of the parameter's decoded value: fl(fl(alpha·n) + beta), or the plain values.
  std::string decoded(ParameterIndex index) {
    const Parameter& p = network_.parameters[index];
    if (!p.coding) return tensor(p.name, p.shape, p.values);
    tensor(p.name, p.shape, p.n);
    const auto [alpha, beta] = decodings(p);
    const std::string scaled = derived(p.name, "scaled");
    const std::string value = derived(p.name, "value");
    onnx::NodeProto& dequantize = operation("DequantizeLinear", scaled, {p.name, alpha});
    if (!p.channels.empty()) set(dequantize, "axis", std::int64_t{0});
    operation("Add", value, {scaled, beta});
    return value;
  }
  std::string decoded_scale(ParameterIndex index, bool reparameterized) {
    const std::string value = decoded(index);
    if (!reparameterized) return value;
    const std::string gamma = part("gamma");
    operation("Add", gamma, {value, scalar(part("one"), 1.0f)});
    return gamma;
  }

  void emit_matrix(const char* type, OptionalParameter weight, OptionalParameter bias) {
    std::vector<std::string> inputs{input_, decoded(*weight)};
    if (bias) inputs.push_back(decoded(*bias));
    matrix_ = &operation(type, node_->name, inputs);
  }
  void emit(const Conv2d& op) {
    emit_matrix("Conv", op.weight, op.bias);
    set(*matrix_, "group", std::int64_t{op.groups});
    set_window(*matrix_, op);
    if (op.dilation != std::array<int, 2>{1, 1}) set_list(*matrix_, "dilations", op.dilation);
  }
  void emit(const Linear& op) {
    emit_matrix("Gemm", op.weight, op.bias);
    set(*matrix_, "transB", std::int64_t{1});
  }

  /// Per-channel values for an image need two more axes.
  std::string per_channel(const std::string& value, const char* name) {
    if (type_.flat) return value;
    const std::string column = part(name);
    const std::string axes = list<std::int64_t>(derived(node_->name, name) + ".axes", {1, 2});
    operation("Unsqueeze", column, {value, axes});
    return column;
  }

  /// The input with its channels last, so that the channels of a pixel lie one after the other.
  std::string pixels_last() {
    set_list(operation("Transpose", part("pixels"), {input_}), "perm", kChannelsLast);
    return part("pixels");
  }
  std::vector<std::int64_t> grouping(const GroupNorm& op) const {
    if (op.each_pixel) return {-1, op.groups, type_.shape.channels / op.groups};
    return {0, op.groups, -1};
  }
  std::vector<std::int64_t> ungrouped_layout(const GroupNorm& op) const {
    const Shape& shape = type_.shape;
    if (op.each_pixel) return {-1, shape.height, shape.width, shape.channels};
    if (type_.flat) return {0, shape.channels};
    return {0, shape.channels, shape.height, shape.width};
  }

  void emit(const GroupNorm& op) {
    const std::size_t groups = op.groups;
    const bool scaled = op.scale.has_value();
    const bool shifted = op.shift.has_value();

    operation("Reshape", part("grouped"),
              {op.each_pixel ? pixels_last() : input_, list(part("groups"), grouping(op))});
    onnx::NodeProto& norm =
        operation("InstanceNormalization", node_->name,
                  {part("grouped"), list(part("ones"), std::vector<float>(groups, 1.0f)),
                   list(part("zeros"), std::vector<float>(groups, 0.0f))},
                  part("normalized"));
    set(norm, "epsilon", op.eps);
    const std::string plain = scaled || shifted ? part("plain") : node_->name;
    if (op.each_pixel) {
      operation("Reshape", part("ungrouped"),
                {part("normalized"), list(part("layout"), ungrouped_layout(op))});
      onnx::NodeProto& back = operation("Transpose", part("ungroup"), {part("ungrouped")}, plain);
      set_list(back, "perm", kChannelsFirst);
    } else {
      operation("Reshape", part("ungroup"),
                {part("normalized"), list(part("layout"), ungrouped_layout(op))}, plain);
    }
    const std::string product = shifted ? part("product") : node_->name;
    if (scaled) {
      const std::string gamma =
          per_channel(decoded_scale(*op.scale, op.reparameterized), "gamma_column");
      operation("Mul", part("scale"), {plain, gamma}, product);
    }
    if (shifted) {
      const std::string shift = per_channel(decoded(*op.shift), "shift_column");
      operation("Add", part("shift"), {scaled ? product : plain, shift}, node_->name);
    }
  }

  void emit(const BatchNorm& op) {
    const std::size_t channels = type_.shape.channels;
    const std::string scale = op.scale ? decoded_scale(*op.scale, op.reparameterized)
                                       : list(part("ones"), std::vector<float>(channels, 1.0f));
    const std::string shift =
        op.shift ? decoded(*op.shift) : list(part("zeros"), std::vector<float>(channels, 0.0f));
    onnx::NodeProto& norm = operation(
        "BatchNormalization", node_->name,
        {input_, scale, shift, list(part("mean"), op.mean), list(part("variance"), op.variance)});
    set(norm, "epsilon", op.eps);
  }

  void emit(const LocalResponseNorm& op) {
    onnx::NodeProto& norm = operation("LRN", node_->name, {input_});
    set(norm, "size", std::int64_t{op.size});
    set(norm, "alpha", op.alpha);
    set(norm, "beta", 0.25f * static_cast<float>(op.quarters));
    set(norm, "bias", op.bias);
  }
  void emit(const Relu&) { operation("Relu", node_->name, {input_}); }

  /// y > 0 ? 1 : -1, whereas ONNX's own Sign gives 0 at 0.
  void emit(const Sign&) {
    operation("Greater", part("positive"), {input_, scalar(part("zero"), 0.0f)});
    operation("Where", node_->name,
              {part("positive"), scalar(part("one"), 1.0f), scalar(part("minus_one"), -1.0f)});
  }
  void emit(const Clip& op) {
    operation("Clip", node_->name,
              {input_, scalar(part("low"), op.low), scalar(part("high"), op.high)});
  }
  void emit(const PRelu& op) {
    std::vector<std::int64_t> dims{static_cast<std::int64_t>(op.slope.size())};
    if (!type_.flat) dims.insert(dims.end(), {1, 1});
    operation("PRelu", node_->name, {input_, tensor(part("slope"), dims, op.slope)});
  }
  /// The codes again, as positions in the table.
  void emit(const Lookup& op) {
    const Quantize& quantize = quantizer_of(network_, node_->inputs[0]);
    const std::string scale = scalar(part("scale"), quantize.scale);
    const std::string zero =
        scalar(part("zero_point"), static_cast<std::uint8_t>(quantize.zero_point));
    operation("QuantizeLinear", part("codes"), {input_, scale, zero});
    set(operation("Cast", part("index"), {part("codes")}), "to",
        std::int64_t{onnx::TensorProto::INT32});
    operation("Gather", node_->name, {list(part("table"), op.table), part("index")});
  }
  void emit(const MaxPool& op) { set_window(operation("MaxPool", node_->name, {input_}), op); }
  void emit(const AveragePool& op) {
    onnx::NodeProto& pool = operation("AveragePool", node_->name, {input_});
    set_window(pool, op);
    set(pool, "count_include_pad", std::int64_t{op.count_pad});
  }
  void emit(const Flatten&) { operation("Flatten", node_->name, {input_}); }
  void emit(const Unflatten&) {
    operation("Unsqueeze", node_->name,
              {input_, list<std::int64_t>(part("axes"), std::vector<std::int64_t>{2, 3})});
  }
  void emit(const SelectChannels& op) {
    const std::vector<std::int64_t> channels(op.channels.begin(), op.channels.end());
    set(operation("Gather", node_->name, {input_, list(part("channels"), channels)}), "axis",
        std::int64_t{1});
  }
  void emit(const Concat&) {
    std::vector<std::string> inputs;
    for (const ValueIndex value : node_->inputs) inputs.push_back(value_name(value));
    set(operation("Concat", node_->name, inputs), "axis", std::int64_t{1});
  }
  void emit(const Multiply&) {
    operation("Mul", node_->name, {input_, value_name(node_->inputs[1])});
  }
  /// Every quantize has its DequantizeLinear; this says that the numbers are wanted.
  void emit(const Dequantize&) { operation("Identity", node_->name, {input_}); }
  void emit(const Add&) { operation("Add", node_->name, {input_, value_name(node_->inputs[1])}); }
  void emit(const Quantize& op) {
    const std::string scale = scalar(part("scale"), op.scale);
    const std::string zero = scalar(part("zero_point"), static_cast<std::uint8_t>(op.zero_point));
    operation("QuantizeLinear", node_->name, {input_, scale, zero}, part("codes"));
    operation("DequantizeLinear", part("dequantize"), {part("codes"), scale, zero}, node_->name);
  }

  const Network& network_;
  onnx::GraphProto& graph_;
  const Node* node_ = nullptr;  // the node being written, the type of its value, its first input
  ValueType type_;
  std::string input_;
  onnx::NodeProto* matrix_ = nullptr;
};

std::string tensors_json(const Network& network) {
  nlohmann::json tensors = nlohmann::json::object();
  for (const Parameter& p : network.parameters) {
    if (!p.coding) continue;
    tensors[p.name] = {{"scheme", to_string(p.coding->scheme)},
                       {"bits", p.coding->bits},
                       {"role", to_string(p.role)}};
  }
  return json_text(tensors);
}

/// The formulas of lookups by their nodes, or "".
std::string formulas_json(const Network& network) {
  nlohmann::json formulas = nlohmann::json::object();
  for (const Node& node : network.nodes) {
    if (const auto* lookup = std::get_if<Lookup>(&node.op)) formulas[node.name] = lookup->formula;
  }
  return formulas.empty() ? "" : json_text(formulas);
}

void write_metadata(const Network& network, const std::string& where, onnx::ModelProto& model) {
  const auto add = [&](const std::string& key, const std::string& value) {
    auto& entry = *model.add_metadata_props();
    entry.set_key(key);
    entry.set_value(value);
  };
  add(kFormatKey, kFormat);
  const nlohmann::json input = {{"mean", network.transform.mean}, {"std", network.transform.std}};
  add(kInputKey, json_text(input));
  for (const auto& [key, value] : network.metadata) {
    if (utf8_length(key) < key.size() || utf8_length(value) < value.size()) {
      throw InputError("{}: metadata entry {} is not valid UTF-8", where, in_quotes(key));
    }
    add(kMetaPrefix + key, value);
  }
  const std::string formulas = formulas_json(network);
  if (!formulas.empty()) add(kFormulasKey, formulas);
  add(kTensorsKey, tensors_json(network));
}

}  // namespace

void write_onnx(const Network& network, const std::filesystem::path& path) {
  const std::string where = path.string();
  const Shapes shapes = check(network, where);
  if (network.name.empty()) throw InputError("{}: the network has no name", where);
  onnx::ModelProto model;
  model.set_ir_version(kIrVersion);
  model.set_producer_name("brownout");
  auto& opset = *model.add_opset_import();
  opset.set_domain("");
  opset.set_version(kOpset);
  write_metadata(network, where, model);
  GraphWriter(network, *model.mutable_graph()).write(shapes);
  std::string bytes;
  if (!model.SerializeToString(&bytes)) {
    throw InputError("{}: the network does not fit an ONNX file (2 GiB)", where);
  }
  write_file_atomically(path, bytes);
}

}  // namespace brownout::network
