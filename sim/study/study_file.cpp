// SPDX-License-Identifier: Apache-2.0
// The strict reading of a study; docs/studies.md lists the keys.
#include "sim/study/study_file.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "sim/base/error.hpp"
#include "sim/base/shipped.hpp"
#include "sim/study/training_identity.hpp"

namespace brownout::study {

namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kMaxEpochs = 100'000;
constexpr std::int64_t kMaxTrainingThreads = 256;

/// What rows of trainings share.
struct SharedTraining {
  fs::path config;  // empty: every row names its own
  std::vector<std::string> assignments;
  std::vector<std::int64_t> seeds;
};

using Published = std::map<std::string, std::vector<std::optional<double>>>;

Published read_published(YamlMap& row, const StudyFile& study, const Row& so_far) {
  Published published;
  std::optional<YamlMap> map = row.optional_map("published");
  if (!map) return published;
  for (const std::string& key : map->keys()) {
    if (study.find_evaluation(key) != nullptr) continue;
    std::vector<std::string> names;
    for (const NamedEvaluation& named : study.evaluations) names.push_back(named.name);
    map->fail(key, fmt::format("expected an evaluation of the study: {}", fmt::join(names, ", ")));
  }
  for (const NamedEvaluation& named : study.evaluations) {
    if (!map->has(named.name)) continue;
    const std::vector<std::string> texts = map->texts(named.name);
    const std::size_t columns = named.evaluation->labels().size();
    if (columns == 0) {
      map->fail(named.name, "its columns depend on the network; expected no published values");
    }
    if (texts.size() != columns) {
      map->fail(named.name,
                fmt::format("expected a list of {}, one for each column ({}), got {}", columns,
                            fmt::join(named.evaluation->labels(), "; "), texts.size()));
    }
    if (!so_far.uses(named.name)) map->fail(named.name, "this row does not use that evaluation");
    for (const std::string& text : texts) {
      std::optional<double> value;
      if (text != "none") {
        double number = 0.0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(number)) {
          map->fail(named.name, "expected numbers or none, got " + in_quotes(text));
        }
        value = number;
      }
      published[named.name].push_back(value);
    }
  }
  map->finish();
  return published;
}

void read_trainings(YamlMap& map, const SharedTraining& shared, Row& row) {
  TrainingChoice choice;
  choice.where = row.where;
  choice.config =
      map.has("training") ? shipped_input_file(map, "training", kShippedTrainings) : shared.config;
  choice.assignments = shared.assignments;
  const std::vector<std::string> own = map.assignments("set", false);
  choice.assignments.insert(choice.assignments.end(), own.begin(), own.end());
  for (const std::string& assignment : choice.assignments) {
    if (assignment.rfind("output=", 0) != 0) continue;
    throw InputError("{}: set {}: trained networks lie in the folder of {}; expected none",
                     row.where, in_quotes(assignment), Field{"trainings"});
  }
  choice.exported = map.assignments("export", false);
  std::vector<std::int64_t> seeds = map.integers("seeds", 0, std::int64_t{1} << 62, false);
  if (seeds.empty()) seeds = shared.seeds;
  for (std::size_t i = 0; i < seeds.size(); ++i) {
    if (std::count(seeds.begin(), seeds.end(), seeds[i]) > 1) {
      map.fail("seeds", fmt::format("{} is listed twice", seeds[i]));
    }
  }
  const auto add = [&](const std::string& seed) {
    TrainingChoice one = choice;
    if (!seed.empty()) one.assignments.push_back("seed=" + seed);
    std::vector<std::string> all = one.assignments;
    all.insert(all.end(), one.exported.begin(), one.exported.end());
    try {
      note_training_inputs(one.config, all);  // which also says whether it is YAML
    } catch (const InputError& error) {
      throw InputError("{}: {}", row.where, error.text());
    }
    row.trainings.push_back(std::move(one));
  };
  if (seeds.empty()) add("");
  for (const std::int64_t seed : seeds) add(std::to_string(seed));
}

Row read_row(YamlMap map, const StudyFile& study, const SharedTraining& shared) {
  map.expect({"name", "network", "training", "set", "export", "seeds", "scale_weights",
              "evaluations", "published"});
  Row row;
  row.name = map.name("name");
  row.where = map.where("name");
  if (study.find_row(row.name) != nullptr) {
    map.fail("name", fmt::format("two rows are named {}", in_quotes(row.name)));
  }
  if (map.has("network")) {
    for (const char* key : {"training", "set", "export", "seeds"}) {
      if (map.has(key)) map.fail(key, "is of trainings; expected none with network");
    }
    row.network = shipped_input_file(map, "network", kShippedNetworks);
  } else if (map.has("training") || !shared.config.empty()) {
    read_trainings(map, shared, row);
  } else {
    map.fail("name", "expected network: FILE.onnx or training: FILE.yaml");
  }
  row.scale = map.number("scale_weights", 1e-6, 1e6, 1.0);
  row.evaluations = map.texts("evaluations", false);
  for (const std::string& name : row.evaluations) {
    if (study.find_evaluation(name) != nullptr) continue;
    map.fail("evaluations", fmt::format("{} is none of the study's", in_quotes(name)));
  }
  row.published = read_published(map, study, row);
  map.finish();
  return row;
}

