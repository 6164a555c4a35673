// SPDX-License-Identifier: Apache-2.0
// The float engine on values that are not codes.
#include "sim/runs/weight_noise.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

#include "sim/arithmetic/decode.hpp"
#include "sim/base/error.hpp"
#include "sim/base/progress.hpp"
#include "sim/base/random.hpp"
#include "sim/engines/engine_traits.hpp"
#include "sim/engines/evaluate.hpp"
#include "sim/experiment/clean_labels.hpp"
#include "sim/results/chip_result.hpp"
#include "sim/results/point.hpp"

namespace brownout::runs {

void add_weight_noise(network::Network& network, double share, std::uint64_t seed) {
  const Philox philox(seed, Purpose::kWeightNoise);
  for (std::size_t t = 0; t < network.parameters.size(); ++t) {
    network::Parameter& parameter = network.parameters[t];
    if (!parameter.coding) continue;
    std::vector<float> values = arithmetic::decode_parameter(parameter, parameter.n);
    if (!values.empty()) {
      const auto [low, high] = std::minmax_element(values.begin(), values.end());
      const double width = share * (static_cast<double>(*high) - static_cast<double>(*low));
      for (std::size_t i = 0; i < values.size(); i += 4) {
        const Philox::Block four = philox(t, i / 4);
        for (std::size_t k = i; k < std::min(i + 4, values.size()); ++k) {
          const double u = 2.0 * unit_open(four[k - i]) - 1.0;
          values[k] = static_cast<float>(static_cast<double>(values[k]) + u * width);
        }
      }
    }
    parameter.coding.reset();
    parameter.channels.clear();
    parameter.n.clear();
    parameter.values = std::move(values);
  }
}

namespace {

/// The engine on one network whose values change between the passes.
class NoisyPasses {
 public:
  NoisyPasses(const EvalConfig& config, const experiment::Model& model,
              const experiment::OpenImages& images, int threads)
      : model_(model),
        images_(experiment::labelled(images, model, config.setup, threads)),
        share_(*config.weight_noise),
        threads_(threads) {
    // The engine takes shapes from the network when it is made, but values when codes are set.
    engine_ = engines::make_engine(config.setup.engine, noisy_, threads);
  }

  results::CleanResult clean() {
    engines::Evaluation found = run();
    results::CleanResult result;
    result.wrong = found.wrong;
    result.confidence = found.confidence;
    result.logits_sha256 = std::move(found.logits_sha256);
    result.wrong_images = results::wrong_images(found.predictions, *images_.data);
    result.predictions = std::move(found.predictions);
    return result;
  }

  results::ChipResult draw(const std::string& name, std::uint64_t seed,
                           const results::CleanResult& clean) {
    noisy_->parameters = model_.network->parameters;
    add_weight_noise(*noisy_, share_, seed);
    engines::Evaluation found = run();
    results::ChipResult result;
    result.chip = name;
    result.wrong = found.wrong;
    result.wrong_images = results::wrong_images(found.predictions, *images_.data);
    result.wrong_either =
        results::count(results::wrong_in_either(clean.wrong_images, result.wrong_images));
    result.confidence = found.confidence;
    result.logits_sha256 = std::move(found.logits_sha256);
    return result;
  }

 private:
  engines::Evaluation run() {
    engine_->set_codes(network::clean_codes(*noisy_));
    return engines::evaluate(*engine_, *noisy_, *images_.data, images_.count, threads_,
                             /*hash_logits=*/true);
  }

  const experiment::Model& model_;
  const experiment::OpenImages images_;
  double share_;
  int threads_;
  // The engine shares it, so that it takes the values of each draw.
  const std::shared_ptr<network::Network> noisy_ =
      std::make_shared<network::Network>(*model_.network);
  std::unique_ptr<engines::Engine> engine_;
};

}  // namespace

EvalResult run_noise_eval(EvalConfig config, int threads, bool quiet) {
  BROWNOUT_CHECK(
      config.weight_noise && config.seed && !engines::traits_of(config.setup.engine).on_codes,
      "engine {}", config.setup.engine);
  const experiment::Model model =
      config.network ? *config.network : experiment::load_model(config.model);
  const experiment::OpenImages images = experiment::open(config.setup.images);
  engines::check_fits(*model.network, *images.data, model.file.string());
  EvalResult result = described(config.setup, model, images);

  const auto start = std::chrono::steady_clock::now();
  Progress progress("eval", static_cast<std::int64_t>(config.chips.size()) + 1, quiet);
  const auto advance = [&](const std::string& name, std::int64_t wrong) {
    progress.advance(1, fmt::format("{} {:.2f} %", name, results::percent(wrong, images.count)));
  };
  NoisyPasses passes(config, model, images, threads);
  result.clean = passes.clean();
  advance("clean", result.clean.wrong);
  for (std::size_t i = 0; i < config.chips.size(); ++i) {
    result.chips.push_back(passes.draw(config.chips[i], *config.seed + i, result.clean));
    advance(config.chips[i], result.chips.back().wrong);
  }
  progress.finish();
  result.point = results::summarize(result.clean, result.chips, images.count);
  result.point->model = model.name;
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  result.images_per_s =
      static_cast<double>((result.chips.size() + 1) * static_cast<std::size_t>(images.count)) /
      result.seconds;
  result.config = std::move(config);
  return result;
}

}  // namespace brownout::runs
