// SPDX-License-Identifier: Apache-2.0
// What `brownout profile` finds, as text and as JSON; docs/output.md lists the fields.
#pragma once
#include <string>
#include <vector>

#include "sim/profiles/chip_profile.hpp"
#include "sim/profiles/profile_fit.hpp"
#include "sim/profiles/profile_statistics.hpp"

namespace brownout::report {

/// "chip2 (synthetic): ...": how every output names a profile.
std::string profile_title(const profiles::Profile& profile);

/// The voltage without the last digits that come from arithmetic.
std::string voltage_text(double voltage);

std::string profile_text(const profiles::Profile& profile,
                         const std::vector<profiles::LevelStatistics>& levels);
std::string profile_json(const profiles::Profile& profile,
                         const std::vector<profiles::LevelStatistics>& levels);

/// The cells that break nesting, or "": "12 of 300 cells that fail at 0.9 Vmin err less ...".
std::string nesting_warning(const profiles::Profile& profile,
                            const std::vector<profiles::LevelStatistics>& levels);

std::string fit_text(const profiles::Profile& profile, const profiles::ProfileFit& fit);
std::string fit_json(const profiles::Profile& profile, const profiles::ProfileFit& fit);

std::string comparison_text(const profiles::Profile& a, const profiles::Profile& b,
                            const profiles::ProfileComparison& comparison);
std::string comparison_json(const profiles::Profile& a, const profiles::Profile& b,
                            const profiles::ProfileComparison& comparison);

/// The files that were made from a profile, or the profile that was made.
std::string written_text(const profiles::Profile& profile, const std::vector<std::string>& files);
std::string written_json(const profiles::Profile& profile, const std::vector<std::string>& files);

}  // namespace brownout::report
