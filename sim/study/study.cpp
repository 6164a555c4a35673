// SPDX-License-Identifier: Apache-2.0
// Rows in file order. Trainings run while the rows before them are evaluated.
#include "sim/study/study.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/base/progress.hpp"
#include "sim/base/text.hpp"
#include "sim/results/added_rows.hpp"
#include "sim/results/store.hpp"
#include "sim/runs/shards.hpp"
#include "sim/study/study_jobs.hpp"
#include "sim/study/study_parts.hpp"

namespace brownout::study {

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr auto kPause = std::chrono::milliseconds(100);

/// Fills the store with the help of the other ranks. `parts` are not used by anyone else meanwhile.
void compute_on_ranks(StudyParts& parts, workers::Ranks& ranks, const workers::Shard& shard,
                      results::RowStore& rows) {
  StudyParts own(parts.study, parts.options, parts.datasets);
  StudyWorker worker(own, parts.options.threads);
  Progress progress("study", StudyPlan::work(parts, shard), parts.options.quiet);
  StudyPlan plan(parts, progress, shard);
  workers::hand_out(
      ranks, plan,
      [&](const std::string& job, results::RowStore& store) { worker.run(job, store); }, rows);
  progress.finish();
}

bool is_alone(const StudyOptions& options) {
  return options.ranks == nullptr || options.ranks->size() == 1;
}

class Run {
 public:
  Run(const StudyFile& study, const StudyOptions& options)
      : parts_(study, options),
        study_(study),
        options_(options),
        rows_(parts_.rows),
        datasets_(*parts_.datasets),
        pool_(parts_.pool) {}

  StudyResult run() {
    const auto start = Clock::now();
    pool_.check(options_.threads);
    if (!is_alone(options_)) workers::expect_agreement(*options_.ranks, parts_.identity());
    results::Store store(options_.folder, store_identity(study_.name), store_kind());
    if (!is_alone(options_)) {
      results::AddedRows rows(store);
      compute_on_ranks(parts_, *options_.ranks, {}, rows);
    }
    Progress progress("study", parts_.work(), options_.quiet || !is_alone(options_));
    const Bench bench{store, datasets_, options_.threads, [&](const std::string& note) {
                        pump(progress);
                        ++ticks_;
                        progress.advance(1, note);
                      }};
    StudyResult result;
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      result.rows.push_back(run_row(*rows_[i], parts_.trainings[i], bench, progress));
    }
    progress.finish();
    store.commit();
    describe(result);
    compare(result);
    result.seconds = std::chrono::duration<double>(Clock::now() - start).count();
    return result;
  }

 private:
  void pump(Progress& progress) {
    pool_.pump();
    counted_.resize(pool_.size(), 0);
    for (std::size_t i = 0; i < pool_.size(); ++i) {
      const auto done =
          static_cast<std::int64_t>(pool_.share(i) * static_cast<double>(parts_.work_of(i)));
      if (done <= counted_[i]) continue;
      progress.advance(done - counted_[i]);
      counted_[i] = done;
    }
  }

  RowResult run_row(const Row& row, const std::vector<std::size_t>& trainings, const Bench& bench,
                    Progress& progress) {
    RowResult result;
    result.name = row.name;
    std::vector<fs::path> files;
    if (!row.network.empty()) files.push_back(row.network);
    for (const std::size_t training : trainings) {
      for (;;) {
        pump(progress);
        const TrainingPool::State state = pool_.state(training);
        if (state == TrainingPool::State::kDone) break;
        if (state == TrainingPool::State::kFailed) {
          result.problem = pool_.problem(training);
          progress.add_work(-parts_.patterns(row));
          return result;
        }
        const std::string news = pool_.news();
        progress.advance(0, news.empty()
                                ? "another study trains " + pool_.network(training).stem().string()
                                : news);
        std::this_thread::sleep_for(kPause);
      }
      files.push_back(pool_.network(training));
    }
    for (const fs::path& file : files) {
      if (result.problem.empty()) evaluate(row, file, bench, progress, result);
    }
    if (!result.problem.empty()) result.cells.clear();
    for (Cell& cell : result.cells) cell.spread = spread_of(cell);
    return result;
  }

