// SPDX-License-Identifier: Apache-2.0
// The public Accelerator: the module of sim/accelerator, with a queue of jobs before it and chips
// of the public library behind it.
#include <algorithm>
#include <cstring>
#include <deque>
#include <optional>
#include <utility>

#include "brownout/systemc.hpp"
#include "sim/accelerator/accelerator.hpp"
#include "sim/accelerator/thrown.hpp"
#include "sim/api/chip_access.hpp"
#include "sim/api/systemc/platform.hpp"
#include "sim/base/error.hpp"
#include "sim/engines/programs.hpp"
#include "sim/experiment/chip_weights.hpp"
#include "sim/experiment/other_memories.hpp"
#include "sim/experiment/supplies.hpp"

namespace brownout {

namespace {

const experiment::Model& model_of(const Program& program) { return *program.network().internal(); }

/// InputError unless the program was compiled for this accelerator.
void expect_compiled_for(const char* name, const mapping::AcceleratorConfig& config,
                         const Program& program) {
  const mapping::AcceleratorConfig& its = *program.accelerator().internal();
  if (&its == &config || mapping::resolved_json(its) == mapping::resolved_json(config)) return;
  throw InputError(
      "{}: expected a program compiled for the accelerator {} ({}), got one for {} ({})", name,
      config.name, config.file.string(), its.name, its.file.string());
}

/// What ended a job, as one of Brownout's errors: somebody's memory may throw anything.
std::exception_ptr error_of(const char* name, const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const Error&) {
    return thrown;
  } catch (...) {
    return std::make_exception_ptr(
        RunError("{}: the job ended with an exception: {}", name, accelerator::text_of(thrown)));
  }
}

}  // namespace

struct Accelerator::Parts {
  enum class Way { kRun, kStart, kPort };
  struct Asked {
    std::uint64_t number = 0;
    Way way = Way::kRun;
    Job job;
    std::string refusal;  // why the job is not done; "": it is
  };
  struct Done {
    std::uint64_t number = 0;
    JobResult result;
    std::exception_ptr error;

    JobResult take() {
      if (error) std::rethrow_exception(error);
      return std::move(result);
    }
  };

  Parts(const AcceleratorConfig& configured, const AcceleratorOptions& asked)
      : config(configured),
        options(asked),
        clock(api::clock_of(*config.internal(), options.clock_period)),
        core("core", clock, options.memory_address) {}

  void expect_idle(const char* name) const {
    if (waiting.empty() && !serving) return;
    throw InputError("{}: expected no job to run or wait, but {} do", name,
                     waiting.size() + (serving ? 1 : 0));
  }

  /// A job's arguments, checked where it is given.
  void expect_fits(const char* name, const Job& job) const {
    if (job.batches < 1) {
      throw InputError("{}: {}: expected at least 1, got {}", name, Field{"batches"}, job.batches);
    }
    if (job.pixels.empty()) {
      if (job.batches <= 2) return;
      throw InputError(
          "{}: {}: expected at most 2 without pixels, one for each input buffer, got {}", name,
          Field{"batches"}, job.batches);
    }
    if (!options.debug_transport) {
      throw InputError("{}: {}: expected none, because the memory has no debug transport", name,
                       Field{"pixels"});
    }
    const std::int64_t bytes = program->internal()->input_bytes;
    const auto found = static_cast<std::int64_t>(job.pixels.size());
    if (found % bytes == 0 && found / bytes == job.batches) return;
    const auto shape = program->network().input_shape();
    throw InputError(
        "{}: {}: expected {} batches of {} images of {} x {} x {} bytes, which are {} in each "
        "batch, got {}",
        name, Field{"pixels"}, job.batches, program->batch(), shape[0], shape[1], shape[2], bytes,
        found);
  }

  std::uint64_t ask(Way way, Job job, std::string refusal = "") {
    waiting.push_back({++last_number, way, std::move(job), std::move(refusal)});
    more.notify(sc_core::SC_ZERO_TIME);
    return last_number;
  }

  void load(const Program& compiled);
  Done serve(const Asked& asked);
  ReadCounts set_chip(const Chip& chip, const experiment::Conditions& at, bool weights_scaled,
                      const Draws& draws);

  const AcceleratorConfig config;
  const AcceleratorOptions options;
  const accelerator::Clock clock;
  accelerator::Accelerator core;
  std::optional<Program> program;
  network::Shapes shapes;
  std::unique_ptr<experiment::ChipWeights> weights;  // made when a chip is first set

