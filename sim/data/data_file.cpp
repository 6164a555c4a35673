// SPDX-License-Identifier: Apache-2.0
// Images first, then the labels, which say how many classes there are.
#include "sim/data/data_file.hpp"

#include <algorithm>
#include <utility>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/base/text.hpp"
#include "sim/data/own/array_images.hpp"
#include "sim/data/own/data_description.hpp"
#include "sim/data/own/picture_images.hpp"

namespace brownout::data {

namespace fs = std::filesystem;

bool names_data_file(const std::string& text) {
  const std::string ending = fs::path(text).extension().string();
  return ending == ".yaml" || ending == ".yml";
}

void note_data_inputs(const fs::path& file) {
  try {
    own::read_description(file);
  } catch (const InputError&) {
  }
}

DataName read_data_name(YamlMap& map, const std::string& key,
                        const std::optional<DataName>& fallback, bool any_file) {
  if (!map.has(key) && fallback) return *fallback;
  const std::string text = map.text(key);
  if (names_data_file(text)) {
    if (any_file) return {text, map.path(key)};
    const fs::path file = map.input_file(key);
    note_data_inputs(file);
    return {text, file};
  }
  const std::vector<std::string>& names = dataset_names();
  if (std::find(names.begin(), names.end(), text) == names.end()) {
    std::vector<std::string> known = names;
    known.emplace_back("FILE.yaml");
    map.choice(key, known);  // which says what was expected
  }
  return {text, {}};
}

Dataset load_data_file(const fs::path& file, Split split, std::int64_t count, bool fewer_will_do) {
  const own::DataDescription description = own::read_description(file);
  const std::optional<own::SplitPlaces>& places =
      split == Split::kTrain ? description.train : description.test;
  if (!places) {
    throw InputError("{}: has no images for the split {}; expected the key {}", file.string(),
                     to_string(split), to_string(split));
  }
  Dataset data = places->pictures
                     ? own::read_pictures(description, *places, split, count, fewer_will_do)
                     : own::read_arrays(description, *places, split, count, fewer_will_do);
  data.name = file.string();
  return data;
}

}  // namespace brownout::data
