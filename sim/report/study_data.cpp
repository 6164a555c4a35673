// SPDX-License-Identifier: Apache-2.0
// A study for other programs: CSV and JSON.
#include <fmt/format.h>

#include <algorithm>

#include "sim/experiment/images.hpp"
#include "sim/report/csv_cells.hpp"
#include "sim/report/labels_note.hpp"
#include "sim/report/optional_json.hpp"
#include "sim/report/study_report.hpp"
#include "sim/report/study_table.hpp"

namespace brownout::report {

namespace {

using results::Difference;
using study::Cell;
using study::RowResult;
using study::StudyResult;

/// A list over networks, or null if no evaluation was on places.
Json positions_json(const Cell& cell, std::optional<double> results::PositionSpread::*part) {
  Json list = Json::array();
  for (const results::PositionSpread& positions : cell.positions) {
    if (positions.*part) list.push_back(*(positions.*part));
  }
  return list.empty() ? Json(nullptr) : list;
}

Json cell_json(const Cell& cell) {
  const results::ErrorSpread& spread = cell.spread;
  return {{"evaluation", cell.evaluation},
          {"column", cell.header.label},
          {"unit", cell.header.unit},
          {"at", maybe(cell.header.at)},
          {"mean", spread.mean},
          {"std", maybe(spread.std)},
          {"ci95", maybe(spread.ci95)},
          {"se_images", maybe(spread.images_se)},
          {"ci95_all", maybe(spread.ci95_all)},
          {"published", maybe(cell.published)},
          {"samples", cell.samples},
          {"position_std", positions_json(cell, &results::PositionSpread::between)},
          {"within_position_std", positions_json(cell, &results::PositionSpread::within)}};
}

Json row_json(const RowResult& row) {
  Json json{{"row", row.name}, {"problem", nullptr}};
  std::string problem = row.problem;
  for (const auto& [evaluation, reason] : row.misfits) {
    problem += (problem.empty() ? "" : "; ") + reason;
  }
  if (!problem.empty()) json["problem"] = problem;
  json["networks"] = Json::array();
  for (const study::RowNetwork& network : row.networks) {
    json["networks"].push_back({{"model", network.name},
                                {"model_file", network.file.string()},
                                {"model_sha256", network.sha256}});
  }
  json["cells"] = Json::array();
  for (const Cell& cell : row.cells) json["cells"].push_back(cell_json(cell));
  return json;
}

Json comparison_json(const study::ComparisonResult& comparison, bool places) {
  Json json{{"higher", comparison.choice.higher},
            {"lower", comparison.choice.lower},
            {"evaluation", comparison.choice.evaluation},
            {"column", comparison.choice.label},
            {"difference_points", nullptr}};
  if (!comparison.difference) return json;
  const Difference& difference = *comparison.difference;
  json["difference_points"] = difference.mean;
  json["standard_error"] = maybe(difference.standard_error);
  json["images_standard_error"] = maybe(difference.images_standard_error);
  json["seeds_standard_error"] = maybe(difference.seeds_standard_error);
  json["chips"] = difference.chips;
  json["places_of_one_die"] = places;
  json["verdict"] = results::to_string(difference.verdict());
  json["ci95"] = maybe(difference.ci95);
  json["p"] = maybe(difference.p);
  json["p_holm"] = maybe(difference.p_holm);
  return json;
}

}  // namespace

std::string study_csv(const StudyResult& result) {
  std::string out =
      "row,evaluation,column,unit,at,mean,std,ci95_low,ci95_high,networks,samples,published,"
      "se_images,ci95_all_low,ci95_all_high\n";
  for (const RowResult& row : result.rows) {
    for (const Cell& cell : row.cells) {
      std::size_t samples = 0;
      for (const std::vector<double>& network : cell.samples) samples += network.size();
      const results::ErrorSpread& spread = cell.spread;
      out += fmt::format(
          "{},{},{},{},{},{},{},{},{},{},{},{},{}\n", csv_text(row.name), csv_text(cell.evaluation),
          csv_text(cell.header.label), cell.header.unit, csv_number(cell.header.at), spread.mean,
          csv_number(spread.std), csv_interval(spread.ci95), cell.samples.size(), samples,
          csv_number(cell.published), csv_number(spread.images_se), csv_interval(spread.ci95_all));
    }
  }
  return out;
}

std::string study_json(const StudyResult& result) {
  Json json{{"study", result.name},
            {"study_file", result.file.string()},
            {"title", result.title},
            {"source", result.source.empty() ? Json(nullptr) : Json(result.source)},
            {"notes", study_notes(result)},
            {"evaluations", Json::array()},
            {"rows", Json::array()},
            {"comparisons", Json::array()}};
  if (const std::string places = places_note(result); !places.empty()) {
    json["notes"].push_back(places);
  }
  for (const study::EvaluationNote& note : result.evaluations) {
    Json one = {{"evaluation", note.name},
                {"dataset", note.setting.setup.images.dataset},
                {"split", experiment::to_string(note.setting.setup.images.split)},
                {"images", note.images},
                {"engine", note.setting.setup.engine},
                {"chips", note.setting.chips},
                {"places_of_one_die", note.places},
                {"seed", note.setting.seed},
                {"axis", note.axis.empty() ? Json(nullptr) : Json(note.axis)}};
    put_labels(one, note.labelled);
    json["evaluations"].push_back(std::move(one));
  }
  for (const RowResult& row : result.rows) json["rows"].push_back(row_json(row));
  for (const study::ComparisonResult& comparison : result.comparisons) {
    const auto note =
        std::find_if(result.evaluations.begin(), result.evaluations.end(),
                     [&](const auto& one) { return one.name == comparison.choice.evaluation; });
    const bool places = note != result.evaluations.end() && note->places;
    json["comparisons"].push_back(comparison_json(comparison, places));
  }
  json["seconds"] = result.seconds;
  return json_text(json, 2) + "\n";
}

std::string histograms_csv(const StudyResult& result) {
  std::string out;
  for (const RowResult& row : result.rows) {
    for (std::size_t k = 0; k < row.histograms.size(); ++k) {
      for (const study::NamedHistogram& entry : row.histograms[k]) {
        const study::Histogram& bins = entry.histogram;
        const double width = (bins.high - bins.low) / static_cast<double>(bins.counts.size());
        for (std::size_t i = 0; i < bins.counts.size(); ++i) {
          out += fmt::format("{},{},{},{},{},{},{}\n", csv_text(row.name),
                             csv_text(row.networks[k].name), entry.of, csv_text(entry.when),
                             bins.low + width * static_cast<double>(i),
                             bins.low + width * static_cast<double>(i + 1), bins.counts[i]);
        }
      }
    }
  }
  return out.empty() ? out : "row,network,of,when,low,high,count\n" + out;
}

}  // namespace brownout::report
