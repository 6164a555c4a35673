// SPDX-License-Identifier: Apache-2.0
// `brownout profile inspect`, `fit`, `compare` and `plot`, which examine profiles.
#include <algorithm>
#include <cmath>
#include <optional>

#include "sim/base/error.hpp"
#include "sim/base/text.hpp"
#include "sim/cli/arguments.hpp"
#include "sim/cli/profile_options.hpp"
#include "sim/profiles/chip_profile.hpp"
#include "sim/profiles/profile_fit.hpp"
#include "sim/profiles/profile_statistics.hpp"
#include "sim/report/gnuplot.hpp"
#include "sim/report/profile_plot.hpp"
#include "sim/report/profile_report.hpp"

namespace brownout::cli {

namespace fs = std::filesystem;

namespace {

struct Range {
  int first = 0, last = 0;
};

/// "a:b", a inclusive, b exclusive; without a text the first kDefaultWindow.
Range parse_range(const std::string& option, const std::string& text, int size) {
  constexpr int kDefaultWindow = 256;
  if (text.empty()) return {0, std::min(size, kDefaultWindow)};
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos) {
    throw InputError("{}: expected FIRST:END, for example 0:256, got {}", option, in_quotes(text));
  }
  Range range;
  range.first = static_cast<int>(
      parse_integer(fmt::format("{}: first", option), text.substr(0, colon), 0, size - 1));
  range.last = static_cast<int>(
      parse_integer(fmt::format("{}: end", option), text.substr(colon + 1), range.first + 1, size));
  return range;
}

/// The level of --voltage, or the lowest voltage without it.
std::size_t level_of(const profiles::Profile& profile, const std::string& text) {
  if (text.empty()) return 0;
  constexpr double kHighest = 10.0;
  const double voltage = parse_number("--voltage", text, 0.0, kHighest);
  std::string known;
  for (std::size_t i = 0; i < profile.levels.size(); ++i) {
    constexpr double kRounding = 1e-6;
    if (std::abs(profile.levels[i].voltage - voltage) <= kRounding) return i;
    known +=
        fmt::format("{}{}", i == 0 ? "" : ", ", report::voltage_text(profile.levels[i].voltage));
  }
  throw InputError("--voltage: expected a voltage of the profile ({}), got {}", known,
                   in_quotes(text));
}

report::MapWindow window_of(const profiles::Profile& profile, const ProfileOptions& options) {
  report::MapWindow window;
  window.level = level_of(profile, options.voltage);
  if (!options.array.empty()) {
    window.array = static_cast<int>(parse_integer("--array", options.array, 0, profile.arrays - 1));
  }
  const Range rows = parse_range("--rows", options.rows, profile.rows);
  const Range columns = parse_range("--columns", options.columns, profile.columns);
  window.row_first = rows.first;
  window.row_last = rows.last;
  window.column_first = columns.first;
  window.column_last = columns.last;
  return window;
}

}  // namespace

int profile_inspect(const ProfileOptions& options) {
  const Output output(options.common, {options.file});
  const profiles::Profile profile = profiles::read_profile(options.file);
  const auto levels = profiles::profile_statistics(profile);
  const std::string warning = report::nesting_warning(profile, levels);
  if (!warning.empty()) output.note("warning: " + warning);
  output.json(report::profile_json(profile, levels));
  output.text(report::profile_text(profile, levels));
  return 0;
}

int profile_fit(const ProfileOptions& options) {
  const Output output(options.common, {options.file});
  const profiles::Profile profile = profiles::read_profile(options.file);
  const profiles::ProfileFit result = profiles::fit_profile(profile);
  output.json(report::fit_json(profile, result));
  output.text(report::fit_text(profile, result));
  return 0;
}

int profile_compare(const ProfileOptions& options) {
  const Output output(options.common, {options.file, options.other});
  const profiles::Profile a = profiles::read_profile(options.file);
  const profiles::Profile b = profiles::read_profile(options.other);
  const profiles::ProfileComparison result = profiles::compare_profiles(a, b);
  output.json(report::comparison_json(a, b, result));
  output.text(report::comparison_text(a, b, result));
  return 0;
}

int profile_plot(const ProfileOptions& options) {
  const fs::path out = options.out;
  const std::string format = out.extension().string();
  if (format != ".png" && format != ".svg" && format != ".pdf") {
    throw InputError("--out: {}: expected a file that ends in .png, .svg or .pdf", options.out);
  }
  const Output output(options.common, {options.file},
                      {{"--out", options.out},
                       {"--out's gnuplot program", report::program_file(out).string()},
                       {"--out's data", report::data_file(out).string()}});
  const profiles::Profile profile = profiles::read_profile(options.file);
  std::optional<report::MapWindow> window;
  if (!options.ber) window = window_of(profile, options);
  const report::Drawing drawing =
      window ? report::map_drawing(profile, *window, out)
             : report::ber_drawing(profile, profiles::profile_statistics(profile),
                                   profiles::fit_profile(profile), out);
  output.json(report::plot_json(profile, window, out));
  if (const auto problem = report::draw_with_gnuplot(drawing, out)) throw RunError("{}", *problem);
  output.text(fmt::format("{}: {}\n", printable(options.out), report::profile_title(profile)));
  return 0;
}

}  // namespace brownout::cli
