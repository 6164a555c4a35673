// SPDX-License-Identifier: Apache-2.0
// From a trainer to a network file: activation scales, Quantize nodes, codes, and how it was
// trained.
#pragma once
#include <vector>

#include "sim/network/network.hpp"
#include "trainers/method/trainer.hpp"

namespace brownout::trainers {

/// One u8 quantizer for each value of the architecture that is codes in the exported network
/// (ValueCodes); scale 0 for all others. The range is what the clean quantized network shows on
/// the first `images` training images (for the input, the normalized pixel range). Zero stays
/// exact; after a ReLU its zero point is 0. Signs get scale 1 and zero point 1, so that q - z is -1
/// or 1.
std::vector<network::Quantize> calibrate(Trainer& trainer, int images);

/// A quantizer for values in [low, high], which is widened to hold 0.
network::Quantize fit_quantizer(float low, float high);

/// The trained network as it is, clipped and quantized, with Quantize and Dequantize nodes where
/// ValueCodes says. InputError for a table with an entry that is not finite. `metadata` is kept in
/// the file.
network::Network build_network(Trainer& trainer, const std::vector<network::Quantize>& quantizers,
                               std::map<std::string, std::string> metadata);

/// Test error of an export, in percent, by the trainer's own passes.
struct ExportScore {
  double float_error = 0.0;      // quantized weights, float activations
  double quantized_error = 0.0;  // quantized weights and u8 activations
};

/// Calibrates, scores and writes `file` atomically.
ExportScore export_network(Trainer& trainer, const std::filesystem::path& file);

}  // namespace brownout::trainers
