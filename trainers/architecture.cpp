// SPDX-License-Identifier: Apache-2.0
// Reads architecture files layer by layer, computing shapes and tensors on the way.
#include "trainers/architecture.hpp"

#include <algorithm>
#include <map>
#include <numeric>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/base/yaml.hpp"

namespace brownout::trainers {
namespace {

using network::Role;
using network::Shape;

const std::vector<std::string> kOperators = {"conv",    "linear",  "norm",          "relu",
                                             "maxpool", "avgpool", "globalmaxpool", "globalavgpool",
                                             "flatten", "add"};
const std::vector<std::string> kNorms = {"none", "group", "fixed-group", "batch"};
const std::vector<std::string> kActivations = {"none", "relu"};

/// RandBET's rule: the first g of min(32, 24, 16, 8; C/2) that divides C.
int norm_groups(int channels) {
  for (const int limit : {32, 24, 16, 8}) {
    const int groups = std::min(limit, channels / 2);
    if (groups > 0 && channels % groups == 0) return groups;
  }
  return 1;
}

class Builder {
 public:
  Builder(YamlMap root, const ArchitectureOptions& options) : root_(std::move(root)) {
    net_.name = root_.name("name");
    net_.sha256 = sha256_hex(root_.dump());
    net_.input = options.input;
    net_.classes = options.classes;
    if (root_.has("width")) {
      width_ = static_cast<int>(root_.integer("width", 1, 4096));
      if (options.width) width_ = *options.width;
    } else if (options.width) {
      throw InputError("{}: the training asks for width {}, but this architecture has no `width`",
                       root_.file().string(), *options.width);
    }
    net_.shapes.push_back(options.input);
  }

  Architecture build() {
    std::vector<YamlMap> layers = root_.maps("layers");
    root_.finish();
    for (YamlMap& layer : layers) {
      add_layer(layer);
      layer.finish();
    }
    const Shape logits = net_.shapes.back();
    if (logits.size() != net_.classes || logits.height != 1 || logits.width != 1) {
      throw InputError("{}: layers: the last layer gives {} x {} x {} values, expected {} logits",
                       root_.file().string(), logits.channels, logits.height, logits.width,
                       net_.classes);
    }
    return std::move(net_);
  }

 private:
  void add_layer(YamlMap& layer) {
    const std::string& op = kOperators[static_cast<std::size_t>(layer.choice("op", kOperators))];
    std::string name = op + std::to_string(++counts_[op]);
    if (layer.has("name")) name = layer.name("name");
    if (named_.count(name) != 0) layer.fail("name", "the name \"" + name + "\" is taken");
    const int from = layer.has("input") ? value(layer, "input") : last_;
    if (op == "conv") conv(layer, name, from);
    if (op == "linear") linear(layer, name, from);
    if (op == "norm")
      norm(layer, name, kNorms[static_cast<std::size_t>(layer.choice("kind", kNorms, 1))], from);
    if (op == "relu") push(name, network::Relu{}, {from}, net_.shapes[index(from)]);
    if (op == "maxpool") pool<network::MaxPool>(layer, name, from);
    if (op == "avgpool") pool<network::AveragePool>(layer, name, from);
    if (op == "globalmaxpool") global_pool<network::MaxPool>(name, from);
    if (op == "globalavgpool") global_pool<network::AveragePool>(name, from);
    if (op == "flatten") {
      push(name, network::Flatten{}, {from},
           {static_cast<int>(net_.shapes[index(from)].size()), 1, 1});
    }
    if (op == "add") {
      const int other = value(layer, "with");
      if (!(net_.shapes[index(from)] == net_.shapes[index(other)])) {
        layer.fail("with", "its shape differs from the layer before");
      }
      push(name, network::Add{}, {from, other}, net_.shapes[index(from)]);
    }
    // Sugar: a norm and an activation right behind the operator.
    if (layer.has("norm")) {
      norm(layer, name + ".norm", kNorms[static_cast<std::size_t>(layer.choice("norm", kNorms))],
           last_);
    }
    if (layer.has("activation") && layer.choice("activation", kActivations) == 1) {
      push(name + ".relu", network::Relu{}, {last_}, net_.shapes[index(last_)]);
    }
    named_[name] = last_;
  }

  void conv(YamlMap& layer, const std::string& name, int from) {
    const Shape in = net_.shapes[index(from)];
    network::Conv2d op;
    const int kernel = static_cast<int>(layer.integer("kernel", 1, 64, 3));
    const int stride = static_cast<int>(layer.integer("stride", 1, 64, 1));
    const int pad = static_cast<int>(layer.integer("pad", 0, 63, kernel / 2));
    op.out_channels = count(layer, "channels");
    op.groups = layer.has("groups") ? count(layer, "groups") : 1;
    if (in.channels % op.groups != 0 || op.out_channels % op.groups != 0) {
      layer.fail("groups", fmt::format("{} does not divide {} input and {} output channels",
                                       op.groups, in.channels, op.out_channels));
    }
    op.kernel = {kernel, kernel};
    op.stride = {stride, stride};
    op.pads = {pad, pad, pad, pad};
    op.weight = parameter(name + ".weight", Role::kWeight,
                          {op.out_channels, in.channels / op.groups, kernel, kernel});
    if (layer.boolean("bias", true)) {
      op.bias = parameter(name + ".bias", Role::kBias, {op.out_channels});
    }
    const Shape out = {op.out_channels, extent(layer, in.height, kernel, stride, pad),
                       extent(layer, in.width, kernel, stride, pad)};
    push(name, op, {from}, out);
  }

