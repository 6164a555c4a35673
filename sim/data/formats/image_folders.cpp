// SPDX-License-Identifier: Apache-2.0
// Image folders like Imagenette's: one folder per class, with JPEG and PNG files of any size.
#include <algorithm>

#include "sim/base/error.hpp"
#include "sim/base/outputs.hpp"
#include "sim/base/parallel.hpp"
#include "sim/data/formats/formats.hpp"
#include "sim/data/formats/pictures.hpp"
#include "sim/data/formats/shrink.hpp"

namespace brownout::data::formats {

namespace {

namespace fs = std::filesystem;

constexpr int kSide = 64;
constexpr std::size_t kImage = kSide * kSide * 3;
constexpr std::size_t kMaxClasses = 256;
constexpr std::size_t kMaxImages = 10'000'000;

/// The folder that contains train and val: archives create one around them (imagenette2-160).
fs::path root_of(const fs::path& folder, const std::string& hint) {
  const auto holds = [](const fs::path& path) {
    return is_there(path / "train") || is_there(path / "val");
  };
  if (holds(folder)) return folder;
  std::vector<fs::path> roots;
  for (const fs::path& path : entries(folder)) {
    std::error_code error;
    if (fs::is_directory(path, error) && holds(path)) roots.push_back(path);
  }
  if (roots.size() == 1) return roots[0];
  if (roots.empty()) throw InputError("{}: no folders train and val; {}", folder.string(), hint);
  throw InputError("{}: folders train and val lie in {} and {}; expected one place, name it",
                   folder.string(), roots[0].filename().string(), roots[1].filename().string());
}

}  // namespace

Dataset read_image_folders(const fs::path& folder, Split split, const std::string& hint) {
  const fs::path root = root_of(folder, hint);
  const fs::path own = root / (split == Split::kTrain ? "train" : "val");
  if (!is_there(own)) {
    throw InputError("{}: no folder {}; {}", root.string(), own.filename().string(), hint);
  }
  const std::vector<fs::path> classes = class_folders(own, kMaxClasses);
  const fs::path other = root / (split == Split::kTrain ? "val" : "train");
  for (const fs::path& pictures : {own, other}) note_input_folder(pictures);
  if (is_there(other)) expect_same_classes(classes, class_folders(other, kMaxClasses));
  std::vector<std::vector<fs::path>> files;
  for (const fs::path& path : classes) files.push_back(pictures_of(path));

  Dataset data;
  data.shape = {3, kSide, kSide};
  data.classes = static_cast<int>(classes.size());
  const std::vector<ClassedPicture> order = in_turns(files);
  for (const ClassedPicture& one : order) {
    data.labels.push_back(static_cast<std::uint16_t>(one.label));
  }
  if (order.size() > kMaxImages) {
    throw InputError("{}: found {} images, expected at most {}", own.string(), order.size(),
                     kMaxImages);
  }
  data.pixels.resize(order.size() * kImage);
  parallel_for(static_cast<std::int64_t>(order.size()), hardware_threads(),
               [&](std::int64_t i, int) {
                 const std::size_t index = i;
                 const Picture picture = read_picture(*order[index].file);
                 shrink_to_square(picture.pixels.data(), picture.width, picture.height, kSide,
                                  data.pixels.data() + index * kImage);
               });
  return data;
}

}  // namespace brownout::data::formats
