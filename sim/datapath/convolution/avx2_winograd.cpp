// SPDX-License-Identifier: Apache-2.0
// Exact integer Winograd F(4×4, 3×3): a quarter of the multiplications of 3×3 kernels.
//
// Y = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A with the points 0, ±1, ±2, ∞ (Lavin and Gray, arXiv:1509.09308).
// Bᵀ is integer, |Bᵀ d B| ≤ 100·255 fits int16. The rows of G are scaled to the integers
// 6(1,0,0) −4(1,1,1) −4(1,−1,1) (1,2,4) (1,−2,4) 12(0,0,1), so |U| ≤ 144·128 fits int16 too, and
// with the last point counted twice the result is 24·24·acc. Everything after the products runs
// modulo 2³²: 576 = 9·64, 9 has an inverse there, and 64·acc is known exactly while |acc| < 2²⁵.
// Input channels are therefore taken in chunks whose sums stay below that bound.
#include <algorithm>
#include <string>
#include <vector>

#include "sim/datapath/convolution/avx2.hpp"
#include "sim/datapath/convolution/avx2_common.hpp"
#include "sim/datapath/convolution/avx2_winograd_transforms.hpp"

namespace brownout::datapath {
namespace {

using namespace avx2;

// Tiles of a pass: so many that weights are seldom read again, and so few that the transformed
// tiles fit the second-level cache.
constexpr int kPassTiles = 18;
constexpr int kMostTiles = kPassTiles + kBlockRows - 1;

class WinogradConvolution : public Convolution {
 public:
  WinogradConvolution(const ConvolutionShape& shape, int zero_point, int bits)
      : shape_(shape),
        zero_point_(zero_point),
        tiles_y_(divide_up(shape.out_height, kTile)),
        tiles_x_(divide_up(shape.out_width, kTile)),
        image_{shape.in_height, shape.in_width,       shape.in_channels,   shape.pad_top,
               shape.pad_left,  tiles_y_ * kTile + 2, tiles_x_ * kTile + 2},
        chunk_(chunk_channels(shape.in_channels, bits)),
        depth_(static_cast<int>(round_up(chunk_, kBlockOutputs))),
        chunks_(divide_up(shape.in_channels, chunk_)),
        blocks_(divide_up(shape.out_channels, kBlockOutputs)),
        weights_(static_cast<std::size_t>(chunks_ * blocks_) * kPoints * panel_size()) {}

  void set_weights(const std::int8_t* n) override {
    for (int chunk = 0; chunk < chunks_; ++chunk)
      for (int block = 0; block < blocks_; ++block)
        transform_weights(n, chunk, block, panel(chunk, block));
  }

  std::size_t scratch_bytes(int images) const override {
    const std::size_t tiles = pass_tiles(images);
    return (pass_images(images) * image_.size() * 2 + kReadAhead) +
           tiles * kPoints * (static_cast<std::size_t>(depth_) * 2 + kBlockOutputs * 4) + 4 * kLine;
  }

  void run(const std::uint8_t* q, int images, std::int32_t* acc, void* scratch) const override {
    const std::size_t source = static_cast<std::size_t>(shape_.in_height) *
                               static_cast<std::size_t>(shape_.in_width) *
                               static_cast<std::size_t>(shape_.in_channels);
    const int most = pass_images(images);
    const std::size_t tiles = pass_tiles(images);
    Scratch pieces(scratch);
    Pass pass{};
    std::int16_t* const widened = pieces.take<std::int16_t>(most * image_.size() + kReadAhead / 2);
    pass.inputs = pieces.take<std::int16_t>(tiles * kPoints * depth_);
    pass.products = pieces.take<std::int32_t>(tiles * kPoints * kBlockOutputs);
    for (int first = 0; first < images; first += most) {
      const int count = std::min(most, images - first);
      for (int i = 0; i < count; ++i)
        widen(q + (first + i) * source, image_, zero_point_, widened + i * image_.size());
      pass.widened = widened;
      pass.acc =
          acc + std::ptrdiff_t{first} * shape_.out_height * shape_.out_width * shape_.out_channels;
      const int total = count * tiles_y_ * tiles_x_;
      const int passes = divide_up(total, static_cast<int>(tiles));
      for (int p = 0; p < passes; ++p) {
        pass.first = total * p / passes;
        pass.count = total * (p + 1) / passes - pass.first;
        for (int chunk = 0; chunk < chunks_; ++chunk) run_chunk(pass, chunk);
      }
    }
  }

  std::string name() const override { return "avx2-winograd"; }

 private:
  // Some tiles on their way through the scratch memory.
  struct Pass {
    const std::int16_t* widened;
    std::int16_t* inputs;    // tile × point × depth
    std::int32_t* products;  // tile × point × 16 output channels
    std::int32_t* acc;       // of the first widened image
    int first, count;        // tiles, counted over the widened images
  };

  // An output tile: an image of the pass, and the first pixel.
  struct Place {
    int image, y, x;
  };
  Place place(int tile) const {
    const int per_image = tiles_y_ * tiles_x_;
    return {tile / per_image, tile % per_image / tiles_x_ * kTile, tile % tiles_x_ * kTile};
  }

  // Channels whose sums stay below 2²⁵; whole vectors, unless one chunk holds them all.
  static int chunk_channels(int channels, int bits) {
    const std::int64_t most = ((std::int64_t{1} << 25) - 1) / (9 * (255 << (bits - 1)));
    return static_cast<int>(std::min<std::int64_t>(channels, most / kBlockOutputs * kBlockOutputs));
  }

