// SPDX-License-Identifier: Apache-2.0
// Settings, data sets, the store that holds every number, and the list of kinds.
#include "sim/study/evaluation.hpp"

#include <algorithm>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/data/data_file.hpp"
#include "sim/engines/evaluate.hpp"
#include "sim/runs/sweep_file.hpp"

namespace brownout::study {

namespace {

int index_of(const std::vector<std::string>& names, const std::string& name) {
  return static_cast<int>(std::find(names.begin(), names.end(), name) - names.begin());
}

}  // namespace

const std::vector<std::string>& setting_keys() {
  static const std::vector<std::string> keys{"dataset", "data_folder", "split", "images",
                                             "engine",  "chips",       "seed"};
  return keys;
}

Setting read_setting(YamlMap& map, Setting setting) {
  experiment::Images& images = setting.setup.images;
  const data::DataName name =
      data::read_data_name(map, "dataset", data::DataName{images.dataset, images.data_file});
  images.dataset = name.text;
  images.data_file = name.file;
  images.folder = map.path("data_folder", images.folder);
  const bool train =
      map.choice("split", {"train", "test"}, images.split == data::Split::kTrain ? 0 : 1) == 0;
  images.split = train ? data::Split::kTrain : data::Split::kTest;
  images.count = map.integer("images", 1, runs::kMaxImages, images.count);
  for (const char* key : {"data_folder", "images"}) {
    if (map.has(key)) setting.places[key] = map.where(key);
  }
  // Studies have no accelerator, so they do not have the engine that needs one.
  const std::vector<std::string>& engines = engines::engine_names();
  std::string& engine = setting.setup.engine;
  engine =
      engines[static_cast<std::size_t>(map.choice("engine", engines, index_of(engines, engine)))];
  setting.chips = map.integer("chips", 1, runs::kMaxChips, setting.chips);
  setting.seed = static_cast<std::uint64_t>(
      map.integer("seed", 0, runs::kMaxSeed, static_cast<std::int64_t>(setting.seed)));
  return setting;
}

const Datasets::Entry& Datasets::get(const Setting& setting) {
  const experiment::Images& images = setting.setup.images;
  const bool own = !images.data_file.empty();
  const std::lock_guard<std::mutex> lock(mutex_);
  std::unique_ptr<Entry>& entry = entries_[std::make_tuple(
      own ? images.data_file.string() : images.dataset, images.folder.string(),
      images.split == data::Split::kTrain, own ? images.count : 0)];
  if (!entry) {
    const auto data = std::make_shared<const data::Dataset>(
        name_fields(setting.places, [&] { return experiment::load_dataset(images); }));
    entry = std::make_unique<Entry>(Entry{data, data::dataset_sha256(*data)});
  }
  return *entry;
}

experiment::OpenImages Datasets::images(const Setting& setting) {
  const Entry& entry = get(setting);
  return name_fields(setting.places, [&] {
    return experiment::OpenImages{entry.data,
                                  experiment::count_of(setting.setup.images, *entry.data)};
  });
}

StoredRow Bench::remember(const Json& key, const std::function<Json()>& compute) const {
  const std::string hash = sha256_hex(json_text(key));
  if (const std::optional<std::string> row = store.find(hash)) {
    return {parse_json(*row, store.place(hash)), store.place(hash)};
  }
  Json computed = on_network(compute);
  store.append(hash, json_text(computed));
  return {std::move(computed), store.place(hash)};
}

Json base_key(const experiment::Model& model, const Setting& setting, const Bench& bench) {
  return {{"study_version", kStudyVersion},
          {"model_sha256", model.sha256},
          {"dataset",
           {{"name", setting.setup.images.dataset},
            {"split", experiment::to_string(setting.setup.images.split)},
            {"images", bench.datasets.images(setting).count},
            {"sha256", bench.datasets.get(setting).sha256}}},
          {"engine", setting.setup.engine}};
}

void expect_fits(const experiment::Model& model, const data::Dataset& data) {
  try {
    engines::check_fits(*model.network, data, model.file.string());
  } catch (const InputError& error) {
    throw Misfit(error.what());
  }
}

std::string drawn_text(const Setting& setting, const char* what) {
  return fmt::format("{} {}{} from seed {}", setting.chips, what, setting.chips == 1 ? "" : "s",
                     setting.seed);
}

std::string percent_text(double share) {
  // The shortest decimal for the percentage that was meant, not 0.30000000000000004.
  return fmt::format("{:.6g} %", 100.0 * share);
}

std::unique_ptr<Evaluation> make_evaluation(YamlMap map, const Setting& defaults) {
  struct Kind {
    const char* name;
    std::unique_ptr<Evaluation> (*make)(YamlMap&, const Setting&);
    std::vector<std::string> keys;  // beside kind and those of a setting
  };
  const std::vector<Kind> kinds{{"clean", make_clean, {"batch_statistics", "batch"}},
                                {"errors",
                                 make_errors,
                                 {"rates", "voltages", "technology", "profile", "count", "p_err",
                                  "only_layers", "only_bits", "batch_statistics", "batch"}},
                                {"layers", make_layers, {"rate"}},
                                {"noise", make_noise, {"shares"}},
                                {"weight-error", make_weight_error, {"rate", "codings"}},
                                {"redundancy", make_redundancy, {"rate"}},
                                {"histograms", make_histograms, {"rate", "bins"}},
                                {"margin", make_margin, {}}};
  std::vector<std::string> names;
  for (const Kind& kind : kinds) names.push_back(kind.name);
  const Kind& kind = kinds[static_cast<std::size_t>(map.choice("kind", names))];
  std::vector<std::string> keys = setting_keys();
  keys.emplace_back("kind");
  keys.insert(keys.end(), kind.keys.begin(), kind.keys.end());
  map.expect(keys);
  const Setting setting = read_setting(map, defaults);
  std::unique_ptr<Evaluation> evaluation = kind.make(map, setting);
  map.finish();
  return evaluation;
}

}  // namespace brownout::study
