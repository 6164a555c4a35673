// SPDX-License-Identifier: Apache-2.0
// Predictions against labels; rates over chips.
#include "sim/results/chip_result.hpp"

#include <algorithm>

#include "sim/experiment/chip_weights.hpp"

namespace brownout::results {

WrongImages wrong_images(const std::vector<std::uint8_t>& predictions, const data::Dataset& data) {
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
