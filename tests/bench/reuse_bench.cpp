// SPDX-License-Identifier: Apache-2.0
// How much faster an evaluator is that does not compute again what a chip's codes leave unchanged:
// reuse_bench [MODEL.onnx] [CHIPS] [IMAGES] [RATES...]. Fashion-MNIST, one thread, processor time;
// both sides take each chip in turns. Chips without wrong codes do not count; the first chips, for
// which the memory is filled, do.
#include <fmt/format.h>

#include <cstdio>
#include <ctime>
#include <memory>
#include <string>
#include <vector>

#include "sim/base/error.hpp"
#include "sim/base/run_program.hpp"
#include "sim/chips/random_chip.hpp"
#include "sim/runs/evaluator.hpp"

namespace {

using namespace brownout;

double now() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

struct Side {
  std::unique_ptr<runs::Evaluator> evaluator;
  double seconds = 0.0;
  int chips = 0;

  std::string on_chip(const chips::Chip& chip, double rate, const results::CleanResult& clean) {
    const double start = now();
    const auto result = evaluator->on_chip(chip, experiment::resident_at({1.0, rate}), clean);
    if (result.read.codes_changed > 0) {
      seconds += now() - start;
      ++chips;
    }
    return result.logits_sha256;
  }
};

int run(const std::vector<std::string>& arguments) {
  const experiment::Model model = experiment::load_model(
      arguments.empty() ? "models/fmnist-simplenet16-randbet-8b.onnx" : arguments[0]);
  const int chips = arguments.size() > 1 ? std::stoi(arguments[1]) : 20;
  experiment::Setup setup;
  setup.images.count = arguments.size() > 2 ? std::stoi(arguments[2]) : 0;
  const experiment::OpenImages images = experiment::open(setup.images);
  const experiment::Target target(model, setup.target);
  fmt::print("{}, {} images, {} chips a rate\n", model.name, images.count, chips);
  std::vector<double> rates;
  for (std::size_t i = 3; i < arguments.size(); ++i) rates.push_back(std::stod(arguments[i]));
  if (rates.empty()) rates = {1e-6, 1e-5, 1e-4, 1e-2};
  for (const double rate : rates) {
    std::vector<Side> sides;
    for (const bool reuse : {false, true}) {
      runs::EvaluatorOptions options;
      options.reuse = reuse;
      sides.push_back({std::make_unique<runs::Evaluator>(model, images, setup, target, options)});
    }
    const results::CleanResult clean = sides[0].evaluator->clean();
    for (int i = 0; i < chips; ++i) {
      const chips::RandomChip chip(static_cast<std::uint64_t>(i) + 1);
      const auto first = static_cast<std::size_t>(i % 2);
      const std::string one = sides[first].on_chip(chip, rate, clean);
      if (sides[1 - first].on_chip(chip, rate, clean) != one) {
        throw RunError("{} at {}: the logits differ", chip.name(), rate);
      }
    }
    const Side &without = sides[0], &with = sides[1];
    fmt::print("rate {:g}, {} chips with wrong codes: {:.2f} times as fast ({:.3f} s, {:.3f} s)\n",
               rate, with.chips, without.seconds / with.seconds, without.seconds / without.chips,
               with.seconds / with.chips);
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return brownout::run_program("reuse_bench", [&] { return run({argv + 1, argv + argc}); });
}
