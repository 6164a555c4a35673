// SPDX-License-Identifier: Apache-2.0
// Predictions against labels; rates over chips.
#include "sim/results/chip_result.hpp"

#include <algorithm>

#include "sim/base/error.hpp"
#include "sim/experiment/chip_weights.hpp"

namespace brownout::results {

double percent(std::int64_t wrong, std::int64_t images) {
  return 100.0 * static_cast<double>(wrong) / static_cast<double>(images);
}

double CleanResult::err(std::int64_t images) const { return percent(wrong, images); }

std::array<double, 2> CleanResult::err_ci95(std::int64_t images) const {
  return error_interval(wrong, images);
}

ErrorSpread CleanResult::error(std::int64_t images) const {
  if (!wrong_images.empty()) return error_spread({wrong_images});
  return error_spread(std::vector<std::int64_t>{wrong}, images);
}

WrongImages wrong_images(const data::Labels& predictions, const data::Dataset& data) {
  BROWNOUT_CHECK(data.labelled(), "{} predictions for images without labels", predictions.size());
  WrongImages wrong(predictions.size());
  for (std::size_t i = 0; i < wrong.size(); ++i) wrong[i] = predictions[i] != data.labels[i];
  return wrong;
}

bool any_by_voltage(const std::vector<std::unique_ptr<chips::Chip>>& chips) {
  return std::any_of(chips.begin(), chips.end(),
                     [](const auto& chip) { return chip->by_voltage(); });
}

double configured_rate(const std::vector<std::unique_ptr<chips::Chip>>& chips,
                       const chips::OperatingPoint& at, const std::vector<ChipResult>& results) {
  if (!any_by_voltage(chips)) return at.rate;
  double sum = 0.0;
  for (std::size_t i = 0; i < chips.size(); ++i) {
    sum += experiment::configured_rate(*chips[i], at, results[i].cell_rate);
  }
  return sum / static_cast<double>(chips.size());
}

}  // namespace brownout::results
