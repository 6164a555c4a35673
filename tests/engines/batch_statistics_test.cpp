// SPDX-License-Identifier: Apache-2.0
// Batch statistics in engine "float": compared with running statistics that were set to those of
// the batch; and that results depend on nothing but the batch.
#include <gtest/gtest.h>

#include <cmath>

#include "sim/base/error.hpp"
#include "sim/engines/batch_statistics_engine.hpp"
#include "sim/engines/evaluate.hpp"
#include "tests/network/built_networks.hpp"

namespace brownout::engines {
namespace {

constexpr network::Coding kCoding{network::Scheme::kRquant, 8, 0.004f, 0.01f};

/// Conv, batch norm, ReLU; a residual around another; group norm, average pool; flatten, linear.
network::Network batch_normed() {
  network::Builder b({2, 6, 6}, 4);
  const auto batch_norm = [&](int channels) {
    const auto scale = b.parameter(network::Role::kScale, {channels}, kCoding);
    const auto shift = b.parameter(network::Role::kShift, {channels}, kCoding);
    network::BatchNorm norm{scale, shift, 1e-5f, true, {}, {}};
    norm.mean.assign(static_cast<std::size_t>(channels), 0.0f);
    norm.variance.assign(static_cast<std::size_t>(channels), 1.0f);
    return b.add(norm);
  };
  const auto conv = [&](int in, int out) {
    const auto weight = b.parameter(network::Role::kWeight, {out, in, 3, 3}, kCoding);
    return b.add(network::Conv2d{weight, {}, out, 1, {3, 3}, {1, 1}, {1, 1, 1, 1}});
  };
  b.add(network::Quantize{1.0f / 255, 0});
  conv(2, 8);
  batch_norm(8);
  b.add(network::Relu{});
  const auto residual = b.add(network::Quantize{0.05f, 0});
  conv(8, 8);
  const auto normed = batch_norm(8);
  b.add(network::Add{}, {normed, residual});
  b.add(network::GroupNorm{{}, {}, 2, 1e-5f, true});
  b.add(network::AveragePool{});
  b.add(network::Quantize{0.05f, 100});
  b.add(network::Flatten{});
  const auto weight = b.parameter(network::Role::kWeight, {4, 72}, kCoding);
  b.add(network::Linear{weight, {}, 4});
  return b.network();
}

std::vector<float> logits_of(Engine& engine, const network::Network& net,
                             const std::vector<std::uint8_t>& pixels, int first, int count) {
  std::vector<float> logits(static_cast<std::size_t>(count * net.classes));
  engine.run(pixels.data() + first * net.input.size(), first, count, logits.data(), 0);
  return logits;
}

/// The network up to and including its first batch norm, as a network of its own: its logits are
/// what that norm reads.
std::pair<double, double> first_norm_input(const network::Network& net,
                                           const std::vector<std::uint8_t>& pixels, int images,
                                           int channel) {
  const auto& conv = std::get<network::Conv2d>(net.nodes[1].op);
  const network::Parameter& w = net.parameters[*conv.weight];
  double s1 = 0.0;
  double s2 = 0.0;
  for (int i = 0; i < images; ++i) {
    for (int y = 0; y < 6; ++y) {
      for (int x = 0; x < 6; ++x) {
        double sum = 0.0;
        for (int c = 0; c < 2; ++c) {
          for (int k = 0; k < 9; ++k) {
            const int yy = y + k / 3 - 1;
            const int xx = x + k % 3 - 1;
            if (yy < 0 || yy > 5 || xx < 0 || xx > 5) continue;
            const std::size_t at = static_cast<std::size_t>(((i * 6 + yy) * 6 + xx) * 2 + c);
            const std::size_t tap = static_cast<std::size_t>((channel * 2 + c) * 9 + k);
            sum += pixels[at] / 255.0 * static_cast<double>(network::decode(*w.coding, w.n[tap]));
          }
        }
        s1 += sum;
        s2 += sum * sum;
      }
    }
  }
  const double mean = s1 / (36.0 * images);
  return {mean, s2 / (36.0 * images) - mean * mean};
}

/// Only the first norm is a batch norm here, so that its statistics can be set by hand. `second`
/// and `third` take the places of the others; `second` keeps its scale and shift.
void expect_statistics_of_the_batch(network::GroupNorm second, const network::Operator& third) {
  network::Network net = batch_normed();
  const auto scales = std::get<network::BatchNorm>(net.nodes[6].op);
  second.scale = scales.scale;
  second.shift = scales.shift;
  net.nodes[6].op = second;
  net.nodes[8].op = third;
  constexpr int kImages = 5;
  const auto pixels = network::images_for(net, kImages);
  const auto batch = make_batch_statistics_engine(network::share(net), 1, kImages);
  batch->set_codes(network::clean_codes(net));
  const std::vector<float> found = logits_of(*batch, net, pixels, 0, kImages);

  auto& norm = std::get<network::BatchNorm>(net.nodes[2].op);
  for (std::size_t c = 0; c < norm.mean.size(); ++c) {
    const auto [mean, variance] = first_norm_input(net, pixels, kImages, static_cast<int>(c));
    norm.mean[c] = static_cast<float>(mean);
    norm.variance[c] = static_cast<float>(variance);
  }
  const auto running = make_engine("float", network::share(net), 1);
  running->set_codes(network::clean_codes(net));
  const std::vector<float> expected = logits_of(*running, net, pixels, 0, kImages);
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(found[i], expected[i], 1e-4f) << i;
}

TEST(BatchStatistics, AreMeanAndVarianceOfTheBatch) {
  network::GroupNorm norm;
  norm.groups = 8;
  expect_statistics_of_the_batch(norm, network::GroupNorm{{}, {}, 2, 1e-5f, true});
  norm.groups = 2;
  norm.each_pixel = true;
  expect_statistics_of_the_batch(norm, network::LocalResponseNorm{3, 0.5f, 1.0f, 3});
}

TEST(BatchStatistics, DoNotDependOnThreadsButOnTheBatch) {
  const network::Network net = batch_normed();
  data::Dataset data;
  data.name = "random";
  data.shape = net.input;
  data.classes = 4;
  data.pixels = network::images_for(net, 23);
  data.labels.assign(23, 1);
  std::vector<std::string> hashes;
  for (const auto& [threads, batch] : {std::pair{1, 4}, std::pair{3, 4}, std::pair{1, 5}}) {
    const auto engine = make_batch_statistics_engine(network::share(net), threads, batch);
    engine->set_codes(network::clean_codes(net));
    hashes.push_back(evaluate(*engine, net, data, 23, threads, true).logits_sha256);
  }
  EXPECT_EQ(hashes[0], hashes[1]);
  EXPECT_NE(hashes[0], hashes[2]);
}

TEST(BatchStatistics, NeedABatchNorm) {
  EXPECT_THROW(make_batch_statistics_engine(network::share(network::simple_network()), 1, 4),
               InputError);
}

}  // namespace
}  // namespace brownout::engines
