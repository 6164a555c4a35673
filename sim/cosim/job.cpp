// SPDX-License-Identifier: Apache-2.0
// Gaps of back-pressure, sums of counters.
#include "sim/cosim/job.hpp"

#include <algorithm>

#include "sim/base/error.hpp"
#include "sim/base/random.hpp"

namespace brownout::cosim {

int Pressure::gap(Port port, std::uint64_t index) const {
  const double chance = share[port];
  if (chance <= 0.0) return 0;
  const Philox::Block block =
      Philox(seed, Purpose::kBackPressure)(static_cast<std::uint64_t>(port), index);
  if (unit_open(block[0]) >= chance) return 0;
  return 1 + static_cast<int>(block[1] % longest);
}

bool Pressure::pressed() const {
  return std::any_of(share.begin(), share.end(), [](double chance) { return chance > 0.0; });
}

Counters& Counters::operator+=(const Counters& o) {
  busy += o.busy;
  stalled_weights += o.stalled_weights;
  stalled_accumulators += o.stalled_accumulators;
  stalled_activations += o.stalled_activations;
  weight_reads += o.weight_reads;
  weight_writes += o.weight_writes;
  accumulator_reads += o.accumulator_reads;
  accumulator_writes += o.accumulator_writes;
  words_corrected += o.words_corrected;
  words_detected += o.words_detected;
  return *this;
}

}  // namespace brownout::cosim
