// SPDX-License-Identifier: Apache-2.0
// Ranks the cells of each direction once, then fills level after level from the highest voltage on.
#include "sim/profiles/profile_generator.hpp"

#include <algorithm>
#include <array>
#include <boost/math/special_functions/erf.hpp>
#include <cmath>

#include "sim/base/error.hpp"
#include "sim/base/random.hpp"
#include "sim/base/shipped.hpp"
#include "sim/base/yaml.hpp"
#include "sim/memory/geometric.hpp"
#include "sim/technology/technology.hpp"

namespace brownout::profiles {
namespace {

using Policy = boost::math::policies::policy<boost::math::policies::promote_double<false>>;

constexpr int kSteps = 256;              // probabilities are multiples of 1/kSteps
constexpr int kMostProbable = 251;       // 0.980: below kPersistentProbability
constexpr double kHighestProbit = 2.05;  // Φ(2.05) = 0.980, where the probabilities begin
static_assert(static_cast<float>(kMostProbable) / kSteps < kPersistentProbability);

/// Counters of the numbers that do not belong to a cell.
constexpr std::uint64_t kColumnCounter = 1;

double normal_cdf(double z) { return 0.5 * boost::math::erfc(-z / std::sqrt(2.0), Policy()); }

/// What a level has to reach, as counts: index 0 is 0→1, 1 is 1→0.
struct Target {
  double voltage = 0.0;
  double listed[2] = {};                // rates
  std::int64_t persistent = 0;          // cells
  std::int64_t probabilistic = 0;       // cells
  std::array<std::int64_t, 2> steps{};  // sums of probabilities, in 1/kSteps
};

struct Config {
  Profile profile;  // without levels
  std::uint64_t seed = 0;
  double zero_to_one_share = 0.5;
  std::vector<double> likelihood;  // of each column
  std::vector<Target> targets;     // ascending voltage
};

void read_columns(YamlMap& root, Config& config) {
  const double deviation = root.number("column_deviation", 0.0, 5.0, 0.0);
  const Philox philox(config.seed, Purpose::kSyntheticProfile);
  const std::size_t columns = config.profile.columns;
  for (std::size_t column = 0; column < columns; ++column) {
    const double u = unit_open(philox(column, kColumnCounter)[0]);
    const double gaussian = -std::sqrt(2.0) * boost::math::erfc_inv(2.0 * u, Policy());
    config.likelihood.push_back(std::exp(deviation * gaussian));
  }
  for (YamlMap& entry : root.maps("striped_columns", false)) {
    const std::size_t column = entry.integer("column", 0, config.profile.columns - 1);
    config.likelihood[column] = entry.number("likelihood", 1e-3, 1e6);
    entry.finish();
  }
}

void read_levels(YamlMap& root, Config& config) {
  std::optional<technology::Technology> technology;
  if (root.has("technology"))
    technology =
        technology::Technology::load(shipped_input_file(root, "technology", kShippedTechnologies));
  const auto cells = static_cast<double>(config.profile.cells());
  for (YamlMap& entry : root.maps("levels")) {
    entry.expect(
        {"rate", "voltage_vmin", "zero_to_one", "one_to_zero", "persistent", "probabilistic"});
    Target target;
    const double rate = entry.number("rate", 0.0, 1.0);
    if (entry.has("voltage_vmin")) {
      target.voltage = entry.number("voltage_vmin", 0.01, 10.0);
    } else if (technology) {
      target.voltage = std::round(technology->voltage_at_rate(rate) * 1e4) * 1e-4;
    } else {
      entry.fail("voltage_vmin", "expected a voltage, or a technology that gives the rate its own");
    }
    target.listed[0] = entry.number("zero_to_one", 0.0, 1.0);
    target.listed[1] = entry.number("one_to_zero", 0.0, 1.0);
    target.persistent = std::llround(entry.number("persistent", 0.0, 1.0) * cells);
    target.probabilistic = std::llround(entry.number("probabilistic", 0.0, 1.0) * cells);
    for (std::size_t d = 0; d < 2; ++d)
      target.steps[d] = std::llround(target.listed[d] * cells * kSteps);
    entry.finish();
    if (!config.targets.empty() && target.voltage <= config.targets.back().voltage)
      entry.fail("rate", fmt::format("expected levels of increasing voltage: above {} Vmin, got {}",
                                     config.targets.back().voltage, target.voltage));
    config.targets.push_back(target);
  }
}

Config read_config(const std::filesystem::path& file) {
  YamlMap root = YamlMap::load(file);
  Config config;
  Profile& profile = config.profile;
  root.expect({"name", "origin", "arrays", "rows", "columns", "vmin_volt", "seed",
               "zero_to_one_share", "column_deviation", "striped_columns", "technology", "levels"});
  profile.name = root.name("name");
  profile.origin = root.name("origin");
  profile.synthetic = true;
  constexpr std::int64_t kMost = 1 << 20;
  profile.arrays = static_cast<int>(root.integer("arrays", 1, kMost, 1));
  profile.rows = static_cast<int>(root.integer("rows", 1, kMost));
  profile.columns = static_cast<int>(root.integer("columns", 1, kMost));
  constexpr std::uint64_t kMostCells = 1u << 28;  // each has a rank in memory
  if (static_cast<double>(profile.arrays) * profile.rows * profile.columns > double{kMostCells})
    root.fail("rows", fmt::format("expected at most {} cells", kMostCells));
  profile.vmin_volt = root.number("vmin_volt", 0.0, 100.0, 0.0);
  config.seed = root.integer("seed", 0, INT64_MAX);
  config.zero_to_one_share = root.number("zero_to_one_share", 0.0, 1.0);
  read_columns(root, config);
  read_levels(root, config);
  root.finish();
  return config;
}

/// The cells of each direction that may have to fail, weakest first.
std::array<std::vector<std::uint64_t>, 2> ranked_cells(const Config& config) {
  struct Ranked {
    double order;
    std::uint64_t cell;
    bool operator<(const Ranked& o) const {
      return order != o.order ? order < o.order : cell < o.cell;
    }
  };
  const Philox philox(config.seed, Purpose::kSyntheticProfile);
  std::array<std::vector<Ranked>, 2> ranked;
  const std::uint64_t columns = config.likelihood.size();
  for (std::uint64_t cell = 0; cell < config.profile.cells(); ++cell) {
    const Philox::Block numbers = philox(cell);
    const std::size_t direction = unit_open(numbers[1]) < config.zero_to_one_share ? 0 : 1;
    ranked[direction].push_back(
        {memory::negative_log(numbers[0]) / config.likelihood[cell % columns], cell});
  }
  std::array<std::vector<std::uint64_t>, 2> cells;
  for (std::size_t d = 0; d < 2; ++d) {
    std::sort(ranked[d].begin(), ranked[d].end());
    for (const Ranked& entry : ranked[d]) cells[d].push_back(entry.cell);
  }
  return cells;
}

/// Probabilities by rank of one direction, in steps, and what a level hands on to the next lower
/// one.
class FailingCells {
 public:
  FailingCells(const char* name, std::uint64_t cells) : name_(name), cells_(cells) {}
  std::int64_t persistent() const { return persistent_; }
  const std::vector<int>& steps() const { return steps_; }

