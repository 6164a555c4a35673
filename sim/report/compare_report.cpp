// SPDX-License-Identifier: Apache-2.0
// One table of networks, one of pairs.
#include "sim/report/compare_report.hpp"

#include <fmt/format.h>

#include "sim/base/json.hpp"
#include "sim/report/difference_report.hpp"
#include "sim/report/error_text.hpp"
#include "sim/report/labels_note.hpp"
#include "sim/report/names.hpp"
#include "sim/report/populations.hpp"
#include "sim/report/results_json.hpp"
#include "sim/report/results_text.hpp"
#include "sim/report/table.hpp"

namespace brownout::report {

namespace {

using results::Difference;
using runs::CompareResult;
using runs::EvalResult;
using runs::NetworkPair;

std::string networks_table(const CompareResult& result, const ShortNames& names) {
  const bool chips = result.networks.front().point.has_value();
  std::vector<std::string> header{"network", "clean %", "95 % over images"};
  if (chips) header.insert(header.end(), {"RErr %", "95 % over chips and images", "lost, points"});
  const bool accelerator = result.networks.front().cost.has_value();
  if (accelerator) header.insert(header.end(), {"uJ", "ms"});
  Table table(header);
  for (std::size_t i = 0; i < result.networks.size(); ++i) {
    const EvalResult& network = result.networks[i];
    std::vector<std::string> cells{names.names[i],
                                   fmt::format("{:.2f}", network.clean.err(network.images)),
                                   interval_text(network.clean.err_ci95(network.images))};
    if (chips) {
      cells.push_back(spread_text(network.point->rerr));
      cells.push_back(interval_text(network.point->rerr.ci95_all));
      cells.push_back(fmt::format("{:.2f}", network.point->drop()));
    }
    if (accelerator) {
      cells.push_back(fmt::format("{:.3f}", network.cost->energy.total()));
      cells.push_back(fmt::format("{:.4f}", network.cost->latency_ms));
    }
    table.add(cells);
  }
  return table.text();
}

std::string pairs_table(const CompareResult& result, const ShortNames& names) {
  const bool chips = result.pairs.front().rerr.has_value();
  std::vector<std::string> header{"first", "second", "clean error"};
  if (chips) header.emplace_back("RErr");
  header.insert(header.end(), {"p", "p, Holm", "lower error"});
  Table table(header, {0, 1, header.size() - 1});
  for (const NetworkPair& pair : result.pairs) {
    std::vector<std::string> cells{names.names[pair.first], names.names[pair.second],
                                   difference_text(pair.clean)};
    if (pair.rerr) cells.push_back(difference_text(*pair.rerr));
    const Difference& decided = result.decided(pair);
    cells.push_back(p_text(decided.p));
    cells.push_back(p_text(decided.p_holm));
    switch (decided.verdict()) {
      case Difference::Verdict::kHigher:
        cells.push_back(names.names[pair.second]);
        break;
      case Difference::Verdict::kLower:
        cells.push_back(names.names[pair.first]);
        break;
      case Difference::Verdict::kNotDecided:
        cells.emplace_back("not decided");
        break;
    }
    table.add(cells);
  }
  return table.text();
}

/// What the intervals and verdicts are about.
std::string pairs_note(const CompareResult& result) {
  const EvalResult& first = result.networks.front();
  if (first.chips.empty()) {
    return "  Intervals and p: other images. Holm: adjusted for all pairs of this table.\n";
  }
  std::string text = fmt::format(
      "  Intervals and p of RErr: {}. Intervals of the clean error: other images. Holm: adjusted "
      "for all\n  pairs of this table. The lower error is decided if this p is below 0.05.\n",
      difference_population(first.chips.size(), population_of(first)));
  if (first.chips.size() == 1) text += "  One chip says nothing of other chips.\n";
  return text;
}

}  // namespace

std::string compare_text(const CompareResult& result) {
  const ShortNames names = short_names(result.names);
  const EvalResult& first = result.networks.front();
  std::string text = fmt::format("{}, {}\n", images_and_point_text(first), engine_text(first));
  if (!names.pattern.empty()) text += "networks " + names.pattern + "\n";
  text += "\n";
  if (!first.labelled) text += labels_text(first.labelled) + "\n";
  if (!first.chips.empty() && !first.chips.front().note.empty()) {
    text += first.chips.front().note + "\n\n";
  }
  text += networks_table(result, names);
  text += fmt::format(
      "\nDifferences in points, first - second, on the same {}images (95 % interval)\n\n",
      first.chips.empty() ? "" : "chips and ");
  return text + pairs_table(result, names) + "\n" + pairs_note(result);
}

std::string compare_json(const CompareResult& result) {
  Json json{{"networks", Json::array()}, {"pairs", Json::array()}};
  for (std::size_t i = 0; i < result.networks.size(); ++i) {
    Json network{{"name", result.names[i]}};
    network.update(eval_object(result.networks[i]));
    json["networks"].push_back(std::move(network));
  }
  for (const NetworkPair& pair : result.pairs) {
    json["pairs"].push_back({{"first", result.names[pair.first]},
                             {"second", result.names[pair.second]},
                             {"clean", difference_json(pair.clean)},
                             {"rerr", pair.rerr ? difference_json(*pair.rerr) : Json(nullptr)},
                             {"verdict", results::to_string(result.decided(pair).verdict())}});
  }
  return json_text(json, 2) + "\n";
}

}  // namespace brownout::report
