// SPDX-License-Identifier: Apache-2.0
// The sentences of the terminal's text, one by one.
#include "sim/report/sweep_notes.hpp"

#include <fmt/format.h>

#include <cctype>

#include "sim/base/text.hpp"
#include "sim/report/error_text.hpp"
#include "sim/report/labels_note.hpp"
#include "sim/report/not_modelled.hpp"
#include "sim/report/precision_report.hpp"
#include "sim/report/rates_text.hpp"
#include "sim/report/results_text.hpp"
#include "sim/report/run_prices.hpp"
#include "sim/report/safe_voltage_report.hpp"
#include "sim/report/savings.hpp"
#include "sim/report/supply_note.hpp"

namespace brownout::report {

namespace {

/// Line breaks and what surrounds them become one space.
std::string on_one_line(const std::string& text) {
  std::string line;
  for (const char c : text) {
    const bool space = std::isspace(static_cast<unsigned char>(c)) != 0;
    if (!space) {
      line += c;
    } else if (!line.empty() && line.back() != ' ') {
      line += ' ';
    }
  }
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return line;
}

/// What is said of the energies on one accelerator, or without one.
void add_energy_notes(const results::SweepResult& result, std::vector<std::string>& notes) {
  notes.push_back(savings_note(result));
  if (result.accelerators.empty()) return;
  const std::string on = "On " + result.accelerators.front().name + ": ";
  const std::string dram = dram_note(result.accelerators.front().dram);
  if (!dram.empty()) notes.push_back(on + dram);
  const std::string supply = supply_note(results::supply_effect(result.points));
  if (!supply.empty()) notes.push_back(on + supply);
}

}  // namespace

std::vector<std::string> sweep_notes(const results::SweepResult& result) {
  const results::Point& first = result.points.front();
  std::vector<std::string> notes{fmt::format("Errors (RErr) are in %, {}.", errors_text(first))};
  if (is_adaptive(result)) notes.push_back(precision_note(result));
  std::vector<results::ErrorSpread> errors;
  for (const results::Point& point : result.points) errors.push_back(point.rerr);
  const std::string images = images_text(errors, first.images);
  if (!images.empty()) notes.push_back(images + ".");
  if (!result.labelled) notes.push_back(labels_text(result.labelled));
  if (!result.chip_note.empty()) notes.push_back(result.chip_note);
  if (!result.weights_scaled) {
    notes.push_back(fmt::format("On {}: {}", result.accelerator, kWeightsAtVmin));
  }
  if (result.by_rate) {
    notes.emplace_back(kNoVoltage);
  } else if (result.accelerators.size() > 1) {
    for (const results::SweepResult& part : result.by_accelerator()) add_energy_notes(part, notes);
  } else {
    add_energy_notes(result, notes);
  }
  if (!result.by_rate && !is_adaptive(result))
    notes.push_back(safe_voltage_title(result.safe) + ".");
  if (!result.accelerators.empty()) {
    std::string text;
    for (const char* effect : kNotModelled)
      text += (text.empty() ? "" : "; ") + std::string(effect);
    notes.push_back("Not modelled: " + text + ".");
  }
  for (std::string& note : notes) note = on_one_line(note);
  return notes;
}

}  // namespace brownout::report
