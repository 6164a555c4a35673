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
#include "sim/study/training_pool.hpp"

namespace brownout::study {

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

/// For the progress display: an epoch takes about as long as this many patterns.
constexpr std::int64_t kPatternsPerEpoch = 50;
constexpr auto kPause = std::chrono::milliseconds(100);

class Run {
 public:
  Run(const StudyFile& study, const StudyOptions& options)
      : study_(study),
        options_(options),
        rows_(chosen_rows(study, options.only)),
        pool_({options.trainings_folder, options.find_trainer,
               std::max(1, options.threads / study.training_threads), study.training_threads},
              datasets_) {}

  StudyResult run() {
    const auto start = Clock::now();
    plan();
    pool_.check(options_.threads);
    results::Store store(options_.folder, json_text(Json{{"study", study_.name}}, 2) + "\n",
                         store_kind());
    Progress progress("study", work(), options_.quiet);
    const Bench bench{store, datasets_, options_.threads, [&](const std::string& note) {
                        pump(progress);
                        ++ticks_;
                        progress.advance(1, note);
                      }};
    StudyResult result;
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      result.rows.push_back(run_row(*rows_[i], planned_[i], bench, progress));
    }
    progress.finish();
    store.commit();
    describe(result);
    compare(result);
    result.seconds = std::chrono::duration<double>(Clock::now() - start).count();
    return result;
  }

 private:
  /// Before anything takes time, all data sets must be there, all networks must be readable, and
  /// all trainings must be known.
  void plan() {
    std::vector<std::pair<std::string, std::string>> problems;  // what is wrong, rows
    for (const Row* row : rows_) {
      std::vector<std::size_t> numbers;
      try {
        for (const NamedEvaluation& named : study_.evaluations) {
          if (row->uses(named.name)) datasets_.images(named.evaluation->setting());
        }
        if (!row->network.empty()) load(*row, row->network);
        for (const TrainingChoice& choice : row->trainings) numbers.push_back(pool_.add(choice));
      } catch (const InputError& error) {
        const std::string what = error.text();
        const auto known = std::find_if(problems.begin(), problems.end(),
                                        [&](const auto& entry) { return entry.first == what; });
        if (known == problems.end()) {
          problems.emplace_back(what, in_quotes(row->name));
        } else {
          known->second += ", " + in_quotes(row->name);
        }
      }
      planned_.push_back(std::move(numbers));
    }
    if (problems.empty()) return;
    throw InputError(
        "{}: {} cannot run: {}{}{}", study_.file.string(), problems[0].second, problems[0].first,
        problems.size() == 1 ? "" : fmt::format(" (and {} more)", problems.size() - 1),
        options_.only.empty() ? fmt::format("; {} NAME runs other rows", Field{"only"}) : "");
  }

  std::int64_t work() const {
    std::int64_t total = 0;
    for (std::size_t i = 0; i < pool_.size(); ++i) total += work_of(i);
    for (const Row* row : rows_) total += patterns(*row);
    return total;
  }
  /// The problem of all its networks, which need not be there yet.
  std::int64_t patterns(const Row& row) const {
    const std::size_t networks = row.network.empty() ? row.trainings.size() : 1;
    std::int64_t total = 0;
    for (const NamedEvaluation& named : study_.evaluations) {
      if (row.uses(named.name)) total += named.evaluation->patterns(nullptr);
    }
    return static_cast<std::int64_t>(networks) * total;
  }
  std::int64_t work_of(std::size_t training) const {
    return pool_.exports_only(training) ? 1 : kPatternsPerEpoch * pool_.epochs(training);
  }

  void pump(Progress& progress) {
    pool_.pump();
    counted_.resize(pool_.size(), 0);
    for (std::size_t i = 0; i < pool_.size(); ++i) {
      const auto done = static_cast<std::int64_t>(pool_.share(i) * static_cast<double>(work_of(i)));
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
          progress.add_work(-patterns(row));
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

  /// The network with its weights scaled as the row says.
  static experiment::Model load(const Row& row, const fs::path& file) {
    experiment::Model model = experiment::load_model(file);
    if (row.scale != 1.0) {
      model.network = network::share(scaled(*model.network, row.scale, row.where));
      model.sha256 = sha256_hex(fmt::format("{} scaled {}", model.sha256, row.scale));
    }
    return model;
  }

  void evaluate(const Row& row, const fs::path& file, const Bench& bench, Progress& progress,
                RowResult& result) {
    std::optional<experiment::Model> model;
    try {
      model = load(row, file);
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

  const StudyFile& study_;
  const StudyOptions& options_;
  std::vector<const Row*> rows_;
  Datasets datasets_;
  TrainingPool pool_;
  std::vector<std::vector<std::size_t>> planned_;  // trainings of each row
  std::int64_t ticks_ = 0;                         // patterns so far
  std::vector<std::int64_t> counted_;              // work of each that is shown as done
};

}  // namespace

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

}  // namespace brownout::study
