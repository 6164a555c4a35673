// SPDX-License-Identifier: Apache-2.0
// Lifetimes of values, and a first-fit placement of them: the largest first, at the lowest free
// offset.
#include "sim/datapath/value_memory.hpp"

#include <algorithm>
#include <numeric>

namespace brownout::datapath {

namespace {

constexpr std::size_t kLine = 64;
// Kernels may read one vector beyond the end of a value.
constexpr std::size_t kValueSlack = 64;

struct Lifetime {
  std::size_t first = 0, last = 0;  // steps
  network::ValueIndex value;
  std::size_t bytes = 0;
};

std::vector<Segment> find_segments(const std::vector<int>& chunks) {
  std::vector<Segment> segments;
  for (std::size_t step = 0; step < chunks.size(); ++step) {
    const int chunk = chunks[step];
    if (segments.empty() || segments.back().chunk != chunk) segments.push_back({step, step, chunk});
    segments.back().last = step;
  }
  return segments;
}

}  // namespace

ValueMemory place_values(const std::vector<Step>& steps, const ImageBytes& image_bytes,
                         const std::vector<int>& chunks, int batch) {
  ValueMemory memory;
  memory.segments = find_segments(chunks);
  memory.places.resize(image_bytes.size());

  std::vector<const Segment*> segment_of;
  for (const Segment& segment : memory.segments) {
    segment_of.resize(segment.last + 1, &segment);
  }
  Table<network::ValueIndex, std::size_t> last_read(image_bytes.size(), 0);  // step
  for (std::size_t s = 0; s < steps.size(); ++s) {
    const Step& step = steps[s];
    last_read[step.input] = s;
    for (const network::ValueIndex value : step.operands) last_read[value] = s;
  }

  std::vector<Lifetime> lifetimes;
  for (std::size_t s = 0; s < steps.size(); ++s) {
    const network::ValueIndex value = steps[s].output;
    const Segment* written = segment_of[s];
    const std::size_t last = std::max(s, last_read[value]);
    const Segment* read = segment_of[last];
    ValuePlace& place = memory.places[value];
    place.image_bytes = image_bytes[value];
    place.whole_batch = written != read;
    // A segment's steps run again for every chunk, so a value that enters or leaves a segment must
    // not share memory with anything in it.
    const std::size_t images = place.whole_batch ? batch : written->chunk;
    const std::size_t bytes = image_bytes[value] * images + kValueSlack;
    lifetimes.push_back({place.whole_batch ? written->first : s,
                         place.whole_batch ? read->last : last, value,
                         (bytes + kLine - 1) / kLine * kLine});
  }
  std::stable_sort(lifetimes.begin(), lifetimes.end(),
                   [](const Lifetime& a, const Lifetime& b) { return a.bytes > b.bytes; });
  for (std::size_t i = 0; i < lifetimes.size(); ++i) {
    const Lifetime& mine = lifetimes[i];
    std::vector<std::pair<std::size_t, std::size_t>> taken;
    for (std::size_t j = 0; j < i; ++j) {
      const Lifetime& other = lifetimes[j];
      if (other.last < mine.first || mine.last < other.first) continue;
      const std::size_t offset = memory.places[other.value].offset;
      taken.emplace_back(offset, offset + other.bytes);
    }
    std::sort(taken.begin(), taken.end());
    std::size_t offset = 0;
    for (const auto& [begin, end] : taken) {
      if (offset + mine.bytes <= begin) break;
      offset = std::max(offset, end);
    }
    memory.places[mine.value].offset = offset;
    memory.bytes = std::max(memory.bytes, offset + mine.bytes);
  }
  return memory;
}

}  // namespace brownout::datapath
