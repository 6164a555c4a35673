// SPDX-License-Identifier: Apache-2.0
// Counts of errors by column, and their likelihood as a mixture over the columns' shifts.
#include "sim/profiles/column_model.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <unordered_map>
#include <utility>

namespace brownout::profiles {

// Equal steps converge like a Gaussian as soon as they are narrower than what the column with most
// errors leaves open of its own shift.
std::vector<Node> nodes_of(const ColumnModel& model, const ColumnCounts& counts) {
  std::vector<Node> nodes;
  const double sigma = model.column_sigma.value;
  if (sigma > 0.0) {
    double information = 0.0;  // about a shift, in units of the cells' σ
    double least = std::numeric_limits<double>::infinity();
    for (const ColumnModel::Cells& cells : model.cells) least = std::min(least, cells.sigma);
    for (const ColumnPattern& pattern : counts.patterns) {
      const double rate = std::clamp(pattern.errors / counts.rows, 1e-12, 0.5);
      const double z = memory::normal_upper(rate);
      const double hazard = memory::normal_density(z) / rate;
      information = std::max(information, pattern.errors * hazard * hazard);
    }
    constexpr double kReach = 7.0;
    constexpr int kMost = 400;
    const double width = least / std::sqrt(std::max(information, 1e-12));
    const double step = std::clamp(1.2 * width / sigma, 2.0 * kReach / kMost, 0.35);
    const int half = static_cast<int>(std::ceil(kReach / step));
    double sum = 0.0;
    for (int i = -half; i <= half; ++i) {
      nodes.push_back({sigma * step * i, memory::normal_density(step * i)});
      sum += nodes.back().weight;
    }
    for (Node& node : nodes) node.weight /= sum;
  } else {
    nodes.push_back({});
  }
  if (model.bad_share.value > 0.0) {
    const std::size_t sound = nodes.size();
    for (std::size_t i = 0; i < sound; ++i) {
      nodes.push_back(
          {nodes[i].shift + model.bad_shift.value, nodes[i].weight * model.bad_share.value});
      nodes[i].weight *= 1.0 - model.bad_share.value;
    }
  }
  return nodes;
}

double lowest_rate(const ColumnModel& model, const ColumnCounts& counts, double shift) {
  double rate = 0.0;
  for (std::size_t d = 0; d < model.cells.size(); ++d) {
    const ColumnModel::Cells& cells = model.cells[d];
    rate +=
        counts.weak[d] * memory::normal_cdf((cells.mu + shift - counts.voltages[0]) / cells.sigma);
  }
  return std::min(rate, 1.0 - 1e-15);
}

double log_likelihood(const ColumnModel& model, const ColumnCounts& counts) {
  const std::vector<Node> nodes = nodes_of(model, counts);
  const std::size_t levels = counts.voltages.size();
  const std::size_t categories = levels * model.cells.size();
  // logs[c·nodes + i] and, for the cells without an error, sound[i].
  std::vector<double> logs(categories * nodes.size()), sound(nodes.size());
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    for (std::size_t d = 0; d < model.cells.size(); ++d) {
      const ColumnModel::Cells& cells = model.cells[d];
      double above = 0.0;
      for (std::size_t k = levels; k-- > 0;) {
        const double z = (cells.mu + nodes[i].shift - counts.voltages[k]) / cells.sigma;
        const double here = memory::normal_cdf(z);
        logs[(d * levels + k) * nodes.size() + i] = log_or_low(counts.weak[d] * (here - above));
        above = here;
      }
    }
    sound[i] = std::log1p(-lowest_rate(model, counts, nodes[i].shift));
  }
  double sum = 0.0;
  std::vector<double> at(nodes.size());
  for (const ColumnPattern& pattern : counts.patterns) {
    const double rest = counts.rows - pattern.errors;
    for (std::size_t i = 0; i < nodes.size(); ++i) at[i] = rest * sound[i];
    for (const CategoryCount& count : pattern.counts) {
      const double* row = &logs[count.category * nodes.size()];
      for (std::size_t i = 0; i < nodes.size(); ++i) at[i] += count.cells * row[i];
    }
    const double most = *std::max_element(at.begin(), at.end());
    double likelihood = 0.0;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      if (at[i] > most - 60.0) likelihood += nodes[i].weight * std::exp(at[i] - most);
    }
    sum += pattern.columns * (most + log_or_low(likelihood));
  }
  return sum;
}

const char* name_of(ColumnKind kind) {
  switch (kind) {
    case ColumnKind::kIndependent:
      return "independent";
    case ColumnKind::kGaussian:
      return "gaussian";
    case ColumnKind::kBadColumns:
      return "bad-columns";
    case ColumnKind::kBoth:
      return "gaussian-and-bad-columns";
  }
  return "";
}

ColumnCounts count_columns(const Profile& profile, const std::vector<Direction>& directions,
                           const std::vector<Regression>& fits) {
  ColumnCounts counts;
  const auto columns = static_cast<std::uint64_t>(profile.columns);
  const std::uint64_t array_cells = static_cast<std::uint64_t>(profile.rows) * columns;
  const std::size_t levels = profile.levels.size();
  counts.rows = profile.rows;
  counts.columns = static_cast<double>(profile.arrays) * profile.columns;
  for (const ProfileLevel& level : profile.levels) counts.voltages.push_back(level.voltage);
  std::unordered_map<std::uint64_t, std::size_t> last;  // category of a cell: its highest voltage
  for (std::size_t d = 0; d < directions.size(); ++d) {
    counts.weak.push_back(fits[d].weak);
    for (std::size_t k = 0; k < levels; ++k) {
      for (const ProfileCell& cell : profile.levels[k].cells) {
        const float here = directions[d].up ? cell.p01 : cell.p10;
        const float other = directions[d].up ? cell.p10 : cell.p01;
        if (here < 0.5f || here < other || (here == other && !directions[d].up)) continue;
        last[cell.cell] = d * levels + k;
      }
    }
  }
  std::map<std::uint64_t, std::map<std::size_t, double>> lines;
  for (const auto& [cell, category] : last) {
    lines[cell / array_cells * columns + cell % columns][category] += 1.0;
  }
  std::map<std::vector<std::pair<std::size_t, double>>, double> patterns;
  for (const auto& [line, numbers] : lines) {
    patterns[{numbers.begin(), numbers.end()}] += 1.0;
  }
  const double clean = counts.columns - static_cast<double>(lines.size());
  if (clean > 0.0) patterns[{}] = clean;
  for (const auto& [numbers, number] : patterns) {
    ColumnPattern pattern;
    pattern.columns = number;
    for (const auto& [category, cells] : numbers) {
      pattern.counts.push_back({category, cells});
      pattern.errors += cells;
    }
    counts.errors += pattern.errors * number;
    counts.patterns.push_back(std::move(pattern));
  }
  return counts;
}

}  // namespace brownout::profiles
