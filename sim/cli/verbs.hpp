// SPDX-License-Identifier: Apache-2.0
// One function per verb: it adds the verb's options to the command and returns what runs the verb.
#pragma once
#include <functional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace brownout::cli {

/// Runs the verb after its options were parsed; returns the exit code.
using Action = std::function<int()>;

Action add_estimate(CLI::App& verb);
Action add_eval(CLI::App& verb);
Action add_sensitivity(CLI::App& verb);
Action add_study(CLI::App& verb);
Action add_sweep(CLI::App& verb);
Action add_run(CLI::App& verb);
Action add_cosim(CLI::App& verb);
Action add_model_inspect(CLI::App& verb);
Action add_model_program(CLI::App& verb);
Action add_profile_generate(CLI::App& verb);
Action add_profile_import(CLI::App& verb);
Action add_profile_inspect(CLI::App& verb);
Action add_profile_fit(CLI::App& verb);
Action add_profile_compare(CLI::App& verb);
Action add_profile_plot(CLI::App& verb);
Action add_profile_export(CLI::App& verb);

/// `brownout train`: the process becomes brownout-train with these arguments. Returns only when
/// that is not possible.
int run_train(const std::vector<std::string>& arguments);
/// The program brownout-train: beside this program (installed), in the build folder, in PATH.
/// InputError, which says how it is built, when it is not found.
std::string find_trainer();

}  // namespace brownout::cli
