// SPDX-License-Identifier: Apache-2.0
// Reads the chip, then the other memories, then decides about numbers that are not finite.
#include "sim/experiment/experiment.hpp"

#include "sim/base/error.hpp"
#include "sim/engines/batch_statistics_engine.hpp"
#include "sim/engines/engine_traits.hpp"
#include "sim/experiment/clean_labels.hpp"

namespace brownout::experiment {

namespace {

ChipWeights make_weights(const Model& model, const Target& target) {
  if (const auto program = target.program()) return ChipWeights(model, *program);
  return ChipWeights(model, target.config().bit_offset, target.config().mitigations());
}

}  // namespace

const std::vector<std::string>& evaluation_engine_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const engines::EngineTraits& one : engines::all_engine_traits()) {
      if (!one.rtl) all.emplace_back(one.name);
    }
    return all;
  }();
  return names;
}

std::shared_ptr<engines::Engine> make_engine(const Model& model, const Setup& setup,
                                             const Target& target, int threads) {
  if (setup.batch_statistics) {
    BROWNOUT_CHECK(!engines::traits_of(setup.engine).on_codes, "engine {}", setup.engine);
    try {
      return engines::make_batch_statistics_engine(model.network, threads, target.config().batch);
    } catch (const InputError& error) {
      throw InputError("{}: {}", model.file.string(), error.what());
    }
  }
  if (!engines::traits_of(setup.engine).on_accelerator) {
    return engines::make_engine(setup.engine, model.network, threads);
  }
  BROWNOUT_CHECK(target.programs() != nullptr, "engine {} without accelerator", setup.engine);
  return needed(setup.simulator).make_engine(model.network, target.programs(), model.file.string());
}

Experiment::Experiment(const Model& model, const OpenImages& images, const Setup& setup,
                       const Target& target, std::shared_ptr<engines::Engine> engine, int threads)
    : model_(model),
      images_(labelled(images, model, setup, threads)),
      reads_(setup.reads),
      target_(target),
      weights_scaled_(supplies_of(target.config().accelerator).weights_scaled),
      engine_(std::move(engine)),
      threads_(threads),
      weights_(make_weights(model, target)) {
  if (!reads_.selection.all()) {
    weights_.select(*model.network, reads_.selection, model.file.string());
  }
  BROWNOUT_CHECK(images.count >= 1 && images.count <= images.data->size(), "{} images of {}",
                 images.count, images.data->size());
}

Readout Experiment::read(const chips::Chip* chip, const Conditions& at) {
  Readout readout;
  readout.draws = reads_.draws(chip != nullptr ? chip->die() : memory::Die{});
  if (chip != nullptr && weights_scaled_) {
    readout.codes = &weights_.read(*chip, at.weights, readout.draws, readout.weights);
  } else {
    readout.codes = &weights_.clean();
  }
  if (chip != nullptr && at.others.any()) {
    BROWNOUT_CHECK(target_.programs() != nullptr, "memories of no accelerator fail");
    if (!others_) others_.emplace(model_.network, target_.programs(), images_.count);
    readout.other_faults = others_->faults(*chip, at.others, readout.draws, readout.others);
  }
  return readout;
}

engines::Evaluation Experiment::evaluate(engines::Engine& engine, const Readout& readout,
                                         bool hash_logits) {
  engine.set_memory_faults(readout.other_faults);
  engine.set_chip(*readout.codes, readout.weights.faults, readout.draws);
  FreshReads fresh(engine, weights_.reader(), readout.weights.faults, readout.draws,
                   target_.config().batch);
  const bool anew = readout.draws_anew() && !engine.reads_memory();
  return engines::evaluate(anew ? fresh : engine, *model_.network, *images_.data, images_.count,
                           anew || engine.reads_memory() ? 1 : threads_, hash_logits,
                           readout.non_finite());
}

engines::Evaluation Experiment::evaluate(const Readout& readout) {
  return evaluate(*engine_, readout);
}

engines::Evaluation Experiment::evaluate(const Readout& readout, const data::Dataset& images) {
  BROWNOUT_CHECK(!readout.draws_anew() && !readout.other_faults.any() && !engine_->reads_memory(),
                 "some images of chip {}", readout.draws.die.number);
  engine_->set_memory_faults({});
  engine_->set_chip(*readout.codes, readout.weights.faults, readout.draws);
  return engines::evaluate(*engine_, *model_.network, images, images.size(), threads_);
}

ChipRun Experiment::run(Readout readout) {
  ChipRun run;
  run.evaluation = evaluate(readout);
  run.weights = std::move(readout.weights);
  run.others = readout.others;
  run.others.set_bits_wrong(engine_->memory_bits_wrong());
  return run;
}

}  // namespace brownout::experiment
