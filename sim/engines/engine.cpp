// SPDX-License-Identifier: Apache-2.0
// Engines by name.
#include "sim/engines/engine.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>

#include "sim/base/error.hpp"
#include "sim/base/text.hpp"
#include "sim/datapath/convolution/convolution.hpp"
#include "sim/engines/float_engine.hpp"
#include "sim/engines/functional_engine.hpp"
#include "sim/engines/reference_engine.hpp"

namespace brownout::engines {

namespace {

/// BROWNOUT_CONVOLUTION names the convolution kernel, so that a machine can test all kernels that
/// it can run; "reference" also switches the vector kernels to plain C++.
FunctionalOptions options_of_environment() {
  FunctionalOptions options;
  const char* kind = std::getenv("BROWNOUT_CONVOLUTION");
  if (kind != nullptr && *kind != '\0') options.convolution = kind;
  options.portable_vectors = options.convolution == "reference";
  return options;
}

}  // namespace

void check_environment() {
  const std::string kind = options_of_environment().convolution;
  if (kind == "auto" || datapath::convolution_available(kind)) return;
  const auto& kinds = datapath::convolution_kinds();
  const bool known = std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
  throw InputError("BROWNOUT_CONVOLUTION: expected auto, {}{}, got {}", fmt::join(kinds, ", "),
                   known ? " as far as this processor has them" : "", in_quotes(kind));
}

void Engine::set_memory_faults(const mapping::MemoryFaults& faults) {
  if (!faults.any()) return;
  throw InputError(
      "engine \"{}\" has no input, activation and accumulator memories that could fail; expected "
      "functional, reference, systemc or rtl",
      name());
}

const std::vector<std::string>& engine_names() {
  static const std::vector<std::string> names{"functional", "float", "reference"};
  return names;
}

std::unique_ptr<Engine> make_engine(const std::string& name, const network::SharedNetwork& network,
                                    int threads) {
  if (name == "functional") {
    return make_functional_engine(network, threads, options_of_environment());
  }
  if (name == "float") return make_float_engine(network, threads);
  if (name == "reference") return std::make_unique<ReferenceEngine>(network);
  throw InputError("engine \"{}\" is unknown, expected one of {}", name,
                   fmt::join(engine_names(), ", "));
}

}  // namespace brownout::engines
