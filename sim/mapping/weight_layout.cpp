// SPDX-License-Identifier: Apache-2.0
// Where the coded parameters lie: all at once, or chunk by chunk in the scratchpad's halves.
#include <algorithm>
#include <cstdlib>
#include <numeric>

#include "sim/base/error.hpp"
#include "sim/mapping/compile_parts.hpp"
#include "sim/mapping/timing.hpp"

namespace brownout::mapping {

using network::ParameterIndex;

namespace {

/// What to change so that a network fits.
struct Remedy {
  std::string key, text;
};

/// "THIS, or THAT, in FILE"; each with its place when the places differ.
std::string remedies(const AcceleratorConfig& accelerator, const Remedy& one, const Remedy& other) {
  const std::string place = accelerator.place_of(one.key);
  const std::string other_place = accelerator.place_of(other.key);
  if (place == other_place) return fmt::format("{}, or {}, in {}", one.text, other.text, place);
  return fmt::format("{} in {}, or {} in {}", one.text, place, other.text, other_place);
}

/// The key that gives the size of the weight scratchpad.
std::string size_key(const WeightMemoryConfig& weights) {
  return weights.sized_in_kib ? "weights.kib" : "weights.arrays";
}

std::string size_text(const WeightMemoryConfig& weights) {
  return weights.sized_in_kib ? fmt::format("{} KiB", weights.words() * 8 / 1024)
                              : fmt::format("{} arrays of {}", weights.arrays, weights.array_rows);
}

/// The least size that has room for so many words and that an accelerator file accepts, in the unit
/// of its key.
std::string enough_for(const WeightMemoryConfig& weights, std::int64_t words) {
  const std::int64_t array_bytes = std::int64_t{weights.array_rows} * 8;
  std::int64_t step = weights.words_per_cycle;
  if (weights.sized_in_kib) step = std::lcm(step, 1024 / std::gcd(array_bytes, INT64_C(1024)));
  const std::int64_t in_a_step = step * weights.array_rows;
  const std::int64_t arrays = (words + in_a_step - 1) / in_a_step * step;
  return weights.sized_in_kib ? fmt::format("weights.kib to {}", arrays * array_bytes / 1024)
                              : fmt::format("weights.arrays to {}", arrays);
}

int bits_of(const network::Network& network, ParameterIndex parameter) {
  return network.parameters[parameter].coding->bits;
}

/// The network packed as in the DRAM.
class DramLayout {
 public:
  DramLayout(const network::Network& network, const Placement& resident)
      : network_(network), start_(network.parameters.size(), -1) {
    for (const Run& run : resident.runs) {
      start_[run.parameter] = run.start;
    }
  }

  /// Cell of a parameter's code 0.
  std::int64_t start(ParameterIndex parameter) const { return start_[parameter]; }

  /// Whole words that contain codes of a parameter.
  WordRange words_of(ParameterIndex parameter, const CodeRange& codes) const {
    const int bits = bits_of(network_, parameter);
    WordRange range;
    range.dram_word = (start(parameter) + codes.first * bits) / 64;
    range.words = (start(parameter) + codes.last * bits + 63) / 64 - range.dram_word;
    return range;
  }

  /// Whole words that contain coded parameters of column tiles [first, last) of a layer, ascending;
  /// ranges that touch or share a word are merged.
  std::vector<WordRange> words_of(const LayerProgram& layer,
                                  const std::vector<ParameterIndex>& parameters, std::size_t first,
                                  std::size_t last) const {
    const ColumnTile& front = layer.column_tiles[first];
    const ColumnTile& back = layer.column_tiles[last - 1];
    const int n_count = back.n_first + back.n_count - front.n_first;
    std::vector<WordRange> all;
    for (const ParameterIndex parameter : parameters) {
      all.push_back(
          words_of(parameter, codes_of(network_, layer, parameter, front.n_first, n_count)));
    }
    std::sort(all.begin(), all.end(),
              [](const WordRange& a, const WordRange& b) { return a.dram_word < b.dram_word; });
    std::vector<WordRange> merged;
    for (const WordRange& range : all) {
      if (merged.empty() || range.dram_word > merged.back().dram_word + merged.back().words) {
        merged.push_back(range);
        continue;
      }
      WordRange& to = merged.back();
      to.words = std::max(to.words, range.dram_word + range.words - to.dram_word);
    }
    return merged;
  }

