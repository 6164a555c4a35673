// SPDX-License-Identifier: Apache-2.0
// compile(): the stages in order.
#include "sim/mapping/program.hpp"

#include "sim/base/error.hpp"
#include "sim/mapping/compile_parts.hpp"

namespace brownout::mapping {

namespace {

/// The node that a step starts with.
network::NodeIndex first_node(const network::Network& network, const Step& step) {
  network::NodeIndex node = network::writer_of(step.output);
  while (node != step.matrix && network.nodes[node].inputs[0] != step.input)
    node = network::writer_of(network.nodes[node].inputs[0]);
  return node;
}

}  // namespace

Program compile(const network::Network& network, const AcceleratorConfig& accelerator, int batch,
                std::uint64_t bit_offset, const std::string& where) {
  if (batch < 1) {
    throw InputError("{}: {}: expected at least 1 image, got {}", where, Field{"batch"}, batch);
  }
  const network::Shapes shapes = network::check(network, where);
  Program program;
  program.accelerator = accelerator;
  program.batch = batch;
  program.bit_offset = bit_offset;
  program.input_bytes = batch * shapes.front().size();
  program.output_bytes = batch * shapes.back().size() * 4;
  for (const Step& step : make_plan(network, shapes)) {
    LayerProgram layer = begin_layer(network, shapes, accelerator, batch, step);
    layer.name = network.nodes[first_node(network, step)].name;
    program.layers.push_back(std::move(layer));
  }
  BROWNOUT_CHECK(program.layers.back().step.output == network.logits(),
                 "the last step gives value {} of {}", program.layers.back().step.output.number(),
                 network.nodes.size());
  place_weights(network, bit_offset, where, program);
  // This is checked before the strips are made: a batch that does not fit may have more strips than
  // this machine can hold.
  place_activations(network, shapes, where, program);
  for (LayerProgram& layer : program.layers) make_strips(network, accelerator, batch, layer);
  for (const LayerIndex i : program.layers.indices()) {
    LayerProgram& layer = program.layers[i];
    layer.closed_form_cycles = closed_form_cycles(accelerator, layer);
    layer.counts = count_events(network, shapes, program, i);
    program.closed_form_cycles += layer.closed_form_cycles;
    program.counts += layer.counts;
  }
  return program;
}

std::vector<StoredWords> stored_words(const Program& program, const network::Network& network) {
  const std::vector<std::uint64_t> dram = store(network, resident(network, program.bit_offset));
  if (program.accelerator.weights.residency == WeightResidency::kResident) return {{0, dram}};
  std::vector<StoredWords> loads;
  for (const LayerProgram& layer : program.layers) {
    for (const Chunk& chunk : layer.chunks) {
      StoredWords load{chunk.load_event, {}};
      for (const WordRange& range : chunk.ranges) {
        const std::size_t end = range.word + range.words;
        if (load.words.size() < end) load.words.resize(end);
        std::copy_n(dram.begin() + range.dram_word, range.words, load.words.begin() + range.word);
      }
      loads.push_back(std::move(load));
    }
  }
  return loads;
}

}  // namespace brownout::mapping
