// SPDX-License-Identifier: Apache-2.0
// Accelerators in a platform: one simulation, whose thread runs all tests. Each accelerator stands
// at a memory of another kind.
#include <gtest/gtest.h>
#include <tlm_utils/simple_target_socket.h>

#include <cstdio>
#include <cstring>
#include <functional>
#include <nlohmann/json.hpp>

#include "brownout/systemc.hpp"
#include "sim/engines/engine.hpp"
#include "sim/experiment/chip_weights.hpp"
#include "tests/api/expect_error.hpp"
#include "tests/end_to_end/workplace.hpp"

namespace brownout {
namespace {

constexpr std::uint64_t kMegabyte = std::uint64_t{1} << 20;
constexpr char kNetwork[] = BROWNOUT_SOURCE_DIR "/models/fmnist-simplenet16-randbet-8b.onnx";

std::vector<std::uint8_t> pixels_of(std::int64_t images, int seed = 37) {
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(images * 784));
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    pixels[i] = static_cast<std::uint8_t>(i * static_cast<std::size_t>(seed) + i / 784);
  }
  return pixels;
}

/// A memory as someone else writes it: it waits in b_transport, for times that are no whole cycles
/// of the accelerator, refuses what the test says, and need not know debug transport.
class OddMemory : public sc_core::sc_module {
 public:
  tlm_utils::simple_target_socket<OddMemory> socket{"socket"};

  OddMemory(const sc_core::sc_module_name& name, std::uint64_t size, bool debug)
      : sc_module(name), bytes(size) {
    socket.register_b_transport(this, &OddMemory::b_transport);
    if (debug) socket.register_transport_dbg(this, &OddMemory::debug);
  }

  sc_core::sc_time wait_time;  // within the access
  sc_core::sc_time annotated;  // after it
  bool refuses = false;
  std::function<void()> surprise;                           // what it does to an access
  std::function<void(tlm::tlm_generic_payload&)> mischief;  // and to its payload, in the end
  std::function<void()> debug_surprise;
  std::int64_t accesses = 0;
  std::vector<std::uint8_t> bytes;

 private:
  void b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
    ++accesses;
    if (refuses) {
      payload.set_response_status(tlm::TLM_GENERIC_ERROR_RESPONSE);
      return;
    }
    if (surprise) surprise();
    if (wait_time > sc_core::SC_ZERO_TIME) wait(wait_time);
    delay += annotated;
    copy(payload);
    payload.set_response_status(tlm::TLM_OK_RESPONSE);
    if (mischief) mischief(payload);
  }
  unsigned debug(tlm::tlm_generic_payload& payload) {
    if (debug_surprise) debug_surprise();
    return copy(payload);
  }
  unsigned copy(tlm::tlm_generic_payload& payload) {
    std::uint8_t* const place = bytes.data() + payload.get_address();
    // In small pieces: a memory may do that.
    const unsigned length = std::min(payload.get_data_length(), 4096u);
    if (payload.is_write()) std::memcpy(place, payload.get_data_ptr(), length);
    if (payload.is_read()) std::memcpy(payload.get_data_ptr(), place, length);
    return length;
  }
};

AcceleratorOptions options_of(std::uint64_t address, double period_ns = 0.0, bool debug = true) {
  AcceleratorOptions options;
  options.memory_address = address;
  options.clock_period = sc_core::sc_time(period_ns, sc_core::SC_NS);
  options.debug_transport = debug;
  return options;
}

/// Accelerators that a test ends.
constexpr int kVictims = 9;

struct Platform : sc_core::sc_module {
  explicit Platform(const sc_core::sc_module_name& name) : sc_module(name) {
    edge.memory.bind(dram.socket);
    streamed.memory.bind(streamed_dram.socket);
    slow.memory.bind(slow_dram.socket);
    odd.memory.bind(odd_memory.socket);
    closed.memory.bind(closed_memory.socket);
    failing.memory.bind(failing_memory.socket);
    throwing.memory.bind(throwing_memory.socket);
    reporting.memory.bind(reporting_memory.socket);
    for (int i = 0; i < kVictims; ++i) victims[i].memory.bind(victim_memories[i].socket);
    piped.memory.bind(piped_dram.socket);
    piped.jobs.bind(jobs);
    piped.results.bind(results);
    SC_HAS_PROCESS(Platform);
    SC_THREAD(run_tests);
    set_stack_size(8 * kMegabyte);
  }
  void run_tests() {
    outcome = RUN_ALL_TESTS();
    sc_core::sc_stop();
  }

  const Network network = Network::load(kNetwork);
  const AcceleratorConfig edge_config{"edge-16x16"}, streamed_config{"ibm-14nm"};
  const Program edge_program{network, edge_config}, streamed_program{network, streamed_config};

