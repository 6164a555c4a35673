// SPDX-License-Identifier: Apache-2.0
// The behavioural array: whole strips at once. A strip's sums are exact integers, so the order in
// which its tiles add up does not matter.
#include <algorithm>
#include <vector>

#include "sim/accelerator/array_model.hpp"
#include "sim/base/error.hpp"
#include "sim/inference/convolution/avx2.hpp"
#include "sim/inference/convolution/avx2_common.hpp"

namespace brownout::accelerator {

namespace {

namespace avx2 = inference::avx2;
using mapping::ColumnTile;
using mapping::LayerProgram;
using mapping::Strip;

constexpr int kBlock = avx2::kBlockOutputs;
// Pixels that pass by while a panel of weights stays in the first-level cache.
constexpr int kPassPixels = 16 * avx2::kBlockRows;

/// What follows from a layer's shape.
struct LayerLayout {
  avx2::PaddedImage image{};
  int in = 1;                           // input channels of a group
  int pairs = 1;                        // of a segment: adjacent values of a kernel row
  std::vector<std::ptrdiff_t> offsets;  // bytes, of the segments
  std::vector<std::ptrdiff_t> pixels;   // values, of the outputs' first taps
  /// Place of reduction index k (IHW) in a panel of 16 outputs.
  std::vector<std::size_t> elements;

  std::size_t panel_size() const {
    return offsets.size() * static_cast<std::size_t>(pairs) * 2 * kBlock;
  }
};

LayerLayout layout_of(const LayerProgram& layer) {
  const arithmetic::Matrix& matrix = layer.node.matrix;
  const arithmetic::Window& window = matrix.window;
  LayerLayout layout;
  layout.image = {window.in_height,
                  window.in_width,
                  matrix.in_channels,
                  window.pad_top,
                  window.pad_left,
                  window.in_height + window.pad_top + layer.node.pad_bottom,
                  window.in_width + window.pad_left + layer.node.pad_right};
  layout.in = matrix.group_inputs();
  // Without groups the channels of adjacent taps of a kernel row are adjacent in memory.
  const int taps = matrix.groups == 1 ? window.kernel_w : 1;
  layout.pairs = avx2::divide_up(taps * layout.in, 2);
  const auto at = [&](int y, int x) {
    return (std::ptrdiff_t{y} * layout.image.padded_width + x) * matrix.in_channels;
  };
  std::vector<std::size_t> tap_elements;  // of each tap's first channel
  for (int y = 0; y < window.kernel_h; ++y) {
    for (int x = 0; x < window.kernel_w; x += taps) {
      for (int tap = 0; tap < taps; ++tap) {
        tap_elements.push_back(layout.offsets.size() * static_cast<std::size_t>(layout.pairs) * 2 +
                               static_cast<std::size_t>(tap * layout.in));
      }
      layout.offsets.push_back(at(y, x) * 2);
    }
  }
  for (int i = 0; i < layout.in; ++i) {
    for (const std::size_t first : tap_elements) {
      const std::size_t element = first + static_cast<std::size_t>(i);
      layout.elements.push_back(element / 2 * (2 * kBlock) + element % 2);
    }
  }
  for (int y = 0; y < window.out_height; ++y) {
    for (int x = 0; x < window.out_width; ++x) {
      layout.pixels.push_back(at(y * window.stride_h, x * window.stride_w));
    }
  }
  return layout;
}

class BehaviouralArray final : public ArrayModel {
 public:
  void configure(const mapping::Program& program) override {
    program_ = &program;
    layouts_.clear();
    panels_.clear();
    std::size_t widened = 0;
    for (const LayerProgram& layer : program.layers) {
      layouts_.emplace_back();
      panels_.emplace_back();
      if (layer.k == 0) continue;
      layouts_.back() = layout_of(layer);
      panels_.back().resize(layer.column_tiles.size());
      widened = std::max(widened, layouts_.back().image.size());
    }
    widened_.assign(widened * static_cast<std::size_t>(program.batch) + avx2::kReadAhead / 2, 0);
  }

  void begin_layer(int layer, const std::uint8_t* q, std::int64_t image_stride, int images,
                   int zero_point) override {
    const LayerLayout& layout = layouts_[static_cast<std::size_t>(layer)];
    for (int i = 0; i < images; ++i) {
      std::int16_t* const to = widened_.data() + static_cast<std::size_t>(i) * layout.image.size();
      if (fast_) {
        avx2::widen(q + i * image_stride, layout.image, zero_point, to);
      } else {
        widen(q + i * image_stride, layout.image, zero_point, to);
      }
    }
  }

  void load(int layer, int column_tile, const std::int8_t* n) override {
    const LayerProgram& program = program_->layers[static_cast<std::size_t>(layer)];
    const LayerLayout& layout = layouts_[static_cast<std::size_t>(layer)];
    const ColumnTile& tile = program.column_tiles[static_cast<std::size_t>(column_tile)];
    auto& panels = panels_[static_cast<std::size_t>(layer)][static_cast<std::size_t>(column_tile)];
    if (panels == nullptr) {
      panels = std::make_unique<avx2::AlignedArray<std::int16_t>>(
          static_cast<std::size_t>(avx2::divide_up(tile.n_count, kBlock)) * layout.panel_size());
    }
    for (int c = 0; c < tile.n_count; ++c) {
      std::int16_t* const panel = panels->data() +
                                  static_cast<std::size_t>(c / kBlock) * layout.panel_size() +
                                  c % kBlock * 2;
      for (const std::size_t element : layout.elements) panel[element] = *n++;
    }
  }

