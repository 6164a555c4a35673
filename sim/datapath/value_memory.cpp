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
  int first = 0, last = 0;  // steps
  int value = 0;
  std::size_t bytes = 0;
};

std::vector<Segment> find_segments(const std::vector<int>& chunks) {
  std::vector<Segment> segments;
  for (int step = 0; step < static_cast<int>(chunks.size()); ++step) {
    const int chunk = chunks[static_cast<std::size_t>(step)];
    if (segments.empty() || segments.back().chunk != chunk) segments.push_back({step, step, chunk});
    segments.back().last = step;
  }
  return segments;
}

}  // namespace

ValueMemory place_values(const std::vector<Step>& steps,
                         const std::vector<std::size_t>& image_bytes,
                         const std::vector<int>& chunks, int batch) {
  ValueMemory memory;
  memory.segments = find_segments(chunks);
  memory.places.resize(image_bytes.size());

  std::vector<const Segment*> segment_of;
  for (const Segment& segment : memory.segments) {
    segment_of.resize(static_cast<std::size_t>(segment.last + 1), &segment);
  }
  std::vector<int> last_read(image_bytes.size(), -1);
  for (int s = 0; s < static_cast<int>(steps.size()); ++s) {
    const Step& step = steps[static_cast<std::size_t>(s)];
    last_read[static_cast<std::size_t>(step.input)] = s;
    for (const int value : step.residuals) last_read[static_cast<std::size_t>(value)] = s;
  }

  std::vector<Lifetime> lifetimes;
  for (int s = 0; s < static_cast<int>(steps.size()); ++s) {
    const int value = steps[static_cast<std::size_t>(s)].output;
    const auto v = static_cast<std::size_t>(value);
    const Segment* written = segment_of[static_cast<std::size_t>(s)];
    const int last = std::max(s, last_read[v]);
    const Segment* read = segment_of[static_cast<std::size_t>(last)];
    ValuePlace& place = memory.places[v];
    place.image_bytes = image_bytes[v];
    place.whole_batch = written != read;
    // A segment's steps run again for every chunk, so a value that enters or leaves a segment must
    // not share memory with anything in it.
    const int images = place.whole_batch ? batch : written->chunk;
    const std::size_t bytes = image_bytes[v] * static_cast<std::size_t>(images) + kValueSlack;
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
      const std::size_t offset = memory.places[static_cast<std::size_t>(other.value)].offset;
      taken.emplace_back(offset, offset + other.bytes);
    }
    std::sort(taken.begin(), taken.end());
    std::size_t offset = 0;
    for (const auto& [begin, end] : taken) {
      if (offset + mine.bytes <= begin) break;
      offset = std::max(offset, end);
    }
    memory.places[static_cast<std::size_t>(mine.value)].offset = offset;
    memory.bytes = std::max(memory.bytes, offset + mine.bytes);
  }
  return memory;
}

}  // namespace brownout::datapath
