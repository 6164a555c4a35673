// SPDX-License-Identifier: Apache-2.0
// Operators of architecture files. If something does not fit, the message names the place of the
// key.
#include "trainers/method/layer_builder.hpp"

#include <fmt/ranges.h>

#include <algorithm>

#include "sim/base/error.hpp"

namespace brownout::trainers {
namespace {

using network::Role;
using network::Shape;

constexpr std::int64_t kMaxCount = 1 << 20;                 // as network::check
constexpr std::int64_t kMaxValues = std::int64_t{1} << 28;  // of one value or tensor
constexpr char kBlockInput[] = "$input";

const std::vector<std::string> kOperators = {"conv",          "linear",        "norm",    "relu",
                                             "sign",          "hardtanh",      "maxpool", "avgpool",
                                             "globalmaxpool", "globalavgpool", "flatten", "add"};

/// RandBET's rule: the first g of min(32, 24, 16, 8; C/2) that divides C.
int norm_groups(int channels) {
  for (const int limit : {32, 24, 16, 8}) {
    const int groups = std::min(limit, channels / 2);
    if (groups > 0 && channels % groups == 0) return groups;
  }
  return 1;
}

bool is_digits(const std::string& text) {
  return !text.empty() && text.size() <= 6 && text[0] != '0' &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// The factors of a count, or none when the text is no count.
std::vector<std::string> factors_of(const std::string& text) {
  std::vector<std::string> factors;
  for (std::size_t first = 0; first <= text.size();) {
    const std::size_t end = std::min(text.find('*', first), text.size());
    std::string factor = text.substr(first, end - first);
    first = end + 1;
    if (factor.size() > 1 && factor.back() == 'w') {  // 4w is 4*w
      factor.pop_back();
      if (!is_digits(factor)) return {};
      factors.push_back("w");
    }
    if (!is_digits(factor) && factor != "w" && factor != "in") return {};
    factors.push_back(factor);
  }
  return factors;
}

std::string extents(const Shape& shape) {
  return fmt::format("{} x {} x {}", shape.channels, shape.height, shape.width);
}

int extent(const YamlMap& layer, int size, int kernel, int stride, int pad) {
  const int span = size + 2 * pad - kernel;
  if (span < 0) {
    layer.fail(
        "op", fmt::format("a window of {} does not fit {} pixels padded by {}", kernel, size, pad));
  }
  return span / stride + 1;
}

}  // namespace

const std::vector<std::string>& norm_kinds() {
  static const std::vector<std::string> kinds = {"none", "group", "fixed-group", "batch",
                                                 "fixed-batch"};
  return kinds;
}

const std::vector<std::string>& activation_kinds() {
  static const std::vector<std::string> kinds = {"relu", "sign", "hardtanh"};
  return kinds;
}

LayerBuilder::LayerBuilder(Architecture& net, LayerDefaults defaults)
    : net_(net), defaults_(std::move(defaults)), flat_{false} {}

std::string LayerBuilder::name_of(YamlMap& layer, const std::string& base, LayerScope& scope) {
  std::string name = base + std::to_string(++scope.of[base]);
  if (layer.has("name")) {
    name = layer.name("name");
    const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             c == '_' || c == '-';
    });
    if (!plain || name == "image") {
      layer.fail("name",
                 "expected letters, digits, _ and -, and not \"image\", got \"" + name + "\"");
    }
  }
  if (scope.at.count(name) != 0) layer.fail("name", "the name \"" + name + "\" is taken");
  return name;
}

void LayerBuilder::add(YamlMap& layer, LayerScope& scope) {
  const std::string& op = kOperators[static_cast<std::size_t>(layer.choice("op", kOperators))];
  const std::string own = name_of(layer, op, scope);
  const std::string name = scope.prefix + own;
  const network::ValueIndex from = layer.has("input") ? value(layer, "input", scope) : last_;
  if (is_image(from) && op != "conv" && op != "flatten" && op != "linear") need_values(layer);
  last_ = from;  // what a layer without operators (norm: none) gives
  if (op == "conv") conv(layer, name, from);
  if (op == "linear") linear(layer, name, from);
  if (op == "norm") norm(layer, name, "kind", from);
  if (op == "relu" || op == "sign" || op == "hardtanh") activation(name, op, from);
  if (op == "maxpool" || op == "avgpool" || op == "globalmaxpool" || op == "globalavgpool") {
    need_image(layer, from);
  }
  if (op == "maxpool") pool<network::MaxPool>(layer, name, from);
  if (op == "avgpool") pool<network::AveragePool>(layer, name, from);
  if (op == "globalmaxpool") global_pool<network::MaxPool>(name, from);
  if (op == "globalavgpool") global_pool<network::AveragePool>(name, from);
  if (op == "flatten") {
    push(name, network::Flatten{}, {from}, {static_cast<int>(shape(from).size()), 1, 1}, true);
  }
  if (op == "add") residual(layer, name, from, scope);
  // Shorthand: a norm and an activation directly after the operator.
  if (is_image(last_) && (layer.has("norm") || layer.has("activation"))) need_values(layer);
  if (op != "norm" && layer.has("norm")) norm(layer, name + ".norm", "norm", last_);
  if (layer.has("activation")) {
    std::vector<std::string> kinds = activation_kinds();
    kinds.insert(kinds.begin(), "none");
    const std::string& kind = kinds[static_cast<std::size_t>(layer.choice("activation", kinds))];
    if (kind != "none") activation(name + "." + kind, kind, last_);
  }
  scope.at[own] = last_;
}

