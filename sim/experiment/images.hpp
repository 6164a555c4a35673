// SPDX-License-Identifier: Apache-2.0
// Which images run through a network, and the images themselves, read once.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "sim/data/dataset.hpp"

namespace brownout::experiment {

struct Images {
  std::string dataset = "fashion-mnist";  // as it was named
  std::filesystem::path data_file;        // of one's own data (docs/data.md); empty: a known set
  data::Split split = data::Split::kTest;
  std::filesystem::path folder;  // empty: the usual place
  std::int64_t count = 0;        // the first ones; 0: all
  bool fewer_will_do = false;    // all, if there are fewer than `count`
};

using data::to_string;

/// InputError as data::load_dataset, beginning with the field "data_folder" if there is a folder.
/// Of one's own data only the first `count` images are read.
data::Dataset load_dataset(const Images& images);

/// How many of the data set's images are used. InputError, of the field "images", for
/// more than there are.
std::int64_t count_of(const Images& images, const data::Dataset& data);

/// The first `count` images of a data set that was read.
struct OpenImages {
  std::shared_ptr<const data::Dataset> data;
  std::int64_t count = 0;

  bool labelled() const { return data->labelled(); }
};
/// InputError as load_dataset and count_of.
OpenImages open(const Images& images);

}  // namespace brownout::experiment
