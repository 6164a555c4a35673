// SPDX-License-Identifier: Apache-2.0
// A job is a line: one of count_jobs, "clean UNIT", "block POINT UNIT LEVEL FIRST COUNT IMAGES…"
// with the allocation of images, "search UNIT", or "stated UNIT LEVEL CHIP". Units are numbered as
// units_of lists them, points in the order of units and then of levels.
#include "sim/runs/adaptive_jobs.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <sstream>
#include <utility>

#include "sim/base/error.hpp"
#include "sim/runs/safe_voltage_search.hpp"

namespace brownout::runs {

namespace {

/// The clean networks go first: all else waits for them.
constexpr double kLongestOfAll = 1e31;

struct AdaptiveOrder {
  std::string kind;
  std::size_t point = 0, unit = 0;
  double level = 0.0;
  std::size_t chip = 0;
  results::SampleStage block;
};

AdaptiveOrder parse_order(const std::string& job) {
  AdaptiveOrder order;
  std::istringstream text(job);
  text >> order.kind;
  if (order.kind == "clean" || order.kind == "search") text >> order.unit;
  if (order.kind == "stated") text >> order.unit >> order.level >> order.chip;
  if (order.kind == "block") {
    text >> order.point >> order.unit >> order.level >> order.block.first >> order.block.count;
    BROWNOUT_CHECK(!text.fail(), "job \"{}\"", job);
    for (std::int64_t images = 0; text >> images;) order.block.images.push_back(images);
    return order;
  }
  BROWNOUT_CHECK(!text.fail(), "job \"{}\"", job);
  return order;
}

std::unique_ptr<AdaptiveModel> adaptive_model_of(const SweepBench& bench, const SweepUnit& unit) {
  return std::make_unique<AdaptiveModel>(bench, bench.targets[unit.target], unit.network,
                                         bench.config.mitigations[unit.mitigation]);
}

}  // namespace

AdaptiveWorker::AdaptiveWorker(const SweepParts& parts, int threads)
    : parts_(parts),
      threads_(threads),
      chips_(sweep_chips(parts.config)),
      units_(units_of(parts)),
      progress_("sweep", 1, /*quiet=*/true) {}

AdaptiveModel& AdaptiveWorker::model(std::size_t unit, results::RowStore& rows) {
  if (!bench_) {
    bench_ = std::make_unique<SweepBench>(bench_of(parts_, rows, threads_, progress_));
  }
  return models_.get(unit, [&] { return adaptive_model_of(*bench_, units_.at(unit)); });
}

void AdaptiveWorker::run(const std::string& job, results::RowStore& rows) {
  if (run_count(parts_, job, rows)) return;
  const AdaptiveOrder order = parse_order(job);
  AdaptiveModel& model = this->model(order.unit, rows);  // runs the clean network
  if (order.kind == "block") {
    model.evaluate(order.level, order.block);
  } else if (order.kind == "search") {
    SearchEffort effort;
    choose_safe_level(parts_.config, chips_, model.sweep(), parts_.described.safe, effort);
  } else if (order.kind == "stated") {
    model.sweep().add_chip(*chips_.stated.at(order.chip), order.level);
  }
}

AdaptivePlan::AdaptivePlan(const SweepParts& parts, results::RowStore& store, Progress& progress,
                           const workers::Shard& shard)
    : parts_(parts),
      bench_(bench_of(parts, store, 1, progress)),
      counts_(count_jobs(parts, store, shard)) {
  std::size_t number = 0;
  const auto mine = [&] {
    return number++ % static_cast<std::size_t>(shard.count) ==
           static_cast<std::size_t>(shard.index - 1);
  };
  for (const SweepUnit& unit : units_of(parts)) {
    for (std::size_t v = 0; v < parts.config.levels().size(); ++v) {
      if (mine()) points_.push_back({units_.size(), v, {}, std::nullopt, 0});
    }
    units_.push_back({unit, nullptr, false});
  }
  if (!parts.config.has_safe_voltage()) return;
  for (Unit& unit : units_) unit.searches = mine();
}

bool AdaptivePlan::has_work(std::size_t unit) const {
  return units_[unit].searches ||
         std::any_of(points_.begin(), points_.end(),
                     [&](const Point& point) { return point.unit == unit; });
}

std::vector<SweepUnit> AdaptivePlan::units() const {
  std::vector<SweepUnit> list;
  for (std::size_t i = 0; i < units_.size(); ++i) {
    if (has_work(i)) list.push_back(units_[i].what);
  }
  return list;
}

bool AdaptivePlan::is_ready(const Unit& unit) const {
  return AdaptiveModel::has_clean(bench_, parts_.targets[unit.what.target], unit.what.network);
}

std::vector<workers::Job> AdaptivePlan::first() {
  std::vector<workers::Job> jobs = counts_;
  std::set<std::pair<std::size_t, std::size_t>> asked;
  for (std::size_t i = 0; i < units_.size(); ++i) {
    if (!has_work(i)) continue;
    if (is_ready(units_[i])) {
      const std::vector<workers::Job> more = begin(i);
      jobs.insert(jobs.end(), more.begin(), more.end());
    } else if (asked.emplace(units_[i].what.target, units_[i].what.network).second) {
      jobs.push_back({fmt::format("clean {}", i), kLongestOfAll});
    }
  }
  return jobs;
}

std::vector<workers::Job> AdaptivePlan::begin(std::size_t number) {
  Unit& unit = units_[number];
  unit.model = adaptive_model_of(bench_, unit.what);
  std::vector<workers::Job> jobs;
  for (std::size_t i = 0; i < points_.size(); ++i) {
    if (points_[i].unit != number) continue;
    const std::vector<workers::Job> more = advance(i);
    jobs.insert(jobs.end(), more.begin(), more.end());
  }
  if (unit.searches) {
    // Its dies come one after the other, so it begins before shorter jobs.
    const auto dies = static_cast<double>(parts_.config.safe.chosen_on);
    const auto images = static_cast<double>(parts_.inputs.images.count);
    bench_.progress.add_work(work_of_search(parts_.config));
    jobs.push_back({fmt::format("search {}", number), dies * unit.model->cost(images)});
  }
  return jobs;
}

std::vector<workers::Job> AdaptivePlan::state(std::size_t number) {
  ModelSweep& sweep = units_[number].model->sweep();
  SearchEffort effort;
  const std::int64_t before = sweep.ticks();
  const std::optional<results::SafeLevel> safe =
      choose_safe_level(parts_.config, parts_.chips, sweep, parts_.described.safe, effort);
  evaluated_ += effort.images;
  const std::int64_t stated = safe ? parts_.config.safe.stated_on : 0;
  bench_.progress.add_work(sweep.ticks() - before + stated - work_of_search(parts_.config));
  std::vector<workers::Job> jobs;
  if (!safe) return jobs;
  const double level = sweep.levels().voltages[safe->level];
  const auto images = static_cast<double>(parts_.inputs.images.count);
  for (std::size_t i = 0; i < parts_.chips.stated.size(); ++i) {
    if (bench_.store.find(sweep.key(*parts_.chips.stated[i], level))) {
      bench_.progress.found(1);
      continue;
    }
    jobs.push_back({fmt::format("stated {} {:.17g} {}", number, level, i),
                    units_[number].model->cost(images)});
  }
  return jobs;
}

std::vector<workers::Job> AdaptivePlan::advance(std::size_t number) {
  Point& point = points_[number];
  const AdaptiveModel& model = *units_[point.unit].model;
  const double level = parts_.config.levels()[point.level];
  while ((point.stage = model.plan().next(point.done))) {
    bench_.progress.add_work(point.stage->count);
    std::vector<workers::Job> jobs;
    for (const results::SampleStage& block : model.blocks(*point.stage)) {
      if (bench_.store.find(model.key(level, block))) {
        bench_.progress.found(block.count);
        continue;
      }
      jobs.push_back({fmt::format("block {} {} {:.17g} {} {} {}", number, point.unit, level,
                                  block.first, block.count, fmt::join(block.images, " ")),
                      model.cost(block)});
    }
    point.open = jobs.size();
    if (!jobs.empty()) return jobs;
    point.done.push_back(model.stored(level, *point.stage));
  }
  return {};
}

std::vector<workers::Job> AdaptivePlan::after(const workers::Job& done) {
  const AdaptiveOrder order = parse_order(done.what);
  if (order.kind == "count") return {};
  if (order.kind == "clean") {
    std::vector<workers::Job> jobs;
    const SweepUnit& ready = units_[order.unit].what;
    for (std::size_t i = 0; i < units_.size(); ++i) {
      const SweepUnit& other = units_[i].what;
      if (units_[i].model || !has_work(i) || other.target != ready.target ||
          other.network != ready.network) {
        continue;
      }
      const std::vector<workers::Job> more = begin(i);
      jobs.insert(jobs.end(), more.begin(), more.end());
    }
    return jobs;
  }
  if (order.kind == "search") return state(order.unit);
  if (order.kind == "stated") {
    units_[order.unit].model->sweep().tick(order.level);
    evaluated_ += parts_.inputs.images.count;
    return {};
  }
  Point& point = points_[order.point];
  bench_.progress.advance(
      order.block.count,
      fmt::format("{} at {}", parts_.config.models[units_[point.unit].what.network].stem().string(),
                  level_text(parts_.config, order.level)));
  evaluated_ += static_cast<std::int64_t>(static_cast<double>(order.block.count) *
                                          results::images_of(order.block.images));
  if (--point.open > 0) return {};
  point.done.push_back(units_[point.unit].model->stored(order.level, *point.stage));
  return advance(order.point);
}

}  // namespace brownout::runs
