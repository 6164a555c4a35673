// SPDX-License-Identifier: Apache-2.0
// Images and labels from arrays of numbers.
#pragma once
#include <cstdint>

#include "sim/data/own/data_description.hpp"

namespace brownout::data::own {

/// The first `count` images of a split, or all for 0, and their labels, if there are any.
Dataset read_arrays(const DataDescription& description, const SplitPlaces& places, Split split,
                    std::int64_t count, bool fewer_will_do);

/// The labels of the first `images` of `there` images, with the number of classes.
void read_labels(const DataDescription& description, const ArrayPlace& place,
                 const std::string& images_name, std::int64_t there, std::int64_t images,
                 Dataset& data);

}  // namespace brownout::data::own
