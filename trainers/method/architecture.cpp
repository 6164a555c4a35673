// SPDX-License-Identifier: Apache-2.0
// Reads architecture files: layers one by one, and uses of blocks, which are lists of layers
// themselves.
#include "trainers/method/architecture.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/base/text.hpp"
#include "sim/base/yaml.hpp"
#include "trainers/method/layer_builder.hpp"

namespace brownout::trainers {
namespace {

using network::Shape;

constexpr std::size_t kMaxNodes = 10000;  // blocks of blocks grow fast

/// A list of layers with parameters, which layers name as `$parameter`.
struct Block {
  std::vector<std::string> parameters;
  std::vector<YamlMap> layers;
  bool used = false;
  bool open = false;  // its layers are being added
};

LayerDefaults read_defaults(YamlMap& root, const ArchitectureOptions& options) {
  LayerDefaults d;
  if (root.has("width")) {
    d.width = static_cast<int>(root.integer("width", 1, 4096));
    if (options.width) d.width = *options.width;
  } else if (options.width) {
    throw InputError("{}: the training asks for width {}, but this architecture has no `width`",
                     root.file().string(), *options.width);
  }
  d.norm = norm_kinds()[static_cast<std::size_t>(root.choice("norm", norm_kinds(), 1))];
  d.reparameterized = root.boolean("reparameterized", d.reparameterized);
  d.only_norm = options.norm;
  d.only_activation = options.activation;
  d.only_reparameterized = options.reparameterized;
  return d;
}

class Reader {
 public:
  Reader(YamlMap root, const ArchitectureOptions& options)
      : root_(std::move(root)), layers_(net_, read_defaults(root_, options)) {
    net_.name = root_.name("name");
    net_.sha256 = sha256_hex(root_.dump());
    net_.input = options.input;
    net_.classes = options.classes;
    net_.shapes.push_back(options.input);
  }

  Architecture read() {
    std::optional<YamlMap> definitions = root_.optional_map("blocks");
    if (definitions) define(*definitions);
    std::vector<YamlMap> layers = root_.maps("layers");
    root_.finish();
    LayerScope scope;
    for (YamlMap& layer : layers) add(layer, scope);
    for (const auto& [name, block] : blocks_) {
      if (!block.used) definitions->fail(name, "no layer uses this block");
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
  void define(YamlMap& definitions) {
    for (const std::string& name : definitions.keys()) {
      YamlMap map = definitions.map(name);
      Block block;
      block.parameters = map.texts("parameters", false);
      for (const std::string& parameter : block.parameters) {
        // The keys of a layer that uses a block must be distinct from the block's parameters.
        const auto taken = {"block", "repeat", "name", "input", "op"};
        const bool plain = std::all_of(parameter.begin(), parameter.end(),
                                       [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
        if (!plain || std::find(taken.begin(), taken.end(), parameter) != taken.end() ||
            std::count(block.parameters.begin(), block.parameters.end(), parameter) > 1) {
          map.fail("parameters", fmt::format("expected different names of letters and _, none of "
                                             "them {}, got \"{}\"",
                                             fmt::join(taken, ", "), parameter));
        }
      }
      block.layers = map.maps("layers");
      map.finish();
      blocks_.emplace(name, std::move(block));
    }
  }

  void add(YamlMap& layer, LayerScope& scope) {
    if (layer.has("block") && !layer.has("op")) {
      use(layer, scope);
    } else {
      layers_.add(layer, scope);
      layer.finish();
    }
    if (net_.nodes.size() > kMaxNodes) {
      layer.fail("op", fmt::format("more than {} operators", kMaxNodes));
    }
  }

  /// Adds the layers of a block, `repeat` times in a row.
  void use(YamlMap& layer, LayerScope& scope) {
    const std::string block_name = layer.text("block");
    Block& block = find(layer, block_name);
    if (block.open) {
      layer.fail("block", fmt::format("\"{}\" would use itself: {} -> {}", block_name,
                                      fmt::join(open_, " -> "), block_name));
    }
    const network::ValueIndex from =
        layer.has("input") ? layers_.value(layer, "input", scope) : layers_.last();
    std::map<std::string, std::string> arguments = {{"input", "$input"}};
    for (const std::string& parameter : block.parameters) {
      // Counts are settled here, so that `in` means what the block reads.
      const std::string text = layer.text(parameter);
      arguments[parameter] = LayerBuilder::is_count(text)
                                 ? std::to_string(layers_.count(layer, parameter, from))
                                 : text;
    }
    const auto repeat = static_cast<int>(layer.integer("repeat", 1, 1000, 1));
    const bool named = layer.has("name");
    std::string name = LayerBuilder::name_of(layer, block_name, scope);
    layer.finish();
    block.used = block.open = true;
    open_.push_back(block_name);
    layers_.set_last(from);
    for (int i = 1; i <= repeat; ++i) {
      if (i > 1 && !named) name = LayerBuilder::name_of(layer, block_name, scope);
      LayerScope inner;
      inner.prefix = scope.prefix + name + (named && repeat > 1 ? fmt::format(".{}.", i) : ".");
      inner.input = layers_.last();
      try {
        for (YamlMap& part : block.layers) {
          part.fill_in(arguments);
          add(part, inner);
        }
      } catch (const InputError& error) {
        throw InputError("{}; the block is used at {}", error.what(), layer.where("block"));
      }
      scope.at[name] = layers_.last();
    }
    open_.pop_back();
    block.open = false;
  }

  Block& find(YamlMap& layer, const std::string& name) {
    const auto found = blocks_.find(name);
    if (found != blocks_.end()) return found->second;
    std::vector<std::string> known;
    for (const auto& [known_name, unused] : blocks_) known.push_back(known_name);
    const std::string near = did_you_mean(name, known);
    layer.fail("block",
               fmt::format("no block is called \"{}\"{}", name,
                           known.empty()  ? "; this file has no `blocks`"
                           : near.empty() ? fmt::format("; known: {}", fmt::join(known, ", "))
                                          : "; " + near));
  }

  YamlMap root_;
  Architecture net_;
  LayerBuilder layers_;
  std::map<std::string, Block> blocks_;
  std::vector<std::string> open_;
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
  return Reader(YamlMap::load(file), options).read();
}

Architecture parse_architecture(const std::string& text, const std::filesystem::path& name,
                                const ArchitectureOptions& options) {
  return Reader(YamlMap::parse(text, name), options).read();
}

}  // namespace brownout::trainers
