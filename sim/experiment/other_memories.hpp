// SPDX-License-Identifier: Apache-2.0
// The memories other than the weights': what a chip does to their values.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "sim/chips/chip.hpp"
#include "sim/engines/systemc_engine.hpp"
#include "sim/experiment/supplies.hpp"
#include "sim/mapping/memory_faults.hpp"

namespace brownout::experiment {

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

/// InputError when memories fail that the engine does not have.
void check_engine(const std::string& engine, const MemoryPoints& points);

/// A network's images on an accelerator.
class OtherMemories {
 public:
  OtherMemories(network::SharedNetwork network, std::shared_ptr<engines::Programs> programs,
                std::int64_t images);

  /// `results` gets everything but the wrong bits.
  mapping::MemoryFaults faults(const chips::Chip& chip, const MemoryPoints& points,
                               const memory::Draws& draws, MemoryResults& results);

 private:
  network::SharedNetwork network_;
  std::shared_ptr<engines::Programs> programs_;
  std::int64_t images_;
};

}  // namespace brownout::experiment
