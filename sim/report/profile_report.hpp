// SPDX-License-Identifier: Apache-2.0
// What `brownout profile` finds, as text and as JSON; docs/command.md lists the fields.
#pragma once
#include <string>
#include <vector>

#include "sim/memory/profile.hpp"
#include "sim/memory/profile_fit.hpp"
#include "sim/memory/profile_statistics.hpp"

namespace brownout::report {

/// "chip2 (synthetic): ...": how every output names a profile.
std::string profile_title(const memory::Profile& profile);

/// The voltage without the last digits that come from arithmetic.
std::string voltage_text(double voltage);

std::string profile_text(const memory::Profile& profile,
                         const std::vector<memory::LevelStatistics>& levels);
std::string profile_json(const memory::Profile& profile,
                         const std::vector<memory::LevelStatistics>& levels);

/// The cells that break nesting, or "": "12 of 300 cells that fail at 0.9 Vmin err less ...".
std::string nesting_warning(const memory::Profile& profile,
                            const std::vector<memory::LevelStatistics>& levels);

std::string fit_text(const memory::Profile& profile, const memory::ProfileFit& fit);
std::string fit_json(const memory::Profile& profile, const memory::ProfileFit& fit);

std::string comparison_text(const memory::Profile& a, const memory::Profile& b,
                            const memory::ProfileComparison& comparison);
std::string comparison_json(const memory::Profile& a, const memory::Profile& b,
                            const memory::ProfileComparison& comparison);

/// The files that were made from a profile, or the profile that was made.
std::string written_text(const memory::Profile& profile, const std::vector<std::string>& files);
std::string written_json(const memory::Profile& profile, const std::vector<std::string>& files);

}  // namespace brownout::report
