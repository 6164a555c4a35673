// SPDX-License-Identifier: Apache-2.0
// Masks that the command exports corrupt the words of a Verilog memory exactly as sim/memory does.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <random>
#include <string>

#include "sim/base/files.hpp"
#include "sim/base/outputs.hpp"
#include "sim/chips/chip.hpp"
#include "sim/memory/word_memory.hpp"

namespace brownout {
namespace {

namespace fs = std::filesystem;

constexpr char kProfile[] = BROWNOUT_SOURCE_DIR "/profiles/chip2-synthetic.h5";
constexpr std::uint64_t kSeed = 5;  // of the evaluation

struct Case {
  const char* name;
  std::string chip;
  std::string point;  // options of the command
  chips::OperatingPoint at;
  std::int64_t words, bits;
};

const Case kCases[] = {
    {"RandomWord64", "random:7", "--rate 0.02", {1.0, 0.02}, 300, 64},
    {"RandomProbabilistic39", "random:7,p_err=0.5", "--rate 0.1", {1.0, 0.1}, 777, 39},
    {"RandomOneWordOf7", "random:3", "--rate 0.5", {1.0, 0.5}, 1, 7},
    {"Profile128", kProfile, "--voltage 0.83", {0.83, 0.0}, 1024, 128},
    {"ProfileLaidFromAnOffset72",
     std::string(kProfile) + ",offset=1000",
     "--voltage 0.86",
     {0.86, 0.0},
     512,
     72},
    {"Physical64", "physical:4", "--voltage 0.84", {0.84, 0.0}, 256, 64},
};

struct Outcome {
  int status = -1;
  std::string output;
};

class Masks : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / fmt::format("brownout-masks-{}", getpid());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  Outcome run(const std::string& command) const {
    std::FILE* const pipe =
        popen(fmt::format("cd '{}' && ({}) 2>&1", folder_.string(), command).c_str(), "r");
    Outcome outcome;
    char buffer[4096];
    while (const std::size_t n = std::fread(buffer, 1, sizeof buffer, pipe)) {
      outcome.output.append(buffer, n);
    }
    const int status = pclose(pipe);
    if (WIFEXITED(status)) outcome.status = WEXITSTATUS(status);
    return outcome;
  }
  /// The command's own numbers.
  nlohmann::json export_masks(const Case& c) const {
    const Outcome outcome = run(fmt::format(
        "'{}' profile export --format masks --chip '{}' {} --words {} --bits {} --evaluation-seed "
        "{} --out masks.mem --json masks.json --quiet --overwrite",
        BROWNOUT_BINARY, c.chip, c.point, c.words, c.bits, kSeed));
    EXPECT_EQ(outcome.status, 0) << outcome.output;
    return nlohmann::json::parse(read_own_file(folder_ / "masks.json"));
  }
  Outcome icarus(std::int64_t words, std::int64_t bits) const {
    return run(
        fmt::format("iverilog -g2012 -Wall -s sram_masks_test -Psram_masks_test.WORDS={} "
                    "-Psram_masks_test.WIDTH={} -o test.vvp '{}/rtl/simulation/sram_faults.sv' "
                    "'{}/tests/rtl/sram_masks_test.sv' && vvp -n test.vvp",
                    words, bits, BROWNOUT_SOURCE_DIR, BROWNOUT_SOURCE_DIR));
  }
  Outcome verilator(std::int64_t words, std::int64_t bits) const {
    return run(fmt::format(
        "verilator --binary --timing -Wno-fatal --top-module sram_masks_test -GWORDS={} -GWIDTH={} "
        "-Mdir built '{}/rtl/simulation/sram_faults.sv' '{}/tests/rtl/sram_masks_test.sv' "
        ">verilator.log 2>&1 && built/Vsram_masks_test",
        words, bits, BROWNOUT_SOURCE_DIR, BROWNOUT_SOURCE_DIR));
  }

