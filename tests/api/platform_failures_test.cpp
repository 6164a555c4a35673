// SPDX-License-Identifier: Apache-2.0
// What ends the job of an accelerator, which can do nothing afterwards.
#include <stdexcept>
#include <string>
#include <utility>

#include "tests/api/expect_error.hpp"
#include "tests/api/platform.hpp"

namespace brownout {
namespace {

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