  std::deque<Asked> waiting;
  bool serving = false;
  std::uint64_t last_number = 0;
  std::deque<Done> of_run, of_start;
  sc_core::sc_event more{"more"};
  sc_core::sc_event run_finished{"run_finished"};
  sc_core::sc_event finished{"finished"};
};

void Accelerator::Parts::load(const Program& compiled) {
  const experiment::Model& model = model_of(compiled);
  shapes = network::check(*model.network, model.file.string());
  accelerator::RunOptions run;
  run.load_memory = options.debug_transport;
  core.configure(compiled.internal(), model.network, shapes, run);
  program.emplace(compiled);
  weights.reset();
}

Accelerator::Parts::Done Accelerator::Parts::serve(const Asked& asked) {
  Done done{asked.number, {}, nullptr};
  if (!asked.refusal.empty()) {
    done.result.error = asked.refusal;
    return done;
  }
  try {
    const mapping::Program& compiled = *program->internal();
    const std::int64_t batches = asked.job.batches;
    if (options.debug_transport) {
      done.result.logits.resize(static_cast<std::size_t>(batches * compiled.output_bytes / 4));
    }
    core.start(asked.job.pixels.empty() ? nullptr : asked.job.pixels.data(), batches,
               options.debug_transport ? done.result.logits.data() : nullptr);
    sc_core::wait(core.ended());
    const accelerator::RunResult run = core.result();
    const accelerator::LayerTally total = run.total();
    done.result.cycles = run.cycles;
    done.result.input_wait_cycles = run.input_wait_cycles;
    done.result.weight_wait_cycles = total.stall(accelerator::Stall::kWeightDma);
    done.result.closed_form_cycles = total.closed_form_cycles;
    done.result.read_bytes = total.counts.dram_read_bytes;
    done.result.write_bytes = total.counts.dram_write_bytes;
  } catch (const sc_core::sc_unwind_exception&) {
    throw;  // the kernel's own
  } catch (...) {
    done.error = error_of(core.name(), std::current_exception());
    done.result = {};
    done.result.error = accelerator::text_of(done.error);
  }
  return done;
}

ReadCounts Accelerator::Parts::set_chip(const Chip& chip, const experiment::Conditions& at,
                                        bool weights_scaled, const Draws& draws) {
  const experiment::Model& model = model_of(*program);
  const memory::Draws drawn = api::draws_of(chip, draws);
  experiment::ChipRead read;
  if (weights_scaled) {
    if (!weights) {
      weights = std::make_unique<experiment::ChipWeights>(model, *program->internal());
    }
    weights->read(chip.internal(), at.weights, drawn, read);
  }
  experiment::MemoryResults others;
  experiment::OtherMemories memories(
      model.network,
      std::make_shared<engines::Programs>(model.network, program->internal(), model.file.string()),
      program->batch());
  const mapping::MemoryFaults faults = memories.faults(chip.internal(), at.others, drawn, others);
  core.set_faults(read.faults, drawn);
  core.set_memory_faults(faults);
  return {program->network().coded_parameters(), read.read.cells_hit, read.read.bits_wrong,
          read.read.codes_changed};
}

Accelerator::Accelerator(const sc_core::sc_module_name& name, const AcceleratorConfig& config,
                         const Program& program, const AcceleratorOptions& options)
    : sc_module(api::expect_new(name)) {
  expect_compiled_for(this->name(), *config.internal(), program);
  parts_ = std::make_unique<Parts>(config, options);
  parts_->core.memory.bind(memory);
  parts_->load(program);
}

void Accelerator::before_end_of_elaboration() {
  // Not in the constructor: see accelerator::Block.
  SC_HAS_PROCESS(Accelerator);
  SC_THREAD(serve);
  SC_THREAD(accept);
}

Accelerator::~Accelerator() = default;

void Accelerator::end_of_elaboration() {
  if ((jobs.size() == 0) == (results.size() == 0)) return;
  throw InputError("{}: expected both or neither of its ports jobs and results to be bound, got {}",
                   name(), jobs.size() == 0 ? "results" : "jobs");
}

void Accelerator::serve() {
  Parts& parts = *parts_;
  for (;;) {
    while (parts.waiting.empty()) sc_core::wait(parts.more);
    const Parts::Asked asked = std::move(parts.waiting.front());
    parts.waiting.pop_front();
    parts.serving = true;
    Parts::Done done = parts.serve(asked);
    parts.serving = false;
    if (asked.way == Parts::Way::kPort) {
      results->write(done.result);
    } else if (asked.way == Parts::Way::kStart) {
      parts.of_start.push_back(std::move(done));
      parts.finished.notify(sc_core::SC_ZERO_TIME);
    } else {
      parts.of_run.push_back(std::move(done));
      parts.run_finished.notify(sc_core::SC_ZERO_TIME);
    }
  }
}

