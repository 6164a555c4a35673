// SPDX-License-Identifier: Apache-2.0
// Figures by name; everything else as text by sim/report.
#include "sim/api/evaluation_results.hpp"

#include <algorithm>

#include "sim/report/results_json.hpp"
#include "sim/report/results_text.hpp"
#include "sim/report/run_report.hpp"
#include "sim/report/samples_csv.hpp"

namespace brownout::api {

namespace {

/// At least one chip.
ErrorOverChips over_chips(const results::ErrorSpread& error, const std::vector<ChipError>& chips) {
  ErrorOverChips result;
  result.mean = error.mean;
  const auto [least, most] =
      std::minmax_element(chips.begin(), chips.end(),
                          [](const ChipError& a, const ChipError& b) { return a.rerr < b.rerr; });
  result.min = least->rerr;
  result.max = most->rerr;
  result.std = error.std;
  result.ci95 = error.ci95;
  result.ci95_all = error.ci95_all;
  return result;
}

}  // namespace

EvalResult public_result(const runs::EvalResult& result) {
  EvalResult all;
  all.model = result.model;
  all.images = result.images;
  all.labelled = result.labelled;
  all.voltage = result.voltage;
  all.rate = result.rate;
  all.err = result.clean.err(result.images);
  all.err_ci95 = result.clean.err_ci95(result.images);
  for (const results::ChipResult& chip : result.chips) {
    all.chips.push_back({chip.chip, results::percent(chip.wrong, result.images), chip.confidence,
                         chip.read.cells_hit, chip.read.bits_wrong});
  }
  if (result.point) all.rerr = over_chips(result.point->rerr, all.chips);
  all.energy_sram_rel = result.energy_sram_rel;
  if (result.cost) {
    all.cycles = result.cost->cycles;
    all.latency_ms = result.cost->latency_ms;
    all.energy_uj = result.cost->energy.total();
  }
  if (result.config.keep_logits) all.logits = runs::all_logits(result);
  all.json = report::eval_json(result);
  all.samples_csv = report::samples_csv({&result});
  all.text = report::eval_text(result);
  return all;
}

RunResult public_result(const runs::AcceleratorRun& run, bool keep_logits) {
  RunResult result;
  result.model = run.model;
  result.images = run.images;
  result.err = run.err;
  result.cycles = run.simulated.cycles;
  result.cycles_per_image =
      static_cast<double>(run.simulated.cycles) / static_cast<double>(run.images);
  result.latency_ms = run.config.setup.target.accelerator->milliseconds(result.cycles_per_image);
  result.energy_uj = run.prices.all.value.total();
  if (keep_logits) result.logits = run.evaluation.logits;
  result.json = report::run_json(run);
  result.text = report::run_text(run);
  return result;
}

}  // namespace brownout::api
