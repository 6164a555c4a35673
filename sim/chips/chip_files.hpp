// SPDX-License-Identifier: Apache-2.0
// Chips by their names, with each profile file read once.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "sim/chips/chip.hpp"
#include "sim/chips/measured_chip.hpp"

namespace brownout::chips {

class ChipFiles {
 public:
  /// As make_chip.
  std::unique_ptr<Chip> make(const std::string& text);

 private:
  std::map<std::string, std::shared_ptr<const MeasuredChip>> maps_;  // at cell 0, by file
};

}  // namespace brownout::chips
