// SPDX-License-Identifier: Apache-2.0
// A co-simulation's report: where both sides first differ, down to the bit.
#include "sim/report/cosim_report.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace brownout::report {
namespace {

using Json = nlohmann::json;

runs::CosimRun equal_run() {
  runs::CosimRun run;
  run.model = "small";
  run.config.setup.target.accelerator.emplace().name = "default";
  run.config.voltage = 0.8;
  run.config.chip = "random:3";
  for (const char* name : {"conv1", "fc"}) {
    runs::CosimPart part;
    part.name = name;
    part.record = {200, 200, 6, 2};
    part.check.outputs_compared = 50;
    part.check.words_compared = 12;
    part.check.counters.weight_reads = 12;
    run.layers.push_back(part);
    run.total += part;
  }
  run.total.name = "all";
  run.run_cycles = 1000;
  run.systemc_seconds = 0.001;
  run.rtl_seconds = 0.1;
  return run;
}

runs::CosimRun different_run() {
  runs::CosimRun run = equal_run();
  cosim::Mismatch found;
  found.kind = cosim::Mismatch::Kind::kAccumulator;
  found.layer = "conv1";
  found.strip = 1;
  found.tile = 2;
  found.row = 33;
  found.column = 5;
  found.image = 2;
  found.y = 4;
  found.x = 1;
  found.expected = -70;
  found.found = 58;
  found.cycle = 901;
  found.word = cosim::WordMismatch{1029, 1029, 0xFF, 0x8FF, 11};
  run.first_mismatch = found;
  run.total.check.mismatches = run.layers[0].check.mismatches = 3;
  run.mismatch_waves = "a.mismatch.fst";
  return run;
}

std::string last_line(const std::string& text) {
  return text.substr(text.rfind('\n', text.size() - 2) + 1);
}

TEST(CosimReport, SaysThatAllIsEqualInTheLastLine) {
  const runs::CosimRun run = equal_run();
  EXPECT_EQ(
      last_line(cosim_text(run)),
      "EQUAL: 0 mismatches in 100 sums and 24 words of 12 tiles; 400 cycles on both sides.\n");
  const Json json = Json::parse(cosim_json(run));
  EXPECT_TRUE(json["first_mismatch"].is_null());
  EXPECT_EQ(json["cycle_error_pct"], 0.0);
  EXPECT_EQ(json["layers"][1]["counters"]["weight_reads"], 12);
  EXPECT_DOUBLE_EQ(json["rtl_cycles_per_s"], 4000.0);
  EXPECT_DOUBLE_EQ(json["systemc_cycles_per_s"], 1e6);
}

TEST(CosimReport, LocatesTheFirstMismatchToTheBit) {
  const runs::CosimRun run = different_run();
  const Json found = Json::parse(cosim_json(run))["first_mismatch"];
  const Json expected = {{"kind", "accumulator"},
                         {"what", nullptr},
                         {"layer", "conv1"},
                         {"strip", 1},
                         {"tile", 2},
                         {"row", 33},
                         {"column", 5},
                         {"image", 2},
                         {"y", 4},
                         {"x", 1},
                         {"expected", -70},
                         {"found", 58},
                         {"cycle", 901},
                         {"address_expected", 1029},
                         {"address_found", 1029},
                         {"array", 2},
                         {"array_row", 5},
                         {"word_expected", "0x00000000000000ff"},
                         {"word_found", "0x00000000000008ff"},
                         {"bit", 11}};
  EXPECT_EQ(found, expected);
  const std::string text = cosim_text(run);
  for (const char* part :
       {"accumulator of layer conv1, strip 1, tile 2, cycle 901",
        "output row 33 (image 2, y 4, x 1), column 5", "expected -70, the RTL has 58",
        "word 1029 (array 2, row 5): expected 0x00000000000000ff, the RTL has 0x00000000000008ff, "
        "first in bit 11",
        "waves: a.mismatch.fst"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
  EXPECT_EQ(last_line(text),
            "DIFFERENT: 3 mismatches in 100 sums and 24 words; cycles differ by 0 %.\n");
}

TEST(CosimReport, ACycleHasNoRowAndNeedsNoWord) {
  runs::CosimRun run = different_run();
  run.first_mismatch->kind = cosim::Mismatch::Kind::kCycle;
  run.first_mismatch->what = "first vector";
  run.first_mismatch->row = run.first_mismatch->column = run.first_mismatch->image = -1;
  run.first_mismatch->y = run.first_mismatch->x = -1;
  run.first_mismatch->word.reset();
  run.mismatch_waves.clear();
  run.total.record.rtl_cycles += 4;
  const Json json = Json::parse(cosim_json(run));
  for (const char* field :
       {"row", "column", "image", "y", "x", "address_expected", "array", "bit", "word_found"}) {
    EXPECT_TRUE(json["first_mismatch"].at(field).is_null()) << field;
  }
  EXPECT_EQ(json["first_mismatch"]["what"], "first vector");
  EXPECT_EQ(json["cycle_error_pct"], 1.0);
  const std::string text = cosim_text(run);
  EXPECT_NE(text.find("cycle, first vector of layer conv1"), std::string::npos) << text;
  EXPECT_NE(text.find("waves: cosim-mismatch.fst cannot be written"), std::string::npos) << text;
  EXPECT_EQ(last_line(text),
            "DIFFERENT: 3 mismatches in 100 sums and 24 words; cycles differ by 1 %.\n");
}

}  // namespace
}  // namespace brownout::report