  /// `persistent` cells that always fail, `probabilistic` cells after them, and `sum` in total.
  void fill(const std::string& where, std::int64_t persistent, std::int64_t probabilistic,
            std::int64_t sum) {
    const std::int64_t faulty = persistent + probabilistic;
    const std::int64_t rest = sum - persistent * kSteps;
    if (faulty > static_cast<std::int64_t>(cells_))
      throw InputError("{}: {}: expected at most the {} cells of that direction, got {}", where,
                       name_, cells_, faulty);
    if (persistent < persistent_ || faulty < static_cast<std::int64_t>(steps_.size()))
      throw InputError(
          "{}: {}: expected no fewer faulty cells than at the next higher voltage (nested): {} "
          "persistent of {}, got {} of {}",
          where, name_, persistent_, steps_.size(), persistent, faulty);
    std::vector<int> low(faulty, 1);  // bounds from below
    std::copy(steps_.begin(), steps_.end(), low.begin());
    steps_.assign(low.size(), kSteps);
    const std::size_t first = persistent;
    persistent_ = persistent;

    const auto total = [&](double slope) {
      std::int64_t result = 0;
      for (std::size_t i = first; i < low.size(); ++i) {
        const double r =
            (static_cast<double>(i - first) + 0.5) / static_cast<double>(probabilistic);
        const double q = normal_cdf(kHighestProbit - slope * r);
        const auto step = static_cast<int>(std::lround(q * kSteps));
        steps_[i] = std::max(low[i], std::min(step, kMostProbable));
        result += steps_[i];
      }
      return result;
    };
    double flat = 0.0, steep = 1e4;
    const std::int64_t most = total(flat), least = total(steep);
    if (rest < least || rest > most)
      throw InputError(
          "{}: {}: {} probabilistic cells can make between {} and {} errors, expected {} beside {} "
          "persistent ones",
          where, name_, probabilistic, static_cast<double>(least) / kSteps,
          static_cast<double>(most) / kSteps, static_cast<double>(rest) / kSteps, persistent);
    for (int i = 0; i < 100; ++i) {
      const double middle = 0.5 * (flat + steep);
      (total(middle) > rest ? flat : steep) = middle;
    }
    // What rounding left over: one step each for cells that are spread over the ranks.
    std::int64_t missing = rest - total(steep);
    for (std::size_t stride = 97; missing > 0; stride = 1) {
      for (std::size_t i = first; i < steps_.size() && missing > 0; i += stride) {
        if (steps_[i] >= kMostProbable) continue;
        ++steps_[i];
        --missing;
      }
    }
    BROWNOUT_CHECK(missing == 0, "{} steps", missing);
  }

