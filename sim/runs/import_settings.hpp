// SPDX-License-Identifier: Apache-2.0
// Settings of an import as people give them: options of the command and fields of the library.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sim/runs/import_model.hpp"

namespace brownout::runs {

/// Fields: those of the members, but for "calibrate" (dataset) and "data_folder" (data).
struct ImportSettings {
  std::string model;  // file
  std::string dataset = "fashion-mnist", data, input;
  std::string mean = "0", deviation = "1", batch_norm = "fold", method = "min-max";
  std::string scheme = "rquant", rounding = "nearest", coded = "weight";
  std::optional<std::int64_t> images, test_images;
  double percentile = 99.99;
  bool per_channel = false, equalize = false, bias_correction = false;
  int bits = 8;
  std::optional<double> w_max;
};

/// InputError for texts that cannot be read, and for widths that the scheme does not allow.
ImportConfig import_config(const ImportSettings& settings);

}  // namespace brownout::runs
