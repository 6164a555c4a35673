// SPDX-License-Identifier: Apache-2.0
// Parameters of random networks, in codes of every scheme and width or plain.
#pragma once
#include <cstdint>
#include <vector>

#include "sim/network/network.hpp"
#include "tests/network/random_draws.hpp"

namespace brownout::network {

class RandomParameters {
 public:
  /// Draws what the parameters of a network have in common from `random`, which it keeps.
  explicit RandomParameters(Random& random);

  /// A parameter of values around `center` ± `spread` for the node that comes next. `rms_out`
  /// becomes their root mean square.
  ParameterIndex add(Network& network, Role role, std::vector<std::int64_t> shape, double center,
                     double spread, double* rms_out);

 private:
  Coding random_coding();
  /// One decoding for the tensor, or one for each output channel.
  void fit_coding(const Coding& like, const std::vector<float>& values, Parameter& p) const;

  Random& random_;
  Coding common_;
  bool mixed_, by_channel_;
};

}  // namespace brownout::network
