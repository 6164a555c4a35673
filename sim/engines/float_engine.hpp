// SPDX-License-Identifier: Apache-2.0
// Engine "float": float activations on dequantized faulty weights, the RandBET paper's setting.
// Sums are oneDNN's fp32; batch norm uses running statistics. Deterministic on one machine.
#pragma once
#include <functional>

#include "sim/engines/engine.hpp"

namespace brownout::engines {

/// Is given the numbers that a quantizer would round, image by image; from several threads, each
/// with its own `worker`.
using QuantizerObserver = std::function<void(network::NodeIndex quantizer, const float* numbers,
                                             std::int64_t count, std::size_t worker)>;

/// Is given the numbers of every value that is stored, image by image; from several threads.
using NumberObserver = std::function<void(network::ValueIndex value, const float* numbers)>;

struct FloatObservers {
  QuantizerObserver quantizers;
  NumberObserver values;
};

/// Its weights may be plain.
std::unique_ptr<Engine> make_float_engine(network::SharedNetwork network, int threads,
                                          FloatObservers observers = {});

}  // namespace brownout::engines
