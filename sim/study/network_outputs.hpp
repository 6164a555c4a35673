// SPDX-License-Identifier: Apache-2.0
// What a network computes on images as a whole: logits, and the activations after its last ReLU.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "sim/data/dataset.hpp"
#include "sim/engines/engine.hpp"

namespace brownout::study {

/// Values (images × outputs, fp32) of the first `images` images with the codes the engine holds.
std::vector<float> run_images(engines::Engine& engine, int outputs, const data::Dataset& data,
                              std::int64_t images, int threads);

/// The network up to its last ReLU, flattened: its "logits" are those activations, and `classes` is
/// their number. None for a network without ReLU.
std::optional<network::Network> up_to_last_relu(const network::Network& network);

}  // namespace brownout::study
