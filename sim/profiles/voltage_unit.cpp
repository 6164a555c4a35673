// SPDX-License-Identifier: Apache-2.0
// The only place that knows the units of voltages.
#include "sim/profiles/voltage_unit.hpp"

#include "sim/base/error.hpp"
#include "sim/base/setting_text.hpp"
#include "sim/base/text.hpp"

namespace brownout::profiles {
namespace {

constexpr double kLowestVmin = 0.01, kHighestVmin = 10.0;
/// No SRAM that is worth measuring works so far below its Vmin.
constexpr double kHardlyVmin = 0.7;

}  // namespace

const std::vector<std::string>& voltage_units() {
  static const std::vector<std::string> units{"V", "mV", "Vmin"};
  return units;
}

VoltageScale::VoltageScale(const std::string& unit, double vmin_volt) : unit_(unit) {
  if (unit == "Vmin") return;
  per_volt_ = unit == "mV" ? 1000.0 : 1.0;
  volts_ = vmin_volt;
  if (in_vmin()) {
    throw InputError("{}: {} needs Vmin in volts; expected {} V", Field{"voltage_unit"}, unit,
                     Field{"vmin_volt"});
  }
}

double VoltageScale::parse(const std::string& where, std::string_view text) const {
  const double unit = in_vmin() ? 1.0 : per_volt_ * volts_;
  double value = 0.0;
  std::string problem =
      problem_of_number(std::string(text), kLowestVmin * unit, kHighestVmin * unit, value);
  if (problem.empty()) return in_vmin() ? value : value / per_volt_ / volts_;
  if (!in_vmin()) {
    problem += fmt::format(" (in {}, with Vmin at {} V)", unit_, volts_);
  } else if (value > kHighestVmin) {
    problem += fmt::format(" (in units of Vmin; {} V or mV says otherwise)", Field{"voltage_unit"});
  }
  throw InputError("{}: {}", where, problem);
}

VoltageDoubts voltage_doubts(const Profile& profile) {
  VoltageDoubts doubts;
  for (const ProfileLevel& level : profile.levels) {
    if (level.voltage < 1.0 || level.cells.empty()) continue;
    doubts.faults_above_vmin.push_back({level.voltage, level.cells.size()});
  }
  const double highest = profile.levels.back().voltage;
  doubts.like_volts = highest < kHardlyVmin || highest <= profile.vmin_volt;
  return doubts;
}

}  // namespace brownout::profiles
