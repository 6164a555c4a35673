// SPDX-License-Identifier: Apache-2.0
// The shipped networks on the shipped accelerators: the model and the functional engine give the
// same logits, and the model computes from the words it reads.
#include <gtest/gtest.h>

#include <filesystem>

#include "sim/chips/random_chip.hpp"
#include "sim/engines/evaluate.hpp"
#include "sim/engines/systemc_engine.hpp"
#include "sim/network/onnx_file.hpp"
#include "sim/weights/faulty_reader.hpp"
#include "tests/accelerator/process_host.hpp"
#include "tests/network/random_network.hpp"

namespace brownout::accelerator {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> files(const char* folder, const char* extension) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(fs::path(BROWNOUT_SOURCE_DIR) / folder)) {
    if (entry.path().extension() == extension) found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::vector<float> run(engines::Engine& engine, const network::Network& network,
                       const std::vector<std::uint8_t>& pixels) {
  const auto images =
      static_cast<int>(static_cast<std::int64_t>(pixels.size()) / network.input.size());
  std::vector<float> logits(static_cast<std::size_t>(images * network.classes));
  engine.run(pixels.data(), 0, images, logits.data(), 0);
  return logits;
}

TEST(ShippedNetworks, GiveTheSameLogitsOnEveryAcceleratorFile) {
  constexpr int kImages = 3;
  const auto accelerators = files("configs/accelerators", ".yaml");
  ASSERT_FALSE(accelerators.empty());
  std::uint64_t seed = 0;
  for (const fs::path& model : files("models", ".onnx")) {
    const network::Network network = network::read_onnx(model);
    const auto pixels = network::random_pixels(network, kImages, 1);
    const auto functional = engines::make_engine("functional", network::share(network), 1);
    for (const fs::path& file : accelerators) {
      SCOPED_TRACE(model.filename().string() + " on " + file.filename().string());
      mapping::AcceleratorConfig config = mapping::load_accelerator(file);
      if (network.coded_bits() > 64 * config.weights.words()) {
        config.weights.residency = mapping::WeightResidency::kStreamed;
      }
      // The smaller activation memories hold one image.
      const int batch = config.activations.kib >= 256 ? 1 + static_cast<int>(seed % 2) : 1;
      engines::SystemcEngine systemc(accelerator::process_host(), network::share(network), config,
                                     batch, seed * 29, "test");
      weights::FaultyReader reader(network::share(network), systemc.program().placement);
      const chips::RandomChip chip(++seed);
      const auto faults =
          chip.faults(memory::MemoryId::kWeights, reader.placement().words, {0.8333, 0.01115});
      const network::Codes& codes = reader.read(faults, {chip.die(), seed});
      functional->set_codes(codes);
      systemc.set_chip(codes, {faults, {}}, {chip.die(), seed});
      EXPECT_EQ(run(*functional, network, pixels), run(systemc, network, pixels));
      EXPECT_EQ(systemc.result().images, kImages);
    }
  }
}

TEST(ShippedNetworks, AChangedCellChangesTheLogitsInMidRun) {
  const fs::path root(BROWNOUT_SOURCE_DIR);
  const network::Network network =
      network::read_onnx(root / "models" / "fmnist-simplenet16-rquant-8b.onnx");
  const network::Shapes shapes = network::check(network, "test");
  const auto config = mapping::load_accelerator(root / "configs/accelerators/edge-16x16.yaml");
  const mapping::Program program = mapping::compile(network, config, 1);
  const auto pixels = network::random_pixels(network, 1, 3);
  std::vector<float> before(static_cast<std::size_t>(network.classes));
  std::vector<float> changed = before;
  std::vector<float> after = before;

  KernelHost& model = *process_host();
  model.configure(std::make_shared<const mapping::Program>(program), network::share(network),
                  shapes);
  model.run(pixels.data(), 1, before.data());
  // The most significant bit of the first code of the last layer's weights.
  const mapping::LayerProgram& last = program.layers.back();
  const std::int64_t cell = mapping::place_of(last, *last.node.weight, 0).origin + 7;
  const std::uint64_t word = model.weight_cells().stored(cell / 64);
  const std::uint64_t flipped = word ^ std::uint64_t{1} << (cell % 64);
  model.weight_cells().write(cell / 64, 1, &flipped);
  model.run(pixels.data(), 1, changed.data());
  model.weight_cells().write(cell / 64, 1, &word);
  model.run(pixels.data(), 1, after.data());
  EXPECT_NE(before[0], changed[0]);
  for (std::size_t c = 1; c < before.size(); ++c) EXPECT_EQ(before[c], changed[c]) << c;
  EXPECT_EQ(before, after);
}

TEST(ShippedNetworks, NothingStallsOnTheEdgeAcceleratorAndCyclesAreTheClosedForm) {
  const fs::path root(BROWNOUT_SOURCE_DIR);
  const network::SharedNetwork network =
      network::share(network::read_onnx(root / "models" / "fmnist-simplenet16-normal-8b.onnx"));
  engines::SystemcEngine engine(
      accelerator::process_host(), network,
      mapping::load_accelerator(root / "configs/accelerators/edge-16x16.yaml"), 1, 0, "test");
  constexpr std::int64_t kImages = 10;
  const engines::ImagesResult result = engine.time(kImages);
  for (std::size_t i = 0; i < result.layers.size(); ++i) {
    EXPECT_EQ(result.layers[i].cycles, result.layers[i].closed_form_cycles)
        << engine.program().layers[i].name;
  }
  EXPECT_EQ(result.cycles, result.total().closed_form_cycles + result.input_wait_cycles);
  EventCounts expected;
  for (std::int64_t i = 0; i < kImages; ++i) expected += engine.program().counts;
  EXPECT_EQ(result.total().counts, expected);
}

}  // namespace
}  // namespace brownout::accelerator