  void linear(YamlMap& layer, const std::string& name, int from) {
    const Shape in = net_.shapes[index(from)];
    if (in.height != 1 || in.width != 1) {
      layer.fail("op", fmt::format("linear needs a flat input, found {} x {} x {}; put a flatten "
                                   "before it",
                                   in.channels, in.height, in.width));
    }
    network::Linear op;
    op.out_features = layer.text("features") == "classes" ? net_.classes : count(layer, "features");
    op.weight = parameter(name + ".weight", Role::kWeight, {op.out_features, in.channels});
    if (layer.boolean("bias", true)) {
      op.bias = parameter(name + ".bias", Role::kBias, {op.out_features});
    }
    push(name, op, {from}, {op.out_features, 1, 1});
  }

  void norm(YamlMap& layer, const std::string& name, const std::string& kind, int from) {
    if (kind == "none") return;
    const Shape shape = net_.shapes[index(from)];
    const float eps = static_cast<float>(layer.number("eps", 0.0, 1.0, 1e-5));
    const bool reparameterized = layer.boolean("reparameterized", true);
    int scale = -1;
    int shift = -1;
    if (kind != "fixed-group") {
      scale = parameter(name + ".scale", Role::kScale, {shape.channels});
      shift = parameter(name + ".shift", Role::kShift, {shape.channels});
    }
    if (kind == "batch") {
      network::BatchNorm op{scale, shift, eps, reparameterized, {}, {}};
      op.mean.assign(static_cast<std::size_t>(shape.channels), 0.0f);
      op.variance.assign(static_cast<std::size_t>(shape.channels), 1.0f);
      push(name, op, {from}, shape);
      return;
    }
    const int groups =
        layer.has("norm_groups") ? count(layer, "norm_groups") : norm_groups(shape.channels);
    if (shape.channels % groups != 0) {
      layer.fail("norm_groups",
                 fmt::format("{} does not divide {} channels", groups, shape.channels));
    }
    push(name, network::GroupNorm{scale, shift, groups, eps, reparameterized}, {from}, shape);
  }

  template <typename Pool>
  void pool(YamlMap& layer, const std::string& name, int from) {
    const Shape in = net_.shapes[index(from)];
    const int kernel = static_cast<int>(layer.integer("kernel", 1, 64, 2));
    const int stride = static_cast<int>(layer.integer("stride", 1, 64, kernel));
    const int pad = static_cast<int>(layer.integer("pad", 0, kernel / 2, 0));
    Pool op;
    op.kernel = {kernel, kernel};
    op.stride = {stride, stride};
    op.pads = {pad, pad, pad, pad};
    push(name, op, {from},
         {in.channels, extent(layer, in.height, kernel, stride, pad),
          extent(layer, in.width, kernel, stride, pad)});
  }

  template <typename Pool>
  void global_pool(const std::string& name, int from) {
    const Shape in = net_.shapes[index(from)];
    Pool op;
    op.kernel = {in.height, in.width};
    op.stride = {in.height, in.width};
    push(name, op, {from}, {in.channels, 1, 1});
  }

  int extent(YamlMap& layer, int size, int kernel, int stride, int pad) {
    const int span = size + 2 * pad - kernel;
    if (span < 0) {
      layer.fail("op", fmt::format("a window of {} does not fit {} pixels padded by {}", kernel,
                                   size, pad));
    }
    return span / stride + 1;
  }

  /// "16", or a multiple of the width: "w", "4w".
  int count(YamlMap& layer, const std::string& key) {
    const std::string text = layer.text(key);
    std::string digits = text;
    const bool scaled = !digits.empty() && digits.back() == 'w';
    if (scaled) digits.pop_back();
    if (scaled && digits.empty()) digits = "1";
    const bool plain =
        !digits.empty() && digits.size() <= 6 && digits[0] != '0' &&
        std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (!plain) layer.fail(key, "expected a count such as 64 or 4w, got \"" + text + "\"");
    if (scaled && width_ == 0) layer.fail(key, "\"" + text + "\" needs a `width` in this file");
    return std::stoi(digits) * (scaled ? width_ : 1);
  }

  int value(YamlMap& layer, const std::string& key) {
    const std::string name = layer.text(key);
    if (name == "image") return 0;
    const auto it = named_.find(name);
    if (it == named_.end()) layer.fail(key, "no earlier layer is called \"" + name + "\"");
    return it->second;
  }

  int parameter(const std::string& name, Role role, std::vector<std::int64_t> shape) {
    network::Parameter p;
    p.name = name;
    p.role = role;
    p.shape = std::move(shape);
    net_.parameters.push_back(std::move(p));
    return static_cast<int>(net_.parameters.size()) - 1;
  }

  void push(const std::string& name, network::Operator op, std::vector<int> inputs, Shape shape) {
    net_.nodes.push_back({name, std::move(op), std::move(inputs)});
    net_.shapes.push_back(shape);
    last_ = static_cast<int>(net_.nodes.size());
  }

  static std::size_t index(int value) { return static_cast<std::size_t>(value); }

  YamlMap root_;
  Architecture net_;
  int width_ = 0;
  int last_ = 0;
  std::map<std::string, int> counts_;
  std::map<std::string, int> named_;
};

}  // namespace

std::int64_t Architecture::weights() const {
  std::int64_t sum = 0;
  for (const network::Parameter& p : parameters) {
    sum += std::accumulate(p.shape.begin(), p.shape.end(), std::int64_t{1},
                           [](std::int64_t a, std::int64_t b) { return a * b; });
  }
  return sum;
}

Architecture load_architecture(const std::filesystem::path& file,
                               const ArchitectureOptions& options) {
  return Builder(YamlMap::load(file), options).build();
}

Architecture parse_architecture(const std::string& text, const std::filesystem::path& name,
                                const ArchitectureOptions& options) {
  return Builder(YamlMap::parse(text, name), options).build();
}

}  // namespace brownout::trainers
