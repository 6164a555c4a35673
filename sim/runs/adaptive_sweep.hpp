// SPDX-License-Identifier: Apache-2.0
// A sweep with `precision`: its stages are evaluated by all workers, then its points are made of
// what is stored.
#pragma once
#include "sim/results/store.hpp"
#include "sim/runs/sweep.hpp"
#include "sim/runs/sweep_parts.hpp"

namespace brownout::runs {

/// Fills the store with the rows of a shard, or of the whole sweep, with the help of the other
/// ranks. Returns how many images were evaluated.
std::int64_t fill_adaptively(const SweepParts& parts, const SweepHow& how,
                             const workers::Shard& shard, results::RowStore& rows);

/// Rank 0: what the folder lacks is computed.
results::SweepResult run_adaptively(const SweepParts& parts, const SweepHow& how);

}  // namespace brownout::runs
