// SPDX-License-Identifier: Apache-2.0
// The memories other than the weights': the point at which each is operated, and what a chip does
// to their values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sim/chips/chip.hpp"
#include "sim/engines/systemc_engine.hpp"
#include "sim/mapping/memory_faults.hpp"
#include "sim/technology/technology.hpp"

namespace brownout::sweep {

/// Whether a memory that is operated at this point may have faults.
bool fails(const chips::OperatingPoint& point);

/// Voltage and bit error rate of each memory. At Vmin with rate 0 a memory has no faults.
struct MemoryPoints {
  chips::OperatingPoint input, activations, accumulators;

  bool any() const;
};

/// Bit error rates that replace those that follow from a supply.
struct MemoryRates {
  std::optional<double> input, activations, accumulators;

  bool any() const { return input || activations || accumulators; }
};

/// What a chip did to one memory.
struct MemoryResult {
  double cell_rate = 0.0;         // mean over the memory's cells of max(p01, p10), as drawn
  std::int64_t faulty_cells = 0;  // used ones or not
  std::int64_t cells_hit = 0;     // those that hold a bit of a value
  /// Bits wrong in the values of all images; none if the engine does not count them.
  std::optional<std::int64_t> bits_wrong = 0;
};
struct MemoryResults {
  MemoryResult input, activations, accumulators;

  void set_bits_wrong(const mapping::MemoryCounts& counts);
};

/// The points by the accelerator's supplies, when the scaled rail is at `rail`. InputError for a
/// voltage outside the technology's range, or if there is no technology that knows its rate.
MemoryPoints memory_points(const mapping::AcceleratorConfig& accelerator,
                           const technology::Technology* technology,
                           const chips::OperatingPoint& rail, const MemoryRates& rates = {});

/// InputError when memories fail that the engine does not have.
void check_engine(const std::string& engine, const MemoryPoints& points);

/// A network's images on an accelerator.
class OtherMemories {
 public:
  /// Compiles for full batches and for the rest. The network must outlive the object.
  OtherMemories(const network::Network& network, const mapping::AcceleratorConfig& accelerator,
                int batch, std::uint64_t bit_offset, std::int64_t images, const std::string& where);

  /// Valid as long as the object lives. `results` gets everything but the wrong bits.
  mapping::MemoryFaults faults(const chips::Chip& chip, const MemoryPoints& points,
                               const memory::Draws& draws, MemoryResults& results);

 private:
  const network::Network& network_;
  engines::Programs programs_;
  std::int64_t images_;
};

}  // namespace brownout::sweep
