// SPDX-License-Identifier: Apache-2.0
// Numbers of a seed, one after the other, for random networks, codes and images.
#pragma once
#include <cstdint>

#include "sim/base/random.hpp"

namespace brownout::network {

class Random {
 public:
  Random(std::uint64_t seed, std::uint64_t stream)
      : philox_(seed, Purpose::kTest), stream_(stream) {}
  double unit() { return unit_open(philox_(counter_++, stream_)[0]); }
  double between(double lo, double hi) { return lo + (hi - lo) * unit(); }
  int integer(int lo, int hi) { return lo + static_cast<int>(unit() * (hi - lo + 1)); }
  bool chance(double probability) { return unit() < probability; }

 private:
  Philox philox_;
  std::uint64_t stream_;
  std::uint64_t counter_ = 0;
};

}  // namespace brownout::network
