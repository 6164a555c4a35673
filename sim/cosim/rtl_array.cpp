// SPDX-License-Identifier: Apache-2.0
// Program → commands, input → vectors, drained rows → sums.
#include "sim/cosim/rtl_array.hpp"

#include <algorithm>
#include <chrono>

#include "sim/base/error.hpp"
#include "sim/cosim/predict.hpp"
#include "sim/cosim/rtl_numbers.hpp"
#include "sim/mapping/code_table.hpp"
#include "sim/mapping/memory_faults.hpp"
#include "sim/mapping/timing.hpp"

namespace brownout::cosim {

using mapping::ColumnTile;
using mapping::LayerIndex;
using mapping::LayerProgram;
using mapping::Strip;

Job layer_job(const mapping::Program& program, const network::Network& network, LayerIndex number) {
  const LayerProgram& layer = program.layers[number];
  const network::Parameter& weight = network.parameters[*layer.node.weight];
  const network::Coding& coding = *weight.coding;
  const std::int64_t channel_bits = layer.k * coding.bits;
  const int lanes = program.accelerator.vector.lanes;
  Job job;
  for (const Strip& strip : layer.strips) {
    const ColumnTile& tile = layer.column_tiles[strip.column_tile];
    StripJob to;
    to.command_first = job.commands.size();
    to.rows = static_cast<int>(strip.pixel_count);
    to.row_cycles = (tile.n_count + lanes - 1) / lanes;
    to.walks = mapping::strip_walks(layer);
    for (const mapping::ParameterPlace& place : layer.parameters) {
      if (place.chunk != tile.chunk || place.parameter == layer.node.weight) continue;
      const network::Parameter& parameter = network.parameters[place.parameter];
      const mapping::CodeRange range =
          mapping::codes_of(network, layer, place.parameter, tile.n_first, tile.n_count);
      BROWNOUT_CHECK(range.last - range.first < 65536, "a run of {} codes",
                     range.last - range.first);
      Command command;
      command.parameters = true;
      command.bits = parameter.coding->bits;
      command.codes = static_cast<int>(range.last - range.first);
      command.cell = static_cast<std::uint32_t>(place.origin + range.first * command.bits);
      job.commands.push_back(command);
    }
    const mapping::ParameterPlace& place = mapping::place_of(layer, *layer.node.weight, tile.chunk);
    std::int64_t cell = place.origin + tile.n_first * channel_bits;
    for (std::size_t t = 0; t < tile.words.size(); ++t) {
      Command command;
      command.cell = static_cast<std::uint32_t>(cell);
      command.stride = static_cast<std::uint32_t>(channel_bits);
      command.columns = tile.n_count;
      command.codes = mapping::k_count(layer, t);
      command.bits = coding.bits;
      command.scheme = rtl_number(coding.scheme);
      command.zero_code = mapping::code_repair(weight, memory::OnError::kZero).zero_code;
      command.vectors = static_cast<int>(strip.pixel_count);
      command.first = t == 0;
      command.last = t + 1 == tile.words.size();
      job.commands.push_back(command);
      cell += std::int64_t{command.codes} * coding.bits;
    }
    to.command_count = job.commands.size() - to.command_first;
    job.strips.push_back(to);
  }
  return job;
}

void add_vectors(Job& job, const mapping::Program& program, LayerIndex number,
                 const std::uint8_t* q, std::int64_t image_stride, int images, int zero_point,
                 int rows) {
  const LayerProgram& layer = program.layers[number];
  const arithmetic::Matrix& matrix = layer.node.matrix;
  const arithmetic::Window& window = matrix.window;
  const int channels = matrix.in_channels;
  const int height = window.in_height + window.pad_top + layer.node.pad_bottom;
  const int width = window.in_width + window.pad_left + layer.node.pad_right;
  const std::int64_t image_size = std::int64_t{height} * width * channels;

  std::vector<std::int16_t> padded(image_size * images, 0);
  const int row_codes = window.in_width * channels;
  for (int i = 0; i < images; ++i) {
    const std::uint8_t* from = q + i * image_stride;
    for (int y = 0; y < window.in_height; ++y) {
      std::int16_t* const to =
          padded.data() + i * image_size +
          (std::int64_t{y + window.pad_top} * width + window.pad_left) * channels;
      for (int x = 0; x < row_codes; ++x) to[x] = static_cast<std::int16_t>(*from++ - zero_point);
    }
  }
  std::vector<std::int64_t> elements;  // of the reduction, IHW
  for (int i = 0; i < matrix.group_inputs(); ++i) {
    for (int y = 0; y < window.kernel_h; ++y) {
      for (int x = 0; x < window.kernel_w; ++x) {
        elements.push_back(
            (std::int64_t{y} * window.dilation_h * width + std::int64_t{x} * window.dilation_w) *
                channels +
            i);
      }
    }
  }
  const std::int64_t pixels = window.out_pixels();
  std::int64_t total = 0;
  for (const Command& command : job.commands) {
    if (!command.parameters) total += std::int64_t{command.vectors} * rows;
  }
  job.vectors.assign(total, 0);
  std::int16_t* to = job.vectors.data();
  for (const Strip& strip : layer.strips) {
    const ColumnTile& tile = layer.column_tiles[strip.column_tile];
    const std::int64_t group = std::int64_t{tile.group} * matrix.group_inputs();
    std::size_t first = 0;
    for (std::size_t t = 0; t < tile.words.size(); ++t) {
      const std::size_t codes = mapping::k_count(layer, t);
      for (std::int64_t p = strip.pixel_first; p < strip.pixel_first + strip.pixel_count; ++p) {
        const std::int64_t y = p % pixels / window.out_width * window.stride_h;
        const std::int64_t x = p % window.out_width * window.stride_w;
        const std::int16_t* const from =
            padded.data() + p / pixels * image_size + (y * width + x) * channels + group;
        for (std::size_t r = 0; r < codes; ++r) to[r] = from[elements[first + r]];
        to += rows;
      }
      first += codes;
    }
  }
}

std::int64_t layer_cycles(const mapping::Program& program, LayerIndex number,
                          const JobTimes& times) {
  const LayerProgram& layer = program.layers[number];
  const mapping::VectorConfig& vector = program.accelerator.vector;
  return times.cycles() + vector.latency_cycles + mapping::memory_walk_cycles(vector, layer);
}

AccumulatorFaults accumulator_faults(const mapping::AcceleratorConfig& accelerator,
                                     const memory::FaultList& faults, const memory::Draws& draws,
                                     LayerIndex layer) {
  if (faults.empty()) return {};
  const int lanes = accelerator.array.columns + 1;
  const auto rows = static_cast<int>(mapping::accumulator_rows(accelerator));
  AccumulatorFaults masks(rows, lanes);
  const memory::CellReader reader(memory::MemoryId::kAccumulators, draws,
                                  mapping::accumulator_event(layer));
  for (const memory::CellFault& fault : faults) {
    const std::int64_t index = std::int64_t{fault.word} * (64 / mapping::kAccumulatorBits) +
                               std::int64_t{fault.bit} / mapping::kAccumulatorBits;
    const std::int64_t row = index / lanes;
    if (row >= 2 * rows) continue;  // after the last word
    const std::uint32_t bit = std::uint32_t{1} << fault.bit % mapping::kAccumulatorBits;
    const bool if_0 = reader.wrong(fault, 0) != 0;
    const bool if_1 = reader.wrong(fault, 1) != 0;
    SumFaults& sum = masks.at(static_cast<int>(row / rows), static_cast<int>(row % rows),
                              static_cast<int>(index % lanes));
    if (if_0 && if_1) {
      sum.flip |= bit;
    } else if (if_0) {
      sum.stuck1 |= bit;
    } else if (if_1) {
      sum.stuck0 |= bit;
    }
  }
  return masks;
}

RtlArray::RtlArray(const mapping::AcceleratorConfig& accelerator)
    : core_(make_core(accelerator.array.rows, accelerator.array.columns)) {
  BROWNOUT_CHECK(core_ != nullptr, "no core of {}x{}", accelerator.array.rows,
                 accelerator.array.columns);
  shape_ = core_->shape();
}

RtlArray::RtlArray(const CoreShape& shape) : shape_(shape) {}

void RtlArray::configure(std::shared_ptr<const mapping::Program> program,
                         network::SharedNetwork network, const memory::WordMemory& weights) {
  program_ = std::move(program);
  network_ = std::move(network);
  weights_ = &weights;
  generation_ = ~std::uint64_t{0};
  layer_.reset();
  RtlArray::set_accumulator_faults({}, {});
  sum_lanes_.clear();
  jobs_.assign(program_->layers.size(), {});
  records_.resize(program_->layers.size());
}

void RtlArray::mirror() {
  if (generation_ == weights_->generation()) return;
  generation_ = weights_->generation();
  const std::size_t words = weights_->words();
  const memory::CheckMode mode{weights_->check(),
                               program_->accelerator.weights.mitigations.on_error};
  if (mode != mode_) {
    if (core_) core_->set_mitigation(mode);
    mode_ = mode;
    stored_.clear();  // its check bits are another code's
  }
  if (stored_.empty()) {
    stored_.assign(shape_.words, 0);
    if (core_) core_->write(0, weights_->words(), stored_.data());  // as the scratchpad wakes up
  }
  for (std::size_t w = 0; w < words;) {
    std::size_t end = w;
    while (end < words && stored_[end] != weights_->stored(end)) {
      stored_[end] = weights_->stored(end);
      ++end;
    }
    if (end > w && core_) core_->write(w, end - w, stored_.data() + w);
    w = end + 1;
  }
  std::vector<WordFaults> faults = word_faults(*weights_);
  if (faults != faults_ || !redrawn_.empty()) {
    if (core_) core_->set_faults(faults);
    faults_ = std::move(faults);
  }
}

std::vector<std::int64_t> RtlArray::measured_cycles() const {
  std::vector<std::int64_t> cycles;
  for (const LayerRecord& layer : records_) cycles.push_back(layer.rtl_cycles);
  return cycles;
}

void RtlArray::set_accumulator_faults(const memory::FaultList& faults, const memory::Draws& draws) {
  accumulator_cells_ = faults;
  accumulator_draws_ = draws;
  accumulators_known_ = false;
}

void RtlArray::mirror_accumulators(LayerIndex layer) {
  if (accumulators_known_) return;
  accumulators_known_ = !accumulator_draws_.fresh;
  AccumulatorFaults masks =
      accumulator_faults(program_->accelerator, accumulator_cells_, accumulator_draws_, layer);
  if (masks == accumulators_) return;
  if (core_) core_->set_accumulator_faults(masks);
  accumulators_ = std::move(masks);
}

void RtlArray::begin_layer(LayerIndex layer, const std::uint8_t* q, std::int64_t image_stride,
                           int images, int zero_point, std::int64_t cycle) {
  mirror();
  mirror_accumulators(layer);
  redrawn_.clear();
  sum_lanes_.clear();
  layer_ = layer;
  layer_begin_ = cycle;
  Job& known = jobs_[layer];
  if (known.commands.empty()) known = layer_job(*program_, *network_, layer);
  job_ = known;
  job_.mode = mode_;
  add_vectors(job_, *program_, layer, q, image_stride, images, zero_point, shape_.rows);
}

void RtlArray::write(std::int64_t word, std::int64_t count, const std::uint64_t* data,
                     std::int64_t cycle) {
  if (!layer_) return;  // a layer without matrix: mirror() will see
  WriteJob write{cycle, word, {data, data + count}};
  // Cells that draw per load have drawn now.
  bool redrawn = false;
  for (std::int64_t i = 0; i < count; ++i) {
    const auto at = static_cast<std::uint32_t>(word + i);
    write.faults.push_back(word_faults(*weights_, at));
    const auto known = redrawn_.find(at);
    redrawn = redrawn || write.faults.back() !=
                             (known == redrawn_.end() ? faults_of(faults_, at) : known->second);
  }
  if (!redrawn) write.faults.clear();
  for (const WordFaults& fault : write.faults) redrawn_[fault.word] = fault;
  job_.writes.push_back(std::move(write));
}

void RtlArray::load(LayerIndex, std::size_t, const std::int8_t*) {}
void RtlArray::run(LayerIndex, const Strip&, std::int32_t*, std::int64_t) {}

void RtlArray::end_layer(LayerIndex layer, const std::vector<accelerator::StripGates>& gates,
                         std::int64_t cycles, std::int32_t* acc, std::int64_t stride) {
  BROWNOUT_CHECK(layer == layer_, "layer {} ends, {} runs", layer.number(),
                 layer_ ? fmt::to_string(layer_->number()) : "none");
  for (std::size_t s = 0; s < job_.strips.size(); ++s) {
    job_.strips[s].gates = {gates[s].load, gates[s].stream, gates[s].drain};
  }
  const auto start = std::chrono::steady_clock::now();
  JobTimes times;
  try {
    times = run_job(layer, acc, stride, cycles);
  } catch (const AssertionFailed& failed) {
    core_->close_trace();
    throw RunError("rtl {}x{}: layer {}, cycle {} of the run: an assertion failed (above)",
                   shape_.rows, shape_.columns, program_->layers[layer].name,
                   layer_begin_ + failed.cycle);
  }
  seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  for (const WriteJob& write : job_.writes) {
    std::copy(write.data.begin(), write.data.end(), stored_.begin() + write.word);
  }
  LayerRecord& record = records_[layer];
  record.rtl_cycles += layer_cycles(*program_, layer, times);
  record.systemc_cycles += cycles;
  record.tiles += times.tiles.size();
  record.strips += times.drained.size();
  layer_.reset();
}

namespace {

/// Puts drained rows in their place and checks their column sums.
class Fetch final : public Observer {
 public:
  /// `lanes`, if not null, receives what lane C carries.
  Fetch(const LayerProgram& layer, const CoreShape& shape, const Job& job,
        const AccumulatorFaults& faults, std::int32_t* acc, std::int64_t stride,
        std::vector<accelerator::SumLane>* lanes)
      : layer_(layer),
        shape_(shape),
        acc_(acc),
        stride_(stride),
        lanes_(lanes),
        sums_(activation_sums(shape, job, faults)) {}

