// SPDX-License-Identifier: Apache-2.0
// Compiles once; whoever needs the program shares it.
#include "sim/experiment/target.hpp"

#include "sim/weights/repair_plan.hpp"

namespace brownout::experiment {

void TargetConfig::set_mitigations(const mitigation::Mitigations& mitigations) {
  (accelerator ? accelerator->weights.mitigations : of_resident_weights) = mitigations;
}

TargetConfig TargetConfig::with(const mitigation::Mitigations& mitigations) const {
  TargetConfig config = *this;
  config.set_mitigations(mitigations);
  return config;
}

mitigation::Protection TargetConfig::protection(int code_bits) const {
  return mitigation::protection(
      mitigations(),
      {code_bits, accelerator ? accelerator->weights.array_rows : weights::kPlainArrayRows});
}

Target::Target(const Model& model, const TargetConfig& config)
    : network_(model.network), config_(config) {
  if (!config.accelerator) return;
  programs_ = std::make_shared<engines::Programs>(model.network, *config.accelerator, config.batch,
                                                  config.bit_offset, model.file.string());
}

std::shared_ptr<const mapping::Program> Target::program() const {
  return programs_ ? programs_->shared() : nullptr;
}

mapping::Placement Target::placement() const {
  return programs_ ? programs_->full().placement : mapping::resident(*network_, config_.bit_offset);
}

}  // namespace brownout::experiment
