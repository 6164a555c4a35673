// SPDX-License-Identifier: Apache-2.0
// Points in their order. Every interval says what it is for.
#include "sim/report/precision_report.hpp"

#include <fmt/format.h>

#include <set>
#include <vector>

#include "sim/base/text.hpp"
#include "sim/report/error_text.hpp"
#include "sim/report/mitigation_report.hpp"
#include "sim/report/names.hpp"
#include "sim/report/table.hpp"
#include "sim/results/places.hpp"

namespace brownout::report {

namespace {

/// A rate alone stands for no technology.
const char* all_chips(const results::Point& point) {
  return point.voltage ? "all chips of this technology" : "all chips at this rate";
}

std::string images_of_population(std::int64_t images) {
  return images == 1 ? "this image" : fmt::format("these {} images", images);
}

/// A title that ends with what the intervals are for.
std::string precision_title(const results::Point& first) {
  const results::PrecisionTarget& target = first.precision->target;
  return fmt::format(
      "How well the means are known: half of each {:g} % interval, for {} and {}.\nAsked for: "
      "{:g} points, from at most {} chips",
      100.0 * target.confidence, all_chips(first), images_of_population(first.images),
      target.half_width_points, target.at_most_chips);
}

/// What it would have taken to run all images on all these chips.
double share_of_all(const results::Point& point) {
  return 100.0 * static_cast<double>(point.precision->evaluations) /
         (static_cast<double>(point.chips) * static_cast<double>(point.images));
}

}  // namespace

bool is_adaptive(const results::SweepResult& result) {
  return result.points.front().precision.has_value();
}

std::string population_text(const results::Point& point) {
  return point.precision ? all_chips(point) : results::chips_text(point.chips, point.places);
}

std::string errors_text(const results::Point& first) {
  return fmt::format("{} {}, {}",
                     first.precision || first.chips > 1 ? "mean ± standard deviation over" : "of",
                     population_text(first), counted(first.images, "image"));
}

std::string precision_text(const results::SweepResult& result) {
  const ShortNames names = short_names(result.model_names());
  const std::vector<std::string> mitigations = shown_mitigations(result.mitigations);
  const bool several = mitigations.size() > 1;
  std::vector<std::string> header{"network"};
  if (several) header.emplace_back("mitigation");
  header.insert(header.end(),
                {result.by_rate ? "bit errors %" : "V/Vmin", "RErr %", "± points", "interval",
                 "chips", "images a chip", "evaluations", "% of all", ""});
  std::set<std::size_t> left{0, header.size() - 1};
  if (several) left.insert(1);
  Table table(header, left);
  const std::size_t a_network = result.points.size() / result.models.size();
  const std::size_t levels = a_network / mitigations.size();
  for (std::size_t i = 0; i < result.points.size(); ++i) {
    const results::Point& point = result.points[i];
    const results::Precision& precision = *point.precision;
    std::vector<std::string> cells{i % a_network == 0 ? names.names[i / a_network] : ""};
    if (several)
      cells.push_back(i % levels == 0 ? mitigations[i / levels % mitigations.size()] : "");
    cells.insert(
        cells.end(),
        {result.by_rate ? fmt::format("{:.3g}", 100.0 * point.rate)
                        : fmt::format("{:.4f}", *point.voltage),
         fmt::format("{:.3f}", point.rerr.mean), fmt::format("{:.3f}", precision.half_width_points),
         interval_text(precision.interval, 3), fmt::format("{}", point.chips),
         fmt::format("{:.1f}",
                     static_cast<double>(precision.evaluations) / static_cast<double>(point.chips)),
         fmt::format("{}", precision.evaluations), fmt::format("{:.2g}", share_of_all(point)),
         precision.reached ? "" : "the chips have run out"});
    table.add(cells);
  }
  return precision_title(result.points.front()) + "\n\n" + table.text();
}

std::string precision_note(const results::SweepResult& result) {
  const results::Point& first = result.points.front();
  return fmt::format(
      "Each chip ran a random sample of the images of its own. Intervals of means ({:g} %, each "
      "point by itself) are for {} and {}; they say nothing about other images.",
      100.0 * first.precision->target.confidence, all_chips(first),
      images_of_population(first.images));
}

Json precision_json(const results::Point& point) {
  const results::Precision& precision = *point.precision;
  Json stages = Json::array();
  for (const results::SampleStage& stage : precision.stages) {
    stages.push_back({{"chips", stage.count}, {"images_a_chip", results::images_of(stage.images)}});
  }
  return {
      {"population", fmt::format("{}, {}", all_chips(point), images_of_population(point.images))},
      {"asked_half_width_points", precision.target.half_width_points},
      {"confidence", precision.target.confidence},
      {"at_most_chips", precision.target.at_most_chips},
      {"half_width_points", precision.half_width_points},
      {"interval", precision.interval},
      {"reached", precision.reached},
      {"standard_error", precision.error},
      {"degrees_of_freedom", precision.degrees},
      {"evaluations", precision.evaluations},
      {"stages", stages}};
}

}  // namespace brownout::report
