// SPDX-License-Identifier: Apache-2.0
// `brownout profile import`: maps in other people's formats become a profile.
#include "sim/profiles/profile_import.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sim/base/error.hpp"
#include "sim/base/text.hpp"
#include "sim/cli/arguments.hpp"
#include "sim/cli/profile_options.hpp"
#include "sim/report/profile_report.hpp"

namespace brownout::cli {

namespace fs = std::filesystem;

namespace {

/// "0.9,0.85": in the order of the files.
std::vector<double> parse_voltages(const std::string& text) {
  constexpr double kHighest = 10.0;
  std::vector<double> voltages;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    voltages.push_back(parse_number(kVoltages, text.substr(begin, end - begin), 0.01, kHighest));
    begin = end + 1;
  }
  return voltages;
}

/// --rows or --columns of a stuck-at map.
int parse_side(const std::string& option, const std::string& text) {
  constexpr std::int64_t kMostPerSide = 1 << 24;
  if (text.empty()) throw InputError("{}: expected with stuck-at, got none", option);
  return static_cast<int>(parse_integer(option, text, 1, kMostPerSide));
}

std::string totals_text(const std::vector<profiles::BramTotals>& totals) {
  std::string text = "\n  BRAM files hold every byte twice; the profile has each cell once:\n";
  for (const profiles::BramTotals& total : totals) {
    text += fmt::format("  {} Vmin: {} faults in {} bits of the file, {} in {} real cells\n",
                        report::voltage_text(total.voltage), total.faults, total.bits,
                        total.real_faults, total.real_cells);
  }
  return text;
}

}  // namespace

int profile_import(const ProfileOptions& options) {
  const std::string& kind = options.kind;
  const std::size_t per_voltage = kind == "npy" ? 2 : 1;
  const std::vector<double> voltages = parse_voltages(options.voltages);
  if (options.maps.size() != per_voltage * voltages.size()) {
    throw InputError("{}: {} voltages: expected {} files{}, got {}", kVoltages, voltages.size(),
                     per_voltage * voltages.size(),
                     per_voltage == 2 ? " (p01 and p10 of each)" : "", options.maps.size());
  }
  if (kind != "stuck-at") {
    for (const auto& [option, value] :
         {std::pair{"--rows", &options.rows}, std::pair{"--columns", &options.columns}}) {
      if (!value->empty()) throw InputError("{}: only stuck-at maps need it, not {}", option, kind);
    }
  }
  profiles::ImportInfo info;
  info.name = options.name.empty() ? fs::path(options.out).stem().string() : options.name;
  info.origin = options.origin.empty()
                    ? fmt::format("imported from {} ({})",
                                  fs::path(options.maps.front()).filename().string(), kind)
                    : options.origin;
  if (options.vmin_volt) info.vmin_volt = *options.vmin_volt;
  const Output output(options.common, {options.maps.begin(), options.maps.end()},
                      {{"--out", options.out}});

  std::vector<profiles::BramTotals> totals;
  profiles::Profile profile;
  if (kind == "npy") {
    std::vector<profiles::VoltageNpy> files;
    for (std::size_t i = 0; i < voltages.size(); ++i)
      files.push_back({voltages[i], options.maps[2 * i], options.maps[2 * i + 1]});
    profile = profiles::import_npy(files, info);
  } else {
    std::vector<profiles::VoltageFile> files;
    for (std::size_t i = 0; i < voltages.size(); ++i)
      files.push_back({voltages[i], options.maps[i]});
    if (kind == "bram-hex") {
      profile = profiles::import_bram_hex(files, info, &totals);
    } else {
      const int rows = parse_side("--rows", options.rows);
      const int columns = parse_side("--columns", options.columns);
      profile = profiles::import_stuck_at(files, rows, columns, info);
    }
  }
  return made_profile(profile, options, output,
                      totals.empty() ? std::string() : totals_text(totals));
}

}  // namespace brownout::cli