  static results::ErrorSpread spread_of(const Cell& cell) {
    if (cell.is_error()) return results::error_spread_of_networks(cell.wrong);
    std::vector<double> means;
    for (const std::vector<double>& samples : cell.samples) {
      means.push_back(results::spread(samples).mean);
    }
    const std::vector<double>& values = means.size() == 1 ? cell.samples[0] : means;
    const bool positive =
        std::all_of(values.begin(), values.end(), [](double value) { return value >= 0.0; });
    return {positive ? results::positive_spread(values) : results::spread(values), {}, {}};
  }

  void evaluate(const Row& row, const fs::path& file, const Bench& bench, Progress& progress,
                RowResult& result) {
    std::optional<experiment::Model> model;
    try {
      model = load_network(row, file);
    } catch (const InputError& error) {
      result.problem = error.what();
      return;
    }
    result.networks.push_back({model->name, file, model->sha256});
    result.histograms.emplace_back();
    for (const NamedEvaluation& named : study_.evaluations) {
      if (!row.uses(named.name)) continue;
      const std::int64_t before = ticks_;
      const std::int64_t expected = named.evaluation->patterns(model->network.get());
      progress.add_work(expected - named.evaluation->patterns(nullptr));
      measure(row, named, *model, bench, result);
      progress.add_work(ticks_ - before - expected);
    }
  }

  /// Adds what was measured to the row's cells. If it cannot be measured, removes the cells.
  void measure(const Row& row, const NamedEvaluation& named, const experiment::Model& model,
               const Bench& bench, RowResult& result) {
    const auto misfit = std::find_if(result.misfits.begin(), result.misfits.end(),
                                     [&](const auto& entry) { return entry.first == named.name; });
    if (misfit != result.misfits.end()) return;  // on another network of the row
    Findings findings;
    try {
      findings = named.evaluation->run(model, bench);
    } catch (const Misfit& error) {
      const auto cells = std::remove_if(result.cells.begin(), result.cells.end(),
                                        [&](const Cell& c) { return c.evaluation == named.name; });
      result.cells.erase(cells, result.cells.end());
      result.misfits.emplace_back(
          named.name, fmt::format("{}: evaluation {} does not fit row {}: {}", row.where,
                                  named.name, in_quotes(row.name), error.what()));
      return;
    }
    const auto published = row.published.find(named.name);
    for (std::size_t k = 0; k < findings.values.size(); ++k) {
      const Value& value = findings.values[k];
      Cell* cell = const_cast<Cell*>(result.find(named.name, value.label));
      if (cell == nullptr) {
        cell = &result.cells.emplace_back();
        cell->evaluation = named.name;
        cell->header = {value.label, value.unit, value.at, {}, {}};
        if (published != row.published.end()) cell->published = published->second.at(k);
      }
      cell->samples.push_back(value.samples);
      if (!value.wrong.empty()) cell->wrong.push_back(value.wrong);
      cell->positions.push_back(value.positions);
      cell->drawn.push_back(value.drawn);
    }
    result.histograms.back().insert(result.histograms.back().end(), findings.histograms.begin(),
                                    findings.histograms.end());
  }

  void describe(StudyResult& result) {
    result.file = study_.file;
    result.name = study_.name;
    result.title = study_.title;
    result.source = study_.source;
    result.published_title = study_.published_title;
    for (const NamedEvaluation& named : study_.evaluations) {
      const bool used = std::any_of(rows_.begin(), rows_.end(),
                                    [&](const Row* row) { return row->uses(named.name); });
      if (!used) continue;
      const Setting& setting = named.evaluation->setting();
      result.evaluations.push_back({named.name, setting, datasets_.images(setting).count,
                                    datasets_.images(setting).labelled(), named.evaluation->axis(),
                                    named.evaluation->drawn(), named.evaluation->on_places(),
                                    named.evaluation->steps()});
    }
  }

