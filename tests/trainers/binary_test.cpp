// SPDX-License-Identifier: Apache-2.0
// Binarized networks: signs with a straight-through gradient, and sums that XNOR and popcount give.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <numeric>

#include "sim/arithmetic/matrix.hpp"
#include "sim/engines/engine.hpp"
#include "sim/mapping/geometry.hpp"
#include "sim/network/onnx_file.hpp"
#include "small_training.hpp"
#include "trainers/output/export.hpp"
#include "trainers/torch/torch_ops.hpp"

namespace brownout::trainers {
namespace {

const char kBinary[] = R"(name: binary
norm: batch
reparameterized: false
layers:
  - {op: conv, channels: 16, bias: false, norm: default, activation: sign}
  - {op: conv, channels: 24, bias: false}
  - {op: maxpool}
  - {op: norm}
  - {op: sign}
  - {op: conv, channels: 16, kernel: 1, pad: 0, bias: false, norm: default, activation: sign}
  - {op: flatten}
  - {op: linear, features: 40, bias: false, norm: default, activation: sign}
  - {op: linear, features: classes, bias: false}
)";

TrainingConfig binary_config() {
  TrainingConfig config =
      small_config("optimizer: {kind: adam, learning_rate: 0.01}\n", "{scheme: binary, bits: 1}");
  config.loss.logit_scale = 0.1;
  config.schedule.epochs = 10;
  return config;
}

TEST(Binary, TheGradientOfASignPassesWhereHardtanhHasOne) {
  const torch::Tensor x =
      torch::tensor({-2.0f, -1.0f, -0.5f, -0.0f, 0.0f, 0.3f, 1.0f, 1.5f}).requires_grad_(true);
  const torch::Tensor y = sign_through(x);
  EXPECT_TRUE(
      torch::equal(y, torch::tensor({-1.0f, -1.0f, -1.0f, -1.0f, -1.0f, 1.0f, 1.0f, 1.0f})));
  const torch::Tensor dy = torch::arange(1, 9).to(torch::kFloat);
  const torch::Tensor dx = torch::autograd::grad({y}, {x}, {dy})[0];
  EXPECT_TRUE(torch::equal(dx, torch::tensor({0.0f, 2.0f, 3.0f, 4.0f, 5.0f, 6.0f, 7.0f, 0.0f})));
}

TEST(Binary, OnlyWeightsAreCodedAndTheirFloatsStayWithinOne) {
  SmallTraining small(binary_config(), kBinary);
  for (int i = 0; i < 20; ++i) small.trainer.step();
  small.trainer.quantize_now();
  const WeightCoder& coder = small.trainer.coder();
  bool moved = false;
  for (std::size_t t = 0; t < coder.spans().size(); ++t) {
    const TensorSpan& span = coder.spans()[t];
    EXPECT_EQ(span.coded, small.architecture.parameters[t].role == network::Role::kWeight);
    for (std::int64_t i = span.first; i < span.first + span.count; ++i) {
      const auto at = static_cast<std::size_t>(i);
      const float latent = small.trainer.state().weights[at];
      const float read = small.trainer.decoded()[at];
      if (!span.coded) {
        EXPECT_EQ(read, latent);
        continue;
      }
      EXPECT_EQ(read, latent > 0.0f ? 1.0f : -1.0f);
      EXPECT_LE(std::abs(latent), 1.0f);
      moved = moved || std::abs(latent) == 1.0f;
    }
  }
  EXPECT_TRUE(moved) << "no weight reached the limit: this test shows nothing";
}

TEST(Binary, ATrainingLearnsAndItsFileScoresTheSameInTheEngines) {
  SmallTraining small(binary_config(), kBinary);
  const double first = small.trainer.step().clean.loss;
  TrainingFiles files;
  files.quiet = true;
  ASSERT_TRUE(small.trainer.run(files));
  const auto& history = small.trainer.state().history;
  EXPECT_LT(history.back().loss, first / 2);
  EXPECT_LT(history.back().test_error, 40.0);  // a constant class scores 66.7

  const auto file = std::filesystem::path(testing::TempDir()) / "brownout-binary-test.onnx";
  export_network(small.trainer, file);
  const network::Network net = network::read_onnx(file);
  EXPECT_EQ(net.bits(), 1);
  std::vector<std::vector<float>> logits;
  for (const char* name : {"functional", "reference", "float"}) {
    const auto engine = engines::make_engine(name, network::share(net), 1);
    engine->set_codes(network::clean_codes(net));
    logits.emplace_back(64 * 3);
    engine->run(small.test.image(0), 0, 64, logits.back().data(), 0);
  }
  EXPECT_EQ(logits[0], logits[1]);
  // Sums of signs are exact in fp32 too; only the first layer's u8 pixels may make a difference.
  int same = 0;
  for (std::size_t i = 0; i < logits[0].size(); ++i) same += logits[0][i] == logits[2][i] ? 1 : 0;
  EXPECT_GT(same, 64 * 3 * 9 / 10);
}

/// 2·popcount(xnor) - n over the words of two bit vectors.
int xnor_popcount(const std::vector<bool>& a, const std::vector<bool>& b) {
  int equal = 0;
  std::uint64_t x = 0;
  std::uint64_t y = 0;
  const auto flush = [&](std::size_t bits) {
    const std::uint64_t mask = bits == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1;
    equal += __builtin_popcountll(~(x ^ y) & mask);
    x = y = 0;
  };
  for (std::size_t i = 0; i < a.size(); ++i) {
    x |= std::uint64_t{a[i]} << (i % 64);
    y |= std::uint64_t{b[i]} << (i % 64);
    if (i % 64 == 63) flush(64);
  }
  if (a.size() % 64 != 0) flush(a.size() % 64);
  return 2 * equal - static_cast<int>(a.size());
}

TEST(Binary, SumsOfSignsAreXnorAndPopcount) {
  SmallTraining small(binary_config(), kBinary);
  for (int i = 0; i < 12; ++i) small.trainer.step();
  const network::Network net = build_network(small.trainer, calibrate(small.trainer, 96), {});
  const auto shapes = network::check(net, "test");
  int layers = 0;
  for (const network::NodeIndex node : net.nodes.indices()) {
    if (!network::is_matrix(net.nodes[node].op)) continue;
    const mapping::MatrixNode at = mapping::matrix_node(net, shapes, node);
    const network::ValueIndex input = net.nodes[node].inputs[0];
    const network::Quantize& q = network::quantizer_of(net, input);
    if (input == network::ValueIndex(1)) continue;  // the first layer multiplies pixels
    ++layers;
    EXPECT_EQ(q.scale, 1.0f);
    EXPECT_EQ(q.zero_point, 1);
    const network::Parameter& weight = net.parameters[*at.weight];
    EXPECT_EQ(weight.coding->alpha, 1.0f);
    EXPECT_EQ(weight.coding->beta, 0.0f);

    // Random signs as the codes of activations, 0 and 2.
    const arithmetic::Matrix& m = at.matrix;
    std::vector<std::uint8_t> codes;
    for (int i = 0; i < m.window.in_pixels() * m.in_channels; ++i) {
      codes.push_back((i * 2654435761u >> 13) % 2 == 0 ? 0 : 2);
    }
    std::vector<std::int32_t> acc(static_cast<std::size_t>(m.window.out_pixels() * m.out_channels));
    arithmetic::accumulate(m, codes.data(), q.zero_point, weight.n.data(), acc.data());
    const arithmetic::Window& w = m.window;
    for (int p = 0; p < w.out_pixels(); ++p) {
      for (int c = 0; c < m.out_channels; ++c) {
        std::vector<bool> a;
        std::vector<bool> b;
        for (int i = 0; i < m.in_channels; ++i) {
          for (int ky = 0; ky < w.kernel_h; ++ky) {
            for (int kx = 0; kx < w.kernel_w; ++kx) {
              const int y = p / w.out_width * w.stride_h + ky - w.pad_top;
              const int x = p % w.out_width * w.stride_w + kx - w.pad_left;
              if (y < 0 || y >= w.in_height || x < 0 || x >= w.in_width) continue;  // adds 0
              a.push_back(
                  codes[static_cast<std::size_t>((y * w.in_width + x) * m.in_channels + i)] == 2);
              b.push_back(weight.n[static_cast<std::size_t>(
                              ((c * m.in_channels + i) * w.kernel_h + ky) * w.kernel_w + kx)] == 1);
            }
          }
        }
        ASSERT_EQ(acc[static_cast<std::size_t>(p * m.out_channels + c)], xnor_popcount(a, b))
            << net.nodes[node].name << " pixel " << p << " channel " << c;
      }
    }
  }
  EXPECT_EQ(layers, 4);
}

}  // namespace
}  // namespace brownout::trainers
