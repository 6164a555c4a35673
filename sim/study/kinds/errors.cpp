// SPDX-License-Identifier: Apache-2.0
// The error of a network without and with bit errors: kinds clean, errors and layers.
#include <algorithm>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/base/shipped.hpp"
#include "sim/chips/random_chip.hpp"
#include "sim/experiment/network_cost.hpp"
#include "sim/results/places.hpp"
#include "sim/results/point.hpp"
#include "sim/runs/sweep_file.hpp"
#include "sim/study/evaluation.hpp"
#include "sim/study/kinds/on_chips.hpp"
#include "sim/technology/technology.hpp"

namespace brownout::study {

namespace {

class Clean : public Evaluation {
 public:
  explicit Clean(const Setting& setting, int statistics_batch)
      : setting_(setting), statistics_batch_(statistics_batch) {}
  const Setting& setting() const override { return setting_; }
  std::vector<std::string> labels() const override { return {"clean"}; }
  std::int64_t patterns(const network::Network*) const override { return 1; }
  Findings run(const experiment::Model& model, const Bench& bench) const override {
    OnChips passes(model, setting_, bench, statistics_batch_, {});
    const results::CleanResult& clean = passes.clean();
    return {
        {{"clean", "%", std::nullopt, {passes.error(clean.wrong_images)}, {clean.wrong_images}}},
        {}};
  }

 private:
  Setting setting_;
  int statistics_batch_;
};

/// A position on the x axis.
struct Place {
  std::string label;
  double at = 0.0;
  experiment::Conditions conditions;
};

/// Rates, or voltages whose rates a technology knows.
class Places {
 public:
  explicit Places(YamlMap& map) {
    const std::vector<double> rates = map.numbers("rates", 0.0, 1.0, false);
    const bool by_voltage = map.has("voltages");
    if (rates.empty() != by_voltage) {
      map.fail(rates.empty() ? "rates" : "voltages",
               "expected exactly one of rates and voltages (a list that is not empty)");
    }
    const experiment::Supplies unknown(nullptr, {});  // no technology says which voltage it is
    for (const double rate : rates) {
      places.push_back({"p = " + percent_text(rate), rate, *unknown.resolve({}, rate)});
    }
    if (by_voltage) read_voltages(map);
    for (std::size_t i = 1; i < places.size(); ++i) {
      for (std::size_t k = 0; k < i; ++k) {
        if (places[i].label != places[k].label) continue;
        map.fail(by_voltage ? "voltages" : "rates",
                 fmt::format("{} is listed twice", places[i].label));
      }
    }
    axis = by_voltage ? "voltage" : "rate";
  }
  std::vector<Place> places;
  std::string axis;

 private:
  void add(double voltage, const experiment::Conditions& conditions) {
    places.push_back({fmt::format("{:.6g} Vmin", voltage), voltage, conditions});
  }
  void read_voltages(YamlMap& map) {
    if (map.has("profile")) {  // its cells know what fails at a voltage
      for (const double voltage : map.numbers("voltages", 0.01, 2.0)) {
        add(voltage, experiment::resident_at({voltage, 0.0}));
      }
      return;
    }
    const auto technology = std::make_shared<const technology::Technology>(
        technology::Technology::load(shipped_input_file(map, "technology", kShippedTechnologies)));
    const experiment::Supplies supplies(technology, {});
    for (const double voltage :
         map.numbers("voltages", technology->lowest_voltage(), technology->highest_voltage())) {
      add(voltage, supplies.at(voltage));
    }
  }
};

class Errors : public Evaluation {
 public:
  Errors(YamlMap& map, const Setting& setting)
      : setting_(setting), places_(map), statistics_batch_(read_statistics_batch(map, setting)) {
    either_ = map.choice("count", {"perturbed", "either"}, 0) == 1;
    if (map.has("profile")) {
      read_profile(map);
    } else {
      p_err_ = map.number("p_err", runs::kMinPErr, 1.0, 1.0);
      for (const Place& place : places_.places) {
        if (place.conditions.rail.rate <= p_err_) continue;
        map.fail("p_err", fmt::format("expected at least the highest bit error rate, {}",
                                      place.conditions.rail.rate));
      }
    }
    selection_.layers = map.texts("only_layers", false);
    const std::string bits = map.text("only_bits", "");
    if (!bits.empty()) weights::parse_bits(bits, map.where("only_bits"), selection_);
  }
  const Setting& setting() const override { return setting_; }
  std::vector<std::string> labels() const override {
    std::vector<std::string> labels;
    for (const Place& place : places_.places) labels.push_back(place.label);
    return labels;
  }
  std::int64_t patterns(const network::Network*) const override {
    return static_cast<std::int64_t>(places_.places.size()) * setting_.chips + 1;
  }
  bool on_chips() const override { return true; }
  std::string axis() const override { return places_.axis; }
  bool on_places() const override { return !profile_.empty(); }
  std::vector<double> steps() const override {
    return profile_.empty() ? std::vector<double>{} : files_.make(profile_)->steps();
  }
  std::string drawn() const override {
    return profile_.empty() ? drawn_text(setting_, "chip")
                            : fmt::format("{} from seed {}",
                                          results::chips_text(setting_.chips, setting_.chips > 1),
                                          setting_.seed);
  }
  std::string label_at(double at) const override {
    for (const Place& place : places_.places) {
      if (place.at == at) return place.label;
    }
    return "";
  }