 private:
  const char* name_;
  std::uint64_t cells_;
  std::int64_t persistent_ = 0;
  std::vector<int> steps_;
};

}  // namespace

void note_generator_inputs(const std::filesystem::path& config) {
  try {
    read_config(config);
  } catch (const InputError&) {
  }
}

Profile generate_profile(const std::filesystem::path& file) {
  Config config = read_config(file);
  const std::array<std::vector<std::uint64_t>, 2> cells = ranked_cells(config);
  FailingCells zero_to_one("zero_to_one", cells[0].size());
  FailingCells one_to_zero("one_to_zero", cells[1].size());
  Profile profile = std::move(config.profile);
  profile.levels.resize(config.targets.size());
  for (std::size_t l = profile.levels.size(); l-- > 0;) {
    const Target& target = config.targets[l];
    const std::string where = fmt::format("{}: levels[{}]", file.string(), l);
    const std::int64_t sum = target.steps[0] + target.steps[1];
    if (sum == 0) throw InputError("{}: expected some errors", where);
    // Persistent cells in proportion to the errors of a direction, as far as nesting allows it;
    // probabilistic cells in proportion to the errors that remain for them.
    const auto share = [](std::int64_t count, std::int64_t part, std::int64_t whole) {
      return whole == 0 ? 0
                        : std::llround(static_cast<double>(count) * static_cast<double>(part) /
                                       static_cast<double>(whole));
    };
    if (target.persistent < zero_to_one.persistent() + one_to_zero.persistent())
      throw InputError(
          "{}: persistent: expected at least the {} cells of the next higher voltage (nested), "
          "got {}",
          where, zero_to_one.persistent() + one_to_zero.persistent(), target.persistent);
    const std::int64_t persistent0 = std::clamp<std::int64_t>(
        share(target.persistent, target.steps[0], sum), zero_to_one.persistent(),
        target.persistent - one_to_zero.persistent());
    const std::int64_t persistent1 = target.persistent - persistent0;
    const std::int64_t rest0 = target.steps[0] - persistent0 * kSteps;
    const std::int64_t rest1 = target.steps[1] - persistent1 * kSteps;
    if (rest0 < 0 || rest1 < 0)
      throw InputError("{}: persistent: expected at most the errors of each direction", where);
    const std::int64_t probabilistic0 = share(target.probabilistic, rest0, rest0 + rest1);
    zero_to_one.fill(where, persistent0, probabilistic0, target.steps[0]);
    one_to_zero.fill(where, persistent1, target.probabilistic - probabilistic0, target.steps[1]);

    ProfileLevel& level = profile.levels[l];
    level.voltage = target.voltage;
    for (std::size_t i = 0; i < zero_to_one.steps().size(); ++i)
      level.cells.push_back(
          {cells[0][i], static_cast<float>(zero_to_one.steps()[i]) / kSteps, 0.0f});
    for (std::size_t i = 0; i < one_to_zero.steps().size(); ++i)
      level.cells.push_back(
          {cells[1][i], 0.0f, static_cast<float>(one_to_zero.steps()[i]) / kSteps});
    std::sort(level.cells.begin(), level.cells.end(),
              [](const ProfileCell& a, const ProfileCell& b) { return a.cell < b.cell; });
  }
  check_profile(profile, file.string());
  return profile;
}

}  // namespace brownout::profiles
