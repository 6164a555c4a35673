// SPDX-License-Identifier: Apache-2.0
// `brownout cosim` from the outside: a shipped network, waves, replay of an export, bad input.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <cstdio>

#include "sim/base/files.hpp"
#include "workplace.hpp"

namespace brownout::end_to_end {
namespace {

using Json = nlohmann::json;
namespace fs = std::filesystem;

constexpr char kShipped[] = BROWNOUT_SOURCE_DIR "/models/fmnist-simplenet16-randbet-8b.onnx";
constexpr char kAccelerators[] = BROWNOUT_SOURCE_DIR "/configs/accelerators/";

/// What an FST file says about itself: its time and the names of its signals.
struct Waves {
  std::uint64_t first = 0, last = 0;  // two steps a cycle
  std::string names;
};

std::uint64_t big_endian(const std::string& bytes, std::size_t at) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    value = value << 8 | static_cast<unsigned char>(bytes.at(at + i));
  }
  return value;
}

/// An LZ4 block: literals, then a copy of earlier data, and so on.
std::string unpack_lz4(const std::string& packed) {
  std::string out;
  std::size_t at = 0;
  const auto byte = [&] {
    return static_cast<std::size_t>(static_cast<unsigned char>(packed.at(at++)));
  };
  const auto length = [&](std::size_t nibble) {
    if (nibble < 15) return nibble;
    for (std::size_t more = 255; more == 255; nibble += more) more = byte();
    return nibble;
  };
  while (at < packed.size()) {
    const std::size_t token = byte();
    const std::size_t literals = length(token >> 4);
    out += packed.substr(at, literals);
    at += literals;
    if (at >= packed.size()) break;
    const std::size_t low = byte();
    const std::size_t back = low | byte() << 8;
    const std::size_t copies = length(token & 15) + 4;
    for (std::size_t i = 0; i < copies; ++i) out += out.at(out.size() - back);
  }
  return out;
}

Waves read_waves(const fs::path& file) {
  constexpr char kHeader = 0, kHierarchyLz4 = 6;
  const std::string bytes = read_file(file);
  Waves waves;
  for (std::size_t at = 0; at + 9 <= bytes.size();) {
    const char type = bytes[at];
    const auto length = static_cast<std::size_t>(big_endian(bytes, at + 1));
    if (type == kHeader) {
      waves.first = big_endian(bytes, at + 9);
      waves.last = big_endian(bytes, at + 17);
    } else if (type == kHierarchyLz4) {
      waves.names = unpack_lz4(bytes.substr(at + 17, length - 16));
    }
    at += 1 + length;
  }
  return waves;
}

