// SPDX-License-Identifier: Apache-2.0
// A platform whose thread runs all tests. Each of its accelerators stands at a memory of another
// kind.
#pragma once
#include <gtest/gtest.h>
#include <tlm_utils/simple_target_socket.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <functional>
#include <vector>

#include "brownout/systemc.hpp"
#include "sim/engines/engine.hpp"
#include "sim/experiment/chip_weights.hpp"

namespace brownout {

inline constexpr std::uint64_t kMegabyte = std::uint64_t{1} << 20;
inline constexpr char kNetwork[] = BROWNOUT_SOURCE_DIR "/models/fmnist-simplenet16-randbet-8b.onnx";

inline std::vector<std::uint8_t> pixels_of(std::int64_t images, int seed = 37) {
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

inline AcceleratorOptions options_of(std::uint64_t address, double period_ns = 0.0,
                                     bool debug = true) {
  AcceleratorOptions options;
  options.memory_address = address;
  options.clock_period = sc_core::sc_time(period_ns, sc_core::SC_NS);
  options.debug_transport = debug;
  return options;
}

/// Accelerators that a test ends.
inline constexpr int kVictims = 9;

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

/// The one of this program, while the simulation runs.
inline Platform* platform = nullptr;

/// Numbers of the functional engine, with the weights as a chip returns them.
inline std::vector<float> functional_logits(const Program& program,
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

}  // namespace brownout
