// SPDX-License-Identifier: Apache-2.0
// The memories other than the weights': what a chip does to their values.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "sim/chips/chip.hpp"
#include "sim/engines/programs.hpp"
#include "sim/experiment/memory_results.hpp"
#include "sim/experiment/supplies.hpp"
#include "sim/mapping/memory_faults.hpp"

namespace brownout::experiment {

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
