// SPDX-License-Identifier: Apache-2.0
// What protection of the weight memory costs: energy of accesses, leakage, area.
#pragma once

#include "sim/mitigation/protection.hpp"

namespace brownout::technology {

class Technology;

/// What an access of a protected memory takes, and how much more the memory leaks.
struct ProtectedAccess {
  double sram_relative = 1.0;  // energy of the memory's circuits, relative to Vmin and unprotected
  double read_logic_pj = 0.0;  // beside them, on the logic's supply
  double write_logic_pj = 0.0;
  double leakage_added = 0.0;  // as a share of the unprotected memory's leakage
};

/// With the rail at `voltage`. InputError when the technology has no block `mitigation`, and for a
/// supply outside its validity range.
ProtectedAccess protected_access(const Technology& technology,
                                 const mitigation::Protection& protection, double voltage);

/// Energy of a word's read with everything that protects it, relative to that of the unprotected
/// memory at Vmin. InputError when the technology has no block `mitigation` or `energy`, and for a
/// supply outside its validity range.
double protected_read_relative(const Technology& technology,
                               const mitigation::Protection& protection, double voltage);

/// Area of the weight memory relative to the unprotected one, without codec and repair logic.
/// InputError when the technology has no block `mitigation` and there is protection.
double area_relative(const Technology& technology, const mitigation::Protection& protection);

}  // namespace brownout::technology
