// SPDX-License-Identifier: Apache-2.0
// Which operators share a pass, and that values which live at the same time share no memory.
#include "sim/mapping/plan.hpp"

#include <gtest/gtest.h>

#include "sim/datapath/value_memory.hpp"
#include "tests/network/built_networks.hpp"
#include "tests/network/random_network.hpp"

namespace brownout::datapath {

using mapping::make_plan;
namespace {

TEST(Plan, FusesABlockIntoOnePass) {
  const network::Network network = network::simple_network();
  const auto steps = make_plan(network, network::check(network, "test"));
  // Input, five blocks, the last of them with the flatten, linear.
  ASSERT_EQ(steps.size(), 7U);
  EXPECT_TRUE(mapping::moves_data(steps[5]));
  EXPECT_FALSE(steps[0].matrix);
  const Step& pooled = steps[2];
  ASSERT_EQ(pooled.passes.size(), 1U);
  EXPECT_TRUE(pooled.matrix);
  EXPECT_TRUE(pooled.passes[0].norm);
  ASSERT_TRUE(pooled.passes[0].activation);
  EXPECT_TRUE(pooled.passes[0].max_pool);
  EXPECT_TRUE(pooled.passes[0].quantize);
  EXPECT_EQ(pooled.matrix_out, (network::Shape{32, 12, 12}));
  EXPECT_EQ(pooled.passes[0].out, (network::Shape{32, 6, 6}));
}

TEST(Plan, StartsAPassWhereTheOrderDiffers) {
  network::Builder b({1, 4, 4}, 4);
  const network::Coding coding{network::Scheme::kSymmetric, 8, 1.0f, 0.0f};
  b.add(network::Quantize{1.0f / 255, 0});
  b.add(network::Conv2d{b.parameter(network::Role::kWeight, {1, 1, 1, 1}, coding), {}, 1});
  b.add(network::MaxPool{});
  b.add(network::GroupNorm{});  // after the pool: a new pass
  b.add(network::Relu{});
  b.add(network::Relu{});  // a second activation: another one
  b.add(network::Flatten{});
  const auto steps = make_plan(b.network(), network::check(b.network(), "test"));
  ASSERT_EQ(steps.size(), 2U);
  EXPECT_EQ(steps[1].passes.size(), 3U);
}

TEST(Plan, AFlattenOfCodesThatOthersReadIsAStepOfItsOwn) {
  const network::Coding coding{network::Scheme::kSymmetric, 8, 1.0f, 0.0f};
  const auto build = [&](bool shared) {
    network::Builder b({2, 2, 2}, 4);
    const auto codes = b.add(network::Quantize{1.0f / 255, 0});
    const auto flat = b.add(network::Flatten{});
    auto logits =
        b.add(network::Linear{b.parameter(network::Role::kWeight, {4, 8}, coding), {}, 4}, {flat});
    if (shared) {
      const auto weight = b.parameter(network::Role::kWeight, {4, 2, 2, 2}, coding);
      const auto side = b.add(network::Conv2d{weight, {}, 4, 1, {2, 2}}, {codes});
      const auto vector = b.add(network::Flatten{}, {side});  // of one pixel: moves nothing
      const auto added = b.add(network::Quantize{1.0f, 0}, {vector});
      logits = b.add(network::Add{}, {logits, added});
    }
    return b.network();
  };
  const network::Network alone = build(false), shared = build(true);
  const auto fused = make_plan(alone, network::check(alone, "test"));
  ASSERT_EQ(fused.size(), 2U);  // codes in the flatten's order, linear
  EXPECT_EQ(fused[0].output, network::ValueIndex(2));
  const auto copied = make_plan(shared, network::check(shared, "test"));
  ASSERT_EQ(copied.size(), 4U);  // codes, flatten, the convolution, linear with the join
  EXPECT_EQ(copied[0].output, network::ValueIndex(1));
  EXPECT_EQ(copied[1].output, network::ValueIndex(2));
}

TEST(Plan, ComputesEveryValueBeforeItIsRead) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const network::Network network = network::random_network(seed);
    Table<network::ValueIndex, bool> known(network.nodes.size() + 1, false);
    known[0] = true;
    for (const Step& step : make_plan(network, network::check(network, "test"))) {
      EXPECT_TRUE(known[step.input]) << "seed " << seed;
      for (const network::ValueIndex value : step.operands) {
        EXPECT_TRUE(known[value]) << "seed " << seed;
      }
      known[step.output] = true;
    }
    EXPECT_TRUE(known.back()) << "seed " << seed;
  }
}

/// Runs the plan on an abstract memory: every byte range remembers which value and image wrote it.
TEST(ValueMemory, KeepsEveryValueUntilItsLastReader) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const network::Network network = network::random_network(seed);
    const auto shapes = network::check(network, "test");
    const auto steps = make_plan(network, shapes);
    ImageBytes bytes;
    for (const network::Shape& shape : shapes)
      bytes.push_back(static_cast<std::size_t>(shape.size()));
    const int batch = 4;
    std::vector<int> chunks;
    for (std::size_t s = 0; s < steps.size(); ++s) {
      chunks.push_back(1 << ((seed + s * s) % 3));
    }
    const ValueMemory memory = place_values(steps, bytes, chunks, batch);
    std::vector<int> owner(memory.bytes, -1);
    const auto range = [&](network::ValueIndex value, int image, int chunk) {
      const ValuePlace& place = memory.places[value];
      const int index = place.whole_batch ? image : image % chunk;
      return owner.begin() +
             static_cast<std::ptrdiff_t>(place.offset +
                                         static_cast<std::size_t>(index) * place.image_bytes);
    };
    const auto tag = [](network::ValueIndex value, int image) {
      return static_cast<int>(value.number()) * 100 + image;
    };
    for (const Segment& segment : memory.segments) {
      for (int first = 0; first < batch; first += segment.chunk) {
        for (std::size_t s = segment.first; s <= segment.last; ++s) {
          const Step& step = steps[s];
          std::vector<network::ValueIndex> read = step.operands;
          if (step.input != network::kInputImage) read.push_back(step.input);
          for (int image = first; image < first + segment.chunk; ++image) {
            for (const network::ValueIndex value : read) {
              const auto at = range(value, image, segment.chunk);
              const auto size = static_cast<std::ptrdiff_t>(bytes[value]);
              ASSERT_EQ(std::count(at, at + size, tag(value, image)), size)
                  << "seed " << seed << " value " << value.number() << " image " << image;
            }
            const auto at = range(step.output, image, segment.chunk);
            std::fill_n(at, bytes[step.output], tag(step.output, image));
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace brownout::datapath
