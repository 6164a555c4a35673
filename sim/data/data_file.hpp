// SPDX-License-Identifier: Apache-2.0
// Data of one's own: a YAML file says where the images and labels are (docs/data.md).
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "sim/base/yaml.hpp"
#include "sim/data/dataset.hpp"

namespace brownout::data {

/// A data set as someone named it: one of dataset_names(), or a data file.
struct DataName {
  std::string text;            // as it was written
  std::filesystem::path file;  // of a data file; empty: a known one
};

/// Ends in .yaml or .yml, as no known name does.
bool names_data_file(const std::string& text);

/// Tells the registry of outputs which files a data file names, so that none is replaced. Says
/// nothing about a file that is wrong: reading its images does.
void note_data_inputs(const std::filesystem::path& file);

/// A key whose value names a data set. Files are relative to the file that names them, and must
/// exist unless `any_file`. InputError for anything else, with the known names.
DataName read_data_name(YamlMap& map, const std::string& key,
                        const std::optional<DataName>& fallback = {}, bool any_file = false);

/// The first `count` images of a split, or all for 0; no others are read (labels are). InputError
/// names the file, the place in it, what was found and what was expected, also for a `count` above
/// what there is, unless fewer will do.
Dataset load_data_file(const std::filesystem::path& file, Split split, std::int64_t count = 0,
                       bool fewer_will_do = false);

}  // namespace brownout::data
