// SPDX-License-Identifier: Apache-2.0
// The memories beside the weights': where each is operated, and what a chip does to them there.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sim/accelerator/systemc_engine.hpp"
#include "sim/mapping/memory_faults.hpp"
#include "sim/memory/chip.hpp"
#include "sim/technology/technology.hpp"

namespace brownout::sweep {

/// Voltage and bit error rate of each; at Vmin and rate 0 a memory has no faults.
struct MemoryPoints {
  memory::OperatingPoint input, activations, accumulators;

  bool any() const;
};

/// Bit error rates given in place of those that follow from a supply.
struct MemoryRates {
  std::optional<double> input, activations, accumulators;

  bool any() const { return input || activations || accumulators; }
};

/// Faulty cells of each memory, used ones or not.
struct MemoryCells {
  std::int64_t input = 0, activations = 0, accumulators = 0;
};

/// By the accelerator's supplies, when the scaled rail is at `rail`. InputError for a voltage out
/// of the technology's range, or without a technology that knows its rate.
MemoryPoints memory_points(const mapping::AcceleratorConfig& accelerator,
                           const technology::Technology* technology,
                           const memory::OperatingPoint& rail, const MemoryRates& rates = {});

/// InputError when memories fail that the engine does not have.
void check_engine(const std::string& engine, const MemoryPoints& points);

/// A network's images on an accelerator.
class OtherMemories {
 public:
  /// Compiles for full batches and for what is left. The network must outlive the object.
  OtherMemories(const network::Network& network, const mapping::AcceleratorConfig& accelerator,
                int batch, std::uint64_t bit_offset, std::int64_t images, const std::string& where);

  /// Valid while the object is. `cells` may be null.
  mapping::MemoryFaults faults(const memory::Chip& chip, const MemoryPoints& points,
                               const memory::Draws& draws, MemoryCells* cells);

 private:
  accelerator::Programs programs_;
  std::int64_t images_;
};

}  // namespace brownout::sweep
