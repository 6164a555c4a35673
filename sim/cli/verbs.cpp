// SPDX-License-Identifier: Apache-2.0
// The table of verbs.
#include "sim/cli/verbs.hpp"

namespace brownout::cli {

const std::vector<VerbEntry>& verbs() {
  static const std::vector<VerbEntry> table{
      {"", "eval", "Error of one network at one voltage or rate", add_eval},
      {"", "sweep", "Networks x voltages x chips from a YAML file", add_sweep},
      {"", "merge", "Shards of a sweep, study or analysis become one", add_merge},
      {"", "compare", "Networks on the same chips: differences with intervals", add_compare},
      {"", "study", "Trainings and what is measured on them, as a table", add_study},
      {"", "report", "Results as one page with tables and charts", add_report},
      {"", "sensitivity", "What wrong bits cost in each tensor and bit position", add_sensitivity},
      {"", "run", "A network on an accelerator: cycles and energy", add_run},
      {"", "cosim", "The accelerator and its RTL side by side", add_cosim},
      {"", "estimate", "Cycles of layers on an array, closed form", add_estimate},
      {"", "accelerator", "Accelerator files: list, look at, make", nullptr},
      {"accelerator", "list", "The shipped ones, as a table", add_accelerator_list},
      {"accelerator", "show", "Every figure of one, with units", add_accelerator_show},
      {"accelerator", "new", "A file from options, or from another accelerator",
       add_accelerator_new},
      {"accelerator", "import", "A configuration of SCALE-Sim becomes a file",
       add_accelerator_import},
      {"", "technology", "What silicon does below Vmin: look at, compare, draw", nullptr},
      {"technology", "inspect", "Rates, energies and the source of every row",
       add_technology_inspect},
      {"technology", "compare", "Several at the same voltages", add_technology_compare},
      {"technology", "plot", "Bit error rate and energy against the voltage", add_technology_plot},
      {"", "model", "Look at network files, import those of other tools", nullptr},
      {"model", "import", "A float ONNX network becomes one of codes", add_model_import},
      {"model", "inspect", "Layers, parameters, codings, metadata", add_model_inspect},
      {"model", "program", "What an accelerator does for a network: tiles and cycles",
       add_model_program},
      {"", "train", "Train networks that survive bit errors", nullptr},
      {"", "profile", "Chip profiles: make, look at, convert", nullptr},
      {"profile", "generate", "A synthetic chip from a YAML file", add_profile_generate},
      {"profile", "import", "Maps in other formats become a profile", add_profile_import},
      {"profile", "inspect", "Rates, persistence, nesting, columns and rows", add_profile_inspect},
      {"profile", "fit", "The Gaussian cell model behind a profile", add_profile_fit},
      {"profile", "compare", "Two profiles side by side, cell by cell", add_profile_compare},
      {"profile", "plot", "Maps of cells, bit error rates against voltage", add_profile_plot},
      {"profile", "export", "Cells as CSV or NumPy arrays, masks for your own memory",
       add_profile_export},
      {"", "help", "Topics in short, and the options of verbs", add_help},
  };
  return table;
}

}  // namespace brownout::cli
