// SPDX-License-Identifier: Apache-2.0
// A linear regulator passes the memory's current on, so it takes Vmin/V of the energy.
#include "sim/technology/rail.hpp"

#include <fmt/format.h>

namespace brownout::technology {

namespace {}

const std::vector<std::string>& rail_kind_names() {
  static const std::vector<std::string> names{"ideal", "switching-regulator", "linear-regulator"};
  return names;
}

double Rail::drawn(double voltage) const {
  if (voltage >= kVmin) return 1.0;
  switch (kind) {
    case RailKind::kIdeal:
      break;
    case RailKind::kSwitchingRegulator:
      return 1.0 / efficiency;
    case RailKind::kLinearRegulator:
      return kVmin / voltage;
  }
  return 1.0;
}

double Rail::level_shift_pj(double voltage, int bits) const {
  if (voltage >= kVmin || kind == RailKind::kIdeal) return 0.0;
  return 1e-3 * level_shift_fj_per_bit * bits;
}

std::string Rail::text() const {
  const std::string shifters =
      fmt::format(", level shifters {:g} fJ a bit", level_shift_fj_per_bit);
  switch (kind) {
    case RailKind::kIdeal:
      break;
    case RailKind::kSwitchingRegulator:
      return fmt::format("switching regulator of {:g} % efficiency", 100.0 * efficiency) + shifters;
    case RailKind::kLinearRegulator:
      return "linear regulator from Vmin" + shifters;
  }
  return stated ? "ideal, without losses or level shifters"
                : "ideal, without losses or level shifters (the technology file has no rail)";
}

}  // namespace brownout::technology
