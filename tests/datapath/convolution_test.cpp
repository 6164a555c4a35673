// SPDX-License-Identifier: Apache-2.0
// Every kind of convolution equals the plain sum, bit for bit, for any shape and for extreme codes.
#include "sim/datapath/convolution/convolution.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "sim/base/error.hpp"
#include "sim/base/random.hpp"
#include "sim/datapath/convolution/avx2.hpp"

namespace brownout::datapath {
namespace {

/// Random integers from one seed, in the order of the calls.
class Draws {
 public:
  explicit Draws(std::uint64_t seed) : philox_(seed, Purpose::kTest) {}
  /// Uniform in [low, high].
  int integer(int low, int high) {
    if (next_ == block_.size()) block_ = philox_(count_++), next_ = 0;
    const auto range = static_cast<std::uint64_t>(high - low + 1);
    return low + static_cast<int>((block_[next_++] >> 32) * range >> 32);
  }

 private:
  Philox philox_;
  Philox::Block block_{};
  std::size_t next_ = 4;
  std::uint64_t count_ = 0;
};

struct Case {
  ConvolutionShape shape;
  int zero_point, bits, images;
  std::vector<std::uint8_t> q;
  std::vector<std::int8_t> n;
};

int reach_h(const ConvolutionShape& s) { return (s.kernel_h - 1) * s.dilation_h + 1; }
int reach_w(const ConvolutionShape& s) { return (s.kernel_w - 1) * s.dilation_w + 1; }

ConvolutionShape resolved(ConvolutionShape s) {
  s.out_height = (s.in_height + s.pad_top + s.pad_bottom - reach_h(s)) / s.stride_h + 1;
  s.out_width = (s.in_width + s.pad_left + s.pad_right - reach_w(s)) / s.stride_w + 1;
  return s;
}

ConvolutionShape square(int in, int out, int kernel, int side, int pad, int stride = 1,
                        int groups = 1) {
  return resolved(
      {in, side, side, out, 0, 0, kernel, kernel, stride, stride, pad, pad, pad, pad, groups});
}

std::size_t inputs(const ConvolutionShape& s) {
  return static_cast<std::size_t>(s.in_channels) * static_cast<std::size_t>(s.in_height) *
         static_cast<std::size_t>(s.in_width);
}

std::size_t outputs(const ConvolutionShape& s) {
  return static_cast<std::size_t>(s.out_channels) * static_cast<std::size_t>(s.out_height) *
         static_cast<std::size_t>(s.out_width);
}

/// The definition: acc = Σ n·(q − z), 0 outside the image.
std::vector<std::int32_t> plain_sum(const Case& c) {
  const ConvolutionShape& s = c.shape;
  const int in = s.in_channels / s.groups, out = s.out_channels / s.groups;
  std::vector<std::int32_t> acc;
  for (int image = 0; image < c.images; ++image)
    for (int oy = 0; oy < s.out_height; ++oy)
      for (int ox = 0; ox < s.out_width; ++ox)
        for (int o = 0; o < s.out_channels; ++o) {
          std::int64_t sum = 0;
          for (int ky = 0; ky < s.kernel_h; ++ky)
            for (int kx = 0; kx < s.kernel_w; ++kx) {
              const int y = oy * s.stride_h + ky * s.dilation_h - s.pad_top;
              const int x = ox * s.stride_w + kx * s.dilation_w - s.pad_left;
              if (y < 0 || y >= s.in_height || x < 0 || x >= s.in_width) continue;
              const std::uint8_t* q = c.q.data() + static_cast<std::size_t>(image) * inputs(s) +
                                      (y * s.in_width + x) * s.in_channels + o / out * in;
              const std::int8_t* n = c.n.data() + (o * in * s.kernel_h + ky) * s.kernel_w + kx;
              for (int i = 0; i < in; ++i)
                sum += n[i * s.kernel_h * s.kernel_w] * (q[i] - c.zero_point);
            }
          acc.push_back(static_cast<std::int32_t>(sum));
        }
  return acc;
}

/// Runs with scratch of exactly the size that is asked for, at an odd address, with guards after
/// everything.
std::vector<std::int32_t> run(Convolution& convolution, const Case& c, const std::string& place) {
  constexpr std::int32_t kGuard = 0x5a5a5a5a;
  convolution.set_weights(c.n.data());
  const std::size_t count = outputs(c.shape) * static_cast<std::size_t>(c.images);
  std::vector<std::int32_t> acc(count + 16, kGuard);
  const std::size_t bytes = convolution.scratch_bytes(c.images);
  std::vector<std::uint8_t> scratch(bytes + 1 + 64, 0xa5);
  convolution.run(c.q.data(), c.images, acc.data(), scratch.data() + 1);
  for (std::size_t i = 0; i < 16; ++i) EXPECT_EQ(acc[count + i], kGuard) << place;
  for (std::size_t i = bytes + 1; i < scratch.size(); ++i)
    EXPECT_EQ(scratch[i], 0xa5) << place << ": scratch overrun";
  acc.resize(count);
  return acc;
}

std::string describe(const Case& c) {
  const ConvolutionShape& s = c.shape;
  return fmt::format(
      "{}x{}x{} -> {}x{}x{}, kernel {}x{}, stride {} {}, dilation {} {}, pad {} {} {} {}, groups "
      "{}, "
      "z {}, bits {}, images {}",
      s.in_height, s.in_width, s.in_channels, s.out_height, s.out_width, s.out_channels, s.kernel_h,
      s.kernel_w, s.stride_h, s.stride_w, s.dilation_h, s.dilation_w, s.pad_top, s.pad_left,
      s.pad_bottom, s.pad_right, s.groups, c.zero_point, c.bits, c.images);
}

/// Codes of one of four kinds: uniform, the two ends at random, all highest, all lowest.
void fill(Case& c, Draws& draws) {
  const int kind_q = draws.integer(0, 3), kind_n = draws.integer(0, 3);
  const int low = c.bits == 1 ? -1 : -(1 << (c.bits - 1));
  const int high = c.bits == 1 ? 1 : (1 << (c.bits - 1)) - 1;
  const auto draw = [&](int kind, int from, int to) {
    if (kind == 0) return draws.integer(from, to);
    if (kind == 1) return draws.integer(0, 1) == 0 ? from : to;
    return kind == 2 ? to : from;
  };
  c.q.resize(inputs(c.shape) * static_cast<std::size_t>(c.images));
  for (auto& q : c.q) q = static_cast<std::uint8_t>(draw(kind_q, 0, 255));
  c.n.resize(static_cast<std::size_t>(c.shape.reduction() * c.shape.out_channels));
  for (auto& n : c.n) n = static_cast<std::int8_t>(draw(kind_n, low, high));
}

Case random_case(Draws& draws, std::int64_t most_macs) {
  Case c;
  ConvolutionShape& s = c.shape;
  do {
    s.kernel_h = draws.integer(0, 1) == 0 ? 3 : draws.integer(1, 7);
    s.kernel_w = draws.integer(0, 1) == 0 ? s.kernel_h : draws.integer(1, 7);
    s.stride_h = draws.integer(0, 1) == 0 ? 1 : draws.integer(1, 3);
    s.stride_w = draws.integer(0, 1) == 0 ? s.stride_h : draws.integer(1, 3);
    const bool dilated = draws.integer(0, 3) == 0;
    s.dilation_h = dilated ? draws.integer(1, 4) : 1;
    s.dilation_w = dilated ? draws.integer(1, 4) : 1;
    s.in_height = draws.integer(1, 20), s.in_width = draws.integer(1, 20);
    s.pad_top = draws.integer(0, 3), s.pad_left = draws.integer(0, 3);
    s.pad_bottom = draws.integer(0, 3), s.pad_right = draws.integer(0, 3);
    switch (draws.integer(0, 3)) {
      case 0:  // depthwise, with or without a multiplier
        s.in_channels = s.groups = draws.integer(1, 70);
        s.out_channels = s.groups * draws.integer(1, 2);
        break;
      case 1:
        s.groups = draws.integer(2, 5);
        s.in_channels = s.groups * draws.integer(1, 14);
        s.out_channels = s.groups * draws.integer(1, 14);
        break;
      default:
        s.groups = 1;
        s.in_channels = draws.integer(1, 70), s.out_channels = draws.integer(1, 70);
    }
    c.images = draws.integer(1, 5);
    s = resolved(s);
  } while (s.in_height + s.pad_top + s.pad_bottom < reach_h(s) ||
           s.in_width + s.pad_left + s.pad_right < reach_w(s) || s.macs() * c.images > most_macs);
  c.zero_point = draws.integer(0, 2) == 0 ? 0 : draws.integer(0, 255);
  c.bits = draws.integer(0, 1) == 0 ? 8 : draws.integer(1, 8);
  fill(c, draws);
  return c;
}

std::vector<std::string> kinds_here() {
  std::vector<std::string> kinds{"auto"};
  for (const std::string& kind : convolution_kinds())
    if (convolution_available(kind)) kinds.push_back(kind);
  return kinds;
}

/// One convolution for each method that fits and each instruction set that this processor has.
std::vector<std::unique_ptr<Convolution>> fast_convolutions(const Case& c) {
  std::vector<std::unique_ptr<Convolution>> all;
  for (const auto method : {Avx2Method::kDirect, Avx2Method::kWinograd, Avx2Method::kDepthwise})
    if (avx2_available() && avx2_method_fits(method, c.shape))
      all.push_back(make_avx2_convolution(c.shape, c.zero_point, c.bits, method));
  if (vnni_available()) {
    all.push_back(make_avx2_direct(c.shape, c.zero_point, avx2::multiply_rows_vnni));
    all.push_back(make_byte_direct(c.shape, c.zero_point, false));
  }
  if (amx_available()) all.push_back(make_byte_direct(c.shape, c.zero_point, true));
  return all;
}

void expect_exact(const Case& c, const std::string& place) {
  const auto expected = plain_sum(c);
  for (const std::string& kind : kinds_here()) {
    const auto convolution = make_convolution(kind, c.shape, c.zero_point, c.bits);
    ASSERT_EQ(run(*convolution, c, place), expected) << place << kind << ": " << describe(c);
  }
  for (const auto& convolution : fast_convolutions(c)) {
    ASSERT_EQ(run(*convolution, c, place), expected)
        << place << convolution->name() << ": " << describe(c);
  }
}

TEST(Convolution, EveryKindEqualsThePlainSumOnRandomShapes) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    Draws draws(seed);
    expect_exact(random_case(draws, 1'000'000), fmt::format("seed {}: ", seed));
    if (HasFatalFailure()) return;
  }
}

