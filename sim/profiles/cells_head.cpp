// SPDX-License-Identifier: Apache-2.0
// Writes and reads the head of a list of cells.
#include "sim/profiles/cells_head.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <vector>

#include "sim/base/error.hpp"
#include "sim/base/setting_text.hpp"
#include "sim/base/text.hpp"
#include "sim/profiles/import_text.hpp"
#include "sim/profiles/profile_format.hpp"
#include "sim/profiles/voltage_unit.hpp"

namespace brownout::profiles {
namespace {

constexpr std::string_view kHeadMark = "brownout profile cells 1";
constexpr std::array<std::string_view, 8> kHeadKeys{"name",   "origin", "synthetic", "vmin_volt",
                                                    "arrays", "rows",   "columns",   "voltages"};

}  // namespace

std::string cells_head(const Profile& profile) {
  std::vector<double> voltages;
  for (const ProfileLevel& level : profile.levels) voltages.push_back(level.voltage);
  return fmt::format(
      "# {}\n# name: {}\n# origin: {}\n# synthetic: {}\n# vmin_volt: {}\n# arrays: {}\n"
      "# rows: {}\n# columns: {}\n# voltages: {}\n",
      kHeadMark, profile.name, profile.origin, profile.synthetic, profile.vmin_volt, profile.arrays,
      profile.rows, profile.columns, fmt::join(voltages, ","));
}

void CellsHeadReader::read(const std::string& where, std::string_view comment) {
  comment.remove_prefix(std::min(comment.find_first_not_of("# \t"), comment.size()));
  if (!begun_) {
    begun_ = trimmed(comment) == kHeadMark;
    return;
  }
  const std::size_t colon = comment.find(':');
  const auto key = std::find(kHeadKeys.begin(), kHeadKeys.end(), trimmed(comment.substr(0, colon)));
  if (colon == std::string_view::npos || key == kHeadKeys.end()) return;
  const auto number = static_cast<unsigned>(key - kHeadKeys.begin());
  const std::string place = fmt::format("{}: {}", where, *key);
  if ((seen_ >> number & 1) != 0) throw InputError("{}: expected it once, got it again", place);
  seen_ |= 1u << number;
  std::string_view after = comment.substr(colon + 1);
  const std::string value(trimmed(after));
  if (!after.empty() && after.front() == ' ') after.remove_prefix(1);
  const auto axis = [&] { return static_cast<int>(parse_integer(place, value, 1, kMostPerAxis)); };
  switch (number) {
    case 0:
      profile_.name = after;  // as it is, with blanks at its end
      break;
    case 1:
      profile_.origin = after;
      break;
    case 2:
      profile_.synthetic = parse_choice(place, value, {"true", "false"}) == "true";
      break;
    case 3:
      profile_.vmin_volt = parse_number(place, value, 0.0, 100.0);
      break;
    case 4:
      profile_.arrays = axis();
      break;
    case 5:
      profile_.rows = axis();
      break;
    case 6:
      profile_.columns = axis();
      break;
    default:
      for (const std::string_view voltage : fields_of(value, ',')) {
        profile_.levels.push_back({VoltageScale().parse(place, voltage), {}});
      }
  }
}

std::optional<Profile> CellsHeadReader::profile(const std::string& where) const {
  if (!begun_) return std::nullopt;
  for (std::size_t i = 0; i < kHeadKeys.size(); ++i) {
    if ((seen_ >> i & 1) == 0) {
      throw InputError("{}: expected a line \"# {}: ...\" after \"# {}\"; it is missing", where,
                       kHeadKeys[i], kHeadMark);
    }
  }
  return profile_;
}

}  // namespace brownout::profiles
