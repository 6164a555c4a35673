// SPDX-License-Identifier: Apache-2.0
// CSV after RFC 4180, with \n line ends; numbers in the shortest form that reads back exactly.
#include "sim/report/csv.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "sim/report/csv_cells.hpp"
#include "sim/report/labels_note.hpp"
#include "sim/report/precision_report.hpp"

namespace brownout::report {

namespace {

/// The cells of one line, each with the name of its column.
class NamedCells {
 public:
  /// `by_rate`: columns that only mean something at a voltage are left out.
  explicit NamedCells(bool by_rate) : by_rate_(by_rate) {}

  void add(const std::string& name, const std::string& cell) {
    const bool of_voltages =
        name == "voltage" || name == "weight_access_share" || name.rfind("energy_", 0) == 0;
    if (by_rate_ && of_voltages) return;
    const char* const comma = names_.empty() ? "" : ",";
    names_ += comma + name;
    cells_ += comma + cell;
  }
  void add(const std::string& name, double value) { add(name, fmt::format("{}", value)); }
  void add(const std::string& name, std::int64_t value) { add(name, fmt::format("{}", value)); }
  void add(const std::string& name, const std::optional<double>& value) {
    add(name, csv_number(value));
  }
  void add_ends(const std::string& name, const std::optional<std::array<double, 2>>& interval) {
    add(name + "_low", interval ? std::optional((*interval)[0]) : std::nullopt);
    add(name + "_high", interval ? std::optional((*interval)[1]) : std::nullopt);
  }

  const std::string& names() const { return names_; }
  const std::string& cells() const { return cells_; }

 private:
  bool by_rate_;
  std::string names_, cells_;
};

/// Mean, deviation, both ends of the interval over chips.
void add_spread(NamedCells& row, const std::string& name, const results::Spread& spread) {
  row.add(name + "_mean", spread.mean);
  row.add(name + "_std", spread.std);
  row.add_ends(name + "_ci95", spread.ci95);
}

/// What images add to it: standard error, both ends of the interval over chips and images.
void add_images(NamedCells& row, const std::string& name, const results::ErrorSpread& error) {
  row.add(name + "_se_images", error.images_se);
  row.add_ends(name + "_ci95_all", error.ci95_all);
}

/// Columns that came later stand behind, so that those of older versions keep their places.
NamedCells point_cells(const results::SweepResult& result, const results::Point& point,
                       bool on_grid) {
  NamedCells row(result.by_rate);
  row.add("model", csv_text(point.model));
  row.add("voltage", point.voltage);
  row.add("rate", point.rate);
  row.add("energy_sram_rel", point.energy_sram_rel);
  row.add("images", point.images);
  row.add("chips", point.chips);
  row.add("err", point.err);
  add_spread(row, "rerr", point.rerr);
  add_spread(row, "rerr_either", point.rerr_either);
  row.add("prop1_excess", point.prop1_excess);
  row.add("confidence_clean", point.confidence_clean);
  row.add("confidence_mean", point.confidence.mean);
  row.add("confidence_std", point.confidence.std);
  row.add("cells_hit_mean", point.cells_hit_mean);
  row.add("bits_wrong_mean", point.bits_wrong_mean);
  row.add("codes_changed_mean", point.codes_changed_mean);
  row.add("grid", on_grid ? "1" : "0");
  row.add("cycles", point.cycles);
  row.add("energy_uj", point.energy ? std::optional(point.energy->total()) : std::nullopt);
  row.add("energy_rel", point.energy_rel);
  row.add("mitigation", csv_text(point.mitigation));
  row.add("weight_area_rel", point.weight_area_rel);
  row.add("chip_note", csv_text(result.chip_note));
  row.add_ends("err_ci95", point.err_ci95);
  add_images(row, "rerr", point.rerr);
  add_images(row, "rerr_either", point.rerr_either);
  row.add("rerr_position_std", point.rerr_positions.between);
  row.add("rerr_within_position_std", point.rerr_positions.within);
  const std::optional<experiment::EnergyEnds>& ends = point.energy_ends;
  row.add_ends("energy_uj", ends ? std::optional(ends->uj) : std::nullopt);
  row.add_ends("energy_rel", ends ? std::optional(ends->rel) : std::nullopt);
  row.add("weight_access_share", point.access_share);
  row.add("latency_ms", point.latency_ms);
  row.add("energy_delay_uj_ms", point.energy_delay_uj_ms());
  for (const EnergyLedgerField& field : kEnergyLedgerFields) {
    row.add(fmt::format("energy_{}_uj", field.name),
            point.energy ? std::optional(*point.energy.*field.energy) : std::nullopt);
  }
  row.add("accelerator", csv_text(point.accelerator));
  if (!result.labelled) row.add("labels", kCleanLabels);
  if (const std::optional<results::Precision>& precision = point.precision) {
    row.add("precision_confidence", precision->target.confidence);
    row.add("half_width_points", precision->half_width_points);
    row.add_ends("interval", precision->interval);
    row.add("reached", precision->reached ? "1" : "0");
    row.add("evaluations", precision->evaluations);
  }
  return row;
}

}  // namespace

std::string points_csv(const results::SweepResult& result) {
  std::string out = point_cells(result, result.points.front(), true).names() + "\n";
  for (const results::Point& point : result.points) {
    out += point_cells(result, point, true).cells() + "\n";
  }
  for (const results::Point& point : result.extra_points) {
    out += point_cells(result, point, false).cells() + "\n";
  }
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
