// SPDX-License-Identifier: Apache-2.0
// The energy of an inference on an accelerator: one run of the SystemC model, priced at any
// voltage.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sim/base/event_counts.hpp"
#include "sim/chips/chip.hpp"
#include "sim/mapping/accelerator_config.hpp"
#include "sim/network/network.hpp"
#include "sim/sweep/pricing.hpp"
#include "sim/technology/energy.hpp"
#include "sim/technology/technology.hpp"

namespace brownout::sweep {

/// Whether the weights are in a memory whose supply the voltage sets. Without an accelerator they
/// are. With one, its weights.supply decides. A memory that stays at Vmin has no faults.
bool weights_scaled(const std::optional<mapping::AcceleratorConfig>& accelerator);

/// Bit error rate of the weight memory with the scaled rail at `voltage`; 0 if the memory stays at
/// Vmin.
double weight_error_rate(const technology::Technology& technology,
                         const std::optional<mapping::AcceleratorConfig>& accelerator,
                         double voltage);
/// Dynamic energy of a weight read with all that protects it, relative to an unprotected one at
/// Vmin.
double weight_energy_relative(const technology::Technology& technology,
                              const std::optional<mapping::AcceleratorConfig>& accelerator,
                              double voltage, const technology::Protection& protection = {});

/// The voltage at which a weight memory with its supply at `supply` is accessed, boost included:
/// nothing rises above Vmin. InputError when there is a boost, but no voltage or technology to add
/// it to.
chips::OperatingPoint accessed(const technology::Technology* technology,
                               const chips::OperatingPoint& supply, bool has_voltage,
                               const memory::Mitigations& mitigations);

/// Timing depends neither on data nor on voltage, so one run serves all points of a sweep.
class NetworkCost {
 public:
  /// Simulates `images` images, `batch` at a time, without their numbers. InputError (beginning
  /// with `where`) when the network does not fit.
  NetworkCost(const network::Network& network, const mapping::AcceleratorConfig& accelerator,
              int batch, std::uint64_t bit_offset, std::int64_t images, const std::string& where);

  double cycles_per_image() const;
  /// µJ per image with the scaled rail at `voltage`.
  technology::EnergyRange energy(const technology::Technology& technology, double voltage) const;
  /// With other mitigations than the accelerator's that take the same number of cycles.
  technology::EnergyRange energy(const technology::Technology& technology, double voltage,
                                 const memory::Mitigations& mitigations) const;
  /// µJ per image, unprotected and with every memory at Vmin, whatever its supply. Only for an
  /// accelerator without check codes, because these take cycles.
  technology::EnergyRange at_vmin(const technology::Technology& technology) const;
  double cycles() const { return cycles_; }  // of all images

 private:
  mapping::AcceleratorConfig accelerator_;
  int code_bits_;
  Pricing pricing_;
  double cycles_ = 0.0;
  EventCounts counts_;
};

}  // namespace brownout::sweep
