// SPDX-License-Identifier: Apache-2.0
// A kind of measurement on one network: an interface, with one file per kind. All numbers go
// through the result store.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "sim/base/error.hpp"
#include "sim/base/json.hpp"
#include "sim/base/yaml.hpp"
#include "sim/experiment/experiment.hpp"
#include "sim/experiment/setup.hpp"
#include "sim/results/error_bars.hpp"
#include "sim/results/places.hpp"
#include "sim/results/row_store.hpp"
#include "sim/study/measures.hpp"

namespace brownout::study {

/// Changes when the meaning of a stored number changes.
inline constexpr int kStudyVersion = 2;

/// No stored value is larger.
inline constexpr double kMostValue = 1e300;

/// The settings of every kind. A study gives defaults, an evaluation its own.
struct Setting {
  experiment::Setup setup;  // without an accelerator
  std::int64_t chips = 10;  // random:seed … random:seed+chips-1, draws of noise, or places
  std::uint64_t seed = 0;
  FieldNames places{{"data", "data_folder"}};  // where the file gives them
};
/// Reads the keys of Setting out of a map; those that are not there keep their default.
Setting read_setting(YamlMap& map, Setting defaults);

/// What a sample was measured on.
struct Drawn {
  std::string chip;                      // or a draw of noise; "" for a network without faults
  std::optional<std::uint64_t> place{};  // on a measured die: the cell that is the memory's first
  std::optional<std::int64_t> bits_wrong{};  // of the weights, in one read
};

/// A number of the table, with one sample per chip (or draw) that it was measured on.
struct Value {
  std::string label;         // column: "p = 0.5 %"
  std::string unit;          // "%", "points" or ""
  std::optional<double> at;  // the rate, voltage or share that the label names
  std::vector<double> samples;
  std::vector<results::WrongImages> wrong{};  // of an error: which images, once per sample
  results::PositionSpread positions{};        // of places of one die
  std::vector<Drawn> drawn{};                 // once per sample; empty where nothing is drawn
};

struct NamedHistogram {
  std::string of;    // "logits", "confidences", "weights"
  std::string when;  // "clean", "p = 1 %"
  Histogram histogram;
};

struct Findings {
  std::vector<Value> values;
  std::vector<NamedHistogram> histograms;
};

/// Data sets, each read once. Several threads may use them.
class Datasets {
 public:
  struct Entry {
    std::shared_ptr<const data::Dataset> data;
    std::string sha256;
  };
  /// InputError as experiment::load_dataset.
  const Entry& get(const Setting& setting);
  /// InputError as experiment::open.
  experiment::OpenImages images(const Setting& setting);

 private:
  // By name or data file, folder, split, and images read.
  std::map<std::tuple<std::string, std::string, bool, std::int64_t>, std::unique_ptr<Entry>>
      entries_;
  std::mutex mutex_;  // of entries_
};

/// An evaluation is not possible on a network. This is a problem of that cell of the table, not of
/// the study.
class Misfit : public InputError {
 public:
  explicit Misfit(const std::string& message) : InputError("{}", message) {}
};

/// Returns what `compute` returns; an InputError of it becomes a Misfit.
template <typename Compute>
auto on_network(const Compute& compute) {
  try {
    return compute();
  } catch (const InputError& error) {
    throw Misfit(error.what());
  }
}

/// Misfit for images or labels that the network does not accept.
void expect_fits(const experiment::Model& model, const data::Dataset& data);

/// A row of the store, and its place for messages.
struct StoredRow {
  Json json;
  std::string place;
  JsonObject fields() const { return {json, place, "a study"}; }
};

/// The environment in which evaluations run.
struct Bench {
  results::RowStore& store;
  Datasets& datasets;
  int threads = 1;
  std::function<void(const std::string& note)> tick;  // after every pattern, stored or computed

  /// The row of the store under the hash of `key`, computed and stored when it is missing.
  /// Misfit where `compute` throws InputError.
  StoredRow remember(const Json& key, const std::function<Json()>& compute) const;
};

class Evaluation {
 public:
  virtual ~Evaluation() = default;
  virtual const Setting& setting() const = 0;
  /// The columns if they are the same for every network, else none.
  virtual std::vector<std::string> labels() const = 0;
  /// The column at a rate, voltage or share; "" when there is none.
  virtual std::string label_at(double /*at*/) const { return ""; }
  /// Calls of Bench::tick for a network, for the progress display.
  virtual std::int64_t patterns(const network::Network* network) const = 0;
  /// Evaluates the network on the bench. Misfit when the evaluation is not possible on it.
  virtual Findings run(const experiment::Model& model, const Bench& bench) const = 0;
  /// Whether its values are errors on chips, which comparisons pair.
  virtual bool on_chips() const { return false; }
  /// What is drawn: "10 chips from seed 0", or "" when nothing is drawn.
  virtual std::string drawn() const { return ""; }
  /// Whether its chips are places of one die.
  virtual bool on_places() const { return false; }
  /// The kind of x axis: "rate", "voltage", "share", or "" when there is none.
  virtual std::string axis() const { return ""; }
  /// On an axis of voltages: the voltages between which its chips are the same
  /// (chips::Chip::steps).
  virtual std::vector<double> steps() const { return {}; }
};

/// Reads the block of one evaluation. InputError for an unknown kind, with a list of the known
/// ones.
std::unique_ptr<Evaluation> make_evaluation(YamlMap map, const Setting& defaults);

// One file of sim/study/kinds each.
std::unique_ptr<Evaluation> make_clean(YamlMap& map, const Setting& setting);
std::unique_ptr<Evaluation> make_errors(YamlMap& map, const Setting& setting);
std::unique_ptr<Evaluation> make_layers(YamlMap& map, const Setting& setting);
std::unique_ptr<Evaluation> make_noise(YamlMap& map, const Setting& setting);
std::unique_ptr<Evaluation> make_weight_error(YamlMap& map, const Setting& setting);
std::unique_ptr<Evaluation> make_redundancy(YamlMap& map, const Setting& setting);
std::unique_ptr<Evaluation> make_histograms(YamlMap& map, const Setting& setting);
std::unique_ptr<Evaluation> make_margin(YamlMap& map, const Setting& setting);

/// The first parts of every key: version, network, data and engine.
Json base_key(const experiment::Model& model, const Setting& setting, const Bench& bench);

/// Keys of `read_setting`.
const std::vector<std::string>& setting_keys();

/// "10 chips from seed 0".
std::string drawn_text(const Setting& setting, const char* what);

/// "0.5 %" of 0.005.
std::string percent_text(double share);

}  // namespace brownout::study
