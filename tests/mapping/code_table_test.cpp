// SPDX-License-Identifier: Apache-2.0
// The tables agree with the definition of every scheme.
#include "sim/mapping/code_table.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace brownout::mapping {
namespace {

using network::Scheme;

TEST(CodeTable, DecodesAndEncodesAsTheSchemesDo) {
  for (const Scheme scheme : {Scheme::kRquant, Scheme::kUniform, Scheme::kSymmetric,
                              Scheme::kAsymmetricSigned, Scheme::kBinary}) {
    for (int bits = 1; bits <= 8; ++bits) {
      if ((scheme == Scheme::kBinary) != (bits == 1) && scheme != Scheme::kUniform) continue;
      network::Coding coding;
      coding.scheme = scheme;
      coding.bits = bits;
      const CodeTable& table = code_table(scheme, bits);
      for (std::uint32_t v = 0; v < 1u << bits; ++v)
        EXPECT_EQ(table.n_of_code[v], network::n_of(scheme, bits, v));
      for (int n = network::n_low(coding); n <= network::n_high(coding); ++n) {
        if (scheme == Scheme::kBinary && n == 0) continue;
        EXPECT_EQ(table.code_of_n[static_cast<std::uint8_t>(n)], network::code_of(coding, n))
            << network::to_string(scheme) << " of " << bits << " bits, n = " << n;
      }
    }
  }
}

TEST(CodeTable, RefusesOtherWidths) {
  EXPECT_THROW(code_table(Scheme::kRquant, 0), std::logic_error);
  EXPECT_THROW(code_table(Scheme::kRquant, 9), std::logic_error);
}

}  // namespace
}  // namespace brownout::mapping
