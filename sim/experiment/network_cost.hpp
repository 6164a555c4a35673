// SPDX-License-Identifier: Apache-2.0
// The energy of an inference on an accelerator: one run of the SystemC model, priced at any
// voltage.
#pragma once

#include <cstdint>
#include <memory>

#include "sim/base/event_counts.hpp"
#include "sim/engines/simulator.hpp"
#include "sim/experiment/pricing.hpp"
#include "sim/experiment/target.hpp"
#include "sim/mapping/accelerator_config.hpp"
#include "sim/technology/energy.hpp"
#include "sim/technology/technology.hpp"

namespace brownout::experiment {

/// What the model counted.
struct CountedRun {
  double cycles = 0.0;  // of all images
  EventCounts counts;   // likewise
};

/// Simulates `images` images on an accelerator, without their numbers. InputError without a
/// simulator.
CountedRun count_run(const Model& model, const Target& target, std::int64_t images,
                     const std::shared_ptr<Simulator>& simulator);

/// Timing depends neither on data nor on voltage, so one run serves all points of a sweep.
class NetworkCost {
 public:
  /// `run`: of as many images on that target.
  NetworkCost(const Model& model, const Target& target, std::int64_t images, CountedRun run);
  /// Simulates that run, as count_run does.
  NetworkCost(const Model& model, const Target& target, std::int64_t images,
              const std::shared_ptr<Simulator>& simulator)
      : NetworkCost(model, target, images, count_run(model, target, images, simulator)) {}

  double cycles_per_image() const;
  double latency_ms() const;  // of an image, at the accelerator's clock
  /// µJ per image with the scaled rail at `voltage`.
  EnergyRange energy(const technology::Technology& technology, double voltage) const;
  /// With other mitigations than the accelerator's that take the same number of cycles.
  EnergyRange energy(const technology::Technology& technology, double voltage,
                     const mitigation::Mitigations& mitigations) const;
  /// What that energy is computed from.
  PriceBasis basis(const technology::Technology& technology, double voltage,
                   const mitigation::Mitigations& mitigations) const;
  /// µJ per image, unprotected and with every memory at Vmin, whatever its supply. Only for an
  /// accelerator without check codes, because these take cycles.
  EnergyRange at_vmin(const technology::Technology& technology) const;
  PriceBasis basis_at_vmin(const technology::Technology& technology) const;
  double cycles() const { return run_.cycles; }  // of all images

 private:
  Pricing pricing_with(const mitigation::Mitigations& mitigations) const;

  mapping::AcceleratorConfig accelerator_;
  int code_bits_;
  Pricing pricing_;
  CountedRun run_;
};

}  // namespace brownout::experiment
