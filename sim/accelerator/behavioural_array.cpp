// SPDX-License-Identifier: Apache-2.0
// The behavioural array computes whole strips at once. A strip's sums are exact integers, so the
// order in which its tiles are added does not matter.
#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "sim/accelerator/array_model.hpp"
#include "sim/base/error.hpp"
#include "sim/datapath/accumulator_faults.hpp"
#include "sim/datapath/convolution/avx2.hpp"
#include "sim/datapath/convolution/panel_layout.hpp"

namespace brownout::accelerator {

namespace {

namespace avx2 = datapath::avx2;
using avx2::PanelLayout;
using mapping::ColumnTile;
using mapping::LayerIndex;
using mapping::LayerProgram;
using mapping::Strip;

class BehaviouralArray final : public ArrayModel {
 public:
  void configure(std::shared_ptr<const mapping::Program> configured, network::SharedNetwork,
                 const memory::WordMemory&) override {
    program_ = std::move(configured);
    const mapping::Program& program = *program_;
    layouts_.clear();
    panels_.clear();
    accumulators_ = {};
    accumulator_bits_wrong_ = 0;
    faulty_.assign(program.layers.size(), {});
    sum_lanes_.clear();
    std::size_t widened = 0;
    for (const LayerProgram& layer : program.layers) {
      layouts_.emplace_back();
      panels_.emplace_back();
      if (layer.k == 0) continue;
      layouts_.back() = PanelLayout(datapath::convolution_shape(layer.node));
      panels_.back().resize(layer.column_tiles.size());
      widened = std::max(widened, layouts_.back().image().size());
    }
    widened_.assign(widened * program.batch + avx2::kReadAhead / 2, 0);
  }

  void set_accumulator_faults(const memory::FaultList& faults,
                              const memory::Draws& draws) override {
    accumulators_ = memory::Corruption(faults, memory::MemoryId::kAccumulators, draws,
                                       mapping::kAccumulatorBits);
    batch_ = draws.batch;
  }

  void begin_layer(LayerIndex layer, const std::uint8_t* q, std::int64_t image_stride, int images,
                   int zero_point, std::int64_t) override {
    sum_lanes_.clear();
    if (!accumulators_.empty()) widen_for_faults(layer, q, image_stride, images, zero_point);
    const PanelLayout& layout = layouts_[layer];
    for (int i = 0; i < images; ++i) {
      std::int16_t* const to = widened_.data() + i * layout.image().size();
      if (fast_) {
        avx2::widen(q + i * image_stride, layout.image(), zero_point, to);
      } else {
        widen(q + i * image_stride, layout.image(), zero_point, to);
      }
    }
  }

  void load(LayerIndex layer, std::size_t column_tile, const std::int8_t* n) override {
    const LayerProgram& program = program_->layers[layer];
    const PanelLayout& layout = layouts_[layer];
    const ColumnTile& tile = program.column_tiles[column_tile];
    auto& panels = panels_[layer][column_tile];
    if (panels == nullptr) {
      panels = std::make_unique<avx2::AlignedArray<std::int16_t>>(
          PanelLayout::panels(tile.n_count) * layout.panel_size());
    }
    layout.fill(n, tile.n_count, panels->data());
    auto& loaded = faulty_[layer].loaded;
    loaded.resize(program.column_tiles.size());
    loaded[column_tile].assign(n, n + tile.n_count * program.k);
  }

  void run(LayerIndex layer, const Strip& strip, std::int32_t* acc, std::int64_t stride) override {
    const LayerProgram& program = program_->layers[layer];
    const PanelLayout& layout = layouts_[layer];
    const ColumnTile& tile = program.column_tiles[strip.column_tile];
    const auto& panels = panels_[layer][strip.column_tile];
    BROWNOUT_CHECK(panels != nullptr, "column tile {} of {} runs before it is loaded",
                   strip.column_tile, program.name);
    const std::int16_t* const group = widened_.data() + tile.group * layout.group_inputs();
    const std::int16_t* rows[avx2::kPassPixels];
    for (std::int64_t done = 0; done < strip.pixel_count; done += avx2::kPassPixels) {
      const std::int64_t first = strip.pixel_first + done;
      const auto count =
          static_cast<int>(std::min<std::int64_t>(avx2::kPassPixels, strip.pixel_count - done));
      layout.windows(group, first, count, rows);
      const std::int16_t* panel = panels->data();
      for (int c = 0; c < tile.n_count; c += avx2::kBlockOutputs) {
        layout.multiply(multiply_, rows, count, panel,
                        std::min(avx2::kBlockOutputs, tile.n_count - c),
                        acc + first * stride + tile.n_first + c, stride);
        panel += layout.panel_size();
      }
    }
    if (!accumulators_.empty()) read_through_faults(layer, strip, acc, stride);
  }

  const std::vector<SumLane>& sum_lanes() const override { return sum_lanes_; }

