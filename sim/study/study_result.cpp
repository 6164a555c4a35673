// SPDX-License-Identifier: Apache-2.0
// Finds cells, and what several of them say together.
#include "sim/study/study_result.hpp"

namespace brownout::study {

const Cell* RowResult::find(const std::string& evaluation, const std::string& label) const {
  for (const Cell& cell : cells) {
    if (cell.evaluation == evaluation && cell.header.label == label) return &cell;
  }
  return nullptr;
}

Drawn Cell::drawn_at(std::size_t network, std::size_t sample) const {
  return network < drawn.size() && sample < drawn[network].size() ? drawn[network][sample]
                                                                  : Drawn{};
}

std::vector<results::ErrorSpread> StudyResult::errors_of(const std::string& evaluation) const {
  std::vector<results::ErrorSpread> errors;
  for (const RowResult& row : rows) {
    for (const Cell& cell : row.cells) {
      if (cell.evaluation == evaluation && cell.is_error()) errors.push_back(cell.spread);
    }
  }
  return errors;
}

std::optional<results::PositionSpread> StudyResult::widest_positions(
    const std::string& evaluation) const {
  std::optional<results::PositionSpread> most;
  for (const RowResult& row : rows) {
    for (const Cell& cell : row.cells) {
      if (cell.evaluation != evaluation) continue;
      for (const results::PositionSpread& positions : cell.positions) {
        if (!positions.between || (most && *positions.between < *most->between)) continue;
        most = positions;
      }
    }
  }
  return most;
}

}  // namespace brownout::study
