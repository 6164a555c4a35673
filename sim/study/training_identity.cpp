// SPDX-License-Identifier: Apache-2.0
// Configuration and architecture in canonical form, hashes of everything else.
#include "sim/study/training_identity.hpp"

#include <optional>
#include <system_error>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/base/json.hpp"
#include "sim/base/outputs.hpp"
#include "sim/base/yaml.hpp"
#include "sim/data/data_file.hpp"
#include "sim/import/graph.hpp"
#include "sim/memory/transient.hpp"

namespace brownout::study {

namespace fs = std::filesystem;

namespace {

constexpr int kTrainingVersion = 1;

/// The hash of the file that a chip's text names ("FILE.h5,offset=3"), or "" when it names none.
std::string pattern_sha256(const std::string& pattern, const fs::path& folder) {
  const fs::path file = folder / pattern.substr(0, pattern.find(','));
  std::error_code error;
  return fs::is_regular_file(file, error) ? sha256_hex(read_file(file)) : "";
}

/// The file of the network: an architecture, or a float network that the training starts from.
struct TrainedFile {
  std::string key;  // that names the file
  fs::path file;
  bool starts = false;
};

TrainedFile trained_file(YamlMap& root) {
  if (!root.has("initial"))
    return {"architecture.file", root.map("architecture").input_file("file")};
  if (!root.holds_map("initial")) return {"initial", root.input_file("initial"), true};
  return {"initial.file", root.map("initial").input_file("file"), true};
}

}  // namespace

void note_training_inputs(const fs::path& config, const std::vector<std::string>& assignments) {
  YamlMap root = YamlMap::load(config, assignments);
  const auto attempt = [](const auto& read) {
    try {
      read();
    } catch (const InputError&) {
    }
  };
  attempt([&] { trained_file(root); });
  attempt([&] {
    YamlMap dataset = root.map("dataset");
    data::read_data_name(dataset, "name");
  });
  attempt([&] {
    std::optional<YamlMap> errors = root.optional_map("bit_errors");
    if (!errors) return;
    if (errors->has("pattern")) {
      note_inputs_within(errors->text("pattern"), fs::absolute(config).parent_path());
    }
    if (errors->has("technology")) errors->input_file("technology");
  });
}

std::string training_identity(const std::filesystem::path& config,
                              const std::vector<std::string>& assignments, int threads,
                              const std::string& exported_from, Datasets& datasets) {
  YamlMap root = YamlMap::load(config, assignments);
  const TrainedFile network = trained_file(root);
  YamlMap dataset = root.map("dataset");
  Setting data;
  experiment::Images& images = data.setup.images;
  const data::DataName name = data::read_data_name(dataset, "name");
  images.dataset = name.text;
  images.data_file = name.file;
  images.split = data::Split::kTrain;
  data.places["data"] = "dataset.folder";
  if (dataset.has("folder")) {
    images.folder = dataset.path("folder");
    data.places["data_folder"] = dataset.where("folder");
  }
  std::string pattern;
  if (auto errors = root.optional_map("bit_errors")) pattern = errors->text("pattern", "");

  std::vector<std::string> plain = assignments;
  plain.emplace_back("output=null");
  plain.push_back(network.key + "=" + network.file.filename().string());
  plain.emplace_back("dataset.folder=null");
  Json identity = {
      {"version", kTrainingVersion},
      {"config", YamlMap::load(config, plain).canonical()},
      {network.starts ? "initial_sha256" : "architecture",
       network.starts ? importing::Graph::read(network.file).sha256()
                      : YamlMap::load(network.file).canonical()},
      {"data_sha256", datasets.get(data).sha256},
      {"pattern_sha256", pattern.empty() ? "" : pattern_sha256(pattern, config.parent_path())},
      {"threads", threads},
      {"exported_from", exported_from},
  };
  if (!pattern.empty()) identity["transient_read_version"] = memory::kTransientReadVersion;
  return json_text(identity);
}

}  // namespace brownout::study