  void run(int layer, const Strip& strip, std::int32_t* acc, std::int64_t stride) override {
    const LayerProgram& program = program_->layers[static_cast<std::size_t>(layer)];
    const LayerLayout& layout = layouts_[static_cast<std::size_t>(layer)];
    const auto column_tile = static_cast<std::size_t>(strip.column_tile);
    const ColumnTile& tile = program.column_tiles[column_tile];
    const auto& panels = panels_[static_cast<std::size_t>(layer)][column_tile];
    BROWNOUT_CHECK(panels != nullptr, "column tile {} of {} runs before it is loaded", column_tile,
                   program.name);
    const auto pixels = static_cast<std::int64_t>(layout.pixels.size());
    std::int64_t image = strip.pixel_first / pixels;
    std::int64_t pixel = strip.pixel_first % pixels;
    const std::int16_t* rows[kPassPixels];
    for (std::int64_t done = 0; done < strip.pixel_count; done += kPassPixels) {
      const auto count =
          static_cast<int>(std::min<std::int64_t>(kPassPixels, strip.pixel_count - done));
      for (int i = 0; i < count; ++i) {
        rows[i] = widened_.data() + static_cast<std::size_t>(image) * layout.image.size() +
                  layout.pixels[static_cast<std::size_t>(pixel)] + tile.group * layout.in;
        if (++pixel == pixels) pixel = 0, ++image;
      }
      for (int c = 0; c < tile.n_count; c += kBlock) {
        multiply(layout, rows, count,
                 panels->data() + static_cast<std::size_t>(c / kBlock) * layout.panel_size(),
                 std::min(kBlock, tile.n_count - c),
                 acc + (strip.pixel_first + done) * stride + tile.n_first + c, stride);
      }
    }
  }

  std::string name() const override { return "behavioural"; }

 private:
  /// `width` outputs of `count` pixels.
  void multiply(const LayerLayout& layout, const std::int16_t* const* rows, int count,
                const std::int16_t* panel, int width, std::int32_t* out,
                std::int64_t stride) const {
    const avx2::Reduction reduction{layout.offsets.data(), static_cast<int>(layout.offsets.size()),
                                    layout.pairs};
    if (fast_ && width == kBlock) {
      avx2::multiply_rows(rows, count, reduction, panel, out, stride);
      return;
    }
    std::int32_t part[kPassPixels * kBlock];
    if (fast_) {
      avx2::multiply_rows(rows, count, reduction, panel, part, kBlock);
    } else {
      multiply_plain(rows, count, reduction, panel, part);
    }
    for (int r = 0; r < count; ++r) std::copy_n(part + r * kBlock, width, out + r * stride);
  }

  static void multiply_plain(const std::int16_t* const* rows, int count,
                             const avx2::Reduction& reduction, const std::int16_t* panel,
                             std::int32_t* out) {
    for (int r = 0; r < count; ++r) {
      std::int32_t* const sums = out + r * kBlock;
      std::fill_n(sums, kBlock, 0);
      const std::int16_t* weights = panel;
      for (int s = 0; s < reduction.segments; ++s) {
        const std::int16_t* const from = rows[r] + reduction.offsets[s] / 2;
        for (int i = 0; i < 2 * reduction.pairs; ++i) {
          const std::int16_t* const pair = weights + i / 2 * 2 * kBlock + i % 2;
          for (int c = 0; c < kBlock; ++c) sums[c] += from[i] * pair[2 * c];
        }
        weights += std::ptrdiff_t{reduction.pairs} * 2 * kBlock;
      }
    }
  }

  static void widen(const std::uint8_t* q, const avx2::PaddedImage& image, int zero_point,
                    std::int16_t* out) {
    std::fill_n(out, image.size(), std::int16_t{0});
    const std::size_t body =
        static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.channels);
    for (int y = 0; y < image.height; ++y) {
      std::int16_t* const to = out + static_cast<std::size_t>(image.top + y) * image.row() +
                               static_cast<std::size_t>(image.left * image.channels);
      for (std::size_t i = 0; i < body; ++i) {
        to[i] = static_cast<std::int16_t>(*q++ - zero_point);
      }
    }
  }

  const bool fast_ = inference::avx2_available();
  const mapping::Program* program_ = nullptr;
  std::vector<LayerLayout> layouts_;
  /// By layer and column tile; null until loaded.
  std::vector<std::vector<std::unique_ptr<avx2::AlignedArray<std::int16_t>>>> panels_;
  std::vector<std::int16_t> widened_;
};

}  // namespace

std::unique_ptr<ArrayModel> make_behavioural_array() {
  return std::make_unique<BehaviouralArray>();
}

}  // namespace brownout::accelerator
