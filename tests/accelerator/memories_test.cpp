// SPDX-License-Identifier: Apache-2.0
// The DMA engine and the memories that it serves, each by itself: cycles against the closed form of
// a transfer, bytes, counts, ports, and what is refused.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <numeric>
#include <systemc>
#include <vector>

#include "sim/accelerator/activation_scratchpad.hpp"
#include "sim/accelerator/array_model.hpp"
#include "sim/accelerator/clock.hpp"
#include "sim/accelerator/dma.hpp"
#include "sim/accelerator/dram.hpp"
#include "sim/accelerator/recorder.hpp"
#include "sim/accelerator/weight_scratchpad.hpp"
#include "sim/base/error.hpp"
#include "sim/mapping/timing.hpp"

namespace brownout::accelerator {
namespace {

/// Stands for the weight loader.
struct Reader : sc_core::sc_module {
  explicit Reader(const sc_core::sc_module_name& name) : sc_module(name) {}
  tlm_utils::simple_initiator_socket<Reader> socket{"socket"};
};

std::int64_t now() { return Clock().now(); }

/// Stands for the array.
struct NotingSink : WeightSinkIf {
  void load(mapping::LayerIndex, std::size_t, const std::int8_t*) override {}
  void written(std::int64_t word, std::int64_t count, const std::uint64_t*,
               std::int64_t cycle) override {
    written_words.push_back({word, count, cycle});
  }
  std::vector<std::array<std::int64_t, 3>> written_words;
};

/// The memories and the DMA. The kernel elaborates once per process, so all tests
/// share them and configure them anew.
class Bench {
 public:
  static Bench& instance() {
    static Bench* const bench = new Bench;
    return *bench;
  }

  /// One layer without chunks, weights resident, faults nowhere.
  void configure(const mapping::DmaConfig& dma_config, const mapping::DramConfig& dram_config,
                 std::vector<mapping::Chunk> chunks = {}) {
    mapping::Program program;
    const bool streamed = !chunks.empty();
    program.layers.assign(1, {});
    program.layers[0].chunks = std::move(chunks);
    program.accelerator.weights.residency =
        streamed ? mapping::WeightResidency::kStreamed : mapping::WeightResidency::kResident;
    program.accelerator.weights.words_per_cycle = 4;
    configured = std::make_shared<const mapping::Program>(program);
    recorder.configure(configured, 0);
    recorder.begin(1);
    dram.configure(dram_config, kDramBytes);
    for (std::int64_t i = 0; i < kDramBytes; ++i) *dram.data(i) = static_cast<std::uint8_t>(i * 7);
    activations.configure(program.accelerator.activations);
    weights.configure(program.accelerator.weights, /*compute=*/true);
    dma.configure(configured, dma_config, dram_config.latency_cycles);
  }

  /// Cycles until nothing moves any more.
  std::int64_t run() {
    const std::int64_t begin = now();
    sc_core::sc_start();
    return now() - begin;
  }

  static constexpr std::int64_t kDramBytes = 64 * 1024;
  std::shared_ptr<const mapping::Program> configured;
  sc_core::sc_event ended{"ended"};
  Recorder recorder{ended};
  Dram dram{"dram"};
  ActivationScratchpad activations{"activations"};
  WeightScratchpad weights{"weights"};
  NotingSink sink;
  Dma dma{"dma"};
  Reader reader{"reader"};

