// SPDX-License-Identifier: Apache-2.0
// Round numbers, so that tests can state what they expect.
#include "example_sweep.hpp"

namespace brownout::report {

namespace {

results::Point make(const std::string& model, double voltage, double rate, double rerr) {
  results::Point point;
  point.model = model;
  point.voltage = voltage;
  point.rate = rate;
  point.energy_sram_rel = voltage * voltage;
  point.images = 1000;
  point.chips = 10;
  point.err = 8.0;
  point.err_ci95 = {6.5, 9.75};
  point.rerr = {{rerr, 0.5, {{rerr - 0.25, rerr + 0.25}}}, 0.75, {{rerr - 2, rerr + 2}}};
  point.rerr_either = {{rerr + 1, 0.5, {{rerr + 0.75, rerr + 1.25}}}, 1.5, {{rerr, rerr + 2}}};
  point.prop1_excess = 89.5;
  point.confidence_clean = 0.9;
  point.confidence = {0.8, 0.01, {{0.79, 0.81}}};
  point.cells_hit_mean = 100;
  point.bits_wrong_mean = 99.5;
  point.codes_changed_mean = 98;
  return point;
}

}  // namespace

results::SweepResult example_sweep() {
  results::SweepResult result;
  result.technology = "14nm-finfet";
  result.identity = R"({"images": 1000})";
  result.engine = "functional";
  result.models = {{"net-16-normal-8b", "models/net-16-normal-8b.onnx", "aa", 8, 1234},
                   {"net-16-randbet-8b", "models/net-16-randbet-8b.onnx", "bb", 0, 1234}};
  result.points = {
      make("net-16-normal-8b", 1.0, 0, 8),          make("net-16-normal-8b", 0.875, 0.00129, 20),
      make("net-16-normal-8b", 0.75, 0.2, 90),      make("net-16-randbet-8b", 1.0, 0, 8.5),
      make("net-16-randbet-8b", 0.875, 0.00129, 9), make("net-16-randbet-8b", 0.75, 0.2, 60)};
  result.extra_points = {make("net-16-normal-8b", 0.9375, 0.00001, 9)};
  result.points_computed = 5;
  result.extra_points_computed = 1;
  result.safe.yield = results::YieldTarget{0.9, 0.95};
  result.safe.chosen_on = 46;
  result.safe.stated_on = 40;
  result.safe.allowed = 1;
  result.safe.first_chosen = "random:0";
  result.safe.first_stated = "random:1000000";
  results::SafeVoltageRow safe;
  safe.model = "net-16-normal-8b";
  safe.voltage = 0.9375;
  safe.fails_at = 0.875;
  safe.failed = 1;
  safe.tried = 55;
  safe.energy_saving_pct = 12.109375;
  safe.rate = 0.00001;
  safe.stated = results::StatedError{9, 0.5, 11.5, 38};
  safe.err = 8;
  results::SafeVoltageRow none;
  none.model = "net-16-randbet-8b";
  none.err = 8;
  result.safe_voltage = {safe, none};
  result.settle();
  result.seconds = 1.5;
  result.images_per_s = 2000;
  return result;
}

}  // namespace brownout::report