  void compare(StudyResult& result) const {
    const auto cell_of = [&](const std::string& row,
                             const ComparisonChoice& choice) -> const Cell* {
      for (const RowResult& other : result.rows) {
        if (other.name == row) return other.find(choice.evaluation, choice.label);
      }
      return nullptr;
    };
    for (const ComparisonChoice& choice : study_.comparisons) {
      ComparisonResult comparison{choice, std::nullopt};
      const Cell* higher = cell_of(choice.higher, choice);
      const Cell* lower = cell_of(choice.lower, choice);
      if (higher != nullptr && lower != nullptr) {
        comparison.difference = results::difference(higher->wrong, lower->wrong);
      }
      result.comparisons.push_back(std::move(comparison));
    }
    // Over all comparisons of the study: to run only a part of it makes none of them more certain.
    std::vector<results::Difference*> differences;
    for (ComparisonResult& comparison : result.comparisons) {
      differences.push_back(comparison.difference ? &*comparison.difference : nullptr);
    }
    results::adjust_together(differences);
  }

  StudyParts parts_;
  const StudyFile& study_;
  const StudyOptions& options_;
  const std::vector<const Row*>& rows_;
  Datasets& datasets_;
  TrainingPool& pool_;
  std::int64_t ticks_ = 0;             // patterns so far
  std::vector<std::int64_t> counted_;  // work of each training that is shown as done
};

}  // namespace

std::string store_identity(const std::string& study) {
  return json_text(Json{{"study", study}}, 2) + "\n";
}

results::StoreKind store_kind() {
  return {"study",
          "study-identity.json",
          {"table.md", "table.csv", "samples.csv", "study.json", "study.gp", "study.dat",
           "study.svg", "histograms.csv", "histograms.gp", "histograms.dat", "histograms.svg"}};
}

std::vector<const Row*> chosen_rows(const StudyFile& study, const std::vector<std::string>& only) {
  std::vector<const Row*> rows;
  std::vector<std::string> names;
  for (const Row& row : study.rows) {
    names.push_back(row.name);
    if (only.empty() || std::find(only.begin(), only.end(), row.name) != only.end()) {
      rows.push_back(&row);
    }
  }
  for (const std::string& name : only) {
    if (study.find_row(name) != nullptr) continue;
    const std::string near = did_you_mean(name, names);
    throw InputError(
        "{}: {} has no row {}; {}", Field{"only"}, study.file.string(), in_quotes(name),
        near.empty() ? fmt::format("it has \"{}\"", fmt::join(names, "\", \"")) : near);
  }
  return rows;
}

StudyResult run_study(const StudyFile& study, const StudyOptions& options) {
  return Run(study, options).run();
}

int serve_study(const StudyFile& study, const StudyOptions& options) {
  StudyParts parts(study, options);
  StudyWorker worker(parts, options.threads);
  return workers::serve(
      *options.ranks, parts.identity(),
      [&](const std::string& job, results::RowStore& store) { worker.run(job, store); });
}

std::int64_t run_study_shard(const StudyFile& study, const StudyOptions& options,
                             const workers::Shard& shard) {
  StudyParts parts(study, options);
  parts.pool.check(options.threads);
  const Json identity = parts.identity();
  if (!is_alone(options)) workers::expect_agreement(*options.ranks, identity);
  results::Store store(options.folder, runs::shard_identity(json_text(identity), shard),
                       runs::shard_kind());
  results::AddedRows rows(store);
  workers::Alone alone;
  compute_on_ranks(parts, is_alone(options) ? alone : *options.ranks, shard, rows);
  store.commit();
  const runs::StudyOfShard record{fs::absolute(study.file), options.only, options.trainings_folder};
  runs::write_record({shard, {}, record}, json_text(identity), options.folder);
  return store.size();
}

StudyResult merge_study_shards(const StudyFile& study, const StudyOptions& options,
                               const std::vector<fs::path>& shards, const Json& identity) {
  {
    StudyParts parts(study, options);
    const std::string other = first_difference(identity, parts.identity(), "in the shards", "here");
    if (!other.empty()) {
      throw InputError("{}: the shards are of another study: {}", study.file.string(), other);
    }
    for (std::size_t i = 0; i < parts.pool.size(); ++i) {
      if (parts.pool.state(i) == TrainingPool::State::kDone) continue;
      throw InputError(
          "{}: missing, or not the network of this training; expected the trainings of the shards "
          "in {}, or {} to say where they are",
          parts.pool.network(i).string(), options.trainings_folder.string(), Field{"trainings"});
    }
  }
  runs::merge_rows(shards, store_identity(study.name), store_kind(), options.folder);
  return run_study(study, options);
}

}  // namespace brownout::study
