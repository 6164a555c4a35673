// SPDX-License-Identifier: Apache-2.0
// Float weights → codes → the weights that a forward pass sees, clean or with bit errors.
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "sim/network/network.hpp"
#include "sim/network/quantization.hpp"

namespace brownout::trainers {

/// All trainable tensors lie one after the other in one flat array, in code order.
struct TensorSpan {
  std::int64_t first = 0;
  std::int64_t count = 0;
  bool coded = true;
};

struct CodingChoice {
  network::Scheme scheme = network::Scheme::kRquant;
  int bits = 8;
  network::Rounding rounding = network::Rounding::kNearest;
  bool after_training = false;  // float weights in training, codes in the exported network
  double unit = 0.0;            // above 0, n reads as unit·n, whatever the range that encodes
  bool global_range = false;    // symmetric only: one range for all tensors
  std::vector<network::Role> coded_roles = {network::Role::kWeight, network::Role::kBias,
                                            network::Role::kScale, network::Role::kShift};
};

/// Clips, quantizes and corrupts the flat weight array.
class WeightCoder {
 public:
  WeightCoder(const std::vector<network::Parameter>& parameters, const CodingChoice& choice);

  /// Clamps coded tensors to [-w_max, w_max].
  void clip(float w_max, float* weights) const;
  /// RunError on a non-finite weight.
  void require_finite(const float* weights) const;
  /// Clamps coded tensors to the ranges that the last quantize() took.
  void project(float* weights) const;
  /// Takes the ranges of `weights` and encodes them. `decoded` receives the values of the clean
  /// codes (uncoded tensors are copied). Arrays hold size() values. RunError on a non-finite
  /// weight.
  void quantize(const float* weights, float* decoded);
  /// Flips every code bit with probability `rate`, with a draw of its own per (seed, step). The
  /// wrong values replace clean ones in `decoded`. Returns the number of flipped bits. The cost is
  /// proportional to the errors.
  std::int64_t inject(std::uint64_t seed, std::uint64_t step, double rate, float* decoded) const;

  std::int64_t size() const { return size_; }
  std::int64_t coded_size() const { return coded_size_; }
  const std::vector<TensorSpan>& spans() const { return spans_; }
  const std::vector<network::Coding>& codings() const { return codings_; }  // one a tensor
  const std::vector<std::int8_t>& n() const { return n_; }

 private:
  CodingChoice choice_;
  std::vector<TensorSpan> spans_;
  std::vector<network::Coding> codings_;
  std::vector<std::pair<float, float>> ranges_;  // lowest and highest of each tensor
  std::vector<std::int8_t> n_;
  std::int64_t size_ = 0;
  std::int64_t coded_size_ = 0;
};

}  // namespace brownout::trainers
