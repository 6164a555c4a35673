// SPDX-License-Identifier: Apache-2.0
// Where the values of a batch live: one arena per worker, small enough to stay in its cache.
#pragma once
#include <cstddef>
#include <vector>

#include "sim/mapping/plan.hpp"

namespace brownout::datapath {

using mapping::Step;

/// Consecutive steps that run together for `chunk` images at a time.
struct Segment {
  std::size_t first = 0, last = 0;  // steps, both included
  int chunk = 1;
};

/// The memory of one step's value. Values that stay within a segment hold a chunk of images; the
/// others hold the whole batch. Images lie back to back.
struct ValuePlace {
  std::size_t offset = 0;  // bytes from the start of the arena
  std::size_t image_bytes = 0;
  bool whole_batch = false;
};

struct ValueMemory {
  std::vector<Segment> segments;
  Table<network::ValueIndex, ValuePlace> places;  // of the input image unused
  std::size_t bytes = 0;
};

/// Bytes that an image takes, by value.
using ImageBytes = Table<network::ValueIndex, std::size_t>;

/// `chunks` by step, powers of two that divide `batch`.
ValueMemory place_values(const std::vector<Step>& steps, const ImageBytes& image_bytes,
                         const std::vector<int>& chunks, int batch);

}  // namespace brownout::datapath
