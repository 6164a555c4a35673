// SPDX-License-Identifier: Apache-2.0
// What the mitigations of a weight scratchpad mean for one network in it.
#pragma once

#include <optional>
#include <string>

#include "sim/chips/chip.hpp"
#include "sim/mapping/accelerator_config.hpp"
#include "sim/mapping/placement.hpp"
#include "sim/mitigation/repair.hpp"

namespace brownout::weights {

/// Without an accelerator a memory consists of arrays of 512 rows, one word a cycle.
inline constexpr int kPlainArrayRows = 512;

/// If `accelerator` is null, there are just as many whole arrays as the placement needs. InputError
/// (beginning with `where`) for safe bits if the widths of the codes differ or do not divide 64, or
/// if codes do not begin at a code's place in the word; for more safe bits than bits; for spare
/// columns where the check bits are; for sensitivities of another network (`model_sha256`) or with
/// other tensors.
mitigation::RepairPlan plan_repair(const network::Network& network, const std::string& model_sha256,
                                   const mapping::Placement& placement,
                                   const mitigation::Mitigations& mitigations,
                                   const mapping::WeightMemoryConfig* accelerator,
                                   const std::string& where);

/// Draws the chip's cells and mitigates them: the faults that words see. `at` is the point of the
/// memory as it is accessed, boost included. Check cells are those of the code, none without one.
memory::WordFaultLists repaired_faults(const mitigation::RepairPlan& plan, const chips::Chip& chip,
                                       memory::MemoryId memory, const chips::OperatingPoint& at,
                                       memory::CheckCode check,
                                       mitigation::RepairStats* stats = nullptr);

}  // namespace brownout::weights
