// SPDX-License-Identifier: Apache-2.0
#include "sim/study/study_parts.hpp"

#include <algorithm>
#include <utility>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/base/text.hpp"

namespace brownout::study {

namespace fs = std::filesystem;

StudyParts::StudyParts(const StudyFile& file, const StudyOptions& how,
                       std::shared_ptr<Datasets> sets)
    : study(file),
      options(how),
      rows(chosen_rows(file, how.only)),
      datasets(std::move(sets)),
      pool({how.trainings_folder, how.find_trainer,
            std::max(1, how.threads / file.training_threads), file.training_threads},
           *datasets) {
  plan();
}

void StudyParts::plan() {
  std::vector<std::pair<std::string, std::string>> problems;  // what is wrong, rows
  for (const Row* row : rows) {
    std::vector<std::size_t> numbers;
    try {
      for (const NamedEvaluation& named : study.evaluations) {
        if (row->uses(named.name)) datasets->images(named.evaluation->setting());
      }
      if (!row->network.empty()) load_network(*row, row->network);
      for (const TrainingChoice& choice : row->trainings) numbers.push_back(pool.add(choice));
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
    trainings.push_back(std::move(numbers));
  }
  if (problems.empty()) return;
  throw InputError(
      "{}: {} cannot run: {}{}{}", study.file.string(), problems[0].second, problems[0].first,
      problems.size() == 1 ? "" : fmt::format(" (and {} more)", problems.size() - 1),
      options.only.empty() ? fmt::format("; {} NAME runs other rows", Field{"only"}) : "");
}

Json StudyParts::identity() {
  Json json = {{"study_version", kStudyVersion},
               {"study", study.name},
               {"file_sha256", sha256_hex(read_file(study.file))},
               {"images", Json::object()},
               {"rows", Json::array()}};
  for (const NamedEvaluation& named : study.evaluations) {
    const Setting& setting = named.evaluation->setting();
    const bool used = std::any_of(rows.begin(), rows.end(),
                                  [&](const Row* row) { return row->uses(named.name); });
    if (used) json["images"][named.name] = datasets->get(setting).sha256;
  }
  for (std::size_t i = 0; i < rows.size(); ++i) {
    Json row = {{"name", rows[i]->name}};
    if (!rows[i]->network.empty()) row["network"] = sha256_hex(read_file(rows[i]->network));
    for (const std::size_t training : trainings[i]) row["trainings"].push_back(pool.key(training));
    json["rows"].push_back(std::move(row));
  }
  return json;
}

std::int64_t StudyParts::work() const {
  std::int64_t total = 0;
  for (std::size_t i = 0; i < pool.size(); ++i) total += work_of(i);
  for (const Row* row : rows) total += patterns(*row);
  return total;
}

std::int64_t StudyParts::patterns(const Row& row) const {
  const std::size_t networks = row.network.empty() ? row.trainings.size() : 1;
  std::int64_t total = 0;
  for (const NamedEvaluation& named : study.evaluations) {
    if (row.uses(named.name)) total += named.evaluation->patterns(nullptr);
  }
  return static_cast<std::int64_t>(networks) * total;
}

std::int64_t StudyParts::work_of(std::size_t training) const {
  return pool.exports_only(training) ? 1 : kPatternsPerEpoch * pool.epochs(training);
}

experiment::Model load_network(const Row& row, const fs::path& file) {
  experiment::Model model = experiment::load_model(file);
  if (row.scale != 1.0) {
    model.network = network::share(scaled(*model.network, row.scale, row.where));
    model.sha256 = sha256_hex(fmt::format("{} scaled {}", model.sha256, row.scale));
  }
  return model;
}

}  // namespace brownout::study
