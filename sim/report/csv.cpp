// SPDX-License-Identifier: Apache-2.0
// CSV after RFC 4180, with \n line ends; numbers in the shortest form that reads back exactly.
#include "sim/report/csv.hpp"

#include <fmt/format.h>

#include <optional>

namespace brownout::report {

namespace {

std::string quoted(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

std::string cell(const std::optional<double>& value) {
  return value ? fmt::format("{}", *value) : "";
}

/// Both ends.
std::string interval_cells(const std::optional<std::array<double, 2>>& interval) {
  return interval ? fmt::format("{},{}", (*interval)[0], (*interval)[1]) : ",";
}

/// Mean, deviation, both ends of the interval over chips.
std::string spread_cells(const results::Spread& spread) {
  return fmt::format("{},{},{}", spread.mean, cell(spread.std), interval_cells(spread.ci95));
}

/// What images add to it: standard error, both ends of the interval over chips and images.
std::string images_cells(const results::ErrorSpread& error) {
  return fmt::format("{},{}", cell(error.images_se), interval_cells(error.ci95_all));
}

/// Low and high end of the energy, then relative to Vmin.
std::string end_cells(const std::optional<experiment::EnergyEnds>& ends) {
  if (!ends) return ",,,";
  return fmt::format("{},{},{},{}", ends->uj[0], ends->uj[1], ends->rel[0], ends->rel[1]);
}

std::string row(const results::Point& point, bool on_grid, const std::string& chip_note) {
  return fmt::format(
      "{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}"
      "\n",
      quoted(point.model), cell(point.voltage), point.rate, cell(point.energy_sram_rel),
      point.images, point.chips, point.err, spread_cells(point.rerr),
      spread_cells(point.rerr_either), cell(point.prop1_excess), point.confidence_clean,
      point.confidence.mean, cell(point.confidence.std), point.cells_hit_mean,
      point.bits_wrong_mean, point.codes_changed_mean, on_grid ? 1 : 0, cell(point.cycles),
      point.energy ? fmt::format("{}", point.energy->total()) : "", cell(point.energy_rel),
      quoted(point.mitigation), cell(point.weight_area_rel), quoted(chip_note),
      interval_cells(point.err_ci95), images_cells(point.rerr), images_cells(point.rerr_either),
      cell(point.rerr_positions.between), cell(point.rerr_positions.within),
      end_cells(point.energy_ends), cell(point.access_share));
}

}  // namespace

std::string points_csv(const results::SweepResult& result) {
  std::string out =
      "model,voltage,rate,energy_sram_rel,images,chips,err,rerr_mean,rerr_std,rerr_ci95_low,"
      "rerr_ci95_high,rerr_either_mean,rerr_either_std,rerr_either_ci95_low,rerr_either_ci95_high,"
      "prop1_excess,confidence_clean,confidence_mean,confidence_std,cells_hit_mean,bits_wrong_mean,"
      "codes_changed_mean,grid,cycles,energy_uj,energy_rel,mitigation,weight_area_rel,chip_note,"
      "err_ci95_low,err_ci95_high,rerr_se_images,rerr_ci95_all_low,rerr_ci95_all_high,"
      "rerr_either_se_images,rerr_either_ci95_all_low,rerr_either_ci95_all_high,"
      "rerr_position_std,rerr_within_position_std,energy_uj_low,"
      "energy_uj_high,energy_rel_low,energy_rel_high,weight_access_share\n";
  for (const results::Point& point : result.points) out += row(point, true, result.chip_note);
  for (const results::Point& point : result.extra_points)
    out += row(point, false, result.chip_note);
  return out;
}

std::string safe_voltage_csv(const results::SweepResult& result) {
  const results::SafeVoltageRule& rule = result.safe;
  std::string out =
      "model,max_drop_points,voltage,energy_saving_sram_pct,energy_saving_total_pct,"
      "fails_at_voltage,rate,err,rerr_mean,mitigation,yield,confidence,chosen_on_chips,"
      "chosen_on_failed,stated_on_chips,rerr_std,rerr_worst,within,energy_saving_total_low_pct,"
      "energy_saving_total_high_pct\n";
  for (const results::SafeVoltageRow& row : result.safe_voltage) {
    const std::optional<results::StatedError>& stated = row.stated;
    const auto& ends = row.energy_saving_total_ends_pct;
    const auto when = [](bool known, std::int64_t value) {
      return known ? fmt::format("{}", value) : std::string();
    };
    out += fmt::format(
        "{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}\n", quoted(row.model),
        rule.max_drop_points, cell(row.voltage), cell(row.energy_saving_pct),
        cell(row.energy_saving_total_pct), cell(row.fails_at), cell(row.rate), row.err,
        stated ? fmt::format("{}", stated->rerr_mean) : "", quoted(row.mitigation),
        rule.yield ? fmt::format("{}", rule.yield->yield) : "mean",
        rule.yield ? fmt::format("{}", rule.yield->confidence) : "", rule.chosen_on,
        when(rule.yield && row.voltage, row.failed), rule.stated_on,
        stated ? cell(stated->rerr_std) : "", stated ? fmt::format("{}", stated->rerr_worst) : "",
        when(stated.has_value(), stated ? stated->within : 0), ends ? cell((*ends)[0]) : "",
        ends ? cell((*ends)[1]) : "");
  }
  return out;
}

}  // namespace brownout::report
