// SPDX-License-Identifier: Apache-2.0
// Exported jobs in Icarus Verilog: plain arithmetic, cycle formulas, exporter and RTL at once.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <string>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/base/outputs.hpp"
#include "sim/cosim/job_files.hpp"
#include "sim/cosim/predict.hpp"
#include "tests/cosim/random_job.hpp"
#include "tests/cosim/small_job.hpp"

namespace brownout::cosim {
namespace {

struct Outcome {
  int status = -1;
  std::string output;
};

class Replay : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / fmt::format("brownout-replay-{}", getpid());
    std::filesystem::remove_all(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  static Outcome run(const std::string& command) {
    std::FILE* const pipe = popen((command + " 2>&1").c_str(), "r");
    Outcome outcome;
    char buffer[4096];
    while (const std::size_t n = std::fread(buffer, 1, sizeof buffer, pipe)) {
      outcome.output.append(buffer, n);
    }
    const int status = pclose(pipe);
    if (WIFEXITED(status)) outcome.status = WEXITSTATUS(status);
    return outcome;
  }
  Outcome replay(const std::string& options = "") const {
    return run(
        fmt::format("sh '{}/run.sh' '{}/rtl' {}", folder_.string(), BROWNOUT_SOURCE_DIR, options));
  }
  /// The file with one digit replaced; `at` counts its characters.
  Outcome replay_damaged(const std::string& file, std::size_t at, char digit,
                         const std::string& options = "") const {
    const std::string whole = read_own_file(folder_ / file);
    std::string damaged = whole;
    EXPECT_NE(damaged.at(at), digit);
    damaged.at(at) = digit;
    write_file_atomically(folder_ / file, damaged);
    Outcome outcome = replay(options);
    write_file_atomically(folder_ / file, whole);
    return outcome;
  }

  std::filesystem::path folder_;
};

TEST_F(Replay, GivesTheRowsAndCyclesOfRandomJobs) {
  // Square cores and others; the seeds give jobs with several strips.
  const CoreShape shapes[] = {{4, 4, 65536, 1024}, {3, 5, 65536, 1024},   {1, 1, 65536, 128},
                              {8, 8, 65536, 1024}, {16, 16, 65536, 1024}, {7, 2, 16384, 256}};
  std::uint64_t seed = 41;
  for (const CoreShape& shape : shapes) {
    for (const bool writes : {false, true}) {
      SCOPED_TRACE(
          fmt::format("{}x{}, seed {}, writes {}", shape.rows, shape.columns, seed, writes));
      const RandomJob random = random_job(seed++, shape, writes);
      const ExpectedJob expected = expect(shape, random);
      export_job(folder_, shape, random.job, expected);
      const Outcome outcome = replay();
      EXPECT_EQ(outcome.status, 0) << outcome.output;
      // There must be no other output.
      EXPECT_EQ(outcome.output,
                fmt::format("PASS rows={} cycles={}\n", expected.rows.size(), expected.cycles));
    }
  }
}

TEST_F(Replay, KnowsEveryModeAndFaultyAccumulators) {
  constexpr CoreShape kShape{4, 4, 65536, 1024};
  std::uint64_t seed = 141;
  for (const auto check : {memory::CheckCode::kSecded, memory::CheckCode::kParity,
                           memory::CheckCode::kInterleavedParity}) {
    for (const auto on_error :
         {memory::OnError::kPass, memory::OnError::kZero, memory::OnError::kMask}) {
      SCOPED_TRACE(fmt::format("check {}, on error {}, seed {}", static_cast<int>(check),
                               static_cast<int>(on_error), seed));
      const RandomFaults faults{{check, on_error}, on_error != memory::OnError::kPass};
      const RandomJob random = random_job(seed++, kShape, true, faults);
      const ExpectedJob expected = expect(kShape, random);
      export_job(folder_, kShape, random.job, expected);
      const Outcome outcome = replay();
      EXPECT_EQ(outcome.status, 0) << outcome.output;
      EXPECT_EQ(outcome.output,
                fmt::format("PASS rows={} cycles={}\n", expected.rows.size(), expected.cycles));
    }
  }
}

TEST_F(Replay, WaitsForTheGatesOfAStrip) {
  RandomJob random = small_job();
  const std::int64_t free_cycles = predict(kSmall, random.job).cycles();
  random.job.strips[0].gates = {100, 300, 500};
  const ExpectedJob expected = expect(kSmall, random);
  // The rows leave from the last gate on, 2 cycles each.
  EXPECT_EQ(expected.cycles, 506);
  EXPECT_LT(free_cycles, 100);
  export_job(folder_, kSmall, random.job, expected);
  const Outcome outcome = replay();
  EXPECT_EQ(outcome.status, 0) << outcome.output;

  random.job.strips[0].gates = {100, 300, 0};
  const ExpectedJob earlier = expect(kSmall, random);
  export_job(folder_, kSmall, random.job, earlier);
  EXPECT_EQ(replay().status, 0) << "stream gate";
  random.job.strips[0].gates = {100, 0, 0};
  EXPECT_EQ(expect(kSmall, random).cycles, free_cycles + 100);
  export_job(folder_, kSmall, random.job, expect(kSmall, random));
  EXPECT_EQ(replay().status, 0) << "load gate";
}

TEST_F(Replay, NamesTheFirstSumThatDiffers) {
  const RandomJob random = small_job();
  ExpectedJob expected = expect(kSmall, random);
  const std::int32_t right = expected.rows[1][2];
  expected.rows[1][2] ^= 1 << 20;
  expected.rows[2][0] ^= 1;
  export_job(folder_, kSmall, random.job, expected);
  const Outcome outcome = replay();
  EXPECT_EQ(outcome.status, 1);
  EXPECT_NE(outcome.output.find(fmt::format("strip 0, row 1, lane 2: expected {}, got {}",
                                            expected.rows[1][2], right)),
            std::string::npos)
      << outcome.output;
}

TEST_F(Replay, ComparesTheWordsOfParameters) {
  RandomJob random;
  const ExpectedJob expected = job_with_parameters(kSmall, random);
  export_job(folder_, kSmall, random.job, expected);
  EXPECT_EQ(read_own_file(folder_ / "parameters.mem"),
            "00000000_0000000000000000_8123456789abcde0\n"
            "00000001_0000000000000000_fedcba9876543210\n");
  const Outcome whole = replay();
  EXPECT_EQ(whole.status, 0) << whole.output;

  // The RTL then reads another word, or another end of the run.
  Outcome outcome = replay_damaged("parameters.mem", 29, '1', "+edited");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_NE(outcome.output.find("word 0 of parameters, suspect bits, run_last: expected "
                                "8121456789abcde0, 0000000000000000, 0, got "
                                "8123456789abcde0, 0000000000000000, 0\n"),
            std::string::npos)
      << outcome.output;
  outcome = replay_damaged("parameters.mem", 50, '0', "+edited");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_NE(outcome.output.find("word 1 of parameters, suspect bits, run_last: expected "
                                "fedcba9876543210, 0000000000000000, 0, got "
                                "fedcba9876543210, 0000000000000000, 1\n"),
            std::string::npos)
      << outcome.output;
  ExpectedJob healthy = expected;
  healthy.faults.clear();
  export_job(folder_, kSmall, random.job, healthy);
  const std::string parameters = read_own_file(folder_ / "parameters.mem");
  EXPECT_EQ(parameters,
            "00000000_0000000000000000_0123456789abcdef\n"
            "00000001_0000000000000000_fedcba9876543210\n");
  export_job(folder_, kSmall, random.job, expected);
  write_file_atomically(folder_ / "parameters.mem", parameters);
  outcome = replay("+edited");
  EXPECT_EQ(outcome.status, 1) << "a fault of a parameter";
}

TEST_F(Replay, TheJobBesideTheRtlIsTheOneThatIsExportedNow) {
  RandomJob random;
  const ExpectedJob expected = job_with_parameters(kTiny, random);
  export_job(folder_, kTiny, random.job, expected);
  const std::filesystem::path shipped = BROWNOUT_SOURCE_DIR "/rtl/simulation/example";
  if (std::getenv("BROWNOUT_REFRESH_EXAMPLE_JOB") != nullptr) {
    std::filesystem::remove_all(shipped);
    std::filesystem::copy(folder_, shipped);
  }
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    EXPECT_EQ(read_own_file(shipped / entry.path().filename()), read_own_file(entry.path()))
        << entry.path();
  }
}

TEST_F(Replay, AnyDigitThatChangesIsSeen) {
  RandomJob random;
  const ExpectedJob expected = job_with_parameters(kTiny, random);
  export_job(folder_, kTiny, random.job, expected);
  // Compiled once here; run.sh compiles each time.
  const nlohmann::json manifest = nlohmann::json::parse(read_own_file(folder_ / "manifest.json"));
  std::string options;
  for (const auto& [name, value] : manifest["parameters"].items()) {
    options += fmt::format(" -Preplay.{}={}", name, value.dump());
  }
  const std::string program = (folder_ / "replay.vvp").string();
  const Outcome compiled =
      run(fmt::format("cd '{}/rtl' && iverilog -g2012 -DBROWNOUT_FAULTS -s replay{} -f files.f -f "
                      "simulation/files.f -o '{}'",
                      BROWNOUT_SOURCE_DIR, options, program));
  ASSERT_EQ(compiled.status, 0) << compiled.output;
  EXPECT_EQ(compiled.output, "");
  const std::string command = fmt::format("vvp -n '{}' '+folder={}'", program, folder_.string());
  ASSERT_EQ(run(command).status, 0);

  std::mt19937_64 draws(11);
  int damaged = 0;
  for (const auto& [name, file] : manifest["files"].items()) {
    const std::string whole = read_own_file(folder_ / name);
    EXPECT_EQ(std::count(whole.begin(), whole.end(), '\n'), file["lines"]) << name;
    EXPECT_FALSE(whole.empty()) << name;
    // Every digit of the first line, and some digits of the other lines.
    for (std::size_t at = 0; at < whole.size(); ++at) {
      if (whole[at] == '_' || whole[at] == '\n') continue;
      if (at > whole.find('\n') && draws() % 8 != 0) continue;
      std::string text = whole;
      const char* const digits = "0123456789abcdef";
      while (text[at] == whole[at]) text[at] = digits[draws() % 16];
      std::ofstream(folder_ / name) << text;
      const Outcome outcome = run(command);
      EXPECT_EQ(outcome.status, 1) << name << ", character " << at << ": " << outcome.output;
      const std::string what =
          name == "checksums.mem" ? "" : "FAIL " + name + " is not what was exp";
      EXPECT_NE(outcome.output.find(what), std::string::npos) << outcome.output;
      ++damaged;
    }
    std::ofstream(folder_ / name) << whole;
  }
  EXPECT_GT(damaged, 250);
  EXPECT_EQ(run(command).status, 0);
}

TEST_F(Replay, SaysWhichFieldIsOutOfRange) {
  RandomJob random;
  const ExpectedJob expected = job_with_parameters(kSmall, random);
  export_job(folder_, kSmall, random.job, expected);
  const struct {
    const char* file;
    std::size_t at;
    char digit;
    const char* message;
  } kDamages[] = {
      {"weights.mem", 2, '1', "weights.mem line 1: word: expected 0 to 65535, got 1048576"},
      {"faults.mem", 3, '1', "faults.mem line 1: word: "},
      {"writes.mem", 9, '4', "writes.mem line 1: word: "},
      {"writes.mem", 35, '2', "writes.mem line 1: masks: expected 0 to 1, got 32"},
      {"commands.mem", 3, '3', "commands.mem line 1: parameters: expected 0 to 1, got 3"},
      {"commands.mem", 9, '4', "commands.mem line 1: scheme: expected 0 to 3, got 4"},
      {"commands.mem", 13, '1', "commands.mem line 1: columns: expected 0 to 7, got 4097"},
      {"commands.mem", 23, '1', "commands.mem line 1: vectors: expected 0 to 2047, got 4097"},
      {"commands.mem", 28, '1', "commands.mem line 1: cell: expected 0 to 4194303, got "},
      {"commands.mem", 37, '1', "commands.mem line 1: stride: expected 0 to 4194303, got "},
      {"vectors.mem", 0, '7', "vectors.mem line 1: row 3: expected -256 to 255, got "},
      {"strips.mem", 7, '3', "strips.mem line 1: columns (of its last command): expected 4 to 4"},
      {"strips.mem", 16, '4', "strips.mem line 1: commands: expected 1 to 3, got 4"},
      {"strips.mem", 25, '7', "strips.mem line 1: vectors (of its commands): expected 6 to 6"},
      {"strips.mem", 34, '0', "strips.mem line 1: rows: expected 1 to 1024, got 0"},
      {"strips.mem", 34, '2', "strips.mem: 3 commands, 6 vectors, 2 rows, the other files have 3"},
      {"strips.mem", 43, '0', "strips.mem line 1: row_cycles: "},
      {"strips.mem", 52, '0', "strips.mem line 1: walks: "},
      {"parameters.mem", 7, '2', "parameters.mem line 1: run_last: expected 0 to 1, got 2"},
      {"reads.mem", 2, '1', "reads.mem line 1: word: expected 0 to 65535, got 1048608"},
      {"accumulators.mem", 3, '2', "accumulators.mem line 1: half: expected 0 to 1, got 2"},
      {"accumulators.mem", 5, '4', "accumulators.mem line 1: row: expected 0 to 1023, got "},
  };
  for (const auto& damage : kDamages) {
    const Outcome outcome = replay_damaged(damage.file, damage.at, damage.digit, "+edited");
    EXPECT_EQ(outcome.status, 1) << damage.message;
    EXPECT_NE(outcome.output.find(damage.message), std::string::npos)
        << damage.message << ": " << outcome.output;
    // One message.
    EXPECT_EQ(outcome.output.find("FAIL"), outcome.output.rfind("FAIL")) << outcome.output;
  }
}

TEST_F(Replay, GoesOnlyIntoFoldersThatAreEmptyOrAnExport) {
  const RandomJob random = small_job();
  remember_command("brownout", {"cosim"});
  prepare_export(folder_);
  prepare_export(folder_);
  export_job(folder_, kSmall, random.job, expect(kSmall, random));
  if (!may_replace(folder_ / "manifest.json")) GTEST_SKIP() << "no extended attributes here";
  write_file_atomically(folder_ / "job.vcd", "waves");
  prepare_export(folder_);
  std::filesystem::remove(folder_ / "manifest.json");
  EXPECT_THROW(prepare_export(folder_), InputError);
  write_file_atomically(folder_ / "manifest.json", "{\"name\": \"somebody else's\"}");
  EXPECT_THROW(prepare_export(folder_), InputError);
  write_file_atomically(folder_ / "manifest.json", "no JSON");
  EXPECT_THROW(prepare_export(folder_), InputError);
}

TEST_F(Replay, SeesOneBitOfOneMask) {
  const RandomJob random = small_job();
  ExpectedJob expected = expect(kSmall, random);
  expected.faults = {{16, 0, 0, std::uint64_t{1} << 33}};  // column 1 of the second tile
  export_job(folder_, kSmall, random.job, expected);
  const Outcome outcome = replay();
  EXPECT_EQ(outcome.status, 1);
  EXPECT_NE(outcome.output.find("strip 0, row 0, lane 1: "), std::string::npos) << outcome.output;
}

TEST_F(Replay, NamesTheFirstWrongWordAndCountsTheOthers) {
  RandomJob random = small_job();
  random.faults = {{1, 0, 0, 1}};
  random.faults[0].check_flip = 1 << 3;
  ExpectedJob expected = expect(kSmall, random);
  expected.faults.clear();
  export_job(folder_, kSmall, random.job, expected);
  const Outcome whole = replay();
  EXPECT_EQ(whole.status, 0) << whole.output;
  // A word is read by two columns: word 0 in columns 0 and 1, word 1 in columns 2 and 3.
  EXPECT_EQ(read_own_file(folder_ / "reads.mem").substr(0, 4 * 28),
            "00000000_000123456789abcdef\n00000000_000123456789abcdef\n"
            "00000001_000123456789abcdef\n00000001_000123456789abcdef\n");

  // The masks that the core gets are others than those that the model had.
  const std::string sound = read_own_file(folder_ / "reads.mem");
  ExpectedJob faulty = expected;
  faulty.faults = random.faults;
  export_job(folder_, kSmall, random.job, faulty);
  write_file_atomically(folder_ / "reads.mem", sound);
  const Outcome outcome = replay("+edited");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_NE(outcome.output.find(", read 2, word 1 (array 0, row 1): expected 00_0123456789abcdef, "
                                "got 08_0123456789abcdee, wrong in bit 0 67\n"),
            std::string::npos)
      << outcome.output;
  // Column 2's code of row 0 loses its lowest bit: one lane of each row.
  EXPECT_NE(outcome.output.find(", strip 0, row 0, lane 2: "), std::string::npos);
  EXPECT_NE(outcome.output.find("words=2 of 8, sums=3 of 15, parameters=0 of 0 differ"),
            std::string::npos)
      << outcome.output;
  EXPECT_EQ(outcome.output.find("FAIL"), outcome.output.find("FAIL cycle"));
}

TEST_F(Replay, ReplaysAnExportWithoutReads) {
  const RandomJob random = small_job();
  export_job(folder_, kSmall, random.job, expect(kSmall, random));
  std::filesystem::remove(folder_ / "reads.mem");
  const std::string script = read_own_file(folder_ / "run.sh");
  const std::string parameter = "-Preplay.READS=8";
  ASSERT_NE(script.find(parameter), std::string::npos) << script;
  std::string earlier = script;
  earlier.replace(earlier.find(parameter), parameter.size(), "-Preplay.READS=0");
  write_file_atomically(folder_ / "run.sh", earlier);
  std::string sums = read_own_file(folder_ / "checksums.mem");
  sums.resize(9 * 9);
  write_file_atomically(folder_ / "checksums.mem", sums);
  const Outcome outcome = replay();
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  EXPECT_EQ(outcome.output.substr(0, 12), "PASS rows=3 ") << outcome.output;
}

TEST_F(Replay, SeesOneCycleTooMany) {
  const RandomJob random = small_job();
  ExpectedJob expected = expect(kSmall, random);
  ++expected.cycles;
  export_job(folder_, kSmall, random.job, expected);
  const Outcome outcome = replay();
  EXPECT_EQ(outcome.status, 1);
  EXPECT_NE(outcome.output.find(fmt::format("FAIL cycles: expected {}, got {}", expected.cycles,
                                            expected.cycles - 1)),
            std::string::npos)
      << outcome.output;
}

TEST_F(Replay, FailsWhenAnAssertionOfTheRtlFails) {
  RandomJob random = small_job();
  random.job.commands[0].bits = 9;
  export_job(folder_, kSmall, random.job, expect(kSmall, small_job()));
  const Outcome outcome = replay();
  EXPECT_EQ(outcome.status, 1);
  EXPECT_NE(outcome.output.find("run_reader: 9 bits a code"), std::string::npos) << outcome.output;
}

TEST_F(Replay, FailsWhenAFileIsMissing) {
  const RandomJob random = small_job();
  export_job(folder_, kSmall, random.job, expect(kSmall, random));
  std::filesystem::remove(folder_ / "vectors.mem");
  EXPECT_EQ(replay().status, 1);
}

TEST_F(Replay, WritesOnlyWordsThatTheJobReads) {
  RandomJob random = small_job();
  random.faults = {{3, 1, 0, 0}, {5000, 0, 1, 0}};
  export_job(folder_, kSmall, random.job, expect(kSmall, random));
  const nlohmann::json manifest = nlohmann::json::parse(read_own_file(folder_ / "manifest.json"));
  // Two tiles of 4 runs of 32 bits, two runs in a word; words 0, 1, 16, 17.
  EXPECT_EQ(manifest["files"]["weights.mem"]["lines"], 4);
  EXPECT_EQ(manifest["files"]["faults.mem"]["lines"], 0);
  EXPECT_EQ(read_own_file(folder_ / "weights.mem"),
            "00000000_0123456789abcdef\n00000001_0123456789abcdef\n"
            "00000010_0123456789abcdef\n00000011_0123456789abcdef\n");
  EXPECT_EQ(read_own_file(folder_ / "commands.mem").substr(0, 42),
            "00_0_1_0_2_8_0004_0004_0003_00000000_00000");
}

}  // namespace
}  // namespace brownout::cosim
