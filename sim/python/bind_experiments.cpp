// SPDX-License-Identifier: Apache-2.0
// Evaluations for Python: settings in, results out as dictionaries. Arguments come checked by the
// package.
#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "brownout/experiment.hpp"
#include "brownout/systemc.hpp"
#include "sim/python/binding.hpp"
#include "sim/python/interruptible.hpp"

namespace brownout::python {
namespace {

/// The SystemC kernel runs one simulation at a time in a process, so there is one simulator. It is
/// made when it is first needed and never destroyed.
class OneSimulator {
 public:
  std::shared_ptr<Simulator> get() {
    const std::lock_guard<std::mutex> lock(made_);
    if (!simulator_) simulator_ = make_systemc_simulator();
    return simulator_;
  }
  std::timed_mutex& in_use() { return in_use_; }

 private:
  std::mutex made_;
  std::timed_mutex in_use_;
  std::shared_ptr<Simulator> simulator_;
};

OneSimulator& one_simulator() {
  static OneSimulator& simulator = *new OneSimulator;
  return simulator;
}

/// Has something to itself for as long as this object lives.
class InUse {
 public:
  /// Waits until another thread has finished its work. Interrupted when the caller gives up;
  /// InputError when it is this thread that works with it, further down its stack.
  InUse(std::timed_mutex& mutex, const ProgressFunction& progress) : lock_(mutex, std::defer_lock) {
    if (std::find(mine().begin(), mine().end(), &mutex) != mine().end())
      throw InputError(
          std::string("progress: the run that calls it has not ended, and another one in here "
                      "would wait for it "
                      "for ever; expected a function that starts no run of its own"));
    while (!lock_.try_lock_for(std::chrono::milliseconds(20))) {
      if (!progress(0, 0)) throw Interrupted();
    }
    mine().push_back(&mutex);
  }
  ~InUse() { mine().pop_back(); }
  InUse(const InUse&) = delete;
  InUse& operator=(const InUse&) = delete;

 private:
  /// What this thread has, the last one last.
  static std::vector<const std::timed_mutex*>& mine() {
    thread_local std::vector<const std::timed_mutex*> held;
    return held;
  }
  std::unique_lock<std::timed_mutex> lock_;
};

ExperimentConfig config_of(const py::dict& given) {
  ExperimentConfig config;
  config.dataset = given["dataset"].cast<Text>().bytes;
  config.split = given["split"].cast<std::string>();
  config.data = given["data"].cast<Text>().bytes;
  config.images = given["images"].cast<std::int64_t>();
  config.engine = given["engine"].cast<std::string>();
  config.accelerator = given["accelerator"].cast<Text>().bytes;
  config.technology = given["technology"].cast<Text>().bytes;
  config.mitigation = given["mitigation"].cast<std::string>();
  config.supplies = given["supplies"].cast<std::map<std::string, std::string>>();
  config.memory_rates = given["memory_rates"].cast<std::map<std::string, double>>();
  config.batch = given["batch"].cast<std::optional<int>>();
  config.bit_offset = given["bit_offset"].cast<std::uint64_t>();
  config.evaluation_seed = given["evaluation_seed"].cast<std::uint64_t>();
  config.fresh_reads = given["fresh_reads"].cast<bool>();
  config.batch_statistics = given["batch_statistics"].cast<bool>();
  config.only_tensors = given["only_tensors"].cast<std::vector<std::string>>();
  config.only_layers = given["only_layers"].cast<std::vector<std::string>>();
  config.only_bits = given["only_bits"].cast<std::string>();
  config.keep_logits = given["keep_logits"].cast<bool>();
  config.list_cells = given["list_cells"].cast<bool>();
  config.threads = given["threads"].cast<int>();
  return config;
}

py::object logits_of(std::vector<float>&& logits, std::vector<py::ssize_t> front) {
  if (logits.empty()) return py::none();
  py::ssize_t rows = 1;
  for (const py::ssize_t size : front) rows *= size;
  front.push_back(static_cast<py::ssize_t>(logits.size()) / rows);
  return array_of(std::move(logits), std::move(front));
}

py::dict fields_of(EvalResult&& result) {
  py::dict fields;
  fields["model"] = Text{result.model};
  fields["images"] = result.images;
  fields["voltage"] = result.voltage;
  fields["rate"] = result.rate;
  fields["err"] = result.err;
  fields["err_ci95"] = result.err_ci95;
  fields["rerr"] = py::none();
  if (result.rerr) {
    py::dict rerr;
    rerr["mean"] = result.rerr->mean;
    rerr["std"] = result.rerr->std;
    rerr["min"] = result.rerr->min;
    rerr["max"] = result.rerr->max;
    rerr["ci95"] = result.rerr->ci95_all;
    fields["rerr"] = rerr;
  }
  py::list chips;
  for (const ChipError& chip : result.chips) {
    chips.append(py::make_tuple(Text{chip.chip}, chip.rerr, chip.confidence, chip.cells_hit,
                                chip.bits_wrong));
  }
  fields["chips"] = chips;
  fields["energy_sram_rel"] = result.energy_sram_rel;
  fields["cycles"] = result.cycles;
  fields["latency_ms"] = result.latency_ms;
  fields["energy_uj"] = result.energy_uj;
  fields["json"] = Text{result.json};
  fields["samples_csv"] = Text{result.samples_csv};
  fields["text"] = Text{result.text};
  fields["logits"] = logits_of(std::move(result.logits),
                               {static_cast<py::ssize_t>(result.chips.size()) + 1, result.images});
  return fields;
}

py::dict fields_of(RunResult&& result) {
  py::dict fields;
  fields["model"] = Text{result.model};
  fields["images"] = result.images;
  fields["err"] = result.err;
  fields["cycles"] = result.cycles;
  fields["cycles_per_image"] = result.cycles_per_image;
  fields["latency_ms"] = result.latency_ms;
  fields["energy_uj"] = result.energy_uj;
  fields["json"] = Text{result.json};
  fields["text"] = Text{result.text};
  fields["logits"] = logits_of(std::move(result.logits), {result.images});
  return fields;
}

py::dict fields_of(const SweepResult& result) {
  py::dict fields;
  fields["folder"] = Text{result.folder};
  fields["json"] = Text{result.json};
  fields["csv"] = Text{result.csv};
  fields["samples_csv"] = Text{result.samples_csv};
  fields["safe_voltage_csv"] = Text{result.safe_voltage_csv};
  fields["text"] = Text{result.text};
  return fields;
}

/// An experiment that one thread at a time may run.
class OneExperiment {
 public:
  OneExperiment(const Network& network, const py::dict& given) {
    ExperimentConfig config = config_of(given);
    simulated_ = !config.accelerator.empty();
    without_gil([&] {
      if (simulated_) config.simulator = one_simulator().get();
      experiment_ = std::make_unique<Experiment>(network, config);
    });
  }

