// SPDX-License-Identifier: Apache-2.0
#include "sim/report/technology_report.hpp"

#include <fmt/format.h>

#include <functional>
#include <map>
#include <optional>

#include "sim/base/json.hpp"
#include "sim/base/text.hpp"
#include "sim/report/table.hpp"

namespace brownout::report {

namespace {

using results::TechnologyPoint;
using results::TechnologySummary;

std::string shown(const std::optional<double>& number, const char* format, double scale = 1.0) {
  return number ? fmt::format(fmt::runtime(format), *number * scale) : "-";
}

/// What a point shows, with the heading of its column.
struct Quantity {
  const char* heading;
  std::optional<double> TechnologyPoint::*value;
  const char* format;
  double scale;
};
constexpr Quantity kQuantities[] = {
    {"bit errors %", &TechnologyPoint::rate, "{:.3g}", 100.0},
    {"access energy", &TechnologyPoint::access_energy, "{:.4f}", 1.0},
    {"SRAM leakage", &TechnologyPoint::leakage, "{:.4f}", 1.0}};

Json number(const std::optional<double>& value) { return value ? Json(*value) : Json(nullptr); }

Json json_of(const TechnologySummary& technology) {
  Json json = {{"name", technology.name},
               {"file", technology.file.string()},
               {"lowest_vmin", technology.lowest},
               {"highest_vmin", technology.highest},
               {"vmin_volt", number(technology.vmin_volt)},
               {"rail", technology.rail},
               {"has_energies", technology.has_energies},
               {"points", Json::array()},
               {"rows", Json::array()}};
  for (const TechnologyPoint& point : technology.points) {
    json["points"].push_back({{"voltage", point.voltage},
                              {"volt", number(point.volt)},
                              {"rate", number(point.rate)},
                              {"access_energy_rel", number(point.access_energy)},
                              {"sram_leakage_rel", number(point.leakage)}});
  }
  for (const results::TechnologyRow& row : technology.rows) {
    json["rows"].push_back({{"key", row.key},
                            {"value", row.value},
                            {"trust", row.trust.empty() ? Json(nullptr) : Json(row.trust)},
                            {"source", row.source}});
  }
  return json;
}

std::string head(const TechnologySummary& technology) {
  return fmt::format(
      "{} ({}): valid from {:.6g} to {:.6g} Vmin{}\nsecond rail: {}\n{}",
      printable(technology.name), printable(technology.file.string()), technology.lowest,
      technology.highest,
      technology.vmin_volt ? fmt::format(", which is {:g} V", *technology.vmin_volt) : "",
      technology.rail,
      technology.has_energies ? "" : "no energies of events, so that nothing is given in joules\n");
}

}  // namespace

std::string technology_text(const TechnologySummary& technology) {
  std::vector<std::string> header{"V/Vmin", "V"};
  for (const Quantity& quantity : kQuantities) header.emplace_back(quantity.heading);
  Table points(header);
  for (const TechnologyPoint& point : technology.points) {
    std::vector<std::string> cells{fmt::format("{:.4f}", point.voltage),
                                   shown(point.volt, "{:.3f}")};
    for (const Quantity& quantity : kQuantities) {
      cells.push_back(shown(point.*quantity.value, quantity.format, quantity.scale));
    }
    points.add(cells);
  }
  Table rows({"row", "value", "trust", "source"}, {0, 1, 2, 3});
  std::map<std::string, std::size_t> numbers;  // of sources
  std::string sources;
  for (const results::TechnologyRow& row : technology.rows) {
    const auto [entry, is_new] = numbers.emplace(row.source, numbers.size() + 1);
    if (is_new) sources += fmt::format("  [{}] {}\n", entry->second, printable(row.source));
    rows.add({row.key, row.value, row.trust.empty() ? "-" : row.trust,
              fmt::format("[{}]", entry->second)});
  }
  return head(technology) + "\n" + points.text() +
         "\n  Access energy and leakage of an SRAM are relative to Vmin.\n\n" + rows.text() +
         "\nSources\n" + sources;
}

std::string technology_json(const TechnologySummary& technology) {
  return json_text(json_of(technology), 2) + "\n";
}

std::string technologies_text(const std::vector<TechnologySummary>& technologies) {
  std::string text;
  for (const TechnologySummary& technology : technologies) text += head(technology) + "\n";
  for (const Quantity& quantity : kQuantities) {
    std::vector<std::string> header{"V/Vmin"};
    for (const TechnologySummary& technology : technologies) {
      header.push_back(printable(technology.name));
    }
    Table table(header);
    for (std::size_t i = 0; i < technologies.front().points.size(); ++i) {
      std::vector<std::string> cells{fmt::format("{:.4f}", technologies.front().points[i].voltage)};
      for (const TechnologySummary& technology : technologies) {
        cells.push_back(
            shown(technology.points[i].*quantity.value, quantity.format, quantity.scale));
      }
      table.add(cells);
    }
    text += fmt::format("{}\n\n{}\n", quantity.heading, table.text());
  }
  return text +
         "Access energy and leakage of an SRAM are relative to Vmin; - is outside of the "
         "range, or not known.\n";
}

std::string technologies_json(const std::vector<TechnologySummary>& technologies) {
  Json json = {{"technologies", Json::array()}};
  for (const TechnologySummary& technology : technologies) {
    json["technologies"].push_back(json_of(technology));
  }
  return json_text(json, 2) + "\n";
}

Drawing technologies_drawing(const std::vector<TechnologySummary>& technologies,
                             const std::filesystem::path& picture) {
  constexpr int kWidth = 960, kHeight = 420, kFont = 13;
  Drawing drawing("technology plot", picture, kWidth, kHeight, kFont);
  // Zero has no place on a logarithmic axis.
  const auto block = [&](const TechnologySummary& technology, const auto& value) {
    std::string rows;
    for (const TechnologyPoint& point : technology.points) {
      const std::optional<double> number = value(point);
      if (number && *number > 0.0) rows += fmt::format("{} {}\n", point.voltage, *number);
    }
    return drawing.block(rows);
  };
  const auto lines = [&](const auto& value) {
    std::string plot;
    for (std::size_t i = 0; i < technologies.size(); ++i) {
      plot += fmt::format(
          "{} {} using 1:2 with linespoints lw 2 pt 7 ps 0.6 lc rgb '{}' title {} noenhanced",
          plot.empty() ? "plot" : ",", block(technologies[i], value), kColours[i % kColours.size()],
          gnuplot_quoted(technologies[i].name));
    }
    return plot + "\n";
  };
  drawing.program += fmt::format(
      "set border 3 lw 1 lc rgb '{}'\n"
      "set grid xtics ytics lw 0.6 lc rgb '#e4e6ea'\n"
      "set tics nomirror textcolor rgb 'black'\n"
      "set key bottom left Left reverse samplen 2\n"
      "set xlabel 'V/Vmin'\nset multiplot layout 1,2\n"
      "set ylabel 'bit error rate, %'\nset logscale y\nset format y '%g'\n",
      kGrey);
  drawing.program += lines([](const TechnologyPoint& point) -> std::optional<double> {
    if (!point.rate) return std::nullopt;
    return 100.0 * *point.rate;
  });
  drawing.program +=
      "unset logscale y\nset yrange [0:*]\n"
      "set ylabel 'energy of an access, relative to Vmin'\nset key bottom right\n";
  drawing.program += lines([](const TechnologyPoint& point) { return point.access_energy; });
  drawing.program += "unset multiplot\n";
  return drawing;
}

}  // namespace brownout::report