  Accelerator edge{"edge", edge_config, edge_program, options_of(0x1000)};
  Dram dram{"dram", edge_config, kMegabyte};
  Accelerator streamed{"streamed", streamed_config, streamed_program};
  Dram streamed_dram{"streamed_dram", streamed_config, kMegabyte};
  // The same, but for another clock and address.
  Accelerator slow{"slow", streamed_config, streamed_program, options_of(3, 7.0)};
  Dram slow_dram{"slow_dram", streamed_config, kMegabyte, sc_core::sc_time(7.0, sc_core::SC_NS)};
  Accelerator odd{"odd", streamed_config, streamed_program, options_of(0, 2.0)};
  OddMemory odd_memory{"odd_memory", kMegabyte, /*debug=*/true};
  Accelerator closed{"closed", streamed_config, streamed_program, options_of(0, 2.0, false)};
  OddMemory closed_memory{"closed_memory", kMegabyte, /*debug=*/false};
  Accelerator failing{"failing", streamed_config, streamed_program};
  OddMemory failing_memory{"failing_memory", kMegabyte, /*debug=*/true};
  Accelerator throwing{"throwing", streamed_config, streamed_program};
  OddMemory throwing_memory{"throwing_memory", kMegabyte, /*debug=*/true};
  Accelerator reporting{"reporting", streamed_config, streamed_program};
  OddMemory reporting_memory{"reporting_memory", kMegabyte, /*debug=*/true};
  sc_core::sc_vector<Accelerator> victims{
      "victims", kVictims, [this](const char* name, std::size_t) {
        return new Accelerator(name, streamed_config, streamed_program, options_of(0, 2.0));
      }};
  sc_core::sc_vector<OddMemory> victim_memories{
      "victim_memories", kVictims,
      [](const char* name, std::size_t) { return new OddMemory(name, kMegabyte, /*debug=*/true); }};
  Accelerator piped{"piped", streamed_config, streamed_program};
  Dram piped_dram{"piped_dram", streamed_config, kMegabyte};
  sc_core::sc_fifo<Job> jobs{"jobs", 2};
  sc_core::sc_fifo<JobResult> results{"results", 2};
  int outcome = 1;
};

Platform* platform = nullptr;

/// Numbers of the functional engine, with the weights as a chip returns them.
std::vector<float> functional_logits(const Program& program,
                                     const std::vector<std::uint8_t>& pixels,
                                     const chips::Chip* chip = nullptr, double voltage = 1.0,
                                     double rate = 0.0) {
  const experiment::Model& model = *program.network().internal();
  const auto images = static_cast<int>(pixels.size() / 784);
  std::vector<float> logits(static_cast<std::size_t>(images * program.network().classes()));
  const auto engine = engines::make_engine("functional", model.network, 1);
  experiment::ChipWeights weights(model, *program.internal());
  experiment::ChipRead read;
  engine->set_codes(chip == nullptr
                        ? weights.clean()
                        : weights.read(*chip, {voltage, rate}, {chip->die(), 0, false}, read));
  engine->run(pixels.data(), 0, images, logits.data(), 0);
  return logits;
}

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

// The last tests: the accelerator can do nothing afterwards.

/// Of the RunError that a job ends with.
std::string message_of_job(Accelerator& accelerator) {
  try {
    accelerator.run({pixels_of(1), 1});
  } catch (const RunError& error) {
    return error.what();
  }
  return "no RunError";
}

void expect_text(const std::string& text, const std::string& begin, const std::string& part) {
  EXPECT_EQ(text.rfind(begin, 0), 0u) << text << "\nexpected: " << begin;
  EXPECT_NE(text.find(part), std::string::npos) << text << "\nexpected: " << part;
}

TEST(PlatformFailures, AnAccessThatTheMemoryRefusesEndsTheJobWithAMessage) {
  Accelerator& accelerator = platform->failing;
  const JobResult good = accelerator.run({pixels_of(1), 1});
  EXPECT_FALSE(good.logits.empty());
  platform->failing_memory.refuses = true;
  const std::string first = message_of_job(accelerator);
  char expected[200];
  std::snprintf(expected, sizeof expected,
                "platform.failing.core.dma.dram: read of 784 bytes at address %#llx: the memory "
                "answers TLM_GENERIC_ERROR_RESPONSE",
                static_cast<unsigned long long>(accelerator.region().input[0]));
  EXPECT_EQ(first, expected);
  EXPECT_EQ(message_of_job(accelerator),
            "platform.failing.core: an earlier run failed; the model cannot be used again");
  EXPECT_FALSE(accelerator.busy());
  accelerator.start({pixels_of(1), 1});
  wait(accelerator.finished());
  EXPECT_THROW(accelerator.result(), RunError);
  // The others run on.
  EXPECT_EQ(platform->streamed.run({pixels_of(1), 1}).logits, good.logits);
}

