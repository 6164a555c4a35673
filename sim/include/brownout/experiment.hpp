// SPDX-License-Identifier: Apache-2.0
// Evaluations: a network's images through an engine, with its weights as chips return them.
//
//   brownout::Experiment experiment(brownout::Network::load("network.onnx"), {});
//   auto result = experiment.run(brownout::Conditions::at_voltage(0.84), brownout::chips(50));
//   // result.rerr->mean is what `brownout eval network.onnx --voltage 0.84 --chips 50` prints.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "brownout/accelerator.hpp"
#include "brownout/chip.hpp"
#include "brownout/network.hpp"
#include "brownout/results.hpp"
#include "brownout/technology.hpp"

namespace brownout {

/// Runs compiled programs cycle by cycle. brownout::systemc has the one there is; an evaluation
/// that needs none runs without.
class Simulator;

/// Every field is the option of `brownout eval` with that name, and has its default.
struct ExperimentConfig {
  std::string dataset = "fashion-mnist", split = "test";
  std::string data;         // folder of the data set; "": the usual place
  std::int64_t images = 0;  // the first ones; 0: all
  std::string engine = "functional";
  std::string accelerator;  // its name or file; "": none
  std::string technology;   // its name or file; "": the accelerator's, else the usual one
  std::string mitigation;
  std::map<std::string, std::string> supplies;  // of "input", "activations", "accumulators"
  std::map<std::string, double> memory_rates;   // likewise
  std::optional<int> batch;
  std::uint64_t bit_offset = 0;  // the network's first cell
  std::uint64_t evaluation_seed = 0;
  bool fresh_reads = false;
  bool batch_statistics = false;
  bool keep_logits = false;
  int threads = 1;                       // 0: all of the machine. They change time only.
  std::shared_ptr<Simulator> simulator;  // for an accelerator's cycles and energy
};

/// What the weights' memory is operated at: a voltage, or a bit error rate; neither: no faults.
struct Conditions {
  std::optional<double> voltage, rate;
  static Conditions at_voltage(double voltage) { return {voltage, std::nullopt}; }
  static Conditions at_rate(double rate) { return {std::nullopt, rate}; }
};

/// Names of chips random:seed … random:(seed + count - 1).
std::vector<std::string> random_chips(int count, std::uint64_t seed = 0);

/// Told how far a run has come: done and total. Returning false ends the run with an Interrupted.
using ProgressFunction = std::function<bool(std::int64_t done, std::int64_t total)>;

/// A run that its caller ended.
class Interrupted : public RunError {
 public:
  Interrupted() : RunError(std::string("interrupted")) {}
};

class Experiment {
 public:
  /// Reads the images. InputError for settings that do not go together; it names the field.
  Experiment(const Network& network, const ExperimentConfig& config);
  ~Experiment();

  /// All images, clean and on each chip. Results depend on neither threads nor order.
  EvalResult run(const Conditions& at, const std::vector<std::string>& chips,
                 const ProgressFunction& progress = {});

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// `brownout run`: one network on one accelerator at one voltage (none: Vmin) on one chip. Needs a
/// simulator.
RunResult run(const Network& network, const ExperimentConfig& config,
              std::optional<double> voltage = std::nullopt, const std::string& chip = "random:0",
              const ProgressFunction& progress = {});

/// `brownout sweep`: runs what the folder does not hold yet. Networks with an accelerator need a
/// simulator.
struct SweepOptions {
  std::string folder;  // "": out/<name of the file>
  int threads = 1;
  std::shared_ptr<Simulator> simulator;
};
SweepResult sweep(const std::string& file, const SweepOptions& options = {},
                  const ProgressFunction& progress = {});

}  // namespace brownout
