// SPDX-License-Identifier: Apache-2.0
// SCALE-Sim's configuration file (.cfg) as an accelerator of ours.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace brownout::estimate {

/// One figure of the file, and what became of it.
struct ScaleSimFigure {
  std::string place;    // "google.cfg:5"
  std::string key;      // "ArrayHeight"
  std::string value;    // as the file has it
  std::string becomes;  // "array.rows: 16", or "" when it has no counterpart
  std::string remark;   // why, or what differs; ""
};

struct ScaleSimAccelerator {
  /// Keys of an accelerator file, dotted, with values in YAML; `name` is the first.
  std::vector<std::pair<std::string, std::string>> values;
  std::vector<ScaleSimFigure> figures;  // in the order of the file
  std::vector<std::string> assumed;     // what SCALE-Sim does not say, one sentence each
};

/// Reads sections [general] and [architecture_presets] as SCALE-Sim v2 writes them: "Key: value" or
/// "Key = value" a line, names in any case, lines that begin with # or ; are comments. `name`
/// stands for the file in messages. InputError with the line for anything else, for a key or
/// section that SCALE-Sim does not have, one that is given twice or missing, sizes that are no
/// integers, and for the input-stationary dataflow, which our array does not have.
ScaleSimAccelerator parse_scale_sim(const std::string& text, const std::string& name);
ScaleSimAccelerator read_scale_sim(const std::filesystem::path& file);

}  // namespace brownout::estimate
