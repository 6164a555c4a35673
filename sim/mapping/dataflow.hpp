// SPDX-License-Identifier: Apache-2.0
// How texts name a dataflow: the only place that reads such a name.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace brownout::mapping {

/// The operand that stays in the array.
enum class Stationary { kWeights, kOutputs, kInputs };

/// "ws" and "weight-stationary", "os" and "output-stationary", "is" and "input-stationary"; none
/// for any other text.
std::optional<Stationary> parse_dataflow(std::string_view text);
std::string short_name(Stationary stationary);  // "ws"
std::string long_name(Stationary stationary);   // "weight-stationary"
/// Every text that parse_dataflow takes.
std::vector<std::string> dataflow_texts();

}  // namespace brownout::mapping
