// SPDX-License-Identifier: Apache-2.0
// What is evaluated, on what and how: everything that a result depends on beside the network, the
// chip and the voltage.
#pragma once

#include <memory>
#include <string>

#include "sim/engines/simulator.hpp"
#include "sim/experiment/images.hpp"
#include "sim/experiment/reads.hpp"
#include "sim/experiment/supplies.hpp"
#include "sim/experiment/target.hpp"
#include "sim/technology/technology.hpp"

namespace brownout::experiment {

struct Setup {
  Images images;
  Reads reads;
  TargetConfig target;
  std::shared_ptr<const technology::Technology> technology;  // null: none
  MemoryRates rates;  // in place of those by the accelerator's supplies
  std::string engine = "functional";
  /// Batch norms take mean and variance of `target.batch` images (engine "float" only).
  bool batch_statistics = false;
  /// What runs programs on the accelerator, on which no result depends; null: none.
  std::shared_ptr<Simulator> simulator;

  Supplies supplies() const { return {technology, target, rates}; }
};

}  // namespace brownout::experiment
