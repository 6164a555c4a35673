// SPDX-License-Identifier: Apache-2.0
// The second rail, which feeds a memory below Vmin: the energy that its regulator and level
// shifters take.
#pragma once

#include <string>
#include <vector>

namespace brownout::technology {

/// Voltages are in units of Vmin.
inline constexpr double kVmin = 1.0;

/// Where a supply below Vmin comes from: an ideal source without loss; a switching regulator; or a
/// linear regulator between the Vmin supply and the memory.
enum class RailKind { kIdeal, kSwitchingRegulator, kLinearRegulator };
const std::vector<std::string>& rail_kind_names();  // in the order of the enumeration

/// The block `rail` of a technology file.
struct Rail {
  RailKind kind = RailKind::kIdeal;
  bool stated = false;                  // by the file; else it is ideal because nothing is said
  double efficiency = 1.0;              // of the switching regulator, in (0, 1]
  double level_shift_fj_per_bit = 0.0;  // of each bit of an access, on the logic's supply

  /// Energy that is drawn to deliver one unit of it at `voltage`. At Vmin and above it is 1,
  /// because there is no regulator.
  double drawn(double voltage) const;
  /// Energy of the level shifters for an access of `bits` bits. Nothing is shifted at Vmin and
  /// above, nor with an ideal rail.
  double level_shift_pj(double voltage, int bits) const;
  /// "ideal (no loss, no level shifters)", "switching regulator of 85 % efficiency, …".
  std::string text() const;
};

}  // namespace brownout::technology
