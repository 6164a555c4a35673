// SPDX-License-Identifier: Apache-2.0
// What the importers share.
#include "sim/profiles/profile_import.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace brownout::profiles {

Profile profile_of(const ImportInfo& info) {
  Profile profile;
  profile.name = info.name;
  profile.origin = info.origin;
  profile.vmin_volt = info.vmin_volt;
  profile.synthetic = info.synthetic;
  return profile;
}

void finish_import(Imported& imported) {
  Profile& profile = imported.profile;
  std::sort(profile.levels.begin(), profile.levels.end(),
            [](const ProfileLevel& a, const ProfileLevel& b) { return a.voltage < b.voltage; });
  check_profile(profile, profile.name.empty() ? "imported profile" : profile.name);
  for (const ProfileLevel& level : profile.levels) {
    const auto err = static_cast<std::uint64_t>(std::count_if(
        level.cells.begin(), level.cells.end(),
        [](const ProfileCell& cell) { return cell.p01 >= 0.5f || cell.p10 >= 0.5f; }));
    if (2 * err <= profile.cells()) continue;
    imported.notes.push_back(fmt::format(
        "at {} Vmin {} of {} cells read wrong more often than not: are healthy cells marked as "
        "faulty?",
        level.voltage, err, profile.cells()));
  }
}

}  // namespace brownout::profiles
