// SPDX-License-Identifier: Apache-2.0
// Networks for placement tests: parameters with random clean codes, no operators.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "sim/base/random.hpp"
#include "sim/network/network.hpp"

namespace brownout::mapping {

inline network::Parameter coded_parameter(network::Scheme scheme, int bits, std::int64_t size,
                                          std::uint64_t seed) {
  const Philox philox(seed, Purpose::kTest);
  network::Parameter parameter;
  parameter.name = "p" + std::to_string(seed);
  parameter.shape = {size};
  network::Coding coding;
  coding.scheme = scheme;
  coding.bits = bits;
  parameter.coding = coding;
  const int low = network::n_low(coding), high = network::n_high(coding);
  for (std::int64_t i = 0; i < size; ++i) {
    const std::uint64_t number = philox(static_cast<std::uint64_t>(i))[0];
    int n = low + static_cast<int>(number % static_cast<std::uint64_t>(high - low + 1));
    if (scheme == network::Scheme::kBinary) n = number % 2 == 0 ? -1 : 1;
    parameter.n.push_back(static_cast<std::int8_t>(n));
  }
  return parameter;
}

inline network::Parameter uncoded_parameter(std::int64_t size) {
  network::Parameter parameter;
  parameter.name = "uncoded";
  parameter.shape = {size};
  parameter.values.assign(static_cast<std::size_t>(size), 0.5f);
  return parameter;
}

/// Every scheme that allows `bits`, each a tensor of an odd size, with an uncoded one in between.
inline network::Network network_of_all_schemes(int bits, std::uint64_t seed) {
  using network::Scheme;
  network::Network result;
  std::vector<Scheme> schemes = {Scheme::kUniform};
  if (bits == 1) schemes.push_back(Scheme::kBinary);
  if (bits >= 2) {
    schemes.push_back(Scheme::kRquant);
    schemes.push_back(Scheme::kSymmetric);
    schemes.push_back(Scheme::kAsymmetricSigned);
  }
  std::int64_t size = 37;
  for (const Scheme scheme : schemes) {
    result.parameters.push_back(
        coded_parameter(scheme, bits, size, seed + 1000u * static_cast<std::uint64_t>(size)));
    result.parameters.push_back(uncoded_parameter(5));
    size += 94;
  }
  return result;
}

}  // namespace brownout::mapping
