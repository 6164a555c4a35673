// SPDX-License-Identifier: Apache-2.0
// Images a second of a plain quantization-aware step and of a RandBET step (8 bit, batch 128), what
// MCEL costs over cross entropy, and what injection costs of a step: training_bench
// [simplenet16|simplenet32|vgg3] [THREADS] [STEPS]. Random images; ends with one JSON line.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sim/base/error.hpp"
#include "sim/base/random.hpp"
#include "sim/base/run_program.hpp"
#include "trainers/method/trainer.hpp"
#include "trainers/torch/threads.hpp"

namespace {

using namespace brownout;

constexpr int kBatch = 128;

data::Dataset random_images() {
  data::Dataset data;
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

enum Kind { kPlain, kRandbet, kMcel, kKinds };

trainers::TrainingConfig training(const std::string& net, Kind kind) {
  trainers::TrainingConfig config;
  config.file = "training_bench";
  config.architecture = std::string(BROWNOUT_SOURCE_DIR) +
                        (net == "vgg3" ? "/models/vgg3.yaml" : "/models/simplenet.yaml");
  if (net != "vgg3") config.width = std::stoi(net.substr(9));
  config.w_max = 0.1;
  config.optimizer.learning_rate = 1e-6;
  config.schedule.batch = kBatch;
  if (kind == kRandbet) {
    config.errors.rate = 0.01;
    config.errors.start_loss = 1e6;  // errors from the second step on
  }
  if (kind == kMcel) config.loss.kind = trainers::LossChoice::Kind::kMcel;
  return config;
}

/// Processor time of one thread, so that a busy machine matters little; wall time if there are more
/// threads.
double seconds_of(const std::function<void()>& work, int threads) {
  const clockid_t clock = threads == 1 ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC;
  timespec start{}, end{};
  ::clock_gettime(clock, &start);
  work();
  ::clock_gettime(clock, &end);
  return static_cast<double>(end.tv_sec - start.tv_sec) +
         1e-9 * static_cast<double>(end.tv_nsec - start.tv_nsec);
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// Images a second of the fastest step of each kind, and medians over rounds in which the kinds
/// take turns, so that all are measured on the machine in the same state.
struct Speeds {
  double plain = 0.0;
  double randbet = 0.0;
  double step_ratio = 0.0;       // RandBET's step over the plain one
  double mcel_ratio = 0.0;       // a step with MCEL over one with cross entropy
  double injection_share = 0.0;  // of a RandBET step, in percent
};

Speeds measure(const std::string& net, int threads, int steps, const data::Dataset& data) {
  const trainers::TrainingConfig plain = training(net, kPlain);
  const trainers::Architecture architecture =
      trainers::load_architecture(plain.architecture, {plain.width, data.shape, data.classes});
  std::vector<std::unique_ptr<trainers::Trainer>> trainers;
  for (const Kind kind : {kPlain, kRandbet, kMcel}) {
    trainers.push_back(std::make_unique<trainers::Trainer>(training(net, kind), architecture, data,
                                                           data, "cpu", threads));
    for (int i = 0; i < 2; ++i) trainers.back()->step();  // warm; RandBET's first has no errors
  }
  trainers::Trainer& randbet = *trainers[kRandbet];
  std::vector<float> read = randbet.decoded();
  std::vector<double> step_ratios, mcel_ratios, shares;
  double fastest[kKinds] = {1e9, 1e9, 1e9};
  for (int i = 0; i < steps; ++i) {
    double seconds[kKinds];
    for (int k = 0; k < kKinds; ++k) {
      const int kind = (i + k) % kKinds;  // nobody is always first
      seconds[kind] =
          seconds_of([&] { trainers[static_cast<std::size_t>(kind)]->step(); }, threads);
      fastest[kind] = std::min(fastest[kind], seconds[kind]);
    }
    const double injection = seconds_of(
        [&] {
          randbet.coder().inject(1, static_cast<std::uint64_t>(i), randbet.config().errors.rate,
                                 read.data());
        },
        threads);
    step_ratios.push_back(seconds[kRandbet] / seconds[kPlain]);
    mcel_ratios.push_back(seconds[kMcel] / seconds[kPlain]);
    shares.push_back(100.0 * injection / seconds[kRandbet]);
  }
  return {kBatch / fastest[kPlain], kBatch / fastest[kRandbet], median(step_ratios),
          median(mcel_ratios), median(shares)};
}

int run(int argc, char** argv) {
  const std::string net = argc > 1 ? argv[1] : "simplenet16";
  const int threads = argc > 2 ? std::atoi(argv[2]) : 1;
  const int steps = argc > 3 ? std::atoi(argv[3]) : 21;
  if ((net != "simplenet16" && net != "simplenet32" && net != "vgg3") || threads < 1 || steps < 1) {
    throw InputError("usage: training_bench [simplenet16|simplenet32|vgg3] [THREADS] [STEPS]");
  }
  trainers::keep_freed_memory();
  const trainers::Blas blas = trainers::blas_in_use();
  if (blas.reference) {
    throw InputError("{}: LibTorch calls the reference BLAS here; install libopenblas0-pthread",
                     blas.name);
  }
  const data::Dataset data = random_images();
  const Speeds s = measure(net, threads, steps, data);
  fmt::print(
      "{} threads {}: {:.0f} images/s plain, {:.0f} images/s RandBET, step ratio {:.2f}; MCEL / "
      "cross entropy {:.3f}; injection {:.2f} % of a step\n",
      net, threads, s.plain, s.randbet, s.step_ratio, s.mcel_ratio, s.injection_share);
  fmt::print(
      "{{\"net\": \"{}\", \"threads\": {}, \"blas\": \"{}\", \"qat_images_per_s\": {:.1f}, "
      "\"randbet_images_per_s\": {:.1f}, \"step_ratio\": {:.3f}, \"mcel_ratio\": {:.4f}, "
      "\"injection_pct\": {:.3f}}}\n",
      net, threads, blas.name, s.plain, s.randbet, s.step_ratio, s.mcel_ratio, s.injection_share);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  brownout::trainers::restart_where_that_is_faster(argv, argc > 2);
  return brownout::run_program("training_bench", [&] { return run(argc, argv); });
}
