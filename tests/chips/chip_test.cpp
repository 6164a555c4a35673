// SPDX-License-Identifier: Apache-2.0
// Names of chips on the command line.
#include "sim/chips/chip.hpp"

#include <gtest/gtest.h>

#include <string>

#include "sim/base/error.hpp"
#include "sim/chips/random_chip.hpp"

namespace brownout::chips {
namespace {

TEST(MakeChip, KnowsRandomChips) {
  EXPECT_EQ(make_chip("random:7")->name(), "random:7");
  EXPECT_EQ(make_chip("random:0")->name(), "random:0");
  EXPECT_EQ(make_chip("random:18446744073709551615")->name(), "random:18446744073709551615");
  EXPECT_EQ(make_chip("random:3,p_err=0.5")->name(), "random:3,p_err=0.5");
  EXPECT_EQ(make_chip("random:3,p_err=1")->name(), "random:3");
  EXPECT_EQ(make_chip("random:3,p01=0.5,p10=0.25")->name(), "random:3,p01=0.5,p10=0.25");
  EXPECT_EQ(make_chip("random:3,p10=0,p01=0.5")->name(), "random:3,p01=0.5,p10=0");
  EXPECT_EQ(make_chip("random:3,p10=0.25")->name(), "random:3,p01=1,p10=0.25");
  EXPECT_EQ(make_chip("random:3,p01=0.5,p10=0.5")->name(), "random:3,p_err=0.5");
  EXPECT_EQ(make_chip("random:3,p01=1,p10=-0")->name(), "random:3,p01=1,p10=0");
}

TEST(MakeChip, GivesTheChipOfThatName) {
  const OperatingPoint at{0.9, 0.01};
  EXPECT_EQ(make_chip("random:7")->faults(memory::MemoryId::kWeights, 500, at),
            RandomChip(7).faults(memory::MemoryId::kWeights, 500, at));
  EXPECT_EQ(make_chip("random:7,p_err=0.25")->faults(memory::MemoryId::kWeights, 500, at),
            RandomChip(7, 0.25).faults(memory::MemoryId::kWeights, 500, at));
  EXPECT_EQ(make_chip("random:7,p01=0.25,p10=0")->faults(memory::MemoryId::kWeights, 500, at),
            RandomChip(7, ReadErrors{0.25, 0.0}).faults(memory::MemoryId::kWeights, 500, at));
}

TEST(MakeChip, RefusesOtherTextsAndListsTheForms) {
  for (const std::string text : {"",
                                 "random",
                                 "random:",
                                 "random: 7",
                                 "random:7 ",
                                 "random:-1",
                                 "random:+1",
                                 "random:7x",
                                 "random:0x10",
                                 "random:1.5",
                                 "random:1e3",
                                 "random:18446744073709551616",
                                 "Random:7",
                                 "random:7,",
                                 "random:7,p_err",
                                 "random:7,p_err=",
                                 "random:7,p_err=0",
                                 "random:7,p_err=1.5",
                                 "random:7,p_err=-0.5",
                                 "random:7,p_err=nan",
                                 "random:7,p_err=inf",
                                 "random:7,p_err=0.5x",
                                 "random:7,p_err=0.5,p_err=0.5",
                                 "random:7,perr=0.5",
                                 "random:7,p01=0,p10=0",
                                 "random:7,p01=1.5",
                                 "random:7,p10=-1",
                                 "random:7,p01=0.5,p01=0.5",
                                 "random:7,p01=0.5,p_err=0.5",
                                 "random:7,p01=0.5,",
                                 "random:7,p01=0.5,seed=1",
                                 "random:,p_err=0.5",
                                 "chip.h6",
                                 "chip.h5,offset=-1",
                                 "chip.h5,offset=1,offset=2",
                                 "chip.h5,no-wrap,no-wrap",
                                 "chip.h5,wrap",
                                 ",no-wrap",
                                 "physical:",
                                 "physical:-1",
                                 "physical:1,",
                                 "physical:x.yaml",
                                 "physical:x.yaml,seed=",
                                 "physical:x.yaml,seed=x"}) {
    try {
      make_chip(text);
      ADD_FAILURE() << "accepted \"" << text << '"';
    } catch (const InputError& error) {
      const std::string message = error.what();
      EXPECT_EQ(error.exit_code(), 2);
      EXPECT_NE(message.find('"' + text + '"'), std::string::npos) << message;
      EXPECT_NE(message.find("random:SEED,p_err=P"), std::string::npos) << message;
      EXPECT_NE(message.find("random:SEED,p01=P,p10=P"), std::string::npos) << message;
    }
  }
}

}  // namespace
}  // namespace brownout::chips
