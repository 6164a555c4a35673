// SPDX-License-Identifier: Apache-2.0
// A job is a line: "count TARGET NETWORK MITIGATION", "clean UNIT", "rows UNIT LIST LEVEL CHIP"
// with a chip of a list of SweepChips, at a level of ModelSweep, or "search UNIT". Units are
// numbered as units_of lists them.
#include "sim/runs/sweep_jobs.hpp"

#include <algorithm>
#include <set>
#include <sstream>

#include "sim/base/error.hpp"
#include "sim/runs/safe_voltage_search.hpp"

namespace brownout::runs {

namespace {

/// In the place of a mitigation: none.
constexpr std::size_t kUnprotected = 1'000'000'000;
/// Jobs before all that have a cost by their network.
constexpr double kLongest = 1e30;

struct Order {
  std::string kind, list;
  std::size_t unit = 0, chip = 0;
  double level = 0.0;
  SweepUnit counted;  // target, network and mitigation whose events are counted
};

Order parse(const std::string& job) {
  Order order;
  std::istringstream text(job);
  text >> order.kind;
  if (order.kind == "count") {
    text >> order.counted.target >> order.counted.network >> order.counted.mitigation;
  } else {
    text >> order.unit;
  }
  if (order.kind == "rows") text >> order.list >> order.level >> order.chip;
  BROWNOUT_CHECK(!text.fail(), "job \"{}\"", job);
  return order;
}

const Chips& list_of(const SweepChips& chips, const std::string& name) {
  return name == "stated" ? chips.stated : chips.grid;
}

std::unique_ptr<ModelSweep> model_of(const SweepBench& bench, const SweepUnit& unit) {
  return std::make_unique<ModelSweep>(bench, bench.targets[unit.target], unit.network,
                                      bench.config.mitigations[unit.mitigation]);
}

}  // namespace

std::int64_t work_of_search(const SweepConfig& config) {
  return 2 * config.safe.chosen_on + config.safe.stated_on;
}

SweepBench bench_of(const SweepParts& parts, results::RowStore& store, int threads,
                    Progress& progress) {
  return {parts.config, parts.targets, parts.inputs, *parts.chips.grid.front(),
          store,        threads,       progress};
}

std::vector<SweepUnit> units_of(const SweepParts& parts) {
  std::vector<SweepUnit> units;
  for (std::size_t target = 0; target < parts.targets.size(); ++target) {
    if (parts.targets[target].errors_of != target) continue;
    for (std::size_t network = 0; network < parts.config.models.size(); ++network) {
      for (std::size_t entry = 0; entry < parts.config.mitigations.size(); ++entry) {
        units.push_back({target, network, entry});
      }
    }
  }
  return units;
}

std::vector<workers::Job> count_jobs(const SweepParts& parts, results::RowStore& store,
                                     const workers::Shard& shard) {
  std::vector<workers::Job> jobs;
  std::size_t number = 0;  // of a run, over the shards
  for (std::size_t target = 0; target < parts.targets.size(); ++target) {
    if (!parts.targets[target].setup.target.accelerator) continue;
    for (std::size_t network = 0; network < parts.config.models.size(); ++network) {
      const CostCache costs(parts.config, parts.targets[target],
                            *parts.inputs.networks[target][network], parts.inputs.images.count,
                            store);
      std::set<std::string> asked;
      const auto add = [&](std::size_t entry, const mitigation::Mitigations& mitigations) {
        const std::string key = costs.key(mitigations);
        if (!asked.insert(key).second) return;
        const bool mine = number++ % static_cast<std::size_t>(shard.count) ==
                          static_cast<std::size_t>(shard.index - 1);
        if (!mine || store.find(key)) return;
        jobs.push_back({fmt::format("count {} {} {}", target, network, entry), kLongest});
      };
      if (!parts.config.by_rate()) add(kUnprotected, {});  // what energies are compared with
      for (std::size_t i = 0; i < parts.config.mitigations.size(); ++i) {
        add(i, parts.config.mitigations[i].what);
      }
    }
  }
  return jobs;
}

bool run_count(const SweepParts& parts, const std::string& job, results::RowStore& rows) {
  const Order order = parse(job);
  if (order.kind != "count") return false;
  const auto [target, network, mitigation] = order.counted;
  CostCache(parts.config, parts.targets[target], *parts.inputs.networks[target][network],
            parts.inputs.images.count, rows)
      .of(mitigation == kUnprotected ? mitigation::Mitigations{}
                                     : parts.config.mitigations.at(mitigation).what);
  return true;
}

SweepWorker::SweepWorker(const SweepParts& parts, int threads)
    : parts_(parts),
      threads_(threads),
      chips_(sweep_chips(parts.config)),
      units_(units_of(parts)),
      progress_("sweep", 1, /*quiet=*/true) {}

ModelSweep& SweepWorker::model(std::size_t unit, results::RowStore& rows) {
  if (!bench_) {
    bench_ = std::make_unique<SweepBench>(bench_of(parts_, rows, threads_, progress_));
  }
  return models_.get(unit, [&] { return model_of(*bench_, units_.at(unit)); });
}

void SweepWorker::run(const std::string& job, results::RowStore& rows) {
  if (run_count(parts_, job, rows)) return;
  const Order order = parse(job);
  ModelSweep& model = this->model(order.unit, rows);  // computes the clean row
  if (order.kind == "rows") {
    model.add_chip(*list_of(chips_, order.list).at(order.chip), order.level);
  } else if (order.kind == "search") {
    SearchEffort effort;
    choose_safe_level(parts_.config, chips_, model, parts_.described.safe, effort);
  }
}

SweepPlan::SweepPlan(const SweepParts& parts, results::RowStore& store, Progress& progress,
                     const workers::Shard& shard)
    : parts_(parts), store_(store), bench_(bench_of(parts, store, 1, progress)), shard_(shard) {
  for (const SweepUnit& unit : units_of(parts)) units_.push_back({unit, nullptr, 0, false});
}

double SweepPlan::cost(const Unit& unit) const {
  const experiment::Model& model =
      parts_.inputs.networks[unit.what.target][unit.what.network]->model();
  return static_cast<double>(model.network->coded_parameters());
}

std::vector<workers::Job> SweepPlan::first() {
  std::vector<workers::Job> jobs = count_jobs(parts_, store_, shard_);
  std::set<std::pair<std::size_t, std::size_t>> asked;
  for (std::size_t i = 0; i < units_.size(); ++i) {
    const Unit& unit = units_[i];
    if (!shard_.has_unit(i, units_.size())) continue;
    if (ModelSweep::has_clean(bench_, parts_.targets[unit.what.target], unit.what.network)) {
      const std::vector<workers::Job> more = begin(i);
      jobs.insert(jobs.end(), more.begin(), more.end());
    } else if (asked.emplace(unit.what.target, unit.what.network).second) {
      // All else on this network waits for it.
      jobs.push_back({fmt::format("clean {}", i), 10.0 * kLongest});
    }
  }
  return jobs;
}

std::vector<workers::Job> SweepPlan::begin(std::size_t number) {
  Unit& unit = units_[number];
  unit.begun = true;
  unit.model = model_of(bench_, unit.what);
  std::vector<workers::Job> jobs;
  const std::size_t chips = parts_.chips.grid.size();
  const std::vector<double>& levels = parts_.config.levels();
  for (std::size_t v = 0; v < levels.size(); ++v) {
    const auto more = rows(
        unit, number, parts_.chips.grid, "grid", levels[v],
        [&](std::size_t chip) { return shard_.has_row(v * chips + chip, number, units_.size()); });
    jobs.insert(jobs.end(), more.begin(), more.end());
  }
  unit.open = jobs.size();
  const auto search = search_if_complete(number);
  jobs.insert(jobs.end(), search.begin(), search.end());
  return jobs;
}

std::vector<workers::Job> SweepPlan::rows(Unit& unit, std::size_t number, const Chips& chips,
                                          const char* list, double level,
                                          const std::function<bool(std::size_t)>& asked_for) {
  std::vector<workers::Job> jobs;
  for (std::size_t i = 0; i < chips.size(); ++i) {
    if (!asked_for(i)) continue;
    const std::string key = unit.model->key(*chips[i], level);
    if (store_.find(key) || !unit.asked.insert(key).second) {
      unit.model->tick(level);
      continue;
    }
    jobs.push_back({fmt::format("rows {} {} {:.17g} {}", number, list, level, i), cost(unit)});
  }
  return jobs;
}

std::optional<double> SweepPlan::next_of_mean(Unit& unit) {
  const std::vector<double>& voltages = unit.model->levels().voltages;
  const std::int64_t before = unit.model->ticks();
  std::optional<double> next;
  results::find_by_mean(unit.model->levels(), [&](std::size_t level) {
    if (const auto known = unit.holds.find(level); known != unit.holds.end()) return known->second;
    const auto is_stored = [&](const auto& chip) {
      return store_.find(unit.model->key(*chip, voltages[level])).has_value();
    };
    const Chips& chips = parts_.chips.grid;
    if (!next && !std::all_of(chips.begin(), chips.end(), is_stored)) next = voltages[level];
    if (next) return false;
    bool computed = false;
    const double drop = unit.model->errors(chips, voltages[level], computed).drop();
    return unit.holds[level] = drop <= parts_.described.safe.max_drop_points;
  });
  bench_.progress.add_work(unit.model->ticks() - before);
  return next;
}

/// The dies of a yield are tried one after the other, so that search begins before shorter jobs.
std::vector<workers::Job> SweepPlan::search_if_complete(std::size_t number) {
  Unit& unit = units_[number];
  if (parts_.config.by_rate()) return {};  // there is nothing to search
  if (unit.open > 0 || !shard_.leads(number, units_.size())) return {};
  if (!parts_.config.safe.yield) {
    const std::optional<double> level = next_of_mean(unit);
    if (!level) return state(number);
    const std::vector<workers::Job> jobs =
        rows(unit, number, parts_.chips.grid, "grid", *level, [](std::size_t) { return true; });
    unit.open = jobs.size();
    bench_.progress.add_work(static_cast<std::int64_t>(parts_.chips.grid.size()));
    return jobs;
  }
  return {{fmt::format("search {}", number),
           static_cast<double>(parts_.config.safe.chosen_on) * cost(unit)}};
}

std::vector<workers::Job> SweepPlan::after(const workers::Job& done) {
  const Order order = parse(done.what);
  if (order.kind == "count") return {};
  Unit& unit = units_[order.unit];
  if (order.kind == "clean") {
    std::vector<workers::Job> jobs;
    for (std::size_t i = 0; i < units_.size(); ++i) {
      const SweepUnit& other = units_[i].what;
      if (units_[i].begun || other.target != unit.what.target ||
          other.network != unit.what.network || !shard_.has_unit(i, units_.size())) {
        continue;
      }
      const std::vector<workers::Job> more = begin(i);
      jobs.insert(jobs.end(), more.begin(), more.end());
    }
    return jobs;
  }
  if (order.kind == "rows") {
    unit.model->tick(order.level);
    if (order.list == "stated") return {};
    --unit.open;
    return search_if_complete(order.unit);
  }
  return state(order.unit);
}

std::vector<workers::Job> SweepPlan::state(std::size_t number) {
  Unit& unit = units_[number];
  SearchEffort effort;
  const std::int64_t before = unit.model->ticks();
  const std::optional<results::SafeLevel> safe =
      choose_safe_level(parts_.config, parts_.chips, *unit.model, parts_.described.safe, effort);
  const std::int64_t stated = safe ? static_cast<std::int64_t>(parts_.chips.stated.size()) : 0;
  bench_.progress.add_work(unit.model->ticks() - before + stated - work_of_search(parts_.config));
  if (!safe) return {};
  return rows(unit, number, parts_.chips.stated, "stated",
              unit.model->levels().voltages[safe->level], [](std::size_t) { return true; });
}

}  // namespace brownout::runs
