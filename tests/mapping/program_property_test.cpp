// SPDX-License-Identifier: Apache-2.0
// Random networks on random accelerators: everything is computed exactly once, from the words that
// the chunks brought, and nothing overlaps.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>

#include "sim/base/bits.hpp"
#include "sim/base/error.hpp"
#include "sim/base/random.hpp"
#include "sim/chips/random_chip.hpp"
#include "sim/mapping/program.hpp"
#include "sim/mapping/timing.hpp"
#include "sim/weights/faulty_reader.hpp"
#include "tests/mapping/random_program.hpp"

namespace brownout::mapping {
namespace {

/// Distinct words that contain codes [first, last), found by visiting all cells.
std::int64_t words_by_cells(std::int64_t origin, const CodeRange& codes, int bits) {
  std::set<std::int64_t> words;
  for (std::int64_t cell = origin + codes.first * bits; cell < origin + codes.last * bits; ++cell) {
    words.insert(cell / 64);
  }
  return static_cast<std::int64_t>(words.size());
}

TEST(ProgramProperty, EveryWeightMeetsEveryPixelOnce) {
  std::int64_t staged = 0, many_chunks = 0, many_strips = 0;
  for (std::uint64_t seed = 0; seed < kNetworks; ++seed) {
    SCOPED_TRACE(seed);
    const auto [network, program] = random_case(seed);
    const AcceleratorConfig& accelerator = program.accelerator;
    const bool stationary = accelerator.array.dataflow == Dataflow::kWeightStationary;
    for (const LayerProgram& layer : program.layers) {
      if (!layer.step.matrix) {
        EXPECT_TRUE(layer.strips.empty());
        continue;
      }
      const arithmetic::Matrix& matrix = layer.node.matrix;
      const std::int64_t pixels = std::int64_t{program.batch} * matrix.window.out_pixels();
      // Channels: once each, in tiles of one group.
      int next = 0;
      for (const ColumnTile& tile : layer.column_tiles) {
        EXPECT_EQ(tile.n_first, next);
        EXPECT_LE(tile.n_count, accelerator.array.columns);
        EXPECT_EQ(tile.group, tile.n_first / matrix.group_outputs());
        EXPECT_EQ(tile.group, (tile.n_first + tile.n_count - 1) / matrix.group_outputs());
        next += tile.n_count;
        std::int64_t k = 0;
        for (std::size_t t = 0; t < tile.words.size(); ++t) {
          EXPECT_LE(k_count(layer, t),
                    stationary ? accelerator.array.rows : accelerator.array.transpose_depth);
          k += k_count(layer, t);
        }
        EXPECT_EQ(k, parameter_at(network, *layer.node.weight).size() / matrix.out_channels);
      }
      EXPECT_EQ(next, matrix.out_channels);
      // Pixels: once per column tile; a chunk is never needed again after the next one came.
      std::vector<std::int64_t> reached(layer.column_tiles.size(), 0);
      std::size_t chunk = 0;
      for (const Strip& strip : layer.strips) {
        const auto tile = strip.column_tile;
        EXPECT_EQ(strip.pixel_first, reached[tile]);
        EXPECT_GT(strip.pixel_count, 0);
        EXPECT_LE(strip.pixel_count,
                  stationary ? accelerator.accumulators.depth : accelerator.array.rows);
        reached[tile] += strip.pixel_count;
        EXPECT_GE(layer.column_tiles[tile].chunk, chunk);
        chunk = layer.column_tiles[tile].chunk;
        if (!layer.staged && layer.walks > 1) {
          EXPECT_EQ(strip.pixel_count % matrix.window.out_pixels(), 0);  // a norm: whole images
        }
      }
      for (const std::int64_t end : reached) EXPECT_EQ(end, pixels);
      EXPECT_EQ(layer.counts.macs, pixels * parameter_at(network, *layer.node.weight).size());
      staged += layer.staged;
      many_chunks += layer.chunks.size() > 1;
      many_strips += layer.strips.size() > layer.column_tiles.size();
    }
  }
  EXPECT_GT(staged, 20);
  EXPECT_GT(many_chunks, 50);
  EXPECT_GT(many_strips, 50);
}

TEST(ProgramProperty, RunsReadWordsOfTheirChunkAndAreCounted) {
  for (std::uint64_t seed = 0; seed < kNetworks; ++seed) {
    SCOPED_TRACE(seed);
    const auto [network, program] = random_case(seed);
    const bool streamed = program.accelerator.weights.residency == WeightResidency::kStreamed;
    const std::int64_t half = program.accelerator.weights.words() / 2;
    std::uint32_t next_event = 0;
    for (const LayerProgram& layer : program.layers) {
      for (const Chunk& chunk : layer.chunks) {
        std::int64_t words = 0;
        for (const WordRange& range : chunk.ranges) {
          EXPECT_LE(range.dram_word + range.words, program.resident_words);
          if (streamed) {
            const std::int64_t begin = chunk.load_event % 2 * half;
            EXPECT_EQ(range.word, begin + words);
            EXPECT_LE(range.word + range.words, begin + half);
          } else {
            EXPECT_EQ(range.word, range.dram_word);
          }
          words += range.words;
        }
        EXPECT_EQ(words, chunk.words);
        EXPECT_EQ(chunk.load_event, streamed ? next_event++ : 0u);
      }
      for (const ColumnTile& tile : layer.column_tiles) {
        const Chunk& chunk = layer.chunks[tile.chunk];
        const auto inside = [&](std::int64_t cell) {
          return std::any_of(chunk.ranges.begin(), chunk.ranges.end(), [&](const WordRange& range) {
            return cell >= range.word * 64 && cell < (range.word + range.words) * 64;
          });
        };
        std::int64_t parameter_words = 0;
        for (const ParameterPlace& place : layer.parameters) {
          if (place.chunk != tile.chunk) continue;
          const int bits = parameter_at(network, place.parameter).coding->bits;
          const CodeRange codes =
              codes_of(network, layer, place.parameter, tile.n_first, tile.n_count);
          EXPECT_TRUE(inside(place.origin + codes.first * bits));
          EXPECT_TRUE(inside(place.origin + codes.last * bits - 1));
          if (place.parameter != layer.node.weight) {
            parameter_words += words_by_cells(place.origin, codes, bits);
          }
        }
        EXPECT_EQ(tile.parameter_words, parameter_words);
        if (layer.k == 0) continue;
        const ParameterPlace& weight = place_of(layer, *layer.node.weight, tile.chunk);
        const int bits = parameter_at(network, weight.parameter).coding->bits;
        for (std::size_t t = 0; t < tile.words.size(); ++t) {
          std::int64_t words = 0, cycles = 0;
          for (int n = tile.n_first; n < tile.n_first + tile.n_count; ++n) {
            const std::int64_t first = n * layer.k + static_cast<std::int64_t>(t) * layer.k_tile;
            const std::int64_t run =
                words_by_cells(weight.origin, {first, first + k_count(layer, t)}, bits);
            words += run;
            const int port = program.accelerator.weights.words_per_cycle;
            cycles += run / port + (run % port != 0);
          }
          EXPECT_EQ(tile.words[t], words);
          EXPECT_EQ(tile.port_cycles[t], cycles);
        }
      }
    }
  }
}

TEST(ProgramProperty, ThePlacementHoldsEveryCodeOnceWhereTheLayersReadIt) {
  for (std::uint64_t seed = 0; seed < kNetworks; ++seed) {
    SCOPED_TRACE(seed);
    const auto [network, program] = random_case(seed);
    std::map<std::pair<network::ParameterIndex, std::uint32_t>, std::int64_t> origins;
    for (const LayerProgram& layer : program.layers) {
      for (const ParameterPlace& place : layer.parameters) {
        origins[{place.parameter, layer.chunks[place.chunk].load_event}] = place.origin;
      }
    }
    std::map<network::ParameterIndex, std::int64_t> reached;
    for (const mapping::Run& run : program.placement.runs) {
      const int bits = parameter_at(network, run.parameter).coding->bits;
      EXPECT_EQ(run.low_bit, 0);
      EXPECT_EQ(run.high_bit, bits);
      EXPECT_EQ(run.first, reached[run.parameter]);
      reached[run.parameter] = run.last;
      ASSERT_EQ(origins.count({run.parameter, run.load_event}), 1u);
      EXPECT_EQ(static_cast<std::int64_t>(run.start),
                origins.at({run.parameter, run.load_event}) + run.first * bits);
      EXPECT_LE(run.start + static_cast<std::uint64_t>((run.last - run.first) * bits),
                std::uint64_t{program.placement.words} * 64);
    }
    EXPECT_LE(program.placement.words, program.accelerator.weights.words());
    for (std::size_t p = 0; p < network.parameters.size(); ++p) {
      if (!network.parameters[p].coding) continue;
      EXPECT_EQ(reached[network::ParameterIndex(p)], network.parameters[p].size());
    }
  }
}

TEST(ProgramProperty, LiveValuesShareNoBytes) {
  for (std::uint64_t seed = 0; seed < kNetworks; ++seed) {
    SCOPED_TRACE(seed);
    const auto [network, program] = random_case(seed);
    const network::Shapes shapes = network::check(network, "random");
    const int steps = static_cast<int>(program.layers.size());
    Table<network::ValueIndex, int> last_read(shapes.size(), -1);
    for (int s = 0; s < steps; ++s) {
      const Step& step = program.layers[static_cast<std::size_t>(s)].step;
      last_read[step.input] = s;
      for (const network::ValueIndex value : step.operands) last_read[value] = s;
    }
    for (int s = 0; s < steps; ++s) {
      std::vector<std::pair<std::int64_t, std::int64_t>> live;
      const auto add = [&](const Region& region, std::int64_t slot_bytes) {
        ASSERT_GE(region.address, 0);
        EXPECT_GE(region.slot_bytes, slot_bytes);
        const std::int64_t end = region.address + region.slot_bytes * program.batch;
        live.emplace_back(region.address, end);
        const std::int64_t bank = program.accelerator.activations.bank_bytes();
        EXPECT_EQ(region.bank_first, region.address / bank);
        EXPECT_EQ(region.bank_last, (end - 1) / bank);
        EXPECT_LE(end, program.accelerator.activations.bytes());
      };
      add(program.input_pixels[0], shapes[0].size());
      add(program.input_pixels[1], shapes[0].size());
      add(program.logits, shapes.back().size() * 4);
      for (int made = 0; made <= s; ++made) {
        const network::ValueIndex v = program.layers[static_cast<std::size_t>(made)].step.output;
        if (v == network.logits() || (made != s && last_read[v] < s)) continue;
        add(program.regions[v], shapes[v].size() * (network::is_quantized(network, v) ? 1 : 4));
      }
      const LayerProgram& layer = program.layers[static_cast<std::size_t>(s)];
      if (layer.staged) add(program.staging, layer.staged_shape.size() * 4);
      std::sort(live.begin(), live.end());
      for (std::size_t i = 1; i < live.size(); ++i) EXPECT_LE(live[i - 1].second, live[i].first);
    }
    EXPECT_EQ(program.regions.back().address, program.logits.address);
  }
}

TEST(ProgramProperty, CountsAreSumsAndCyclesBoundTheWork) {
  for (std::uint64_t seed = 0; seed < kNetworks; ++seed) {
    SCOPED_TRACE(seed);
    const auto [network, program] = random_case(seed);
    EventCounts sum;
    std::int64_t cycles = 0, streamed_bytes = 0;
    for (const LayerProgram& layer : program.layers) {
      const EventCounts& c = layer.counts;
      for (const std::int64_t count :
           {c.macs, c.vector_ops, c.weight_reads, c.weight_writes, c.activation_reads,
            c.activation_writes, c.accumulator_reads, c.accumulator_writes, c.dram_read_bytes,
            c.dram_write_bytes}) {
        EXPECT_GE(count, 0);
      }
      sum += c;
      cycles += layer.closed_form_cycles;
      streamed_bytes += c.weight_writes * 8;
      const ArrayConfig& array = program.accelerator.array;
      EXPECT_GE(layer.closed_form_cycles * array.rows * array.columns, c.macs);
      EXPECT_GT(layer.closed_form_cycles, 0);
    }
    EXPECT_EQ(sum, program.counts);
    EXPECT_EQ(cycles, program.closed_form_cycles);
    EXPECT_EQ(program.counts.dram_read_bytes, program.input_bytes + streamed_bytes);
    EXPECT_EQ(program.counts.dram_write_bytes, program.output_bytes);
  }
}

/// Copies words chunk by chunk into a scratchpad and reads every code bit by bit through faulty
/// cells, by the definition in placement.hpp.
network::Codes read_by_copying(const network::Network& network, const Program& program,
                               const memory::FaultList& faults, std::uint64_t evaluation_seed,
                               weights::ReadStats* stats) {
  const Philox philox(evaluation_seed, Purpose::kRandomChipRead);
  std::map<std::int64_t, memory::CellFault> fault_at;
  for (const memory::CellFault& fault : faults) {
    fault_at[std::int64_t{fault.word} * 64 + fault.bit] = fault;
  }
  const std::vector<std::uint64_t> dram = store(network, resident(network, program.bit_offset));
  std::vector<std::uint64_t> scratchpad(
      static_cast<std::size_t>(program.accelerator.weights.words()));
  network::Codes codes = network::clean_codes(network);
  std::set<std::int64_t> hit;
  for (const LayerProgram& layer : program.layers) {
    for (std::size_t c = 0; c < layer.chunks.size(); ++c) {
      for (const WordRange& range : layer.chunks[c].ranges) {
        std::copy_n(dram.begin() + range.dram_word, range.words, scratchpad.begin() + range.word);
      }
      for (const ColumnTile& tile : layer.column_tiles) {
        if (tile.chunk != c) continue;
        for (const ParameterPlace& place : layer.parameters) {
          if (place.chunk != tile.chunk) continue;
          const network::Coding& coding = *parameter_at(network, place.parameter).coding;
          const CodeRange range =
              codes_of(network, layer, place.parameter, tile.n_first, tile.n_count);
          for (std::int64_t i = range.first; i < range.last; ++i) {
            std::uint32_t v = 0, wrong = 0;
            for (int b = 0; b < coding.bits; ++b) {
              const std::int64_t cell = place.origin + i * coding.bits + b;
              const std::uint32_t stored =
                  read_bits(scratchpad.data(), static_cast<std::uint64_t>(cell), 1);
              v |= stored << b;
              const auto fault = fault_at.find(cell);
              if (fault == fault_at.end()) continue;
              hit.insert(cell);
              const float p = stored == 0 ? fault->second.p01 : fault->second.p10;
              const double u =
                  unit_open(philox(static_cast<std::uint64_t>(cell / 64 * 256 + cell % 64))[0]);
              if (p >= 1.0f || u < double{p}) wrong |= 1u << b;
            }
            for (int b = 0; b < coding.bits; ++b) stats->bits_wrong += wrong >> b & 1;
            stats->codes_changed += wrong != 0;
            codes[place.parameter][static_cast<std::size_t>(i)] =
                static_cast<std::int8_t>(network::n_of(coding.scheme, coding.bits, v ^ wrong));
          }
        }
      }
    }
  }
  stats->cells_hit = static_cast<std::int64_t>(hit.size());
  return codes;
}

TEST(ProgramProperty, ReadingThroughThePlacementEqualsCopyingChunks) {
  std::int64_t changed = 0;
  for (std::uint64_t seed = 0; seed < kNetworks; ++seed) {
    SCOPED_TRACE(seed);
    const auto [network, program] = random_case(seed);
    memory::FaultList faults =
        chips::RandomChip(seed, seed % 2 == 0 ? 1.0 : 0.5)
            .faults(memory::MemoryId::kWeights, program.placement.words, {0.8, 0.05});
    for (std::size_t i = 0; i < faults.size(); i += 3) {  // some fail in one direction only
      (i % 2 == 0 ? faults[i].p01 : faults[i].p10) = 0.0f;
    }
    weights::FaultyReader reader(network::share(network), program.placement);
    weights::ReadStats stats, expected;
    const network::Codes copied = read_by_copying(network, program, faults, seed, &expected);
    EXPECT_EQ(reader.read(faults, {{}, seed}, &stats), copied);
    EXPECT_EQ(stats.cells_hit, expected.cells_hit);
    EXPECT_EQ(stats.bits_wrong, expected.bits_wrong);
    EXPECT_EQ(stats.codes_changed, expected.codes_changed);
    // Without faults the copies give the clean codes.
    weights::ReadStats none;
    EXPECT_EQ(read_by_copying(network, program, {}, seed, &none), network::clean_codes(network));
    changed += stats.codes_changed;
  }
  EXPECT_GT(changed, 1000);
}

}  // namespace
}  // namespace brownout::mapping