class Cosim : public testing::Test {
 protected:
  Outcome cosim(const std::string& model, const std::vector<std::string>& more) const {
    std::vector<std::string> arguments{"cosim", model, "--data", "data"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return workplace_.run(BROWNOUT_BINARY, arguments);
  }
  Json json(const std::string& model, std::vector<std::string> more) const {
    more.insert(more.end(), {"--json", "-", "--overwrite"});  // one name for many runs
    const Outcome outcome = cosim(model, more);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return outcome.json();
  }
  std::string tiny() const { return workplace_.network().string(); }
  /// Exit 2, one line that holds `text`, and no new file.
  void expect_refused(const std::vector<std::string>& more, const std::string& text) const {
    const std::vector<std::string> before = workplace_.listing();
    const Outcome outcome = cosim(tiny(), more);
    EXPECT_EQ(outcome.code, 2) << text;
    EXPECT_EQ(outcome.out, "");
    EXPECT_NE(outcome.err.find(text), std::string::npos) << outcome.err;
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    EXPECT_EQ(workplace_.listing(), before);
  }
  Workplace workplace_;
};

TEST_F(Cosim, AShippedNetworkOnAFaultyChipHasNoMismatchAndNoCycleTooMany) {
  const std::vector<std::string> at{"--images", "1",        "--voltage", "0.8333",
                                    "--chip",   "random:7", "--array",   "8x8"};
  const Json run = json(kShipped, at);
  for (const char* field :
       {"tiles", "outputs_compared", "mismatches", "first_mismatch", "rtl_cycles", "systemc_cycles",
        "cycle_error_pct", "layers", "rtl_cycles_per_s", "systemc_cycles_per_s"}) {
    EXPECT_TRUE(run.contains(field)) << field;
  }
  EXPECT_EQ(run["mismatches"], 0);
  EXPECT_TRUE(run["first_mismatch"].is_null());
  EXPECT_TRUE(run["mismatch_waves"].is_null());
  EXPECT_EQ(run["cycle_error_pct"], 0.0);
  EXPECT_EQ(run["array"], "8x8");
  EXPECT_EQ(run["chip"], "random:7");
  EXPECT_GT(run["bits_wrong"], 10000);
  EXPECT_EQ(run["layers"].size(), 12u);
  for (const char* field :
       {"tiles", "outputs_compared", "words_compared", "rtl_cycles", "systemc_cycles"}) {
    std::int64_t sum = 0;
    for (const Json& layer : run["layers"]) {
      EXPECT_GT(layer[field], 0) << layer["name"];
      sum += layer[field].get<std::int64_t>();
    }
    EXPECT_EQ(run[field], sum) << field;
  }
  for (const Json& layer : run["layers"]) {
    EXPECT_EQ(layer["rtl_cycles"], layer["systemc_cycles"]) << layer["name"];
    // Each word as it is read.
    EXPECT_EQ(layer["counters"]["weight_reads"], layer["words_compared"]) << layer["name"];
  }
  EXPECT_LT(run["rtl_cycles"], run["run_cycles"]);

  const Outcome text = cosim(kShipped, at);
  EXPECT_EQ(text.code, 0);
  // The last line but the one of the next step.
  const std::size_t next = text.out.rfind("\n\nnext: brownout cosim ");
  ASSERT_NE(next, std::string::npos) << text.out;
  EXPECT_EQ(text.out.rfind("\nEQUAL: 0 mismatches in ", next - 1), text.out.rfind('\n', next - 1))
      << text.out;
}

TEST_F(Cosim, TheRestOfTheImagesBelongsToTheSameRun) {
  const std::vector<std::string> at{"--images", "3",         "--batch", "2",      "--array",
                                    "4x4",      "--voltage", "0.8333",  "--chip", "random:1"};
  const Json whole = json(tiny(), at);
  EXPECT_EQ(whole["mismatches"], 0);
  std::vector<std::string> run{"run",    tiny(),     "--data", "data",      "--images",
                               "3",      "--batch",  "2",      "--voltage", "0.8333",
                               "--chip", "random:1", "--json", "-"};
  workplace_.write("default.yaml", "name: default\ntechnology: " BROWNOUT_SOURCE_DIR
                                   "/profiles/14nm-finfet.yaml\narray: {rows: 4, columns: 4}\n");
  run.insert(run.end(), {"--accelerator", "default.yaml"});
  const Outcome outcome = workplace_.run(BROWNOUT_BINARY, run);
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(whole["logits_sha256"], outcome.json()["logits_sha256"]);
  EXPECT_EQ(whole["run_cycles"], outcome.json()["cycles_total"]);

  // Waves of all cycles of both batches, at their places.
  const auto cycles = whole["run_cycles"].get<std::int64_t>();
  std::vector<std::string> traced = at;
  traced.insert(traced.end(),
                {"--trace", "all.fst", "--trace-window", "0:" + std::to_string(cycles)});
  const Json with_waves = json(tiny(), traced);
  const auto all = with_waves["traced_cycles"].get<std::int64_t>();
  EXPECT_GT(all, 0);
  EXPECT_LT(all, cycles);
  traced.back() = std::to_string(cycles / 2) + ":" + std::to_string(cycles);
  const auto second = json(tiny(), traced)["traced_cycles"].get<std::int64_t>();
  EXPECT_GT(second, 0);
  EXPECT_LT(second, all);
}

TEST_F(Cosim, WavesHoldTheWindowAndTheNamesOfTheWeightMemory) {
  const auto conv1 = [&](std::vector<std::string> more) {
    more.insert(more.end(), {"--layer", "conv1", "--voltage", "0.8333", "--array", "16x16"});
    const Json run = json(kShipped, more);
    EXPECT_EQ(run["layers"].size(), 1u);
    return run;
  };
  const Json layer = conv1({})["layers"][0];
  const auto first = layer["first_cycle"].get<std::int64_t>();
  EXPECT_EQ(layer["name"], "conv1");
  EXPECT_GT(first, 0);
  const Json run = conv1({"--trace", "conv1.fst", "--trace-window",
                          std::to_string(first + 50) + ":" + std::to_string(first + 250)});
  EXPECT_EQ(run["traced_cycles"], 200);
  EXPECT_EQ(run["trace"], "conv1.fst");
  // The same waves in VCD: one step at the beginning of each half cycle, and no file left beside
  // it.
  const Json vcd = conv1({"--trace", "conv1.vcd", "--trace-window",
                          std::to_string(first + 50) + ":" + std::to_string(first + 250)});
  EXPECT_EQ(vcd["traced_cycles"], 200);
  const std::string text = read_file(workplace_.folder() / "conv1.vcd");
  EXPECT_EQ(text.rfind("$date", 0), 0u);
  EXPECT_NE(text.find(" clk_i $end"), std::string::npos);  // its code depends on Verilator
  EXPECT_NE(text.find("\n#" + std::to_string(2 * (first + 50)) + "\n"), std::string::npos);
  for (const std::string& path : workplace_.listing()) {
    EXPECT_EQ(path.find(".tmp"), std::string::npos) << path;
  }
  const Waves waves = read_waves(workplace_.folder() / "conv1.fst");
  EXPECT_EQ(static_cast<std::int64_t>(waves.first), 2 * (first + 50));
  EXPECT_EQ(static_cast<std::int64_t>(waves.last), 2 * (first + 249) + 1);
  EXPECT_NE(waves.names.find("u_faults"), std::string::npos);
  for (const char* name : {"bank_supply_microvmin", "bank_address", "bank_stuck0", "bank_stuck1",
                           "bank_flip", "bank_stored_word", "bank_read_word"}) {
    EXPECT_NE(waves.names.find(std::string(name) + " ["), std::string::npos) << name;
  }
}

TEST_F(Cosim, AnExportedLayerReplaysInIcarusVerilog) {
  if (std::system("iverilog -V >/dev/null 2>&1 && vvp -V >/dev/null 2>&1") != 0) {
    GTEST_SKIP() << "no Icarus Verilog";
  }
  for (const char* layer : {"conv1", "linear1"}) {
    const Json run = json(kShipped, {"--layer", layer, "--voltage", "0.8333", "--chip", "random:7",
                                     "--array", "8x8", "--export", "memory"});
    EXPECT_EQ(run["export"], "memory");
    const std::string folder = (workplace_.folder() / "memory").string();
    const Outcome replay =
        workplace_.run("/bin/sh", {folder + "/run.sh", BROWNOUT_SOURCE_DIR "/rtl"});
    EXPECT_EQ(replay.code, 0) << replay.out;
    EXPECT_NE(replay.out.find("PASS rows="), std::string::npos) << replay.out;

    // The export contains the chip: without its faults the sums are different.
    EXPECT_FALSE(read_file(folder + "/faults.mem").empty());
    std::string faults = read_file(folder + "/faults.mem");
    for (std::size_t at = 0; at < faults.size(); at = faults.find('\n', at) + 1) {
      for (std::size_t i = at + 10; faults[i] != '\n'; ++i) {
        if (faults[i] != '_') faults[i] = '0';
      }
    }
    workplace_.write("memory/faults.mem", faults);
    const Outcome healthy =
        workplace_.run("/bin/sh", {folder + "/run.sh", BROWNOUT_SOURCE_DIR "/rtl", "+edited"});
    EXPECT_EQ(healthy.code, 1);
    EXPECT_NE((healthy.out + healthy.err).find(" of parameters, suspect bits, run_last: expected"),
              std::string::npos)
        << healthy.out;
    const Outcome damaged =
        workplace_.run("/bin/sh", {folder + "/run.sh", BROWNOUT_SOURCE_DIR "/rtl"});
    EXPECT_EQ(damaged.code, 1);
    EXPECT_NE((damaged.out + damaged.err).find("faults.mem is not what was exported"),
              std::string::npos)
        << damaged.out;
  }
}

TEST_F(Cosim, EveryCheckCodeAndFaultyAccumulatorsAgreeAndReplay) {
  std::int64_t without = 0;
  for (const std::string mitigation :
       {"none", "secded", "secded,on-error=zero", "parity", "interleaved-parity"}) {
    SCOPED_TRACE(mitigation);
    const Json run = json(kShipped, {"--layer", "conv1", "--voltage", "0.8333", "--chip",
                                     "random:7", "--array", "8x8", "--mitigation", mitigation,
                                     "--memory-rate", "accumulators=0.001", "--export", "memory"});
    EXPECT_EQ(run["mismatches"], 0);
    EXPECT_EQ(run["first_mismatch"], nullptr);
    EXPECT_GT(run["words_compared"], 10);
    EXPECT_GT(run["memory_cells"]["accumulators"], 100);
    EXPECT_GT(run["memories"]["accumulators"]["cells_hit"], 20);
    EXPECT_GT(run["memories"]["accumulators"]["bits_wrong"], 100);
    EXPECT_EQ(run["memories"]["weights"]["bits_wrong"], run["bits_wrong"]);
    EXPECT_EQ(run["mitigation"], mitigation);
    const Json& counters = run["layers"][0]["counters"];
    EXPECT_EQ(counters["words_corrected"] > 0, mitigation.rfind("secded", 0) == 0);
    EXPECT_EQ(counters["words_detected"] > 0, mitigation != "none");
    // One more stage, which is visible wherever a load is waited for.
    const auto cycles = run["rtl_cycles"].get<std::int64_t>();
    if (mitigation == "none") without = cycles;
    EXPECT_EQ(cycles > without, mitigation != "none");
    if (std::system("iverilog -V >/dev/null 2>&1 && vvp -V >/dev/null 2>&1") != 0) continue;
    const Outcome replay = workplace_.run(
        "/bin/sh", {(workplace_.folder() / "memory/run.sh").string(), BROWNOUT_SOURCE_DIR "/rtl"});
    EXPECT_EQ(replay.code, 0) << replay.out;
  }
}

TEST_F(Cosim, SaysWhereTheCoreRunsWhenTheWindowMissesIt) {
  const Json first = json(tiny(), {"--array", "8x8"})["layers"][0];
  const auto begin = first["first_cycle"].get<std::int64_t>();
  ASSERT_GT(begin, 1);
  const std::string before = "0:" + std::to_string(begin);
  const Outcome missed =
      cosim(tiny(), {"--array", "8x8", "--trace", "none.fst", "--trace-window", before});
  EXPECT_EQ(missed.code, 0) << missed.err;
  EXPECT_NE(missed.out.find("The core does not run in that window; it runs in " +
                            std::to_string(begin) + ":"),
            std::string::npos)
      << missed.out;
  EXPECT_NE(missed.out.find(", " + first["name"].get<std::string>() + "\n"), std::string::npos);
  const Outcome met = cosim(tiny(), {"--array", "8x8", "--trace", "one.fst", "--trace-window",
                                     std::to_string(begin - 1) + ":" + std::to_string(begin + 1)});
  EXPECT_EQ(met.code, 0);
  EXPECT_EQ(met.out.find("does not run"), std::string::npos) << met.out;
  EXPECT_NE(met.out.find("one.fst, 1 cycles of the core"), std::string::npos) << met.out;

  // With a layer, the window must overlap with that layer.
  expect_refused({"--array", "8x8", "--layer", first["name"].get<std::string>(), "--trace", "a.fst",
                  "--trace-window", before},
                 "--trace-window: layer " + first["name"].get<std::string>() + " runs in " +
                     std::to_string(begin) + ":");
}

TEST_F(Cosim, LeavesNoWavesBehindWhenItIsInterrupted) {
  const fs::path folder = workplace_.folder() / "waves";
  fs::create_directory(folder);
  // The writer keeps a second file beside that of the waves; it creates it, and removes it at the
  // end.
  Outcome outcome;
  int operations = 0;
  do {
    Surroundings surroundings;
    surroundings.interruption = Interruption{SIGTERM, ++operations, ".tmp.hier"};
    outcome = workplace_.run(BROWNOUT_BINARY,
                             {"cosim", tiny(), "--data", "data", "--array", "4x4", "--trace",
                              (folder / "t.fst").string(), "--trace-window", "0:1000"},
                             surroundings);
    if (outcome.code == 0) break;
    EXPECT_EQ(outcome.code, 128 + SIGTERM) << outcome.err;
    EXPECT_TRUE(fs::is_empty(folder)) << fs::directory_iterator(folder)->path();
  } while (operations < 10);
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_GT(operations, 2);
  EXPECT_TRUE(fs::exists(folder / "t.fst"));
}

TEST_F(Cosim, ExportsIntoNewFoldersAndOverItsOwn) {
  const std::string layer = json(tiny(), {"--array", "4x4"})["layers"][0]["name"];
  const std::vector<std::string> at{"--array", "4x4", "--layer", layer, "--export", "a job's"};
  for (int i = 0; i < 2; ++i) {
    const Outcome outcome = cosim(tiny(), at);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_NE(outcome.out.find("replay: sh 'a job'\\''s/run.sh' rtl\n"), std::string::npos)
        << outcome.out;
  }
  expect_refused({"--array", "4x4", "--layer", layer, "--export", "data"},
                 "--export: data: expected a new or empty folder, or one with an earlier export, "
                 "found ");
}

TEST_F(Cosim, RefusesWhatDoesNotFitWithOneLine) {
  expect_refused({"--array", "5x7"}, "--array: the RTL was built as ");
  expect_refused({"--array", "5x7"},
                 ", found 5x7; this size needs a build that is configured with "
                 "-DBROWNOUT_RTL_SIZES=\"");
  expect_refused({"--array", "65x4"}, ", found 65x4; at most 64 rows and columns can be built");
  expect_refused({"--array", "0x0"}, "--array: rows: expected an integer in [1, 65536], got \"0\"");
  expect_refused({"--array", "8"}, "--array: expected ROWSxCOLUMNS, for example 32x32, got \"8\"");
  expect_refused({"--accelerator", std::string(kAccelerators) + "eyeriss-12x14.yaml"},
                 "eyeriss-12x14.yaml: array");
  expect_refused({"--layer", "nowhere"}, "--layer: expected a layer with a matrix operator: ");
  const std::string window = "--trace-window: expected cycles FROM:TO of the run, 0 <= FROM < TO";
  expect_refused({"--trace", "a.fst", "--trace-window", "0:100000000"}, window);
  expect_refused({"--trace", "a.fst", "--trace-window", "20:10"}, window);
  expect_refused({"--trace", "a.fst", "--trace-window", "-1:10"}, "--trace-window: FROM: expected");
  expect_refused({"--trace", "a.fst", "--trace-window", "10"},
                 "expected cycles FROM:TO, got \"10\"");
  expect_refused({"--trace", "a.fst"}, "--trace: needs cycles; expected --trace-window FROM:TO");
  expect_refused({"--trace-window", "0:1"}, "--trace-window: needs a file; expected --trace FILE");
  expect_refused({"--trace", "none/a.fst", "--trace-window", "0:1"},
                 "expected an existing folder, found none");
  expect_refused({"--trace", "data", "--trace-window", "0:1"}, "--trace: ");
  expect_refused({"--trace", "/dev/null", "--trace-window", "0:1"},
                 "--trace: /dev/null: expected a regular file, found a device or pipe");
  for (const std::string& name : {std::string("a.wlf"), std::string("a"), tiny()}) {
    expect_refused({"--trace", name, "--trace-window", "0:1"},
                   "expected a name that ends in .fst (FST) or .vcd (VCD)");
  }
  expect_refused({"--seed", "3"}, "--seed: nothing fails without an operating point");
  expect_refused({"--voltage", "0.9", "--chip", "random:1", "--seed", "3"},
                 "--seed: --chip names the chip itself");
  expect_refused({"--export", "memory"}, "--export: writes one layer; expected --layer NAME");
  expect_refused({"--chip", "random:1"}, "--chip: needs an operating point; expected --voltage V");
  expect_refused({"--images", "401"}, "--images: expected an integer in [1, 400]");
}

}  // namespace
}  // namespace brownout::end_to_end
