// SPDX-License-Identifier: Apache-2.0
// How a streamed layer is cut into chunks, against all cuts that there are.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/mapping/random_program.hpp"

namespace brownout::mapping {
namespace {

/// DRAM words that contain the coded parameters of column tiles [first, last) of a layer, counted
/// one by one.
std::int64_t words_of_tiles(const network::Network& network, const Program& program,
                            const LayerProgram& layer, std::size_t first, std::size_t last) {
  const Placement packed = resident(network, program.bit_offset);
  const ColumnTile& front = layer.column_tiles[first];
  const ColumnTile& back = layer.column_tiles[last - 1];
  std::set<network::ParameterIndex> parameters;
  for (const ParameterPlace& place : layer.parameters) parameters.insert(place.parameter);
  std::set<std::int64_t> words;
  for (const mapping::Run& run : packed.runs) {
    if (parameters.count(run.parameter) == 0) continue;
    const int bits = parameter_at(network, run.parameter).coding->bits;
    const CodeRange codes = codes_of(network, layer, run.parameter, front.n_first,
                                     back.n_first + back.n_count - front.n_first);
    const auto start = static_cast<std::int64_t>(run.start);
    for (std::int64_t word = (start + codes.first * bits) / 64;
         word * 64 < start + codes.last * bits; ++word) {
      words.insert(word);
    }
  }
  return static_cast<std::int64_t>(words.size());
}

/// Whether the tiles from `first` on fill `chunks` chunks, each with at least one tile and at most
/// `limit` words.
bool fits_in(const std::vector<std::vector<std::int64_t>>& words, std::size_t first,
             std::size_t chunks, std::int64_t limit) {
  const std::size_t tiles = words.size();
  if (chunks == 0) return first == tiles;
  for (std::size_t end = first + 1; end <= tiles && words[first][end] <= limit; ++end) {
    if (fits_in(words, end, chunks - 1, limit)) return true;
  }
  return false;
}

TEST(ProgramProperty, AStreamedLayerHasTheFewestChunksAndSpreadsItsWordsOverThem) {
  constexpr std::int64_t kNever = std::int64_t{1} << 60;
  std::int64_t cut = 0, ties = 0;
  for (std::uint64_t seed = 0; seed < kNetworks; ++seed) {
    SCOPED_TRACE(seed);
    const auto [network, program] = random_case(seed);
    if (program.accelerator.weights.residency != WeightResidency::kStreamed) continue;
    const std::int64_t half = program.accelerator.weights.words() / 2;
    for (const LayerProgram& layer : program.layers) {
      if (layer.chunks.size() < 2) continue;
      ++cut;
      const std::size_t tiles = layer.column_tiles.size();
      std::vector<std::vector<std::int64_t>> words(tiles, std::vector<std::int64_t>(tiles + 1));
      for (std::size_t i = 0; i < tiles; ++i) {
        for (std::size_t j = i + 1; j <= tiles; ++j) {
          words[i][j] = words_of_tiles(network, program, layer, i, j);
        }
      }
      // longest[n][j]: the longest chunk when n chunks hold the first j tiles as evenly as
      // possible.
      std::vector<std::vector<std::int64_t>> longest(layer.chunks.size() + 1,
                                                     std::vector<std::int64_t>(tiles + 1, kNever));
      longest[0][0] = 0;
      for (std::size_t n = 1; n < longest.size(); ++n) {
        for (std::size_t j = 1; j <= tiles; ++j) {
          for (std::size_t i = 0; i < j; ++i) {
            longest[n][j] = std::min(longest[n][j], std::max(longest[n - 1][i], words[i][j]));
          }
        }
      }
      std::int64_t found = 0, shortest = kNever, tile = 0;
      for (const Chunk& chunk : layer.chunks) {
        found = std::max(found, chunk.words);
        shortest = std::min(shortest, chunk.words);
      }
      for (std::size_t i = 0; i < tiles; ++i) tile = std::max(tile, words[i][i + 1]);
      EXPECT_EQ(found, longest[layer.chunks.size()][tiles]);
      EXPECT_LE(found, half);
      EXPECT_LE(found - shortest, 3 * tile / 2);
      EXPECT_GT(longest[layer.chunks.size() - 1][tiles], half);
      // Each chunk in turn: of all ends that leave the other chunks possible, the nearest to the
      // share, or the last of several.
      std::size_t first = 0;
      for (std::size_t c = 0; c < layer.chunks.size(); ++c) {
        const std::size_t left = layer.chunks.size() - c - 1;
        const std::int64_t share = words[first][tiles] / static_cast<std::int64_t>(left + 1);
        std::size_t best = 0;
        std::int64_t away = kNever;
        for (std::size_t end = first + 1; end <= tiles; ++end) {
          if (words[first][end] > found || !fits_in(words, end, left, found)) continue;
          const std::int64_t distance = std::abs(words[first][end] - share);
          if (distance > away) continue;
          ties += distance == away;
          away = distance;
          best = end;
        }
        std::size_t end = first;
        while (end < tiles && layer.column_tiles[end].chunk == c) ++end;
        EXPECT_EQ(end, best) << "chunk " << c;
        first = end;
      }
    }
  }
  EXPECT_GT(cut, 50);
  EXPECT_GT(ties, 0);
}

}  // namespace
}  // namespace brownout::mapping