  int channels_of(int chunk) const { return std::min(chunk_, shape_.in_channels - chunk * chunk_); }
  int pairs(int chunk) const { return divide_up(channels_of(chunk), 2); }
  std::size_t panel_size() const {
    return static_cast<std::size_t>(divide_up(chunk_, 2)) * 2 * kBlockOutputs;
  }
  const std::int16_t* panel(int chunk, int block) const {
    return weights_.data() +
           static_cast<std::size_t>(chunk * blocks_ + block) * kPoints * panel_size();
  }
  std::int16_t* panel(int chunk, int block) {
    return weights_.data() +
           static_cast<std::size_t>(chunk * blocks_ + block) * kPoints * panel_size();
  }
  int pass_images(int images) const {
    return std::max(1, std::min(images, kPassTiles / (tiles_y_ * tiles_x_)));
  }
  int pass_tiles(int images) const {
    const int total = pass_images(images) * tiles_y_ * tiles_x_;
    return divide_up(total, divide_up(total, kMostTiles));
  }

  // The 36 panels of 16 output channels: [point][pair of channels][16 outputs][2].
  void transform_weights(const std::int8_t* n, int chunk, int block, std::int16_t* to) const {
    const int channels = channels_of(chunk);
    const int outputs = std::min(kBlockOutputs, shape_.out_channels - block * kBlockOutputs);
    alignas(32) std::int16_t taps[9][2 * kBlockOutputs];
    for (int pair = 0; pair < pairs(chunk); ++pair) {
      std::memset(taps, 0, sizeof taps);
      const int half = std::min(2, channels - pair * 2);
      for (int o = 0; o < outputs; ++o) {
        const std::int8_t* from =
            n + (std::ptrdiff_t{block * kBlockOutputs + o} * shape_.in_channels + chunk * chunk_ +
                 pair * 2) *
                    9;
        for (int i = 0; i < half; ++i)
          for (int tap = 0; tap < 9; ++tap) taps[tap][o * 2 + i] = *from++;
      }
      std::int16_t* const out = to + std::ptrdiff_t{pair} * 2 * kBlockOutputs;
      for (int part = 0; part < 2 * kBlockOutputs; part += 16)
        transform_filter(&taps[0][part], 2 * kBlockOutputs, out + part,
                         std::ptrdiff_t{pairs(chunk)} * 2 * kBlockOutputs);
    }
  }

  void run_chunk(const Pass& pass, int chunk) const {
    const int channels = channels_of(chunk);
    for (int t = 0; t < pass.count; ++t) {
      const Place at = place(pass.first + t);
      std::int16_t* const to = pass.inputs + std::ptrdiff_t{t} * kPoints * depth_;
      transform_input(pass.widened + at.image * image_.size() + at.y * image_.row() +
                          at.x * shape_.in_channels + chunk * chunk_,
                      image_.row(), shape_.in_channels, channels, to, depth_);
    }
    for (int block = 0; block < blocks_; ++block) {
      multiply_tiles_avx2(pass.inputs, pass.count, depth_, pairs(chunk), panel(chunk, block),
                          pass.products);
      for (int t = 0; t < pass.count; ++t)
        put_tile(pass.products + std::ptrdiff_t{t} * kPoints * kBlockOutputs, place(pass.first + t),
                 block, chunk > 0, pass.acc);
    }
  }

  // Writes one tile of 16 output channels, or the part of it that lies inside the image.
  void put_tile(const std::int32_t* products, const Place& at, int block, bool add,
                std::int32_t* acc) const {
    const int rows = std::min(kTile, shape_.out_height - at.y);
    const int columns = std::min(kTile, shape_.out_width - at.x);
    const int channels = std::min(kBlockOutputs, shape_.out_channels - block * kBlockOutputs);
    const std::ptrdiff_t column_stride = shape_.out_channels;
    const std::ptrdiff_t row_stride = column_stride * shape_.out_width;
    std::int32_t* const to = acc + at.image * row_stride * shape_.out_height + at.y * row_stride +
                             at.x * column_stride + block * kBlockOutputs;
    if (rows == kTile && columns == kTile && channels == kBlockOutputs && !add) {
      transform_output(products, to, row_stride, column_stride);
      return;
    }
    std::int32_t tile[kTile][kTile][kBlockOutputs];
    transform_output(products, tile[0][0], kTile * kBlockOutputs, kBlockOutputs);
    for (int y = 0; y < rows; ++y)
      for (int x = 0; x < columns; ++x) {
        std::int32_t* const pixel = to + y * row_stride + x * column_stride;
        for (int c = 0; c < channels; ++c) pixel[c] = tile[y][x][c] + (add ? pixel[c] : 0);
      }
  }

  ConvolutionShape shape_;
  int zero_point_;
  int tiles_y_, tiles_x_;
  PaddedImage image_;
  int chunk_;   // input channels of a chunk
  int depth_;   // chunk_ rounded up to whole vectors
  int chunks_;  // of input channels
  int blocks_;  // of 16 output channels
  AlignedArray<std::int16_t> weights_;
};

}  // namespace

std::unique_ptr<Convolution> make_avx2_winograd(const ConvolutionShape& shape, int zero_point,
                                                int bits) {
  return std::make_unique<WinogradConvolution>(shape, zero_point, bits);
}

}  // namespace brownout::datapath
