// SPDX-License-Identifier: Apache-2.0
// Pairs of layers, their scales, and the weights that follow from them.
#include "sim/import/equalize.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <vector>

namespace brownout::importing {

namespace {

constexpr double kDeadShare = 1.0 / 1048576.0;  // of the largest range in a tensor
// A round has settled the scales when those of a pair changed by equal factors up to this one,
// exp(kSettled): what all channels have in common is a scale of the tensor, which costs no codes.
constexpr double kSettled = 1e-3;
constexpr int kMostRounds = 100;

/// Two matrix operators, joined by operators that commute with a scale.
struct LayerPair {
  network::NodeIndex first, second;
  std::vector<int> sources;   // by input channel of the second: the first one's output channel
  std::vector<double> scale;  // by output channel of the first
  std::vector<bool> alive;    // whether the channel's scale may change
};

/// The largest |weight| of one output from one channel of the layer before.
struct LargestWeight {
  std::uint32_t output = 0, channel = 0;
  float weight = 0.0f;
};

/// A matrix operator that belongs to one pair or two.
struct PairedLayer {
  std::optional<std::size_t> as_first, as_second;  // positions of its pairs
  std::vector<LargestWeight> largest;              // of all that are not 0
};

/// A matrix operator's weights as rows of outputs, and which input channel each element meets.
struct WeightRows {
  network::ParameterIndex weight;
  network::OptionalParameter bias;
  std::size_t outputs = 0, columns = 0;  // columns: inputs and taps of one output
  std::size_t inputs = 0, groups = 1;    // inputs: of one group

  std::size_t input_of(std::size_t output, std::size_t column) const {
    return output / (outputs / groups) * inputs + column / (columns / inputs);
  }
};

WeightRows rows_of(const network::Network& network, network::NodeIndex node) {
  const network::Operator& op = network.nodes[node].op;
  const std::vector<network::ParameterIndex> own = network::parameters_of(op);
  WeightRows rows;
  rows.weight = own[0];
  if (own.size() > 1) rows.bias = own[1];
  const network::Parameter& weight = network.parameters[rows.weight];
  rows.outputs = static_cast<std::size_t>(weight.shape[0]);
  rows.inputs = static_cast<std::size_t>(weight.shape[1]);
  rows.columns = static_cast<std::size_t>(weight.size()) / rows.outputs;
  if (const auto* conv = std::get_if<network::Conv2d>(&op)) {
    rows.groups = static_cast<std::size_t>(conv->groups);
  }
  return rows;
}

bool has_plain_weights(const network::Network& network, network::NodeIndex node) {
  const network::Operator& op = network.nodes[node].op;
  return network::is_matrix(op) &&
         !network.parameters[network::parameters_of(op)[0]].coding.has_value();
}

/// Finds the pairs of a network.
class PairSearch {
 public:
  PairSearch(const ImportedNetwork& imported, const network::Shapes& shapes)
      : network_(imported.network),
        shapes_(shapes),
        open_(imported.open.begin(), imported.open.end()),
        readers_(network_.nodes.size() + 1) {
    for (const network::NodeIndex node : network_.nodes.indices()) {
      for (const network::ValueIndex input : network_.nodes[node].inputs) {
        readers_[input].push_back(node);
      }
    }
  }

  /// Adds a way that ends at a batch norm to `at_norms`.
  std::vector<LayerPair> run(int& at_norms) const {
    std::vector<LayerPair> pairs;
    for (const network::NodeIndex node : network_.nodes.indices()) {
      if (!has_plain_weights(network_, node)) continue;
      LayerPair pair;
      pair.first = node;
      pair.sources.resize(static_cast<std::size_t>(shapes_[network::value_of(node)].channels));
      pair.scale.assign(pair.sources.size(), 1.0);
      pair.alive.assign(pair.sources.size(), true);
      std::iota(pair.sources.begin(), pair.sources.end(), 0);
      const std::optional<network::NodeIndex> end = follow(node, pair.sources);
      if (!end) continue;
      if (std::holds_alternative<network::BatchNorm>(network_.nodes[*end].op)) ++at_norms;
      if (!has_plain_weights(network_, *end)) continue;
      pair.second = *end;
      pairs.push_back(std::move(pair));
    }
    return pairs;
  }

