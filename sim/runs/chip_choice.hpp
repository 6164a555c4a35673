// SPDX-License-Identifier: Apache-2.0
// The chips of an evaluation: named one by one, places of one die, random ones, or draws of noise.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/runs/eval.hpp"

namespace brownout::runs {

/// Random chips, or draws of noise, when nobody says how many.
inline constexpr std::int64_t kDefaultChips = 10;

/// What is asked for. Fields: "chip", "chips", "p_err", "offsets" and "seed".
struct ChipChoice {
  std::vector<std::string> named;
  std::optional<std::int64_t> count;    // random chips, or draws
  std::optional<double> p_err;          // of random chips
  std::optional<std::int64_t> offsets;  // so many places of the map of the die that is named
  std::optional<std::int64_t> seed;
};

/// InputError, with fields, for what the engine cannot do, whatever the chips.
void expect_able_engine(const EvalConfig& config);

/// Fills the chips of an evaluation whose operating point, target and selection are known, and
/// their seed and p_err. InputError, with fields, for what does not go together: also for an engine
/// that cannot do what the evaluation asks for.
void choose_chips(const ChipChoice& choice, EvalConfig& config);

}  // namespace brownout::runs
