// SPDX-License-Identifier: Apache-2.0
// The table of what follows a result. The first step of a verb that applies is the one that is
// shown, so that special cases stand above general ones.
#include "sim/cli/next_steps.hpp"

namespace brownout::cli {

namespace {

std::vector<NextStep> evaluation_steps() {
  return {
      {"eval",
       {"--weight-noise"},
       {},
       "brownout eval {MODEL} {--images?} {data} --rate 0.01",
       "bit errors instead of noise"},
      {"eval",
       {},
       {"--rate", "--voltage", "--supply", "--memory-rate", "--technology", "--accelerator"},
       "brownout eval {MODEL} {--images?} {--engine?} {data} --voltage 0.85",
       "the same network with the bit errors of a supply below Vmin"},
      {"eval",
       {"--chip", "--voltage"},
       {"--accelerator"},
       "brownout compare {MODEL} {other} {--chip?} {--offsets?} {--seed?} {--voltage?} "
       "{--technology?} {--images?} {data}",
       "two networks on the same chips, with the interval of their difference"},
      {"eval",
       {"--voltage"},
       {"--chip", "--accelerator"},
       "brownout compare {MODEL} {other} {--chips?} {--seed?} {--voltage?} {--technology?} "
       "{--engine?} {--mitigation?} {--images?} {data}",
       "two networks on the same chips, with the interval of their difference"},
      {"eval",
       {"--voltage", "--accelerator"},
       {"--chip"},
       "brownout run {MODEL} --accelerator {--accelerator} {--technology?} {--voltage?} "
       "{--mitigation?} {--supply?} --images 20 {data}",
       "where the cycles, stalls and joules are, layer by layer"},
      {"eval",
       {"--voltage"},
       {"--chip", "--accelerator"},
       "brownout run {MODEL} --accelerator edge-16x16 {--technology?} {--voltage?} {--mitigation?} "
       "--images 20 {data}",
       "cycles and energy of an inference at this voltage"},
      {"eval",
       {"--rate"},
       {},
       "brownout sensitivity {MODEL} --rate {--rate} {--engine?} {--images?} {data}",
       "which tensors and which bits cost most"},
      {"eval", {}, {}, "brownout help sweep-file", "many voltages at once, as a table and a plot"},
      {"compare",
       {},
       {},
       "brownout help sweep-file",
       "these networks at many voltages, as a table and a plot"},
      {"sweep", {"--shard"}, {}, "brownout help merge", "all shards become one sweep"},
      {"study", {"--shard"}, {}, "brownout help merge", "all shards become one study"},
      {"sensitivity", {"--shard"}, {}, "brownout help merge", "all shards become one analysis"},
      {"merge",
       {"OUT/sensitivity.json"},
       {},
       "brownout help mitigations",
       "placement=FILE with its sensitivity.json puts costly bits into better arrays"},
      {"merge",
       {},
       {},
       "brownout report {OUT} --out report.html",
       "one page to show: tables, plots, prices to change"},
      {"sweep",
       {},
       {},
       "brownout report {folder} --out report.html",
       "one page to show: tables, plots, prices to change"},
      {"report",
       {},
       {"--figures"},
       "brownout report {DIR} --out {--out} --figures figures --overwrite",
       "each chart as SVG and PDF, for papers"},
      {"study",
       {"--list"},
       {},
       "brownout study {FILE} {--only?} {--trainings?} {--out?}",
       "train and measure them"},
      {"study",
       {},
       {},
       "brownout report {folder} --out report.html",
       "one page to show: tables and plots"},
      {"sensitivity",
       {"--json"},
       {},
       "brownout eval {first} --rate {--rate} {--images?} {data} --mitigation "
       "placement={--json}",
       "the same errors with costly bits in the better arrays"},
      {"sensitivity",
       {"--out"},
       {},
       "brownout eval {first} --rate {--rate} {--images?} {data} --mitigation "
       "placement={--out}/sensitivity.json",
       "the same errors with costly bits in the better arrays"},
      {"sensitivity",
       {},
       {},
       "brownout sensitivity {MODEL} --rate {--rate} {--chips?} {--seed?} {--engine?} {--images?} "
       "{data} --json sensitivity.json",
       "keep it, for --mitigation placement=sensitivity.json"},
  };
}

std::vector<NextStep> accelerator_steps() {
  return {
      {"technology inspect",
       {},
       {},
       "brownout technology compare",
       "all shipped ones at the same voltages"},
      {"technology compare",
       {"NAMES"},
       {},
       "brownout technology plot {NAMES} --out technologies.svg",
       "the same as a picture"},
      {"technology compare",
       {},
       {},
       "brownout technology plot --out technologies.svg",
       "the same as a picture"},
      {"technology plot",
       {},
       {},
       "brownout help voltages",
       "how verbs take a technology and a voltage"},
      {"run", {"--reprice"}, {}, "brownout help energy", "where the prices come from"},
      {"run",
       {"--json", "--voltage"},
       {"--technology"},
       "brownout run --reprice {--json} --voltage 1",
       "the same counts priced at Vmin; nothing is simulated"},
      {"run",
       {"--json"},
       {"--technology"},
       "brownout run --reprice {--json} --voltage 0.9",
       "the same counts priced at another voltage; nothing is simulated"},
      {"run",
       {},
       {"--timeline"},
       "brownout run {MODEL} --accelerator {--accelerator} {--technology?} {--voltage?} {--chip?} "
       "{--seed?} {--mitigation?} {--supply?} {--memory-rate?} {data} --images 1 --timeline "
       "timeline.json",
       "what each module did when, to open in Perfetto"},
      {"run",
       {},
       {},
       "brownout run {MODEL} --accelerator {--accelerator} {--technology?} {--voltage?} {--chip?} "
       "{--seed?} {--mitigation?} {--supply?} {--memory-rate?} {--batch?} {--images?} {data} "
       "--json run.json",
       "keep the counts; `brownout run --reprice run.json` prices them again"},
      {"cosim",
       {"--export"},
       {},
       "sh {--export}/run.sh rtl",
       "replay the layer in Icarus or Verilator"},
      {"cosim",
       {"--layer"},
       {},
       "brownout cosim {MODEL} {--array?} {--accelerator?} {--technology?} {--voltage?} {--chip?} "
       "{--seed?} {--mitigation?} {--supply?} {--memory-rate?} {data} --layer {--layer} --export "
       "job",
       "the layer as memory files for any Verilog simulator"},
      {"cosim",
       {},
       {"--trace"},
       "brownout cosim {MODEL} {--array?} {--accelerator?} {--technology?} {--voltage?} {--chip?} "
       "{--seed?} {--mitigation?} {--supply?} {--memory-rate?} {data} --trace waves.fst "
       "--trace-window 0:4000",
       "waves of the RTL"},
      {"cosim", {}, {}, "brownout help engines", "what computes what, and what is compared"},
      {"estimate",
       {"--topology"},
       {"--convention"},
       "brownout estimate --topology {--topology} --array {--array} {--dataflow?} --convention "
       "scalesim-v2",
       "the cycles that SCALE-Sim v2 gives"},
      {"estimate",
       {},
       {},
       "brownout help accelerators",
       "a whole accelerator: memories, stalls, energy"},
  };
}

std::vector<NextStep> file_steps() {
  return {
      {"model import",
       {},
       {},
       "brownout eval {--out} {--calibrate?--dataset} {--data?} {--test-images?--images} --voltage "
       "0.85",
       "its error on ten chips whose weights read wrong"},
      {"model inspect",
       {},
       {},
       "brownout model program {MODEL} --accelerator edge-16x16",
       "what an accelerator does for it: tiles and cycles"},
      {"model program",
       {},
       {},
       "brownout run {MODEL} --accelerator {--accelerator} --voltage 0.9 --images 4",
       "simulate it, here on Fashion-MNIST; other data by --dataset"},
      {"profile generate",
       {},
       {},
       "brownout profile inspect {--out}",
       "its rates, directions, stripes and nesting"},
      {"profile import",
       {},
       {},
       "brownout profile inspect {--out}",
       "its rates, directions, stripes and nesting"},
      {"profile inspect",
       {},
       {},
       "brownout profile fit {FILE}",
       "the Gaussian cell model behind these rates"},
      {"profile fit",
       {},
       {},
       "brownout profile plot {FILE} --ber --out rates.svg",
       "the rates and the fit as a picture"},
      {"profile compare",
       {},
       {},
       "brownout profile plot {A} --out cells.svg",
       "where the cells lie"},
      {"profile plot", {}, {}, "brownout help chips", "how a network is evaluated on this chip"},
      {"profile export", {}, {}, "brownout help chips", "how a network is evaluated on this chip"},
      {"accelerator list",
       {},
       {},
       "brownout accelerator show edge-16x16",
       "all keys of one, and what follows from them"},
      {"accelerator show",
       {},
       {},
       "brownout accelerator new mine --from {NAME} --out mine.yaml",
       "a file of your own that begins with it"},
      {"accelerator new",
       {},
       {},
       "brownout accelerator show {--out}",
       "its keys, and what follows from them"},
      {"accelerator import",
       {},
       {},
       "brownout accelerator show {--out}",
       "its keys, and what follows from them"},
  };
}

}  // namespace

const std::vector<NextStep>& next_steps() {
  static const std::vector<NextStep> table = [] {
    std::vector<NextStep> all = evaluation_steps();
    for (const auto& part : {accelerator_steps(), file_steps()}) {
      all.insert(all.end(), part.begin(), part.end());
    }
    return all;
  }();
  return table;
}

}  // namespace brownout::cli