TEST(Convolution, FastMethodsEqualThePlainSumOnThousandsOfSmallShapes) {
  if (!avx2_available()) GTEST_SKIP() << "this processor has no AVX2";
  for (std::uint64_t seed = 1000; seed < 5000; ++seed) {
    Draws draws(seed);
    const Case c = random_case(draws, 150'000);
    const auto expected = plain_sum(c);
    for (const auto& convolution : fast_convolutions(c)) {
      ASSERT_EQ(run(*convolution, c, ""), expected)
          << "seed " << seed << ": " << convolution->name() << ": " << describe(c);
    }
  }
}

TEST(Convolution, ExtremeCodesOverflowNothing) {
  // All combinations of the ends, on depths around the Winograd chunk (112 channels at 8 bits).
  for (const int channels : {2, 64, 111, 112, 113, 130, 230})
    for (const int z : {0, 255})
      for (const int q : {0, 255})
        for (const int n : {-128, 127}) {
          Case c{square(channels, 17, 3, 5, 1), z, 8, 2, {}, {}};
          c.q.assign(inputs(c.shape) * 2, static_cast<std::uint8_t>(q));
          c.n.assign(static_cast<std::size_t>(c.shape.reduction() * c.shape.out_channels),
                     static_cast<std::int8_t>(n));
          expect_exact(c, "");
          if (HasFatalFailure()) return;
        }
}

TEST(Convolution, TransformsSeeEveryWorstSignPattern) {
  // Products of one-dimensional sign patterns maximize |Bᵀ d B| and |G g Gᵀ| at some point.
  for (int rows = 0; rows < 64; ++rows) {
    Case c{square(16, 16, 3, 6, 0), rows % 2 * 255, 8, 1, {}, {}};
    for (int y = 0; y < 6; ++y)
      for (int x = 0; x < 6; ++x)
        for (int i = 0; i < 16; ++i) c.q.push_back(((rows >> y ^ rows >> x) & 1) != 0 ? 0 : 255);
    for (int o = 0; o < 16; ++o)
      for (int i = 0; i < 16; ++i)
        for (int tap = 0; tap < 9; ++tap)
          c.n.push_back(((o >> tap % 3 ^ o >> tap / 3) & 1) != 0 ? 127 : -128);
    expect_exact(c, fmt::format("pattern {}: ", rows));
    if (HasFatalFailure()) return;
  }
}

TEST(Convolution, DeepReductionsReachTheInt32Limit) {
  // 65,793 · 128 · 255 is the largest product sum that the contract allows.
  const auto limit = static_cast<int>(((std::int64_t{1} << 31) - 1) / (128 * 255));
  Case c{square(limit, 3, 1, 1, 0), 255, 8, 2, {}, {}};
  c.q.assign(static_cast<std::size_t>(limit) * 2, 0);
  c.n.assign(static_cast<std::size_t>(limit) * 3, -128);
  expect_exact(c, "");
  EXPECT_THROW(make_convolution("auto", square(limit + 1, 3, 1, 1, 0), 0, 8), InputError);
}

TEST(Convolution, LayersOfSimpleNetAreExactForAnyBatch) {
  for (const auto& shape :
       {square(1, 16, 3, 28, 1), square(16, 32, 3, 28, 1), square(32, 32, 3, 14, 1),
        square(64, 128, 3, 7, 1), square(128, 512, 1, 7, 0), square(64, 64, 3, 3, 1),
        square(64, 10, 1, 1, 0)})
    for (const int images : {1, 3, 16, 17}) {
      if (images == 3 && shape.in_channels > 64) continue;  // time
      Draws draws(static_cast<std::uint64_t>(images));
      Case c{shape, 7, 8, images, {}, {}};
      fill(c, draws);
      const auto expected = plain_sum(c);
      for (const char* kind : {"amx", "vnni", "avx2"}) {
        if (!convolution_available(kind)) continue;
        const auto convolution = make_convolution(kind, c.shape, c.zero_point, c.bits);
        ASSERT_EQ(run(*convolution, c, ""), expected) << kind << ": " << describe(c);
      }
    }
}

TEST(Convolution, NewWeightsReplaceTheOldOnes) {
  for (const std::string& kind : kinds_here())
    for (const auto& shape : {square(5, 7, 3, 9, 1), square(6, 6, 3, 9, 1, 2, 6)}) {
      Draws draws(3);
      Case c{shape, 3, 8, 2, {}, {}};
      const auto convolution = make_convolution(kind, shape, 3, 8);
      for (int round = 0; round < 3; ++round) {
        fill(c, draws);
        ASSERT_EQ(run(*convolution, c, kind), plain_sum(c)) << kind << " round " << round;
      }
    }
}

TEST(Convolution, BatchesAndSmallerBatchesShareScratch) {
  for (const std::string& kind : kinds_here()) {
    Draws draws(4);
    Case c{square(20, 24, 3, 7, 1), 9, 8, 9, {}, {}};
    fill(c, draws);
    const auto expected = plain_sum(c);
    const auto convolution = make_convolution(kind, c.shape, 9, 8);
    convolution->set_weights(c.n.data());
    std::vector<std::uint8_t> scratch(convolution->scratch_bytes(9));
    const std::size_t one = outputs(c.shape);
    for (int images = 1; images <= 9; ++images) {
      std::vector<std::int32_t> acc(one * static_cast<std::size_t>(images));
      convolution->run(c.q.data(), images, acc.data(), scratch.data());
      ASSERT_TRUE(std::equal(acc.begin(), acc.end(), expected.begin())) << kind << " " << images;
    }
  }
}

TEST(Convolution, ThreadsWithTheirOwnScratchDoNotDisturbEachOther) {
  for (const std::string& kind : kinds_here()) {
    for (const auto& shape :
         {square(24, 40, 3, 9, 1), square(24, 40, 1, 9, 0), square(40, 40, 3, 9, 1, 1, 40)}) {
      Draws draws(5);
      Case c{shape, 128, 8, 3, {}, {}};
      fill(c, draws);
      const auto expected = plain_sum(c);
      const auto convolution = make_convolution(kind, shape, 128, 8);
      convolution->set_weights(c.n.data());
      std::vector<int> wrong(4, 0);
      std::vector<std::thread> threads;
      for (int& mine : wrong)
        threads.emplace_back([&] {
          std::vector<std::uint8_t> scratch(convolution->scratch_bytes(c.images));
          for (int round = 0; round < 20; ++round) {
            std::vector<std::int32_t> acc(expected.size());
            convolution->run(c.q.data(), c.images, acc.data(), scratch.data());
            if (acc != expected) ++mine;
          }
        });
      for (std::thread& thread : threads) thread.join();
      EXPECT_EQ(wrong, std::vector<int>(4, 0)) << kind;
    }
  }
}

TEST(Convolution, WrongRequestsAreInputErrors) {
  const ConvolutionShape good = square(4, 4, 3, 8, 1);
  EXPECT_THROW(make_convolution("fast", good, 0, 8), InputError);
  EXPECT_THROW(make_convolution("auto", good, 256, 8), InputError);
  EXPECT_THROW(make_convolution("auto", good, -1, 8), InputError);
  EXPECT_THROW(make_convolution("auto", good, 0, 9), InputError);
  EXPECT_THROW(make_convolution("auto", good, 0, 0), InputError);
  ConvolutionShape shape = good;
  shape.out_height = 7;
  EXPECT_THROW(make_convolution("auto", shape, 0, 8), InputError);
  shape = good;
  shape.groups = 3;
  EXPECT_THROW(make_convolution("auto", shape, 0, 8), InputError);
  shape = good;
  shape.stride_w = 0;
  EXPECT_THROW(make_convolution("auto", shape, 0, 8), InputError);
  shape = good;
  shape.pad_left = -1;
  EXPECT_THROW(make_convolution("auto", shape, 0, 8), InputError);
  for (const std::string& kind : convolution_kinds()) {
    if (convolution_available(kind)) continue;
    EXPECT_THROW(make_convolution(kind, good, 0, 8), InputError) << kind;
  }
}

}  // namespace
}  // namespace brownout::datapath
