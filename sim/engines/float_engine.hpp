// SPDX-License-Identifier: Apache-2.0
// Engine "float": float activations on dequantized faulty weights, the RandBET paper's setting.
// Sums are oneDNN's fp32; batch norm uses running statistics. Deterministic on one machine.
#pragma once
#include "sim/engines/engine.hpp"

namespace brownout::engines {

std::unique_ptr<Engine> make_float_engine(network::SharedNetwork network, int threads);

}  // namespace brownout::engines
