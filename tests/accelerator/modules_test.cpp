// SPDX-License-Identifier: Apache-2.0
// Weight loader, PE array, vector unit and sequencer, each by itself: the test gives it its tokens
// and stands for its neighbours. Cycles are those of sim/mapping/timing.hpp.
#include <gtest/gtest.h>

#include <memory>
#include <systemc>
#include <vector>

#include "sim/accelerator/activation_scratchpad.hpp"
#include "sim/accelerator/array_model.hpp"
#include "sim/accelerator/clock.hpp"
#include "sim/accelerator/dma.hpp"
#include "sim/accelerator/dram.hpp"
#include "sim/accelerator/pe_array.hpp"
#include "sim/accelerator/recorder.hpp"
#include "sim/accelerator/sequencer.hpp"
#include "sim/accelerator/vector_module.hpp"
#include "sim/accelerator/weight_loader.hpp"
#include "sim/accelerator/weight_scratchpad.hpp"
#include "sim/mapping/program.hpp"
#include "sim/mapping/timing.hpp"
#include "sim/network/network.hpp"
#include "tests/network/small_network.hpp"

namespace brownout::accelerator {
namespace {

/// The layer of the small network's convolution; the one before it quantizes the image.
constexpr mapping::LayerIndex kConv(1);

/// An array that notes what it is given.
class NotingArray : public ArrayModel {
 public:
  struct Load {
    std::size_t column_tile;
    const std::int8_t* n;
  };
  void configure(std::shared_ptr<const mapping::Program>, network::SharedNetwork,
                 const memory::WordMemory&) override {}
  void begin_layer(mapping::LayerIndex, const std::uint8_t*, std::int64_t, int, int,
                   std::int64_t) override {}
  void load(mapping::LayerIndex, std::size_t column_tile, const std::int8_t* n) override {
    loads.push_back({column_tile, n});
  }
  void run(mapping::LayerIndex, const mapping::Strip& strip, std::int32_t*, std::int64_t) override {
    strips.push_back(strip.pixel_first);
  }
  std::string name() const override { return "noting"; }

  std::vector<Load> loads;
  std::vector<std::int64_t> strips;
};

std::int64_t now() { return Clock().now(); }

/// Counts the layers that the vector unit ends.
struct LayerEnds : sc_core::sc_module {
  LayerEnds(const sc_core::sc_module_name& name, const sc_core::sc_event& event) : sc_module(name) {
    SC_HAS_PROCESS(LayerEnds);
    SC_METHOD(note);
    sensitive << event;
    dont_initialize();
  }
  void note() {
    ++count;
    at = now();
  }
  int count = 0;
  std::int64_t at = 0;
};

/// Stands for the vector unit: the test ends the sequencer's layers.
struct EndedByHand : LayerEndIf {
  const sc_core::sc_event& layer_done() const override { return event; }
  sc_core::sc_event event{"ended_by_hand"};
};

/// All modules, their FIFOs not tied to each other: the test holds both ends of every FIFO. The
/// kernel elaborates once per process, so all tests share them and configure them anew.
class Bench {
 public:
  static Bench& instance() {
    static Bench* const bench = new Bench;
    return *bench;
  }

  /// The small network on 4 x 1 elements with accumulators of three rows, two images a batch: its
  /// convolution has two column tiles of three K tiles, each with strips of 3, 3 and 2 pixels.
  void configure(bool compute = true) {
    mapping::AcceleratorConfig config;
    config.array.rows = 4;
    config.array.columns = 1;
    config.accumulators.depth = 3;
    config.vector.lanes = 1;
    program = mapping::compile(*net, config, 2);
    const auto shared = std::make_shared<const mapping::Program>(program);
    array_model->loads.clear();
    array_model->strips.clear();
    recorder.configure(shared, 0);
    recorder.begin(1);
    weights.configure(config.weights, compute);
    activations.configure(config.activations);
    dram.configure(config.dram,
                   program.resident_words * 8 + 2 * (program.input_bytes + program.output_bytes));
    dma.configure(shared, config.dma, config.dram.latency_cycles);
    array.configure(shared, net, array_model, compute);
    loader.configure(shared, net, compute);
    vector.configure(shared, net, shapes, compute);
    sequencer.configure(shared, compute);
    const std::vector<std::uint64_t> words = mapping::store(*net, program.placement);
    weights.cells().write(0, static_cast<std::int64_t>(words.size()), words.data());
  }

