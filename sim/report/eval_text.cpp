// SPDX-License-Identifier: Apache-2.0
// Terminal text of `eval`.
#include <fmt/format.h>

#include <utility>

#include "sim/base/text.hpp"
#include "sim/experiment/images.hpp"
#include "sim/report/error_text.hpp"
#include "sim/report/labels_note.hpp"
#include "sim/report/memories.hpp"
#include "sim/report/results_text.hpp"
#include "sim/report/run_prices.hpp"
#include "sim/report/supply_note.hpp"
#include "sim/report/table.hpp"
#include "sim/results/places.hpp"

namespace brownout::report {

namespace {

std::string bits_text(int bits) { return bits == 0 ? "mixed widths" : fmt::format("{} bit", bits); }

std::string operating_point_text(const runs::EvalResult& result) {
  const runs::EvalConfig& config = result.config;
  const experiment::Setup& setup = config.setup;
  const bool places = result.point && result.point->places;
  if (config.weight_noise) {
    return fmt::format("{} draws of weight noise, within {:g} % of each tensor's range",
                       config.chips.size(), 100 * *config.weight_noise);
  }
  if (!result.rate) return "no faults";
  const auto count = static_cast<std::int64_t>(config.chips.size());
  std::string text = count == 1 ? "chip " + config.chips[0] : results::chips_text(count, places);
  const bool scaled = result.weights_scaled;
  if (scaled) text += fmt::format(" at bit error rate {:.3g} %", 100.0 * *result.rate);
  if (result.voltage) text += fmt::format(", {:.4f} Vmin", *result.voltage);
  if (setup.target.mitigations().any())
    text += ", " + mitigation::to_string(setup.target.mitigations());
  if (!setup.reads.selection.all()) text += ", in selected cells only";
  const std::string others = result.memories ? memories_text(*result.memories, result.images) : "";
  if (!scaled) return text + "; " + kWeightsAtVmin + others;
  if (result.energy_sram_rel) {
    text += fmt::format(", a weight access takes {:.1f} % of an unprotected one at Vmin",
                        100 * *result.energy_sram_rel);
  }
  return text + others;
}

/// The energy of an inference over the range of leakage, and the share of weight accesses in it.
std::string relative_text(const experiment::RelativeEnergy& relative) {
  std::string text = fmt::format("\nWeight accesses are {:.2f} % of all energy at Vmin.",
                                 100.0 * relative.access_share);
  if (relative.ends) {
    const experiment::EnergyEnds& ends = *relative.ends;
    text += fmt::format(
        " With leakage at the ends of its range an image\ntakes {:.3f} … {:.3f} uJ, {:.4f} … "
        "{:.4f} "
        "of the unprotected accelerator's at Vmin.",
        ends.uj[0], ends.uj[1], ends.rel[0], ends.rel[1]);
  }
  return text + "\n";
}

/// Whether the voltage moves little of all energy.
std::string scaled_supply_text(const runs::EvalResult& result) {
  if (!(result.voltage.value_or(1.0) < 1.0)) return "";
  return supply_note(
      results::supply_effect(result.cost->energy, result.cost->relative.rel, *result.voltage));
}

/// What the columns after the mean say.
std::string bars_text(const runs::EvalResult& result, std::int64_t draws, bool places) {
  const char* what = result.config.weight_noise ? "draw" : places ? "place" : "chip";
  if (draws < 2) {
    return fmt::format(
        "\nOver images: had {} been drawn.{}\n",
        result.images == 1 ? "another one" : fmt::format("another {}", result.images),
        draws == 1 ? fmt::format(" One {0} says nothing of other {0}s.", what) : "");
  }
  return fmt::format(
      "\nOver {2}: other {0}s{3}, these images. Over images: {1}, these {0}s. Over both: other "
      "{0}s "
      "and images.\n",
      what, counted(result.images, "other image"), places ? "places" : "chips",
      places ? " of this die" : "");
}

/// A quantity a row: its mean and, as far as they are known, its spread over chips and images.
class Rows {
 public:
  /// `over`: "over chips"; "" for one chip, when there are no columns over chips.
  explicit Rows(const std::string& over) : several_(!over.empty()), table_(header(over)) {}

  void error(const std::string& name, const results::ErrorSpread& value, int digits = 2) {
    const auto number = [&](const std::optional<double>& one) {
      return one ? fmt::format("{:.{}f}", *one, digits) : "";
    };
    std::vector<std::string> cells{name, number(value.mean)};
    if (several_) {
      cells.push_back(number(value.std));
      cells.push_back(interval_text(value.ci95, digits));
    }
    cells.push_back(number(value.images_se));
    cells.push_back(interval_text(value.ci95_all, digits));
    table_.add(cells);
  }
  void number(const std::string& name, double value, int digits) {
    results::ErrorSpread one;
    one.mean = value;
    error(name, one, digits);
  }
  void deviation(const std::string& name, const std::optional<double>& value) {
    if (value) table_.add({name, "", fmt::format("{:.2f}", *value), "", "", ""});
  }
  std::string text() const { return table_.text(); }

