// SPDX-License-Identifier: Apache-2.0
// The resolved configuration of a sweep, with the versions of all definitions behind it.
#include "sim/runs/sweep_identity.hpp"

#include "sim/base/json.hpp"
#include "sim/results/places.hpp"

namespace brownout::runs {

std::string identity(const SweepConfig& config, const std::vector<results::SweepModel>& models,
                     const results::UsedImages& used, const std::string& first_chip) {
  const experiment::Setup& setup = config.setup;
  Json json;
  json["version"] = results::kResultVersion;
  results::put_definitions(json);
  if (setup.technology) {
    json["technology"] = {{"name", setup.technology->name()}, {"sha256", config.technology_sha256}};
  }
  json["models"] = Json::array();
  for (const results::SweepModel& model : models) {
    json["models"].push_back({{"name", model.name}, {"sha256", model.sha256}});
  }
  json["dataset"] = results::dataset_json(config.setup.images, used);
  json["engine"] = setup.engine;
  if (setup.target.accelerator) json["accelerator"] = results::accelerator_json(setup.target);
  if (!config.grid_of.empty()) {
    json["accelerator_grid"] = Json::array();
    for (const mapping::AcceleratorConfig& accelerator : config.accelerators) {
      experiment::TargetConfig target = setup.target;
      target.accelerator = accelerator;
      json["accelerator_grid"].push_back(results::accelerator_json(target));
    }
  }
  if (config.precision) {
    json["precision"] = {{"half_width_points", config.precision->half_width_points},
                         {"confidence", config.precision->confidence},
                         {"at_most_chips", config.precision->at_most_chips},
                         {"sample_version", results::kSampleVersion}};
    if (config.precision->images_a_chip) {
      json["precision"]["images_a_chip"] = *config.precision->images_a_chip;
    }
  } else {
    json["chips"] = config.chips;
  }
  json["seed"] = config.seed;
  if (config.profile.empty()) {
    if (config.errors.are_equal()) {
      json["p_err"] = config.errors.p01;
    } else {
      json["p01"] = config.errors.p01;
      json["p10"] = config.errors.p10;
    }
  } else {
    json["profile"] = first_chip;
    json["places_version"] = results::kPlacesVersion;
  }
  json["bit_offset"] = setup.target.bit_offset;
  json["evaluation_seed"] = setup.reads.evaluation_seed;
  json["reads"] = setup.reads.fresh ? "fresh" : "frozen";
  json["mitigations"] = Json::array();
  for (const SweepMitigation& entry : config.mitigations) {
    json["mitigations"].push_back(entry.identity);
  }
  if (config.by_rate()) {
    json["rates"] = config.rates;
    if (setup.rates.any()) json["memory_rates"] = results::memory_rates_json(setup.rates);
    return json_text(json, 2) + "\n";
  }
  json["voltages"] = config.voltages;
  if (!config.has_safe_voltage()) return json_text(json, 2) + "\n";
  const SafeVoltageConfig& safe = config.safe;
  json["safe_voltage"] = {
      {"max_drop_points", safe.max_drop_points},
      {"tolerance", safe.tolerance},
      {"yield", safe.yield ? Json(safe.yield->yield) : Json("mean")},
      {"confidence", safe.yield ? Json(safe.yield->confidence) : Json(nullptr)},
      {"chosen_on", safe.chosen_on},
      {"stated_on", safe.stated_on},
      {"stated_seed", safe.stated_seed ? Json(*safe.stated_seed) : Json(nullptr)}};
  return json_text(json, 2) + "\n";
}

}  // namespace brownout::runs
