// SPDX-License-Identifier: Apache-2.0
// Settings, data sets, the store that holds every number, and the list of kinds.
#include "sim/study/evaluation.hpp"

#include <algorithm>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/engines/evaluate.hpp"
#include "sim/sweep/configuration.hpp"

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
  const std::vector<std::string>& datasets = data::dataset_names();
  setting.dataset = datasets[static_cast<std::size_t>(
      map.choice("dataset", datasets, index_of(datasets, setting.dataset)))];
  setting.data_folder = map.path("data_folder", setting.data_folder);
  if (map.has("data_folder")) setting.data_origin = map.where("data_folder");
  const bool train =
      map.choice("split", {"train", "test"}, setting.split == data::Split::kTrain ? 0 : 1) == 0;
  setting.split = train ? data::Split::kTrain : data::Split::kTest;
  setting.images = map.integer("images", 1, 100'000'000, setting.images);
  if (map.has("images")) setting.images_origin = map.where("images");
  // Studies have no accelerator, so they do not have the engine that needs one.
  const std::vector<std::string>& engines = engines::engine_names();
  setting.engine = engines[static_cast<std::size_t>(
      map.choice("engine", engines, index_of(engines, setting.engine)))];
  setting.chips = map.integer("chips", 1, sweep::kMaxChips, setting.chips);
  setting.seed = static_cast<std::uint64_t>(
      map.integer("seed", 0, sweep::kMaxSeed, static_cast<std::int64_t>(setting.seed)));
  return setting;
}

const Datasets::Entry& Datasets::get(const Setting& setting) {
  const auto key = std::make_tuple(setting.dataset, setting.data_folder.string(),
                                   setting.split == data::Split::kTrain);
  std::unique_ptr<Entry>& entry = entries_[key];
  if (entry) return *entry;
  auto loaded = std::make_unique<Entry>();
  try {
    loaded->data = data::load_dataset(setting.dataset, setting.split, setting.data_folder);
  } catch (const InputError& error) {
    if (setting.data_origin.empty()) throw;
    throw InputError("{}: {}", setting.data_origin, error.what());
  }
  loaded->sha256 = data::dataset_sha256(loaded->data);
  entry = std::move(loaded);
  return *entry;
}

std::int64_t Datasets::images(const Setting& setting) {
  const std::int64_t there = get(setting).data.size();
  if (setting.images == 0) return there;
  if (setting.images > there) {
    throw InputError("{}: expected an integer in [1, {}], the images of {} ({}), got {}",
                     setting.images_origin, there, setting.dataset, sweep::to_string(setting.split),
                     setting.images);
  }
  return setting.images;
}

StoredRow Bench::remember(const Json& key, const std::function<Json()>& compute) const {
  const std::string hash = sha256_hex(json_text(key));
  if (const std::string* row = store.find(hash)) {
    return {parse_json(*row, store.place(hash)), store.place(hash)};
  }
  Json computed = on_network(compute);
  store.append(hash, json_text(computed));
  return {std::move(computed), store.place(hash)};
}

Json base_key(const sweep::Model& model, const Setting& setting, const Bench& bench) {
  return {{"study_version", kStudyVersion},
          {"model_sha256", model.sha256},
          {"dataset",
           {{"name", setting.dataset},
            {"split", sweep::to_string(setting.split)},
            {"images", bench.datasets.images(setting)},
            {"sha256", bench.datasets.get(setting).sha256}}},
          {"engine", setting.engine}};
}

void expect_fits(const sweep::Model& model, const data::Dataset& data) {
  try {
    engines::check_fits(model.network, data, model.file.string());
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
