// SPDX-License-Identifier: Apache-2.0
// `brownout profile import`: maps in other people's formats become a profile.
#include "sim/profiles/profile_import.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

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

constexpr std::int64_t kMostPerSide = 1 << 24;
constexpr char kVoltageUnit[] = "--voltage-unit";

/// "0.9,0.85": in the order of the files.
std::vector<double> parse_voltages(const std::string& text, const profiles::VoltageScale& scale) {
  std::vector<double> voltages;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    voltages.push_back(scale.parse(kVoltages, text.substr(begin, end - begin)));
    begin = end + 1;
  }
  return voltages;
}

/// --rows or --columns of a stuck-at map.
int parse_side(const std::string& option, const std::string& text) {
  if (text.empty()) throw InputError("{}: expected with stuck-at, got none", option);
  return static_cast<int>(parse_integer(option, text, 1, kMostPerSide));
}

std::optional<int> side_if_given(const std::string& option, const std::string& text) {
  if (text.empty()) return std::nullopt;
  return parse_side(option, text);
}

/// Options that only some kinds take.
void expect_options_of(const ProfileOptions& options) {
  struct Owned {
    const char* option;
    bool given;
    std::vector<std::string> kinds;
  };
  const Owned table[] = {{"--rows", !options.rows.empty(), {"stuck-at", "cells"}},
                         {"--columns", !options.columns.empty(), {"stuck-at", "cells"}},
                         {"--arrays", !options.arrays.empty(), {"cells"}},
                         {"--fields", !options.fields.empty(), {"cells"}},
                         {"--zero-means", !options.zero_means.empty(), {"stuck-at"}},
                         {"--pairs", options.pairs, {"stuck-at"}}};
  for (const Owned& owned : table) {
    if (!owned.given) continue;
    if (std::find(owned.kinds.begin(), owned.kinds.end(), options.kind) != owned.kinds.end())
      continue;
    throw InputError("{}: only {} maps take it, not {}", owned.option,
                     fmt::join(owned.kinds, " and "), options.kind);
  }
  if (options.pairs && options.zero_means == "stuck") {
    throw InputError("--zero-means: in --pairs a 1 is a fault, and 0 means healthy; got stuck");
  }
}

/// The maps of `voltages`, one or two each.
void expect_maps(const ProfileOptions& options, std::size_t voltages) {
  const bool two = options.kind == "npy" || options.pairs;
  const std::size_t expected = (two ? 2 : 1) * voltages;
  if (options.maps.size() == expected) return;
  std::string hint;
  if (options.kind == "npy") hint = " (p01 and p10 of each)";
  if (options.pairs) hint = " (stuck-at-0 and stuck-at-1 of each)";
  const bool perhaps = options.kind == "stuck-at" && options.maps.size() == 2 * voltages;
  throw InputError(
      "{}: {}: expected {} files{}, got {}{}", kVoltages,
      counted(static_cast<std::int64_t>(voltages), "voltage"), expected, hint, options.maps.size(),
      perhaps && !two ? "; for a stuck-at-0 and a stuck-at-1 map of each say --pairs" : "");
}

std::vector<profiles::VoltageFile> files_of(const ProfileOptions& options,
                                            const std::vector<double>& voltages) {
  std::vector<profiles::VoltageFile> files;
  for (std::size_t i = 0; i < voltages.size(); ++i) files.push_back({voltages[i], options.maps[i]});
  return files;
}

std::vector<profiles::VoltagePair> pairs_of(const ProfileOptions& options,
                                            const std::vector<double>& voltages) {
  std::vector<profiles::VoltagePair> files;
  for (std::size_t i = 0; i < voltages.size(); ++i)
    files.push_back({voltages[i], options.maps[2 * i], options.maps[2 * i + 1]});
  return files;
}

profiles::Imported import_stuck(const ProfileOptions& options, const std::vector<double>& voltages,
                                const profiles::ImportInfo& info) {
  const int rows = parse_side("--rows", options.rows);
  const int columns = parse_side("--columns", options.columns);
  if (options.pairs)
    return profiles::import_stuck_pairs(pairs_of(options, voltages), rows, columns, info);
  using profiles::ZeroMeans;
  const ZeroMeans zero = options.zero_means.empty()      ? ZeroMeans::kUnsaid
                         : options.zero_means == "stuck" ? ZeroMeans::kStuck
                                                         : ZeroMeans::kHealthy;
  return profiles::import_stuck_at(files_of(options, voltages), rows, columns, info, zero);
}

