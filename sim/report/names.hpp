// SPDX-License-Identifier: Apache-2.0
// Short names for networks that are listed side by side.
#pragma once
#include <string>
#include <vector>

namespace brownout::report {

struct ShortNames {
  std::vector<std::string> names;  // "normal", "rquant"
  std::string pattern;             // "fmnist-simplenet16-*-8b", or "" when nothing was cut
};

/// Cuts the parts between '-' that all names share at their beginning and end; each name keeps one.
ShortNames short_names(const std::vector<std::string>& names);

/// What the chips of a sweep are, for titles: "random chips", or "places of one die, SYNTHETIC chip
/// NAME".
std::string chips_title(const std::string& chip_note);

}  // namespace brownout::report
