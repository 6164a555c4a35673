// SPDX-License-Identifier: Apache-2.0
// Reads a data file key by key; what it accepts is what docs/data.md lists.
#include "sim/data/own/data_description.hpp"

#include <algorithm>
#include <initializer_list>
#include <system_error>

#include "sim/base/outputs.hpp"
#include "sim/base/yaml.hpp"

namespace brownout::data::own {

namespace {

namespace fs = std::filesystem;

/// A file or a folder, which exists.
fs::path read_place(YamlMap& map, const char* key) {
  const fs::path place = map.path(key);
  std::error_code error;
  return fs::is_directory(place, error) ? place : map.input_file(key);
}

std::optional<SplitPlaces> read_split(YamlMap& root, const char* key) {
  std::optional<YamlMap> map = root.optional_map(key);
  if (!map) return std::nullopt;
  map->expect({"images", "images_array", "labels", "labels_array"});
  SplitPlaces split;
  split.origin = root.where(key);
  split.images = {read_place(*map, "images"), map->text("images_array", "")};
  std::error_code error;
  split.pictures = fs::is_directory(split.images.file, error);
  if (split.pictures) note_input_folder(split.images.file);
  if (split.pictures && map->has("images_array")) {
    map->fail("images_array", "is of a file with arrays; expected none with a folder of pictures");
  }
  if (map->has("labels")) {
    split.labels = ArrayPlace{map->input_file("labels"), map->text("labels_array", "")};
  } else if (map->has("labels_array")) {
    map->fail("labels_array", "names an array in the file of labels; expected labels: FILE too");
  }
  map->finish();
  return split;
}

/// One number, or height and width.
std::optional<Extent> read_extent(YamlMap& root, const char* key) {
  if (!root.has(key)) return std::nullopt;
  if (!root.is_list(key)) return Extent{0, static_cast<int>(root.integer(key, 1, kMostSide))};
  const std::vector<std::int64_t> numbers = root.integers(key, 1, kMostSide);
  if (numbers.size() != 2) root.fail(key, "expected one number, or [height, width]");
  return Extent{static_cast<int>(numbers[0]), static_cast<int>(numbers[1])};
}

void read_classes(YamlMap& root, DataDescription& description) {
  const char* const key = "classes";
  if (!root.has(key)) return;
  if (!root.is_list(key)) {
    description.classes = static_cast<int>(root.integer(key, 1, kMostClasses));
    return;
  }
  description.class_names = root.texts(key);
  description.classes = static_cast<int>(description.class_names.size());
  if (description.classes > kMostClasses) root.fail(key, "expected at most 65536 names");
  std::vector<std::string> sorted = description.class_names;
  std::sort(sorted.begin(), sorted.end());
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  if (twice != sorted.end()) root.fail(key, "\"" + *twice + "\" is listed twice");
}

void read_range(YamlMap& root, DataDescription& description) {
  const char* const key = "range";
  if (!root.has(key)) return;
  const std::vector<double> range = root.numbers(key, -1e30, 1e30);
  if (range.size() != 2 || !(range[0] < range[1])) {
    root.fail(key, "expected [low, high]: the numbers that are pixels 0 and 255");
  }
  description.range_stated = true;
  description.low = range[0];
  description.high = range[1];
}

}  // namespace

DataDescription read_description(const fs::path& file) {
  YamlMap root = YamlMap::load(file);
  root.expect({"train", "test", "classes", "layout", "range", "resize", "crop", "colour"});
  DataDescription description;
  description.file = file;
  description.train = read_split(root, "train");
  description.test = read_split(root, "test");
  read_classes(root, description);
  if (root.has("layout")) {
    description.channels_first = root.choice("layout", {"NCHW", "NHWC"}) == 0;
  }
  read_range(root, description);
  description.resize = read_extent(root, "resize");
  description.crop = read_extent(root, "crop");
  if (description.crop && description.crop->height == 0) {
    description.crop->height = description.crop->width;
  }
  description.grey = root.choice("colour", {"rgb", "grey"}, 0) == 1;
  root.finish();

  const std::optional<SplitPlaces>* const splits[] = {&description.train, &description.test};
  const auto any = [&](bool pictures) {
    return std::any_of(std::begin(splits), std::end(splits), [&](const auto* split) {
      return split->has_value() && (*split)->pictures == pictures;
    });
  };
  if (!any(true) && !any(false)) root.fail("test", "expected test, train or both; found neither");
  for (const char* key : {"layout", "range"}) {
    if (root.has(key) && !any(false)) {
      root.fail(key, "is of arrays; expected none with folders of pictures");
    }
  }
  for (const char* key : {"resize", "crop", "colour"}) {
    if (root.has(key) && !any(true)) root.fail(key, "is of folders of pictures; found arrays");
  }
  return description;
}

}  // namespace brownout::data::own
