// SPDX-License-Identifier: Apache-2.0
// A job is a line: "train TRAINING", or "measure ROW NETWORK EVALUATION", with numbers of
// StudyParts and of the study's evaluations.
#include "sim/study/study_jobs.hpp"

#include <algorithm>
#include <sstream>

#include "sim/base/error.hpp"

namespace brownout::study {

namespace {

/// Trainings go before all evaluations, which wait for them.
constexpr double kAnEpoch = 1e15;

struct Order {
  std::string kind;
  std::size_t training = 0;
  std::size_t row = 0, network = 0, evaluation = 0;
};

Order parse(const std::string& job) {
  Order order;
  std::istringstream text(job);
  text >> order.kind;
  if (order.kind == "train") {
    text >> order.training;
  } else {
    text >> order.row >> order.network >> order.evaluation;
  }
  BROWNOUT_CHECK(!text.fail(), "job \"{}\"", job);
  return order;
}

std::size_t networks_of(const Row& row) { return row.network.empty() ? row.trainings.size() : 1; }

}  // namespace

void StudyWorker::run(const std::string& job, results::RowStore& rows) {
  const Order order = parse(job);
  if (order.kind == "train") {
    parts_.pool.run(order.training);
  } else {
    measure(order.row, order.network, order.evaluation, rows);
  }
}

void StudyWorker::measure(std::size_t number, std::size_t network, std::size_t evaluation,
                          results::RowStore& rows) {
  const Row& row = *parts_.rows.at(number);
  const std::filesystem::path& file =
      row.network.empty() ? parts_.pool.network(parts_.trainings.at(number).at(network))
                          : row.network;
  const std::string name = fmt::format("{} {}", number, file.string());
  if (!last_ || last_->first != name) {
    last_.reset();
    try {
      last_.emplace(name, load_network(row, file));
    } catch (const InputError&) {
      return;  // the table says it
    }
  }
  const Bench bench{rows, *parts_.datasets, threads_, [](const std::string& /*note*/) {}};
  try {
    parts_.study.evaluations.at(evaluation).evaluation->run(last_->second, bench);
  } catch (const Misfit&) {
    // The table says it. Any other error, such as a full disk, ends the run.
  }
}

bool StudyPlan::needs(const StudyParts& parts, const workers::Shard& shard, std::size_t training) {
  const auto in_row = [&](std::size_t row) {
    const std::vector<std::size_t>& own = parts.trainings[row];
    return shard.has_unit(row, parts.rows.size()) &&
           std::any_of(own.begin(), own.end(), [&](std::size_t one) {
             return one == training || parts.pool.exported_from(one) == training;
           });
  };
  for (std::size_t row = 0; row < parts.rows.size(); ++row) {
    if (in_row(row)) return true;
  }
  return false;
}

std::vector<workers::Job> StudyPlan::trainings(std::optional<std::size_t> before) const {
  std::vector<workers::Job> jobs;
  for (std::size_t i = 0; i < parts_.pool.size(); ++i) {
    if (parts_.pool.state(i) != TrainingPool::State::kWaiting || !needs(parts_, shard_, i))
      continue;
    const std::optional<std::size_t> from = parts_.pool.exported_from(i);
    const bool free = from ? parts_.pool.state(*from) == TrainingPool::State::kDone : true;
    if (!free || (before && from != before)) continue;
    jobs.push_back({fmt::format("train {}", i), kAnEpoch * static_cast<double>(parts_.work_of(i))});
  }
  return jobs;
}

std::vector<workers::Job> StudyPlan::evaluations() {
  using State = TrainingPool::State;
  std::vector<workers::Job> jobs;
  for (std::size_t i = 0; i < parts_.rows.size(); ++i) {
    if (begun_[i] || !has_row(i)) continue;
    const std::vector<std::size_t>& own = parts_.trainings[i];
    const auto any = [&](State state) {
      return std::any_of(own.begin(), own.end(),
                         [&](std::size_t one) { return parts_.pool.state(one) == state; });
    };
    if (any(State::kFailed)) {
      begun_[i] = true;
      progress_.add_work(-parts_.patterns(*parts_.rows[i]));
    }
    if (begun_[i] || any(State::kWaiting) || any(State::kRunning)) continue;
    begun_[i] = true;
    const Row& row = *parts_.rows[i];
    for (std::size_t network = 0; network < networks_of(row); ++network) {
      for (std::size_t e = 0; e < parts_.study.evaluations.size(); ++e) {
        const NamedEvaluation& named = parts_.study.evaluations[e];
        // Shards that share a row share its evaluations.
        if (!row.uses(named.name) || !shard_.has_row(e, i, parts_.rows.size())) continue;
        jobs.push_back({fmt::format("measure {} {} {}", i, network, e),
                        static_cast<double>(named.evaluation->patterns(nullptr))});
      }
    }
  }
  return jobs;
}

std::int64_t StudyPlan::work(const StudyParts& parts, const workers::Shard& shard) {
  std::int64_t total = 0;
  for (std::size_t i = 0; i < parts.pool.size(); ++i) {
    total += needs(parts, shard, i) ? parts.work_of(i) : 0;
  }
  for (std::size_t i = 0; i < parts.rows.size(); ++i) {
    if (!shard.has_unit(i, parts.rows.size())) continue;
    const Row& row = *parts.rows[i];
    for (std::size_t e = 0; e < parts.study.evaluations.size(); ++e) {
      const NamedEvaluation& named = parts.study.evaluations[e];
      if (!row.uses(named.name) || !shard.has_row(e, i, parts.rows.size())) continue;
      total += static_cast<std::int64_t>(networks_of(row)) * named.evaluation->patterns(nullptr);
    }
  }
  return total;
}

std::vector<workers::Job> StudyPlan::first() {
  for (std::size_t i = 0; i < parts_.pool.size(); ++i) {
    if (parts_.pool.state(i) == TrainingPool::State::kDone && needs(parts_, shard_, i)) {
      progress_.found(parts_.work_of(i));
    }
  }
  std::vector<workers::Job> jobs = trainings(std::nullopt);
  const std::vector<workers::Job> more = evaluations();
  jobs.insert(jobs.end(), more.begin(), more.end());
  return jobs;
}

std::vector<workers::Job> StudyPlan::after(const workers::Job& done) {
  const Order order = parse(done.what);
  if (order.kind == "measure") {
    const NamedEvaluation& named = parts_.study.evaluations[order.evaluation];
    progress_.advance(named.evaluation->patterns(nullptr),
                      fmt::format("{}, {}", parts_.rows[order.row]->name, named.name));
    return {};
  }
  parts_.pool.settle(order.training);
  progress_.advance(parts_.work_of(order.training),
                    parts_.pool.network(order.training).stem().string());
  std::vector<workers::Job> jobs = trainings(order.training);
  const std::vector<workers::Job> more = evaluations();
  jobs.insert(jobs.end(), more.begin(), more.end());
  return jobs;
}

}  // namespace brownout::study