  py::dict run(std::optional<double> voltage, std::optional<double> rate, std::vector<Text> chips,
               const py::object& update) {
    const std::vector<std::string> names = bytes_of(std::move(chips));
    return watched(update, [&](const ProgressFunction& progress) {
      return experiment_->run({voltage, rate}, names, progress);
    });
  }

  py::dict run_random(std::optional<double> voltage, std::optional<double> rate, int count,
                      std::uint64_t seed, const py::object& update) {
    return watched(update, [&](const ProgressFunction& progress) {
      return experiment_->run_random({voltage, rate}, count, seed, progress);
    });
  }

 private:
  py::dict watched(const py::object& update,
                   const std::function<EvalResult(const ProgressFunction&)>& work) {
    std::optional<EvalResult> result;
    run_interruptibly(update, [&](const ProgressFunction& progress) {
      const InUse mine(in_use_, progress);
      std::optional<InUse> simulating;
      if (simulated_) simulating.emplace(one_simulator().in_use(), progress);
      result = work(progress);
    });
    return fields_of(std::move(*result));
  }

  std::unique_ptr<Experiment> experiment_;
  bool simulated_ = false;
  std::timed_mutex in_use_;
};

py::dict run_network(const Network& network, const py::dict& given, std::optional<double> voltage,
                     const Text& chip, const py::object& update) {
  ExperimentConfig config = config_of(given);
  std::optional<RunResult> result;
  run_interruptibly(update, [&](const ProgressFunction& progress) {
    const InUse simulating(one_simulator().in_use(), progress);
    config.simulator = one_simulator().get();
    result = run(network, config, voltage, chip.bytes, progress);
  });
  return fields_of(std::move(*result));
}

py::dict run_sweep(const Text& file, const py::dict& given, const py::object& update) {
  SweepOptions options;
  options.folder = given["folder"].cast<Text>().bytes;
  options.images = given["images"].cast<std::optional<std::int64_t>>();
  options.chips = given["chips"].cast<std::optional<std::int64_t>>();
  options.seed = given["seed"].cast<std::optional<std::uint64_t>>();
  options.data = given["data"].cast<Text>().bytes;
  options.threads = given["threads"].cast<int>();
  options.overwrite = given["overwrite"].cast<bool>();
  std::optional<SweepResult> result;
  run_interruptibly(update, [&](const ProgressFunction& progress) {
    const InUse simulating(one_simulator().in_use(), progress);
    options.simulator = one_simulator().get();
    result = sweep(file.bytes, options, progress);
  });
  return fields_of(*result);
}

}  // namespace

void add_experiments(py::module_& module) {
  py::class_<OneExperiment>(module, "Experiment")
      .def(py::init<const Network&, const py::dict&>())
      .def("run", &OneExperiment::run)
      .def("run_random", &OneExperiment::run_random);
  module.def("run", run_network);
  module.def("sweep", run_sweep);
}

}  // namespace brownout::python
