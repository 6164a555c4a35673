// SPDX-License-Identifier: Apache-2.0
// Synthetic profiles: maps that are made to have published rates, because the measured maps are not
// public.
#pragma once

#include <filesystem>

#include "sim/profiles/chip_profile.hpp"

namespace brownout::profiles {

/// Generates the profile that a YAML file describes (docs/chips.md, "Synthetic profiles"):
/// - every cell can fail in one direction only, and has a rank in its direction: cells of a column
///   that is r times as likely to fail come r times as early (-ln u / r in ascending order);
/// - at each voltage the first cells of a direction always fail, and the cells after them
///   sometimes, with a probability that falls with the rank like Φ of a straight line. It is never
///   below that at a higher voltage, so that failures are nested;
/// - the counts of persistent and of probabilistic cells, and the sums of p01 and of p10 (in units
///   of 1/256), are exactly those of the file.
/// The same file gives the same profile. InputError for rates that no nested map can have.
Profile generate_profile(const std::filesystem::path& config);

/// Tells the registry of outputs which files such a file names, so that none is replaced. Says
/// nothing about a file that is wrong: generate_profile does.
void note_generator_inputs(const std::filesystem::path& config);

}  // namespace brownout::profiles
