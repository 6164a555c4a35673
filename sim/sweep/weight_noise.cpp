// SPDX-License-Identifier: Apache-2.0
// The float engine on values that are not codes.
#include "sim/sweep/weight_noise.hpp"

#include <algorithm>
#include <chrono>
#include <memory>

#include "sim/arithmetic/decode.hpp"
#include "sim/base/error.hpp"
#include "sim/base/progress.hpp"
#include "sim/base/random.hpp"
#include "sim/engines/evaluate.hpp"
#include "sim/sweep/evaluator.hpp"

namespace brownout::sweep {

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
    parameter.n.clear();
    parameter.values = std::move(values);
  }
}

EvalResult run_noise_eval(EvalConfig config, int threads, bool quiet) {
  BROWNOUT_CHECK(config.weight_noise && config.seed && config.setup.engine == "float", "engine {}",
                 config.setup.engine);
  const experiment::Model model = experiment::load_model(config.model);
  const experiment::OpenImages images = experiment::open(config.setup.images);
  const data::Dataset& data = *images.data;
  engines::check_fits(*model.network, data, model.file.string());
  EvalResult result;
  result.model = model.name;
  result.model_sha256 = model.sha256;
  result.bits = model.network->bits();
  result.weights = model.network->coded_parameters();
  result.images = images.count;

  const auto start = std::chrono::steady_clock::now();
  Progress progress("eval", static_cast<std::int64_t>(config.chips.size()) + 1, quiet);
  // The engine takes shapes from the network when it is made, but values when codes are set.
  const auto noisy = std::make_shared<network::Network>(*model.network);
  const auto engine = engines::make_engine(config.setup.engine, noisy, threads);
  const auto run = [&] {
    engine->set_codes(network::clean_codes(*noisy));
    return engines::evaluate(*engine, *noisy, data, images.count, threads, /*hash_logits=*/true);
  };
  engines::Evaluation clean = run();
  result.clean.wrong_images = wrong_images(clean.predictions, data);
  progress.advance(1, fmt::format("clean {:.2f} %", percent(clean.wrong, images.count)));
  for (std::size_t i = 0; i < config.chips.size(); ++i) {
    noisy->parameters = model.network->parameters;
    add_weight_noise(*noisy, *config.weight_noise, *config.seed + i);
    engines::Evaluation found = run();
    ChipResult draw;
    draw.chip = config.chips[i];
    draw.wrong = found.wrong;
    draw.wrong_images = wrong_images(found.predictions, data);
    draw.wrong_either =
        results::count(results::wrong_in_either(result.clean.wrong_images, draw.wrong_images));
    draw.confidence = found.confidence;
    draw.logits_sha256 = std::move(found.logits_sha256);
    progress.advance(1, fmt::format("{} {:.2f} %", draw.chip, percent(draw.wrong, images.count)));
    result.chips.push_back(std::move(draw));
  }
  progress.finish();
  result.clean.wrong = clean.wrong;
  result.clean.confidence = clean.confidence;
  result.clean.logits_sha256 = std::move(clean.logits_sha256);
  result.clean.predictions = std::move(clean.predictions);
  result.point = summarize(result.clean, result.chips, images.count);
  result.point->model = model.name;
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  result.images_per_s =
      static_cast<double>((result.chips.size() + 1) * static_cast<std::size_t>(images.count)) /
      result.seconds;
  result.config = std::move(config);
  return result;
}

}  // namespace brownout::sweep
