// SPDX-License-Identifier: Apache-2.0
// What a network runs on: a memory that holds its weights, or an accelerator with the program that
// the network is compiled to.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "sim/engines/programs.hpp"
#include "sim/experiment/model.hpp"
#include "sim/mapping/accelerator_config.hpp"
#include "sim/mapping/placement.hpp"
#include "sim/mitigation/mitigations.hpp"
#include "sim/mitigation/protection.hpp"

namespace brownout::experiment {

/// Without an accelerator the weights are resident and there are no other memories.
struct TargetConfig {
  std::optional<mapping::AcceleratorConfig> accelerator;
  int batch = 1;  // images at a time: on the accelerator, between fresh draws, in batch statistics
  std::uint64_t bit_offset = 0;  // the network's first cell

  /// Of the weight memory.
  const mitigation::Mitigations& mitigations() const {
    return accelerator ? accelerator->weights.mitigations : of_resident_weights;
  }
  void set_mitigations(const mitigation::Mitigations& mitigations);
  TargetConfig with(const mitigation::Mitigations& mitigations) const;
  /// What they cost in a memory of codes with `code_bits` bits (0: widths differ). Arrays are the
  /// accelerator's, or the usual ones without an accelerator.
  mitigation::Protection protection(int code_bits) const;

  mitigation::Mitigations of_resident_weights;  // used without an accelerator
};

class Target {
 public:
  /// Compiles the network. InputError when it does not fit.
  Target(const Model& model, const TargetConfig& config);

  const TargetConfig& config() const { return config_; }
  /// Null without an accelerator.
  std::shared_ptr<const mapping::Program> program() const;
  const std::shared_ptr<engines::Programs>& programs() const { return programs_; }
  mapping::Placement placement() const;

 private:
  network::SharedNetwork network_;
  TargetConfig config_;
  std::shared_ptr<engines::Programs> programs_;
};

}  // namespace brownout::experiment
