// SPDX-License-Identifier: Apache-2.0
// The verbs: one table (verbs.cpp), and one function a verb that adds its options and returns what
// runs it.
#pragma once
#include <functional>
#include <string>
#include <vector>

namespace brownout::cli {

class Verb;

/// Runs the verb after its options were parsed; returns the exit code.
using Action = std::function<int()>;

Action add_estimate(Verb& verb);
Action add_eval(Verb& verb);
Action add_compare(Verb& verb);
Action add_sensitivity(Verb& verb);
Action add_study(Verb& verb);
Action add_sweep(Verb& verb);
Action add_technology_compare(Verb& verb);
Action add_technology_inspect(Verb& verb);
Action add_technology_plot(Verb& verb);
Action add_merge(Verb& verb);
Action add_report(Verb& verb);
Action add_run(Verb& verb);
Action add_cosim(Verb& verb);
Action add_accelerator_list(Verb& verb);
Action add_accelerator_show(Verb& verb);
Action add_accelerator_new(Verb& verb);
Action add_accelerator_import(Verb& verb);
Action add_model_import(Verb& verb);
Action add_model_inspect(Verb& verb);
Action add_model_program(Verb& verb);
Action add_profile_generate(Verb& verb);
Action add_profile_import(Verb& verb);
Action add_profile_inspect(Verb& verb);
Action add_profile_fit(Verb& verb);
Action add_profile_compare(Verb& verb);
Action add_profile_plot(Verb& verb);
Action add_profile_export(Verb& verb);
Action add_help(Verb& verb);

struct VerbEntry {
  const char* group;  // the verb that it belongs to, which is listed earlier; "": none
  const char* name;
  const char* help;
  Action (*add)(Verb&);  // null: a group of verbs, or the trainer, which is another program
};
/// In the order of the help.
const std::vector<VerbEntry>& verbs();

/// `brownout train`: the process becomes brownout-train with these arguments. Returns only when
/// that is not possible.
int run_train(const std::vector<std::string>& arguments);
/// The program brownout-train: beside this program (installed), in the build folder, in PATH.
/// InputError, which says how it is built, when it is not found.
std::string find_trainer();

}  // namespace brownout::cli
