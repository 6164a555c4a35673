// SPDX-License-Identifier: Apache-2.0
// Images a second of an engine: evaluate_bench [MODEL.onnx | WIDTH] [ENGINE] [THREADS...].
// A number is the width of a SimpleNet with random weights (default 16).
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <string>
#include <vector>

#include "sim/base/error.hpp"
#include "sim/base/parallel.hpp"
#include "sim/base/random.hpp"
#include "sim/base/run_program.hpp"
#include "sim/engines/evaluate.hpp"
#include "sim/network/onnx_file.hpp"

namespace {

using namespace brownout;

constexpr std::int64_t kImages = 2048;
constexpr double kSeconds = 3.0;

/// SimpleNet for 28x28 images, group norm, as tests/bench/pytorch_baseline.py builds it.
class SimpleNet {
 public:
  explicit SimpleNet(int width) {
    network_.name = fmt::format("simplenet{}", width);
    network_.input = {1, 28, 28};
    network_.transform = {{0.0f}, {1.0f}};
    network_.classes = 10;
    quantize(1.0f / 255);
    block(width);
    block(2 * width);
    block(2 * width);
    block(2 * width, 3, 2);
    block(2 * width);
    block(2 * width);
    block(4 * width, 3, 2);
    block(8 * width);
    block(32 * width, 1);
    block(4 * width, 1, 2);
    block(4 * width, 3, 3);
    add(network::Flatten{});
    const auto weight = parameter(network::Role::kWeight, {10, channels_});
    const auto bias = parameter(network::Role::kBias, {10});
    add(network::Linear{weight, bias, 10});
  }

  const network::Network& network() const { return network_; }

 private:
  network::ParameterIndex parameter(network::Role role, std::vector<std::int64_t> shape) {
    network::Parameter p;
    p.name = fmt::format("p{}", network_.parameters.size());
    p.role = role;
    p.shape = std::move(shape);
    p.coding = network::fit(network::Scheme::kRquant, 8, -0.2, 0.15);
    const Philox random(network_.parameters.size(), Purpose::kTest);
    for (std::int64_t i = 0; i < p.size(); ++i) {
      p.n.push_back(static_cast<std::int8_t>(
          static_cast<int>(random(static_cast<std::uint64_t>(i))[0] % 255) - 127));
    }
    network_.parameters.push_back(std::move(p));
    return network::ParameterIndex(network_.parameters.size() - 1);
  }
  void add(network::Operator op) {
    const network::ValueIndex input = network_.logits();
    network_.nodes.push_back({fmt::format("n{}", input.number()), std::move(op), {input}});
  }
  void quantize(float scale) { add(network::Quantize{scale, 0}); }
  void block(int out, int kernel = 3, int pool = 0) {
    const int pad = kernel / 2;
    const auto weight = parameter(network::Role::kWeight, {out, channels_, kernel, kernel});
    const auto bias = parameter(network::Role::kBias, {out});
    add(network::Conv2d{weight, bias, out, 1, {kernel, kernel}, {1, 1}, {pad, pad, pad, pad}});
    const auto scale = parameter(network::Role::kScale, {out});
    const auto shift = parameter(network::Role::kShift, {out});
    int groups = 0;
    for (const int wanted : {32, 24, 16, 8}) {
      const int possible = std::min(wanted, out / 2);
      if (groups == 0 && out % possible == 0) groups = possible;
    }
    add(network::GroupNorm{scale, shift, groups, 1e-5f, true});
    add(network::Relu{});
    if (pool > 0) add(network::MaxPool{{pool, pool}, {pool, pool}, {0, 0, 0, 0}});
    quantize(4.0f / 255);
    channels_ = out;
  }

  network::Network network_;
  int channels_ = 1;
};

data::Dataset random_images(const network::Network& network) {
  data::Dataset data;
  data.name = "random";
  data.shape = network.input;
  data.classes = network.classes;
  data.labels.assign(kImages, 0);
  const Philox random(1, Purpose::kTest);
  for (std::int64_t i = 0; i < kImages * network.input.size(); ++i) {
    data.pixels.push_back(static_cast<std::uint8_t>(random(static_cast<std::uint64_t>(i))[0]));
  }
  return data;
}

double images_per_second(const network::Network& network, const std::string& name, int threads) {
  const auto engine = engines::make_engine(name, network::share(network), threads);
  engine->set_codes(network::clean_codes(network));
  const data::Dataset data = random_images(network);
  const std::int64_t images = name == "reference" ? 8 : kImages;
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  double best = 0.0;
  while (std::chrono::duration<double>(Clock::now() - start).count() < kSeconds) {
    const auto before = Clock::now();
    engines::evaluate(*engine, network, data, images, threads);
    const double seconds = std::chrono::duration<double>(Clock::now() - before).count();
    best = std::max(best, static_cast<double>(images) / seconds);
  }
  return best;
}

int run(const std::vector<std::string>& arguments) {
  const std::string model = arguments.empty() ? "16" : arguments[0];
  const bool width = model.find_first_not_of("0123456789") == std::string::npos;
  const network::Network network =
      width ? SimpleNet(std::stoi(model)).network() : network::read_onnx(model);
  const std::string engine = arguments.size() > 1 ? arguments[1] : "functional";
  std::vector<int> threads;
  for (std::size_t i = 2; i < arguments.size(); ++i) threads.push_back(std::stoi(arguments[i]));
  if (threads.empty()) threads = {1, 2};
  for (const int count : threads) {
    fmt::print("{} {} threads {}: {:.0f} images/s\n", network.name, engine, count,
               images_per_second(network, engine, count));
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return brownout::run_program("evaluate_bench", [&] { return run({argv + 1, argv + argc}); });
}
