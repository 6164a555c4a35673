// SPDX-License-Identifier: Apache-2.0
// Plans once, then reads chip after chip.
#include "sim/experiment/chip_weights.hpp"

#include "sim/weights/repair_plan.hpp"

namespace brownout::experiment {

ChipWeights::ChipWeights(const Model& model, std::uint64_t bit_offset,
                         const mitigation::Mitigations& mitigations)
    : check_(mitigations.check),
      reader_(model.network, bit_offset, mitigations.check, mitigations.on_error),
      plan_(weights::plan_repair(*model.network, model.sha256, reader_.placement(), mitigations,
                                 nullptr, model.file.string())) {}

ChipWeights::ChipWeights(const Model& model, const mapping::Program& program)
    : check_(program.accelerator.weights.mitigations.check),
      reader_(model.network, program),
      plan_(weights::plan_repair(*model.network, model.sha256, reader_.placement(),
                                 program.accelerator.weights.mitigations,
                                 &program.accelerator.weights, model.file.string())) {}

void ChipWeights::select(const network::Network& network, const weights::Selection& selection,
                         const std::string& where) {
  selected_.emplace(network, reader_.placement(), selection, where);
}

const network::Codes& ChipWeights::read(const chips::Chip& chip, const chips::OperatingPoint& at,
                                        const memory::Draws& draws, ChipRead& result) {
  result.faults =
      weights::repaired_faults(plan_, chip, memory::MemoryId::kWeights, at, check_, &result.repair);
  if (selected_) {
    result.faults.data = selected_->keep(result.faults.data);
    result.faults.checks.clear();  // they hold no bit of a code
  }
  return reader_.read(result.faults, draws, &result.read, &result.protection);
}

}  // namespace brownout::experiment
