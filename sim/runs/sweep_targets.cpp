// SPDX-License-Identifier: Apache-2.0
// Accelerators are compared by what is left of their configurations.
#include "sim/runs/sweep_targets.hpp"

#include <algorithm>
#include <map>

#include "sim/base/json.hpp"

namespace brownout::runs {

namespace {

void erase(Json& json, std::initializer_list<const char*> keys) {
  for (const char* key : keys) json.erase(key);
}

/// What may change an error, as text.
std::string error_identity(const SweepConfig& config, const experiment::Setup& setup) {
  const mapping::AcceleratorConfig& accelerator = *setup.target.accelerator;
  Json json = Json::parse(mapping::resolved_json(accelerator));
  erase(json, {"name", "description", "technology", "clock_mhz", "vector", "dma", "dram"});
  erase(json["weights"], {"unused"});
  if (accelerator.weights.residency == mapping::WeightResidency::kResident &&
      !setup.supplies().others_may_fail()) {
    erase(json, {"array", "input", "activations", "accumulators"});
    const bool repaired =
        std::any_of(config.mitigations.begin(), config.mitigations.end(),
                    [](const SweepMitigation& entry) { return entry.what.any(); });
    if (!repaired) erase(json["weights"], {"arrays", "array_rows", "words_per_cycle"});
  }
  return json_text(json);
}

}  // namespace

std::vector<SweepTarget> sweep_targets(const SweepConfig& config) {
  if (config.accelerators.empty()) return {{"", config.setup, 0}};
  std::vector<SweepTarget> targets;
  std::map<std::string, std::size_t> first;
  for (const mapping::AcceleratorConfig& accelerator : config.accelerators) {
    SweepTarget target{accelerator.name, config.setup, 0};
    target.setup.target.accelerator = accelerator;
    target.errors_of =
        first.emplace(error_identity(config, target.setup), targets.size()).first->second;
    targets.push_back(std::move(target));
  }
  return targets;
}

}  // namespace brownout::runs
