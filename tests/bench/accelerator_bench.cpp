// SPDX-License-Identifier: Apache-2.0
// Simulated cycles per second of the SystemC model, one thread, batch 1, per accelerator file:
// accelerator_bench [MODEL.onnx] [IMAGES]. "results" computes all numbers, "timing" none.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include "sim/base/error.hpp"
#include "sim/base/run_program.hpp"
#include "sim/engines/systemc_engine.hpp"
#include "sim/network/onnx_file.hpp"
#include "tests/accelerator/process_host.hpp"

/// libsystemc needs one; this program drives the kernel without it.
extern "C" int sc_main(int, char**) { return 0; }

namespace {

using namespace brownout;
namespace fs = std::filesystem;

constexpr int kRounds = 3;

int run(int argc, char** argv) {
  const fs::path root(BROWNOUT_SOURCE_DIR);
  const fs::path model =
      argc > 1 ? fs::path(argv[1]) : root / "models" / "fmnist-simplenet16-randbet-8b.onnx";
  const int images = argc > 2 ? std::atoi(argv[2]) : 500;
  if (images < 1) throw InputError("usage: accelerator_bench [MODEL.onnx] [IMAGES]");
  const network::Network network = network::read_onnx(model);
  const std::vector<std::uint8_t> pixels(static_cast<std::size_t>(images * network.input.size()),
                                         77);
  std::vector<float> logits(static_cast<std::size_t>(images * network.classes));

  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(root / "configs" / "accelerators")) {
    files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  fmt::print("{:<16} {:>12} {:>22} {:>22} {:>10}\n", "accelerator", "cycles/image",
             "results, Mcycles/s", "timing, Mcycles/s", "images/s");
  for (const fs::path& file : files) {
    const mapping::AcceleratorConfig config = mapping::load_accelerator(file);
    engines::SystemcEngine engine(accelerator::process_host(), network::share(network), config, 1,
                                  0, model.string());
    double results = 0.0;
    double timing = 0.0;
    double speed = 0.0;
    std::int64_t cycles = 0;
    for (int round = 0; round < kRounds; ++round) {
      engine.run(pixels.data(), 0, images, logits.data(), 0);
      cycles = engine.result().cycles;
      results = std::max(results, static_cast<double>(cycles) / engine.result().seconds);
      speed = std::max(speed, images / engine.result().seconds);
      const engines::ImagesResult timed = engine.time(images);
      timing = std::max(timing, static_cast<double>(timed.cycles) / timed.seconds);
    }
    fmt::print("{:<16} {:>12} {:>22.1f} {:>22.1f} {:>10.0f}\n", config.name, cycles / images,
               results / 1e6, timing / 1e6, speed);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return brownout::run_program("accelerator_bench", [&] { return run(argc, argv); });
}