std::vector<NamedEvaluation> read_evaluations(YamlMap& root, const Setting& defaults) {
  std::vector<NamedEvaluation> evaluations;
  YamlMap map = root.map("evaluations");
  for (const std::string& name : map.keys()) {
    evaluations.push_back({name, make_evaluation(map.map(name), defaults)});
  }
  if (evaluations.empty()) root.fail("evaluations", "expected at least one");
  map.finish();
  return evaluations;
}

/// {higher: A, lower: B, at: [0.005], evaluation: NAME}; without `at` all columns, and the only
/// evaluation on chips when none is named.
void read_comparison(YamlMap map, StudyFile& study) {
  map.expect({"higher", "lower", "evaluation", "at"});
  ComparisonChoice choice;
  choice.higher = map.text("higher");
  choice.lower = map.text("lower");
  for (const auto& [key, name] : {std::pair{"higher", choice.higher}, {"lower", choice.lower}}) {
    if (study.find_row(name) == nullptr) {
      map.fail(key, fmt::format("no row is named {}", in_quotes(name)));
    }
  }
  if (choice.higher == choice.lower) map.fail("lower", "expected another row than higher");

  std::vector<std::string> possible;
  for (const NamedEvaluation& named : study.evaluations) {
    if (named.evaluation->on_chips()) possible.push_back(named.name);
  }
  if (map.has("evaluation")) {
    choice.evaluation = map.text("evaluation");
    if (std::find(possible.begin(), possible.end(), choice.evaluation) == possible.end()) {
      map.fail("evaluation", fmt::format("expected one on chips ({}), got {}",
                                         fmt::join(possible, ", "), in_quotes(choice.evaluation)));
    }
  } else if (possible.size() == 1) {
    choice.evaluation = possible[0];
  } else {
    map.fail("higher",
             fmt::format("expected the key evaluation: one of {}", fmt::join(possible, ", ")));
  }
  for (const auto& [key, name] : {std::pair{"higher", choice.higher}, {"lower", choice.lower}}) {
    if (!study.find_row(name)->uses(choice.evaluation)) {
      map.fail(key, fmt::format("row {} does not use evaluation {}", in_quotes(name),
                                choice.evaluation));
    }
  }
  const Evaluation& evaluation = *study.find_evaluation(choice.evaluation);
  const std::vector<std::string> labels = evaluation.labels();
  const std::vector<double> at = map.numbers("at", 0.0, 10.0, false);
  map.finish();
  std::vector<std::string> chosen;
  for (const double place : at) {
    const std::string label = evaluation.label_at(place);
    if (label.empty()) {
      map.fail("at", fmt::format("{} is no column of evaluation {} ({})", place, choice.evaluation,
                                 fmt::join(labels, "; ")));
    }
    chosen.push_back(label);
  }
  if (at.empty()) chosen = labels;
  if (chosen.empty()) {
    map.fail("evaluation", "its columns depend on the network; comparisons need fixed ones");
  }
  for (const std::string& label : chosen) {
    choice.label = label;
    study.comparisons.push_back(choice);
  }
}

std::string optional_name(YamlMap& map, const char* key, const std::string& fallback) {
  return map.text(key, fallback) == fallback ? fallback : map.name(key);
}

SharedTraining read_shared(YamlMap& root) {
  SharedTraining shared;
  if (root.has("training")) {
    shared.config = shipped_input_file(root, "training", kShippedTrainings);
  }
  shared.assignments = root.assignments("set", false);
  const std::int64_t epochs = root.integer("epochs", 1, kMaxEpochs, 0);
  if (epochs > 0) shared.assignments.push_back(fmt::format("schedule.epochs={}", epochs));
  shared.seeds = root.integers("seeds", 0, std::int64_t{1} << 62, false);
  return shared;
}

}  // namespace

bool Row::uses(const std::string& evaluation) const {
  return evaluations.empty() ||
         std::find(evaluations.begin(), evaluations.end(), evaluation) != evaluations.end();
}

const Row* StudyFile::find_row(const std::string& row) const {
  const auto found =
      std::find_if(rows.begin(), rows.end(), [&](const Row& other) { return other.name == row; });
  return found == rows.end() ? nullptr : &*found;
}

const Evaluation* StudyFile::find_evaluation(const std::string& evaluation) const {
  for (const NamedEvaluation& named : evaluations) {
    if (named.name == evaluation) return named.evaluation.get();
  }
  return nullptr;
}

StudyFile load_study(const fs::path& file) {
  YamlMap root = YamlMap::load(file);
  std::vector<std::string> keys = setting_keys();
  keys.insert(keys.end(), {"title", "source", "published_title", "training_threads", "training",
                           "set", "epochs", "seeds", "evaluations", "rows", "compare"});
  root.expect(keys);
  StudyFile study;
  study.file = file;
  study.name = file.stem().string();
  study.title = root.name("title");
  study.source = optional_name(root, "source", "");
  study.published_title = optional_name(root, "published_title", study.published_title);
  study.training_threads =
      static_cast<int>(root.integer("training_threads", 1, kMaxTrainingThreads, 1));
  const Setting defaults = read_setting(root, {});
  const SharedTraining shared = read_shared(root);
  study.evaluations = read_evaluations(root, defaults);
  for (YamlMap& row : root.maps("rows")) {
    study.rows.push_back(read_row(std::move(row), study, shared));
  }
  for (YamlMap& comparison : root.maps("compare", false)) {
    read_comparison(std::move(comparison), study);
  }
  root.finish();
  return study;
}

}  // namespace brownout::study
