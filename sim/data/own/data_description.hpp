// SPDX-License-Identifier: Apache-2.0
// What a data file says (docs/data.md): where images and labels are, and how they are to be read.
#pragma once
#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "sim/data/dataset.hpp"

namespace brownout::data::own {

inline constexpr std::int64_t kMostClasses = std::numeric_limits<Labels::value_type>::max() + 1;
inline constexpr int kMostSide = 1 << 14;  // of an image

/// An array in a file: a .npy file, or a named one in an .npz or HDF5 file.
struct ArrayPlace {
  std::filesystem::path file;
  std::string array;  // "": the only one
};

struct SplitPlaces {
  ArrayPlace images;  // or a folder of pictures
  bool pictures = false;
  std::optional<ArrayPlace> labels;
  std::string origin;  // "data.yaml:3:1: test", for messages
};

/// Height and width; or, without a height, the shorter side.
struct Extent {
  int height = 0, width = 0;
};

struct DataDescription {
  std::filesystem::path file;
  std::vector<std::string> class_names;  // empty: not named
  int classes = 0;                       // 0: not said
  std::optional<bool> channels_first;    // of arrays of four dimensions
  bool range_stated = false;
  double low = 0.0, high = 1.0;  // floating-point pixels that become 0 and 255
  std::optional<Extent> resize, crop;
  bool grey = false;
  std::optional<SplitPlaces> train, test;
};

/// InputError with line and column for what the file says wrong, and for files that it names and
/// that do not exist.
DataDescription read_description(const std::filesystem::path& file);

}  // namespace brownout::data::own
