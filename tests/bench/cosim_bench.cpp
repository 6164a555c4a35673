// SPDX-License-Identifier: Apache-2.0
// Cycles per second of the SystemC model, of the Verilated RTL in its place, and of both side by
// side with every check: one thread, batch 1, per array size. Usage: cosim_bench [MODEL.onnx]
// [IMAGES].
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include "sim/base/error.hpp"
#include "sim/base/run_program.hpp"
#include "sim/cosim/checked_array.hpp"
#include "sim/engines/systemc_engine.hpp"
#include "sim/network/onnx_file.hpp"
#include "tests/accelerator/process_host.hpp"

/// libsystemc needs one; this program drives the kernel without it.
extern "C" int sc_main(int, char**) { return 0; }

namespace {

using namespace brownout;
namespace fs = std::filesystem;

constexpr int kRounds = 3;
constexpr int kSystemcImages = 200;

/// Cycles per second of the core, checks included.
template <typename Array>
double core_speed(Array& array, engines::SystemcEngine& engine,
                  const std::vector<std::uint8_t>& pixels, int images, std::vector<float>& logits) {
  const auto cycles = [&] {
    std::int64_t total = 0;
    for (const cosim::LayerRecord& layer : array.records()) total += layer.rtl_cycles;
    return total;
  };
  const std::int64_t before = cycles();
  const double seconds = array.seconds();
  engine.run(pixels.data(), 0, images, logits.data(), 0);
  return static_cast<double>(cycles() - before) / (array.seconds() - seconds);
}

int run(int argc, char** argv) {
  const fs::path root(BROWNOUT_SOURCE_DIR);
  const fs::path model =
      argc > 1 ? fs::path(argv[1]) : root / "models" / "fmnist-simplenet16-randbet-8b.onnx";
  const int images = argc > 2 ? std::atoi(argv[2]) : 1;
  if (images < 1) throw InputError("usage: cosim_bench [MODEL.onnx] [IMAGES]");
  const network::Network network = network::read_onnx(model);
  const std::vector<std::uint8_t> pixels(
      static_cast<std::size_t>(std::max(images, kSystemcImages) * network.input.size()), 77);
  std::vector<float> logits(static_cast<std::size_t>(std::max(images, kSystemcImages)) *
                            static_cast<std::size_t>(network.classes));
  fmt::print("Verilated with {}\n", BROWNOUT_VERILATOR_FLAGS);
  fmt::print("{:<8} {:>12} {:>20} {:>16} {:>18} {:>15} {:>12}\n", "array", "cycles/image",
             "SystemC, Mcycles/s", "RTL, Mcycles/s", "cosim, Mcycles/s", "SystemC / RTL",
             "cosim / RTL");
  for (const cosim::CoreShape& shape : cosim::built_cores()) {
    mapping::AcceleratorConfig config =
        mapping::load_accelerator(root / "configs" / "accelerators" / "edge-16x16.yaml");
    config.array.rows = shape.rows;
    config.array.columns = shape.columns;
    const auto rtl_array = std::make_shared<cosim::RtlArray>(config);
    const auto checked_array = std::make_shared<cosim::CheckedArray>(config, cosim::CheckOptions{});
    engines::SystemcEngine systemc(accelerator::process_host(), network::share(network), config, 1,
                                   0, model.string());
    engines::SystemcEngine rtl(accelerator::process_host(), network::share(network), config, 1, 0,
                               model.string(), rtl_array);
    engines::SystemcEngine checked(accelerator::process_host(), network::share(network), config, 1,
                                   0, model.string(), checked_array);
    double systemc_speed = 0.0, rtl_speed = 0.0, checked_speed = 0.0;
    std::int64_t cycles = 0;
    for (int round = 0; round < kRounds; ++round) {
      systemc.run(pixels.data(), 0, kSystemcImages, logits.data(), 0);
      cycles = systemc.result().cycles;
      systemc_speed =
          std::max(systemc_speed, static_cast<double>(cycles) / systemc.result().seconds);
      rtl_speed = std::max(rtl_speed, core_speed(*rtl_array, rtl, pixels, images, logits));
      checked_speed =
          std::max(checked_speed, core_speed(*checked_array, checked, pixels, images, logits));
    }
    fmt::print("{:<8} {:>12} {:>20.1f} {:>16.3f} {:>18.3f} {:>15.0f} {:>11.0f}%\n",
               fmt::format("{}x{}", shape.rows, shape.columns), cycles / kSystemcImages,
               systemc_speed / 1e6, rtl_speed / 1e6, checked_speed / 1e6, systemc_speed / rtl_speed,
               100.0 * checked_speed / rtl_speed);
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return brownout::run_program("cosim_bench", [&] { return run(argc, argv); });
}
