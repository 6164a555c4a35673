// SPDX-License-Identifier: Apache-2.0
// Both conventions, layer by layer. A layer with groups runs one group after the other.
#include "sim/estimate/estimate.hpp"

#include <algorithm>
#include <numeric>

#include "sim/base/enum_table.hpp"
#include "sim/base/error.hpp"
#include "sim/mapping/timing.hpp"

namespace brownout::estimate {

namespace {

constexpr int kWordBits = 64;
constexpr std::int64_t kMostTiles = 100'000'000;  // seconds, not hours
constexpr std::int64_t kMostAddedFolds = 1'000'000;

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

/// Integers that refuse to overflow, with messages about a layer.
class Checked {
 public:
  explicit Checked(const MatrixLayer& layer) : layer_(layer) {}
  std::int64_t times(std::int64_t a, std::int64_t b) const {
    std::int64_t result = 0;
    if (__builtin_mul_overflow(a, b, &result)) fail();
    return result;
  }
  std::int64_t plus(std::int64_t a, std::int64_t b) const {
    std::int64_t result = 0;
    if (__builtin_add_overflow(a, b, &result)) fail();
    return result;
  }

 private:
  [[noreturn]] void fail() const {
    throw InputError("{}: {}: expected fewer than 2^63 cycles, got more", layer_.where,
                     layer_.name);
  }
  const MatrixLayer& layer_;
};

double ratio(std::int64_t a, std::int64_t b) {
  return static_cast<double>(a) / static_cast<double>(b);
}

/// Mean share of PEs with work when `rows_needed` × `columns_needed` are cut into folds.
double mean_share(const EstimateConfig& config, std::int64_t rows_needed,
                  std::int64_t columns_needed) {
  return ratio(rows_needed, ceil_div(rows_needed, config.rows) * config.rows) *
         ratio(columns_needed, ceil_div(columns_needed, config.columns) * config.columns);
}

/// SCALE-Sim numbers cycles from 0, so a layer of one cycle takes "0".
double utilization_of(const EstimateConfig& config, std::int64_t macs, std::int64_t cycles) {
  return static_cast<double>(macs) /
         (static_cast<double>(std::max<std::int64_t>(cycles, 1)) * config.rows * config.columns);
}

/// SCALE-Sim's shares as means over folds, added and rounded in its order (that of Python's sum
/// before 3.12), so that every digit of its report is reproduced. With more than kMostAddedFolds
/// folds SCALE-Sim itself would run for hours. The closed form is used then, and differs in the
/// last digits only.
void take_shares_of_folds(const EstimateConfig& config, std::int64_t on_rows,
                          std::int64_t on_columns, std::int64_t streamed, std::int64_t length,
                          LayerEstimate& result) {
  const std::int64_t row_folds = ceil_div(on_rows, config.rows);
  const std::int64_t column_folds = ceil_div(on_columns, config.columns);
  if (row_folds > kMostAddedFolds / column_folds) {
    result.mapping_efficiency = mean_share(config, on_rows, on_columns);
    result.compute_utilization = result.mapping_efficiency * ratio(streamed, length);
    return;
  }
  const double pes = static_cast<double>(config.rows) * config.columns;
  double mapped = 0.0, computed = 0.0;
  for (std::int64_t column = 0; column < on_columns; column += config.columns) {
    const std::int64_t columns = std::min<std::int64_t>(config.columns, on_columns - column);
    for (std::int64_t row = 0; row < on_rows; row += config.rows) {
      const std::int64_t rows = std::min<std::int64_t>(config.rows, on_rows - row);
      const double used = static_cast<double>(rows * columns);
      mapped += used / pes;
      computed += used * static_cast<double>(streamed) / (pes * static_cast<double>(length));
    }
  }
  const auto folds = static_cast<double>(row_folds * column_folds);
  result.mapping_efficiency = mapped / folds;
  result.compute_utilization = computed / folds;
}

LayerEstimate scalesim_v2(const MatrixLayer& layer, const EstimateConfig& config) {
  const std::int64_t r = config.rows, c = config.columns;
  std::int64_t on_rows = layer.k, on_columns = layer.n, streamed = layer.m;
  std::int64_t fill = 2 * r + c - 2;
  // Its compute utilization divides by the length of the stationary operand's demand matrix plus a
  // skew of C - 1, which only output-stationary demands have.
  std::int64_t skew = c - 1;
  if (config.dataflow == EstimateDataflow::kOutputStationary) {
    on_rows = layer.m;
    streamed = layer.k;
    fill = r + c - 2;
    skew = 0;
  } else if (config.dataflow == EstimateDataflow::kInputStationary) {
    on_columns = layer.m;
    streamed = layer.n;
  }
  const Checked checked(layer);
  LayerEstimate result;
  result.folds =
      checked.times(layer.groups, checked.times(ceil_div(on_rows, r), ceil_div(on_columns, c)));
  const std::int64_t fold = checked.plus(fill, streamed);
  result.cycles = checked.times(result.folds, fold) - 1;  // the number of the last cycle, from 0
  take_shares_of_folds(config, on_rows, on_columns, streamed, fold + skew, result);
  return result;
}

/// Cycles until the tile of codes [k_first, k_first + k_count) of channels [n_first, n_first +
/// n_count) is loaded. The K codes of each channel come directly after those of the previous one,
/// the first in the first cell of a word. The place in a word at which a run begins repeats after
/// some channels, at most 64.
std::int64_t load_of_tile(const mapping::WeightMemoryConfig& weights, const MatrixLayer& layer,
                          std::int64_t n_first, std::int64_t n_count, std::int64_t k_first,
                          std::int64_t k_count) {
  const std::int64_t channel = layer.k % kWordBits * layer.bits % kWordBits;  // cells, mod 64
  const std::int64_t period = kWordBits / std::gcd<std::int64_t>(kWordBits, channel);
  std::int64_t cycles = 0;
  for (std::int64_t j = 0; j < std::min(period, n_count); ++j) {
    const std::int64_t cell =
        (n_first + j) % kWordBits * channel + k_first % kWordBits * layer.bits;
    const std::int64_t words = mapping::words_of_run(cell, k_count, layer.bits);
    cycles += ceil_div(n_count - j, period) * mapping::run_cycles(words, weights.words_per_cycle);
  }
  return mapping::load_latency(cycles, mapping::check_stages(weights));
}

/// The result of going once through all tiles of a layer for a block of pixels.
struct Visit {
  std::int64_t first_load = 0;
  std::int64_t cycles = 0;       // Σ max(stream, next load), without the last tile
  std::int64_t last_stream = 0;  // of the last tile
  std::int64_t last_channels = 0;
};

Visit visit_tiles(const MatrixLayer& layer, const mapping::AcceleratorConfig& accelerator,
                  std::int64_t block_pixels) {
  const bool weight_stationary = accelerator.array.dataflow == mapping::Dataflow::kWeightStationary;
  const std::int64_t k_tile =
      weight_stationary ? accelerator.array.rows : accelerator.array.transpose_depth;
  const std::int64_t columns = accelerator.array.columns;
  const Checked checked(layer);
  Visit visit;
  bool first = true;
  for (std::int64_t group = 0; group < layer.groups; ++group) {
    for (std::int64_t n = 0; n < layer.n; n += columns) {
      visit.last_channels = std::min(columns, layer.n - n);
      for (std::int64_t k = 0; k < layer.k; k += k_tile) {
        const std::int64_t k_count = std::min(k_tile, layer.k - k);
        const std::int64_t load = load_of_tile(accelerator.weights, layer, group * layer.n + n,
                                               visit.last_channels, k, k_count);
        if (first) {
          visit.first_load = load;
        } else {
          visit.cycles = checked.plus(visit.cycles, std::max(visit.last_stream, load));
        }
        first = false;
        visit.last_stream = weight_stationary ? block_pixels : k_count;
      }
    }
  }
  return visit;
}

LayerEstimate physical(const MatrixLayer& layer, const EstimateConfig& config) {
  mapping::AcceleratorConfig accelerator;
  accelerator.array.rows = config.rows;
  accelerator.array.columns = config.columns;
  const bool weight_stationary = config.dataflow == EstimateDataflow::kWeightStationary;
  accelerator.array.dataflow = weight_stationary ? mapping::Dataflow::kWeightStationary
                                                 : mapping::Dataflow::kOutputStationary;
  const std::int64_t k_tile = weight_stationary ? config.rows : accelerator.array.transpose_depth;
  const std::int64_t block = weight_stationary ? accelerator.accumulators.depth : config.rows;

  const Checked checked(layer);
  const std::int64_t column_tiles = checked.times(layer.groups, ceil_div(layer.n, config.columns));
  const std::int64_t k_tiles = ceil_div(layer.k, k_tile);
  if (checked.times(column_tiles, k_tiles) > kMostTiles) {
    throw InputError("{}: {}: expected at most {} tiles with {} physical, got {}", layer.where,
                     layer.name, kMostTiles, Field{"convention"}, column_tiles * k_tiles);
  }
  const std::int64_t blocks = ceil_div(layer.m, block);
  const std::int64_t last_pixels = layer.m - (blocks - 1) * block;
  const Visit full = visit_tiles(layer, accelerator, block);
  const Visit last = visit_tiles(layer, accelerator, last_pixels);

  LayerEstimate result;
  const std::int64_t full_cycles =
      checked.plus(full.cycles, std::max(full.last_stream, full.first_load));
  result.cycles = checked.plus(last.first_load + last.last_stream, last.cycles);
  result.cycles = checked.plus(result.cycles, checked.times(blocks - 1, full_cycles));
  result.cycles = checked.plus(
      result.cycles, mapping::array_latency(accelerator.array) + accelerator.vector.latency_cycles +
                         mapping::drain_cycles(accelerator.vector, last_pixels,
                                               static_cast<int>(last.last_channels), /*walks=*/1));
  const std::int64_t folds_of_block = weight_stationary ? column_tiles * k_tiles : column_tiles;
  result.folds = checked.times(blocks, folds_of_block);
  result.mapping_efficiency = mean_share(config, weight_stationary ? layer.k : layer.m, layer.n);
  result.compute_utilization = utilization_of(config, layer.macs(), result.cycles);
  return result;
}

}  // namespace

const std::vector<std::string>& estimate_dataflows() {
  static const std::vector<std::string> names =
      EnumNames<EstimateDataflow::kInputStationary>({"ws", "os", "is"}).all();
  return names;
}

const std::vector<std::string>& conventions() {
  static const std::vector<std::string> names =
      EnumNames<Convention::kScaleSimV2>({"physical", "scalesim-v2"}).all();
  return names;
}

Estimate estimate(const std::vector<MatrixLayer>& layers, const EstimateConfig& config) {
  BROWNOUT_CHECK(config.rows > 0 && config.columns > 0, "{}x{}", config.rows, config.columns);
  const bool is_physical = config.convention == Convention::kPhysical;
  if (is_physical && config.dataflow == EstimateDataflow::kInputStationary) {
    throw InputError(
        "{}: expected ws or os with {} physical, got \"is\", which only scalesim-v2 has",
        Field{"dataflow"}, Field{"convention"});
  }
  Estimate result;
  result.config = config;
  for (const MatrixLayer& layer : layers) {
    LayerEstimate row = is_physical ? physical(layer, config) : scalesim_v2(layer, config);
    row.name = layer.name;
    row.bits = layer.bits;
    row.sparsity = layer.sparsity;
    row.macs = layer.macs();
    row.utilization = utilization_of(config, row.macs, row.cycles);
    const Checked checked(layer);
    result.total_cycles = checked.plus(result.total_cycles, row.cycles);
    result.total_macs = checked.plus(result.total_macs, row.macs);
    result.layers.push_back(std::move(row));
  }
  return result;
}

}  // namespace brownout::estimate
