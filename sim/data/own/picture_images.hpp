// SPDX-License-Identifier: Apache-2.0
// Images from folders of pictures at any size.
#pragma once
#include <cstdint>

#include "sim/data/own/data_description.hpp"

namespace brownout::data::own {

/// The first `count` pictures of a split, or all for 0; only these are decoded. Subfolders are the
/// classes, and the pictures come in turns (formats::in_turns); without subfolders they come in
/// the order of their names, with the labels of a file, or with none.
Dataset read_pictures(const DataDescription& description, const SplitPlaces& places, Split split,
                      std::int64_t count, bool fewer_will_do);

}  // namespace brownout::data::own
