// SPDX-License-Identifier: Apache-2.0
// Finds datasets by name; their formats are read in datasets/.
#include "sim/data/dataset.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/data/formats/formats.hpp"

namespace brownout::data {

namespace {

namespace fs = std::filesystem;

struct Source {
  std::string name;
  std::string default_folder;  // "" = none
  std::string hint;            // what brings it
  formats::Reader read;
  const char* torchvision = "";  // where torchvision puts its files within its root
};

const std::vector<Source>& sources() {
  static const std::vector<Source> known = {
      {"fashion-mnist", "/usr/share/datasets/fashion-mnist",
       "install Debian's package dataset-fashion-mnist (apt-get install dataset-fashion-mnist)",
       formats::read_idx, "FashionMNIST/raw"},
      {"mnist", "",
       "download its four *-ubyte.gz files (http://yann.lecun.com/exdb/mnist or a mirror)",
       formats::read_idx, "MNIST/raw"},
      {"cifar10", "",
       "download the binary version cifar-10-binary.tar.gz "
       "(https://www.cs.toronto.edu/~kriz/cifar.html) and unpack it",
       formats::read_cifar10},
      {"cifar100", "",
       "download the binary version cifar-100-binary.tar.gz "
       "(https://www.cs.toronto.edu/~kriz/cifar.html) and unpack it",
       formats::read_cifar100},
      {"svhn", "",
       "download the cropped digits train_32x32.mat and test_32x32.mat "
       "(http://ufldl.stanford.edu/housenumbers)",
       formats::read_svhn},
      {"imagenette", "",
       "download imagenette2-160.tgz or another size (https://github.com/fastai/imagenette) and "
       "unpack it",
       formats::read_image_folders},
  };
  return known;
}

fs::path find_folder(const Source& source, const fs::path& asked) {
  if (!asked.empty()) return asked;
  if (const char* root = std::getenv("BROWNOUT_DATA"); root != nullptr && *root != '\0') {
    const fs::path folder = fs::path(root) / source.name;
    std::error_code ignored;
    if (!fs::is_directory(root, ignored)) {
      throw InputError(
          "{}: the environment variable BROWNOUT_DATA names no folder; expected one with a folder "
          "{} in it",
          root, source.name);
    }
    if (fs::is_directory(folder, ignored) || source.default_folder.empty()) return folder;
  }
  return source.default_folder;
}

}  // namespace

const std::vector<std::string>& dataset_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> found;
    for (const Source& source : sources()) found.push_back(source.name);
    return found;
  }();
  return names;
}

Dataset load_dataset(const std::string& name, Split split, const fs::path& folder) {
  const auto source = std::find_if(sources().begin(), sources().end(),
                                   [&](const Source& s) { return s.name == name; });
  if (source == sources().end()) {
    throw InputError("unknown dataset \"{}\", expected one of: {}", name,
                     fmt::join(dataset_names(), ", "));
  }
  const std::string hint =
      fmt::format("{}, or name its folder ({}, or BROWNOUT_DATA=DIR with a folder {} in it)",
                  source->hint, Field{"data"}, name);
  const fs::path place = find_folder(*source, folder);
  std::error_code error;
  if (place.empty()) throw InputError("dataset {} has no usual place: {}", name, hint);
  const fs::file_status status = fs::status(place, error);
  if (status.type() == fs::file_type::none) {  // not "not found": nobody may look
    throw InputError("{}: cannot open: {}", place.string(), error.message());
  }
  if (!fs::is_directory(status)) {
    throw InputError("{}: dataset {} is not there: {}", place.string(), name, hint);
  }

  const bool from_torchvision =
      *source->torchvision != '\0' && formats::is_there(place / source->torchvision);
  Dataset data = source->read(from_torchvision ? place / source->torchvision : place, split, hint);
  data.name = name;
  return data;
}

fs::path formats::inside(const fs::path& folder, const char* usual) {
  return is_there(folder / usual) ? folder / usual : folder;
}

bool formats::is_there(const fs::path& path) {
  std::error_code error;
  if (fs::exists(path, error)) return true;
  // Not "there is no such file": we are not allowed to look.
  if (error) throw InputError("{}: cannot open: {}", path.string(), error.message());
  return false;
}

std::string to_string(Split split) { return split == Split::kTrain ? "train" : "test"; }

std::int64_t Dataset::size() const {
  if (pixels_of) return pixels_of->size();
  if (labelled()) return static_cast<std::int64_t>(labels.size());
  return static_cast<std::int64_t>(pixels.size()) / std::max<std::int64_t>(shape.size(), 1);
}

void keep_first(Dataset& data, std::int64_t count) {
  BROWNOUT_CHECK(count <= data.size() && !data.pixels_of, "{} of {} images", count, data.size());
  data.pixels.resize(static_cast<std::size_t>(count * data.shape.size()));
  data.pixels.shrink_to_fit();
  if (data.labelled()) data.labels.resize(static_cast<std::size_t>(count));
}

Dataset with_labels(std::shared_ptr<const Dataset> data, Labels labels) {
  Dataset result;
  result.name = data->name;
  result.shape = data->shape;
  result.classes = data->classes;
  result.classes_stated = data->classes_stated;
  result.labels = std::move(labels);
  result.there = data->there;
  result.pixels_of = std::move(data);
  return result;
}

Dataset some_images(const Dataset& data, const std::vector<std::int64_t>& images) {
  Dataset some;
  some.name = data.name;
  some.shape = data.shape;
  some.classes = data.classes;
  some.classes_stated = data.classes_stated;
  some.pixels.reserve(images.size() * static_cast<std::size_t>(data.shape.size()));
  for (const std::int64_t image : images) {
    BROWNOUT_CHECK(image >= 0 && image < data.size(), "image {} of {}", image, data.size());
    const std::uint8_t* const pixels = data.image(image);
    some.pixels.insert(some.pixels.end(), pixels, pixels + data.shape.size());
    if (data.labelled()) some.labels.push_back(data.labels[static_cast<std::size_t>(image)]);
  }
  return some;
}

std::int64_t count_images(std::int64_t asked, std::int64_t there, const std::string& name,
                          Split split) {
  if (asked == 0) return there;
  if (asked > there) {
    throw InputError("{}: expected an integer in [1, {}], the images of {} ({}), got {}",
                     Field{"images"}, there, name, to_string(split), asked);
  }
  return asked;
}

std::string dataset_sha256(const Dataset& data) {
  const auto pixels = static_cast<std::size_t>(data.size() * data.shape.size());
  const bool wide = std::any_of(data.labels.begin(), data.labels.end(),
                                [](std::uint16_t label) { return label > 0xff; });
  std::string labels;
  for (const std::uint16_t label : data.labels) {
    labels.push_back(static_cast<char>(label & 0xff));
    if (wide) labels.push_back(static_cast<char>(label >> 8));
  }
  return sha256_hex(fmt::format(
      "{}x{}x{} {} {} {}", data.shape.channels, data.shape.height, data.shape.width, data.classes,
      sha256_hex({reinterpret_cast<const char*>(data.image(0)), pixels}), sha256_hex(labels)));
}

}  // namespace brownout::data
