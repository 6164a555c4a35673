// SPDX-License-Identifier: Apache-2.0
// The data set, then how many of its images.
#include "sim/experiment/images.hpp"

#include <algorithm>

#include "sim/base/error.hpp"
#include "sim/data/data_file.hpp"

namespace brownout::experiment {

data::Dataset load_dataset(const Images& images) {
  if (!images.data_file.empty()) {
    if (!images.folder.empty()) {
      throw InputError("{}: is of known data sets; {} names the places of its own files",
                       Field{"data_folder"}, images.dataset);
    }
    return data::load_data_file(images.data_file, images.split, images.count, images.fewer_will_do);
  }
  try {
    return data::load_dataset(images.dataset, images.split, images.folder);
  } catch (const InputError& error) {
    if (images.folder.empty()) throw;
    throw InputError("{}: {}", Field{"data_folder"}, error.text());
  }
}

std::int64_t count_of(const Images& images, const data::Dataset& data) {
  const std::int64_t there = std::max(data.size(), data.there);
  if (images.fewer_will_do && images.count > there) return there;
  return data::count_images(images.count, there, images.dataset, images.split);
}

OpenImages open(const Images& images) {
  OpenImages opened;
  opened.data = std::make_shared<const data::Dataset>(load_dataset(images));
  opened.count = count_of(images, *opened.data);
  return opened;
}

}  // namespace brownout::experiment
