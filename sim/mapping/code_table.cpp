// SPDX-License-Identifier: Apache-2.0
// Fills the tables from the definition in sim/network/quantization.hpp.
#include "sim/mapping/code_table.hpp"

#include <vector>

#include "sim/base/error.hpp"

namespace brownout::mapping {
namespace {

constexpr int kWidths = 8;

CodeTable make_table(network::Scheme scheme, int bits) {
  CodeTable table{};
  // Downwards, so that of two codes with the same n the higher one remains: rquant stores no v = 0.
  for (int v = (1 << bits) - 1; v >= 0; --v) {
    const int n = network::n_of(scheme, bits, static_cast<std::uint32_t>(v));
    const auto code = static_cast<std::uint8_t>(v);
    table.n_of_code[code] = static_cast<std::int8_t>(n);
    std::uint8_t& stored = table.code_of_n[static_cast<std::uint8_t>(n)];
    if (stored == 0) stored = code;
  }
  return table;
}

std::vector<CodeTable> make_tables() {
  std::vector<CodeTable> tables;
  for (const network::Scheme scheme :
       {network::Scheme::kRquant, network::Scheme::kUniform, network::Scheme::kSymmetric,
        network::Scheme::kAsymmetricSigned, network::Scheme::kBinary})
    for (int bits = 1; bits <= kWidths; ++bits) tables.push_back(make_table(scheme, bits));
  return tables;
}

network::Coding mean_coding(const network::Parameter& parameter) {
  network::Coding coding = *parameter.coding;
  if (parameter.channels.empty()) return coding;
  double alpha = 0.0;
  double beta = 0.0;
  for (const network::Decoding& decoding : parameter.channels) {
    alpha += static_cast<double>(decoding.alpha);
    beta += static_cast<double>(decoding.beta);
  }
  const auto count = static_cast<double>(parameter.channels.size());
  coding.alpha = static_cast<float>(alpha / count);
  coding.beta = static_cast<float>(beta / count);
  return coding;
}

}  // namespace

const CodeTable& code_table(network::Scheme scheme, int bits) {
  BROWNOUT_CHECK(bits >= 1 && bits <= kWidths, "bits {}", bits);
  static const std::vector<CodeTable> tables = make_tables();
  return tables.at(static_cast<std::size_t>(scheme) * kWidths + static_cast<std::size_t>(bits - 1));
}

memory::CodeRepair code_repair(const network::Parameter& parameter, memory::OnError on_error) {
  const network::Coding coding = mean_coding(parameter);
  memory::CodeRepair repair;
  repair.on_error = on_error;
  repair.bits = coding.bits;
  repair.twos_complement = coding.scheme == network::Scheme::kSymmetric ||
                           coding.scheme == network::Scheme::kAsymmetricSigned;
  const int zero = network::encode(coding, 0.0f, network::Rounding::kNearest);
  repair.zero_code = static_cast<std::uint8_t>(network::code_of(coding, zero));
  return repair;
}

}  // namespace brownout::mapping
