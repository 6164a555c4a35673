// SPDX-License-Identifier: Apache-2.0
// CSV after RFC 4180, with \n line ends; numbers in the shortest form that reads back exactly.
#include "sim/report/csv.hpp"

#include <fmt/format.h>

#include <optional>

#include "sim/report/csv_cells.hpp"
#include "sim/report/labels_note.hpp"

namespace brownout::report {

namespace {

/// Mean, deviation, both ends of the interval over chips.
std::string spread_cells(const results::Spread& spread) {
  return fmt::format("{},{},{}", spread.mean, csv_number(spread.std), csv_interval(spread.ci95));
}

/// What images add to it: standard error, both ends of the interval over chips and images.
std::string images_cells(const results::ErrorSpread& error) {
  return fmt::format("{},{}", csv_number(error.images_se), csv_interval(error.ci95_all));
}

/// Low and high end of the energy, then relative to Vmin.
std::string end_cells(const std::optional<experiment::EnergyEnds>& ends) {
  if (!ends) return ",,,";
  return fmt::format("{},{},{},{}", ends->uj[0], ends->uj[1], ends->rel[0], ends->rel[1]);
}

/// Latency, energy times latency, then the energy of every component.
std::string accelerator_cells(const results::Point& point) {
  std::string cells =
      fmt::format("{},{}", csv_number(point.latency_ms), csv_number(point.energy_delay_uj_ms()));
  for (const EnergyLedgerField& field : kEnergyLedgerFields) {
    cells += "," + (point.energy ? fmt::format("{}", *point.energy.*field.energy) : "");
  }
  return cells;
}

std::string accelerator_header() {
  std::string names = ",latency_ms,energy_delay_uj_ms";
  for (const EnergyLedgerField& field : kEnergyLedgerFields) {
    names += fmt::format(",energy_{}_uj", field.name);
  }
  return names;
}

std::string row(const results::Point& point, bool on_grid, const std::string& chip_note) {
  return fmt::format(
      "{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{"
      "}",
      csv_text(point.model), csv_number(point.voltage), point.rate,
      csv_number(point.energy_sram_rel), point.images, point.chips, point.err,
      spread_cells(point.rerr), spread_cells(point.rerr_either), csv_number(point.prop1_excess),
      point.confidence_clean, point.confidence.mean, csv_number(point.confidence.std),
      point.cells_hit_mean, point.bits_wrong_mean, point.codes_changed_mean, on_grid ? 1 : 0,
      csv_number(point.cycles), point.energy ? fmt::format("{}", point.energy->total()) : "",
      csv_number(point.energy_rel), csv_text(point.mitigation), csv_number(point.weight_area_rel),
      csv_text(chip_note), csv_interval(point.err_ci95), images_cells(point.rerr),
      images_cells(point.rerr_either), csv_number(point.rerr_positions.between),
      csv_number(point.rerr_positions.within), end_cells(point.energy_ends),
      csv_number(point.access_share), accelerator_cells(point));
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
      "energy_uj_high,energy_rel_low,energy_rel_high,weight_access_share";
  out += accelerator_header();
  // One more column, when there were no labels.
  out += result.labelled ? ",accelerator\n" : ",accelerator,labels\n";
  const std::string labels = result.labelled ? "" : fmt::format(",{}", kCleanLabels);
  const auto end = [&](const results::Point& point) {
    return fmt::format(",{}{}\n", csv_text(point.accelerator), labels);
  };
  for (const results::Point& point : result.points)
    out += row(point, true, result.chip_note) + end(point);
  for (const results::Point& point : result.extra_points)
    out += row(point, false, result.chip_note) + end(point);
  return out;
}

std::string safe_voltage_csv(const results::SweepResult& result) {
  const results::SafeVoltageRule& rule = result.safe;
  std::string out =
      "model,max_drop_points,voltage,energy_saving_sram_pct,energy_saving_total_pct,"
      "fails_at_voltage,rate,err,rerr_mean,mitigation,yield,confidence,chosen_on_chips,"
      "chosen_on_failed,stated_on_chips,rerr_std,rerr_worst,within,energy_saving_total_low_pct,"
      "energy_saving_total_high_pct,energy_uj,latency_ms,accelerator\n";
  for (const results::SafeVoltageRow& row : result.safe_voltage) {
    const std::optional<results::StatedError>& stated = row.stated;
    const auto& ends = row.energy_saving_total_ends_pct;
    const auto when = [](bool known, std::int64_t value) {
      return known ? fmt::format("{}", value) : std::string();
    };
    out += fmt::format("{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}\n",
                       csv_text(row.model), rule.max_drop_points, csv_number(row.voltage),
                       csv_number(row.energy_saving_pct), csv_number(row.energy_saving_total_pct),
                       csv_number(row.fails_at), csv_number(row.rate), row.err,
                       stated ? fmt::format("{}", stated->rerr_mean) : "", csv_text(row.mitigation),
                       rule.yield ? fmt::format("{}", rule.yield->yield) : "mean",
                       rule.yield ? fmt::format("{}", rule.yield->confidence) : "", rule.chosen_on,
                       when(rule.yield && row.voltage, row.failed), rule.stated_on,
                       stated ? csv_number(stated->rerr_std) : "",
                       stated ? fmt::format("{}", stated->rerr_worst) : "",
                       when(stated.has_value(), stated ? stated->within : 0),
                       ends ? csv_number((*ends)[0]) : "", ends ? csv_number((*ends)[1]) : "",
                       csv_number(row.energy_uj), csv_number(row.latency_ms),
                       csv_text(row.accelerator));
  }
  return out;
}

}  // namespace brownout::report
