// SPDX-License-Identifier: Apache-2.0
// The text that names mitigations: what it means, its canonical form, and which texts are refused.
#include "sim/mitigation/mitigations.hpp"

#include <gtest/gtest.h>

#include <random>

#include "sim/base/error.hpp"

namespace brownout::mitigation {
namespace {

Mitigations parse(const std::string& text) { return parse_mitigations(text, "--mitigation"); }
std::string canonical(const std::string& text) { return to_string(parse(text)); }

std::string error_of(const std::string& text) {
  try {
    parse(text);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(MitigationText, NoneIsNothing) {
  EXPECT_FALSE(parse("none").any());
  EXPECT_EQ(to_string(Mitigations{}), "none");
}

TEST(MitigationText, NamesEveryPart) {
  const Mitigations all = parse("placement=a b,c.json+spares=8x7+boost=0.04+msb=2+parity");
  EXPECT_EQ(all.check, memory::CheckCode::kParity);
  EXPECT_EQ(all.on_error, memory::OnError::kZero);
  EXPECT_EQ(all.safe_msbs, 2);
  EXPECT_EQ(all.boost_vmin, 0.04);
  EXPECT_EQ(all.spare_rows, 8);
  EXPECT_EQ(all.spare_columns, 7);
  EXPECT_EQ(all.sensitivity, "a b,c.json");
  EXPECT_EQ(to_string(all), "parity+msb=2+boost=0.04+spares=8x7+placement=a b,c.json");
}

TEST(MitigationText, CodesHaveDefaults) {
  EXPECT_EQ(parse("secded").on_error, memory::OnError::kPass);
  EXPECT_EQ(parse("secded,on-error=zero").on_error, memory::OnError::kZero);
  EXPECT_EQ(parse("interleaved-parity").on_error, memory::OnError::kMask);
  EXPECT_EQ(parse("interleaved-parity,on-error=zero").on_error, memory::OnError::kZero);
  EXPECT_EQ(canonical("secded,on-error=pass"), "secded");
  EXPECT_EQ(canonical("parity,on-error=zero"), "parity");
  EXPECT_EQ(canonical("interleaved-parity,on-error=mask"), "interleaved-parity");
  EXPECT_EQ(canonical("secded,on-error=zero+msb=1"), "secded,on-error=zero+msb=1");
  EXPECT_EQ(canonical("boost=0.0400"), "boost=0.04");
}

TEST(MitigationText, RefusesEverythingElse) {
  for (const char* text : {"",
                           "None",
                           "none+msb=1",
                           "msb=1+none",
                           "secded+parity",
                           "secded+secded",
                           "secded,",
                           "secded,on-error=mask",
                           "parity,on-error=pass",
                           "parity,on-error=",
                           "secded=1",
                           "msb",
                           "msb=",
                           "msb=0",
                           "msb=9",
                           "msb=1+msb=2",
                           "msb=1.5",
                           "msb= 1",
                           "boost=0",
                           "boost=-0.1",
                           "boost=nan",
                           "boost=inf",
                           "boost=1.5",
                           "boost=0.1+boost=0.1",
                           "spares=0x0",
                           "spares=8",
                           "spares=8x9",
                           "spares=-1x2",
                           "spares=8x2x",
                           "spares=5000x0",
                           "placement=",
                           "placement=.json",
                           "placement=a.yaml",
                           "placement=a.json+placement=b.json",
                           "+",
                           "msb=1+",
                           "+msb=1",
                           "secded+spares=1x1",
                           "interleaved-parity+spares=0x1",
                           "parity+spares=0x8",
                           "masking"}) {
    EXPECT_NE(error_of(text), "") << text;
  }
}

TEST(MitigationText, MessagesNameThePart) {
  EXPECT_EQ(error_of("secded+msb=0"),
            "--mitigation: \"secded+msb=0\", part \"msb=0\": expected msb=K, K an integer in [1, "
            "8]");
  EXPECT_EQ(error_of("secded,on-error=mask"),
            "--mitigation: \"secded,on-error=mask\": expected secded[,on-error=pass|zero]");
  EXPECT_EQ(error_of("parity+spares=1x8"),
            "--mitigation: \"parity+spares=1x8\": expected at most 7 spare columns beside the 1 "
            "check bits of parity, got 8");
}

// Texts near the grammar either fail with one line or come back unchanged when written again.
TEST(MitigationText, RandomTextsFailOrRoundTrip) {
  const std::vector<std::string> pieces{"none", "secded", "parity",    "interleaved-parity",
                                        "msb=", "boost=", "spares=",   "placement=",
                                        "+",    ",",      "on-error=", "pass",
                                        "zero", "mask",   "1",         "8",
                                        "0.04", "x",      "2",         "a.json",
                                        "-",    "=",      "\n",        "\xff"};
  std::mt19937 random(7);
  int accepted = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string text;
    for (std::size_t n = random() % 8 + 1; n > 0; --n) text += pieces[random() % pieces.size()];
    try {
      const Mitigations once = parse(text);
      ++accepted;
      const std::string form = to_string(once);
      EXPECT_EQ(canonical(form), form) << text;
      EXPECT_EQ(once.any(), form != "none") << text;
    } catch (const InputError& error) {
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << text;
    }
  }
  EXPECT_GT(accepted, 200);
}

TEST(MitigationText, TheBoostStopsAtVmin) {
  const Mitigations boosted = parse("boost=0.04");
  EXPECT_DOUBLE_EQ(access_voltage(boosted, 0.8), 0.84);
  EXPECT_EQ(access_voltage(boosted, 0.98), 1.0);
  EXPECT_EQ(access_voltage(boosted, 1.0), 1.0);
  EXPECT_EQ(access_voltage(boosted, 1.1), 1.1);
  EXPECT_EQ(access_voltage(parse("secded"), 0.8), 0.8);
}

}  // namespace
}  // namespace brownout::mitigation
