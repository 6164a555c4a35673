// SPDX-License-Identifier: Apache-2.0
// Lists all files, then decodes, resizes and crops those that are wanted.
#include "sim/data/own/picture_images.hpp"

#include <algorithm>
#include <system_error>

#include "sim/base/error.hpp"
#include "sim/base/parallel.hpp"
#include "sim/base/text.hpp"
#include "sim/data/formats/pictures.hpp"
#include "sim/data/own/array_images.hpp"
#include "sim/data/own/resample.hpp"

namespace brownout::data::own {

namespace {

namespace fs = std::filesystem;
using formats::Picture;

bool has_folders(const fs::path& folder) {
  const std::vector<fs::path> found = formats::entries(folder);
  return std::any_of(found.begin(), found.end(), [](const fs::path& path) {
    std::error_code error;
    return fs::is_directory(path, error);
  });
}

/// The folders of the classes, in the order of their numbers.
std::vector<fs::path> class_folders(const DataDescription& description, const SplitPlaces& places) {
  const fs::path& root = places.images.file;
  std::vector<fs::path> folders = formats::class_folders(root, kMostClasses);
  if (description.class_names.empty()) {
    if (description.classes > 0 &&
        folders.size() != static_cast<std::size_t>(description.classes)) {
      throw InputError("{}: found {} folders, expected {}: one for each of the classes in {}",
                       root.string(), folders.size(), description.classes,
                       description.file.string());
    }
    return folders;
  }
  std::vector<fs::path> ordered;
  for (const std::string& name : description.class_names) {
    const auto found = std::find(folders.begin(), folders.end(), root / name);
    if (found == folders.end()) {
      throw InputError("{}: no folder {}, which {} lists as a class", root.string(),
                       in_quotes(name), description.file.string());
    }
    ordered.push_back(*found);
    folders.erase(found);
  }
  if (!folders.empty()) {
    throw InputError("{}: a folder that {} does not list among its classes",
                     folders.front().string(), description.file.string());
  }
  return ordered;
}

/// ITU-R 601-2 luma in 16-bit fixed point, as Pillow converts to "L".
void make_grey(Picture& picture) {
  std::uint8_t* to = picture.pixels.data();
  for (std::size_t i = 0; i + 2 < picture.pixels.size(); i += 3) {
    const std::uint8_t* from = picture.pixels.data() + i;
    *to++ = static_cast<std::uint8_t>(
        (from[0] * 19595u + from[1] * 38470u + from[2] * 7471u + 0x8000u) >> 16);
  }
  picture.pixels.resize(picture.pixels.size() / 3);
}

void resize(Picture& picture, const Extent& wanted, int channels) {
  Extent to = wanted;
  if (wanted.height == 0) {  // the shorter side; the other one is rounded down
    const std::int64_t side = wanted.width;
    const bool wide = picture.width > picture.height;
    const std::int64_t shorter = std::min(picture.width, picture.height);
    const std::int64_t longer = std::max(picture.width, picture.height);
    const int other = static_cast<int>(side * longer / shorter);
    to = wide ? Extent{wanted.width, other} : Extent{other, wanted.width};
  }
  picture.pixels = resize_bilinear(picture.pixels.data(), picture.width, picture.height, channels,
                                   to.width, to.height);
  picture.width = to.width;
  picture.height = to.height;
}

/// Half of what is left over, rounded to the even number when it is no integer.
int margin(int from, int to) {
  const int left = from - to;
  return left % 2 == 0 ? left / 2 : left / 2 + left / 2 % 2;
}

void crop(Picture& picture, const Extent& to, int channels, const fs::path& file) {
  if (to.height > picture.height || to.width > picture.width) {
    throw InputError("{}: is {} x {} (height x width) before the crop, expected at least {} x {}",
                     file.string(), picture.height, picture.width, to.height, to.width);
  }
  const int top = margin(picture.height, to.height), left = margin(picture.width, to.width);
  std::uint8_t* out = picture.pixels.data();
  for (int y = 0; y < to.height; ++y) {
    const std::uint8_t* from =
        picture.pixels.data() + (std::ptrdiff_t{top + y} * picture.width + left) * channels;
    out = std::copy(from, from + std::ptrdiff_t{to.width} * channels, out);
  }
  picture.width = to.width;
  picture.height = to.height;
  picture.pixels.resize(static_cast<std::size_t>(out - picture.pixels.data()));
}

Picture prepared(const fs::path& file, const DataDescription& description) {
  const int channels = description.grey ? 1 : 3;
  Picture picture = formats::read_picture(file);
  if (description.grey) make_grey(picture);
  if (description.resize) resize(picture, *description.resize, channels);
  if (description.crop) crop(picture, *description.crop, channels, file);
  return picture;
}

/// Decodes the files; the first one says how large all must be.
void decode(const DataDescription& description, const std::vector<const fs::path*>& files,
            Dataset& data) {
  const Picture first = prepared(*files.front(), description);
  data.shape = {description.grey ? 1 : 3, first.height, first.width};
  const std::size_t size = first.pixels.size();
  data.pixels.resize(files.size() * size);
  parallel_for(
      static_cast<std::int64_t>(files.size()), hardware_threads(), [&](std::int64_t i, int) {
        const std::size_t index = static_cast<std::size_t>(i);
        const Picture picture = index == 0 ? first : prepared(*files[index], description);
        if (picture.height != first.height || picture.width != first.width) {
          throw InputError(
              "{}: is {} x {} (height x width), {} is {} x {}; expected one size: resize or crop "
              "in {}",
              files[index]->string(), picture.height, picture.width, files.front()->string(),
              first.height, first.width, description.file.string());
        }
        std::copy(picture.pixels.begin(), picture.pixels.end(), data.pixels.data() + index * size);
      });
}

}  // namespace

Dataset read_pictures(const DataDescription& description, const SplitPlaces& places, Split split,
                      std::int64_t count, bool fewer_will_do) {
  const fs::path& root = places.images.file;
  Dataset data;
  std::vector<std::vector<fs::path>> files;
  const bool classed = has_folders(root);
  if (!classed) {
    files.push_back(formats::pictures_of(root));
  } else {
    if (places.labels) {
      throw InputError("{}: labels: the folders of {} are the classes; expected none",
                       places.origin, root.string());
    }
    const std::vector<fs::path> folders = class_folders(description, places);
    const std::optional<SplitPlaces>& other =
        split == Split::kTrain ? description.test : description.train;
    if (other && other->pictures && has_folders(other->images.file)) {
      formats::expect_same_classes(folders, class_folders(description, *other));
    }
    for (const fs::path& folder : folders) files.push_back(formats::pictures_of(folder));
  }
  std::vector<formats::ClassedPicture> order = formats::in_turns(files);
  data.there = static_cast<std::int64_t>(order.size());
  if (fewer_will_do) count = std::min(count, data.there);
  order.resize(
      static_cast<std::size_t>(count_images(count, data.there, description.file.string(), split)));
  data.classes = classed ? static_cast<int>(files.size()) : description.classes;
  data.classes_stated = data.classes > 0;
  if (places.labels) {
    read_labels(description, *places.labels, root.string(), data.there,
                static_cast<std::int64_t>(order.size()), data);
  }
  std::vector<const fs::path*> wanted;
  for (const formats::ClassedPicture& one : order) {
    wanted.push_back(one.file);
    if (classed) data.labels.push_back(static_cast<std::uint16_t>(one.label));
  }
  decode(description, wanted, data);
  return data;
}

}  // namespace brownout::data::own
