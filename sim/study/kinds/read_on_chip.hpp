// SPDX-License-Identifier: Apache-2.0
// The weights of a network as random chips return them, without running images.
#pragma once
#include <functional>
#include <memory>

#include "sim/chips/chip.hpp"
#include "sim/experiment/chip_weights.hpp"
#include "sim/results/places.hpp"

namespace brownout::study {

/// Calls use(codes as read) for chips random:seed … random:seed+chips-1 at a bit error rate, the
/// weights resident from cell 0 on.
inline void read_on_chips(const experiment::Model& model, std::uint64_t seed, std::int64_t chips,
                          double rate, const std::function<void(const network::Codes&)>& use) {
  experiment::ChipWeights weights(model, 0, {});
  for (std::int64_t i = 0; i < chips; ++i) {
    experiment::ChipRead read;
    const std::unique_ptr<chips::Chip> chip = chips::make_chip(results::chip_name(seed, i, 1.0));
    use(weights.read(*chip, {1.0, rate}, {chip->die()}, read));
  }
}

}  // namespace brownout::study