 private:
  static std::vector<std::string> header(const std::string& over) {
    if (over.empty()) return {"", "mean", "± over images", "95 % over images"};
    return {"", "mean", "std " + over, "95 % " + over, "± over images", "95 % over both"};
  }

  bool several_;
  Table table_;
};

/// What the columns over several chips are over.
std::string over_text(const runs::EvalResult& result, bool places) {
  if (result.chips.size() < 2) return "";
  if (result.config.weight_noise) return "over draws";
  return places ? "over places" : "over chips";
}

/// What was measured over the chips.
void add_point(const results::Point& point, Rows& rows) {
  rows.error("RErr %", point.rerr);
  rows.deviation("  means of the bit positions", point.rerr_positions.between);
  rows.deviation("  places of one bit position", point.rerr_positions.within);
  rows.error("RErr % (wrong clean or perturbed)", point.rerr_either);
  if (point.prop1_excess) {
    rows.number("Proposition 1 excess (99 %), points", *point.prop1_excess, 2);
  }
  rows.number("confidence, clean", point.confidence_clean, 4);
  rows.error("confidence, perturbed", {point.confidence, {}, {}}, 4);
  rows.number("bit error rate of the cells, %", 100.0 * point.cell_rate_mean, 4);
  rows.number("cells hit", point.cells_hit_mean, 1);
  rows.number("bits wrong", point.bits_wrong_mean, 1);
  rows.number("codes changed", point.codes_changed_mean, 1);
  for (const auto& [name, mean] : point.mitigation_means) rows.number(name, mean, 1);
}

/// All rows.
std::string rows_text(const runs::EvalResult& result, bool places) {
  const mitigation::Mitigations& mitigations = result.config.setup.target.mitigations();
  Rows rows(over_text(result, places));
  rows.error("clean error %", result.clean.error(result.images));
  if (result.point) {
    add_point(*result.point, rows);
  } else {
    rows.number("confidence", result.clean.confidence, 4);
  }
  if (result.weight_area_rel && mitigations.any()) {
    rows.number("area of the weight memory, relative", *result.weight_area_rel, 4);
  }
  if (result.cost) {
    rows.number("cycles per image", result.cost->cycles, 0);
    rows.number("latency per image, ms", result.cost->latency_ms, 4);
    rows.number("energy per image, uJ", result.cost->energy.total(), 3);
    rows.number("energy relative to the unprotected at Vmin", result.cost->relative.rel, 4);
  }
  return rows.text();
}

/// The network, the images and the operating point.
std::string head_text(const runs::EvalResult& result) {
  return fmt::format("{}: {}, {} weights in faulty memory, {}\n{}\n\n", result.model,
                     bits_text(result.bits), result.weights, engine_text(result),
                     images_and_point_text(result));
}

}  // namespace

std::string engine_text(const runs::EvalResult& result) {
  const experiment::Setup& setup = result.config.setup;
  std::string text = "engine " + setup.engine;
  if (setup.batch_statistics) {
    text += fmt::format(" with the statistics of each batch of {} images", setup.target.batch);
  }
  return text;
}

std::string images_and_point_text(const runs::EvalResult& result) {
  const experiment::Images& images = result.config.setup.images;
  return fmt::format("{} ({}), {}; {}", images.dataset, experiment::to_string(images.split),
                     counted(result.images, "image"), operating_point_text(result));
}

std::string eval_text(const runs::EvalResult& result) {
  const bool places = result.point && result.point->places;
  const auto draws = static_cast<std::int64_t>(result.chips.size());
  std::string out = head_text(result);
  if (!result.labelled) out += labels_text(result.labelled) + "\n";
  if (!result.chips.empty() && !result.chips.front().note.empty()) {
    out += result.chips.front().note + "\n\n";
  }
  out += rows_text(result, places);
  if (result.cost) {
    out += relative_text(result.cost->relative) + scaled_supply_text(result) +
           dram_note(result.cost->dram);
  }
  if (result.energy_sram_rel) out += "Second rail: " + result.rail.value_or("") + ".\n";
  out += bars_text(result, draws, places);
  if (result.point && !result.point->prop1_excess) {
    out += fmt::format("Proposition 1 says nothing at {} and {}.\n",
                       counted(result.images, "image"), counted(draws, "pattern"));
  }
  out += fmt::format("\n{:.0f} images/s, {:.1f} s\n", result.images_per_s, result.seconds);
  return out;
}

}  // namespace brownout::report
