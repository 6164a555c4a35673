// SPDX-License-Identifier: Apache-2.0
// The `brownout` command: verbs, their options, and what they start.
#pragma once

namespace brownout::cli {

/// Runs the command and returns its exit code. Throws Error for everything that goes wrong.
int run(int argc, char** argv);

}  // namespace brownout::cli
