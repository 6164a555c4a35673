// SPDX-License-Identifier: Apache-2.0
// Both networks run image by image; the float one's values are kept until the other one's are seen.
#include "sim/runs/activation_noise.hpp"

#include <cmath>
#include <limits>
#include <map>

#include "sim/base/error.hpp"
#include "sim/engines/float_engine.hpp"
#include "sim/engines/functional_engine.hpp"
#include "sim/mapping/plan.hpp"

namespace brownout::runs {

namespace {

struct Power {
  double signal = 0.0, noise = 0.0;
  double db() const {
    if (noise == 0.0) return std::numeric_limits<double>::infinity();
    return 10.0 * std::log10(signal / noise);
  }
};

/// The step's matrix operator, or what it begins with.
std::string name_of(const network::Network& network, const mapping::Step& step) {
  if (step.matrix) return network.nodes[*step.matrix].name;
  return network.nodes[network::writer_of(step.output)].name;
}

}  // namespace

std::vector<ActivationNoise> activation_noise(const network::SharedNetwork& plain,
                                              const network::SharedNetwork& quantized,
                                              const data::Dataset& data, int images) {
  BROWNOUT_CHECK(images >= 1 && images <= data.size(), "{} images of {}", images, data.size());
  const network::Shapes shapes =
      network::check(*quantized, quantized->name, network::MatrixWeights::kCoded);
  std::map<network::ValueIndex, std::vector<float>> seen;
  std::map<network::ValueIndex, Power> powers;

  engines::FloatObservers observers;
  observers.values = [&](network::ValueIndex value, const float* numbers) {
    if (!network::is_quantized(*quantized, value)) return;
    seen[value].assign(numbers, numbers + shapes[value].size());
  };
  const auto floating = engines::make_float_engine(plain, 1, observers);
  floating->set_codes(network::clean_codes(*plain));

  engines::FunctionalOptions options;
  options.batch = 1;
  options.observer = [&](network::ValueIndex value, const std::uint8_t* codes, std::int64_t) {
    const network::Quantize& quantize = network::quantizer_of(*quantized, value);
    const std::vector<float>& numbers = seen.at(value);
    Power& power = powers[value];
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      const double x = double{numbers[i]};
      const double found = double{quantize.scale} * (codes[i] - quantize.zero_point);
      power.signal += x * x;
      power.noise += (x - found) * (x - found);
    }
  };
  const auto coded = engines::make_functional_engine(quantized, 1, options);
  coded->set_codes(network::clean_codes(*quantized));

  std::vector<float> logits(static_cast<std::size_t>(plain->classes));
  for (int i = 0; i < images; ++i) {
    floating->run(data.image(i), i, 1, logits.data(), 0);
    coded->run(data.image(i), i, 1, logits.data(), 0);
  }
  std::vector<ActivationNoise> result;
  for (const mapping::Step& step : mapping::make_plan(*quantized, shapes)) {
    const auto power = powers.find(step.output);
    if (power == powers.end()) continue;
    result.push_back({name_of(*quantized, step), power->second.db()});
  }
  return result;
}

}  // namespace brownout::runs