  fs::path folder_;
};

/// `words` words of `bits` bits, the first bit of the first one being bit 0 of `from`.
std::string hex_words(const std::vector<std::uint64_t>& from, std::int64_t words,
                      std::int64_t bits) {
  std::string text;
  for (std::int64_t word = 0; word < words; ++word) {
    for (std::int64_t digit = (bits - 1) / 4; digit >= 0; --digit) {
      unsigned value = 0;
      for (std::int64_t bit = 4 * digit; bit < std::min(bits, 4 * digit + 4); ++bit) {
        const auto cell = static_cast<std::uint64_t>(word * bits + bit);
        value |= static_cast<unsigned>(from[cell / 64] >> cell % 64 & 1) << bit % 4;
      }
      text += "0123456789abcdef"[value];
    }
    text += '\n';
  }
  return text;
}

/// Writes stored.mem and expected.mem by the simulator's own memory; returns its wrong bits.
std::int64_t write_words(const Case& c, const fs::path& folder) {
  const std::int64_t cells = c.words * c.bits;
  const std::int64_t count = (cells + 63) / 64;
  std::vector<std::uint64_t> stored(static_cast<std::size_t>(count));
  std::mt19937_64 draws(9);
  for (std::uint64_t& word : stored) word = draws();
  const auto chip = chips::make_chip(c.chip);
  memory::WordMemory memory(count);
  memory.set_faults(
      {chip->faults(memory::MemoryId::kWeights, static_cast<std::uint32_t>(count), c.at), {}},
      memory::MemoryId::kWeights, {chip->die(), kSeed});
  memory.write(0, count, stored.data());
  std::vector<std::uint64_t> read(stored.size());
  memory.read(0, count, read.data());
  write_file_atomically(folder / "stored.mem", hex_words(stored, c.words, c.bits));
  write_file_atomically(folder / "expected.mem", hex_words(read, c.words, c.bits));
  std::int64_t wrong = 0;
  for (std::int64_t cell = 0; cell < cells; ++cell) {
    const auto word = static_cast<std::size_t>(cell / 64);
    wrong += static_cast<std::int64_t>((stored[word] ^ read[word]) >> cell % 64 & 1);
  }
  return wrong;
}

TEST_P(Masks, CorruptWordsAsTheSimulatorDoes) {
  const Case& c = GetParam();
  const nlohmann::json made = export_masks(c);
  const std::int64_t wrong = write_words(c, folder_);
  EXPECT_GT(wrong, 0);
  // Cells that flip are wrong whatever is stored, stuck ones half of the time.
  EXPECT_GE(wrong, made["flip"].get<std::int64_t>());
  EXPECT_LE(wrong, made["cells_wrong"].get<std::int64_t>());
  const Outcome outcome = icarus(c.words, c.bits);
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  EXPECT_EQ(outcome.output.substr(0, outcome.output.find('\n')),
            fmt::format("PASS words={}", c.words));

  // A mask with one bit more is seen.
  std::string masks = read_own_file(folder_ / "masks.mem");
  char& digit = masks[masks.size() - 2];  // the lowest of the last word's flip
  digit = "0123456789abcdef"[(digit <= '9' ? digit - '0' : digit - 'a' + 10) ^ 1];
  write_file_atomically(folder_ / "masks.mem", masks);
  EXPECT_EQ(icarus(c.words, c.bits).status, 1);
}

INSTANTIATE_TEST_SUITE_P(Chips, Masks, testing::ValuesIn(kCases),
                         [](const auto& c) { return std::string(c.param.name); });

class MasksFile : public Masks {};

TEST_F(MasksFile, CorruptsWordsInVerilatorToo) {
  if (run("command -v verilator").status != 0) GTEST_SKIP() << "no Verilator";
  const Case& c = kCases[1];
  export_masks(c);
  write_words(c, folder_);
  const Outcome outcome = verilator(c.words, c.bits);
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  EXPECT_EQ(outcome.output.rfind(fmt::format("PASS words={}", c.words), 0), 0u) << outcome.output;
}

TEST_F(MasksFile, OfAnotherMemoryIsOneMessage) {
  const Case& c = kCases[1];
  export_masks(c);
  write_words(c, folder_);
  Outcome outcome = icarus(c.words, 40);
  EXPECT_EQ(outcome.status, 1);
  EXPECT_NE(outcome.output.find("sram_faults: masks.mem: expected masks of 777 words of 40 bits, "
                                "found 777 of 39"),
            std::string::npos)
      << outcome.output;
  outcome = icarus(776, c.bits);
  EXPECT_EQ(outcome.status, 1);
  EXPECT_NE(outcome.output.find("expected masks of 776 words of 39 bits, found 777 of 39"),
            std::string::npos)
      << outcome.output;
  fs::remove(folder_ / "masks.mem");
  outcome = icarus(c.words, c.bits);
  EXPECT_EQ(outcome.status, 1);
  EXPECT_NE(outcome.output.find("sram_faults: masks.mem: cannot be read"), std::string::npos)
      << outcome.output;
}

/// The commands of a page's first block of code.
std::string commands_of(const fs::path& page) {
  const std::string text = read_own_file(page);
  const std::size_t begin = text.find("```\n") + 4;
  return text.substr(begin, text.find("```", begin) - begin);
}

TEST_F(MasksFile, TheExampleRunsAsPrinted) {
  const fs::path source = BROWNOUT_SOURCE_DIR;
  fs::create_directories(folder_ / "examples");
  fs::copy(source / "examples/own-rtl", folder_ / "examples/own-rtl");
  fs::create_symlink(source / "rtl", folder_ / "rtl");
  fs::create_symlink(BROWNOUT_BINARY, folder_ / "brownout");
  const Outcome outcome = run(fmt::format("set -e; PATH=$PWD:$PATH; cd examples/own-rtl; {}",
                                          commands_of(source / "examples/own-rtl/README.md")));
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  // A random chip's cells flip: both patterns read the same number of bits wrong.
  const Outcome numbers = run(
      "./brownout profile export --format masks --chip random:7 --voltage 0.85 --words 1024 --bits "
      "39 --out again.mem --json - --quiet");
  const auto wrong = nlohmann::json::parse(numbers.output.substr(numbers.output.find("{\n")));
  EXPECT_GT(wrong["flip"], 100);
  for (const int pattern : {0, 1}) {
    EXPECT_NE(outcome.output.find(fmt::format("all {}: {} of 39936 bits are read wrong\n", pattern,
                                              wrong["flip"].get<int>())),
              std::string::npos)
        << outcome.output;
  }
}

}  // namespace
}  // namespace brownout
