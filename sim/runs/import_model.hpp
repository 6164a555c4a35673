// SPDX-License-Identifier: Apache-2.0
// A float network of another tool becomes a network of codes: calibrated on some images, compared
// with the float network on others.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "sim/experiment/images.hpp"
#include "sim/import/equalize.hpp"
#include "sim/import/lower.hpp"
#include "sim/import/quantize.hpp"
#include "sim/import/ranges.hpp"
#include "sim/runs/activation_noise.hpp"

namespace brownout::runs {

struct ImportConfig {
  std::filesystem::path file;
  importing::LowerOptions lower;
  bool equalize = false;           // channels between layers, before calibration
  experiment::Images calibration;  // of the training split
  experiment::Images test;         // of the test split
  importing::Calibration method = importing::Calibration::kMinMax;
  double percentile = 99.99;  // of all numbers, for kPercentile
  importing::QuantizeOptions quantize;
  bool bias_correction = false;
};

/// A field of ImportConfig (of "coded": one role) that had nothing to act on.
struct IdleSetting {
  std::string field, value;
};

struct ImportResult {
  std::string producer;
  std::int64_t opset = 0;
  std::int64_t weights = 0;  // of matrix operators
  std::int64_t calibration_images = 0, test_images = 0;
  bool labelled = true;  // the test images; else the float network's classes are the labels
  std::int64_t float_wrong = 0, quantized_wrong = 0;  // of the test images
  std::int64_t agreeing = 0;                          // predictions that are the same
  /// Of the weights, as they are in the network: a scheme, or "mixed"; 0 bits: widths differ.
  std::string scheme;
  int bits = 0;
  bool per_channel = false;      // at least one tensor
  bool bias_correction = false;  // at least one bias was changed
  bool quantized_file = false;   // the file's own scales and integers were kept
  std::optional<importing::Equalization> equalization;  // where it was asked for
  std::vector<importing::LayerNoise> noise;  // of every matrix operator that was plain, worst first
  std::vector<ActivationNoise> activations;  // of every value in codes, the worst first
  std::vector<std::string> remarks;          // on the file
  std::vector<IdleSetting> idle;
  network::Network network;

  double float_error() const;      // percent
  double quantized_error() const;  // percent
  double agreement() const;        // percent
};

/// InputError as Graph::read, lower, load_dataset and quantize, and for images of another shape
/// than the network's; InputError, too, when the float network gives something that is no number:
/// it names the first node that does, and the image. The result depends on neither threads nor
/// batches.
ImportResult import_model(const ImportConfig& config, int threads, bool quiet);

}  // namespace brownout::runs
