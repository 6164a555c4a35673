// SPDX-License-Identifier: Apache-2.0
// A chip is asked for every memory that is not at Vmin.
#include "sim/sweep/other_memories.hpp"

#include "sim/base/error.hpp"

namespace brownout::sweep {

namespace {

bool fails(const memory::OperatingPoint& point) { return point.voltage < 1.0 || point.rate > 0.0; }

memory::OperatingPoint point_of(const char* name, const mapping::MemorySupply& supply,
                                const technology::Technology* technology,
                                const memory::OperatingPoint& rail,
                                const std::optional<double>& rate) {
  if (rate) return {supply.at(rail.voltage), *rate};
  if (supply.scaled) return rail;
  if (supply.vmin == 1.0) return {};
  if (technology == nullptr) {
    throw InputError("{}: a supply of {} Vmin needs a technology; expected --technology FILE", name,
                     supply.vmin);
  }
  try {
    return {supply.vmin, technology->bit_error_rate(supply.vmin)};
  } catch (const InputError& error) {
    throw InputError("supply of {}: {}", name, error.what());
  }
}

}  // namespace

bool MemoryPoints::any() const { return fails(input) || fails(activations) || fails(accumulators); }

MemoryPoints memory_points(const mapping::AcceleratorConfig& accelerator,
                           const technology::Technology* technology,
                           const memory::OperatingPoint& rail, const MemoryRates& rates) {
  return {
      point_of("input", accelerator.input.supply, technology, rail, rates.input),
      point_of("activations", accelerator.activations.supply, technology, rail, rates.activations),
      point_of("accumulators", accelerator.accumulators.supply, technology, rail,
               rates.accumulators)};
}

void check_engine(const std::string& engine, const MemoryPoints& points) {
  if (engine != "float" || !points.any()) return;
  throw InputError(
      "engine float: has no input, activation and accumulator memories that could fail; expected "
      "functional, reference or systemc, or these memories at Vmin");
}

OtherMemories::OtherMemories(const network::Network& network,
                             const mapping::AcceleratorConfig& accelerator, int batch,
                             std::uint64_t bit_offset, std::int64_t images,
                             const std::string& where)
    : programs_(network, accelerator, batch, bit_offset, where), images_(images) {}

mapping::MemoryFaults OtherMemories::faults(const memory::Chip& chip, const MemoryPoints& points,
                                            const memory::Draws& draws, MemoryCells* cells) {
  mapping::MemoryFaults faults;
  const mapping::Program& full = programs_.full();
  const auto rest = static_cast<int>(images_ % full.batch);
  if (images_ >= full.batch) faults.full = &full;
  if (rest > 0) faults.remainder = &programs_.remainder(rest);
  faults.images = images_;
  faults.draws = draws;
  const auto draw = [&](memory::MemoryId memory, const memory::OperatingPoint& at) {
    if (!fails(at)) return memory::FaultList();
    return chip.faults(memory, mapping::memory_words(full.accelerator, memory), at);
  };
  faults.input = draw(memory::MemoryId::kInput, points.input);
  faults.activations = draw(memory::MemoryId::kActivations, points.activations);
  faults.accumulators = draw(memory::MemoryId::kAccumulators, points.accumulators);
  if (cells != nullptr) {
    *cells = {static_cast<std::int64_t>(faults.input.size()),
              static_cast<std::int64_t>(faults.activations.size()),
              static_cast<std::int64_t>(faults.accumulators.size())};
  }
  return faults;
}

}  // namespace brownout::sweep
