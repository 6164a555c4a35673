// SPDX-License-Identifier: Apache-2.0
// Tables of a sweep over bit error rates: no voltages, no energies.
#pragma once

#include <string>

#include "sim/report/names.hpp"
#include "sim/results/sweep_result.hpp"

namespace brownout::report {

/// What every output says of points without a voltage.
inline constexpr char kNoVoltage[] =
    "A point is a bit error rate of the weight memory. It has no voltage, so that no energy and no "
    "safe voltage is stated.";

/// "2.5", "0.00691": three significant digits of a fraction in percent.
std::string rate_text(double rate);

/// The best network, and the networks between which and it nothing is decided. `levels`: points of
/// one network.
std::string best_text(const results::Leader& leader, std::size_t levels, const ShortNames& names);

/// All tables, with what they mean: errors, the other memories, cycles on accelerators.
std::string rates_text(const results::SweepResult& result, const ShortNames& names);

}  // namespace brownout::report