 private:
  const network::Network& network_;
  Table<ParameterIndex, std::int64_t> start_;
};

std::int64_t total(const std::vector<WordRange>& ranges) {
  std::int64_t words = 0;
  for (const WordRange& range : ranges) words += range.words;
  return words;
}

/// Adds a chunk of column tiles [first, last), whose ranges are already placed.
void add_chunk(const network::Network& network, const DramLayout& dram,
               const std::vector<ParameterIndex>& parameters, std::size_t first, std::size_t last,
               Chunk chunk, LayerProgram& layer) {
  const std::size_t number = layer.chunks.size();
  for (std::size_t i = first; i < last; ++i) layer.column_tiles[i].chunk = number;
  const int n_first = layer.column_tiles[first].n_first;
  const ColumnTile& back = layer.column_tiles[last - 1];
  for (const ParameterIndex parameter : parameters) {
    const CodeRange codes =
        codes_of(network, layer, parameter, n_first, back.n_first + back.n_count - n_first);
    const WordRange words = dram.words_of(parameter, codes);
    const auto range =
        std::find_if(chunk.ranges.begin(), chunk.ranges.end(), [&](const WordRange& r) {
          return r.dram_word <= words.dram_word &&
                 words.dram_word + words.words <= r.dram_word + r.words;
        });
    BROWNOUT_CHECK(range != chunk.ranges.end(), "words {} + {} in no range of the chunk",
                   words.dram_word, words.words);
    layer.parameters.push_back(
        {parameter, number, dram.start(parameter) + (range->word - range->dram_word) * 64});
  }
  layer.chunks.push_back(std::move(chunk));
}

void add_runs(const network::Network& network, const LayerProgram& layer, Placement& placement) {
  for (const ParameterPlace& place : layer.parameters) {
    const auto in_chunk = [&](const ColumnTile& tile) { return tile.chunk == place.chunk; };
    const auto& tiles = layer.column_tiles;
    const auto first = std::find_if(tiles.begin(), tiles.end(), in_chunk);
    const auto last = std::find_if(tiles.rbegin(), tiles.rend(), in_chunk);
    const CodeRange codes = codes_of(network, layer, place.parameter, first->n_first,
                                     last->n_first + last->n_count - first->n_first);
    Run run;
    run.parameter = place.parameter;
    run.first = codes.first;
    run.last = codes.last;
    run.high_bit = bits_of(network, place.parameter);
    run.load_event = layer.chunks[place.chunk].load_event;
    run.start = static_cast<std::uint64_t>(place.origin + codes.first * run.high_bit);
    placement.runs.push_back(run);
  }
}

class Streamer {
 public:
  Streamer(const network::Network& network, const DramLayout& dram, const std::string& where,
           Program& program)
      : network_(network),
        dram_(dram),
        where_(where),
        program_(program),
        half_words_(program.accelerator.weights.words() / 2) {}

  void add(LayerProgram& layer) {
    const std::vector<ParameterIndex> parameters = coded_parameters(network_, layer);
    std::size_t first = 0;
    for (const std::size_t last : even_ends(layer, parameters)) {
      Chunk chunk;
      chunk.load_event = next_event_++;
      chunk.ranges = dram_.words_of(layer, parameters, first, last);
      chunk.words = total(chunk.ranges);
      std::int64_t word = chunk.load_event % 2 == 0 ? 0 : half_words_;
      for (WordRange& range : chunk.ranges) {
        range.word = word;
        word += range.words;
      }
      program_.placement.words =
          std::max(program_.placement.words, static_cast<std::uint32_t>(word));
      add_chunk(network_, dram_, parameters, first, last, std::move(chunk), layer);
      first = last;
    }
    add_runs(network_, layer, program_.placement);
  }

