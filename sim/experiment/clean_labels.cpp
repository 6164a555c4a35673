// SPDX-License-Identifier: Apache-2.0
// One more pass over the images, on the fast engine where all engines give the same bits.
#include "sim/experiment/clean_labels.hpp"

#include <memory>
#include <utility>

#include "sim/engines/batch_statistics_engine.hpp"
#include "sim/engines/engine_traits.hpp"
#include "sim/engines/evaluate.hpp"

namespace brownout::experiment {

OpenImages labelled_by(engines::Engine& engine, const OpenImages& images,
                       const network::Network& network, int threads) {
  if (images.labelled()) return images;
  engines::Evaluation clean =
      engines::evaluate(engine, network, *images.data, images.count, threads);
  OpenImages result = images;
  result.data = std::make_shared<const data::Dataset>(
      data::with_labels(images.data, std::move(clean.predictions)));
  return result;
}

OpenImages labelled(const OpenImages& images, const Model& model, const Setup& setup, int threads) {
  if (images.labelled()) return images;
  const bool on_codes = engines::traits_of(setup.engine).on_codes;
  const std::unique_ptr<engines::Engine> engine =
      setup.batch_statistics
          ? engines::make_batch_statistics_engine(model.network, threads, setup.target.batch)
          : engines::make_engine(on_codes ? "functional" : setup.engine, model.network, threads);
  engine->set_codes(network::clean_codes(*model.network));
  return labelled_by(*engine, images, *model.network, threads);
}

}  // namespace brownout::experiment
