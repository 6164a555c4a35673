// SPDX-License-Identifier: Apache-2.0
// A chip is asked for every memory that is not at Vmin.
#include "sim/experiment/other_memories.hpp"

#include <algorithm>

#include "sim/base/error.hpp"
#include "sim/engines/engine_traits.hpp"

namespace brownout::experiment {

void MemoryResults::set_bits_wrong(const mapping::MemoryCounts& counts) {
  input.bits_wrong = counts.input;
  activations.bits_wrong = counts.activations;
  accumulators.bits_wrong = counts.accumulators;
}

void check_engine(const std::string& engine, const MemoryPoints& points) {
  if (engines::traits_of(engine).on_codes || !points.any()) return;
  throw InputError(
      "engine {}: has no input, activation and accumulator memories that could fail; expected "
      "functional, reference or systemc, or these memories at Vmin",
      engine);
}

OtherMemories::OtherMemories(network::SharedNetwork network,
                             std::shared_ptr<engines::Programs> programs, std::int64_t images)
    : network_(std::move(network)), programs_(std::move(programs)), images_(images) {}

mapping::MemoryFaults OtherMemories::faults(const chips::Chip& chip, const MemoryPoints& points,
                                            const memory::Draws& draws, MemoryResults& results) {
  mapping::MemoryFaults faults;
  const mapping::Program& full = programs_->full();
  const auto rest = static_cast<int>(images_ % full.batch);
  if (images_ >= full.batch) faults.full = programs_->shared();
  if (rest > 0) faults.remainder = programs_->remainder(rest);
  faults.images = images_;
  faults.draws = draws;
  const auto draw = [&](memory::MemoryId memory, const chips::OperatingPoint& at,
                        memory::FaultList& list, MemoryResult& result) {
    result = {};
    if (!fails(at)) return;
    const std::uint32_t words = mapping::memory_words(full.accelerator, memory);
    list = chip.faults(memory, words, at);
    result.faulty_cells = static_cast<std::int64_t>(list.size());
    result.cells_hit = mapping::cells_hit(*network_, faults, memory);
    for (const memory::CellFault& f : list) {
      result.cell_rate += static_cast<double>(std::max(f.p01, f.p10));
    }
    result.cell_rate /= static_cast<double>(words) * memory::kWordBits;
  };
  draw(memory::MemoryId::kInput, points.input, faults.input, results.input);
  draw(memory::MemoryId::kActivations, points.activations, faults.activations, results.activations);
  draw(memory::MemoryId::kAccumulators, points.accumulators, faults.accumulators,
       results.accumulators);
  return faults;
}

}  // namespace brownout::experiment
