// SPDX-License-Identifier: Apache-2.0
#include "sim/report/difference_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "sim/report/csv_cells.hpp"
#include "sim/report/error_text.hpp"
#include "sim/report/names.hpp"
#include "sim/report/optional_json.hpp"
#include "sim/report/populations.hpp"
#include "sim/report/table.hpp"

namespace brownout::report {

namespace {

using results::Difference;
using results::Point;
using results::SweepResult;

/// A point by what differs from other points of the table.
class PointNames {
 public:
  explicit PointNames(const SweepResult& result)
      : result_(result), models_(result.model_names()), short_(short_names(models_)) {}

  std::string of(const Point& point) const {
    const auto model = std::find(models_.begin(), models_.end(), point.model) - models_.begin();
    std::string name = short_.names[static_cast<std::size_t>(model)];
    if (result_.mitigations.size() > 1) name += ", " + point.mitigation;
    if (result_.accelerators.size() > 1) name += ", " + point.accelerator;
    return name + (point.voltage ? fmt::format(" at {:.4f}", *point.voltage)
                                 : fmt::format(" at {:.6g} % bit errors", 100.0 * point.rate));
  }

 private:
  const SweepResult& result_;
  std::vector<std::string> models_;
  ShortNames short_;
};

const char* population_of(const Point& point) { return point.places ? kPlaces : kChips; }

Json name_json(const Point& point) {
  Json json = {{"model", point.model},
               {"mitigation", point.mitigation},
               {"voltage", maybe(point.voltage)},
               {"rate", point.rate}};
  if (!point.accelerator.empty()) json["accelerator"] = point.accelerator;
  return json;
}

std::string lower_text(const Difference& difference) {
  switch (difference.verdict()) {
    case Difference::Verdict::kHigher:
      return "second";
    case Difference::Verdict::kLower:
      return "first";
    case Difference::Verdict::kNotDecided:
      break;
  }
  return "not decided";
}

}  // namespace

std::string difference_text(const Difference& difference) {
  const std::string mean = fmt::format("{:+.2f}", difference.mean);
  return difference.ci95 ? fmt::format("{} ({:+.2f} … {:+.2f})", mean, (*difference.ci95)[0],
                                       (*difference.ci95)[1])
                         : mean;
}

Json difference_json(const Difference& difference) {
  return {{"difference_points", difference.mean},
          {"ci95", maybe(difference.ci95)},
          {"standard_error", maybe(difference.standard_error)},
          {"images_standard_error", maybe(difference.images_standard_error)},
          {"chips", difference.chips},
          {"p", maybe(difference.p)},
          {"p_holm", maybe(difference.p_holm)}};
}

std::string difference_population(std::size_t count, const std::string& of) {
  return count <= 1 ? "other images" : "other " + of + " and other images";
}

std::string sweep_differences_text(const SweepResult& result) {
  if (result.differences.empty()) return "";
  const PointNames names(result);
  Table table({"first", "second", "RErr, points", "p", "p, Holm", "lower error"}, {0, 1, 5});
  for (const results::PointDifference& one : result.differences) {
    table.add({names.of(result.points[one.first]), names.of(result.points[one.second]),
               difference_text(one.difference), p_text(one.difference.p),
               p_text(one.difference.p_holm), lower_text(one.difference)});
  }
  const Point& first = result.points.front();
  const auto chips = static_cast<std::size_t>(first.chips);
  return fmt::format(
      "\nDifferences in points, first - second, on the same chips and images (95 % interval)\n\n"
      "{}\n  Intervals and p: {}. Holm: adjusted for all of this table.{}\n",
      table.text(), difference_population(chips, population_of(first)),
      chips == 1 ? " One chip says nothing of other chips." : "");
}

Json sweep_differences_json(const SweepResult& result) {
  Json list = Json::array();
  for (const results::PointDifference& one : result.differences) {
    const Point& first = result.points[one.first];
    Json json = {{"first", name_json(first)}, {"second", name_json(result.points[one.second])}};
    json.update(difference_json(one.difference));
    json["verdict"] = results::to_string(one.difference.verdict());
    json["population"] = difference_population(one.difference.chips, population_of(first));
    list.push_back(std::move(json));
  }
  return list;
}

std::string sweep_differences_csv(const SweepResult& result) {
  if (result.differences.empty()) return "";
  std::string out =
      "first_model,first_mitigation,first_voltage,first_rate,second_model,second_mitigation,"
      "second_voltage,second_rate,accelerator,difference_points,ci95_low,ci95_high,standard_error,"
      "images_standard_error,"
      "chips,p,p_holm,verdict,population\n";
  for (const results::PointDifference& one : result.differences) {
    const Point& first = result.points[one.first];
    const Point& second = result.points[one.second];
    const Difference& difference = one.difference;
    out += fmt::format(
        "{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}\n", csv_text(first.model),
        csv_text(first.mitigation), csv_number(first.voltage), first.rate, csv_text(second.model),
        csv_text(second.mitigation), csv_number(second.voltage), second.rate,
        csv_text(first.accelerator), difference.mean, csv_interval(difference.ci95),
        csv_number(difference.standard_error), csv_number(difference.images_standard_error),
        difference.chips, csv_number(difference.p), csv_number(difference.p_holm),
        results::to_string(difference.verdict()),
        difference_population(difference.chips, population_of(first)));
  }
  return out;
}

}  // namespace brownout::report
