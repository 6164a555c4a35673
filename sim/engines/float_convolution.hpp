// SPDX-License-Identifier: Apache-2.0
// A matrix operator of engine "float": fp32 sums of one image, by oneDNN.
#pragma once
#include <cstddef>
#include <memory>

#include "sim/datapath/constants.hpp"

namespace brownout::engines {

class FloatConvolution {
 public:
  explicit FloatConvolution(const mapping::MatrixNode& node);
  ~FloatConvolution();

  /// Weight and bias as decoded. Not thread-safe.
  void set_codes(const network::Network& network, const network::Codes& codes);

  /// What `run` needs as `scratch`, aligned to 64 bytes.
  std::size_t scratch_bytes() const;
  /// One image, NHWC. Thread-safe for different scratch.
  void run(const float* x, float* y, std::byte* scratch) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace brownout::engines
