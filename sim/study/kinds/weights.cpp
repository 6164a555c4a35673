// SPDX-License-Identifier: Apache-2.0
// Effects on the weights themselves: kinds noise, weight-error and redundancy.

#include <memory>
#include <optional>

#include "sim/base/error.hpp"
#include "sim/engines/engine_traits.hpp"
#include "sim/engines/evaluate.hpp"
#include "sim/experiment/clean_labels.hpp"
#include "sim/results/point.hpp"
#include "sim/results/records.hpp"
#include "sim/runs/sweep_file.hpp"
#include "sim/runs/weight_noise.hpp"
#include "sim/study/evaluation.hpp"
#include "sim/study/kinds/read_on_chip.hpp"
#include "sim/study/network_outputs.hpp"

namespace brownout::study {

namespace {

/// RandBET, Fig. 9.
class Noise : public Evaluation {
 public:
  Noise(YamlMap& map, const Setting& setting) : setting_(setting) {
    if (engines::traits_of(setting_.setup.engine).on_codes) {
      if (map.has("engine")) {
        map.fail("engine", "noise moves weights off their codes; expected float");
      }
      setting_.setup.engine = "float";
    }
    shares_ = map.numbers("shares", 0.0, 10.0);
  }
  const Setting& setting() const override { return setting_; }
  std::vector<std::string> labels() const override {
    std::vector<std::string> labels;
    for (const double share : shares_) labels.push_back("±" + percent_text(share));
    return labels;
  }
  std::int64_t patterns(const network::Network*) const override {
    return static_cast<std::int64_t>(shares_.size()) * setting_.chips;
  }
  bool on_chips() const override { return true; }
  std::string axis() const override { return "share"; }
  std::string drawn() const override { return drawn_text(setting_, "draw"); }
  std::string label_at(double at) const override {
    for (std::size_t i = 0; i < shares_.size(); ++i) {
      if (shares_[i] == at) return labels()[i];
    }
    return "";
  }

  Findings run(const experiment::Model& model, const Bench& bench) const override {
    const experiment::OpenImages opened = bench.datasets.images(setting_);
    const std::int64_t images = opened.count;
    expect_fits(model, *opened.data);
    std::optional<experiment::OpenImages> labelled;  // when a row is missing
    const auto noisy = std::make_shared<network::Network>(*model.network);
    std::unique_ptr<engines::Engine> engine;
    Findings findings;
    for (std::size_t k = 0; k < shares_.size(); ++k) {
      Value value{labels()[k], "%", shares_[k], {}, {}};
      for (std::int64_t i = 0; i < setting_.chips; ++i) {
        const std::uint64_t seed = setting_.seed + static_cast<std::uint64_t>(i);
        Json key = base_key(model, setting_, bench);
        key["weight_noise"] = shares_[k];
        key["seed"] = seed;
        const StoredRow row = bench.remember(key, [&]() -> Json {
          if (!engine) {
            engine = engines::make_engine("float", noisy, bench.threads);
            labelled = experiment::labelled(opened, model, setting_.setup, bench.threads);
          }
          const data::Dataset& data = *labelled->data;
          noisy->parameters = model.network->parameters;
          runs::add_weight_noise(*noisy, shares_[k], seed);
          engine->set_codes(network::clean_codes(*noisy));
          const auto found = engines::evaluate(*engine, *noisy, data, images, bench.threads);
          return {
              {"model", model.name},
              {"weight_noise", shares_[k]},
              {"wrong", found.wrong},
              {"wrong_images", results::to_hex(results::wrong_images(found.predictions, data))}};
        });
        value.wrong.push_back(results::wrong_images_of(row.fields(), images));
        value.drawn.push_back({fmt::format("noise:{}", seed)});
        value.samples.push_back(results::percent(results::count(value.wrong.back()), images));
        bench.tick(
            fmt::format("{}, noise {}, {:.2f} %", model.name, value.label, value.samples.back()));
      }
      findings.values.push_back(std::move(value));
    }
    return findings;
  }

 private:
  Setting setting_;
  std::vector<double> shares_;
};

/// RandBET, Fig. 4: how far bit errors (and rounding) move the weights, by scheme.
class WeightError : public Evaluation {
 public:
  WeightError(YamlMap& map, const Setting& setting) : setting_(setting) {
    rate_ = map.number("rate", 0.0, 1.0);
    for (YamlMap& entry : map.maps("codings", false)) {
      Recoding coding;
      coding.scheme = static_cast<network::Scheme>(entry.choice("scheme", network::scheme_names()));
      coding.bits = static_cast<int>(entry.integer("bits", 1, 8));
      coding.rounding =
          static_cast<network::Rounding>(entry.choice("rounding", network::rounding_names(), 0));
      try {
        network::check_bits(coding.scheme, coding.bits);
      } catch (const InputError& error) {
        entry.fail("bits", error.what());
      }
      entry.finish();
      codings_.push_back(coding);
    }
  }
  const Setting& setting() const override { return setting_; }
  std::vector<std::string> labels() const override {
    std::vector<std::string> labels;
    for (const Recoding& coding : codings_) labels.push_back(label(coding));
    if (labels.empty()) labels.push_back("mean |w' - w| at p = " + percent_text(rate_));
    return labels;
  }
  std::int64_t patterns(const network::Network*) const override {
    return static_cast<std::int64_t>(labels().size());
  }
  std::string drawn() const override { return drawn_text(setting_, "chip"); }

