// SPDX-License-Identifier: Apache-2.0
// Compile, draw the chip, run, price.
#include "sim/sweep/accelerator_run.hpp"

#include <chrono>

#include "sim/base/error.hpp"
#include "sim/base/progress.hpp"
#include "sim/chips/chip.hpp"
#include "sim/cosim/rtl_array.hpp"
#include "sim/mapping/timing.hpp"
#include "sim/sweep/configuration.hpp"
#include "sim/sweep/evaluator.hpp"
#include "sim/sweep/fresh_reads.hpp"
#include "sim/sweep/network_cost.hpp"
#include "sim/technology/technology.hpp"

namespace brownout::sweep {

namespace {

using Clock = std::chrono::steady_clock;

RunCounts counts_of(const AcceleratorRun& run) {
  const auto part = [](const accelerator::LayerTally& tally) {
    return RunPartCounts{tally.counts, static_cast<double>(tally.cycles)};
  };
  RunCounts counts{part(run.total), {}, run.unprotected_cycles};
  for (const accelerator::LayerTally& layer : run.simulated.layers) {
    counts.layers.push_back(part(layer));
  }
  return counts;
}

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
  std::unique_ptr<chips::Chip> chip;
  if (config.voltage) {
    chip = chips::make_chip(config.chip);
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
  engines::SystemcEngine systemc(
      model.network, config.accelerator, config.batch, config.bit_offset, model.file.string(),
      rtl ? rtl : std::shared_ptr<accelerator::ArrayModel>(accelerator::make_behavioural_array()));
  const data::Dataset data =
      load_images(config.dataset, config.split, config.data_folder, config.images);
  engines::check_fits(model.network, data, model.file.string());

  ChipWeights weights(model, systemc.program());
  const network::Codes* codes = &weights.clean();
  double accessed_at = 1.0;
  const memory::Draws draws{chip ? chip->die() : memory::Die{}, config.evaluation_seed,
                            config.fresh_reads};
  if (chip != nullptr && config.accelerator.weights.scaled_supply) {
    const chips::OperatingPoint at =
        accessed(&technology, {voltage, run.rate}, /*has_voltage=*/true,
                 config.accelerator.weights.mitigations);
    codes = &weights.read(*chip, at, draws, run.weights);
    accessed_at = at.voltage;
    run.rate = configured_rate(*chip, at, run.weights.repair.cell_rate);
  }

  mapping::MemoryFaults other_faults;
  std::optional<OtherMemories> others;
  if (chip != nullptr) {
    run.others = memory_points(config.accelerator, &technology,
                               {voltage, technology.bit_error_rate(voltage)}, config.memory_rates);
  }
  if (run.others.any()) {
    others.emplace(model.network, config.accelerator, config.batch, config.bit_offset,
                   config.images, model.file.string());
    other_faults = others->faults(*chip, run.others, draws, run.other_memories);
  }
  const auto non_finite =
      other_faults.activations.empty() ? engines::NonFinite::kFail : engines::NonFinite::kOrder;

  Progress progress("run", 1, quiet);
  if (config.engine != "functional") {
    systemc.set_memory_faults(other_faults);
    systemc.set_chip(*codes, run.weights.faults, draws);
    systemc.record(config.span_limit);
    run.evaluation = engines::evaluate(systemc, model.network, data, config.images, 1,
                                       /*hash_logits=*/true, non_finite);
    run.simulated = systemc.result();
    run.other_memories.set_bits_wrong(systemc.memory_bits_wrong());
  } else {
    const auto functional = engines::make_engine(config.engine, model.network, threads);
    functional->set_memory_faults(other_faults);
    functional->set_codes(*codes);
    FreshReads fresh(*functional, weights.reader(), run.weights.faults, draws, config.batch);
    const bool anew = config.fresh_reads && draws_anything(run.weights.faults);
    run.evaluation =
        engines::evaluate(anew ? fresh : *functional, model.network, data, config.images,
                          anew ? 1 : threads, /*hash_logits=*/true, non_finite);
    run.other_memories.set_bits_wrong(functional->memory_bits_wrong());
    run.simulated = systemc.time(config.images, config.span_limit);
  }
  run.memories = memory_uses({accessed_at, run.rate}, run.others, chip && chip->by_voltage(),
                             run.weights.read, run.other_memories);
  progress.advance(1);
  progress.finish();
  if (rtl) {
    for (const cosim::LayerRecord& layer : rtl->records())
      run.rtl_cycles.push_back(layer.rtl_cycles);
  }

  run.total = run.simulated.total();
  run.total.cycles = run.simulated.cycles;
  run.weight_words = systemc.program().resident_words;
  run.pricing = pricing_of(systemc.program(), model.network.bits(), config.images);
  const auto part = [&](std::string name, const accelerator::LayerTally& tally) {
    const double slots = static_cast<double>(tally.cycles) * run.pricing.structure.pes;
    return RunPart{std::move(name), static_cast<double>(tally.counts.macs) / slots};
  };
  for (std::size_t i = 0; i < run.simulated.layers.size(); ++i) {
    run.layers.push_back(part(systemc.program().layers[i].name, run.simulated.layers[i]));
  }
  run.all = part("all, with DMA", run.total);
  run.unprotected_cycles = static_cast<double>(run.total.cycles);
  if (mapping::check_stages(config.accelerator.weights) > 0) {
    mapping::AcceleratorConfig unprotected = config.accelerator;
    unprotected.weights.mitigations = {};
    run.unprotected_cycles = NetworkCost(model.network, unprotected, config.batch,
                                         config.bit_offset, config.images, model.file.string())
                                 .cycles();
  }
  run.prices = price_run(technology, run.pricing, voltage, counts_of(run));
  run.config = std::move(config);
  run.wall_seconds = std::chrono::duration<double>(Clock::now() - start).count();
  return run;
}

}  // namespace brownout::sweep
