// SPDX-License-Identifier: Apache-2.0
// Reads the names and numbers in the RTL's sources and compares them with those of the simulator.
#include "sim/cosim/rtl_numbers.hpp"

#include <gtest/gtest.h>

#include <map>
#include <regex>
#include <string>

#include "sim/base/files.hpp"

namespace brownout::cosim {
namespace {

using memory::CheckCode;
using memory::OnError;
using network::Scheme;
using Numbers = std::map<std::string, int>;

/// Every match of `pattern` in a source of the RTL: its two groups are a name and a number, in the
/// order that `name` says.
Numbers numbers_in(const std::string& source, const std::string& pattern, std::size_t name) {
  const std::string text = read_file(std::string(BROWNOUT_SOURCE_DIR "/rtl/") + source);
  const std::regex wanted(pattern);
  Numbers found;
  for (std::sregex_iterator at(text.begin(), text.end(), wanted), end; at != end; ++at) {
    found[(*at)[name].str()] = std::stoi((*at)[3 - name].str());
  }
  return found;
}

TEST(RtlNumbers, OfCheckCodesAndModesAreThoseOfThePackage) {
  const Numbers found =
      numbers_in("word_code.sv", R"(localparam logic \[1:0\] (k\w+) = 2'd(\d);)", 1);
  EXPECT_EQ(found, (Numbers{{"kNone", rtl_number(CheckCode::kNone)},
                            {"kSecded", rtl_number(CheckCode::kSecded)},
                            {"kParity", rtl_number(CheckCode::kParity)},
                            {"kInterleavedParity", rtl_number(CheckCode::kInterleavedParity)},
                            {"kPass", rtl_number(OnError::kPass)},
                            {"kZero", rtl_number(OnError::kZero)},
                            {"kMask", rtl_number(OnError::kMask)}}));
}

TEST(RtlNumbers, RowsOfAnArrayAreThoseOfTheWeightMemory) {
  for (const char* source : {"weight_memory.sv", "weight_path.sv", "brownout_core.sv"}) {
    const Numbers found = numbers_in(source, R"(parameter int (ARRAY_ROWS) = (\d+),)", 1);
    EXPECT_EQ(found, (Numbers{{"ARRAY_ROWS", kArrayRows}})) << source;
  }
}

TEST(RtlNumbers, OfSchemesAreThoseOfTheDecoder) {
  // The decoder's header lists them as "scheme 0, rquant: ...  1, uniform: ...".
  const Numbers found = numbers_in("weight_decoder.sv", R"((\d), (\w+)(?:: n = | and | \(m))", 2);
  EXPECT_EQ(found, (Numbers{{"rquant", rtl_number(Scheme::kRquant)},
                            {"uniform", rtl_number(Scheme::kUniform)},
                            {"symmetric", rtl_number(Scheme::kSymmetric)},
                            {"binary", rtl_number(Scheme::kBinary)}}));
  EXPECT_EQ(rtl_number(Scheme::kAsymmetricSigned), rtl_number(Scheme::kSymmetric));
}

}  // namespace
}  // namespace brownout::cosim