 private:
  /// The ends of chunks (the first column tile after each) that take in tiles up to `limit` words,
  /// which must hold every single tile.
  std::vector<std::size_t> chunk_ends(const LayerProgram& layer,
                                      const std::vector<ParameterIndex>& parameters,
                                      std::int64_t limit) const {
    const std::size_t tiles = layer.column_tiles.size();
    std::vector<std::size_t> ends;
    for (std::size_t first = 0; first < tiles; first = ends.back()) {
      std::size_t last = first + 1;
      while (last < tiles && total(dram_.words_of(layer, parameters, first, last + 1)) <= limit) {
        ++last;
      }
      ends.push_back(last);
    }
    return ends;
  }

  /// As few chunks as the halves of the scratchpad allow, as even as tiles allow. A chunk is loaded
  /// while the previous one is in use, so a short chunk hides little of the next load.
  /// docs/accelerator.md, "Weight memory", has the exact rule.
  std::vector<std::size_t> even_ends(const LayerProgram& layer,
                                     const std::vector<ParameterIndex>& parameters) const {
    const std::size_t tiles = layer.column_tiles.size();
    const auto words = [&](std::size_t first, std::size_t last) {
      return total(dram_.words_of(layer, parameters, first, last));
    };
    std::int64_t limit = 0;  // of the longest chunk; at least the longest tile
    for (std::size_t tile = 0; tile < tiles; ++tile) limit = std::max(limit, words(tile, tile + 1));
    if (tiles > 0) check_fits(layer, limit);
    const std::size_t chunks = chunk_ends(layer, parameters, half_words_).size();
    if (chunks < 2) return std::vector<std::size_t>(chunks, tiles);
    for (std::int64_t high = half_words_; limit < high;) {
      const std::int64_t middle = limit + (high - limit) / 2;
      if (chunk_ends(layer, parameters, middle).size() > chunks) {
        limit = middle + 1;
      } else {
        high = middle;
      }
    }
    // earliest[n]: the first tile from which n chunks of at most `limit` words reach the end.
    std::vector<std::size_t> earliest(1, tiles);
    for (std::size_t n = 1; n < chunks; ++n) {
      std::size_t first = earliest.back() - 1;
      while (first > 0 && words(first - 1, earliest.back()) <= limit) --first;
      earliest.push_back(first);
    }
    std::vector<std::size_t> ends;
    std::size_t first = 0;
    for (std::size_t left = chunks; left-- > 0; first = ends.back()) {
      const std::int64_t remaining = left + 1;
      const std::int64_t share = words(first, tiles) / remaining;
      const auto distance = [&](std::size_t last) { return std::abs(words(first, last) - share); };
      std::size_t last = std::max(first + 1, earliest[left]);
      while (last + left < tiles && words(first, last + 1) <= limit &&
             distance(last + 1) <= distance(last)) {
        ++last;
      }
      ends.push_back(last);
    }
    return ends;
  }

  void check_fits(const LayerProgram& layer, std::int64_t words) const {
    if (words <= half_words_) return;
    const AcceleratorConfig& accelerator = program_.accelerator;
    throw InputError(
        "{}: layer \"{}\": {} output channels of it take {} words of weights, half of the weight "
        "scratchpad has {}; {}",
        where_, layer.name, layer.column_tiles[0].n_count, words, half_words_,
        remedies(accelerator,
                 {size_key(accelerator.weights),
                  accelerator.weights.sized_in_kib ? "raise weights.kib"
                                                   : "raise weights.arrays or weights.array_rows"},
                 {"array.columns", "lower array.columns"}));
  }

