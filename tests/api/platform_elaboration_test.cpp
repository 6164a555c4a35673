// SPDX-License-Identifier: Apache-2.0
// What is wrong with a platform is said when it is built, or when its simulation starts.
#include <gtest/gtest.h>
#include <tlm_utils/simple_target_socket.h>

#include <cstdio>

#include "brownout/experiment.hpp"
#include "brownout/systemc.hpp"
#include "tests/api/expect_error.hpp"
#include "tests/end_to_end/workplace.hpp"

namespace brownout {
namespace {

constexpr char kNetwork[] = BROWNOUT_SOURCE_DIR "/models/fmnist-simplenet16-randbet-8b.onnx";

struct Parts {
  Network network = Network::load(kNetwork);
  AcceleratorConfig config{"edge-16x16"};
  Program program{network, config};
};

TEST(PlatformElaboration, TwoAcceleratorsWithOneNameAreAnError) {
  const Parts parts;
  const Accelerator first("accelerator", parts.config, parts.program);
  expect_error([&] { Accelerator("accelerator", parts.config, parts.program); },
               "accelerator: expected a name of its own, there is one of that name already");
  expect_error([&] { Dram("accelerator", parts.config, 1024); },
               "accelerator: expected a name of its own");
  // Nothing of the failed ones is left.
  const Accelerator second("accelerator2", parts.config, parts.program);
  EXPECT_STREQ(second.name(), "accelerator2");
}

TEST(PlatformElaboration, TheSameNameInTwoModulesIsFine) {
  struct Cluster : sc_core::sc_module {
    Cluster(const sc_core::sc_module_name& name, const Parts& parts, bool twice) : sc_module(name) {
      one = std::make_unique<Accelerator>("accelerator", parts.config, parts.program);
      if (twice) two = std::make_unique<Accelerator>("accelerator", parts.config, parts.program);
    }
    std::unique_ptr<Accelerator> one, two;
  };
  const Parts parts;
  const Cluster a("cluster_a", parts, false);
  const Cluster b("cluster_b", parts, false);
  EXPECT_STREQ(b.one->name(), "cluster_b.accelerator");
  expect_error([&] { Cluster("cluster_c", parts, true); },
               "cluster_c.accelerator: expected a name of its own");
}

TEST(PlatformElaboration, AProgramForAnotherAcceleratorIsAnError) {
  const Parts parts;
  const AcceleratorConfig other("ibm-14nm");
  expect_error([&] { Accelerator("other", other, parts.program); },
               "other: expected a program compiled for the accelerator ibm-14nm");
  // The same file, read twice, is the same accelerator.
  const AcceleratorConfig again("edge-16x16");
  const Accelerator same("same", again, parts.program);
  EXPECT_EQ(same.clock_period(), sc_core::sc_time(1e3 / again.clock_mhz(), sc_core::SC_NS));
}

TEST(PlatformElaboration, AMemoryEndsSomewhere) {
  const Parts parts;
  Dram dram("small", parts.config, 100);
  EXPECT_EQ(*dram.data(99), 0);
  expect_error([&] { dram.data(100); }, "small: address: expected one below 100, got 100");
}

TEST(PlatformElaboration, AClockThatIsAsSlowAsTimeIsAnError) {
  const Parts parts;
  AcceleratorOptions options;
  options.clock_period = sc_core::sc_max_time();
  const std::string message = "clock_period: expected at most ";
  expect_error([&] { Accelerator("slow", parts.config, parts.program, options); }, message);
  expect_error([&] { Dram("slow", parts.config, 1024, options.clock_period); }, message);
  options.clock_period = sc_core::sc_time(1, sc_core::SC_MS);
  const Accelerator slow("slow", parts.config, parts.program, options);
  EXPECT_EQ(slow.clock_period(), options.clock_period);
}

TEST(PlatformElaboration, AMemoryThatThisMachineCannotHoldIsAnError) {
  const Parts parts;
  for (const std::uint64_t bytes : {std::uint64_t{1} << 62, ~std::uint64_t{0}}) {
    expect_error(
        [&] { Dram("huge", parts.config, bytes); },
        "huge: bytes: expected at most what this machine can hold, got " + std::to_string(bytes));
  }
  // Nothing of the failed ones is left.
  const Dram dram("huge", parts.config, 1024);
  EXPECT_STREQ(dram.name(), "huge");
}

/// Runs in a process of its own, and ends it with the message that came out of the kernel.
template <typename Build>
void simulate(Build build) {
  try {
    const auto modules = build();
    sc_core::sc_start();
    std::fputs("no error", stderr);
  } catch (const InputError& error) {
    std::fprintf(stderr, "InputError %s", error.what());
  } catch (const RunError& error) {
    std::fprintf(stderr, "RunError %s", error.what());
  } catch (const sc_core::sc_report& report) {
    std::fprintf(stderr, "sc_report %s", report.what());
  }
  std::_Exit(7);
}

struct Simple {
  Parts parts;
  Accelerator accelerator{"accelerator", parts.config, parts.program};
};

TEST(PlatformStart, AnAcceleratorWithoutMemoryIsSystemcsOwnError) {
  EXPECT_EXIT(simulate([] { return std::make_unique<Simple>(); }), testing::ExitedWithCode(7),
              "sc_report .*port not bound.*accelerator.memory");
}

TEST(PlatformStart, AMemoryThatIsTooSmallIsNamedWithItsAddress) {
  struct Small : Simple {
    Dram dram{"dram", parts.config, 1000};
    Small() { accelerator.memory.bind(dram.socket); }
  };
  EXPECT_EXIT(simulate([] { return std::make_unique<Small>(); }), testing::ExitedWithCode(7),
              "RunError accelerator.core.dma.dram: the memory takes 0 of [0-9]+ bytes from address "
              "0x0 on through transport_dbg; expected all of them");
}

TEST(PlatformStart, WhatTheMemoryThrowsAtTheStartIsARunError) {
  struct Locked : Simple {
    struct Memory : sc_core::sc_module {
      tlm_utils::simple_target_socket<Memory> socket{"socket"};
      explicit Memory(const sc_core::sc_module_name& name) : sc_module(name) {
        socket.register_b_transport(this, &Memory::b_transport);
        socket.register_transport_dbg(this, &Memory::transport_dbg);
      }
      void b_transport(tlm::tlm_generic_payload&, sc_core::sc_time&) {}
      unsigned transport_dbg(tlm::tlm_generic_payload&) { throw std::runtime_error("no key"); }
    };
    Memory locked{"locked"};
    Locked() { accelerator.memory.bind(locked.socket); }
  };
  EXPECT_EXIT(simulate([] { return std::make_unique<Locked>(); }), testing::ExitedWithCode(7),
              "RunError accelerator.core.dma.dram: transport_dbg, write of [0-9]+ bytes at address "
              "0x0: the memory throws: no key");
}

TEST(PlatformStart, JobsWithoutResultsAreAnError) {
  struct Half : Simple {
    Dram dram{"dram", parts.config, 1 << 20};
    sc_core::sc_fifo<Job> jobs{"jobs"};
    Half() {
      accelerator.memory.bind(dram.socket);
      accelerator.jobs.bind(jobs);
    }
  };
  EXPECT_EXIT(
      simulate([] { return std::make_unique<Half>(); }), testing::ExitedWithCode(7),
      "InputError accelerator: expected both or neither of its ports jobs and results to be "
      "bound, got jobs");
}

TEST(PlatformStart, AnErrorInAThreadOfThePlatformReachesItsHost) {
  struct Careless : Simple, sc_core::sc_module {
    Dram dram{"dram", parts.config, 1 << 20};
    explicit Careless(const sc_core::sc_module_name& name) : sc_module(name) {
      accelerator.memory.bind(dram.socket);
      SC_HAS_PROCESS(Careless);
      SC_THREAD(run);
    }
    void run() { accelerator.run({{1, 2, 3}, 1}); }
  };
  EXPECT_EXIT(simulate([] { return std::make_unique<Careless>("careless"); }),
              testing::ExitedWithCode(7), "sc_report .*accelerator: pixels: expected 1 batches");
}

TEST(PlatformStart, RunNeedsAThread) {
  struct Outside : Simple {
    Dram dram{"dram", parts.config, 1 << 20};
    Outside() {
      accelerator.memory.bind(dram.socket);
      accelerator.run({std::vector<std::uint8_t>(784), 1});
    }
  };
  EXPECT_EXIT(simulate([] { return std::make_unique<Outside>(); }), testing::ExitedWithCode(7),
              "InputError accelerator: run: expected to be called by an SC_THREAD");
}

TEST(PlatformStart, JobsMayBeGivenBeforeTheSimulation) {
  struct Early : Simple {
    Dram dram{"dram", parts.config, 1 << 20};
    Early() {
      accelerator.memory.bind(dram.socket);
      accelerator.set_voltage(Chip("random:1"), Technology(), 0.84);
      accelerator.start({std::vector<std::uint8_t>(784), 1});
    }
    ~Early() { std::fprintf(stderr, "%zu logits; ", accelerator.result().logits.size()); }
  };
  EXPECT_EXIT(simulate([] {
                auto early = std::make_unique<Early>();
                sc_core::sc_start();
                return early;
              }),
              testing::ExitedWithCode(7), "no error10 logits");
}

TEST(PlatformStart, TheSimulatorOfEvaluationsNeedsTheKernelForItself) {
  EXPECT_EXIT(simulate([] {
                struct Bound : Simple {
                  Dram dram{"dram", parts.config, 1 << 20};
                  Bound() { accelerator.memory.bind(dram.socket); }
                };
                auto bound = std::make_unique<Bound>();
                sc_core::sc_start();
                ExperimentConfig config;
                const end_to_end::Workplace workplace;
                config.data = (workplace.folder() / "data").string();
                config.images = 1;
                config.accelerator = "edge-16x16";
                config.simulator = make_systemc_simulator();
                run(bound->parts.network, config);
                return bound;
              }),
              testing::ExitedWithCode(7),
              "RunError the SystemC kernel of this process simulates something else already");
}

TEST(SystemcSimulator, EveryCallGivesTheProcesssOne) {
  EXPECT_EQ(make_systemc_simulator(), make_systemc_simulator());
  EXPECT_NE(make_systemc_simulator(), nullptr);
}

}  // namespace
}  // namespace brownout