  /// Cycles until nothing moves any more.
  std::int64_t run() {
    const std::int64_t begin = now();
    sc_core::sc_start();
    if (recorder.error()) std::rethrow_exception(recorder.error());
    return now() - begin;
  }

  const mapping::LayerProgram& conv() const { return program.layers[kConv]; }
  const mapping::ColumnTile& tile_of(std::size_t strip) const {
    return conv().column_tiles.at(conv().strips.at(strip).column_tile);
  }

  const network::SharedNetwork net = network::share(network::small_network());
  const network::Shapes shapes = network::check(*net, "small");
  mapping::Program program;
  sc_core::sc_event ended{"run_ended"};
  Recorder recorder{ended};
  const std::shared_ptr<NotingArray> array_model = std::make_shared<NotingArray>();
  WeightScratchpad weights{"weights"};
  ActivationScratchpad activations{"activations"};
  Dram dram{"dram"};
  Dma dma{"dma"};
  WeightLoader loader{"loader"};
  PeArray array{"array"};
  VectorModule vector{"vector"};
  Sequencer sequencer{"sequencer"};
  EndedByHand layers;
  sc_core::sc_fifo<StripToken> ordered{"ordered", 8}, loaded{"loaded", 8}, to_array{"to_array", 8},
      streamed{"streamed", 8}, to_vector{"to_vector", 8};
  LayerEnds ends{"ends", vector.layer_done()};