  Findings run(const experiment::Model& model, const Bench& bench) const override {
    Findings findings;
    for (std::size_t k = 0; k < labels().size(); ++k) {
      Json key = {{"study_version", kStudyVersion},
                  {"model_sha256", model.sha256},
                  {"kind", "weight-error"},
                  {"coding", labels()[k]},
                  {"rate", rate_},
                  {"seed", setting_.seed},
                  {"chips", setting_.chips}};
      results::put_definitions(key);
      const StoredRow row = bench.remember(key, [&]() -> Json {
        return {{"model", model.name}, {"coding", labels()[k]}, {"errors", measure(model, k)}};
      });
      findings.values.push_back(
          {labels()[k], "", std::nullopt, row.fields().numbers("errors", 0.0, kMostValue)});
      bench.tick(fmt::format("{}, weight error, {}", model.name, labels()[k]));
    }
    return findings;
  }

 private:
  static std::string label(const Recoding& coding) {
    return fmt::format("{} {} bit, {}", network::to_string(coding.scheme), coding.bits,
                       network::to_string(coding.rounding));
  }

  std::vector<double> measure(const experiment::Model& model, std::size_t k) const {
    std::vector<double> errors;
    if (codings_.empty()) {
      const std::vector<float> clean =
          coded_weights(*model.network, network::clean_codes(*model.network));
      read_on_chips(model, setting_.seed, setting_.chips, rate_, [&](const network::Codes& read) {
        errors.push_back(mean_absolute_error(clean, coded_weights(*model.network, read)));
      });
      return errors;
    }
    const Recoded recoded = recode(*model.network, codings_[k], setting_.seed);
    experiment::Model other = model;
    other.network = network::share(recoded.network);
    read_on_chips(other, setting_.seed, setting_.chips, rate_, [&](const network::Codes& read) {
      errors.push_back(recoded_weight_error(recoded, read));
    });
    return errors;
  }

  Setting setting_;
  double rate_ = 0.0;
  std::vector<Recoding> codings_;
};

/// RandBET, Fig. 10.
class Redundancy : public Evaluation {
 public:
  Redundancy(YamlMap& map, const Setting& setting) : setting_(setting) {
    rate_ = map.number("rate", 0.0, 1.0);
  }
  const Setting& setting() const override { return setting_; }
  std::vector<std::string> labels() const override {
    const std::string at = " at p = " + percent_text(rate_);
    return {"|w' - w| / max|w|" + at, "Σ|w' - w| / Σ|w|" + at, "Σ|w| / max|w| per weight",
            "non-zero final activations"};
  }
  std::int64_t patterns(const network::Network*) const override { return 1; }
  std::string drawn() const override { return drawn_text(setting_, "chip"); }

  Findings run(const experiment::Model& model, const Bench& bench) const override {
    Json key = base_key(model, setting_, bench);
    key["kind"] = "redundancy";
    key["rate"] = rate_;
    key["seed"] = setting_.seed;
    key["chips"] = setting_.chips;
    results::put_definitions(key);
    const StoredRow row = bench.remember(key, [&] { return measure(model, bench); });
    bench.tick(model.name + ", redundancy");
    Findings findings;
    const JsonObject fields = row.fields();
    const auto add = [&](std::size_t label, const std::vector<double>& values) {
      findings.values.push_back({labels()[label], "%", std::nullopt, values});
    };
    add(0, fields.numbers("relative_error_pct", 0.0, kMostValue));
    add(1, fields.numbers("error_to_mean_pct", 0.0, kMostValue));
    add(2, {fields.number("relevance_pct", 0.0, 100.0)});
    if (!fields.at("nonzero_pct").is_null()) add(3, {fields.number("nonzero_pct", 0.0, 100.0)});
    return findings;
  }

 private:
  Json measure(const experiment::Model& model, const Bench& bench) const {
    const std::vector<float> clean =
        coded_weights(*model.network, network::clean_codes(*model.network));
    const double mean = mean_absolute_error(std::vector<float>(clean.size(), 0.0f), clean);
    std::vector<double> errors, to_mean;
    read_on_chips(model, setting_.seed, setting_.chips, rate_, [&](const network::Codes& read) {
      errors.push_back(100.0 * relative_absolute_error(*model.network, read));
      const double error = mean_absolute_error(clean, coded_weights(*model.network, read));
      to_mean.push_back(mean > 0.0 ? 100.0 * error / mean : 0.0);
    });
    Json row{{"model", model.name},
             {"relative_error_pct", errors},
             {"error_to_mean_pct", to_mean},
             {"relevance_pct", 100.0 * weight_relevance(*model.network)},
             {"nonzero_pct", nullptr}};
    if (const std::optional<network::Network> cut = up_to_last_relu(*model.network)) {
      const experiment::OpenImages images = bench.datasets.images(setting_);
      const auto engine =
          engines::make_engine(setting_.setup.engine, network::share(*cut), bench.threads);
      engine->set_codes(network::clean_codes(*cut));
      row["nonzero_pct"] = 100.0 * nonzero_share(run_images(*engine, cut->classes, *images.data,
                                                            images.count, bench.threads));
    }
    return row;
  }

  Setting setting_;
  double rate_ = 0.0;
};

}  // namespace

std::unique_ptr<Evaluation> make_noise(YamlMap& map, const Setting& setting) {
  return std::make_unique<Noise>(map, setting);
}
std::unique_ptr<Evaluation> make_weight_error(YamlMap& map, const Setting& setting) {
  return std::make_unique<WeightError>(map, setting);
}
std::unique_ptr<Evaluation> make_redundancy(YamlMap& map, const Setting& setting) {
  return std::make_unique<Redundancy>(map, setting);
}

}  // namespace brownout::study
