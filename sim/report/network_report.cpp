// SPDX-License-Identifier: Apache-2.0
// Layers with shapes, parameters with codings, totals and metadata, as text and as JSON.
#include "sim/report/network_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "sim/arithmetic/decode.hpp"
#include "sim/base/text.hpp"
#include "sim/report/table.hpp"

namespace brownout::report {

using Json = nlohmann::ordered_json;
using network::Network;

namespace {

/// A value of several lines: each is printable, and all but the first are indented further.
std::string indented(const std::string& value) {
  std::string text;
  for (std::size_t begin = 0; begin <= value.size();) {
    const std::size_t end = std::min(value.find('\n', begin), value.size());
    if (begin > 0 && begin < value.size()) text += "\n    ";
    text += printable(std::string_view(value).substr(begin, end - begin));
    begin = end + 1;
  }
  return text;
}

struct Layer {
  std::string name, op, details;
  network::Shape output;
  std::int64_t parameters = 0;
  std::int64_t macs = 0;  // multiply–adds an image
};

std::string joined(const std::vector<std::int64_t>& numbers, const char* between) {
  std::string text;
  for (const std::int64_t n : numbers) text += (text.empty() ? "" : between) + fmt::format("{}", n);
  return text;
}

template <typename Op>
std::string window_text(const Op& op) {
  std::string text = fmt::format("{}x{}", op.kernel[0], op.kernel[1]);
  if (op.stride != std::array<int, 2>{1, 1}) {
    text += fmt::format(" stride {}x{}", op.stride[0], op.stride[1]);
  }
  const bool padded = std::any_of(op.pads.begin(), op.pads.end(), [](int p) { return p != 0; });
  if (padded) {
    text += fmt::format(" pad {},{},{},{}", op.pads[0], op.pads[1], op.pads[2], op.pads[3]);
  }
  return text;
}

struct Details {
  std::string operator()(const network::Conv2d& op) const {
    const bool dilated = op.dilation != std::array<int, 2>{1, 1};
    return window_text(op) +
           (dilated ? fmt::format(" dilation {}x{}", op.dilation[0], op.dilation[1]) : "") +
           (op.groups > 1 ? fmt::format(" groups {}", op.groups) : "");
  }
  std::string operator()(const network::Linear&) const { return ""; }
  std::string operator()(const network::GroupNorm& op) const {
    return fmt::format("{} groups{}", op.groups, op.reparameterized ? ", scale 1 + a" : "");
  }
  std::string operator()(const network::LocalResponseNorm& op) const {
    return fmt::format("{} channels, exponent {}", op.size, 0.25 * op.quarters);
  }
  std::string operator()(const network::BatchNorm& op) const {
    return op.reparameterized ? "scale 1 + a" : "";
  }
  std::string operator()(const network::Clip& op) const {
    const bool hardtanh = op.low == -1.0f && op.high == 1.0f;
    return hardtanh ? "" : fmt::format("{:.5g} to {:.5g}", op.low, op.high);
  }
  std::string operator()(const network::PRelu& op) const {
    return op.slope.size() == 1 ? fmt::format("slope {:.5g}", op.slope[0])
                                : fmt::format("{} slopes", op.slope.size());
  }
  std::string operator()(const network::Lookup& op) const { return op.formula; }
  std::string operator()(const network::SelectChannels& op) const {
    return fmt::format("{} channels", op.channels.size());
  }
  std::string operator()(const network::MaxPool& op) const { return window_text(op); }
  std::string operator()(const network::AveragePool& op) const { return window_text(op); }
  std::string operator()(const network::Quantize& op) const {
    return fmt::format("scale {:.5g}, zero {}", op.scale, op.zero_point);
  }
  template <typename Op>
  std::string operator()(const Op&) const {
    return "";
  }
};

std::vector<Layer> layers_of(const experiment::Model& model) {
  const Network& net = *model.network;
  const network::Shapes shapes = network::check(net, model.file.string());
  std::vector<Layer> layers;
  for (const network::NodeIndex i : net.nodes.indices()) {
    const network::Node& node = net.nodes[i];
    Layer layer;
    layer.name = node.name;
    layer.op = network::operator_name(node.op);
    layer.details = std::visit(Details{}, node.op);
    layer.output = shapes[network::value_of(i)];
    for (const network::ParameterIndex index : network::parameters_of(node.op)) {
      const network::Parameter& parameter = net.parameters[index];
      layer.parameters += parameter.size();
      // Every output pixel uses every weight of the matrix once (of its group).
      if (parameter.role == network::Role::kWeight) {
        layer.macs = parameter.size() * layer.output.height * layer.output.width;
      }
    }
    layers.push_back(std::move(layer));
  }
  return layers;
}

std::int64_t total_macs(const std::vector<Layer>& layers) {
  std::int64_t sum = 0;
  for (const Layer& layer : layers) sum += layer.macs;
  return sum;
}

std::string shape_text(const network::Shape& shape) {
  return fmt::format("{}x{}x{}", shape.channels, shape.height, shape.width);
}

/// Smallest and largest decoded value.
std::pair<float, float> range_of(const network::Parameter& parameter) {
  const std::vector<float> values = arithmetic::decode_parameter(parameter, parameter.n);
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  return {*low, *high};
}

/// One number, or a list of one for each output channel.
Json decodings_json(const network::Parameter& parameter, float network::Decoding::*number) {
  if (parameter.channels.empty()) {
    const network::Decoding one{parameter.coding->alpha, parameter.coding->beta};
    return one.*number;
  }
  Json all = Json::array();
  for (const network::Decoding& decoding : parameter.channels) all.push_back(decoding.*number);
  return all;
}

}  // namespace

std::string network_text(const experiment::Model& model) {
  const Network& net = *model.network;
  const std::vector<Layer> layers = layers_of(model);
  std::string out = fmt::format(
      "{}\n{}\ninput {} (channels x height x width), {} classes\n"
      "{} weights in faulty memory ({}), {} cells ({:.1f} KiB), {:.2f} million multiply-adds an "
      "image\n\n",
      model.name, model.file.string(), shape_text(net.input), net.classes, net.coded_parameters(),
      net.bits() == 0 ? "mixed widths" : fmt::format("{} bit", net.bits()), net.coded_bits(),
      static_cast<double>(net.coded_bits()) / 8192.0,
      static_cast<double>(total_macs(layers)) / 1e6);

  Table table({"layer", "operator", "", "output", "parameters", "multiply-adds"}, {0, 1, 2});
  for (const Layer& layer : layers) {
    table.add({layer.name, layer.op, layer.details, shape_text(layer.output),
               layer.parameters > 0 ? fmt::format("{}", layer.parameters) : "",
               layer.macs > 0 ? fmt::format("{}", layer.macs) : ""});
  }
  out += table.text() + "\n";

  Table parameters({"parameter", "role", "shape", "coding", "alpha", "beta", "lowest", "highest"},
                   {0, 1, 3});
  for (const network::Parameter& parameter : net.parameters) {
    const auto [low, high] = range_of(parameter);
    const bool coded = parameter.coding.has_value();
    const bool by_channel = !parameter.channels.empty();
    parameters.add({parameter.name, network::to_string(parameter.role),
                    joined(parameter.shape, "x"),
                    coded ? fmt::format("{} {} bit", network::to_string(parameter.coding->scheme),
                                        parameter.coding->bits)
                          : "fp32",
                    by_channel ? "by channel"
                    : coded    ? fmt::format("{:.5g}", parameter.coding->alpha)
                               : "",
                    by_channel ? "by channel"
                    : coded    ? fmt::format("{:.5g}", parameter.coding->beta)
                               : "",
                    fmt::format("{:.4g}", low), fmt::format("{:.4g}", high)});
  }
  out += parameters.text();
  if (!net.metadata.empty()) out += "\nmetadata\n";
  for (const auto& [key, value] : net.metadata)
    out += fmt::format("  {}: {}\n", printable(key), indented(value));
  return out;
}

std::string network_json(const experiment::Model& model) {
  const Network& net = *model.network;
  const std::vector<Layer> layers = layers_of(model);
  Json json;
  json["model"] = model.name;
  json["model_file"] = model.file.string();
  json["model_sha256"] = model.sha256;
  json["input"] = {{"channels", net.input.channels},
                   {"height", net.input.height},
                   {"width", net.input.width},
                   {"mean", net.transform.mean},
                   {"std", net.transform.std}};
  json["classes"] = net.classes;
  json["bits"] = net.bits() == 0 ? Json(nullptr) : Json(net.bits());
  json["weights"] = net.coded_parameters();
  json["cells"] = net.coded_bits();
  json["macs"] = total_macs(layers);
  json["layers"] = Json::array();
  for (const Layer& layer : layers) {
    json["layers"].push_back(
        {{"name", layer.name},
         {"operator", layer.op},
         {"details", layer.details},
         {"output", {layer.output.channels, layer.output.height, layer.output.width}},
         {"parameters", layer.parameters},
         {"macs", layer.macs}});
  }
  json["parameters"] = Json::array();
  for (const network::Parameter& parameter : net.parameters) {
    const auto [low, high] = range_of(parameter);
    Json entry = {{"name", parameter.name},
                  {"role", network::to_string(parameter.role)},
                  {"shape", parameter.shape},
                  {"size", parameter.size()}};
    const bool coded = parameter.coding.has_value();
    entry["scheme"] = coded ? Json(network::to_string(parameter.coding->scheme)) : Json(nullptr);
    entry["bits"] = coded ? Json(parameter.coding->bits) : Json(nullptr);
    entry["alpha"] = coded ? decodings_json(parameter, &network::Decoding::alpha) : Json(nullptr);
    entry["beta"] = coded ? decodings_json(parameter, &network::Decoding::beta) : Json(nullptr);
    entry["lowest"] = low;
    entry["highest"] = high;
    json["parameters"].push_back(std::move(entry));
  }
  json["metadata"] = net.metadata;
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace brownout::report
