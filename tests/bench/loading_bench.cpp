// SPDX-License-Identifier: Apache-2.0
// The share of a training step (8 bit, batch 128) that reading and augmenting the images takes,
// when the step waits for it and when a thread reads ahead: loading_bench [THREADS] [STEPS]. Random
// images; ends with one JSON line per row.
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <string>
#include <vector>

#include "sim/base/error.hpp"
#include "sim/base/random.hpp"
#include "sim/base/run_program.hpp"
#include "trainers/method/trainer.hpp"

namespace {

using namespace brownout;

constexpr int kBatch = 128;

data::Dataset random_images(network::Shape shape) {
  data::Dataset data;
  data.name = "random";
  data.shape = shape;
  data.classes = 10;
  const Philox random(1, Purpose::kTest);
  for (std::uint64_t i = 0; i < 8 * kBatch; ++i) {
    data.labels.push_back(static_cast<std::uint8_t>(random(i)[0] % 10));
    for (std::int64_t p = 0; p < shape.size(); ++p) {
      data.pixels.push_back(static_cast<std::uint8_t>(random(i, static_cast<std::uint64_t>(p))[1]));
    }
  }
  return data;
}

struct Row {
  const char* name;
  network::Shape shape;
  bool augmented;
};

void measure(const Row& row, int threads, int steps) {
  const data::Dataset data = random_images(row.shape);
  trainers::TrainingConfig config;
  config.file = "loading_bench";
  config.architecture =
      std::string(BROWNOUT_SOURCE_DIR) +
      (row.shape.height < 32 ? "/models/simplenet.yaml" : "/models/simplenet-32px.yaml");
  config.width = 16;
  config.optimizer.learning_rate = 1e-6;
  config.schedule.batch = kBatch;
  config.schedule.epochs = 1000;
  if (row.augmented) {
    config.augmentation.crop = 4;
    config.augmentation.flip = true;
    config.augmentation.auto_augment = true;
    config.augmentation.cutout = 16;
  }
  const trainers::Architecture architecture =
      trainers::load_architecture(config.architecture, {config.width, data.shape, data.classes});
  trainers::Trainer trainer(config, architecture, data, data, "cpu", threads);

  const auto seconds_of = [&](const auto& work) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < steps; ++i) work(static_cast<std::uint64_t>(i));
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() / steps;
  };
  for (int i = 0; i < 3; ++i) trainer.step();  // warm
  const double waited_before = trainer.waited_seconds();
  const double step = seconds_of([&](std::uint64_t) { trainer.step(); });
  const double waited = (trainer.waited_seconds() - waited_before) / steps;
  trainers::TrainingBatches batches(data, trainer.train_reader(), config.augmentation,
                                    trainer.transform().mean, kBatch, 1);
  trainers::Batch batch;
  const double read = seconds_of([&](std::uint64_t i) { batches.read(i, batch); });
  const double alone = 100.0 * read / (step - waited + read);
  const double ahead = 100.0 * waited / step;
  fmt::print(
      "{:24} reading {:.2f} ms of a step of {:.0f} ms: {:.2f} % when the step waits for it, {:.3f} "
      "% "
      "when it is read ahead\n",
      row.name, 1e3 * read, 1e3 * step, alone, ahead);
  fmt::print(
      "{{\"data\": \"{}\", \"threads\": {}, \"read_ms\": {:.4f}, \"step_ms\": {:.3f}, "
      "\"share_pct\": {:.4f}, \"ahead_share_pct\": {:.4f}}}\n",
      row.name, threads, 1e3 * read, 1e3 * step, alone, ahead);
}

int run(int argc, char** argv) {
  const int threads = argc > 1 ? std::atoi(argv[1]) : 1;
  const int steps = argc > 2 ? std::atoi(argv[2]) : 40;
  if (threads < 1 || steps < 1) throw InputError("usage: loading_bench [THREADS] [STEPS]");
  trainers::keep_freed_memory();
  for (const Row& row : {Row{"28x28", {1, 28, 28}, false}, Row{"32x32x3", {3, 32, 32}, false},
                         Row{"32x32x3 augmented", {3, 32, 32}, true}}) {
    measure(row, threads, steps);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return brownout::run_program("loading_bench", [&] { return run(argc, argv); });
}
