// SPDX-License-Identifier: Apache-2.0
// Engine "functional": the contract's integers, fast. Exact integer convolutions, fused vector
// passes, activations as u8 in the cache.
#pragma once
#include <cstdint>
#include <functional>
#include <string>

#include "sim/engines/engine.hpp"

namespace brownout::engines {

/// Is given the codes of a value that is stored, image by image; from several threads.
using CodeObserver =
    std::function<void(network::ValueIndex value, const std::uint8_t* codes, std::int64_t image)>;

/// What the engine computes with. All choices give the same bits.
struct FunctionalOptions {
  std::string convolution = "auto";  // or one of convolution_kinds()
  bool portable_vectors = false;     // plain C++ even where the processor has AVX2
  int batch = 16;                    // images that go through the network together, a power of 2
  CodeObserver observer = {};
};

std::unique_ptr<Engine> make_functional_engine(network::SharedNetwork network, int threads,
                                               const FunctionalOptions& options = {});

}  // namespace brownout::engines
