// SPDX-License-Identifier: Apache-2.0
// The table. Examples are run from the top of the source tree.
#include "sim/cli/verb_guide.hpp"

#include <map>

namespace brownout::cli {

namespace {

#define RANDBET "models/fmnist-simplenet16-randbet-8b.onnx"
#define NORMAL "models/fmnist-simplenet16-normal-8b.onnx"
#define EDGE "edge-16x16"

const std::map<std::string, Guide>& guides() {
  static const std::map<std::string, Guide> table{
      {"eval",
       {"Measures the error of one network at a voltage or a bit error rate, on random chips or on "
        "a measured one. With neither, only the clean network runs.",
        "brownout eval " RANDBET " --rate 0.01 --chips 50",
        {{"more on some options", "options.md#eval"},
         {"fields of the result", "output.md#eval"},
         {"what an error bar says", "error-bars.md"},
         {"chips and mitigations", "chips.md"}}}},
      {"sweep",
       {"Evaluates networks at several voltages on many chips, as a YAML file says, and writes "
        "tables and a plot into a folder. A sweep that was stopped is continued by the same "
        "command.",
        "brownout sweep configs/sweeps/demo.yaml --out out/demo",
        {{"the sweep file, the safe voltage and savings", "sweep-file.md"},
         {"two of the networks, with the interval of their difference", "command.md#compare"},
         {"ranks and shards, for many machines", "scale.md"},
         {"files and fields of the result", "output.md#sweep"}}}},
      {"merge",
       {"Puts the shards of a sweep, study or sensitivity analysis together, which a job array has "
        "computed one by one (--shard), and writes what the whole would have written.",
        "brownout merge out/demo out/demo-shard-1-of-2 out/demo-shard-2-of-2",
        {{"many machines", "scale.md"}, {"files and fields of the result", "output.md#sweep"}}}},
      {"compare",
       {"Evaluates two or more networks on the same chips and images, and states the difference of "
        "every pair with its 95 % interval.",
        "brownout compare " NORMAL " " RANDBET " --voltage 0.8333 --chips 10",
        {{"fields of the result, and what the interval covers", "output.md#compare"},
         {"columns of the samples", "output.md#samples"},
         {"what an error bar says", "error-bars.md"}}}},
      {"study",
       {"Trains the networks of a study, measures what the study asks for, and writes one table "
        "with paired comparisons.",
        "brownout study configs/studies/randbet-table-4-fmnist.yaml",
        {{"study files and the shipped studies", "studies.md"},
         {"fields of the result", "output.md#study"}}}},
      {"sensitivity",
       {"Measures the error when only the cells of one tensor, or of one bit position, fail.",
        "brownout sensitivity " NORMAL " --rate 0.01 --images 1000 --json sensitivity.json",
        {{"fields of the result", "output.md#sensitivity"},
         {"placement by sensitivity", "chips.md#mitigations"}}}},
      {"run",
       {"Runs images through the SystemC model of an accelerator: cycles, stalls, counts, energy, "
        "error. The weights travel from the DRAM through failing cells into the array.",
        "brownout run " RANDBET " --accelerator " EDGE " --images 200 --voltage 0.833 --chip "
        "random:7",
        {{"more on some options", "options.md#run"},
         {"fields of the result, timelines and pricing again", "output.md#run"},
         {"accelerator files", "accelerator.md"}}}},
      {"cosim",
       {"Runs the SystemC model with the Verilated RTL beside its array and compares them word by "
        "word and cycle by cycle. The exit code is 1 when anything differs.",
        "brownout cosim " RANDBET " --voltage 0.8333 --chip random:7 --array 8x8",
        {{"what is compared, waves and replay", "cosimulation.md"},
         {"fields of the result", "output.md#cosim"}}}},
      {"estimate",
       {"Gives the cycles of every layer on an array of any size, in closed form.",
        "brownout estimate " RANDBET " --array 32x32 --dataflow ws",
        {{"conventions, topology files and fields", "estimate.md"}}}},
      {"accelerator", {"Lists, shows and makes accelerator files.", "", {}}},
      {"accelerator list",
       {"Lists the shipped accelerators.",
        "brownout accelerator list --json accelerators.json",
        {{"accelerator files", "accelerator.md"}}}},
      {"accelerator show",
       {"Shows every key of an accelerator with its unit, and what follows: peak rate, sizes, "
        "bandwidths, leakage.",
        "brownout accelerator show edge-16x16",
        {{"fields of the result", "output.md#accelerator"}, {"the keys", "accelerator.md#keys"}}}},
      {"accelerator new",
       {"Writes a commented accelerator file that begins with the defaults or with another "
        "accelerator.",
        "brownout accelerator new mine --from edge-16x16 --array 32x32 --weights-kib 1024 --dram "
        "lpddr4-3200 --out mine.yaml",
        {{"the keys, and what a DRAM preset states", "accelerator.md"}}}},
      {"accelerator import",
       {"Makes an accelerator file of a configuration of SCALE-Sim, and says what became of each "
        "figure.",
        "brownout accelerator import google.cfg --out google.yaml",
        {{"what is mapped and what is assumed", "accelerator.md#from-scale-sim"}}}},
      {"technology", {"Shows technology files: what silicon does below Vmin.", "", {}}},
      {"technology inspect",
       {"Shows bit error rate, access energy and leakage of a technology at the voltages of its "
        "data, and the source of every row.",
        "brownout technology inspect 45nm-soi",
        {{"technology files", "technology.md"}}}},
      {"technology compare",
       {"Shows technologies side by side at the same voltages.",
        "brownout technology compare 14nm-finfet 28nm-bram-kc705 45nm-soi",
        {{"the shipped technologies", "technology.md#shipped-technologies"}}}},
      {"technology plot",
       {"Draws bit error rate and access energy of technologies against the voltage.",
        "brownout technology plot --out technologies.svg",
        {{"the shipped technologies", "technology.md#shipped-technologies"}}}},
      {"model", {"Makes and shows network files.", "", {}}},
      {"model import",
       {"Makes a network of codes from an ONNX file of PyTorch, Keras, ONNX Runtime and others, "
        "and says what the codes cost.",
        "brownout model import lenet.onnx --calibrate fashion-mnist --mean 0.5 --deviation 0.5 "
        "--out lenet-8b.onnx",
        {{"what is understood, and how ranges are found", "import.md"},
         {"step by step", "own-network.md"}}}},
      {"model inspect",
       {"Shows the layers, parameters, codings and metadata of a network file.",
        "brownout model inspect " RANDBET,
        {{"fields of the result", "output.md#model-inspect"},
         {"the file format", "network-file.md"}}}},
      {"model program",
       {"Shows what an accelerator does for one batch: tiles, cycles and counts in closed form. "
        "Nothing is simulated.",
        "brownout model program " RANDBET " --accelerator " EDGE " --batch 4",
        {{"fields of the result", "output.md#model-program"},
         {"how networks are mapped", "accelerator.md"}}}},
      {"train",
       {"Trains the network of a training file (YAML) and exports it as ONNX. The process becomes "
        "`brownout-train`, a program of its own, because it links LibTorch (`./setup.sh build "
        "--trainers`, or the Debian package brownout-train).",
        "brownout train configs/trainings/fmnist-simplenet16-randbet-8b.yaml",
        {{"training files and options", "training.md"}}}},
      {"profile", {"Makes, examines and converts maps of the cells of a chip.", "", {}}},
      {"profile generate",
       {"Makes a synthetic chip from a YAML file.",
        "brownout profile generate profiles/chip1-synthetic.yaml --out chip1.h5",
        {{"what can be generated", "chips.md"}}}},
      {"profile import",
       {"Makes a profile from measured maps in another format. `cells` takes lists of cells, such "
        "as "
        "`profile export` writes; `bram-hex`, `stuck-at` and `masks` take one file per voltage, "
        "`npy` takes two, p01 and p10.",
        "brownout profile import stuck-at at-0.85.txt at-0.80.txt --voltages 0.85,0.8 --rows 1024 "
        "--columns 64 --out chip.h5",
        {{"formats of maps", "chips.md"}, {"the file format", "profile-file.md"}}}},
      {"profile inspect",
       {"Shows the rates, persistence, nesting, columns and rows of a profile.",
        "brownout profile inspect profiles/chip2-synthetic.h5",
        {{"fields of the result", "output.md#profile-inspect"}}}},
      {"profile fit",
       {"Finds the parameters of the Gaussian cell model for a profile.",
        "brownout profile fit profiles/chip1-synthetic.h5",
        {{"the model and the fields of the result", "output.md#profile-fit"}}}},
      {"profile compare",
       {"Sets the rates of two profiles side by side, and compares them cell by cell.",
        "brownout profile compare profiles/chip1-synthetic.h5 profiles/chip2-synthetic.h5",
        {{"fields of the result", "output.md#profile-compare"}}}},
      {"profile plot",
       {"Draws maps of the cells in a window, or bit error rates against voltage.",
        "brownout profile plot profiles/chip1-synthetic.h5 --out chip1.svg",
        {{"what the pictures show", "output.md#profile-plot"}}}},
      {"profile export",
       {"Writes the cells of a profile for other tools, or the fault masks of any chip for a "
        "memory "
        "of your own.",
        "brownout profile export --chip random:7 --format masks --words 1024 --bits 32 --rate 0.01 "
        "--out masks.mem",
        {{"the formats", "output.md#profile-export"}}}},
      {"report",
       {"Makes one page of the results in one or several folders: tables that sort, charts with "
        "values, prices that can be changed. It opens from disk and loads nothing.",
        "brownout report out/demo --out report.html",
        {{"what the page shows", "report.md"}, {"files and fields of results", "output.md"}}}},
      {"help",
       {"Shows a short page on a topic, or the options of a verb.", "brownout help voltages", {}}},
  };
  return table;
}

#undef RANDBET
#undef NORMAL
#undef EDGE

}  // namespace

Guide guide_of(const std::string& verb) {
  const auto found = guides().find(verb);
  return found == guides().end() ? Guide{} : found->second;
}

}  // namespace brownout::cli