  std::optional<std::int64_t> accumulator_bits_wrong() const override {
    return accumulator_bits_wrong_;
  }

  std::string name() const override { return "behavioural"; }

 private:
  /// A layer's weights as they were loaded, and its sums as faulty accumulators change them.
  struct FaultyLayer {
    std::vector<std::vector<std::int8_t>> loaded;  // by column tile; empty once `sums` has them
    std::optional<datapath::AccumulatorFaults> sums;
  };

  void widen_for_faults(LayerIndex layer, const std::uint8_t* q, std::int64_t image_stride,
                        int images, int zero_point) {
    auto& sums = faulty_[layer].sums;
    if (!sums) {
      sums.emplace(program_, layer, zero_point);
    }
    const std::size_t size = sums->widened_size();
    inputs_.resize(std::max(inputs_.size(), size * images));
    for (int i = 0; i < images; ++i) {
      sums->widen(q + i * image_stride, inputs_.data() + i * size);
    }
  }

  void read_through_faults(LayerIndex layer, const Strip& strip, std::int32_t* acc,
                           std::int64_t stride) {
    const LayerProgram& program = program_->layers[layer];
    const ColumnTile& tile = program.column_tiles[strip.column_tile];
    FaultyLayer& faulty = faulty_[layer];
    auto& loaded = faulty.loaded[strip.column_tile];
    if (!loaded.empty()) {
      faulty.sums->set_weights(loaded.data(), tile.n_first, tile.n_count);
      loaded.clear();
    }
    const std::int64_t pixels = program.node.matrix.window.out_pixels();
    datapath::StripPart part;
    part.strip = &strip;
    part.stride = stride;
    part.load_event = mapping::accumulator_event(layer);
    part.batch = batch_;
    for (part.image = strip.pixel_first / pixels;
         part.image * pixels < strip.pixel_first + strip.pixel_count; ++part.image) {
      part.input = inputs_.data() + part.image * faulty.sums->widened_size();
      part.acc = acc + part.image * pixels * stride;
      accumulator_bits_wrong_ +=
          faulty.sums->run(accumulators_, part, window_, [&](int pixel, std::int32_t sum) {
            sum_lanes_.push_back({part.image * pixels + pixel, strip.column_tile, sum});
          });
    }
  }

  static void multiply_plain(const std::int16_t* const* rows, int count,
                             const avx2::Reduction& reduction, const std::int16_t* panel,
                             std::int32_t* out, std::ptrdiff_t out_stride) {
    for (int r = 0; r < count; ++r) {
      std::int32_t* const sums = out + r * out_stride;
      std::fill_n(sums, avx2::kBlockOutputs, 0);
      const std::int16_t* weights = panel;
      for (int s = 0; s < reduction.segments; ++s) {
        const std::int16_t* const from = rows[r] + reduction.offsets[s] / 2;
        for (int i = 0; i < 2 * reduction.steps; ++i) {
          const std::int16_t* const pair = weights + i / 2 * 2 * avx2::kBlockOutputs + i % 2;
          for (int c = 0; c < avx2::kBlockOutputs; ++c) sums[c] += from[i] * pair[2 * c];
        }
        weights += std::ptrdiff_t{reduction.steps} * 2 * avx2::kBlockOutputs;
      }
    }
  }

  static void widen(const std::uint8_t* q, const avx2::PaddedImage& image, int zero_point,
                    std::int16_t* out) {
    std::fill_n(out, image.size(), std::int16_t{0});
    const std::size_t channels = image.channels;
    const std::size_t body = image.width * channels;
    for (int y = 0; y < image.height; ++y) {
      std::int16_t* const to = out + (image.top + y) * image.row() + image.left * channels;
      for (std::size_t i = 0; i < body; ++i) {
        to[i] = static_cast<std::int16_t>(*q++ - zero_point);
      }
    }
  }

  const bool fast_ = datapath::avx2_available();
  const avx2::MultiplyRows multiply_ = fast_ ? avx2::fastest_multiply_rows() : multiply_plain;
  std::shared_ptr<const mapping::Program> program_;
  Table<LayerIndex, PanelLayout> layouts_;
  /// By column tile; null until loaded.
  using Panels = std::vector<std::unique_ptr<avx2::AlignedArray<std::int16_t>>>;
  Table<LayerIndex, Panels> panels_;
  std::vector<std::int16_t> widened_;
  memory::Corruption accumulators_;
  std::uint64_t batch_ = 0;           // of fresh draws
  std::vector<std::int16_t> inputs_;  // of a layer, one image after the other
  Table<LayerIndex, FaultyLayer> faulty_;
  std::vector<std::int16_t> window_;
  std::vector<SumLane> sum_lanes_;
  std::int64_t accumulator_bits_wrong_ = 0;
};

}  // namespace

std::unique_ptr<ArrayModel> make_behavioural_array() {
  return std::make_unique<BehaviouralArray>();
}

}  // namespace brownout::accelerator
