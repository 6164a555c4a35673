// SPDX-License-Identifier: Apache-2.0
// Programs of a small network against tile counts and cycles computed by hand.
#include "sim/mapping/program.hpp"

#include <gtest/gtest.h>

#include "sim/base/error.hpp"
#include "sim/mapping/timing.hpp"
#include "tests/network/built_networks.hpp"
#include "tests/network/small_network.hpp"

namespace brownout::mapping {
namespace {

// The small network: 4-bit codes. conv1: 2 channels of K = 9, cells [0, 72); bias, scale and shift
// of 2 codes each at 72, 80, 88; fc: 3 channels of K = 8 from cell 96 on. Three words in all.

AcceleratorConfig four_by_four() {
  AcceleratorConfig config;
  config.file = "a.yaml";
  config.array.rows = 4;
  config.array.columns = 4;
  return config;
}

std::string message(const AcceleratorConfig& accelerator, int batch, std::uint64_t offset = 0) {
  try {
    compile(network::small_network(), accelerator, batch, offset, "small.onnx");
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

using Counts = std::vector<std::int64_t>;

TEST(Timing, TransfersPayEachBurstAndTheLatencyOnce) {
  DmaConfig dma;
  dma.setup_cycles = 5;
  dma.bytes_per_cycle = 4;
  dma.burst_bytes = 32;
  DramConfig dram;
  dram.latency_cycles = 100;
  dram.bytes_per_cycle = 8.0;
  EXPECT_EQ(transfer_cycles(dma, dram, 0), 0);
  EXPECT_EQ(transfer_cycles(dma, dram, 1), 100 + 5 + 1);
  EXPECT_EQ(transfer_cycles(dma, dram, 32), 100 + 5 + 8);
  EXPECT_EQ(transfer_cycles(dma, dram, 33), 100 + 5 + 8 + 5 + 1);
  EXPECT_EQ(transfer_cycles(dma, dram, 64), 100 + 2 * (5 + 8));
  dram.bytes_per_cycle = 2.5;  // the DRAM is the slower one: 32 / 2.5 = 12.8
  EXPECT_EQ(transfer_cycles(dma, dram, 70), 100 + 2 * (5 + 13) + 5 + 3);
}

TEST(Timing, RunsReadEveryWordTheyTouch) {
  EXPECT_EQ(words_of_run(0, 16, 4), 1);
  EXPECT_EQ(words_of_run(4, 16, 4), 2);
  EXPECT_EQ(words_of_run(60, 1, 4), 1);
  EXPECT_EQ(words_of_run(60, 1, 5), 2);
  EXPECT_EQ(words_of_run(63, 17, 8), 4);
  EXPECT_EQ(run_cycles(3, 2), 2);
  EXPECT_EQ(load_latency(3, 0), 6);
  EXPECT_EQ(load_latency(3, 1), 7);
}

TEST(Program, CountsTheArraysThatItUses) {
  // Three words in all.
  AcceleratorConfig config = four_by_four();
  config.weights.arrays = 8;
  config.weights.array_rows = 4;
  const auto used = [&](std::uint64_t bit_offset = 0) {
    return used_weight_arrays(compile(network::small_network(), config, 1, bit_offset));
  };
  EXPECT_EQ(used(), 1);
  EXPECT_EQ(used(64 * 3), 2);  // words 3 to 5: the last row of array 0 and two of array 1
  config.weights.words_per_cycle = 4;
  EXPECT_EQ(used(), 3);  // words side by side
  // Streamed, both halves of four arrays: chunks of one or two words at the lower end of each.
  config.weights.words_per_cycle = 1;
  config.weights.residency = WeightResidency::kStreamed;
  EXPECT_EQ(used(), 2);
}

TEST(Program, WeightStationaryByHand) {
  const Program program = compile(network::small_network(), four_by_four(), 1);
  ASSERT_EQ(program.layers.size(), 3u);
  EXPECT_EQ(program.resident_words, 3);

  const LayerProgram& input = program.layers[0];
  EXPECT_EQ(input.name, "q0");
  EXPECT_TRUE(input.strips.empty());
  EXPECT_EQ(input.closed_form_cycles, 16 + 8);

  const LayerProgram& conv = program.layers[1];
  EXPECT_EQ(conv.name, "conv1");
  EXPECT_EQ(conv.k, 9);
  ASSERT_EQ(conv.column_tiles.size(), 1u);
  const ColumnTile& tile = conv.column_tiles[0];
  // K tiles of 4, 4 and 1 codes; codes 13..16 of channel 1 cross a word border.
  EXPECT_EQ(tile.words, (Counts{2, 3, 2}));
  EXPECT_EQ(tile.port_cycles, (Counts{2, 3, 2}));
  EXPECT_EQ(tile.parameter_words, 3);
  ASSERT_EQ(conv.strips.size(), 1u);
  EXPECT_EQ(conv.strips[0].pixel_count, 4);
  EXPECT_FALSE(conv.staged);
  EXPECT_EQ(conv.walks, 2);  // sums, then norm, ReLU, quantization and the flatten's order
  // First load 3 + 2 + 3; tiles max(4, 6), max(4, 5), 4; latency 4 + 4 + 2; drain 2 walks of 4; 8.
  EXPECT_EQ(conv.closed_form_cycles, 8 + 6 + 5 + 4 + 10 + 8 + 8);
  EventCounts counts;
  counts.macs = 72;
  counts.vector_ops = 16;
  counts.weight_reads = 10;
  counts.activation_reads = 36;
  counts.activation_writes = 8;
  counts.accumulator_writes = 3 * 4 * 3;
  counts.accumulator_reads = 3 * 4 * (2 + 2);
  EXPECT_EQ(conv.counts, counts);

  const LayerProgram& fc = program.layers[2];
  EXPECT_EQ(fc.column_tiles[0].words, (Counts{3, 3}));
  EXPECT_EQ(fc.closed_form_cycles, 6 + 6 + 1 + 10 + 1 + 8);
  EXPECT_EQ(fc.counts.activation_writes, 12);
  EXPECT_EQ(fc.counts.dram_write_bytes, 12);
  EXPECT_EQ(program.closed_form_cycles, 24 + 49 + 32);
  EXPECT_EQ(program.counts.dram_read_bytes, 16);
  EXPECT_EQ(program.counts.weight_writes, 0);
}

TEST(Program, NormsTakeStripsOfWholeImages) {
  AcceleratorConfig accelerator = four_by_four();
  accelerator.accumulators.depth = 11;  // two images of 4 pixels
  const Program program = compile(network::small_network(), accelerator, 5);
  const LayerProgram& conv = program.layers[1];
  ASSERT_EQ(conv.strips.size(), 3u);
  EXPECT_EQ(conv.strips[0].pixel_count, 8);
  EXPECT_EQ(conv.strips[2].pixel_first, 16);
  EXPECT_EQ(conv.strips[2].pixel_count, 4);
  EXPECT_FALSE(conv.staged);
  EXPECT_EQ(program.layers[2].strips.size(), 1u);  // the linear layer has no norm: 5 pixels
}

TEST(Program, ANormOverSeveralColumnTilesOrStripsIsStaged) {
  AcceleratorConfig narrow = four_by_four();
  narrow.array.columns = 1;  // the norm's group has 2 channels
  const Program program = compile(network::small_network(), narrow, 1);
  EXPECT_TRUE(program.layers[1].staged);
  EXPECT_EQ(program.staging.slot_bytes, 8 * 4);

  AcceleratorConfig shallow = four_by_four();
  shallow.accumulators.depth = 3;
  const LayerProgram conv = compile(network::small_network(), shallow, 1).layers[1];
  EXPECT_TRUE(conv.staged);
  ASSERT_EQ(conv.strips.size(), 2u);
  EXPECT_EQ(conv.strips[0].pixel_count, 3);
}

TEST(Program, OutputStationaryByHand) {
  AcceleratorConfig accelerator = four_by_four();
  accelerator.array.dataflow = Dataflow::kOutputStationary;
  accelerator.array.rows = 2;
  accelerator.array.transpose_depth = 4;
  const Program program = compile(network::small_network(), accelerator, 1);
  const LayerProgram& conv = program.layers[1];
  ASSERT_EQ(conv.strips.size(), 2u);
  EXPECT_TRUE(conv.staged);
  // Strip 1: max(4, 6), max(4, 5), max(1, 3 + 2 + 3); strip 2: 6, 5, 1; one walk of 2 pixels, then
  // another one over all 4.
  EXPECT_EQ(conv.closed_form_cycles, 8 + (6 + 5 + 8) + (6 + 5 + 1) + (2 + 4 + 2) + 2 + 8 + 4);
  EXPECT_EQ(conv.counts.accumulator_writes, 12);
  EXPECT_EQ(conv.counts.accumulator_reads, 12);
  EXPECT_EQ(conv.counts.activation_reads, 36 + 32);
  EXPECT_EQ(conv.counts.activation_writes, 8 + 32);
  EXPECT_EQ(conv.counts.weight_reads, 2 * 10);
}

/// A convolution 2×2 on 1×9×9 pixels with 2 channels, so 8×8 pixels of output, what `vectors` adds
/// to it, and a linear layer.
template <typename Vectors>
network::Network with_vectors(Vectors&& vectors) {
  const network::Coding coding{network::Scheme::kSymmetric, 8, 1.0f, 0.0f};
  network::Builder builder({1, 9, 9}, 4);
  const auto pixels = builder.add(network::Quantize{0.01f, 3});
  const auto conv = [&] {
    const auto weight = builder.parameter(network::Role::kWeight, {2, 1, 2, 2}, coding);
    return builder.add(network::Conv2d{weight, {}, 2, 1, {2, 2}}, {pixels});
  };
  const std::int64_t features = vectors(builder, conv);
  builder.add(
      network::Linear{builder.parameter(network::Role::kWeight, {4, features}, coding), {}, 4});
  return builder.network();
}

/// The convolution that the linear layer reads.
LayerProgram last_convolution(const network::Network& network, AcceleratorConfig accelerator) {
  const Program program = compile(network, accelerator, 3);
  return program.layers[program.layers.size() - 2];
}

TEST(Program, OnlyAGroupNormTakesAnotherWalk) {
  // Pool, batch norm, ReLU, average pool, sign, a flatten on either side of the quantization: one
  // walk over the 8×8×2 numbers of each of the 3 images.
  const network::Network pooled = with_vectors([](network::Builder& b, auto conv) {
    conv();
    b.add(network::MaxPool{});
    b.add(network::BatchNorm{{}, {}, 1e-5f, false, {0.0f, 1.0f}, {1.0f, 2.0f}});
    b.add(network::Relu{});
    b.add(network::AveragePool{});
    b.add(network::Sign{});
    b.add(network::Flatten{});
    b.add(network::Quantize{0.5f, 7});
    b.add(network::Flatten{});
    return 2 * 2 * 2;
  });
  const LayerProgram layer = last_convolution(pooled, four_by_four());
  EXPECT_EQ(layer.walks, 1);
  EXPECT_EQ(layer.vector_numbers, 3 * 128);
  EXPECT_EQ(layer.counts.vector_ops, 3 * 128);
  EXPECT_EQ(layer.counts.activation_writes, 3 * 8);
  const auto conv_alone = [](network::Builder& b, auto conv) {
    conv();
    b.add(network::Quantize{0.5f, 7});
    b.add(network::Flatten{});
    return 128;
  };
  EXPECT_EQ(layer.closed_form_cycles,
            last_convolution(with_vectors(conv_alone), four_by_four()).closed_form_cycles);
}

TEST(Program, StagedNumbersAreThoseThatTheNormReads) {
  network::GroupNorm pixels;
  pixels.each_pixel = true;
  const std::vector<network::Operator> norms{network::GroupNorm{}, pixels,
                                             network::LocalResponseNorm{}};
  const auto build = [](bool pool, const network::Operator& norm) {
    return with_vectors([=](network::Builder& b, auto conv) {
      conv();
      if (pool) b.add(network::MaxPool{});
      b.add(norm);
      b.add(network::Quantize{0.5f, 7});
      b.add(network::Flatten{});
      return pool ? 32 : 128;
    });
  };
  const auto cycles = [](const LayerProgram& layer) { return layer.closed_form_cycles; };
  AcceleratorConfig deep = four_by_four(), shallow = four_by_four();
  deep.accumulators.depth = 64;  // an image
  shallow.accumulators.depth = 63;
  for (const int kind : {0, 1, 2, 3, 4, 5}) {
    const bool pool = kind >= 3;
    SCOPED_TRACE(kind);
    const network::Network network = build(pool, norms[static_cast<std::size_t>(kind % 3)]);
    const LayerProgram whole = last_convolution(network, deep);
    const LayerProgram staged = last_convolution(network, shallow);
    EXPECT_FALSE(whole.staged);
    EXPECT_EQ(whole.walks, 2);
    EXPECT_EQ(whole.counts.vector_ops, 3 * (128 + 128));  // from the accumulators again
    ASSERT_TRUE(staged.staged);
    const int read = pool ? 32 : 128;
    EXPECT_EQ(staged.staged_numbers, 3 * read);
    EXPECT_EQ(staged.counts.vector_ops, 3 * (128 + read));
    EXPECT_EQ(staged.counts.activation_writes, 3 * (4 * read + read));
    EXPECT_EQ(staged.counts.activation_reads - whole.counts.activation_reads, 3 * 4 * read);
    EXPECT_EQ(staged.staged_norm, mapping::summing_norm(network, staged.step.passes[pool ? 1 : 0]));
    // The last strip has 3·64 mod 63 = 3 pixels of 2 channels and leaves in one walk. The walk over
    // staged numbers takes one cycle for the channels of each pixel.
    EXPECT_EQ(memory_walk_cycles(shallow.vector, staged), 3 * read / 2);
    EXPECT_EQ(memory_walk_cycles(deep.vector, whole), 0);
    shallow.vector.lanes = deep.vector.lanes = 1;
    EXPECT_EQ(cycles(last_convolution(network, shallow)) - cycles(staged), 3 + 3 * read / 2);
    EXPECT_EQ(cycles(last_convolution(network, deep)) - cycles(whole), 2 * 64);
    shallow.vector.lanes = deep.vector.lanes = 16;
  }
}

TEST(Program, AResidualBeforeANormIsReadOnceAWalk) {
  const auto build = [](int norms_after) {
    return with_vectors([=](network::Builder& b, auto conv) {
      conv();
      const auto side = b.add(network::Quantize{0.5f, 7});
      conv();
      for (int norm = 0; norm < 2 - norms_after; ++norm) b.add(network::GroupNorm{});
      b.add(network::Add{}, {b.network().logits(), side});
      for (int norm = 0; norm < norms_after; ++norm) b.add(network::GroupNorm{});
      b.add(network::Quantize{0.5f, 7});
      b.add(network::Flatten{});
      return 128;
    });
  };
  AcceleratorConfig shallow = four_by_four();
  shallow.accumulators.depth = 63;
  for (int norms_after = 0; norms_after < 3; ++norms_after) {
    SCOPED_TRACE(norms_after);
    const LayerProgram whole = last_convolution(build(norms_after), four_by_four());
    EXPECT_EQ(whole.walks, 3);
    EXPECT_EQ(whole.operand_walks, std::vector<int>{norms_after + 1});
    const std::int64_t matrix = 3 * 64 * 4;
    EXPECT_EQ(whole.counts.activation_reads, matrix + (norms_after + 1) * 3 * 128);
    // Staged numbers already contain the sum if it comes before the first norm.
    const LayerProgram staged = last_convolution(build(norms_after), shallow);
    EXPECT_EQ(staged.operand_walks, std::vector<int>{norms_after == 2 ? 1 : norms_after + 1});
    EXPECT_EQ(staged.counts.activation_reads,
              matrix + staged.operand_walks[0] * 3 * 128 + 2 * 3 * 128 * 4);
  }
}

TEST(Program, StreamedChunksAlternateBetweenTheHalves) {
  AcceleratorConfig accelerator = four_by_four();
  accelerator.weights.residency = WeightResidency::kStreamed;
  accelerator.weights.arrays = 4;
  accelerator.weights.array_rows = 1;
  const Program program = compile(network::small_network(), accelerator, 1);
  const LayerProgram& conv = program.layers[1];
  ASSERT_EQ(conv.chunks.size(), 1u);
  EXPECT_EQ(conv.chunks[0].load_event, 0u);
  ASSERT_EQ(conv.chunks[0].ranges.size(), 1u);  // bias, scale and shift follow the weights
  EXPECT_EQ(conv.chunks[0].words, 2);
  const LayerProgram& fc = program.layers[2];
  ASSERT_EQ(fc.chunks.size(), 1u);
  EXPECT_EQ(fc.chunks[0].load_event, 1u);
  EXPECT_EQ(fc.chunks[0].ranges[0].dram_word, 1);
  EXPECT_EQ(fc.chunks[0].ranges[0].word, 2);
  // Code 0 in DRAM cell 96 = word 1, column 32; here word 2, column 32.
  EXPECT_EQ(place_of(fc, *fc.node.weight, 0).origin, 2 * 64 + 32);
  EXPECT_EQ(fc.counts.weight_writes, 2);
  EXPECT_EQ(program.counts.dram_read_bytes, 16 + 4 * 8);
}

TEST(Program, SaysWhatDoesNotFit) {
  AcceleratorConfig few = four_by_four();
  few.weights.arrays = 2;
  few.weights.array_rows = 1;
  EXPECT_EQ(message(few, 1),
            "small.onnx: the network takes 3 words of weights from bit offset 0 on, the weight "
            "scratchpad has 2 (2 arrays of 1); raise weights.arrays to 3, or set "
            "weights.residency: streamed, in a.yaml");
  few.weights.residency = WeightResidency::kStreamed;
  EXPECT_EQ(message(few, 1),
            "small.onnx: layer \"conv1\": 2 output channels of it take 2 words of weights, half of "
            "the weight scratchpad has 1; raise weights.arrays or weights.array_rows, or lower "
            "array.columns, in a.yaml");
  AcceleratorConfig small = four_by_four();
  small.activations.kib = 1;
  EXPECT_EQ(message(small, 1), "");
  // Two input buffers and q0's codes with 16 bytes an image, and logits with 12: 60 an image while
  // q0 runs, and 52 plus 16 while conv1 does.
  EXPECT_EQ(message(small, 20),
            "small.onnx: a batch of 20 needs 1360 bytes of activations (at least 1360 at layer "
            "\"conv1\"), the activation memory has 1024 (1 KiB); raise activations.kib in a.yaml, "
            "or take fewer images at a time (batch)");
  small.places = {{"activations.kib", "sweep.yaml:7:3: accelerator_grid.activations.kib"}};
  EXPECT_NE(message(small, 20).find("raise activations.kib in sweep.yaml:7:3: accelerator_grid"),
            std::string::npos);
  EXPECT_NE(message(small, 0).find("batch: expected at least 1 image, got 0"), std::string::npos);
}

TEST(Program, SaysHowLargeAMemoryIsEnoughInTheUnitAndAtThePlaceOfItsKey) {
  AcceleratorConfig few = four_by_four();
  few.weights.arrays = 3;
  few.weights.array_rows = 128;
  few.weights.words_per_cycle = 3;
  few.weights.sized_in_kib = true;
  const std::string found =
      "small.onnx: the network takes 403 words of weights from bit offset 25600 on, the weight "
      "scratchpad has 384 (3 KiB); ";
  // Four arrays have room; the three that are read together divide six.
  EXPECT_EQ(message(few, 1, 400 * 64),
            found + "raise weights.kib to 6, or set weights.residency: streamed, in a.yaml");
  few.places = {{"weights.kib", "sweep.yaml:7:3: accelerator_grid.weights.kib"}};
  EXPECT_EQ(message(few, 1, 400 * 64),
            found +
                "raise weights.kib to 6 in sweep.yaml:7:3: accelerator_grid.weights.kib, or "
                "set weights.residency: streamed in a.yaml");
  few.weights.residency = WeightResidency::kStreamed;
  few.weights.arrays = 1;
  few.weights.array_rows = 2;
  few.weights.words_per_cycle = 1;
  EXPECT_EQ(message(few, 1),
            "small.onnx: layer \"conv1\": 2 output channels of it take 2 words of weights, half of "
            "the weight scratchpad has 1; raise weights.kib in sweep.yaml:7:3: "
            "accelerator_grid.weights.kib, or lower array.columns in a.yaml");
}

}  // namespace
}  // namespace brownout::mapping
