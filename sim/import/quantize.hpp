// SPDX-License-Identifier: Apache-2.0
// Post-training quantization: plain weights become codes, quantizers get their ranges.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sim/import/lower.hpp"
#include "sim/import/ranges.hpp"
#include "sim/import/tables.hpp"
#include "sim/network/network.hpp"

namespace brownout::importing {

/// Mean of each channel of a value, or empty where it is not known.
using ChannelMeans = std::function<std::vector<double>(network::ValueIndex value)>;

struct QuantizeOptions {
  network::Scheme scheme = network::Scheme::kRquant;
  int bits = 8;
  network::Rounding rounding = network::Rounding::kNearest;
  /// Whether each output channel of the weights has a range, and so an alpha and beta, of its own.
  bool by_channel = false;
  std::optional<double> w_max;  // |w| beyond it is clipped first; above 0
  /// Which parameters become codes in memory cells; weights of matrix operators always do.
  std::vector<network::Role> coded{network::Role::kWeight};
  /// Biases take in what rounding the weights does to the mean of each output channel:
  /// b_o -= Σ_i (ŵ_oi - w_oi)·E[x_i]. Empty: they stay.
  ChannelMeans means;
  SeenNumbers seen;  // which entries of tables may occur; empty: all
};

/// What a layer lost by its codes alone: 10·log10(Σw² / Σ(w - ŵ)²) in dB; infinite when nothing.
struct LayerNoise {
  std::string layer;
  double weight_db = 0.0;
};

struct Quantized {
  network::Network network;
  std::vector<LayerNoise> noise;  // of every matrix operator that was plain, in their order
  int corrected_biases = 0;       // operators whose bias was changed by a correction
};

/// `ranges`: of every open quantizer, in the order of ImportedNetwork::open. Codes and quantizers
/// that the file brought stay, and so do its biases. InputError, which begins with `where` or with
/// the node's place, when the result fails network::check or an entry of a table that may occur is
/// not finite.
Quantized quantize(const ImportedNetwork& imported, const std::vector<Range>& ranges,
                   const QuantizeOptions& options, const std::string& where);

}  // namespace brownout::importing
