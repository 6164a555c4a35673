// SPDX-License-Identifier: Apache-2.0
// Networks of every architecture in models/, as the trainers' tests export them: the reference, the
// functional engine and the model of the accelerator give the same logits, also with bit errors.
#include <gtest/gtest.h>

#include <filesystem>

#include "sim/chips/random_chip.hpp"
#include "sim/engines/engine.hpp"
#include "sim/engines/systemc_engine.hpp"
#include "sim/network/onnx_file.hpp"
#include "sim/weights/faulty_reader.hpp"
#include "tests/accelerator/process_host.hpp"
#include "tests/network/random_network.hpp"

namespace brownout::accelerator {
namespace {

namespace fs = std::filesystem;

std::vector<float> run(engines::Engine& engine, const network::Network& network,
                       const std::vector<std::uint8_t>& pixels) {
  std::vector<float> logits(static_cast<std::size_t>(network.classes));
  engine.run(pixels.data(), 0, 1, logits.data(), 0);
  return logits;
}

TEST(Architectures, GiveTheSameLogitsInEveryEngine) {
  const auto config = mapping::load_accelerator(fs::path(BROWNOUT_SOURCE_DIR) / "configs" /
                                                "accelerators" / "tpu-256x256.yaml");
  int networks = 0;
  for (const auto& entry : fs::directory_iterator(BROWNOUT_EXPORTED)) {
    SCOPED_TRACE(entry.path().filename().string());
    const network::Network network = network::read_onnx(entry.path());
    const auto pixels = network::random_pixels(network, 1, 7);
    engines::SystemcEngine systemc(accelerator::process_host(), network::share(network), config, 1,
                                   0, "test");
    weights::FaultyReader reader(network::share(network), systemc.program().placement);
    const chips::RandomChip chip(3);
    const auto faults =
        chip.faults(memory::MemoryId::kWeights, reader.placement().words, {0.9167, 6.9e-5});
    const network::Codes& codes = reader.read(faults, {chip.die(), 1});
    const auto functional = engines::make_engine("functional", network::share(network), 1);
    functional->set_codes(codes);
    const std::vector<float> expected = run(*functional, network, pixels);
    systemc.set_chip(codes, {faults, {}}, {chip.die(), 1});
    EXPECT_EQ(run(systemc, network, pixels), expected);
    const auto reference = engines::make_engine("reference", network::share(network), 1);
    reference->set_codes(codes);
    EXPECT_EQ(run(*reference, network, pixels), expected);
    ++networks;
  }
  EXPECT_GE(networks, 18);
}

}  // namespace
}  // namespace brownout::accelerator
