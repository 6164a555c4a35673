// SPDX-License-Identifier: Apache-2.0
// What callers must know of an engine before one is made.
#pragma once

#include <string>
#include <vector>

namespace brownout::engines {

struct EngineTraits {
  const char* name;
  /// Computes on codes, so that values of a network have bits that can fail. Others compute on
  /// decoded weights in fp32.
  bool on_codes;
  /// Runs the compiled program on the accelerator model, which gives cycles and counts.
  bool on_accelerator;
  /// The Verilated core takes the place of the accelerator's array.
  bool rtl;
};

/// Every engine that a user may name, in the order of messages.
const std::vector<EngineTraits>& all_engine_traits();
/// InputError for a name that is unknown.
const EngineTraits& traits_of(const std::string& name);

}  // namespace brownout::engines
