// SPDX-License-Identifier: Apache-2.0
// Rows in the order of the points, then of the chips.
#include "sim/report/samples_csv.hpp"

#include <fmt/format.h>

#include "sim/mitigation/outcome.hpp"
#include "sim/report/csv_cells.hpp"

namespace brownout::report {

namespace {

constexpr char kHeader[] =
    "model,mitigation,voltage,rate,chip,place,images,wrong,rerr,rerr_either,confidence,cells_hit,"
    "bits_wrong,accelerator,grid\n";
/// Of a sweep over rates, which have no voltage.
constexpr char kHeaderOfRates[] =
    "model,mitigation,rate,chip,place,images,wrong,rerr,rerr_either,confidence,cells_hit,"
    "bits_wrong,accelerator,grid\n";

std::string place_cell(const std::optional<std::uint64_t>& place) {
  return place ? fmt::to_string(*place) : "";
}

/// The rows of a point. `by_rate`: without the column of the voltage.
std::string sample_rows(const results::Point& point, const std::string& mitigation, bool on_grid,
                        bool by_rate = false) {
  std::string rows;
  for (const results::Sample& sample : point.samples) {
    rows += fmt::format("{},{},{}{},{},{},{},{},{},{},{},{},{},{},{}\n", csv_text(point.model),
                        csv_text(mitigation), by_rate ? "" : csv_number(point.voltage) + ",",
                        point.rate, csv_text(sample.chip), place_cell(sample.place), point.images,
                        sample.wrong, results::percent(sample.wrong, point.images),
                        results::percent(sample.wrong_either, point.images), sample.confidence,
                        sample.cells_hit, sample.bits_wrong, csv_text(point.accelerator),
                        on_grid ? 1 : 0);
  }
  return rows;
}

/// The rows of a cell's networks.
std::string cell_rows(const study::RowResult& row, const study::Cell& cell) {
  std::string rows;
  for (std::size_t network = 0; network < cell.samples.size(); ++network) {
    for (std::size_t i = 0; i < cell.samples[network].size(); ++i) {
      const double value = cell.samples[network][i];
      const study::Drawn drawn = cell.drawn_at(network, i);
      rows += fmt::format("{},{},{},{},{},{},{},{},{},{},{}\n", csv_text(row.name),
                          csv_text(row.networks[network].name), csv_text(cell.evaluation),
                          csv_text(cell.header.label), cell.header.unit, csv_number(cell.header.at),
                          csv_text(drawn.chip), place_cell(drawn.place), value,
                          cell.is_error() ? fmt::format("{}", value) : "",
                          drawn.bits_wrong ? fmt::to_string(*drawn.bits_wrong) : "");
    }
  }
  return rows;
}

}  // namespace

std::string samples_csv(const results::SweepResult& result) {
  std::string out = result.by_rate ? kHeaderOfRates : kHeader;
  for (const results::Point& point : result.points)
    out += sample_rows(point, point.mitigation, true, result.by_rate);
  for (const results::Point& point : result.extra_points) {
    out += sample_rows(point, point.mitigation, false);
  }
  return out;
}

std::string samples_csv(const std::vector<const runs::EvalResult*>& networks) {
  std::string out = kHeader;
  for (const runs::EvalResult* network : networks) {
    if (!network->point) continue;
    out += sample_rows(*network->point,
                       mitigation::to_string(network->config.setup.target.mitigations()), true);
  }
  return out;
}

std::string samples_csv(const study::StudyResult& result) {
  std::string out = "row,model,evaluation,column,unit,at,chip,place,value,rerr,bits_wrong\n";
  for (const study::RowResult& row : result.rows) {
    for (const study::Cell& cell : row.cells) out += cell_rows(row, cell);
  }
  return out;
}

}  // namespace brownout::report
