// SPDX-License-Identifier: Apache-2.0
// Layer by layer, chunk by chunk, strip by strip.
#include "sim/mapping/program_commands.hpp"

#include <fmt/format.h>

#include <iterator>
#include <optional>

#include "sim/mapping/timing.hpp"

namespace brownout::mapping {

namespace {

class Writer {
 public:
  explicit Writer(const Program& program) : program_(program) {}

  std::string run() {
    const Region& pixels = program_.input_pixels[0];
    add("dma-in   input {} bytes -> activations {}", program_.input_bytes, pixels.address);
    for (const LayerProgram& layer : program_.layers) {
      if (layer.step.matrix) {
        matrix(layer);
      } else {
        other(layer);
      }
    }
    add("dma-out  logits {} bytes <- activations {}", program_.output_bytes,
        program_.logits.address);
    return std::move(out_);
  }

 private:
  template <typename... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<Args>(args)...);
    out_ += '\n';
  }

  void chunk(const LayerProgram& layer, std::size_t number) {
    if (program_.accelerator.weights.residency == WeightResidency::kResident) return;
    const Chunk& chunk = layer.chunks[number];
    for (const WordRange& range : chunk.ranges) {
      add("dma-in   {} chunk {} load {}: DRAM words {}..{} -> weight words {}..{}", layer.name,
          number, chunk.load_event, range.dram_word, range.dram_word + range.words - 1, range.word,
          range.word + range.words - 1);
    }
  }

  void parameters(const LayerProgram& layer, const ColumnTile& tile) {
    if (tile.parameter_words == 0) return;
    add("load     {} channels {}..{} parameters: {} words, {} port cycles", layer.name,
        tile.n_first, tile.n_first + tile.n_count - 1, tile.parameter_words, tile.parameter_cycles);
  }

  void matrix(const LayerProgram& layer) {
    std::optional<std::size_t> loaded;
    for (const Strip& strip : layer.strips) {
      const ColumnTile& tile = layer.column_tiles[strip.column_tile];
      if (tile.chunk != loaded) chunk(layer, tile.chunk);
      loaded = tile.chunk;
      parameters(layer, tile);
      const int n_last = tile.n_first + tile.n_count - 1;
      const std::int64_t pixel_last = strip.pixel_first + strip.pixel_count - 1;
      for (std::size_t t = 0; t < tile.words.size(); ++t) {
        const std::int64_t k_first = t * layer.k_tile;
        const std::int64_t k_last = k_first + k_count(layer, t) - 1;
        add("load     {} channels {}..{} k {}..{}: {} words, {} port cycles", layer.name,
            tile.n_first, n_last, k_first, k_last, tile.words[t], tile.port_cycles[t]);
        add("stream   {} channels {}..{} k {}..{} pixels {}..{}: {} cycles", layer.name,
            tile.n_first, n_last, k_first, k_last, strip.pixel_first, pixel_last,
            stream_cycles(program_.accelerator, layer, strip, t));
      }
      const int walks = strip_walks(layer);
      add("drain    {} channels {}..{} pixels {}..{} walks {}: {} cycles -> activations {}",
          layer.name, tile.n_first, n_last, strip.pixel_first, pixel_last, walks,
          drain_cycles(program_.accelerator.vector, strip.pixel_count, tile.n_count, walks),
          layer.staged ? program_.staging.address : output(layer).address);
    }
    if (layer.staged) {
      vector(layer, program_.staging.address, layer.staged_numbers, staged_walks(layer));
    }
  }

  void other(const LayerProgram& layer) {
    for (std::size_t c = 0; c < layer.chunks.size(); ++c) {
      chunk(layer, c);
      for (const ColumnTile& tile : layer.column_tiles) {
        if (tile.chunk == c) parameters(layer, tile);
      }
    }
    const Region& from = layer.step.input == network::kInputImage
                             ? program_.input_pixels[0]
                             : program_.regions[layer.step.input];
    vector(layer, from.address, layer.vector_numbers, layer.walks);
  }

  void vector(const LayerProgram& layer, std::int64_t from, std::int64_t numbers, int walks) {
    add("vector   {} numbers {} walks {}: {} cycles, activations {} -> {}", layer.name, numbers,
        walks, memory_walk_cycles(program_.accelerator.vector, layer), from, output(layer).address);
  }

  const Region& output(const LayerProgram& layer) const {
    return program_.regions[layer.step.output];
  }

  const Program& program_;
  std::string out_;
};

}  // namespace

std::string program_commands(const Program& program) { return Writer(program).run(); }

}  // namespace brownout::mapping
