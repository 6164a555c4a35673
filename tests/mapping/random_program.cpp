// SPDX-License-Identifier: Apache-2.0
// Memories grow until the network fits.
#include "tests/mapping/random_program.hpp"

#include <string>

#include "sim/base/error.hpp"
#include "sim/base/random.hpp"
#include "tests/network/random_network.hpp"

namespace brownout::mapping {

namespace {

class Random {
 public:
  explicit Random(std::uint64_t seed) : philox_(seed, Purpose::kTest) {}
  int integer(int low, int high) {
    return low + static_cast<int>(philox_(counter_++, 77)[0] %
                                  static_cast<std::uint64_t>(high - low + 1));
  }

 private:
  Philox philox_;
  std::uint64_t counter_ = 0;
};

AcceleratorConfig random_accelerator(Random& random) {
  AcceleratorConfig config;
  config.array.rows = random.integer(1, 20);
  config.array.columns = random.integer(1, 12);
  config.array.dataflow =
      random.integer(0, 1) == 0 ? Dataflow::kWeightStationary : Dataflow::kOutputStationary;
  config.array.transpose_depth = random.integer(1, 20);
  config.weights.words_per_cycle = random.integer(1, 3);
  config.weights.arrays = config.weights.words_per_cycle * random.integer(1, 4);
  config.weights.residency =
      random.integer(0, 2) == 0 ? WeightResidency::kResident : WeightResidency::kStreamed;
  config.weights.array_rows = 1;
  config.activations.kib = 1;
  config.activations.banks = 1 << random.integer(0, 4);
  config.accumulators.depth = random.integer(1, 400);
  config.vector.lanes = random.integer(1, 20);
  return config;
}

}  // namespace

Case random_case(std::uint64_t seed) {
  Random random(seed);
  Case made;
  made.network = network::random_network(seed);
  AcceleratorConfig accelerator = random_accelerator(random);
  const int batch = random.integer(1, 5);
  const auto offset = static_cast<std::uint64_t>(random.integer(0, 200));
  for (;;) {
    try {
      made.program = compile(made.network, accelerator, batch, offset, "random");
      return made;
    } catch (const InputError& error) {
      const bool weights = std::string(error.what()).find("raise weights") != std::string::npos;
      int& size = weights ? accelerator.weights.array_rows : accelerator.activations.kib;
      size += 1 + size / 8;
    }
  }
}

}  // namespace brownout::mapping