  const network::Network& network_;
  const DramLayout& dram_;
  const std::string& where_;
  Program& program_;
  std::int64_t half_words_;
  std::uint32_t next_event_ = 0;
};

void add_resident(const network::Network& network, const DramLayout& dram, LayerProgram& layer) {
  const std::size_t tiles = layer.column_tiles.size();
  if (tiles == 0) return;
  const std::vector<ParameterIndex> parameters = coded_parameters(network, layer);
  Chunk chunk;
  chunk.ranges = dram.words_of(layer, parameters, 0, tiles);
  chunk.words = total(chunk.ranges);
  for (WordRange& range : chunk.ranges) range.word = range.dram_word;
  add_chunk(network, dram, parameters, 0, tiles, std::move(chunk), layer);
}

/// Words and port cycles of every column tile's runs.
void count_words(const network::Network& network, const WeightMemoryConfig& weights,
                 LayerProgram& layer) {
  const auto cell_of = [&](const ParameterPlace& place, std::int64_t code) {
    return place.origin + code * bits_of(network, place.parameter);
  };
  for (ColumnTile& tile : layer.column_tiles) {
    for (const ParameterPlace& place : layer.parameters) {
      if (place.chunk != tile.chunk || place.parameter == layer.node.weight) continue;
      const CodeRange codes = codes_of(network, layer, place.parameter, tile.n_first, tile.n_count);
      const std::int64_t words = words_of_run(cell_of(place, codes.first), codes.last - codes.first,
                                              bits_of(network, place.parameter));
      tile.parameter_words += words;
      tile.parameter_cycles += run_cycles(words, weights.words_per_cycle);
    }
    if (layer.k == 0) continue;
    const ParameterPlace& place = place_of(layer, *layer.node.weight, tile.chunk);
    const int bits = bits_of(network, *layer.node.weight);
    const std::size_t k_tiles = (layer.k + layer.k_tile - 1) / layer.k_tile;
    tile.words.assign(k_tiles, 0);
    tile.port_cycles.assign(k_tiles, 0);
    for (std::size_t t = 0; t < k_tiles; ++t) {
      const std::int64_t k_first = t * layer.k_tile;
      for (int n = tile.n_first; n < tile.n_first + tile.n_count; ++n) {
        const std::int64_t first = n * layer.k + k_first;
        const std::int64_t words = words_of_run(cell_of(place, first), k_count(layer, t), bits);
        tile.words[t] += words;
        tile.port_cycles[t] += run_cycles(words, weights.words_per_cycle);
      }
    }
  }
}

}  // namespace

const ParameterPlace& place_of(const LayerProgram& layer, ParameterIndex parameter,
                               std::size_t chunk) {
  const auto place = std::find_if(layer.parameters.begin(), layer.parameters.end(),
                                  [&](const ParameterPlace& entry) {
                                    return entry.parameter == parameter && entry.chunk == chunk;
                                  });
  BROWNOUT_CHECK(place != layer.parameters.end(), "layer {}: parameter {} is not in chunk {}",
                 layer.name, parameter.number(), chunk);
  return *place;
}

void place_weights(const network::Network& network, std::uint64_t bit_offset,
                   const std::string& where, Program& program) {
  const WeightMemoryConfig& weights = program.accelerator.weights;
  Placement packed = resident(network, bit_offset);
  program.resident_words = packed.words;
  const DramLayout dram(network, packed);
  if (weights.residency == WeightResidency::kResident) {
    if (program.resident_words > weights.words()) {
      throw InputError(
          "{}: the network takes {} words of weights from bit offset {} on, the weight scratchpad "
          "has {} ({}); {}",
          where, program.resident_words, bit_offset, weights.words(), size_text(weights),
          remedies(program.accelerator,
                   {size_key(weights), "raise " + enough_for(weights, program.resident_words)},
                   {"weights.residency", "set weights.residency: streamed"}));
    }
    for (LayerProgram& layer : program.layers) add_resident(network, dram, layer);
    program.placement = std::move(packed);
  } else {
    Streamer streamer(network, dram, where, program);
    for (LayerProgram& layer : program.layers) streamer.add(layer);
  }
  for (LayerProgram& layer : program.layers) count_words(network, weights, layer);
}

}  // namespace brownout::mapping
