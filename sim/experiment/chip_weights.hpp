// SPDX-License-Identifier: Apache-2.0
// The weights of one network as chips return them, after all mitigations of the weight memory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "sim/chips/chip.hpp"
#include "sim/experiment/model.hpp"
#include "sim/mapping/accelerator_config.hpp"
#include "sim/mitigation/repair.hpp"
#include "sim/network/network.hpp"
#include "sim/weights/selection.hpp"
#include "sim/weights/weight_reader.hpp"

namespace brownout::experiment {

/// What one chip did to the weights.
struct ChipRead {
  memory::WordFaultLists faults;           // what the words see, after repair and placement
  weights::ReadStats read;                 // of the first batch, with fresh reads
  mitigation::ProtectionStats protection;  // with a check code; likewise
  mitigation::RepairStats repair;          // and the rate of the cells as drawn
};

/// The configured p of a result: the technology's rate at the voltage of an access, or, for chips
/// that fail by voltage, the rate of their own cells.
inline double configured_rate(const chips::Chip& chip, const chips::OperatingPoint& at,
                              double cell_rate) {
  return chip.by_voltage() ? cell_rate : at.rate;
}

class ChipWeights {
 public:
  /// Resident from `bit_offset` on, without an accelerator.
  /// InputError for mitigations that do not fit the network.
  ChipWeights(const Model& model, std::uint64_t bit_offset,
              const mitigation::Mitigations& mitigations);
  /// As the program places them, with its accelerator's mitigations.
  ChipWeights(const Model& model, const mapping::Program& program);

  /// From now on only faults in selected cells count, after all mitigations. InputError as in
  /// weights::SelectedCells.
  void select(const network::Network& network, const weights::Selection& selection,
              const std::string& where);

  /// Draws the chip at the point at which the memory is accessed (a boost included), applies the
  /// mitigations and reads. The codes are valid until the next read.
  const network::Codes& read(const chips::Chip& chip, const chips::OperatingPoint& at,
                             const memory::Draws& draws, ChipRead& result);
  /// The clean codes.
  const network::Codes& clean() { return reader_.clean(); }

  const mapping::Placement& placement() const { return reader_.placement(); }
  weights::WeightReader& reader() { return reader_; }

 private:
  memory::CheckCode check_;
  weights::WeightReader reader_;
  mitigation::RepairPlan plan_;
  std::optional<weights::SelectedCells> selected_;  // none: all
};

}  // namespace brownout::experiment
