// SPDX-License-Identifier: Apache-2.0
// What an inference costs on an accelerator: one run of the SystemC model, priced at any voltage.
#pragma once

#include <cstdint>
#include <string>

#include "sim/base/event_counts.hpp"
#include "sim/mapping/accelerator.hpp"
#include "sim/network/network.hpp"
#include "sim/technology/energy.hpp"
#include "sim/technology/technology.hpp"

namespace brownout::sweep {

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
