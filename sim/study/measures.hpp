// SPDX-License-Identifier: Apache-2.0
// What studies measure beside errors: margins, confidences, redundancy, weight errors, histograms.
#pragma once
#include <cstdint>
#include <vector>

#include "sim/network/network.hpp"

namespace brownout::study {

/// Mean over images of the largest minus the second largest logit (MCEL, Fig. 4). `logits` is
/// images × classes, both at least 1 and 2.
double mean_logit_margin(const std::vector<float>& logits, int classes);

/// Probability of each image's predicted class (softmax in fp64).
std::vector<double> confidences(const std::vector<float>& logits, int classes);

/// Largest logit of each image.
std::vector<double> largest_logits(const std::vector<float>& logits, int classes);

/// All decoded values of the coded tensors with role weight, in code order.
std::vector<float> coded_weights(const network::Network& network, const network::Codes& codes);

/// Mean |perturbed - clean| of these values; equal sizes, at least one.
double mean_absolute_error(const std::vector<float>& clean, const std::vector<float>& perturbed);

/// RandBET, Fig. 10: |w' - w| / max|w|, where max is over the weight's tensor, averaged over all
/// coded weights. For a tensor of zeros |w' - w| itself is added.
double relative_absolute_error(const network::Network& network, const network::Codes& perturbed);

/// RandBET, Fig. 10: Σ|w| / max|w| per weight, where max is over the weight's tensor. It is 1 when
/// all weights of a tensor are equally large, and near 0 when few dominate. Tensors of zeros add
/// nothing.
double weight_relevance(const network::Network& network);

/// Share of values that are not 0 (NaN is not 0); at least one value.
double nonzero_share(const std::vector<float>& values);

/// Counts in equal bins over [low, high]. Values outside are in the first or the last bin.
struct Histogram {
  double low = 0.0, high = 1.0;
  std::vector<std::int64_t> counts;
};
/// `bins` at least 1, low < high; values that are no numbers are left out.
Histogram histogram(const std::vector<double>& values, double low, double high, int bins);

/// The network with every coded or plain parameter multiplied by `factor` > 0. All ranges scale;
/// the codes, and so the relative effect of a bit error, stay (RandBET, Table 11). InputError,
/// beginning with `where`, for binary codes, whose values cannot be scaled.
network::Network scaled(const network::Network& network, double factor, const std::string& where);

/// Another coding of a network's weights.
struct Recoding {
  network::Scheme scheme = network::Scheme::kRquant;
  int bits = 8;
  network::Rounding rounding = network::Rounding::kNearest;
};
struct Recoded {
  network::Network network;                // coded anew
  std::vector<std::vector<float>> values;  // that were coded, per parameter; empty: not coded
};
/// The file does not hold the float weights that the codes came from. They are taken as spread
/// evenly over the interval of their code: value + α·(U - 1/2), U = unit_open of number i mod 4 of
/// Philox(seed, kWeightNoise) at (tensor, ⌊i/4⌋, 1), kept within the tensor's range. Then each
/// tensor's range is fitted and its values are coded.
Recoded recode(const network::Network& network, const Recoding& coding, std::uint64_t seed);

/// Mean |decoded(perturbed) - value| over the coded weights of a recoded network.
double recoded_weight_error(const Recoded& recoded, const network::Codes& perturbed);

}  // namespace brownout::study
