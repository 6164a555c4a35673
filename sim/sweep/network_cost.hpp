// SPDX-License-Identifier: Apache-2.0
// What an inference costs on an accelerator: one run of the SystemC model, priced at any voltage.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sim/base/event_counts.hpp"
#include "sim/mapping/accelerator.hpp"
#include "sim/network/network.hpp"
#include "sim/technology/energy.hpp"
#include "sim/technology/technology.hpp"

namespace brownout::sweep {

/// Whether the weights are in a memory whose supply the voltage sets. Without an accelerator they
/// are; with one its weights.supply decides. A memory that stays at Vmin has no faults.
bool weights_scaled(const std::optional<mapping::AcceleratorConfig>& accelerator);

/// Bit error rate of the weight memory, and energy of an access relative to Vmin, with the scaled
/// rail at `voltage`: 0 and 1 for one that stays at Vmin.
double weight_error_rate(const technology::Technology& technology,
                         const std::optional<mapping::AcceleratorConfig>& accelerator,
                         double voltage);
double weight_energy_relative(const technology::Technology& technology,
                              const std::optional<mapping::AcceleratorConfig>& accelerator,
                              double voltage);

/// What leaks, and at which supply when the scaled rail is at `voltage`.
technology::Structure structure_of(const mapping::AcceleratorConfig& accelerator);
technology::Supply supply_of(const mapping::AcceleratorConfig& accelerator, double voltage);

/// Energy per image of counts and cycles that `images` images took.
technology::EnergyLedger energy_per_image(const technology::Technology& technology,
                                          const mapping::AcceleratorConfig& accelerator,
                                          double voltage, const EventCounts& counts,
                                          std::int64_t cycles, std::int64_t images);

/// Timing depends neither on data nor on voltage, so one run serves all points of a sweep.
class NetworkCost {
 public:
  /// Simulates `images` images, `batch` at a time, without their numbers. InputError (beginning
  /// with `where`) when the network does not fit.
  NetworkCost(const network::Network& network, const mapping::AcceleratorConfig& accelerator,
              int batch, std::uint64_t bit_offset, std::int64_t images, const std::string& where);

  double cycles_per_image() const;
  /// µJ per image with the scaled rail at `voltage`.
  technology::EnergyLedger energy(const technology::Technology& technology, double voltage) const;

 private:
  mapping::AcceleratorConfig accelerator_;
  std::int64_t images_;
  std::int64_t cycles_ = 0;
  EventCounts counts_;
};

}  // namespace brownout::sweep