 private:
  Bench() {
    dma.dram.bind(dram.socket);
    dma.activations.bind(activations.socket);
    dma.weights.bind(weights.write_socket);
    reader.socket.bind(weights.read_socket);
    dma.recorder.bind(recorder);
    weights.sink.bind(sink);
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
  }
};

const mapping::DramConfig kDram{40, 3.0, {}, {}};
const mapping::DmaConfig kDma{5, 4, 32};

TEST(Dma, ATransferTakesTheCyclesOfTheClosedForm) {
  Bench& bench = Bench::instance();
  for (const mapping::DmaConfig& dma :
       {kDma, mapping::DmaConfig{0, 16, 64}, mapping::DmaConfig{16, 1, 8}}) {
    for (const mapping::DramConfig& dram : {kDram, mapping::DramConfig{0, 0.3, {}, {}}}) {
      for (const std::int64_t bytes : {1, 7, 31, 32, 33, 64, 70, 1000}) {
        bench.configure(dma, dram);
        ASSERT_TRUE(bench.dma.transfers.nb_write({false, {}, 100, 50, bytes, nullptr}));
        EXPECT_EQ(bench.run(), mapping::transfer_cycles(dma, dram, bytes))
            << bytes << " bytes in bursts of " << dma.burst_bytes;
      }
    }
  }
}

TEST(Dma, BytesArriveAndAreCountedInTheirLayer) {
  Bench& bench = Bench::instance();
  bench.configure(kDma, kDram);
  ASSERT_TRUE(bench.dma.transfers.nb_write({false, {}, 100, 50, 70, nullptr}));
  bench.run();
  for (std::int64_t i = 0; i < 70; ++i) {
    EXPECT_EQ(*bench.activations.data(50 + i), static_cast<std::uint8_t>((100 + i) * 7)) << i;
  }
  EXPECT_EQ(*bench.activations.data(49), 0);
  EXPECT_EQ(*bench.activations.data(120), 0);
  ASSERT_TRUE(bench.dma.transfers.nb_write({true, {}, 4000, 50, 70, nullptr}));
  bench.run();
  EXPECT_TRUE(std::equal(bench.dram.data(100), bench.dram.data(170), bench.dram.data(4000)));
  const EventCounts& counts = bench.recorder.layer({}).counts;
  EXPECT_EQ(counts.dram_read_bytes, 70);
  EXPECT_EQ(counts.activation_writes, 70);
  EXPECT_EQ(counts.dram_write_bytes, 70);
  EXPECT_EQ(counts.activation_reads, 70);
}

/// Chunks of 8, 16, 24 … words; each goes to the half of its number.
std::vector<mapping::Chunk> chunks(int count) {
  std::vector<mapping::Chunk> all;
  for (int i = 0; i < count; ++i) {
    mapping::Chunk chunk;
    chunk.load_event = static_cast<std::uint32_t>(i);
    chunk.words = 8 * (i + 1);
    chunk.ranges = {{std::int64_t{100} * i, chunk.words, i % 2 == 0 ? 0 : 1000}};
    all.push_back(chunk);
  }
  return all;
}

TEST(Dma, AChunkWaitsUntilItsHalfOfTheScratchpadIsReleased) {
  Bench& bench = Bench::instance();
  bench.configure(kDma, kDram, chunks(4));
  const std::int64_t& written = bench.recorder.layer({}).counts.weight_writes;
  bench.dma.start_weights(1, 0);
  bench.run();
  EXPECT_EQ(written, 8 + 16);  // both halves are full
  bench.dma.release_chunk();
  bench.run();
  EXPECT_EQ(written, 8 + 16 + 24);
  bench.dma.release_chunk();
  bench.run();
  EXPECT_EQ(written, 8 + 16 + 24 + 32);
  EXPECT_EQ(bench.weights.cells().stored(0) & 0xff, (200 * 8 * 7) & 0xff);  // of the third chunk
  bench.dma.release_chunk();
  bench.run();
  EXPECT_EQ(written, 8 + 16 + 24 + 32);  // one round was asked for
}

TEST(Dma, WhereARoundOfAnOddNumberOfChunksBeginsAnewTheHalfIsThatOfTheLastChunk) {
  Bench& bench = Bench::instance();
  bench.configure(kDma, kDram, chunks(1));
  const std::int64_t& written = bench.recorder.layer({}).counts.weight_writes;
  bench.dma.start_weights(2, 0);
  bench.run();
  EXPECT_EQ(written, 8);  // the second load goes to the same half, which is in use
  bench.dma.release_chunk();
  bench.run();
  EXPECT_EQ(written, 16);
}

TEST(Dma, BothChannelsShareTheBusBurstByBurst) {
  Bench& bench = Bench::instance();
  bench.configure(kDma, kDram, chunks(1));
  bench.dma.start_weights(1, 0);
  ASSERT_TRUE(bench.dma.transfers.nb_write({false, {}, 100, 50, 70, nullptr}));
  EXPECT_EQ(bench.run(),
            mapping::transfer_cycles(kDma, kDram, 64) + mapping::transfer_cycles(kDma, kDram, 70));
}

TEST(WeightScratchpad, PortsOfTheArraysAreTakenOneAfterTheOther) {
  Bench& bench = Bench::instance();
  bench.configure(kDma, kDram);
  // Four words a cycle: arrays 0 to 3 hold the first 4 · 512 words, arrays 4 to 7 the next.
  EXPECT_EQ(bench.weights.reserve(0, 100, 10, 25), 10);
  EXPECT_EQ(bench.weights.reserve(2047, 1, 0, 5), 35);     // the same arrays
  EXPECT_EQ(bench.weights.reserve(2048, 1, 0, 5), 0);      // others
  EXPECT_EQ(bench.weights.reserve(2047, 2, 0, 1), 40);     // both
  EXPECT_EQ(bench.weights.reserve(3 * 2048, 0, 7, 1), 7);  // no words: the port all the same
  EXPECT_EQ(bench.weights.reserve(3 * 2048, 0, 0, 1), 8);
}

tlm::tlm_response_status answer(Bench& bench, tlm::tlm_command command, std::uint64_t address,
                                unsigned bytes, RunsExtension* runs) {
  std::vector<std::uint64_t> data(64);
  tlm::tlm_generic_payload payload;
  payload.set_command(command);
  payload.set_address(address);
  payload.set_data_ptr(reinterpret_cast<unsigned char*>(data.data()));
  payload.set_data_length(bytes);
  payload.set_streaming_width(bytes);
  payload.set_byte_enable_ptr(nullptr);
  payload.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
  if (runs != nullptr) payload.set_extension(runs);
  sc_core::sc_time delay;
  if (runs != nullptr) {
    bench.reader.socket->b_transport(payload, delay);
    payload.clear_extension<RunsExtension>();
  } else {
    bench.dma.weights->b_transport(payload, delay);
  }
  return payload.get_response_status();
}

TEST(WeightScratchpad, ReadsRunsAndRefusesWhatIsNoneOfIts) {
  Bench& bench = Bench::instance();
  bench.configure(kDma, kDram);
  RunsExtension runs;
  runs.cell = 60;
  runs.stride = 640;
  runs.count = 3;
  runs.codes = 9;
  runs.bits = 8;  // cells 60 to 131 of the first run: words 0, 1 and 2
  EXPECT_EQ(answer(bench, tlm::TLM_READ_COMMAND, 0, 0, &runs), tlm::TLM_OK_RESPONSE);
  EXPECT_EQ(runs.words, 9);
  EXPECT_EQ(answer(bench, tlm::TLM_WRITE_COMMAND, 0, 0, &runs), tlm::TLM_COMMAND_ERROR_RESPONSE);
  runs.cell = -64;
  EXPECT_EQ(answer(bench, tlm::TLM_READ_COMMAND, 0, 0, &runs), tlm::TLM_ADDRESS_ERROR_RESPONSE);
  runs.cell = bench.weights.cells().words() * 64 - 71;
  runs.count = 1;
  EXPECT_EQ(answer(bench, tlm::TLM_READ_COMMAND, 0, 0, &runs), tlm::TLM_ADDRESS_ERROR_RESPONSE);
  runs.cell -= 1;
  EXPECT_EQ(answer(bench, tlm::TLM_READ_COMMAND, 0, 0, &runs), tlm::TLM_OK_RESPONSE);
}

TEST(WeightScratchpad, BurstsAreWholeWordsWithinTheMemory) {
  Bench& bench = Bench::instance();
  bench.configure(kDma, kDram);
  const auto end = static_cast<std::uint64_t>(bench.weights.cells().words()) * 8;
  const auto write = [&](std::uint64_t address, unsigned bytes) {
    return answer(bench, tlm::TLM_WRITE_COMMAND, address, bytes, nullptr);
  };
  EXPECT_EQ(write(0, 64), tlm::TLM_OK_RESPONSE);
  EXPECT_EQ(write(end - 8, 8), tlm::TLM_OK_RESPONSE);
  EXPECT_EQ(write(end - 8, 16), tlm::TLM_ADDRESS_ERROR_RESPONSE);
  EXPECT_EQ(write(4, 8), tlm::TLM_ADDRESS_ERROR_RESPONSE);
  EXPECT_EQ(write(8, 12), tlm::TLM_ADDRESS_ERROR_RESPONSE);
}

TEST(WeightScratchpad, TellsTheArrayOfBurstsWhileALayerRuns) {
  Bench& bench = Bench::instance();
  bench.configure(kDma, kDram);
  bench.sink.written_words.clear();
  answer(bench, tlm::TLM_WRITE_COMMAND, 64, 32, nullptr);
  EXPECT_TRUE(bench.sink.written_words.empty());
  bench.weights.begin_layer(now() - 5);
  // The port is busy with the first burst for a cycle: four words.
  answer(bench, tlm::TLM_WRITE_COMMAND, 64, 32, nullptr);
  ASSERT_EQ(bench.sink.written_words.size(), 1u);
  EXPECT_EQ(bench.sink.written_words[0], (std::array<std::int64_t, 3>{8, 4, 6}));
  bench.weights.end_layer();
  answer(bench, tlm::TLM_WRITE_COMMAND, 64, 32, nullptr);
  EXPECT_EQ(bench.sink.written_words.size(), 1u);
}

tlm::tlm_response_status dram_answer(Bench& bench, std::uint64_t address, unsigned bytes,
                                     unsigned streaming_width, std::uint8_t* byte_enable) {
  std::vector<std::uint8_t> data(256);
  tlm::tlm_generic_payload payload;
  payload.set_read();
  payload.set_address(address);
  payload.set_data_ptr(data.data());
  payload.set_data_length(bytes);
  payload.set_streaming_width(streaming_width);
  payload.set_byte_enable_ptr(byte_enable);
  payload.set_byte_enable_length(byte_enable == nullptr ? 0 : 1);
  payload.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
  sc_core::sc_time delay;
  bench.dma.dram->b_transport(payload, delay);
  return payload.get_response_status();
}

TEST(Dram, RefusesWhatItDoesNotHave) {
  Bench& bench = Bench::instance();
  bench.configure(kDma, kDram);
  constexpr std::uint64_t kEnd = Bench::kDramBytes;
  EXPECT_EQ(dram_answer(bench, kEnd - 64, 64, 64, nullptr), tlm::TLM_OK_RESPONSE);
  EXPECT_EQ(dram_answer(bench, kEnd - 63, 64, 64, nullptr), tlm::TLM_ADDRESS_ERROR_RESPONSE);
  EXPECT_EQ(dram_answer(bench, ~std::uint64_t{0}, 64, 64, nullptr),
            tlm::TLM_ADDRESS_ERROR_RESPONSE);
  EXPECT_EQ(dram_answer(bench, 0, 64, 8, nullptr), tlm::TLM_BURST_ERROR_RESPONSE);
  std::uint8_t enabled = 0xff;
  EXPECT_EQ(dram_answer(bench, 0, 64, 64, &enabled), tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE);
}

TEST(Dma, TheHostSeesTheBytesOfTheMemoryAndIsToldWhereItEnds) {
  Bench& bench = Bench::instance();
  bench.configure(kDma, kDram);
  const std::vector<std::uint8_t> from{1, 2, 3};
  bench.dma.poke(100, from.data(), 3);
  std::vector<std::uint8_t> to(3);
  bench.dma.peek(100, to.data(), 3);
  EXPECT_EQ(from, to);
  EXPECT_EQ(*bench.dram.data(101), 2);
  try {
    bench.dma.peek(Bench::kDramBytes - 2, to.data(), 3);
    FAIL();
  } catch (const RunError& error) {
    EXPECT_STREQ(error.what(),
                 "dma.dram: the memory gives 0 of 3 bytes from address 0xfffe on through "
                 "transport_dbg; expected all of them");
  }
}

TEST(ActivationScratchpad, PortsOfTheBanksAreTakenOneAfterTheOther) {
  Bench& bench = Bench::instance();
  bench.configure(kDma, kDram);
  const std::int64_t bank = bench.configured->accelerator.activations.bank_bytes();
  EXPECT_EQ(bench.activations.reserve(0, 1, 3, 10), 3);
  EXPECT_EQ(bench.activations.reserve(bank - 1, 1, 0, 10), 13);
  EXPECT_EQ(bench.activations.reserve(bank, 1, 0, 10), 0);
  EXPECT_EQ(bench.activations.reserve(bank - 1, 2, 0, 10), 23);
}

// The last one: the channel of the weights does nothing afterwards.
TEST(DmaFailures, ABurstOfWeightsThatIsRefusedIsOnlyAnError) {
  Bench& bench = Bench::instance();
  std::vector<mapping::Chunk> outside = chunks(1);
  bench.configure(kDma, kDram);
  outside[0].ranges[0].word = bench.configured->accelerator.weights.words() - 4;
  bench.configure(kDma, kDram, outside);
  bench.dma.start_weights(1, 0);
  bench.run();
  ASSERT_TRUE(bench.recorder.error());
  try {
    std::rethrow_exception(bench.recorder.error());
  } catch (const RunError& error) {
    EXPECT_NE(std::string(error.what()).find("dma.weights: write of 32 bytes at address 0x"),
              std::string::npos)
        << error.what();
    EXPECT_NE(std::string(error.what()).find("TLM_ADDRESS_ERROR_RESPONSE"), std::string::npos);
  }
}

}  // namespace
}  // namespace brownout::accelerator