void LayerBuilder::conv(YamlMap& layer, const std::string& name, network::ValueIndex from) {
  need_image(layer, from);
  const Shape in = shape(from);
  network::Conv2d op;
  const int kernel = static_cast<int>(layer.integer("kernel", 1, 64, 3));
  const int stride = static_cast<int>(layer.integer("stride", 1, 64, 1));
  const int pad = static_cast<int>(layer.integer("pad", 0, 63, kernel / 2));
  op.out_channels = count(layer, "channels", from);
  op.groups = layer.has("groups") ? count(layer, "groups", from) : 1;
  if (in.channels % op.groups != 0 || op.out_channels % op.groups != 0) {
    layer.fail("groups", fmt::format("{} does not divide {} input and {} output channels",
                                     op.groups, in.channels, op.out_channels));
  }
  op.kernel = {kernel, kernel};
  op.stride = {stride, stride};
  op.pads = {pad, pad, pad, pad};
  const std::int64_t products = std::int64_t{in.channels / op.groups} * kernel * kernel;
  if (products > kMaxValues / op.out_channels) {
    layer.fail("channels", fmt::format("{} filters of {} weights are more than 2^28 weights",
                                       op.out_channels, products));
  }
  op.weight = parameter(name + ".weight", Role::kWeight,
                        {op.out_channels, in.channels / op.groups, kernel, kernel});
  if (layer.boolean("bias", true)) {
    op.bias = parameter(name + ".bias", Role::kBias, {op.out_channels});
  }
  const Shape out = {op.out_channels, extent(layer, in.height, kernel, stride, pad),
                     extent(layer, in.width, kernel, stride, pad)};
  if (out.size() > kMaxValues) {
    layer.fail("channels", "an image of " + extents(out) + " has more than 2^28 values");
  }
  push(name, op, {from}, out, false);
}

void LayerBuilder::linear(YamlMap& layer, const std::string& name, network::ValueIndex from) {
  const Shape in = shape(from);
  if (!flat_[from]) {
    layer.fail("op", fmt::format("linear needs a flat input, found {}; put a flatten before it",
                                 extents(in)));
  }
  network::Linear op;
  op.out_features =
      layer.text("features") == "classes" ? net_.classes : count(layer, "features", from);
  if (in.channels > kMaxValues / op.out_features) {
    layer.fail("features",
               fmt::format("{} x {} are more than 2^28 weights", op.out_features, in.channels));
  }
  op.weight = parameter(name + ".weight", Role::kWeight, {op.out_features, in.channels});
  if (layer.boolean("bias", true)) {
    op.bias = parameter(name + ".bias", Role::kBias, {op.out_features});
  }
  push(name, op, {from}, {op.out_features, 1, 1}, true);
}

void LayerBuilder::norm(YamlMap& layer, const std::string& name, const std::string& key,
                        network::ValueIndex from) {
  std::vector<std::string> kinds = norm_kinds();
  kinds.push_back("default");
  const auto fallback =
      key == "kind" ? std::optional<int>(static_cast<int>(kinds.size()) - 1) : std::nullopt;
  std::string kind = kinds[static_cast<std::size_t>(layer.choice(key, kinds, fallback))];
  if (kind == "default") kind = defaults_.norm;
  if (kind != "none" && defaults_.only_norm) kind = *defaults_.only_norm;
  const Shape in = shape(from);
  // fp32's smallest normal number is the smallest that network::check accepts as above 0.
  const float eps = static_cast<float>(layer.number("eps", 1e-37, 1.0, 1e-5));
  bool reparameterized = layer.boolean("reparameterized", defaults_.reparameterized);
  if (defaults_.only_reparameterized) reparameterized = *defaults_.only_reparameterized;
  const int groups =
      layer.has("norm_groups") ? count(layer, "norm_groups", from) : norm_groups(in.channels);
  if (in.channels % groups != 0) {
    layer.fail("norm_groups", fmt::format("{} does not divide {} channels", groups, in.channels));
  }
  if (kind == "none") return;
  network::OptionalParameter scale;
  network::OptionalParameter shift;
  if (kind == "group" || kind == "batch") {
    scale = parameter(name + ".scale", Role::kScale, {in.channels});
    shift = parameter(name + ".shift", Role::kShift, {in.channels});
  }
  const bool flat = flat_[from];
  if (kind == "group" || kind == "fixed-group") {
    push(name, network::GroupNorm{scale, shift, groups, eps, reparameterized}, {from}, in, flat);
    return;
  }
  network::BatchNorm op{scale, shift, eps, reparameterized, {}, {}};
  op.mean.assign(static_cast<std::size_t>(in.channels), 0.0f);
  op.variance.assign(static_cast<std::size_t>(in.channels), 1.0f);
  push(name, op, {from}, in, flat);
}

