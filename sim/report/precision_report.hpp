// SPDX-License-Identifier: Apache-2.0
// How well the points of a sweep with `precision` are known, and for which population.
#pragma once
#include <optional>
#include <string>

#include "sim/base/json.hpp"
#include "sim/results/sweep_result.hpp"

namespace brownout::report {

/// Whether the sweep says how narrow its intervals are.
bool is_adaptive(const results::SweepResult& result);

/// "all chips of this technology", or "all chips at this rate": what the means of the points are
/// taken over; else the chips that were evaluated.
std::string population_text(const results::Point& point);

/// "mean ± standard deviation over all chips of this technology, 10000 images".
std::string errors_text(const results::Point& first);

/// A title and a row for each point: mean, half width, interval, chips, evaluations.
std::string precision_text(const results::SweepResult& result);

/// Why they are trustworthy, in a sentence for notes.
std::string precision_note(const results::SweepResult& result);

/// Field `precision` of a point that has one.
Json precision_json(const results::Point& point);

}  // namespace brownout::report