  Findings run(const experiment::Model& model, const Bench& bench) const override {
    OnChips passes(model, setting_, bench, statistics_batch_, selection_);
    const results::WrongImages& clean = passes.clean().wrong_images;
    const std::vector<std::unique_ptr<chips::Chip>> chips = make_chips();
    Findings findings;
    for (const Place& place : places_.places) {
      Value value{place.label, "%", place.at, {}, {}};
      std::vector<std::uint64_t> offsets;
      for (const std::unique_ptr<chips::Chip>& chip : chips) {
        if (const auto at = chip->place()) offsets.push_back(at->offset);
        auto [wrong, drawn] = passes.on(*chip, place.conditions);
        if (either_) wrong = results::wrong_in_either(clean, wrong);
        value.samples.push_back(passes.error(wrong));
        value.wrong.push_back(std::move(wrong));
        value.drawn.push_back(std::move(drawn));
      }
      if (!offsets.empty()) {
        value.positions = results::spread_over_positions(value.samples, offsets);
      }
      findings.values.push_back(std::move(value));
    }
    return findings;
  }

 private:
  void read_profile(YamlMap& map) {
    if (places_.axis == "rate") {
      map.fail("profile", "fails by voltage; expected voltages, not rates");
    }
    if (map.has("p_err")) map.fail("p_err", "is of random chips; expected none with a profile");
    profile_ = shipped_input_file(map, "profile", kShippedProfiles).string();
    double lowest = places_.places.front().conditions.rail.voltage;
    for (const Place& place : places_.places)
      lowest = std::min(lowest, place.conditions.rail.voltage);
    try {
      files_.make(profile_)->faults(memory::MemoryId::kWeights, 0, {lowest, 0.0});
    } catch (const InputError& error) {
      throw InputError("{}: {}", map.where("profile"), error.what());
    }
  }

  /// Random chips, or that number of places of the profile's map.
  std::vector<std::unique_ptr<chips::Chip>> make_chips() const {
    std::vector<std::string> names;
    if (profile_.empty()) {
      for (std::int64_t i = 0; i < setting_.chips; ++i) {
        names.push_back(results::chip_name(setting_.seed, i, p_err_));
      }
    } else {
      names = results::place_names(files_, profile_, setting_.chips, setting_.seed);
    }
    std::vector<std::unique_ptr<chips::Chip>> result;
    for (const std::string& name : names) result.push_back(files_.make(name));
    return result;
  }

  Setting setting_;
  Places places_;
  int statistics_batch_;
  bool either_ = false;
  std::string profile_;
  mutable chips::ChipFiles files_;  // the profile, read once
  double p_err_ = 1.0;
  weights::Selection selection_;
};

/// One layer's cells fail at a time.
class Layers : public Evaluation {
 public:
  Layers(YamlMap& map, const Setting& setting) : setting_(setting) {
    rate_ = map.number("rate", 0.0, 1.0);
  }
  const Setting& setting() const override { return setting_; }
  std::vector<std::string> labels() const override { return {}; }
  std::int64_t patterns(const network::Network* network) const override {
    const std::size_t layers = network == nullptr ? 10 : coded_layers(*network).size();
    return static_cast<std::int64_t>(layers) * (setting_.chips + 1);
  }
  bool on_chips() const override { return true; }
  std::string drawn() const override { return drawn_text(setting_, "chip"); }

  Findings run(const experiment::Model& model, const Bench& bench) const override {
    Findings findings;
    for (const std::string& layer : coded_layers(*model.network)) {
      weights::Selection selection;
      selection.layers = {layer};
      OnChips passes(model, setting_, bench, 0, selection);
      Value value{fmt::format("{} at {}", layer, percent_text(rate_)), "%", std::nullopt, {}, {}};
      passes.clean();
      for (std::int64_t i = 0; i < setting_.chips; ++i) {
        const auto chip = chips::make_chip(results::chip_name(setting_.seed, i, 1.0));
        auto [wrong, drawn] = passes.on(*chip, experiment::resident_at({1.0, rate_}));
        value.wrong.push_back(std::move(wrong));
        value.drawn.push_back(std::move(drawn));
        value.samples.push_back(passes.error(value.wrong.back()));
      }
      findings.values.push_back(std::move(value));
    }
    return findings;
  }

 private:
  static std::vector<std::string> coded_layers(const network::Network& network) {
    std::vector<std::string> names;
    for (const network::Node& node : network.nodes) {
      if (network::is_matrix(node.op)) names.push_back(node.name);
    }
    return names;
  }

  Setting setting_;
  double rate_ = 0.0;
};

}  // namespace

std::unique_ptr<Evaluation> make_clean(YamlMap& map, const Setting& setting) {
  return std::make_unique<Clean>(setting, read_statistics_batch(map, setting));
}
std::unique_ptr<Evaluation> make_errors(YamlMap& map, const Setting& setting) {
  return std::make_unique<Errors>(map, setting);
}
std::unique_ptr<Evaluation> make_layers(YamlMap& map, const Setting& setting) {
  return std::make_unique<Layers>(map, setting);
}

}  // namespace brownout::study
