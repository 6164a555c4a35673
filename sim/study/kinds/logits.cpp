// SPDX-License-Identifier: Apache-2.0
// The outputs of networks for images: kinds histograms and margin.
#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "sim/base/error.hpp"
#include "sim/results/records.hpp"
#include "sim/study/evaluation.hpp"
#include "sim/study/kinds/read_on_chip.hpp"
#include "sim/study/network_outputs.hpp"

namespace brownout::study {

namespace {

double mean_of(const std::vector<double>& values) {
  double sum = 0.0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

/// RandBET, Fig. 6: logits (the largest of each image), confidences and weights, clean and on the
/// first chip.
class Histograms : public Evaluation {
 public:
  Histograms(YamlMap& map, const Setting& setting) : setting_(setting) {
    rate_ = map.number("rate", 0.0, 1.0);
    bins_ = static_cast<int>(map.integer("bins", 2, 10'000, 40));
    perturbed_ = "p = " + percent_text(rate_);
  }
  const Setting& setting() const override { return setting_; }
  std::vector<std::string> labels() const override {
    return {"confidence, clean", "confidence, " + perturbed_, "largest logit, clean",
            "largest logit, " + perturbed_};
  }
  std::int64_t patterns(const network::Network*) const override { return 1; }
  std::string drawn() const override { return fmt::format("1 chip, seed {}", setting_.seed); }

  Findings run(const experiment::Model& model, const Bench& bench) const override {
    expect_fits(model, *bench.datasets.get(setting_).data);
    Json key = base_key(model, setting_, bench);
    key["kind"] = "histograms";
    key["rate"] = rate_;
    key["seed"] = setting_.seed;
    key["bins"] = bins_;
    results::put_definitions(key);
    const StoredRow row = bench.remember(key, [&] { return measure(model, bench); });
    bench.tick(model.name + ", histograms");
    Findings findings;
    const JsonObject fields = row.fields();
    const std::vector<double> means = fields.numbers("means", -kMostValue, kMostValue);
    if (means.size() != labels().size()) fields.fail("means", "four numbers");
    for (std::size_t i = 0; i < means.size(); ++i) {
      findings.values.push_back({labels()[i], i < 2 ? "%" : "", std::nullopt, {means[i]}});
    }
    for (const JsonObject& entry : fields.objects("histograms")) {
      const double low = entry.number("low", -kMostValue, kMostValue);
      const Histogram bins{low, entry.number("high", low, kMostValue),
                           entry.integers("counts", 0, std::numeric_limits<std::int64_t>::max())};
      if (static_cast<int>(bins.counts.size()) != bins_) {
        entry.fail("counts", fmt::format("{} counts", bins_));
      }
      findings.histograms.push_back(
          {entry.text("of"), entry.boolean("perturbed") ? perturbed_ : std::string("clean"), bins});
    }
    return findings;
  }

 private:
  Json measure(const experiment::Model& model, const Bench& bench) const {
    const auto engine = engines::make_engine(setting_.setup.engine, model.network, bench.threads);
    const experiment::OpenImages images = bench.datasets.images(setting_);
    const auto logits_with = [&](const network::Codes& codes) {
      engine->set_codes(codes);
      return run_images(*engine, model.network->classes, *images.data, images.count, bench.threads);
    };
    const network::Codes clean = network::clean_codes(*model.network);
    network::Codes hit;
    read_on_chips(model, setting_.seed, 1, rate_, [&](const network::Codes& read) { hit = read; });
    const std::array<std::vector<float>, 2> logits{logits_with(clean), logits_with(hit)};
    const std::array<std::vector<float>, 2> weights{coded_weights(*model.network, clean),
                                                    coded_weights(*model.network, hit)};
    std::array<std::vector<double>, 2> largest, confidence, decoded;
    for (std::size_t i = 0; i < 2; ++i) {
      largest[i] = largest_logits(logits[i], model.network->classes);
      confidence[i] = confidences(logits[i], model.network->classes);
      decoded[i].assign(weights[i].begin(), weights[i].end());
    }
    Json row{{"model", model.name},
             {"means",
              {100.0 * mean_of(confidence[0]), 100.0 * mean_of(confidence[1]), mean_of(largest[0]),
               mean_of(largest[1])}},
             {"histograms", Json::array()}};
    add(row, "logits", largest);
    add(row, "confidences", confidence, std::pair{0.0, 1.0});
    add(row, "weights", decoded);
    return row;
  }

  /// Clean and perturbed in the same bins.
  void add(Json& row, const char* of, const std::array<std::vector<double>, 2>& values,
           std::optional<std::pair<double, double>> range = {}) const {
    if (!range) {
      double low = values[0][0], high = values[0][0];
      for (const std::vector<double>& list : values) {
        const auto [least, most] = std::minmax_element(list.begin(), list.end());
        low = std::min(low, *least);
        high = std::max(high, *most);
      }
      if (!(low < high)) high = low + 1.0;  // all the same
      range = {low, high};
    }
    for (std::size_t i = 0; i < 2; ++i) {
      const Histogram bins = histogram(values[i], range->first, range->second, bins_);
      row["histograms"].push_back({{"of", of},
                                   {"perturbed", i == 1},
                                   {"low", bins.low},
                                   {"high", bins.high},
                                   {"counts", bins.counts}});
    }
  }

  Setting setting_;
  double rate_ = 0.0;
  int bins_ = 40;
  std::string perturbed_;
};

/// MCEL, Fig. 4.
class Margin : public Evaluation {
 public:
  explicit Margin(const Setting& setting) : setting_(setting) {}
  const Setting& setting() const override { return setting_; }
  std::vector<std::string> labels() const override { return {"logit margin"}; }
  std::int64_t patterns(const network::Network*) const override { return 1; }

  Findings run(const experiment::Model& model, const Bench& bench) const override {
    expect_fits(model, *bench.datasets.get(setting_).data);
    if (model.network->classes < 2) {
      throw Misfit(model.file.string() + ": a margin needs two classes, it has one");
    }
    Json key = base_key(model, setting_, bench);
    key["kind"] = "margin";
    const StoredRow row = bench.remember(key, [&]() -> Json {
      const auto engine = engines::make_engine(setting_.setup.engine, model.network, bench.threads);
      engine->set_codes(network::clean_codes(*model.network));
      const experiment::OpenImages images = bench.datasets.images(setting_);
      const std::vector<float> logits =
          run_images(*engine, model.network->classes, *images.data, images.count, bench.threads);
      return {{"model", model.name}, {"margin", mean_logit_margin(logits, model.network->classes)}};
    });
    bench.tick(model.name + ", logit margin");
    return {{{"logit margin", "", std::nullopt, {row.fields().number("margin", 0.0, kMostValue)}}},
            {}};
  }

 private:
  Setting setting_;
};

}  // namespace

std::unique_ptr<Evaluation> make_histograms(YamlMap& map, const Setting& setting) {
  return std::make_unique<Histograms>(map, setting);
}
std::unique_ptr<Evaluation> make_margin(YamlMap&, const Setting& setting) {
  return std::make_unique<Margin>(setting);
}

}  // namespace brownout::study
