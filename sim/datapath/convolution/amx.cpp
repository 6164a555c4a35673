// SPDX-License-Identifier: Apache-2.0
// The multiply–add kernel of bytes with AMX: `tdpbusd` multiplies a tile of 16 rows × 64 unsigned
// bytes with one of 64 signed bytes × 16 outputs. Its sums wrap modulo 2³² as those of VNNI do.
#include <cpuid.h>
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

#include "sim/datapath/convolution/avx2.hpp"
#include "sim/datapath/convolution/avx2_common.hpp"
#include "sim/datapath/simd.hpp"

namespace brownout::datapath {
namespace avx2 {
namespace {

constexpr int kTileRows = 16;
constexpr int kTileBytes = 64;  // of a row
constexpr int kTwoTiles = 2 * kTileRows;
constexpr int kTwoPanels = kBytePanels * kBlockOutputs;

// All eight tiles have 16 rows of 64 bytes.
struct alignas(kLine) TileConfig {
  std::uint8_t palette = 1, start_row = 0, reserved[14] = {};
  std::uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  std::uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};
constexpr TileConfig kTiles;

int gathered_row(const Reduction& reduction) {
  return static_cast<int>(
      round_up(static_cast<std::size_t>(reduction.segments) * reduction.steps * 4, kTileBytes));
}

/// Puts the segments of each row back to back. What follows the last one is arbitrary, because its
/// weights are 0.
BROWNOUT_AMX void gather(const std::uint8_t* const* rows, int count, const Reduction& reduction,
                         std::uint8_t* to) {
  const int bytes = reduction.steps * 4;
  const int row = gathered_row(reduction);
  for (int r = 0; r < count; ++r, to += row) {
    for (int s = 0; s < reduction.segments; ++s) {
      // Whole vectors: the next segment, or the next row, overwrites what is written too far.
      const std::uint8_t* const from = rows[r] + reduction.offsets[s];
      for (int i = 0; i < bytes; i += kTileBytes) {
        _mm512_storeu_si512(to + s * bytes + i, _mm512_loadu_si512(from + i));
      }
    }
  }
  asm volatile("" : : : "memory");  // compilers do not know that loads of tiles read memory
}

/// 32 rows times two panels.
BROWNOUT_AMX void multiply_tiles(const std::uint8_t* rows, int row, const BytePanels& panels,
                                 std::int32_t* out, std::ptrdiff_t stride) {
  const std::ptrdiff_t out_row = stride * 4;
  _tile_loadd(0, panels.start, 0);  // all rows of a tile start with the same
  _tile_loadd(1, panels.start + kBlockOutputs, 0);
  _tile_loadd(2, panels.start, 0);
  _tile_loadd(3, panels.start + kBlockOutputs, 0);
  const std::int8_t* weights = panels.weights;
  for (int i = 0; i < row; i += kTileBytes, weights += kTileBytes * kBlockOutputs) {
    _tile_loadd(4, rows + i, row);
    _tile_loadd(5, rows + i + std::ptrdiff_t{kTileRows} * row, row);
    _tile_loadd(6, weights, kTileBytes);
    _tile_loadd(7, weights + panels.size, kTileBytes);
    _tile_dpbusd(0, 4, 6);
    _tile_dpbusd(1, 4, 7);
    _tile_dpbusd(2, 5, 6);
    _tile_dpbusd(3, 5, 7);
  }
  _tile_stored(0, out, out_row);
  _tile_stored(1, out + kBlockOutputs, out_row);
  _tile_stored(2, out + kTileRows * stride, out_row);
  _tile_stored(3, out + kTileRows * stride + kBlockOutputs, out_row);
}

}  // namespace

std::size_t gathered_bytes(const Reduction& reduction, int rows) {
  return round_up(static_cast<std::size_t>(rows), kTwoTiles) * gathered_row(reduction) + kTileBytes;
}

BROWNOUT_AMX void multiply_bytes_amx(const std::uint8_t* const* rows, int count,
                                     const Reduction& reduction, const BytePanels& panels,
                                     int outputs, std::int32_t* out, std::ptrdiff_t out_stride,
                                     std::uint8_t* gathered) {
  gather(rows, count, reduction, gathered);
  _tile_loadconfig(&kTiles);
  const int row = gathered_row(reduction);
  for (int o = 0; o < outputs; o += kTwoPanels) {
    const BytePanels both{panels.weights + o / kBlockOutputs * panels.size, panels.size,
                          panels.start + o};
    const int width = std::min(kTwoPanels, outputs - o);
    for (int r = 0; r < count; r += kTwoTiles) {
      const int height = std::min(kTwoTiles, count - r);
      const std::uint8_t* const from = gathered + std::ptrdiff_t{r} * row;
      std::int32_t* const to = out + r * out_stride + o;
      if (width == kTwoPanels && height == kTwoTiles) {
        multiply_tiles(from, row, both, to, out_stride);
        continue;
      }
      std::int32_t part[kTwoTiles * kTwoPanels];
      multiply_tiles(from, row, both, part, kTwoPanels);
      for (int y = 0; y < height; ++y)
        std::copy_n(part + y * kTwoPanels, width, to + y * out_stride);
    }
  }
  _tile_release();
}

}  // namespace avx2

bool amx_available() {
  // The system lends the tiles' registers on request, to all threads of the process.
  static const bool available = [] {
    constexpr unsigned kTile = 1U << 24, kInt8 = 1U << 25;
    constexpr int kRequestPermission = 0x1023, kTileData = 18;  // ARCH_REQ_XCOMP_PERM
    unsigned a = 0, b = 0, c = 0, d = 0;
    return vnni_available() && __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (d & kTile) != 0 &&
           (d & kInt8) != 0 && syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
  }();
  return available;
}

}  // namespace brownout::datapath
