// SPDX-License-Identifier: Apache-2.0
// One sentence.
#include "sim/report/supply_note.hpp"

#include <fmt/format.h>

namespace brownout::report {

std::string supply_note(const std::optional<results::SupplyEffect>& effect) {
  if (!effect || effect->saved_pct >= results::kSmallEffectPct) return "";
  const std::string largest =
      fmt::format("{:.0f} % of it is {}", effect->largest_share_pct, effect->largest);
  if (effect->saved_pct < 0.0) {
    return fmt::format("At {:.4f} Vmin an inference takes {:.2g} % more energy than at Vmin: {}.\n",
                       effect->voltage, -effect->saved_pct, largest);
  }
  return fmt::format(
      "The scaled supply moves little: at {:.4f} Vmin it saves {:.2g} % of all energy, because "
      "{}.\n",
      effect->voltage, effect->saved_pct, largest);
}

}  // namespace brownout::report
