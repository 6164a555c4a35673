// SPDX-License-Identifier: Apache-2.0
// CSV after RFC 4180, with \n line ends; numbers in the shortest form that reads back exactly.
#include "sim/report/csv.hpp"

#include <fmt/format.h>

#include <optional>

namespace brownout::report {

namespace {

std::string quoted(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

std::string cell(const std::optional<double>& value) {
  return value ? fmt::format("{}", *value) : "";
}

std::string row(const sweep::Point& point, bool on_grid) {
  const auto end = [&](std::size_t i) -> std::optional<double> {
    if (!point.rerr.ci95) return std::nullopt;
    return (*point.rerr.ci95)[i];
  };
  return fmt::format("{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}\n",
                     quoted(point.model), cell(point.voltage), point.rate,
                     cell(point.energy_sram_rel), point.images, point.chips, point.err,
                     point.rerr.mean, cell(point.rerr.std), cell(end(0)), cell(end(1)),
                     point.rerr_either.mean, cell(point.rerr_either.std), point.prop1_excess,
                     point.confidence_clean, point.confidence.mean, point.cells_hit_mean,
                     point.bits_wrong_mean, point.codes_changed_mean, on_grid ? 1 : 0);
}

}  // namespace

std::string points_csv(const sweep::SweepResult& result) {
  std::string out =
      "model,voltage,rate,energy_sram_rel,images,chips,err,rerr_mean,rerr_std,rerr_ci95_low,"
      "rerr_ci95_high,rerr_either_mean,rerr_either_std,prop1_excess,confidence_clean,"
      "confidence_mean,cells_hit_mean,bits_wrong_mean,codes_changed_mean,grid\n";
  for (const sweep::Point& point : result.points) out += row(point, true);
  for (const sweep::Point& point : result.extra_points) out += row(point, false);
  return out;
}

std::string safe_voltage_csv(const sweep::SweepResult& result) {
  std::string out =
      "model,max_drop_points,voltage,fails_at,energy_saving_sram_pct,rate,err,rerr_mean\n";
  for (const sweep::SafeVoltageRow& row : result.safe_voltage) {
    out += fmt::format("{},{},{},{},{},{},{},{}\n", quoted(row.model), row.max_drop_points,
                       cell(row.voltage), cell(row.fails_at), cell(row.energy_saving_pct),
                       cell(row.rate), row.err, cell(row.rerr_mean));
  }
  return out;
}

}  // namespace brownout::report
