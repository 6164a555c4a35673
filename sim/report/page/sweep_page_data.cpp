// SPDX-License-Identifier: Apache-2.0
// The numbers of the charts as JSON. Numbers that repeat are positions in lists.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "sim/base/error.hpp"
#include "sim/report/gnuplot.hpp"
#include "sim/report/mitigation_report.hpp"
#include "sim/report/names.hpp"
#include "sim/report/optional_json.hpp"
#include "sim/report/page/base64.hpp"
#include "sim/report/page/sweep_page.hpp"
#include "sim/results/energy_groups.hpp"

namespace brownout::report {

namespace {

/// More dies than this are left out of the page, which says so.
constexpr std::size_t kMostDies = 20'000;

/// Two cells a byte, the first in the lower half.
Json faults_json(const results::FaultWindow& window) {
  if (!window.problem.empty()) return {{"problem", window.problem}};
  std::vector<std::uint8_t> packed((window.first_failure.size() + 1) / 2);
  for (std::size_t i = 0; i < window.first_failure.size(); ++i) {
    packed[i / 2] =
        static_cast<std::uint8_t>(packed[i / 2] | window.first_failure[i] << (4 * (i % 2)));
  }
  return {{"chip", window.chip},
          {"levels", window.levels},
          {"rates", window.rates},
          {"failing", window.cells},
          {"words", window.words},
          {"all_words", window.all_words},
          {"array_rows", window.array_rows},
          {"cells", base64(packed)}};
}

Json page_point_json(const SweepPage& page, std::size_t sweep, const results::StoredPoint& point) {
  Json json{{"n", network_of(page, sweep, point.model)},
            {"m", mitigation_of(page, point.mitigation)},
            {"v", maybe(point.voltage)},
            {"rate", point.rate},
            {"rerr", point.rerr_mean},
            {"std", maybe(point.rerr_std)},
            {"ci", maybe(point.rerr_ci95)},
            {"ciAll", maybe(point.rerr_ci95_all)},
            {"err", point.err},
            {"images", point.images},
            {"access", maybe(point.energy_sram_rel)},
            {"ms", maybe(point.latency_ms)},
            {"uj", nullptr},
            {"range", maybe(point.energy_range_uj)},
            {"pricing", point.pricing}};
  if (point.energy) {
    json["uj"] = point.energy->total();
    json["parts"] = Json::array();
    for (const EnergyLedgerField& field : kEnergyLedgerFields) {
      json["parts"].push_back((*point.energy).*field.energy);
    }
  }
  return json;
}

/// [network, mitigation, voltage or rate, error, name] of every die, the names in a list.
Json dies_json(const SweepPage& page) {
  std::vector<std::string> names;
  Json rows = Json::array();
  std::size_t all = 0;
  for (std::size_t s = 0; s < page.sweeps.size(); ++s) {
    for (const results::StoredChip& chip : page.sweeps[s].chips) {
      if (++all > kMostDies) continue;
      auto name = std::find(names.begin(), names.end(), chip.chip);
      if (name == names.end()) name = names.insert(names.end(), chip.chip);
      rows.push_back({network_of(page, s, chip.model), mitigation_of(page, chip.mitigation),
                      chip.level, chip.rerr, name - names.begin()});
    }
  }
  return {{"names", names}, {"rows", rows}, {"all", all}};
}

/// [name, colour, components] of the parts of the energy, from the bottom of a bar up.
Json groups_json() {
  Json groups = Json::array();
  for (std::size_t k = 0; k < kGroupColours.size(); ++k) {
    const results::EnergyGroup& group = results::energy_groups()[k];
    Json components = Json::array();
    for (const EnergyLedgerField& field : kEnergyLedgerFields) {
      if (std::count(group.parts.begin(), group.parts.end(), field.energy) > 0) {
        components.push_back(field.name);
      }
    }
    groups.push_back({group.name, kGroupColours[k], components});
  }
  return groups;
}

std::string last_part(const std::filesystem::path& folder) {
  std::filesystem::path path = std::filesystem::absolute(folder).lexically_normal();
  if (path.filename().empty()) path = path.parent_path();
  return path.filename().string();
}

/// The names of the folders; as they were given if two would be equal.
std::vector<std::string> folder_labels(const std::vector<results::StoredSweep>& sweeps) {
  std::vector<std::string> names, given;
  const bool one_folder = std::all_of(
      sweeps.begin(), sweeps.end(),
      [&](const results::StoredSweep& sweep) { return sweep.folder == sweeps.front().folder; });
  for (const results::StoredSweep& sweep : sweeps) {
    const auto label = [&](const std::string& folder) {
      if (sweep.part.empty()) return folder;
      return one_folder ? sweep.part : folder + " · " + sweep.part;
    };
    names.push_back(label(last_part(sweep.folder)));
    given.push_back(label(sweep.folder.string()));
  }
  return std::set<std::string>(names.begin(), names.end()).size() == names.size() ? names : given;
}

}  // namespace

SweepPage sweep_page_of(std::vector<results::StoredSweep> sweeps,
                        std::vector<results::FaultWindow> faults) {
  SweepPage page;
  page.folders = folder_labels(sweeps);
  std::vector<std::string> names;
  std::set<std::string> seen, twice;
  for (const results::StoredSweep& sweep : sweeps) {
    for (const results::StoredModel& model : sweep.models) {
      if (seen.insert(model.name).second) {
        names.push_back(model.name);
      } else {
        twice.insert(model.name);
      }
    }
    for (const std::string& mitigation : sweep.mitigations) {
      if (std::find(page.mitigations.begin(), page.mitigations.end(), mitigation) ==
          page.mitigations.end()) {
        page.mitigations.push_back(mitigation);
      }
    }
  }
  const ShortNames shorter = short_names(names);
  page.pattern = shorter.pattern;
  for (std::size_t s = 0; s < sweeps.size(); ++s) {
    for (const results::StoredModel& model : sweeps[s].models) {
      const auto at = std::find(names.begin(), names.end(), model.name) - names.begin();
      std::string label = shorter.names[static_cast<std::size_t>(at)];
      if (twice.count(model.name) != 0) label += " · " + page.folders[s];
      page.networks.push_back({s, model.name, label});
    }
  }
  page.sweeps = std::move(sweeps);
  page.faults = std::move(faults);
  return page;
}

bool on_accelerator(const SweepPage& page) {
  return std::any_of(page.sweeps.begin(), page.sweeps.end(),
                     [](const results::StoredSweep& sweep) { return !sweep.accelerator.empty(); });
}

bool by_rate(const SweepPage& page) { return page.sweeps.front().by_rate; }

std::size_t network_of(const SweepPage& page, std::size_t sweep, const std::string& model) {
  for (std::size_t i = 0; i < page.networks.size(); ++i) {
    if (page.networks[i].sweep == sweep && page.networks[i].model == model) return i;
  }
  throw InputError("{}: {}: expected one of the networks in `models`",
                   (page.sweeps[sweep].folder / "sweep.json").string(), model);
}

std::size_t mitigation_of(const SweepPage& page, const std::string& mitigation) {
  const auto found = std::find(page.mitigations.begin(), page.mitigations.end(), mitigation);
  if (found == page.mitigations.end()) {
    throw InputError("{}: expected one of the mitigations of the sweep", mitigation);
  }
  return static_cast<std::size_t>(found - page.mitigations.begin());
}

Json sweep_page_data(const SweepPage& page) {
  Json data{{"kind", "sweep"},           {"by_rate", by_rate(page)},
            {"networks", Json::array()}, {"mitigations", shown_mitigations(page.mitigations)},
            {"sweeps", Json::array()},   {"points", Json::array()},
            {"safe", Json::array()},     {"dies", dies_json(page)},
            {"groups", groups_json()}};
  for (const PageNetwork& network : page.networks) {
    const results::StoredSweep& sweep = page.sweeps[network.sweep];
    Json at_vmin;
    for (const results::StoredModel& model : sweep.models) {
      if (model.name == network.model) at_vmin = model.pricing_at_vmin;
    }
    data["networks"].push_back({{"label", network.label},
                                {"model", network.model},
                                {"sweep", network.sweep},
                                {"at_vmin", at_vmin}});
  }
  for (std::size_t s = 0; s < page.sweeps.size(); ++s) {
    const results::StoredSweep& sweep = page.sweeps[s];
    data["sweeps"].push_back({{"folder", page.folders[s]},
                              {"technology", sweep.technology},
                              {"accelerator", sweep.accelerator},
                              {"pricing", sweep.pricing},
                              {"faults", faults_json(page.faults[s])}});
    for (const results::StoredPoint& point : sweep.points) {
      data["points"].push_back(page_point_json(page, s, point));
    }
    for (const results::StoredPoint& point : sweep.extra_points) {
      data["safe"].push_back(page_point_json(page, s, point));
    }
  }
  return data;
}

}  // namespace brownout::report