 private:
  bool commutes_with_scales(network::NodeIndex node) const {
    const network::Operator& op = network_.nodes[node].op;
    if (std::holds_alternative<network::Quantize>(op)) return open_.count(node) > 0;
    return std::holds_alternative<network::Relu>(op) ||
           std::holds_alternative<network::PRelu>(op) ||
           std::holds_alternative<network::MaxPool>(op) ||
           std::holds_alternative<network::AveragePool>(op) ||
           std::holds_alternative<network::Flatten>(op) ||
           std::holds_alternative<network::Unflatten>(op) ||
           std::holds_alternative<network::SelectChannels>(op) ||
           std::holds_alternative<network::Dequantize>(op);
  }

  /// The first operator after `node` that does not commute with a scale of each channel; none where
  /// a value has several readers, or none. Channel c of what it reads is the node's `sources`[c].
  std::optional<network::NodeIndex> follow(network::NodeIndex node,
                                           std::vector<int>& sources) const {
    network::ValueIndex value = network::value_of(node);
    while (readers_[value].size() == 1) {
      const network::NodeIndex next = readers_[value][0];
      if (!commutes_with_scales(next)) return next;
      const network::Operator& op = network_.nodes[next].op;
      std::vector<int> moved;
      if (const auto* select = std::get_if<network::SelectChannels>(&op)) {
        for (const int c : select->channels) moved.push_back(sources[static_cast<std::size_t>(c)]);
      } else {
        // A flatten makes a channel of every pixel; elsewhere there are as many as before.
        const auto copies =
            static_cast<std::size_t>(shapes_[network::value_of(next)].channels) / sources.size();
        for (const int source : sources) moved.insert(moved.end(), copies, source);
      }
      sources = std::move(moved);
      value = network::value_of(next);
    }
    return std::nullopt;
  }

  const network::Network& network_;
  const network::Shapes& shapes_;
  std::set<network::NodeIndex> open_;
  Table<network::ValueIndex, std::vector<network::NodeIndex>> readers_;
};

/// Scales of all pairs, which are found on the largest weights of channels alone.
class Equalizer {
 public:
  Equalizer(network::Network& network, std::vector<LayerPair> pairs)
      : network_(network), pairs_(std::move(pairs)) {
    for (std::size_t i = 0; i < pairs_.size(); ++i) {
      layers_[pairs_[i].first].as_first = i;
      layers_[pairs_[i].second].as_second = i;
    }
    for (auto& [node, layer] : layers_) find_largest(node, layer);
    for (LayerPair& pair : pairs_) find_alive(pair);
  }

  void settle() {
    double change = 1.0;
    for (int round = 0; round < kMostRounds && change > kSettled; ++round) {
      change = 0.0;
      for (LayerPair& pair : pairs_) change = std::max(change, rescale(pair));
    }
  }

  /// Within any tensor of a pair, over channels that are alive.
  double largest_ratio() const {
    double ratio = 1.0;
    for (const LayerPair& pair : pairs_) {
      for (const std::vector<double>& ranges : {output_ranges(pair), input_ranges(pair)}) {
        double least = 0.0;
        double most = 0.0;
        for (std::size_t c = 0; c < ranges.size(); ++c) {
          if (!pair.alive[c]) continue;
          least = most > 0.0 ? std::min(least, ranges[c]) : ranges[c];
          most = std::max(most, ranges[c]);
        }
        if (most > 0.0) ratio = std::max(ratio, most / least);
      }
    }
    return ratio;
  }

  void apply() {
    for (const auto& [node, layer] : layers_) {
      const WeightRows rows = rows_of(network_, node);
      std::vector<float>& weight = network_.parameters[rows.weight].values;
      for (std::size_t o = 0; o < rows.outputs; ++o) {
        const double out = output_scale(layer, o);
        for (std::size_t k = 0; k < rows.columns; ++k) {
          float& w = weight[o * rows.columns + k];
          const double in = input_scale(layer, channel_before(layer, rows, o, k));
          w = static_cast<float>(double{w} * in / out);
        }
        if (!rows.bias) continue;
        float& bias = network_.parameters[*rows.bias].values[o];
        bias = static_cast<float>(double{bias} / out);
      }
    }
  }