void Accelerator::accept() {
  if (jobs.size() == 0) return;
  for (;;) {
    Job job = jobs->read();
    std::string refusal;
    try {
      parts_->expect_fits(name(), job);
    } catch (const InputError& error) {
      refusal = error.what();  // when it is its turn, so that results have the order of the jobs
    }
    parts_->ask(Parts::Way::kPort, std::move(job), refusal);
  }
}

JobResult Accelerator::run(const Job& job) {
  parts_->expect_fits(name(), job);
  if (sc_core::sc_get_current_process_handle().proc_kind() != sc_core::SC_THREAD_PROC_) {
    throw InputError(
        "{}: run: expected to be called by an SC_THREAD, which can wait; start() may be "
        "called by anyone",
        name());
  }
  if (api::runs_in(parts_->core)) {
    throw InputError(
        "{}: run: the job that calls it has not ended, and another one would wait for it for ever; "
        "expected a memory that gives the accelerator no job to wait for; start() may be called by "
        "anyone",
        name());
  }
  Parts& parts = *parts_;
  const std::uint64_t number = parts.ask(Parts::Way::kRun, job);
  for (;;) {
    const auto found = std::find_if(parts.of_run.begin(), parts.of_run.end(),
                                    [&](const Parts::Done& done) { return done.number == number; });
    if (found != parts.of_run.end()) {
      Parts::Done done = std::move(*found);
      parts.of_run.erase(found);
      return done.take();
    }
    sc_core::wait(parts.run_finished);
  }
}

void Accelerator::start(Job job) {
  parts_->expect_fits(name(), job);
  parts_->ask(Parts::Way::kStart, std::move(job));
}

const sc_core::sc_event& Accelerator::finished() const { return parts_->finished; }

JobResult Accelerator::result() {
  if (parts_->of_start.empty()) {
    throw InputError("{}: result: expected a job of start() that has ended, there is none", name());
  }
  Parts::Done done = std::move(parts_->of_start.front());
  parts_->of_start.pop_front();
  return done.take();
}

bool Accelerator::busy() const { return parts_->serving || !parts_->waiting.empty(); }

ReadCounts Accelerator::set_voltage(const Chip& chip, const Technology& technology, double voltage,
                                    const Draws& draws) {
  parts_->expect_idle(name());
  experiment::TargetConfig target;
  target.accelerator = *parts_->config.internal();
  target.batch = parts_->program->batch();
  const experiment::Supplies supplies(technology.internal(), target);
  return parts_->set_chip(chip, supplies.at(voltage), supplies.weights_scaled(), draws);
}

ReadCounts Accelerator::set_faults(const Chip& chip, const OperatingPoint& at, const Draws& draws) {
  parts_->expect_idle(name());
  api::faults_of(chip, at, /*words=*/0, MemoryKind::kWeights);  // checks the point
  experiment::Conditions conditions = experiment::resident_at({at.voltage, at.rate});
  return parts_->set_chip(chip, conditions, /*weights_scaled=*/true, draws);
}

void Accelerator::clear_faults() {
  parts_->expect_idle(name());
  parts_->core.set_faults({}, {});
  parts_->core.set_memory_faults({});
}

void Accelerator::set_program(const Program& program) {
  parts_->expect_idle(name());
  expect_compiled_for(name(), *parts_->config.internal(), program);
  parts_->load(program);
}

MemoryRegion Accelerator::region() const {
  const accelerator::MemoryLayout layout = accelerator::layout_of(*parts_->program->internal());
  const std::uint64_t begin = parts_->options.memory_address;
  const auto at = [&](std::int64_t offset) { return begin + static_cast<std::uint64_t>(offset); };
  MemoryRegion region;
  region.address = begin;
  region.bytes = static_cast<std::uint64_t>(layout.bytes());
  for (const int buffer : {0, 1}) {
    region.input[buffer] = at(layout.input(buffer));
    region.output[buffer] = at(layout.output(buffer));
  }
  region.input_bytes = layout.input_bytes;
  region.output_bytes = layout.output_bytes;
  return region;
}

std::vector<std::uint8_t> Accelerator::image() const {
  const std::vector<std::uint64_t>& words = parts_->core.words();
  std::vector<std::uint8_t> bytes(words.size() * 8);
  if (!words.empty()) std::memcpy(bytes.data(), words.data(), bytes.size());
  return bytes;
}

sc_core::sc_time Accelerator::clock_period() const { return parts_->clock.cycles(1); }

}  // namespace brownout
