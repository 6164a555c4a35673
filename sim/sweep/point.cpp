// SPDX-License-Identifier: Apache-2.0
// Means and spreads over the chips of a point.
#include "sim/sweep/point.hpp"

#include "sim/base/error.hpp"

namespace brownout::sweep {

double percent(std::int64_t wrong, std::int64_t images) {
  return 100.0 * static_cast<double>(wrong) / static_cast<double>(images);
}

Point summarize(const CleanResult& clean, const std::vector<ChipResult>& chips,
                std::int64_t images) {
  BROWNOUT_CHECK(images > 0, "a point of {} images", images);
  Point point;
  point.images = images;
  point.chips = static_cast<std::int64_t>(chips.size());
  point.err = percent(clean.wrong, images);
  point.confidence_clean = clean.confidence;
  point.prop1_excess = proposition1_excess(images, point.chips);

  std::vector<double> rerr, rerr_either, confidence, cells, bits, codes;
  for (const ChipResult& chip : chips) {
    rerr.push_back(percent(chip.wrong, images));
    rerr_either.push_back(percent(chip.wrong_either, images));
    confidence.push_back(chip.confidence);
    cells.push_back(static_cast<double>(chip.read.cells_hit));
    bits.push_back(static_cast<double>(chip.read.bits_wrong));
    codes.push_back(static_cast<double>(chip.read.codes_changed));
  }
  point.rerr = spread(rerr);
  point.rerr_either = spread(rerr_either);
  point.confidence = spread(confidence);
  point.cells_hit_mean = spread(cells).mean;
  point.bits_wrong_mean = spread(bits).mean;
  point.codes_changed_mean = spread(codes).mean;
  return point;
}

}  // namespace brownout::sweep
