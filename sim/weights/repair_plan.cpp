// SPDX-License-Identifier: Apache-2.0
// Checks that the mitigations fit the codes and the memory, and computes what they change.
#include "sim/weights/repair_plan.hpp"

#include <limits>

#include "sim/base/error.hpp"
#include "sim/memory/word_path.hpp"
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
                                   const memory::Mitigations& mitigations,
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
  plan.spare_rows = static_cast<std::uint32_t>(mitigations.spare_rows);
  plan.spare_columns = static_cast<std::uint32_t>(mitigations.spare_columns);
  const int checks = memory::check_bits(mitigations.check);
  plan.first_spare_column = static_cast<std::uint32_t>(memory::kWordBits + checks);
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

}  // namespace brownout::weights
