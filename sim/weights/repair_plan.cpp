// SPDX-License-Identifier: Apache-2.0
// Checks that the mitigations fit the codes and the memory, and computes what they change.
#include "sim/weights/repair_plan.hpp"

#include <algorithm>
#include <limits>

#include "sim/base/error.hpp"
#include "sim/mitigation/policy.hpp"
#include "sim/weights/sensitivity.hpp"

namespace brownout::weights {

namespace {

/// The top `safe` bits of each code, as columns of a word.
std::uint64_t safe_columns(const network::Network& network, const mapping::Placement& placement,
                           int safe, const std::string& where) {
  const int bits = network.bits();
  if (bits == 0 || memory::kWordBits % bits != 0)
    throw InputError(
        "{}: msb={}: expected codes of one width that divides 64, so that equal bits share "
        "columns; got {}",
        where, safe, bits == 0 ? "several widths" : fmt::format("{} bits", bits));
  if (safe > bits)
    throw InputError("{}: msb={}: expected at most the {} bits of a code", where, safe, bits);
  for (const mapping::Run& run : placement.runs) {
    if (run.start % static_cast<std::uint64_t>(bits) == 0 && run.low_bit == 0) continue;
    throw InputError(
        "{}: msb={}: expected codes that begin at multiples of {} bits in the memory, found "
        "cell {} (bit offset)",
        where, safe, bits, run.start);
  }
  std::uint64_t mask = 0;
  for (int column = 0; column < memory::kWordBits; ++column) {
    if (column % bits >= bits - safe) mask |= std::uint64_t{1} << column;
  }
  return mask;
}

}  // namespace

mitigation::RepairPlan plan_repair(const network::Network& network, const std::string& model_sha256,
                                   const mapping::Placement& placement,
                                   const mitigation::Mitigations& mitigations,
                                   const mapping::WeightMemoryConfig* accelerator,
                                   const std::string& where) {
  mitigation::RepairPlan plan;
  plan.words = placement.words;
  plan.geometry.rows = static_cast<std::uint32_t>(accelerator == nullptr ? kPlainArrayRows
                                                                         : accelerator->array_rows);
  if (accelerator != nullptr)
    plan.geometry.words_per_cycle = static_cast<std::uint32_t>(accelerator->words_per_cycle);
  plan.arrays = accelerator != nullptr ? static_cast<std::uint32_t>(accelerator->arrays)
                                       : (plan.words + plan.geometry.rows - 1) / plan.geometry.rows;
  for (const mitigation::Policy* policy : mitigation::policies()) policy->plan(mitigations, plan);
  const int checks = memory::word_code(mitigations.check).check_bits;
  if (checks + mitigations.spare_columns > memory::kCheckBits)
    throw InputError("{}: spares: expected at most {} spare columns beside {} check bits, got {}",
                     where, memory::kCheckBits - checks, checks, mitigations.spare_columns);
  const std::uint64_t cell_words =
      std::uint64_t{plan.arrays} * (plan.geometry.rows + plan.spare_rows);
  if (cell_words > std::numeric_limits<std::uint32_t>::max())
    throw InputError("{}: spares: expected less than 2^32 words with the spare rows, got {}", where,
                     cell_words);
  if (mitigations.safe_msbs > 0) {
    plan.safe_columns = safe_columns(network, placement, mitigations.safe_msbs, where);
    // Bits stay in safe columns only if words are rotated by whole codes.
    plan.rotation_step = static_cast<std::uint32_t>(network.bits());
  }
  if (!mitigations.sensitivity.empty()) {
    plan.sensitivity = column_sensitivity(
        network, placement, read_sensitivity(mitigations.sensitivity, model_sha256, network),
        plan.geometry, plan.arrays);
  }
  return plan;
}

memory::WordFaultLists repaired_faults(const mitigation::RepairPlan& plan, const chips::Chip& chip,
                                       memory::MemoryId memory, const chips::OperatingPoint& at,
                                       memory::CheckCode check, mitigation::RepairStats* stats) {
  memory::WordFaultLists cells;
  cells.data = chip.faults(memory, plan.cell_words(), at);
  const auto columns =
      static_cast<std::uint32_t>(memory::kWordBits + memory::word_code(check).check_bits) +
      plan.spare_columns;
  if (columns > memory::kWordBits) {
    cells.checks = chip.check_faults(memory, plan.cell_words(), at);
    cells.checks.erase(
        std::remove_if(cells.checks.begin(), cells.checks.end(),
                       [&](const memory::CellFault& fault) { return fault.bit >= columns; }),
        cells.checks.end());
  }
  double rates = 0.0;
  for (const memory::CellFault& fault : cells.data) {
    if (fault.word < plan.words) rates += double{std::max(fault.p01, fault.p10)};
  }
  mitigation::RepairStats repair;
  memory::WordFaultLists seen = mitigation::mitigate(plan, std::move(cells), &repair);
  repair.cell_rate = rates / std::max(1.0, double{memory::kWordBits} * plan.words);
  if (stats != nullptr) *stats = repair;
  return seen;
}

}  // namespace brownout::weights
