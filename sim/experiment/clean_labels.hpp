// SPDX-License-Identifier: Apache-2.0
// Labels for images that have none: what the network itself says of them without faults. The error
// of a chip is then the share of images on which it disagrees with that.
#pragma once

#include "sim/engines/engine.hpp"
#include "sim/experiment/images.hpp"
#include "sim/experiment/model.hpp"
#include "sim/experiment/setup.hpp"

namespace brownout::experiment {

/// The images as they are if they have labels; else with the classes that the network predicts
/// without faults, with the arithmetic of the setup's engine.
OpenImages labelled(const OpenImages& images, const Model& model, const Setup& setup, int threads);

/// The same by an engine that holds the codes of the network.
OpenImages labelled_by(engines::Engine& engine, const OpenImages& images,
                       const network::Network& network, int threads);

}  // namespace brownout::experiment
