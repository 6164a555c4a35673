// SPDX-License-Identifier: Apache-2.0
// Rows of sweeps that evaluate each chip on a sample of the images: the order in which images are
// drawn, what a block of chips showed, and whether a die stayed within a limit.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/results/die_limit.hpp"
#include "sim/results/precision.hpp"
#include "sim/results/records.hpp"
#include "sim/results/row_store.hpp"

namespace brownout::results {

/// InputError, which names its place, for a stored row that does not have these fields.
std::optional<ImageStrata> find_strata(const RowStore& store, const std::string& key,
                                       std::int64_t images);
void add_strata(RowStore& store, const std::string& key, const std::string& model,
                const ImageStrata& strata);

/// `count`: chips of the block; `strata`: of the images. InputError as above.
std::optional<std::vector<SampledChip>> find_sampled(const RowStore& store, const std::string& key,
                                                     std::int64_t count, std::size_t strata);
/// `first`: name of the block's first chip.
void add_sampled(RowStore& store, const std::string& key, const std::string& model,
                 const std::string& mitigation, const SweptPoint& supply, const std::string& first,
                 const std::vector<SampledChip>& chips);

/// `images`: of the sweep. InputError as above.
std::optional<DieOutcome> find_outcome(const RowStore& store, const std::string& key,
                                       std::int64_t images);
/// `die`: its name.
void add_outcome(RowStore& store, const std::string& key, const std::string& model,
                 const std::string& mitigation, const SweptPoint& supply, const std::string& die,
                 const DieOutcome& outcome);

}  // namespace brownout::results
