// SPDX-License-Identifier: Apache-2.0
// The models that a worker has ready, because the next job is often of the same unit.
#pragma once
#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace brownout::runs {

/// Of the units that were asked for last.
template <typename Model>
class KeptModels {
 public:
  /// `make` returns a std::unique_ptr<Model>.
  template <typename Make>
  Model& get(std::size_t unit, const Make& make) {
    const auto known = std::find_if(models_.begin(), models_.end(),
                                    [&](const auto& entry) { return entry.first == unit; });
    if (known != models_.end()) {
      std::rotate(known, known + 1, models_.end());
    } else {
      if (models_.size() == kMost) models_.erase(models_.begin());
      models_.emplace_back(unit, make());
    }
    return *models_.back().second;
  }

 private:
  static constexpr std::size_t kMost = 4;
  std::vector<std::pair<std::size_t, std::unique_ptr<Model>>> models_;  // the last used last
};

}  // namespace brownout::runs
