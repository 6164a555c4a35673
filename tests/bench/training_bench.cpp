// SPDX-License-Identifier: Apache-2.0
// Images a second of a plain quantization-aware step and of a RandBET step (8 bit, batch 128):
// training_bench [simplenet16|simplenet32|vgg3] [THREADS]. Random images; ends with one JSON line.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <string>
#include <vector>

#include "sim/base/error.hpp"
#include "sim/base/random.hpp"
#include "trainers/trainer.hpp"

namespace {

using namespace brownout;

constexpr int kBatch = 128;
constexpr int kSteps = 21;

network::Dataset random_images() {
  network::Dataset data;
  data.name = "random";
  data.shape = {1, 28, 28};
  data.classes = 10;
  const Philox random(1, Purpose::kTest);
  for (std::uint64_t i = 0; i < kBatch; ++i) {
    data.labels.push_back(static_cast<std::uint8_t>(random(i)[0] % 10));
    for (std::uint64_t p = 0; p < 28 * 28; ++p) {
      data.pixels.push_back(static_cast<std::uint8_t>(random(i, p + 1)[0]));
    }
  }
  return data;
}

trainers::TrainingConfig training(const std::string& net, bool randbet) {
  trainers::TrainingConfig config;
  config.file = "training_bench";
  config.architecture = std::string(BROWNOUT_SOURCE_DIR) +
                        (net == "vgg3" ? "/models/vgg3.yaml" : "/models/simplenet.yaml");
  if (net != "vgg3") config.width = std::stoi(net.substr(9));
  config.w_max = 0.1;
  config.optimizer.learning_rate = 1e-6;
  config.schedule.batch = kBatch;
  if (randbet) {
    config.errors.rate = 0.01;
    config.errors.start_loss = 1e6;  // errors from the second step on
  }
  return config;
}

/// Images a second of the fastest step of each kind, and the median over pairs of steps of the
/// RandBET step's time over the plain one's. The two take turns, so that both see the same machine.
struct Speeds {
  double plain = 0.0;
  double randbet = 0.0;
  double ratio = 0.0;
};

Speeds images_per_second(const std::string& net, int threads, const network::Dataset& data) {
  const trainers::TrainingConfig configs[] = {training(net, false), training(net, true)};
  const trainers::Architecture architecture = trainers::load_architecture(
      configs[0].architecture, {configs[0].width, data.shape, data.classes});
  trainers::Trainer plain(configs[0], architecture, data, data, "cpu", threads);
  trainers::Trainer randbet(configs[1], architecture, data, data, "cpu", threads);
  const auto step = [](trainers::Trainer& trainer, bool expected) {
    const auto start = std::chrono::steady_clock::now();
    const trainers::StepResult result = trainer.step();
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    BROWNOUT_CHECK(result.injected == expected, "injected {}", result.injected);
    return kBatch / seconds.count();
  };
  for (int i = 0; i < 2; ++i) {  // warm-up; the first step of RandBET has no errors yet
    plain.step();
    randbet.step();
  }
  Speeds best;
  std::vector<double> ratios;
  for (int i = 0; i < kSteps; ++i) {
    const double one = step(plain, false);
    const double two = step(randbet, true);
    best.plain = std::max(best.plain, one);
    best.randbet = std::max(best.randbet, two);
    ratios.push_back(one / two);
  }
  std::sort(ratios.begin(), ratios.end());
  best.ratio = ratios[ratios.size() / 2];
  return best;
}

int run(int argc, char** argv) {
  const std::string net = argc > 1 ? argv[1] : "simplenet16";
  const int threads = argc > 2 ? std::atoi(argv[2]) : 1;
  if ((net != "simplenet16" && net != "simplenet32" && net != "vgg3") || threads < 1) {
    throw InputError("usage: training_bench [simplenet16|simplenet32|vgg3] [THREADS]");
  }
  trainers::keep_freed_memory();
  const network::Dataset data = random_images();
  const Speeds speeds = images_per_second(net, threads, data);
  const double plain = speeds.plain;
  const double randbet = speeds.randbet;
  fmt::print("{} threads {}: {:.0f} images/s plain, {:.0f} images/s RandBET, step ratio {:.2f}\n",
             net, threads, plain, randbet, speeds.ratio);
  fmt::print(
      "{{\"net\": \"{}\", \"threads\": {}, \"qat_images_per_s\": {:.1f}, "
      "\"randbet_images_per_s\": {:.1f}, \"step_ratio\": {:.3f}}}\n",
      net, threads, plain, randbet, speeds.ratio);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const brownout::Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return error.exit_code();
  }
}
