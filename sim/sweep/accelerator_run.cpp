// SPDX-License-Identifier: Apache-2.0
// Compile, draw the chip, run, price.
#include "sim/sweep/accelerator_run.hpp"

#include <chrono>

#include "sim/base/error.hpp"
#include "sim/base/progress.hpp"
#include "sim/cosim/rtl_array.hpp"
#include "sim/mapping/faulty_reader.hpp"
#include "sim/memory/chip.hpp"
#include "sim/sweep/configuration.hpp"
#include "sim/sweep/evaluator.hpp"
#include "sim/sweep/network_cost.hpp"
#include "sim/technology/technology.hpp"

namespace brownout::sweep {

namespace {

using Clock = std::chrono::steady_clock;

}  // namespace

const std::vector<std::string>& run_engine_names() {
  static const std::vector<std::string> names{"functional", "systemc", "rtl"};
  return names;
}

AcceleratorRun run_accelerator(RunConfig config, int threads, bool quiet) {
  const Clock::time_point start = Clock::now();
  AcceleratorRun run;
  const technology::Technology technology = technology::Technology::load(config.technology_file);
  run.technology = technology.name();
  const double voltage = config.voltage.value_or(1.0);
  run.rate = weight_error_rate(technology, config.accelerator, voltage);
  std::unique_ptr<memory::Chip> chip;
  if (config.voltage) {
    chip = memory::make_chip(config.chip);
    run.chip_note = chip->note();
  }
  const Model model = load_model(config.model);
  run.model = model.name;
  run.model_sha256 = model.sha256;
  std::shared_ptr<cosim::RtlArray> rtl;
  if (config.engine == "rtl") {
    cosim::check_core(config.accelerator);
    rtl = std::make_shared<cosim::RtlArray>(config.accelerator);
  }
  accelerator::SystemcEngine systemc(
      model.network, config.accelerator, config.batch, config.bit_offset, model.file.string(),
      rtl ? rtl : std::shared_ptr<accelerator::ArrayModel>(accelerator::make_behavioural_array()));
  const network::Dataset data =
      network::load_dataset(config.dataset, config.split, config.data_folder);
  if (config.images == 0) config.images = data.size();
  if (config.images > data.size()) {
    throw InputError("--images: expected an integer in [1, {}], the images of {} ({}), got {}",
                     data.size(), config.dataset, to_string(config.split), config.images);
  }
  inference::check_fits(model.network, data, model.file.string());

  mapping::FaultyReader reader(model.network, systemc.program().placement);
  const network::Codes* codes = &reader.clean();
  memory::FaultList faults;
  if (chip != nullptr && config.accelerator.weights.scaled_supply) {
    faults =
        chip->faults(memory::MemoryId::kWeights, reader.placement().words, {voltage, run.rate});
    codes = &reader.read(faults, config.evaluation_seed, &run.read);
  }

  Progress progress("run", 1, quiet);
  if (config.engine != "functional") {
    systemc.set_chip(*codes, faults, config.evaluation_seed);
    systemc.record(config.span_limit);
    run.evaluation =
        inference::evaluate(systemc, model.network, data, config.images, 1, /*hash_logits=*/true);
    run.simulated = systemc.result();
  } else {
    const auto functional = inference::make_engine(config.engine, model.network, threads);
    functional->set_codes(*codes);
    run.evaluation = inference::evaluate(*functional, model.network, data, config.images, threads,
                                         /*hash_logits=*/true);
    run.simulated = systemc.time(config.images, config.span_limit);
  }
  progress.advance(1);
  progress.finish();
  if (rtl) {
    for (const cosim::LayerRecord& layer : rtl->records())
      run.rtl_cycles.push_back(layer.rtl_cycles);
  }

  run.structure = structure_of(config.accelerator);
  const auto price = [&](std::string name, const accelerator::LayerTally& tally) {
    const double slots = static_cast<double>(tally.cycles) * run.structure.pes;
    return RunPart{std::move(name), static_cast<double>(tally.counts.macs) / slots,
                   energy_per_image(technology, config.accelerator, voltage, tally.counts,
                                    tally.cycles, config.images)};
  };
  for (std::size_t i = 0; i < run.simulated.layers.size(); ++i) {
    run.layers.push_back(price(systemc.program().layers[i].name, run.simulated.layers[i]));
  }
  run.total = run.simulated.total();
  run.total.cycles = run.simulated.cycles;
  run.all = price("all, with DMA", run.total);
  run.config = std::move(config);
  run.wall_seconds = std::chrono::duration<double>(Clock::now() - start).count();
  return run;
}

}  // namespace brownout::sweep