profiles::Imported import_lists(const ProfileOptions& options, const std::vector<double>& voltages,
                                const profiles::VoltageScale& scale,
                                const profiles::ImportInfo& usual) {
  profiles::CellLists lists;
  lists.files = {options.maps.begin(), options.maps.end()};
  lists.voltages = voltages;
  lists.scale = scale;
  lists.fields = parse_names("--fields", options.fields);
  lists.arrays = side_if_given("--arrays", options.arrays);
  lists.rows = side_if_given("--rows", options.rows);
  lists.columns = side_if_given("--columns", options.columns);
  if (!options.name.empty()) lists.name = options.name;
  if (!options.origin.empty()) lists.origin = options.origin;
  lists.vmin_volt = options.vmin_volt;
  return profiles::import_cells(lists, usual);
}

std::string totals_text(const std::vector<profiles::BramTotals>& totals) {
  if (totals.empty()) return "";
  std::string text = "\n  BRAM files hold every byte twice; the profile has each cell once:\n";
  for (const profiles::BramTotals& total : totals) {
    text += fmt::format("  {} Vmin: {} faults in {} bits of the file, {} in {} real cells\n",
                        report::voltage_text(total.voltage), total.faults, total.bits,
                        total.real_faults, total.real_cells);
  }
  return text;
}

/// What is suspicious, or was guessed.
void say_notes(const profiles::Imported& imported, const ProfileOptions& options,
               const Output& output) {
  for (const std::string& note : imported.notes) output.note("note: " + note);
  const profiles::VoltageDoubts doubts = profiles::voltage_doubts(imported.profile);
  for (const auto& level : doubts.faults_above_vmin) {
    output.note(
        fmt::format("note: {} fail{} at {} Vmin, although Vmin is the lowest voltage at "
                    "which no cell fails",
                    counted(static_cast<std::int64_t>(level.cells), "cell"),
                    level.cells == 1 ? "s" : "", report::voltage_text(level.voltage)));
  }
  if (!doubts.like_volts || !options.voltage_unit.empty()) return;
  std::string voltages;
  for (const profiles::ProfileLevel& level : imported.profile.levels) {
    voltages += (voltages.empty() ? "" : ", ") + report::voltage_text(level.voltage);
  }
  const double vmin_volt = imported.profile.vmin_volt;
  output.note(fmt::format(
      "note: {} look{} like volts, but {} taken as units of Vmin; {} V{} or {} Vmin says which",
      shortened(voltages, 100), imported.profile.levels.size() == 1 ? "s" : "",
      imported.profile.levels.size() == 1 ? "is" : "are", kVoltageUnit,
      vmin_volt > 0.0 ? "" : " --vmin-volt V", kVoltageUnit));
}

}  // namespace

int profile_import(const ProfileOptions& options) {
  const std::string& kind = options.kind;
  expect_options_of(options);
  profiles::ImportInfo info;
  info.name = options.name.empty() ? fs::path(options.out).stem().string() : options.name;
  info.origin = options.origin.empty()
                    ? fmt::format("imported from {} ({})",
                                  fs::path(options.maps.front()).filename().string(), kind)
                    : options.origin;
  info.vmin_volt = options.vmin_volt.value_or(0.0);
  info.synthetic = options.synthetic;
  const profiles::VoltageScale scale(options.voltage_unit.empty() ? "Vmin" : options.voltage_unit,
                                     info.vmin_volt);
  std::vector<double> voltages;
  if (!options.voltages.empty()) voltages = parse_voltages(options.voltages, scale);
  if (kind != "cells" && voltages.empty())
    throw InputError("{}: {} maps need it; expected {} V,V,...", kVoltages, kind, kVoltages);
  if (kind != "cells") expect_maps(options, voltages.size());
  const Output output(options.common, {options.maps.begin(), options.maps.end()},
                      {{"--out", options.out}});

  std::vector<profiles::BramTotals> totals;
  profiles::Imported imported;
  if (kind == "npy") {
    imported = profiles::import_npy(pairs_of(options, voltages), info);
  } else if (kind == "bram-hex") {
    imported = profiles::import_bram_hex(files_of(options, voltages), info, &totals);
  } else if (kind == "masks") {
    imported = profiles::import_masks(files_of(options, voltages), info);
  } else if (kind == "stuck-at") {
    imported = import_stuck(options, voltages, info);
  } else {
    imported = import_lists(options, voltages, scale, info);
  }
  say_notes(imported, options, output);
  return made_profile(imported.profile, options, output, totals_text(totals));
}

}  // namespace brownout::cli
