// SPDX-License-Identifier: Apache-2.0
// Compiles once; whoever needs the program shares it.
#include "sim/experiment/target.hpp"

namespace brownout::experiment {

void TargetConfig::set_mitigations(const memory::Mitigations& mitigations) {
  (accelerator ? accelerator->weights.mitigations : of_resident_weights) = mitigations;
}

TargetConfig TargetConfig::with(const memory::Mitigations& mitigations) const {
  TargetConfig config = *this;
  config.set_mitigations(mitigations);
  return config;
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