void LayerBuilder::activation(const std::string& name, std::string kind, network::ValueIndex from) {
  if (defaults_.only_activation) kind = *defaults_.only_activation;
  network::Operator op = network::Relu{};
  if (kind == "sign") op = network::Sign{};
  if (kind == "hardtanh") op = network::Clip{};
  push(name, op, {from}, shape(from), flat_[from]);
}

template <typename Pool>
void LayerBuilder::pool(YamlMap& layer, const std::string& name, network::ValueIndex from) {
  const Shape in = shape(from);
  const int kernel = static_cast<int>(layer.integer("kernel", 1, 64, 2));
  const int stride = static_cast<int>(layer.integer("stride", 1, 64, kernel));
  const int pad = static_cast<int>(layer.integer("pad", 0, kernel / 2, 0));
  Pool op;
  op.kernel = {kernel, kernel};
  op.stride = {stride, stride};
  op.pads = {pad, pad, pad, pad};
  push(name, op, {from},
       {in.channels, extent(layer, in.height, kernel, stride, pad),
        extent(layer, in.width, kernel, stride, pad)},
       false);
}

template <typename Pool>
void LayerBuilder::global_pool(const std::string& name, network::ValueIndex from) {
  const Shape in = shape(from);
  Pool op;
  op.kernel = {in.height, in.width};
  op.stride = {in.height, in.width};
  push(name, op, {from}, {in.channels, 1, 1}, false);
}

void LayerBuilder::residual(YamlMap& layer, const std::string& name, network::ValueIndex from,
                            const LayerScope& scope) {
  const network::ValueIndex other = value(layer, "with", scope);
  const auto flat = [&](network::ValueIndex v) { return bool{flat_[v]}; };
  if (!(shape(from) == shape(other)) || flat(from) != flat(other)) {
    layer.fail("with", fmt::format("its shape {}{} differs from {}{}, that of the layer before",
                                   extents(shape(other)), flat(other) ? " (flat)" : "",
                                   extents(shape(from)), flat(from) ? " (flat)" : ""));
  }
  push(name, network::Add{}, {from, other}, shape(from), flat(from));
}

bool LayerBuilder::is_image(network::ValueIndex value) const {
  if (value == network::kInputImage) return true;
  const network::Node& node = net_.nodes[network::writer_of(value)];
  return std::holds_alternative<network::Flatten>(node.op) && is_image(node.inputs[0]);
}

void LayerBuilder::need_values(const YamlMap& layer) {
  layer.fail("op", "the image is quantized pixels, which conv, linear and flatten can read");
}

void LayerBuilder::need_image(const YamlMap& layer, network::ValueIndex from) const {
  if (!flat_[from]) return;
  layer.fail("op", fmt::format("expected an image, found a flat vector of {} values",
                               shape(from).channels));
}

network::ValueIndex LayerBuilder::value(YamlMap& layer, const std::string& key,
                                        const LayerScope& scope) const {
  const std::string name = layer.text(key);
  if (name == "image") return network::kInputImage;
  if (name == kBlockInput && !scope.prefix.empty()) return scope.input;
  const auto it = scope.at.find(name);
  if (it != scope.at.end()) return it->second;
  layer.fail(key, "no earlier layer is called \"" + name + "\"" +
                      (scope.prefix.empty() ? "" : " in this block; $input is what it reads"));
}

bool LayerBuilder::is_count(const std::string& text) { return !factors_of(text).empty(); }

int LayerBuilder::count(YamlMap& layer, const std::string& key, network::ValueIndex from) const {
  const std::string text = layer.text(key);
  const std::vector<std::string> factors = factors_of(text);
  if (factors.empty()) {
    layer.fail(key, "expected a count such as 64, 4w or 6*in, got \"" + text + "\"");
  }
  std::int64_t product = 1;
  for (const std::string& factor : factors) {
    std::int64_t number = 0;
    if (factor == "w") {
      if (defaults_.width == 0) {
        layer.fail(key, "\"" + text + "\" needs a `width` in this file");
      }
      number = defaults_.width;
    } else if (factor == "in") {
      number = shape(from).channels;
    } else {
      number = std::stoi(factor);
    }
    product *= number;
    if (product > kMaxCount) {
      layer.fail(key, fmt::format("\"{}\" is more than {}", text, kMaxCount));
    }
  }
  return static_cast<int>(product);
}

network::ParameterIndex LayerBuilder::parameter(const std::string& name, Role role,
                                                std::vector<std::int64_t> shape) {
  network::Parameter p;
  p.name = name;
  p.role = role;
  p.shape = std::move(shape);
  net_.parameters.push_back(std::move(p));
  return network::ParameterIndex(net_.parameters.size() - 1);
}

void LayerBuilder::push(const std::string& name, network::Operator op,
                        std::vector<network::ValueIndex> inputs, Shape shape, bool flat) {
  net_.nodes.push_back({name, std::move(op), std::move(inputs)});
  net_.shapes.push_back(shape);
  flat_.push_back(flat);
  last_ = network::ValueIndex(net_.nodes.size());
}

}  // namespace brownout::trainers