 private:
  Bench() {
    dma.dram.bind(dram.socket);
    dma.weights.bind(weights.write_socket);
    dma.activations.bind(activations.socket);
    loader.socket.bind(weights.read_socket);
    loader.out.bind(loaded);
    array.in.bind(to_array);
    array.out.bind(streamed);
    vector.in.bind(to_vector);
    weights.sink.bind(array);
    loader.ports.bind(weights);
    loader.chunks.bind(dma);
    loader.array.bind(array);
    array.loader.bind(loader);
    array.chunks.bind(dma);
    array.activations.bind(activations);
    vector.array.bind(array);
    vector.loader.bind(loader);
    vector.activations.bind(activations);
    sequencer.out.bind(ordered);
    sequencer.transfers.bind(dma.transfers);
    sequencer.dma.bind(dma);
    sequencer.weights.bind(weights);
    sequencer.activations.bind(activations);
    sequencer.array.bind(array);
    sequencer.vector.bind(layers);
    dma.recorder.bind(recorder);
    loader.recorder.bind(recorder);
    array.recorder.bind(recorder);
    vector.recorder.bind(recorder);
    sequencer.recorder.bind(recorder);
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
  }
};

TEST(WeightLoader, GivesTheArrayTheCodesOfTheNetwork) {
  Bench& bench = Bench::instance();
  bench.configure();
  const network::Parameter& weight = bench.net->parameters[0];
  std::int64_t words = 0;
  for (const std::size_t strip : {0u, 3u}) {
    const mapping::ColumnTile& tile = bench.tile_of(strip);
    ASSERT_TRUE(bench.loader.in.nb_write({kConv, strip, 0, 0}));
    bench.run();
    bench.loader.shadow_is_free();
    StripToken token;
    ASSERT_TRUE(bench.loaded.nb_read(token));
    ASSERT_FALSE(bench.array_model->loads.empty());
    const NotingArray::Load& load = bench.array_model->loads.back();
    EXPECT_EQ(load.column_tile, bench.conv().strips[strip].column_tile);
    EXPECT_TRUE(std::equal(load.n, load.n + tile.n_count * 9, weight.n.data() + tile.n_first * 9));
    words += tile.parameter_words;
    for (const std::int64_t some : tile.words) words += some;
  }
  EXPECT_EQ(bench.recorder.layer(kConv).counts.weight_reads, words);
  // Biases, scales and shifts of both channels, as the vector unit will have them.
  for (std::size_t p = 1; p < 4; ++p) {
    EXPECT_EQ(bench.loader.parameters()[p], bench.net->parameters[p].n) << p;
  }
}

TEST(WeightLoader, TakesThePortsCyclesAndTheStagesOfTheFirstTile) {
  Bench& bench = Bench::instance();
  bench.configure();
  const mapping::ColumnTile& tile = bench.tile_of(0);
  ASSERT_TRUE(bench.loader.in.nb_write({kConv, 0, 0, 0}));
  const std::int64_t cycles = mapping::load_latency(tile.parameter_cycles + tile.port_cycles[0], 0);
  EXPECT_EQ(bench.run(), cycles);
  StripToken token;
  ASSERT_TRUE(bench.loaded.nb_read(token));
  EXPECT_EQ(token.ready, now());
  EXPECT_EQ(token.dma_wait, 0);
}

TEST(WeightLoader, WaitsForTheShadowRegisters) {
  Bench& bench = Bench::instance();
  bench.configure();
  ASSERT_TRUE(bench.loader.in.nb_write({kConv, 0, 0, 0}));
  ASSERT_TRUE(bench.loader.in.nb_write({kConv, 1, 0, 0}));
  bench.run();
  EXPECT_EQ(bench.loaded.num_available(), 1);
  bench.loader.shadow_is_free();
  bench.run();
  StripToken token;
  ASSERT_TRUE(bench.loaded.nb_read(token));
  EXPECT_EQ(token.strip, std::size_t{0});
  ASSERT_TRUE(bench.loaded.nb_read(token));
  EXPECT_EQ(token.strip, std::size_t{1});
}

TEST(WeightLoader, DecodesAgainOnlyWhenCellsHaveChanged) {
  Bench& bench = Bench::instance();
  bench.configure();
  const auto load = [&] {
    ASSERT_TRUE(bench.loader.in.nb_write({kConv, 0, 0, 0}));
    bench.run();
    bench.loader.shadow_is_free();
    StripToken token;
    ASSERT_TRUE(bench.loaded.nb_read(token));
  };
  load();
  load();
  EXPECT_EQ(bench.array_model->loads.size(), 1u);
  const std::uint64_t word = bench.weights.cells().stored(0);
  bench.weights.cells().write(0, 1, &word);
  load();
  EXPECT_EQ(bench.array_model->loads.size(), 2u);
}

TEST(PeArray, StreamsTileAfterTileAndReadsTheNextMeanwhile) {
  Bench& bench = Bench::instance();
  bench.configure();
  bench.array.begin_layer(kConv, 0);
  ASSERT_TRUE(bench.to_array.nb_write({kConv, 0, now(), 0}));
  // Three pixels a tile; the loads of the second and third tile hide the streaming if longer.
  const std::vector<std::int64_t>& port = bench.tile_of(0).port_cycles;
  std::int64_t cycles = 3;
  for (std::size_t t = 1; t < 3; ++t) {
    cycles += std::max<std::int64_t>(3, mapping::load_latency(port[t], 0));
  }
  EXPECT_EQ(bench.run(), cycles);
  const LayerTally& tally = bench.recorder.layer(kConv);
  EXPECT_EQ(tally.stream_cycles, 9);
  EXPECT_EQ(tally.stall(Stall::kWeights), cycles - 9);
  EXPECT_EQ(tally.counts.macs, 9 * 3);
  EXPECT_EQ(tally.counts.activation_reads, 9 * 3);
  EXPECT_EQ(tally.counts.accumulator_writes, 3 * 2 * 3);  // a column and the lane of sums
  EXPECT_EQ(tally.counts.accumulator_reads, 2 * 2 * 3);   // the first tile adds to nothing
  StripToken token;
  ASSERT_TRUE(bench.streamed.nb_read(token));
  EXPECT_EQ(token.ready, now() + mapping::array_latency(bench.program.accelerator.array));
  EXPECT_EQ(bench.array_model->strips, (std::vector<std::int64_t>{0}));
}

TEST(PeArray, TheThirdStripWaitsForAHalfOfTheAccumulators) {
  Bench& bench = Bench::instance();
  bench.configure();
  bench.array.begin_layer(kConv, 0);
  for (const std::size_t strip : {0u, 1u, 2u})
    ASSERT_TRUE(bench.to_array.nb_write({kConv, strip, now(), 0}));
  bench.run();
  EXPECT_EQ(bench.streamed.num_available(), 2);
  EXPECT_EQ(bench.recorder.layer(kConv).stall(Stall::kAccumulators), 0);
  sc_core::sc_start(Clock().cycles(17));
  bench.array.half_is_free();
  bench.run();
  EXPECT_EQ(bench.streamed.num_available(), 3);
  EXPECT_EQ(bench.recorder.layer(kConv).stall(Stall::kAccumulators), 17);
  EXPECT_EQ(bench.array_model->strips,
            (std::vector<std::int64_t>{0, 0, 3}));  // the column tiles take turns
  StripToken token;
  while (bench.streamed.nb_read(token)) {
  }
}

TEST(VectorModule, DrainsAStripWhenItIsReadyAndFreesItsHalf) {
  Bench& bench = Bench::instance();
  bench.configure(/*compute=*/false);
  const int ended = bench.ends.count;
  ASSERT_TRUE(bench.to_vector.nb_write({kConv, 1, now() + 11, 0}));
  const int walks = mapping::strip_walks(bench.conv());
  EXPECT_EQ(bench.run(), 11 + mapping::drain_cycles(bench.program.accelerator.vector, 3, 1, walks));
  EXPECT_EQ(bench.ends.count, ended);  // strips follow
  const EventCounts& counts = bench.recorder.layer(kConv).counts;
  EXPECT_EQ(counts.accumulator_reads, 2 * 3 * walks);
  EXPECT_EQ(counts.vector_ops, 3 * walks);
  EXPECT_EQ(counts.activation_writes, 0);
}

TEST(VectorModule, TheLastStripEndsTheLayer) {
  Bench& bench = Bench::instance();
  bench.configure(/*compute=*/false);
  const mapping::VectorConfig& config = bench.program.accelerator.vector;
  const std::size_t last = bench.conv().strips.size() - 1;
  const int ended = bench.ends.count;
  ASSERT_TRUE(bench.to_vector.nb_write({kConv, last, now(), 0}));
  std::int64_t cycles = mapping::drain_cycles(config, 2, 1, mapping::strip_walks(bench.conv())) +
                        config.latency_cycles;
  std::int64_t written = 2 * 8;  // codes of the output, two images
  if (bench.conv().staged) {
    cycles += mapping::memory_walk_cycles(config, bench.conv());
    written += 4 * bench.conv().staged_numbers;
  }
  EXPECT_EQ(bench.run(), cycles);
  EXPECT_EQ(bench.ends.count, ended + 1);
  EXPECT_EQ(bench.ends.at, now());
  EXPECT_EQ(bench.recorder.layer(kConv).counts.activation_writes, written);
}

TEST(Sequencer, OrdersTheStripsOfALayerAfterTheOneBeforeHasEnded) {
  Bench& bench = Bench::instance();
  bench.configure(/*compute=*/false);
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(bench.program.input_bytes));
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<std::uint8_t>(3 * i + 1);
  bench.sequencer.start({pixels.data(), nullptr, 1, 0});
  // The first layer begins when its input has arrived.
  const mapping::AcceleratorConfig& accelerator = bench.program.accelerator;
  const std::int64_t transfer =
      mapping::transfer_cycles(accelerator.dma, accelerator.dram, bench.program.input_bytes);
  EXPECT_EQ(bench.run(), transfer);
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    EXPECT_EQ(*bench.activations.data(bench.program.input_pixels[0].address +
                                      static_cast<std::int64_t>(i)),
              pixels[i]);
  }
  for (const mapping::LayerIndex layer : bench.program.layers.indices()) {
    EXPECT_FALSE(bench.sequencer.done());
    const std::size_t strips = bench.program.layers[layer].strips.size();
    StripToken token;
    for (std::size_t strip = 0; strip < strips; ++strip) {
      ASSERT_TRUE(bench.ordered.nb_read(token)) << layer.number() << ", " << strip;
      EXPECT_TRUE(token.layer == layer);
      EXPECT_EQ(token.strip, strip);
    }
    if (strips == 0) {  // no matrix
      ASSERT_TRUE(bench.ordered.nb_read(token));
      EXPECT_FALSE(token.strip.has_value());
    }
    EXPECT_EQ(bench.ordered.num_available(), 0);
    bench.layers.event.notify(sc_core::SC_ZERO_TIME);
    bench.run();
  }
  EXPECT_TRUE(bench.sequencer.done());
  EXPECT_FALSE(bench.recorder.running());
  const std::int64_t back =
      mapping::transfer_cycles(accelerator.dma, accelerator.dram, bench.program.output_bytes);
  const RunResult run = bench.recorder.result();
  EXPECT_EQ(run.input_wait_cycles, transfer + back);
  EXPECT_EQ(run.cycles, transfer + back);
}

}  // namespace
}  // namespace brownout::accelerator