  void word(std::int64_t, std::size_t, std::uint32_t, const RawWord&) override {}
  void checked(std::int64_t, std::size_t, std::uint64_t, std::uint64_t) override {}
  void row(std::int64_t, std::size_t, int, const std::int32_t*) override {}
  void parameter(std::int64_t, std::size_t, std::uint64_t, std::uint64_t, bool) override {}
  void surplus(std::int64_t cycle, const char* what) override {
    throw RunError("rtl: layer {}, cycle {} of its job: {}", layer_.name, cycle, what);
  }
  void drained(std::int64_t cycle, std::size_t number, int walk, int row,
               const std::int32_t* lanes) override {
    if (walk > 0) return;
    const Strip& strip = layer_.strips[number];
    const ColumnTile& tile = layer_.column_tiles[strip.column_tile];
    std::copy_n(lanes, tile.n_count, acc_ + (strip.pixel_first + row) * stride_ + tile.n_first);
    const std::int32_t sum = sums_[number][row];
    if (lanes[shape_.columns] != sum) {
      throw RunError("rtl: layer {}, strip {}, row {}, cycle {}: column sum {}, expected {}",
                     layer_.name, number, row, cycle, lanes[shape_.columns], sum);
    }
    if (lanes_ != nullptr) lanes_->push_back({strip.pixel_first + row, strip.column_tile, sum});
  }

 private:
  const LayerProgram& layer_;
  const CoreShape shape_;
  std::int32_t* const acc_;
  const std::int64_t stride_;
  std::vector<accelerator::SumLane>* const lanes_;
  const std::vector<std::vector<std::int32_t>> sums_;  // by strip and row
};

}  // namespace

JobTimes RtlArray::run_job(LayerIndex layer, std::int32_t* acc, std::int64_t stride, std::int64_t) {
  Fetch fetch(program_->layers[layer], shape_, job_, accumulators_, acc, stride,
              accumulators_.none() ? nullptr : &sum_lanes_);
  return core_->run(job_, fetch);
}

}  // namespace brownout::cosim