TEST(PlatformFailures, WhatTheMemoryThrowsEndsTheJobAsAnErrorOfBrownout) {
  const auto message = [](Accelerator& accelerator, OddMemory& memory,
                          const std::function<void()>& surprise) {
    memory.surprise = surprise;
    return message_of_job(accelerator);
  };
  expect_text(message(platform->throwing, platform->throwing_memory,
                      [] { throw std::runtime_error("on fire"); }),
              "platform.throwing.core.dma.dram: read of ", ": the memory throws: on fire");
  expect_text(message(platform->reporting, platform->reporting_memory,
                      [] { SC_REPORT_ERROR("/memory/fire", "it burns"); }),
              "platform.reporting.core.dma.dram: read of ",
              ": the memory throws: /memory/fire: it burns");
  expect_text(message(platform->victims[0], platform->victim_memories[0],
                      [] { throw InputError(std::string("address: expected an even one")); }),
              "platform.victims_0.core.dma.dram: read of ",
              ": the memory throws: address: expected an even one");
  expect_text(message(platform->victims[1], platform->victim_memories[1], [] { throw 5; }),
              "platform.victims_1.core.dma.dram: read of ",
              ": the memory throws: something that is no exception of C++");
}

TEST(PlatformFailures, AMemoryThatBreaksTheRulesOfTlmEndsTheJobAndIsNamed) {
  using Payload = tlm::tlm_generic_payload;
  const auto message = [](int victim, const std::function<void(Payload&)>& mischief) {
    platform->victim_memories[victim].mischief = mischief;
    return message_of_job(platform->victims[victim]);
  };
  const std::string begin = ".core.dma.dram: read of 784 bytes at address ";
  const std::string forbidden = " of the payload, which TLM-2.0 forbids";
  static std::uint8_t other[4096];
  expect_text(message(2, [](Payload& payload) { payload.set_write(); }),
              "platform.victims_2" + begin, ": the memory changes the command" + forbidden);
  expect_text(message(3, [](Payload& payload) { payload.set_data_ptr(other); }),
              "platform.victims_3" + begin, ": the memory changes the data pointer" + forbidden);
  expect_text(message(4, [](Payload& payload) { payload.set_data_length(1u << 20); }),
              "platform.victims_4" + begin, ": the memory changes the data length" + forbidden);
  // Changed later, in a burst of weights, which carry an extension of the accelerator.
  expect_text(message(5,
                      [](Payload& payload) {
                        if (payload.is_read() && payload.get_address() == 0)
                          payload.set_data_length(7);
                      }),
              "platform.victims_5.core.dma.dram: read of ",
              ": the memory changes the data length" + forbidden);
  // What a bus may change.
  platform->streamed.run({pixels_of(1), 1});
  platform->odd_memory.mischief = [](Payload& payload) {
    payload.set_address(payload.get_address() + 12345);
    payload.set_dmi_allowed(true);
  };
  EXPECT_EQ(platform->odd.run({pixels_of(1), 1}).logits,
            platform->streamed.run({pixels_of(1), 1}).logits);
  platform->odd_memory.mischief = nullptr;
}

TEST(PlatformFailures, ADelayBeyondTheEndOfTimeEndsTheJob) {
  OddMemory& memory = platform->victim_memories[6];
  memory.annotated = sc_core::sc_max_time();
  expect_text(message_of_job(platform->victims[6]), "platform.victims_6.core.dma.dram: read of ",
              ": the memory annotates a delay of " + sc_core::sc_max_time().to_string() +
                  "; expected one before the end of time (" + sc_core::sc_max_time().to_string() +
                  ")");
}

TEST(PlatformFailures, WhatDebugTransportThrowsEndsTheJobAsWell) {
  platform->victim_memories[7].debug_surprise = [] { throw std::runtime_error("no key"); };
  expect_text(message_of_job(platform->victims[7]),
              "platform.victims_7.core.dma.dram: transport_dbg, write of 784 bytes at address ",
              ": the memory throws: no key");
}

TEST(PlatformFailures, AMemoryThatWaitsForAnotherJobOfItsAcceleratorIsRefused) {
  Accelerator& accelerator = platform->victims[8];
  platform->victim_memories[8].surprise = [&] { accelerator.run({pixels_of(1), 1}); };
  expect_text(message_of_job(accelerator), "platform.victims_8.core.dma.dram: read of ",
              ": the memory throws: platform.victims_8: run: the job that calls it has not ended");
  // One that does not wait, or waits for another accelerator, may.
  platform->odd_memory.surprise = [done = false]() mutable {
    if (!std::exchange(done, true)) platform->streamed.run({pixels_of(1), 1});
  };
  EXPECT_EQ(platform->odd.run({pixels_of(1), 1}).logits,
            platform->streamed.run({pixels_of(1), 1}).logits);
  platform->odd_memory.surprise = nullptr;
}

TEST(PlatformFailures, NothingIsMadeWhileTheSimulationRuns) {
  expect_error([] { Accelerator("late", platform->edge_config, platform->edge_program); },
               "expected to be made before the simulation starts");
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
