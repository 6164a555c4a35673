// SPDX-License-Identifier: Apache-2.0
// A platform with two accelerators and a traffic generator on one DRAM:
// systemc-platform ACCELERATOR [NETWORK [PIXELS [LOGITS]]]. ACCELERATOR is a file like
// accelerator.yaml, NETWORK the name or file of a network, PIXELS a file of images (u8, height x
// width x channels, one after the other), LOGITS a file to write those of accelerator a to (fp32).
// docs/systemc.md explains it line by line.
#include <cmath>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "brownout/systemc.hpp"
#include "memory.hpp"
#include "traffic.hpp"

namespace {

// As `dram` of accelerator.yaml says.
constexpr unsigned kBeatBytes = 4;  // on the DRAM's bus in a cycle
constexpr unsigned kLatencyCycles = 60;
constexpr std::uint64_t kMegabyte = 1 << 20;

struct Platform : sc_core::sc_module {
  Platform(const sc_core::sc_module_name& name, const brownout::Network& network_,
           const brownout::AcceleratorConfig& config, brownout::Job job_)
      : sc_module(name),
        program(network_, config),
        // The accelerators have regions of their own in the memory.
        a("a", config, program, at(0)),
        b("b", config, program, at(8 * kMegabyte)),
        period(a.clock_period()),
        memory("memory", 16 * kMegabyte, kLatencyCycles * period, period, kBeatBytes),
        traffic("traffic", 256),
        job(std::move(job_)) {
    a.memory.bind(memory.socket);
    b.memory.bind(memory.socket);
    traffic.socket.bind(memory.socket);
    SC_HAS_PROCESS(Platform);
    SC_THREAD(measure);
  }

  static brownout::AcceleratorOptions at(std::uint64_t address) {
    brownout::AcceleratorOptions options;
    options.memory_address = address;
    return options;
  }

  // The platform's software, so to speak.
  void measure() {
    try {
      alone = a.run(job);
      row("a alone", alone);

      // A burst of 256 bytes takes 64 cycles of the bus: one in 256 cycles is a quarter of its
      // time.
      for (const int cycles : {256, 128, 80}) {
        traffic.set_period(cycles * period);
        const std::uint64_t before = traffic.bytes();
        const sc_core::sc_time begin = sc_core::sc_time_stamp();
        const brownout::JobResult busy = a.run(job);
        const double part = static_cast<double>(traffic.bytes() - before) / kBeatBytes /
                            ((sc_core::sc_time_stamp() - begin) / period);
        traffic.set_period(sc_core::SC_ZERO_TIME);
        char text[80];
        std::snprintf(text, sizeof text, "a, traffic on %.0f %% of the bus", 100 * part);
        row(text, busy);
      }

      // Both at the same time: b is started, and a runs beside it.
      b.start(job);
      const brownout::JobResult beside = a.run(job);
      if (b.busy()) wait(b.finished());
      row("a beside b", beside);
      row("b beside a", b.result());

      // Between jobs the voltage may change.
      const brownout::ReadCounts wrong =
          a.set_voltage(brownout::Chip("random:7"), brownout::Technology(), 0.82);
      row("a alone at 0.82 Vmin", a.run(job));
      std::printf("of %lld weights %lld then read wrong\n", static_cast<long long>(wrong.reads),
                  static_cast<long long>(wrong.codes_wrong));
    } catch (const brownout::Error&) {
      failure = std::current_exception();  // SystemC would lose its type
    }
    sc_core::sc_stop();
  }

  void row(const std::string& what, const brownout::JobResult& result) const {
    if (what == "a alone") {
      std::printf("%-28s %12s %9s %16s %15s\n", "", "cycles", "slower", "wait for weights",
                  "same logits");
    }
    std::printf(
        "%-28s %12lld %7.1f %% %16lld %15s\n", what.c_str(), static_cast<long long>(result.cycles),
        100.0 * (static_cast<double>(result.cycles) / static_cast<double>(alone.cycles) - 1),
        static_cast<long long>(result.weight_wait_cycles),
        result.logits == alone.logits ? "yes" : "no");
  }

  brownout::Program program;
  brownout::Accelerator a, b;
  sc_core::sc_time period;
  Memory memory;
  Traffic traffic;
  brownout::Job job;
  brownout::JobResult alone;
  std::exception_ptr failure;
};

// As many images as the file has; without a file one that is not black.
brownout::Job job_of(const brownout::Network& network, const std::string& file) {
  const auto [height, width, channels] = network.input_shape();
  const std::size_t image = static_cast<std::size_t>(height) * width * channels;
  brownout::Job job;
  if (file.empty()) {
    for (std::size_t i = 0; i < image; ++i) job.pixels.push_back(static_cast<std::uint8_t>(i * 37));
    return job;
  }
  std::ifstream in(file, std::ios::binary);
  job.pixels.assign(std::istreambuf_iterator<char>(in), {});
  job.batches = static_cast<std::int64_t>(job.pixels.size() / image);
  if (!in || job.batches < 1) throw brownout::InputError(file + ": expected images of the network");
  return job;
}

}  // namespace

// libsystemc's main calls it.
int sc_main(int argc, char** argv) {
  const auto argument = [&](int i, const char* usual) {
    return std::string(argc > i ? argv[i] : usual);
  };
  try {
    const brownout::AcceleratorConfig config(argument(1, "accelerator.yaml"));
    const auto network = brownout::Network::load(argument(2, "fmnist-simplenet16-randbet-8b"));
    Platform platform("platform", network, config, job_of(network, argument(3, "")));
    sc_core::sc_start();
    if (platform.failure) std::rethrow_exception(platform.failure);
    if (argc > 4) {
      const std::vector<float>& logits = platform.alone.logits;
      std::ofstream out(argv[4], std::ios::binary);
      out.write(reinterpret_cast<const char*>(logits.data()),
                static_cast<std::streamsize>(logits.size() * sizeof(float)));
    }
  } catch (const brownout::Error& error) {
    std::fprintf(stderr, "systemc-platform: %s\n", error.what());
    return error.exit_code();
  }
  return 0;
}
