// SPDX-License-Identifier: Apache-2.0
// One layer of an architecture file: its operators, tensors and shapes.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "sim/base/yaml.hpp"
#include "trainers/method/architecture.hpp"

namespace brownout::trainers {

/// The names that layers of one list may use: names of the file, or of one use of a block.
struct LayerScope {
  std::string prefix;         // of the nodes' names
  network::ValueIndex input;  // that a block reads; the image in the file's own list
  std::map<std::string, network::ValueIndex> at;  // layer name → its value
  std::map<std::string, int> of;                  // operator or block → how many so far
};

/// What a file says for all of its layers, and what the training says instead.
struct LayerDefaults {
  int width = 0;  // 0 = the file has none
  std::string norm = "group";
  bool reparameterized = true;
  std::optional<std::string> only_norm;        // in place of every norm's kind
  std::optional<std::string> only_activation;  // in place of every activation
  std::optional<bool> only_reparameterized;
};

class LayerBuilder {
 public:
  LayerBuilder(Architecture& net, LayerDefaults defaults);

  /// Appends a layer with an `op`. Keys that it does not know are left to YamlMap::finish.
  void add(YamlMap& layer, LayerScope& scope);

  /// The last value, which the next layer reads unless it names another.
  network::ValueIndex last() const { return last_; }
  void set_last(network::ValueIndex value) { last_ = value; }

  /// The value that `key` names: a layer of the scope, "image", or a block's "$input".
  network::ValueIndex value(YamlMap& layer, const std::string& key, const LayerScope& scope) const;
  /// "64", "4w", "in", or a product of them such as 6*in: `w` is the width, `in` the channels of
  /// value `from`.
  int count(YamlMap& layer, const std::string& key, network::ValueIndex from) const;
  static bool is_count(const std::string& text);

  /// The name of a layer, free in its scope: the key `name`, or `base` and a number.
  static std::string name_of(YamlMap& layer, const std::string& base, LayerScope& scope);

 private:
  void conv(YamlMap& layer, const std::string& name, network::ValueIndex from);
  void linear(YamlMap& layer, const std::string& name, network::ValueIndex from);
  void norm(YamlMap& layer, const std::string& name, const std::string& key,
            network::ValueIndex from);
  void activation(const std::string& name, std::string kind, network::ValueIndex from);
  template <typename Pool>
  void pool(YamlMap& layer, const std::string& name, network::ValueIndex from);
  template <typename Pool>
  void global_pool(const std::string& name, network::ValueIndex from);
  void residual(YamlMap& layer, const std::string& name, network::ValueIndex from,
                const LayerScope& scope);
  /// The image itself or a flatten of it.
  bool is_image(network::ValueIndex value) const;
  [[noreturn]] static void need_values(const YamlMap& layer);
  void need_image(const YamlMap& layer, network::ValueIndex from) const;
  const network::Shape& shape(network::ValueIndex value) const { return net_.shapes[value]; }
  network::ParameterIndex parameter(const std::string& name, network::Role role,
                                    std::vector<std::int64_t> shape);
  void push(const std::string& name, network::Operator op, std::vector<network::ValueIndex> inputs,
            network::Shape shape, bool flat);

  Architecture& net_;
  LayerDefaults defaults_;
  Table<network::ValueIndex, bool> flat_;  // of every value
  network::ValueIndex last_;
};

}  // namespace brownout::trainers
