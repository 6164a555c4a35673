// SPDX-License-Identifier: Apache-2.0
// The `brownout` command: verbs, their options, and what they start.
#pragma once
#include <memory>

namespace brownout {
class Simulator;
}
namespace brownout::workers {
class Ranks;
}

namespace brownout::cli {

/// Runs the command and returns its exit code. Throws Error for everything that goes wrong.
/// `simulator` is for runs on an accelerator; `ranks` are the processes of the run, null when this
/// one is alone. Ranks after the first help the first one until it ends them.
int run(int argc, char** argv, const std::shared_ptr<Simulator>& simulator,
        workers::Ranks* ranks = nullptr);

}  // namespace brownout::cli
