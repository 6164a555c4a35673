// SPDX-License-Identifier: Apache-2.0
// Rates are fractions in JSON and percent in text, where the unit is given.
#include "sim/report/profile_report.hpp"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "sim/base/text.hpp"
#include "sim/report/optional_json.hpp"
#include "sim/report/table.hpp"

namespace brownout::report {

using Json = nlohmann::ordered_json;

namespace {

/// Texts of a profile need not be UTF-8, but JSON must be.
std::string text_of(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

constexpr char kNone[] = "–";

std::string percent(double rate) { return fmt::format("{:.4g}", 100.0 * rate); }
std::string percent(const std::optional<double>& share) {
  return share ? fmt::format("{:.1f}", 100.0 * *share) : kNone;
}
std::string ratio_text(const std::optional<double>& ratio, const std::optional<double>& error) {
  if (!ratio) return kNone;
  return error ? fmt::format("{:.3g} ± {:.2g}", *ratio, *error) : fmt::format("{:.3g}", *ratio);
}

std::string geometry_text(const profiles::Profile& profile) {
  return fmt::format("{} array{} of {} rows x {} columns, {} cells", profile.arrays,
                     profile.arrays == 1 ? "" : "s", profile.rows, profile.columns,
                     profile.cells());
}

/// Title, origin, geometry: the first lines of every text.
std::string head(const profiles::Profile& profile) {
  return fmt::format("{}\n  origin: {}\n  {}{}\n", profile_title(profile),
                     printable(profile.origin), geometry_text(profile),
                     profile.vmin_volt > 0.0 ? fmt::format(", Vmin {} V", profile.vmin_volt)
                                             : std::string(", Vmin in volts not known"));
}

Json head_json(const profiles::Profile& profile) {
  return {{"name", profile.name},
          {"origin", profile.origin},
          {"synthetic", profile.synthetic},
          {"geometry",
           {{"arrays", profile.arrays}, {"rows", profile.rows}, {"columns", profile.columns}}},
          {"cells", profile.cells()},
          {"period", profile.cells()},
          {"vmin_volt", profile.vmin_volt > 0.0 ? Json(profile.vmin_volt) : Json(nullptr)}};
}

Json level_json(const profiles::LevelStatistics& level) {
  return {{"voltage", level.voltage},
          {"p", level.p},
          {"p01", level.p01},
          {"p10", level.p10},
          {"persistent", level.persistent},
          {"column_pair_ratio", maybe(level.column_pairs.ratio)},
          {"column_pair_ratio_error", maybe(level.column_pairs.error)},
          {"row_pair_ratio", maybe(level.row_pairs.ratio)},
          {"row_pair_ratio_error", maybe(level.row_pairs.error)},
          {"nested_share", maybe(level.nested_share)},
          {"contained_share", maybe(level.contained_share)},
          {"not_nested_cells", level.not_nested},
          {"faulty_cells", level.faulty_cells},
          {"faulty", level.faulty},
          {"probabilistic_share", maybe(level.probabilistic)},
          {"top_columns", level.top_columns},
          {"top_columns_share", maybe(level.top_columns_share)},
          {"array_p_min", level.array_p.lowest},
          {"array_p_median", level.array_p.median},
          {"array_p_max", level.array_p.highest}};
}

Json estimated_json(const std::optional<profiles::Estimated>& estimate) {
  if (!estimate) return nullptr;
  return {{"value", estimate->value}, {"error", estimate->error}};
}

Json direction_json(const std::optional<profiles::DirectionFit>& fit) {
  if (!fit) return nullptr;
  return {{"mu", fit->mu.value},
          {"mu_error", fit->mu.error},
          {"sigma", fit->sigma},
          {"total_sigma", fit->total_sigma.value},
          {"total_sigma_error", fit->total_sigma.error}};
}

std::string direction_text(const char* name, const std::optional<profiles::DirectionFit>& fit) {
  if (!fit) return "";
  return fmt::format(
      "  {}: μ {:.4f} ± {:.4f}, σ {:.4f} (with read noise and columns "
      "{:.4f} ± {:.4f})\n",
      name, fit->mu.value, fit->mu.error, fit->sigma, fit->total_sigma.value,
      fit->total_sigma.error);
}

/// The distribution that the likelihood chose, and whether it describes the columns.
std::string columns_text(const profiles::ColumnFit& fit) {
  const profiles::ColumnModel& best = fit.best();
  std::string text = fmt::format("  columns: {}", profiles::name_of(best.kind));
  if (best.bad_share.value > 0.0) {
    text += fmt::format(", a share of {:.4f} is worse by {}{:.4f}", best.bad_share.value,
                        best.bad_shift_is_least ? "at least " : "", best.bad_shift.value);
    if (best.column_sigma.value > 0.0)
      text += fmt::format(", σ of the shifts {:.4f}", best.column_sigma.value);
  }
  if (fit.chi2_probability) {
    text += fmt::format("; χ² {:.3g} at {} degrees of freedom (probability {:.2g})", *fit.chi2,
                        fit.degrees_of_freedom, *fit.chi2_probability);
  }
  return text + fmt::format(
                    "\n    column pairs: {:.3g} times those of independent cells, the model "
                    "gives {:.3g} ± {:.2g}\n",
                    fit.pair_ratio, fit.model_pair_ratio, fit.model_pair_ratio_error);
}

std::string effect_text(const char* name, const std::optional<profiles::PairEffect>& effect) {
  if (!effect || !effect->significant) return "";
  return fmt::format(
      "  {} effect, σ of the shifts: {:.4f} ± {:.4f} ({:.0f} pairs, {:.1f} expected, "
      "probability {:.2g})\n",
      name, effect->sigma.value, effect->sigma.error, effect->pairs, effect->expected,
      effect->probability);
}

/// None where there is no error: not fitted, or not known.
Json error_json(const profiles::Estimated& estimate) {
  return {{"value", estimate.value},
          {"error", estimate.error > 0.0 ? Json(estimate.error) : Json(nullptr)}};
}

Json columns_json(const profiles::ColumnFit& fit, const profiles::ProfileFit& whole) {
  Json models = Json::array();
  for (const profiles::ColumnModel& model : fit.models) {
    Json json = {{"model", profiles::name_of(model.kind)},
                 {"parameters", model.parameters},
                 {"log_likelihood", model.log_likelihood},
                 {"bic", model.bic}};
    std::size_t next = 0;
    for (const auto& [name, direction] :
         {std::pair{"up", &whole.up}, std::pair{"down", &whole.down}}) {
      if (!*direction) continue;
      const profiles::ColumnModel::Cells& cells = model.cells[next++];
      json[name] = {{"mu", cells.mu}, {"sigma", cells.sigma}};
    }
    if (model.column_sigma.value > 0.0 || model.column_sigma.error > 0.0)
      json["column_sigma"] = error_json(model.column_sigma);
    if (model.bad_share.value > 0.0) {
      json["bad_columns"] = {{"share", error_json(model.bad_share)},
                             {"shift", error_json(model.bad_shift)},
                             {"shift_is_least", model.bad_shift_is_least}};
    }
    models.push_back(std::move(json));
  }
  return {{"model", profiles::name_of(fit.best().kind)},
          {"models", std::move(models)},
          {"chi2", maybe(fit.chi2)},
          {"degrees_of_freedom", fit.degrees_of_freedom},
          {"chi2_probability", maybe(fit.chi2_probability)},
          {"pair_ratio", fit.pair_ratio},
          {"model_pair_ratio", fit.model_pair_ratio},
          {"model_pair_ratio_error", fit.model_pair_ratio_error}};
}

Json effect_json(const std::optional<profiles::PairEffect>& effect) {
  if (!effect) return nullptr;
  return {{"pairs", effect->pairs},
          {"expected", effect->expected},
          {"probability", effect->probability},
          {"is_significant", effect->significant},
          {"sigma", estimated_json(effect->sigma)}};
}

std::string rate_or_none(const std::optional<double>& rate) {
  return rate ? percent(*rate) : kNone;
}

}  // namespace

std::string profile_title(const profiles::Profile& profile) {
  return fmt::format("{} ({})", printable(profile.name),
                     profile.synthetic ? "synthetic: generated, not measured" : "measured");
}

std::string voltage_text(double voltage) { return fmt::format("{:.10g}", voltage); }

std::string profile_text(const profiles::Profile& profile,
                         const std::vector<profiles::LevelStatistics>& levels) {
  std::string text = head(profile);
  text += fmt::format(
      "  repeats every {} bits in a larger memory; persistent: errs in at least {} of its "
      "reads\n\n",
      profile.cells(), profiles::kPersistentProbability);
  Table rates({"V/Vmin", "p %", "0→1 %", "1→0 %", "persistent %", "faulty cells", "probabilistic %",
               "nested %", "contained %"});
  Table places({"V/Vmin", "column pairs", "row pairs", "top columns", "hold %", "array p min %",
                "median %", "max %"});
  for (const profiles::LevelStatistics& level : levels) {
    const std::string voltage = voltage_text(level.voltage);
    rates.add({voltage, percent(level.p), percent(level.p01), percent(level.p10),
               percent(level.persistent), fmt::format("{}", level.faulty_cells),
               percent(level.probabilistic), percent(level.nested_share),
               percent(level.contained_share)});
    places.add({voltage, ratio_text(level.column_pairs.ratio, level.column_pairs.error),
                ratio_text(level.row_pairs.ratio, level.row_pairs.error),
                fmt::format("{} of {}", level.top_columns, profile.arrays * profile.columns),
                percent(level.top_columns_share), percent(level.array_p.lowest),
                percent(level.array_p.median), percent(level.array_p.highest)});
  }
  text += rates.text() + "\n" + places.text();
  text +=
      "\n  p, 0→1, 1→0: means over all cells. Probabilistic: share of the faulty cells. Pairs: "
      "faulty\n"
      "  cells in one column or row, relative to independent cells (± their sampling error). "
      "Nested:\n"
      "  share of the cells faulty at the next higher voltage that err here at least as often;\n"
      "  contained: that err here at all.\n";
  return text;
}

std::string profile_json(const profiles::Profile& profile,
                         const std::vector<profiles::LevelStatistics>& levels) {
  Json json = head_json(profile);
  json["persistent_threshold"] = std::round(profiles::kPersistentProbability * 1e6) / 1e6;
  json["voltages"] = Json::array();
  for (const profiles::LevelStatistics& level : levels)
    json["voltages"].push_back(level_json(level));
  return text_of(json);
}

std::string nesting_warning(const profiles::Profile& profile,
                            const std::vector<profiles::LevelStatistics>& levels) {
  std::string places;
  for (std::size_t i = 0; i + 1 < levels.size(); ++i) {
    if (levels[i].not_nested == 0) continue;
    places += fmt::format("{}{} of the {} cells that fail at {}", places.empty() ? "" : ", ",
                          levels[i].not_nested, levels[i + 1].faulty_cells,
                          voltage_text(levels[i + 1].voltage));
  }
  if (places.empty()) return "";
  // Most cells of one voltage: two maps were given in each other's place.
  bool swapped = false;
  for (std::size_t i = 0; i + 1 < levels.size(); ++i) {
    swapped = swapped || 2 * levels[i].not_nested > levels[i + 1].faulty_cells;
  }
  return fmt::format(
      "{}: not nested: {} err less often, or not at all, at the next lower voltage{}",
      printable(profile.name), places,
      swapped ? "; are the maps in the order of the voltages?" : "");
}

std::string fit_text(const profiles::Profile& profile, const profiles::ProfileFit& fit) {
  std::string text = head(profile) + "\nGaussian cells, in units of Vmin\n";
  text += direction_text("0→1", fit.up) + direction_text("1→0", fit.down);
  if (fit.share_01) {
    text += fmt::format("  share of 0→1 cells: {:.4f} ({})\n", *fit.share_01,
                        fit.share_is_fitted ? "fitted" : "of the errors at the lowest voltage");
  }
  if (fit.read_noise) {
    text += fmt::format("  read noise σn: {:.5f} ± {:.5f}\n", fit.read_noise->value,
                        fit.read_noise->error);
  }
  if (fit.column_sigma) {
    text += fmt::format("  column effect, σ of the shifts: {:.4f} ± {:.4f}{}\n",
                        fit.column_sigma->value, fit.column_sigma->error,
                        fit.column_effect_is_significant ? "" : " (none seen: within its error)");
  }
  if (fit.columns) text += columns_text(*fit.columns);
  text += effect_text("row", fit.row_effect) + effect_text("array", fit.array_effect);
  for (const std::string& note : fit.notes) text += fmt::format("  not fitted: {}\n", note);
  Table table({"V/Vmin", "0→1 %", "fitted", "1→0 %", "fitted", "decades off"});
  for (const profiles::FitPoint& point : fit.points) {
    table.add({voltage_text(point.voltage), percent(point.observed01), rate_or_none(point.fitted01),
               percent(point.observed10), rate_or_none(point.fitted10),
               point.decades ? fmt::format("{:+.3f}", *point.decades) : kNone});
  }
  text += "\n" + table.text();
  if (fit.largest_decades) {
    text += fmt::format("\n  off by at most {:.3f} decades; ", *fit.largest_decades);
    text += fit.chi2_probability
                ? fmt::format("χ² {:.3g} at {} degrees of freedom (probability {:.2g})\n", fit.chi2,
                              fit.degrees_of_freedom, *fit.chi2_probability)
                : std::string("no degree of freedom left for a χ²\n");
  }
  return text;
}

std::string fit_json(const profiles::Profile& profile, const profiles::ProfileFit& fit) {
  Json json = head_json(profile);
  json["up"] = direction_json(fit.up);
  json["down"] = direction_json(fit.down);
  json["share_01"] = maybe(fit.share_01);
  json["share_01_is_fitted"] = fit.share_is_fitted;
  json["read_noise"] = estimated_json(fit.read_noise);
  json["column_sigma"] = estimated_json(fit.column_sigma);
  json["column_effect_is_significant"] = fit.column_effect_is_significant;
  json["columns"] = fit.columns ? columns_json(*fit.columns, fit) : Json(nullptr);
  json["row_effect"] = effect_json(fit.row_effect);
  json["array_effect"] = effect_json(fit.array_effect);
  json["largest_decades"] = maybe(fit.largest_decades);
  json["chi2"] = fit.chi2_probability ? Json(fit.chi2) : Json(nullptr);
  json["degrees_of_freedom"] = fit.degrees_of_freedom;
  json["chi2_probability"] = maybe(fit.chi2_probability);
  json["voltages"] = Json::array();
  for (const profiles::FitPoint& point : fit.points) {
    json["voltages"].push_back({{"voltage", point.voltage},
                                {"p01", point.observed01},
                                {"p01_fitted", maybe(point.fitted01)},
                                {"p10", point.observed10},
                                {"p10_fitted", maybe(point.fitted10)},
                                {"p_fitted", maybe(point.fitted)},
                                {"decades", maybe(point.decades)}});
  }
  json["not_fitted"] = fit.notes;
  return text_of(json);
}

std::string comparison_text(const profiles::Profile& a, const profiles::Profile& b,
                            const profiles::ProfileComparison& comparison) {
  std::string text = "A: " + head(a) + "B: " + head(b) + "\n";
  Table rates(
      {"V/Vmin A", "B", "p % A", "B", "0→1 % A", "B", "1→0 % A", "B", "persistent % A", "B"});
  Table cells({"V/Vmin A", "cells A", "B", "in both", "by chance", "ratio", "same direction %",
               "by chance"});
  for (const profiles::LevelComparison& level : comparison.levels) {
    const std::string voltage = voltage_text(level.voltage_a);
    rates.add({voltage, voltage_text(level.voltage_b), percent(level.a.p), percent(level.b.p),
               percent(level.a.p01), percent(level.b.p01), percent(level.a.p10),
               percent(level.b.p10), percent(level.a.persistent), percent(level.b.persistent)});
    if (!level.overlap) continue;
    const profiles::LevelComparison::Overlap& overlap = *level.overlap;
    cells.add({voltage, fmt::format("{}", level.a.faulty_cells),
               fmt::format("{}", level.b.faulty_cells), fmt::format("{}", overlap.common),
               fmt::format("{:.4g}", overlap.expected), ratio_text(overlap.ratio, overlap.error),
               percent(overlap.same_direction), percent(overlap.expected_same_direction)});
  }
  text += rates.text() + "\n";
  text += comparison.same_geometry
              ? cells.text()
              : std::string("  The geometries differ: cells are not compared one by one.\n");
  for (const double voltage : comparison.not_covered) {
    text += fmt::format("  {} Vmin is below the lowest voltage of B: not compared\n",
                        voltage_text(voltage));
  }
  return text;
}

std::string comparison_json(const profiles::Profile& a, const profiles::Profile& b,
                            const profiles::ProfileComparison& comparison) {
  Json json = {{"a", head_json(a)},
               {"b", head_json(b)},
               {"same_geometry", comparison.same_geometry},
               {"voltages", Json::array()},
               {"not_covered", comparison.not_covered}};
  for (const profiles::LevelComparison& level : comparison.levels) {
    Json row = {{"voltage_a", level.voltage_a},
                {"voltage_b", level.voltage_b},
                {"a", level_json(level.a)},
                {"b", level_json(level.b)}};
    for (const char* field : {"common_cells", "common_expected", "overlap_ratio",
                              "overlap_ratio_error", "same_direction", "same_direction_expected"}) {
      row[field] = nullptr;
    }
    if (level.overlap) {
      row["common_cells"] = level.overlap->common;
      row["common_expected"] = level.overlap->expected;
      row["overlap_ratio"] = maybe(level.overlap->ratio);
      row["overlap_ratio_error"] = maybe(level.overlap->error);
      row["same_direction"] = maybe(level.overlap->same_direction);
      row["same_direction_expected"] = maybe(level.overlap->expected_same_direction);
    }
    json["voltages"].push_back(std::move(row));
  }
  return text_of(json);
}

std::string written_text(const profiles::Profile& profile, const std::vector<std::string>& files) {
  std::string text = head(profile) + "written:\n";
  for (const std::string& file : files) text += "  " + printable(file) + "\n";
  return text;
}

std::string written_json(const profiles::Profile& profile, const std::vector<std::string>& files) {
  Json json = head_json(profile);
  json["voltages"] = Json::array();
  for (const profiles::ProfileLevel& level : profile.levels) {
    json["voltages"].push_back({{"voltage", level.voltage}, {"faulty_cells", level.cells.size()}});
  }
  json["files"] = files;
  return text_of(json);
}

}  // namespace brownout::report