 private:
  /// The output channel of the layer before that a weight meets; 0 when there is no such layer.
  std::size_t channel_before(const PairedLayer& layer, const WeightRows& rows, std::size_t output,
                             std::size_t column) const {
    if (!layer.as_second) return 0;
    const std::vector<int>& sources = pairs_[*layer.as_second].sources;
    return static_cast<std::size_t>(sources[rows.input_of(output, column)]);
  }
  double input_scale(const PairedLayer& layer, std::size_t channel) const {
    return layer.as_second ? pairs_[*layer.as_second].scale[channel] : 1.0;
  }
  double output_scale(const PairedLayer& layer, std::size_t channel) const {
    return layer.as_first ? pairs_[*layer.as_first].scale[channel] : 1.0;
  }

  void find_largest(network::NodeIndex node, PairedLayer& layer) const {
    const WeightRows rows = rows_of(network_, node);
    const std::vector<float>& weight = network_.parameters[rows.weight].values;
    const std::size_t channels = layer.as_second ? pairs_[*layer.as_second].scale.size() : 1;
    for (std::size_t o = 0; o < rows.outputs; ++o) {
      std::vector<float> largest(channels, 0.0f);
      for (std::size_t k = 0; k < rows.columns; ++k) {
        float& most = largest[channel_before(layer, rows, o, k)];
        most = std::max(most, std::abs(weight[o * rows.columns + k]));
      }
      for (std::size_t c = 0; c < channels; ++c) {
        if (!(largest[c] > 0.0f)) continue;
        layer.largest.push_back(
            {static_cast<std::uint32_t>(o), static_cast<std::uint32_t>(c), largest[c]});
      }
    }
  }

  /// r1: by output channel of the first layer.
  std::vector<double> output_ranges(const LayerPair& pair) const {
    return ranges(pair.first, pair, &LargestWeight::output);
  }
  /// r2: the same channels, where the second layer reads them.
  std::vector<double> input_ranges(const LayerPair& pair) const {
    return ranges(pair.second, pair, &LargestWeight::channel);
  }
  std::vector<double> ranges(network::NodeIndex node, const LayerPair& pair,
                             std::uint32_t LargestWeight::*channel) const {
    const PairedLayer& layer = layers_.at(node);
    std::vector<double> result(pair.scale.size(), 0.0);
    for (const LargestWeight& one : layer.largest) {
      double& range = result[one.*channel];
      range = std::max(
          range, one.weight * input_scale(layer, one.channel) / output_scale(layer, one.output));
    }
    return result;
  }

  void find_alive(LayerPair& pair) const {
    for (const std::vector<double>& ranges : {output_ranges(pair), input_ranges(pair)}) {
      const double most = *std::max_element(ranges.begin(), ranges.end());
      for (std::size_t c = 0; c < ranges.size(); ++c) {
        if (!(ranges[c] > 0.0) || ranges[c] < kDeadShare * most) pair.alive[c] = false;
      }
    }
  }

  /// Makes the ranges of both layers equal. Returns how far apart the changes of two channels are.
  double rescale(LayerPair& pair) const {
    const std::vector<double> r1 = output_ranges(pair);
    const std::vector<double> r2 = input_ranges(pair);
    const network::OptionalParameter bias = rows_of(network_, pair.first).bias;
    double least = std::numeric_limits<double>::infinity();
    double most = 0.0;
    for (std::size_t c = 0; c < pair.scale.size(); ++c) {
      if (!pair.alive[c]) continue;
      const double s = std::sqrt(r1[c] * r2[c]) / r2[c];  // Nagel et al. 2019, Section 4.1
      const double scale = pair.scale[c] * s;
      if (bias) {
        const double moved = double{network_.parameters[*bias].values[c]} / scale;
        if (!std::isfinite(static_cast<float>(moved))) continue;
      }
      pair.scale[c] = scale;
      least = std::min(least, s);
      most = std::max(most, s);
    }
    return most > 0.0 ? std::log(most / least) : 0.0;
  }

  network::Network& network_;
  std::vector<LayerPair> pairs_;
  std::map<network::NodeIndex, PairedLayer> layers_;
};

}  // namespace

Equalization equalize(ImportedNetwork& imported, const std::string& where) {
  const network::Shapes shapes =
      network::check(imported.network, where, network::MatrixWeights::kAny);
  Equalization result;
  std::vector<LayerPair> pairs = PairSearch(imported, shapes).run(result.at_norms);
  if (pairs.empty()) return result;
  result.pairs = static_cast<int>(pairs.size());
  Equalizer equalizer(imported.network, std::move(pairs));
  result.before = equalizer.largest_ratio();
  equalizer.settle();
  result.after = equalizer.largest_ratio();
  equalizer.apply();
  return result;
}

}  // namespace brownout::importing
