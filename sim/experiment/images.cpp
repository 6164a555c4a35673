// SPDX-License-Identifier: Apache-2.0
// The data set, then how many of its images.
#include "sim/experiment/images.hpp"

#include "sim/base/error.hpp"

namespace brownout::experiment {

std::string to_string(data::Split split) { return split == data::Split::kTrain ? "train" : "test"; }

data::Dataset load_dataset(const Images& images) {
  try {
    return data::load_dataset(images.dataset, images.split, images.folder);
  } catch (const InputError& error) {
    if (images.folder.empty()) throw;
    throw InputError("{}: {}", Field{"data_folder"}, error.text());
  }
}

std::int64_t count_of(const Images& images, const data::Dataset& data) {
  if (images.count == 0) return data.size();
  if (images.count > data.size()) {
    throw InputError("{}: expected an integer in [1, {}], the images of {} ({}), got {}",
                     Field{"images"}, data.size(), images.dataset, to_string(images.split),
                     images.count);
  }
  return images.count;
}

OpenImages open(const Images& images) {
  OpenImages opened;
  opened.data = std::make_shared<const data::Dataset>(load_dataset(images));
  opened.count = count_of(images, *opened.data);
  return opened;
}

}  // namespace brownout::experiment
