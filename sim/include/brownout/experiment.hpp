// SPDX-License-Identifier: Apache-2.0
// Evaluations: a network's images through an engine, with its weights as chips return them.
//
//   brownout::Experiment experiment(brownout::Network::load("network.onnx"), {});
//   auto result = experiment.run(brownout::Conditions::at_voltage(0.84),
//                                brownout::random_chips(50));
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

/// Every field is an option of `brownout eval` and of `brownout run`, and has its default
/// (docs/command.md).
struct ExperimentConfig {
  std::string dataset = "fashion-mnist";  // its name, or a file of one's own data
  std::string split = "test";             // or "train"
  std::string data;                       // folder of the data set; "": the usual place
  std::int64_t images = 0;                // the first ones; 0: all
  std::string engine;                     // "": functional; of run(): systemc
  std::string accelerator;                // its name or file; "": none
  std::string technology;  // its name or file; "": the accelerator's, else the usual one
  std::string mitigation;  // "secded+spares=4x2"; "": the accelerator's, else none
  std::map<std::string, std::string> supplies;  // of "input", "activations", "accumulators"
  std::map<std::string, double> memory_rates;   // likewise
  std::optional<int> batch;                     // none: 1, of batch statistics 128
  std::uint64_t bit_offset = 0;                 // the network's first cell
  std::uint64_t evaluation_seed = 0;            // of draws
  bool fresh_reads = false;                     // draws anew in every batch
  bool batch_statistics = false;
  std::vector<std::string> only_tensors, only_layers;  // whose cells fail; empty: all
  std::string only_bits;                               // "6-7"; "": all
  bool keep_logits = false;
  bool list_cells = false;               // hit cells of each chip, in the JSON
  int threads = 1;                       // 0: all of the machine. They change time only.
  std::shared_ptr<Simulator> simulator;  // for an accelerator's cycles and energy
};

/// What the weights' memory is operated at: a voltage, or a bit error rate; neither: no faults.
struct Conditions {
  std::optional<double> voltage, rate;
  static Conditions at_voltage(double voltage) { return {voltage, std::nullopt}; }
  static Conditions at_rate(double rate) { return {std::nullopt, rate}; }
};

/// Names of chips random:seed … random:(seed + count - 1). InputError for a count below 1 or above
/// a million, and for a seed above 2^62.
std::vector<std::string> random_chips(int count, std::uint64_t seed = 0);

/// Told how far a run has come: done of total chips. It is called by the thread that called the
/// run, after each chip and several times a second in between. If it returns false, the run ends
/// with an Interrupted. Exceptions that it throws end the run likewise and arrive at its caller. It
/// may run other experiments, but those that are at work are taken: running the experiment that
/// calls it, a sweep in a sweep, and whatever uses the same simulator are InputErrors.
using ProgressFunction = std::function<bool(std::int64_t done, std::int64_t total)>;

/// Prints nothing and handles no signals. One evaluation at a time: a second one meanwhile, of
/// another thread or of the progress function, is an InputError. Several objects may work in
/// several threads.
class Experiment {
 public:
  /// InputError for settings that do not go together; it names the field.
  Experiment(const Network& network, const ExperimentConfig& config);
  ~Experiment();
  Experiment(Experiment&&) noexcept;
  Experiment& operator=(Experiment&&) noexcept;

  /// All images, clean and on each chip. Results depend on neither threads nor order, nor on what
  /// ran before. Images are read, and the clean network runs, the first time only. Without chips at
  /// an operating point: the ten of random_chips(10), as the command. InputError for a voltage
  /// outside the technology, for chips that do not exist, and for one that is named twice.
  EvalResult run(const Conditions& at, const std::vector<std::string>& chips = {},
                 const ProgressFunction& progress = {});
  /// The same on random_chips(count, seed). Its JSON states the seed, as that of
  /// `brownout eval --chips COUNT --seed SEED`.
  EvalResult run_random(const Conditions& at, int count, std::uint64_t seed = 0,
                        const ProgressFunction& progress = {});

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// `brownout run`: one network on one accelerator at one voltage (none: Vmin, no faults) on one
/// chip ("": random:0). Needs an accelerator and a simulator. Of `config` everything counts but
/// batch_statistics, list_cells and the selection of cells, which are InputErrors.
RunResult run(const Network& network, const ExperimentConfig& config,
              std::optional<double> voltage = std::nullopt, const std::string& chip = "",
              const ProgressFunction& progress = {});

/// What replaces settings of a sweep's file, as options of `brownout sweep`.
struct SweepOptions {
  std::string folder;  // "": out/NAME of NAME.yaml
  std::optional<std::int64_t> images, chips;
  std::optional<std::uint64_t> seed;
  std::string data;                      // folder of the data set
  int threads = 1;                       // 0: all of the machine
  bool overwrite = false;                // starts anew in the folder of another sweep
  std::shared_ptr<Simulator> simulator;  // for networks on an accelerator
};

/// `brownout sweep` of a shipped sweep by its name, or of a file: runs what the folder does not
/// hold yet, and writes the files of the results there, all but the picture. If it is interrupted,
/// the same call continues it.
SweepResult sweep(const std::string& file, const SweepOptions& options = {},
                  const ProgressFunction& progress = {});

}  // namespace brownout
