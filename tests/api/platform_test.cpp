// SPDX-License-Identifier: Apache-2.0
// Accelerators in a platform: one simulation, whose thread runs all tests.
#include "tests/api/platform.hpp"

#include <cstdio>
#include <nlohmann/json.hpp>

#include "tests/api/expect_error.hpp"
#include "tests/end_to_end/workplace.hpp"

namespace brownout {
namespace {

TEST(Platform, AnAcceleratorAloneTakesTheCyclesAndCountsOfTheCommand) {
  end_to_end::Workplace workplace;
  for (const auto& [accelerator, config] :
       {std::pair(&platform->edge, "edge-16x16"), std::pair(&platform->streamed, "ibm-14nm")}) {
    const JobResult result = accelerator->run({pixels_of(3), 3});
    const auto outcome = workplace.run(
        BROWNOUT_BINARY, {"run", kNetwork, "--accelerator", config, "--images", "3", "--data",
                          (workplace.folder() / "data").string(), "--json", "-", "--quiet"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    const nlohmann::json json = outcome.json();
    EXPECT_EQ(result.cycles, json["cycles_total"]) << config;
    EXPECT_EQ(result.input_wait_cycles, json["input_wait_cycles"]) << config;
    EXPECT_EQ(result.closed_form_cycles, json["closed_form_cycles"]) << config;
    EXPECT_EQ(result.weight_wait_cycles, json["stall_cycles"]["weight_dma"]) << config;
    EXPECT_EQ(result.read_bytes + result.write_bytes, json["dram_bytes"]) << config;
    EXPECT_EQ(result.logits, functional_logits(platform->edge_program, pixels_of(3))) << config;
    EXPECT_TRUE(result.error.empty());
  }
}

TEST(Platform, CyclesDependNeitherOnTheClockNorOnTheAddressNorOnTheBeginning) {
  const JobResult expected = platform->streamed.run({pixels_of(2), 2});
  for (const double offset_ns : {0.0, 3.0, 1.0}) {
    wait(offset_ns, sc_core::SC_NS);  // off the slow accelerator's edges
    const JobResult result = platform->slow.run({pixels_of(2), 2});
    EXPECT_EQ(result.cycles, expected.cycles);
    EXPECT_EQ(result.weight_wait_cycles, expected.weight_wait_cycles);
    EXPECT_EQ(result.logits, expected.logits);
  }
  EXPECT_EQ(platform->slow.clock_period(), sc_core::sc_time(7, sc_core::SC_NS));
  EXPECT_EQ(platform->slow.region().address, 3u);
  const std::vector<std::uint8_t> image = platform->slow.image();
  EXPECT_TRUE(std::equal(image.begin(), image.end(), platform->slow_dram.data(3)));
}

TEST(Platform, AcceleratorsAtTheSameTimeKeepToThemselves) {
  const JobResult edge = platform->edge.run({pixels_of(2), 2});
  const JobResult streamed = platform->streamed.run({pixels_of(3, 5), 3});
  platform->edge.start({pixels_of(2), 2});
  platform->streamed.start({pixels_of(3, 5), 3});
  EXPECT_TRUE(platform->edge.busy());
  const JobResult slow = platform->slow.run({pixels_of(3, 5), 3});
  while (platform->edge.busy()) wait(platform->edge.finished());
  while (platform->streamed.busy()) wait(platform->streamed.finished());
  const JobResult edge_again = platform->edge.result();
  const JobResult streamed_again = platform->streamed.result();
  EXPECT_EQ(edge.cycles, edge_again.cycles);
  EXPECT_EQ(edge.logits, edge_again.logits);
  EXPECT_EQ(streamed.cycles, streamed_again.cycles);
  EXPECT_EQ(streamed.logits, streamed_again.logits);
  EXPECT_EQ(slow.cycles, streamed.cycles);
  EXPECT_EQ(slow.logits, streamed.logits);
  EXPECT_NE(edge.cycles, streamed.cycles);
}

TEST(Platform, AMemoryThatWaitsItselfCountsInWholeCycles) {
  OddMemory& memory = platform->odd_memory;
  memory.accesses = 0;
  memory.annotated = sc_core::sc_time(40, sc_core::SC_NS);  // 20 cycles, hidden but for the first
  const JobResult fast = platform->odd.run({pixels_of(1), 1});
  const std::int64_t accesses = memory.accesses;
  memory.annotated = sc_core::SC_ZERO_TIME;
  memory.wait_time = sc_core::sc_time(7999, sc_core::SC_NS);  // 3999.5 cycles are 4000
  const JobResult waiting = platform->odd.run({pixels_of(1), 1});
  memory.wait_time = sc_core::sc_time(8000, sc_core::SC_NS);
  const JobResult whole = platform->odd.run({pixels_of(1), 1});
  EXPECT_EQ(waiting.cycles, whole.cycles);
  EXPECT_EQ(waiting.weight_wait_cycles, whole.weight_wait_cycles);
  EXPECT_GE(waiting.cycles, 4000 * accesses);  // nothing of it is hidden
  EXPECT_GT(waiting.weight_wait_cycles, fast.weight_wait_cycles);
  EXPECT_LT(fast.cycles, waiting.cycles / 2);
  EXPECT_EQ(waiting.logits, fast.logits);
  // What is annotated beside is hidden as it is without waits: up to 100 cycles of every later
  // burst.
  memory.annotated = sc_core::sc_time(200, sc_core::SC_NS);
  const JobResult both = platform->odd.run({pixels_of(1), 1});
  EXPECT_GT(both.cycles, whole.cycles);
  memory.annotated = sc_core::sc_time(40, sc_core::SC_NS);
  EXPECT_LT(platform->odd.run({pixels_of(1), 1}).cycles, both.cycles);
  memory.wait_time = sc_core::SC_ZERO_TIME;
  // Delays are rounded up, each by itself.
  memory.annotated = sc_core::sc_time(799, sc_core::SC_NS);
  const JobResult part = platform->odd.run({pixels_of(1), 1});
  memory.annotated = sc_core::sc_time(800, sc_core::SC_NS);
  EXPECT_EQ(part.cycles, platform->odd.run({pixels_of(1), 1}).cycles);
}

TEST(Platform, TheVoltageChangesBetweenJobs) {
  const Chip chip("random:3");
  const Technology technology;
  const std::vector<std::uint8_t> pixels = pixels_of(4);
  for (const bool streamed : {false, true}) {
    Accelerator* const accelerator = streamed ? &platform->streamed : &platform->edge;
    const Program& program = streamed ? platform->streamed_program : platform->edge_program;
    const JobResult clean = accelerator->run({pixels, 4});
    std::vector<float> last = clean.logits;
    for (const double voltage : {0.84, 0.80}) {
      const ReadCounts counts = accelerator->set_voltage(chip, technology, voltage);
      EXPECT_GT(counts.bits_wrong, 0);
      EXPECT_GE(counts.bits_wrong, counts.codes_wrong);
      EXPECT_EQ(counts.reads, platform->network.coded_parameters());
      const JobResult low = accelerator->run({pixels, 4});
      EXPECT_EQ(low.logits, functional_logits(program, pixels, &chip.internal(), voltage,
                                              technology.bit_error_rate(voltage)));
      EXPECT_NE(low.logits, last);
      EXPECT_EQ(low.cycles, clean.cycles);
      last = low.logits;
    }
    EXPECT_EQ(accelerator->set_faults(chip, {0.9, 0.02}).bits_wrong,
              accelerator->set_faults(chip, {0.8, 0.02}).bits_wrong);  // a random chip: by the rate
    EXPECT_EQ(accelerator->run({pixels, 4}).logits,
              functional_logits(program, pixels, &chip.internal(), 0.8, 0.02));
    accelerator->clear_faults();
    EXPECT_EQ(accelerator->run({pixels, 4}).logits, clean.logits);
  }
}

TEST(Platform, WrongConditionsAreRefusedAndChangeNothing) {
  const Chip chip("random:3");
  const std::vector<float> clean = platform->edge.run({pixels_of(1), 1}).logits;
  expect_error([&] { platform->edge.set_voltage(chip, Technology(), 0.1); }, "voltage");
  expect_error(
      [&] {
        platform->edge.set_faults(chip, {0.8, 1.5});
      },
      "rate: expected a bit error rate in [0, 1], got 1.5");
  EXPECT_EQ(platform->edge.run({pixels_of(1), 1}).logits, clean);
  platform->edge.start({pixels_of(1), 1});
  expect_error([&] { platform->edge.set_voltage(chip, Technology(), 0.84); },
               "platform.edge: expected no job to run or wait, but 1 do");
  expect_error([&] { platform->edge.clear_faults(); }, "platform.edge: expected no job");
  expect_error([&] { platform->edge.set_program(platform->edge_program); },
               "platform.edge: expected no job");
  while (platform->edge.busy()) wait(platform->edge.finished());
  EXPECT_EQ(platform->edge.result().logits, clean);
}

TEST(Platform, WrongJobsAreRefusedWhereTheyAreGiven) {
  Accelerator& edge = platform->edge;
  expect_error(
      [&] {
        edge.run({pixels_of(2), 3});
      },
      "platform.edge: pixels: expected 3 batches of 1 images of 28 x 28 x 1 bytes, "
      "which are 784 in each batch, got 1568");
  expect_error([&] { edge.run({std::vector<std::uint8_t>(10), 1}); }, "got 10");
  expect_error([&] { edge.start({{}, 0}); }, "platform.edge: batches: expected at least 1, got 0");
  expect_error(
      [&] {
        edge.run({{}, 3});
      },
      "platform.edge: batches: expected at most 2 without pixels, one for each input "
      "buffer, got 3");
  expect_error([&] { edge.result(); },
               "platform.edge: result: expected a job of start() that has ended, there is none");
  expect_error(
      [&] {
        platform->closed.run({pixels_of(1), 1});
      },
      "platform.closed: pixels: expected none, because the memory has no debug "
      "transport");
  EXPECT_FALSE(edge.busy());
}

TEST(Platform, JobsComeThroughAFifoAsWell) {
  const JobResult expected = platform->streamed.run({pixels_of(2), 2});
  platform->jobs.write({pixels_of(2), 2});
  platform->jobs.write({pixels_of(2), 7});  // wrong
  platform->jobs.write({pixels_of(2), 2});
  std::vector<JobResult> found;
  for (int i = 0; i < 3; ++i) found.push_back(platform->results.read());
  for (const JobResult& result : found) {
    if (&result == &found[1]) {
      EXPECT_EQ(
          result.error,
          "platform.piped: pixels: expected 7 batches of 1 images of 28 x 28 x 1 bytes, which "
          "are 784 in each batch, got 1568");
      EXPECT_TRUE(result.logits.empty());
      continue;
    }
    EXPECT_EQ(result.error, "");
    EXPECT_EQ(result.cycles, expected.cycles);
    EXPECT_EQ(result.logits, expected.logits);
  }
  // Callers and the FIFO take turns.
  platform->jobs.write({pixels_of(2), 2});
  EXPECT_EQ(platform->piped.run({pixels_of(2), 2}).cycles, expected.cycles);
  EXPECT_EQ(platform->results.read().cycles, expected.cycles);
}

TEST(Platform, JobsThatWereStartedEndInTheirOrder) {
  for (const int images : {3, 1, 2}) platform->streamed.start({pixels_of(images), images});
  std::vector<std::size_t> sizes;
  while (sizes.size() < 3) {
    wait(platform->streamed.finished());
    sizes.push_back(platform->streamed.result().logits.size() / 10);
  }
  EXPECT_EQ(sizes, (std::vector<std::size_t>{3, 1, 2}));
}

TEST(Platform, WithoutDebugTransportTheCallerMovesEverything) {
  Accelerator& accelerator = platform->closed;
  std::vector<std::uint8_t>& bytes = platform->closed_memory.bytes;
  const MemoryRegion region = accelerator.region();
  const std::vector<std::uint8_t> image = accelerator.image();
  const std::vector<std::uint8_t> pixels = pixels_of(2);
  EXPECT_EQ(region.input[0], image.size());
  EXPECT_EQ(region.bytes, image.size() + 2 * 784 + 2 * 40);
  std::copy(image.begin(), image.end(), bytes.begin());
  std::copy_n(pixels.begin(), 784, bytes.begin() + static_cast<std::ptrdiff_t>(region.input[0]));
  std::copy_n(pixels.begin() + 784, 784,
              bytes.begin() + static_cast<std::ptrdiff_t>(region.input[1]));
  const JobResult result = accelerator.run({{}, 2});
  EXPECT_TRUE(result.logits.empty());
  EXPECT_GT(result.cycles, 0);
  std::vector<float> logits(20);
  for (const int buffer : {0, 1}) {
    std::memcpy(logits.data() + 10 * buffer, bytes.data() + region.output[buffer], 40);
  }
  EXPECT_EQ(logits, functional_logits(platform->edge_program, pixels));
}

TEST(Platform, AnotherProgramTakesTheSameAccelerator) {
  const std::vector<std::uint8_t> pixels = pixels_of(4);
  const JobResult before = platform->streamed.run({pixels, 4});
  const Network other =
      Network::load(BROWNOUT_SOURCE_DIR "/models/fmnist-simplenet16-randbet-4b.onnx");
  platform->streamed.set_voltage(Chip("random:1"), Technology(), 0.82);
  const Program program(other, platform->streamed_config, /*batch=*/2, /*bit_offset=*/77);
  platform->streamed.set_program(program);
  const JobResult result = platform->streamed.run({pixels, 2});
  EXPECT_EQ(result.logits, functional_logits(program, pixels));  // no cell fails
  platform->streamed.set_program(platform->streamed_program);
  EXPECT_EQ(platform->streamed.run({pixels, 4}).cycles, before.cycles);
  expect_error([&] { platform->streamed.set_program(platform->edge_program); },
               "platform.streamed: expected a program compiled for the accelerator ibm-14nm");
}

}  // namespace
}  // namespace brownout

extern "C" int sc_main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  brownout::Platform platform("platform");
  brownout::platform = &platform;
  sc_core::sc_start();
  return platform.outcome;
}

/// That of libsystemc is not used, because that of GoogleTest comes before it.
int main(int argc, char** argv) { return sc_core::sc_elab_and_sim(argc, argv); }
