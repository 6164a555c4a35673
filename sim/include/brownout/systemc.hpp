// SPDX-License-Identifier: Apache-2.0
// The accelerator as a SystemC module of your own platform, with your memory in place of its DRAM.
// Link brownout::systemc. docs/systemc.md has a platform, line by line.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <systemc>
#include <tlm>
#include <vector>

#include "brownout/accelerator.hpp"
#include "brownout/chip.hpp"
#include "brownout/experiment.hpp"

namespace brownout {

/// What a job of inferences took.
struct JobResult {
  std::int64_t cycles = 0;             // from the first transfer to the last
  std::int64_t input_wait_cycles = 0;  // waiting for input and output transfers
  std::vector<float> logits;           // batches·batch × classes
};

// The class Accelerator (sc_module) is declared here: see the module's own documentation.

/// The simulator that evaluations use for cycles and energy. It elaborates its module when it is
/// made, so make it before the kernel starts, and only one in a process.
std::shared_ptr<Simulator> make_systemc_simulator();

}  // namespace brownout
