// SPDX-License-Identifier: Apache-2.0
// One token per strip. The words of all its tiles are read here; their time is charged where they
// overlap with streaming.
#include "sim/accelerator/weight_loader.hpp"

#include <algorithm>

#include "sim/base/bits.hpp"
#include "sim/base/error.hpp"
#include "sim/mapping/code_table.hpp"
#include "sim/mapping/timing.hpp"

namespace brownout::accelerator {

namespace {

constexpr std::int64_t kWordBytes = 8;
constexpr int kParameterBlock = 256;  // codes decoded at a time

/// n of `count` codes, the first one at bit `position` of `words`. `suspects`, if not null, says
/// which of their bits are suspect.
void decode(const std::uint64_t* words, const std::uint64_t* suspects, std::uint64_t position,
            int count, const memory::CodeRepair& repair, const mapping::CodeTable& table,
            std::int8_t* n) {
  for (int i = 0; i < count; ++i, position += repair.bits) {
    auto v = static_cast<std::uint8_t>(read_bits(words, position, repair.bits));
    if (suspects != nullptr) {
      v = repair(v, static_cast<std::uint8_t>(read_bits(suspects, position, repair.bits)));
    }
    n[i] = table.n_of_code[v];
  }
}

}  // namespace

WeightLoader::WeightLoader(const sc_core::sc_module_name& name, const Clock& clock)
    : Block(name, clock) {
  payload_.set_read();
  payload_.set_byte_enable_ptr(nullptr);
  payload_.set_extension(&runs_);
}

void WeightLoader::before_end_of_elaboration() {
  SC_HAS_PROCESS(WeightLoader);
  SC_THREAD(run);
}

// The payload would free what is a part of the loader.
WeightLoader::~WeightLoader() { payload_.clear_extension(&runs_); }

void WeightLoader::configure(std::shared_ptr<const mapping::Program> configured,
                             network::SharedNetwork network, bool compute) {
  program_ = std::move(configured);
  network_ = std::move(network);
  compute_ = compute;
  const mapping::Program& program = *program_;
  decoded_.clear();
  std::int64_t n = 0;
  std::int64_t words = 0;
  for (const mapping::LayerProgram& layer : program.layers) {
    decoded_.emplace_back(layer.column_tiles.size(), ~std::uint64_t{0});
    for (const mapping::ColumnTile& tile : layer.column_tiles) {
      n = std::max(n, tile.n_count * layer.k);
      for (const std::int64_t count : tile.words) words = std::max(words, count);
      words = std::max(words, tile.parameter_words);
    }
  }
  n_.resize(n);
  words_.resize(words + 1);  // reading bits may look one word ahead
  suspects_.assign(
      program.accelerator.weights.mitigations.check == memory::CheckCode::kNone ? 0 : words + 1, 0);
  const memory::OnError on_error = program.accelerator.weights.mitigations.on_error;
  repairs_.assign(network_->parameters.size(), {});
  for (const network::ParameterIndex i : repairs_.indices()) {
    if (!network_->parameters[i].coding) continue;
    repairs_[i] = mapping::code_repair(network_->parameters[i], on_error);
  }
  parameters_ = network::clean_codes(*network_);
  for (const network::ParameterIndex i : parameters_.indices()) {
    if (network_->parameters[i].role != network::Role::kWeight) {
      std::fill(parameters_[i].begin(), parameters_[i].end(), std::int8_t{0});
    }
  }
  generations_.assign(program.layers.size(), 0);
  shadow_free_ = true;
}

void WeightLoader::shadow_is_free() {
  shadow_free_ = true;
  shadow_event_.notify(sc_core::SC_ZERO_TIME);
}

void WeightLoader::run() {
  guarded([this] {
    for (;;) load(in.read());
  });
}

void WeightLoader::load(const StripToken& arrived) {
  StripToken token = arrived;
  const mapping::LayerProgram& layer = program_->layers[token.layer];
  LayerTally& tally = recorder->layer(token.layer);
  while (!shadow_free_) sc_core::wait(shadow_event_);
  shadow_free_ = false;
  const std::int64_t free = now();
  const int checks = mapping::check_stages(program_->accelerator.weights);
  const bool streamed =
      program_->accelerator.weights.residency == mapping::WeightResidency::kStreamed;
  if (!token.strip) {  // no matrix: the parameters of all its channels
    load_parameters(token, checks, streamed);
    shadow_free_ = true;
    out.write(token);
    return;
  }
  const mapping::Strip& strip = layer.strips[*token.strip];
  const mapping::ColumnTile& tile = layer.column_tiles[strip.column_tile];
  const mapping::Chunk& chunk = layer.chunks[tile.chunk];
  if (streamed) chunks->wait_for_chunk(token.chunk_base + chunk.load_event);
  token.dma_wait = now() - free;
  if (token.dma_wait > 0) token.gates.load = now() - token.layer_begin;
  const std::int64_t words =
      read_parameters(token.layer, tile) + read_weights(token.layer, strip.column_tile);
  tally.counts.weight_reads += words;
  std::int64_t port_cycles = tile.parameter_cycles;
  for (const std::int64_t some : tile.port_cycles) port_cycles += some;
  const std::int64_t begin =
      ports->reserve(chunk.ranges.front().word, chunk.words, now(), port_cycles);
  if (begin > now()) token.gates.load = begin - token.layer_begin;
  wait_until(begin);
  wait_cycles(mapping::load_latency(tile.parameter_cycles + tile.port_cycles[0], checks));
  SpanWork work;
  work.bytes = words * kWordBytes;
  recorder->span(Module::kWeightLoader, token.layer, token.strip, begin, now(), work);
  token.ready = now();
  out.write(token);
}

void WeightLoader::load_parameters(StripToken& token, int checks, bool streamed) {
  const mapping::LayerProgram& layer = program_->layers[token.layer];
  LayerTally& tally = recorder->layer(token.layer);
  std::int64_t cycles = 0;
  std::int64_t waited = 0;
  SpanWork work;
  for (std::size_t i = 0; i < layer.column_tiles.size(); ++i) {
    const mapping::ColumnTile& tile = layer.column_tiles[i];
    const std::int64_t begin = now();
    if (streamed) {
      chunks->wait_for_chunk(token.chunk_base + layer.chunks[tile.chunk].load_event);
    }
    token.dma_wait += now() - begin;
    const std::int64_t words = read_parameters(token.layer, tile);
    tally.counts.weight_reads += words;
    work.bytes += words * kWordBytes;
    cycles += tile.parameter_cycles;
    const bool last = i + 1 == layer.column_tiles.size();
    if (!last && layer.column_tiles[i + 1].chunk == tile.chunk) continue;
    // The array never sees these chunks, so their half of the scratchpad is released here.
    const std::int64_t start = now();
    wait_cycles((last ? mapping::load_latency(cycles, checks) : cycles) - waited);
    waited = cycles;
    if (work.bytes > 0) {
      recorder->span(Module::kWeightLoader, token.layer, std::nullopt, start, now(), work);
      work.bytes = 0;
    }
    if (streamed) chunks->release_chunk();
  }
}

std::int64_t WeightLoader::read_runs(std::int64_t cell, std::int64_t stride, int count, int codes,
                                     int bits, std::uint64_t* words) {
  runs_.cell = cell;
  runs_.stride = stride;
  runs_.count = count;
  runs_.codes = codes;
  runs_.bits = bits;
  runs_.suspects = words == nullptr ? nullptr : suspects();
  payload_.set_address(static_cast<sc_dt::uint64>(cell >> 6) * 8);
  payload_.set_data_ptr(reinterpret_cast<unsigned char*>(words));
  payload_.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
  sc_core::sc_time delay;
  socket->b_transport(payload_, delay);
  BROWNOUT_CHECK(payload_.is_response_ok(), "{} runs at cell {}: {}", count, cell,
                 payload_.get_response_string());
  return runs_.words;
}

std::int64_t WeightLoader::read_parameters(mapping::LayerIndex layer_index,
                                           const mapping::ColumnTile& tile) {
  const mapping::LayerProgram& layer = program_->layers[layer_index];
  std::int64_t total = 0;
  for (const mapping::ParameterPlace& place : layer.parameters) {
    if (place.chunk != tile.chunk) continue;
    const network::Parameter& parameter = network_->parameters[place.parameter];
    if (parameter.role == network::Role::kWeight) continue;
    const mapping::CodeRange range =
        mapping::codes_of(*network_, layer, place.parameter, tile.n_first, tile.n_count);
    const int bits = parameter.coding->bits;
    const std::int64_t cell = place.origin + range.first * bits;
    const auto count = static_cast<int>(range.last - range.first);
    total += read_runs(cell, 0, 1, count, bits, compute_ ? words_.data() : nullptr);
    if (!compute_) continue;
    std::int8_t n[kParameterBlock];
    const mapping::CodeTable& table = mapping::code_table(parameter.coding->scheme, bits);
    for (int first = 0; first < count; first += kParameterBlock) {
      const int some = std::min(kParameterBlock, count - first);
      decode(words_.data(), suspects(), (cell & 63) + first * bits, some, repairs_[place.parameter],
             table, n);
      std::int8_t* const known = parameters_[place.parameter].data() + range.first + first;
      if (!std::equal(n, n + some, known)) {
        std::copy_n(n, some, known);
        ++generations_[layer_index];
      }
    }
  }
  return total;
}

std::int64_t WeightLoader::read_weights(mapping::LayerIndex layer_index, std::size_t column_tile) {
  const mapping::LayerProgram& layer = program_->layers[layer_index];
  const mapping::ColumnTile& tile = layer.column_tiles[column_tile];
  const network::Parameter& weight = network_->parameters[*layer.node.weight];
  const int bits = weight.coding->bits;
  const mapping::ParameterPlace& place = mapping::place_of(layer, *layer.node.weight, tile.chunk);
  const std::int64_t channel_bits = layer.k * bits;
  std::int64_t cell = place.origin + tile.n_first * channel_bits;
  const mapping::CodeTable& table = mapping::code_table(weight.coding->scheme, bits);
  const memory::CodeRepair& repair = repairs_[*layer.node.weight];
  // As long as no cell and no fault has changed, the array already holds what it would read again.
  std::uint64_t& decoded = decoded_[layer_index][column_tile];
  const bool fresh = compute_ && decoded != ports->generation();
  std::int64_t total = 0;
  std::int64_t k = 0;
  for (std::size_t t = 0; t < tile.words.size(); ++t) {
    const int codes = mapping::k_count(layer, t);
    total +=
        read_runs(cell, channel_bits, tile.n_count, codes, bits, fresh ? words_.data() : nullptr);
    if (fresh) {
      std::int64_t word = 0;
      std::int64_t at = cell;
      for (int c = 0; c < tile.n_count; ++c, at += channel_bits) {
        decode(words_.data() + word, suspects() == nullptr ? nullptr : suspects() + word, at & 63,
               codes, repair, table, n_.data() + c * layer.k + k);
        word += mapping::words_of_run(at, codes, bits);
      }
    }
    cell += std::int64_t{codes} * bits;
    k += codes;
  }
  if (fresh) {
    array->load(layer_index, column_tile, n_.data());
    decoded = ports->generation();
  }
  return total;
}

}  // namespace brownout::accelerator
