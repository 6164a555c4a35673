// SPDX-License-Identifier: Apache-2.0
// Lines of hexadecimal fields, the leftmost in the highest bits; widths are whole digits.
#include "sim/cosim/job_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <string>
#include <utility>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/base/json.hpp"
#include "sim/base/outputs.hpp"
#include "sim/cosim/predict.hpp"
#include "sim/cosim/rtl_numbers.hpp"
#include "sim/mapping/timing.hpp"

namespace brownout::cosim {

namespace {

constexpr char kManifest[] = "manifest.json";
constexpr char kTop[] = "replay";

/// One file: its lines as they grow.
struct MemoryFile {
  const char* name;    // without .mem
  const char* counts;  // parameter of replay.sv that has the number of lines
  std::string fields;  // for the manifest
  std::string text = {};
  std::int64_t lines = 0;

  template <typename... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(text), format, std::forward<Args>(args)...);
  }
  void end_line() {
    text += '\n';
    ++lines;
  }
};

/// rtl/simulation/replay.sv computes the same: FNV-1a over parts of 32 bits, each line from the
/// right. If one part changes, the sum always changes.
std::uint32_t checksum(const MemoryFile& file) {
  constexpr std::uint32_t kBasis = 0x811c9dc5, kPrime = 16777619;
  constexpr int kDigits = 8;  // of a part
  std::uint32_t sum = kBasis;
  for (std::size_t begin = 0; begin < file.text.size();) {
    const std::size_t end = file.text.find('\n', begin);
    std::uint32_t part = 0;
    int digits = 0;
    for (std::size_t at = end; at-- > begin;) {
      const char c = file.text[at];
      if (c == '_') continue;
      part |= static_cast<std::uint32_t>(c <= '9' ? c - '0' : c - 'a' + 10) << (4 * digits);
      if (++digits < kDigits) continue;
      sum = (sum ^ part) * kPrime;
      part = 0;
      digits = 0;
    }
    if (digits > 0) sum = (sum ^ part) * kPrime;
    begin = end + 1;
  }
  return sum;
}

/// A cycle as 32 bits in two's complement.
std::uint32_t cycle_field(std::int64_t cycle) {
  if (std::abs(cycle) > std::numeric_limits<std::int32_t>::max()) {
    throw InputError("export: cycle {} of the job; at most 2^31 - 1 can be replayed", cycle);
  }
  return static_cast<std::uint32_t>(static_cast<std::int32_t>(cycle));
}

/// For each word: whether the job reads it.
std::vector<bool> words_read(const CoreShape& shape, const Job& job) {
  std::vector<bool> read(shape.words, false);
  for (const Command& command : job.commands) {
    std::int64_t cell = command.cell;
    for (int c = 0; c < command.columns; ++c, cell += command.stride) {
      const std::int64_t word = cell / 64;
      const std::int64_t end = word + mapping::words_of_run(cell, command.codes, command.bits);
      BROWNOUT_CHECK(end <= shape.words, "words [{}, {}) of {}", word, end, shape.words);
      std::fill(read.begin() + word, read.begin() + end, true);
    }
  }
  return read;
}

MemoryFile weights_file(const std::vector<bool>& read, const std::vector<std::uint64_t>& stored) {
  MemoryFile file{"weights", "WEIGHTS", "word:32 data:64"};
  for (std::size_t word = 0; word < read.size(); ++word) {
    if (!read[word]) continue;
    file.add("{:08x}_{:016x}", word, stored[word]);
    file.end_line();
  }
  return file;
}

/// Masks over the 72 columns of a word.
constexpr char kMaskFields[] = "stuck0:72 stuck1:72 flip:72";
void add_masks(MemoryFile& file, const WordFaults& fault) {
  file.add("_{:02x}{:016x}_{:02x}{:016x}_{:02x}{:016x}", fault.check_stuck0, fault.stuck0,
           fault.check_stuck1, fault.stuck1, fault.check_flip, fault.flip);
}

MemoryFile faults_file(const std::vector<bool>& read, const std::vector<WordFaults>& faults) {
  MemoryFile file{"faults", "FAULTS", fmt::format("word:40 {}", kMaskFields)};
  for (const WordFaults& fault : faults) {
    BROWNOUT_CHECK(fault.word < read.size(), "word {} of {}", fault.word, read.size());
    if (!read[fault.word]) continue;
    file.add("{:010x}", fault.word);
    add_masks(file, fault);
    file.end_line();
  }
  return file;
}

MemoryFile writes_file(const Job& job) {
  MemoryFile file{"writes", "WRITES",
                  fmt::format("cycle:32 word:32 data:64 masks:8 {}", kMaskFields)};
  for (const WriteJob& write : job.writes) {
    for (std::size_t i = 0; i < write.data.size(); ++i) {
      const std::int64_t word = write.word + i;
      const bool masks = !write.faults.empty();
      file.add("{:08x}_{:08x}_{:016x}_{:02x}", cycle_field(write.cycle), word, write.data[i],
               int{masks});
      add_masks(file, masks ? write.faults[i] : WordFaults{});
      file.end_line();
    }
  }
  return file;
}

MemoryFile commands_file(const Job& job) {
  MemoryFile file{"commands", "COMMANDS",
                  "zero_code:8 parameters:4 first:4 last:4 scheme:4 bits:4 columns:16 codes:16 "
                  "vectors:16 cell:32 stride:32"};
  for (const Command& c : job.commands) {
    BROWNOUT_CHECK(c.columns < 65536 && c.codes < 65536 && c.vectors < 65536,
                   "{} columns, {} codes, {} vectors", c.columns, c.codes, c.vectors);
    file.add("{:02x}_{:x}_{:x}_{:x}_{:x}_{:x}_{:04x}_{:04x}_{:04x}_{:08x}_{:08x}", c.zero_code,
             int{c.parameters}, int{c.first}, int{c.last}, c.scheme, c.bits, c.columns, c.codes,
             c.vectors, c.cell, c.stride);
    file.end_line();
  }
  return file;
}

MemoryFile vectors_file(const CoreShape& shape, const Job& job) {
  MemoryFile file{"vectors", "VECTORS", "row ROWS-1:12 ... row 0:12 (two's complement)"};
  const std::size_t rows = shape.rows;
  for (std::size_t begin = 0; begin < job.vectors.size(); begin += rows) {
    for (std::size_t r = rows; r-- > 0;) {
      file.add("{:03x}{}", static_cast<unsigned>(job.vectors[begin + r]) & 0xFFFu,
               r > 0 ? "_" : "");
    }
    file.end_line();
  }
  return file;
}

MemoryFile strips_file(const Job& job) {
  MemoryFile file{"strips", "STRIPS",
                  "columns:32 commands:32 vectors:32 rows:32 row_cycles:32 walks:32 load:32 "
                  "stream:32 drain:32"};
  for (const StripJob& strip : job.strips) {
    int vectors = 0;
    for (std::size_t i = 0; i < strip.command_count; ++i) {
      const Command& command = job.commands[strip.command_first + i];
      if (!command.parameters) vectors += command.vectors;
    }
    file.add("{:08x}_{:08x}_{:08x}_{:08x}_{:08x}_{:08x}_{:08x}_{:08x}_{:08x}",
             job.commands[strip.command_first + strip.command_count - 1].columns,
             strip.command_count, vectors, strip.rows, strip.row_cycles, strip.walks,
             cycle_field(strip.gates.load), cycle_field(strip.gates.stream),
             cycle_field(strip.gates.drain));
    file.end_line();
  }
  return file;
}

/// What the core reads, in order, and the words of parameters among them as they leave it: what was
/// stored or written until then, with faults; parameters after the check.
struct ReadFiles {
  MemoryFile parameters{"parameters", "PARAMETERS", "last of its run:32 suspect:64 word:64"};
  MemoryFile reads{"reads", "READS", "word:32 read:72"};
};

ReadFiles read_files(const CoreShape& shape, const Job& job, const ExpectedJob& expected) {
  ReadFiles files;
  const JobTimes times = predict(shape, job);
  Cells cells(expected.stored, expected.faults, job.mode.check);
  std::size_t write = 0, write_word = 0;  // the next one
  const auto write_until = [&](std::int64_t cycle) {
    while (write < job.writes.size()) {
      const WriteJob& now = job.writes[write];
      const std::int64_t at = now.cycle + write_word;
      if (at >= cycle) return;
      cells.write(now, write_word);
      if (++write_word < now.data.size()) continue;
      ++write;
      write_word = 0;
    }
  };
  std::size_t tile = 0;
  std::int64_t words_before = 0;  // of the same load
  for (const Command& command : job.commands) {
    std::uint32_t cell = command.cell;
    for (int run = 0; run < command.columns; ++run, cell += command.stride) {
      const std::int64_t words = mapping::words_of_run(cell, command.codes, command.bits);
      for (std::int64_t w = 0; w < words; ++w) {
        write_until(times.tiles.at(tile).load + words_before++);
        const auto word = static_cast<std::uint32_t>(cell / 64 + w);
        const RawWord raw = cells.raw(word);
        files.reads.add("{:08x}_{:02x}{:016x}", word, raw.check, raw.data);
        files.reads.end_line();
        if (!command.parameters) continue;
        const memory::ReadWord read = cells.read(word);
        files.parameters.add("{:08x}_{:016x}_{:016x}", int{w + 1 == words}, read.suspect,
                             read.data);
        files.parameters.end_line();
      }
    }
    if (command.parameters) continue;
    ++tile;
    words_before = 0;
  }
  return files;
}

MemoryFile drained_file(const CoreShape& shape, const ExpectedJob& expected) {
  MemoryFile file{"drained", "DRAINED", "lane COLUMNS:32 ... lane 0:32 (two's complement)"};
  const std::size_t lanes = shape.columns + 1;
  for (const std::vector<std::int32_t>& row : expected.rows) {
    BROWNOUT_CHECK(row.size() == lanes, "{} lanes of {}", row.size(), lanes);
    for (std::size_t l = lanes; l-- > 0;) {
      file.add("{:08x}{}", static_cast<std::uint32_t>(row[l]), l > 0 ? "_" : "");
    }
    file.end_line();
  }
  return file;
}

/// Rows that the job's strips use.
MemoryFile accumulators_file(const CoreShape& shape, const Job& job,
                             const AccumulatorFaults& faults) {
  MemoryFile file{"accumulators", "ACCUMULATORS",
                  "half:16 row:16 stuck0: lane COLUMNS:32 ... lane 0:32, stuck1, flip likewise"};
  int rows[2] = {0, 0};
  for (std::size_t s = 0; s < job.strips.size() && !faults.none(); ++s) {
    rows[s % 2] = std::max(rows[s % 2], job.strips[s].rows);
  }
  for (int half = 0; half < 2; ++half) {
    for (int row = 0; row < std::min(rows[half], faults.rows()); ++row) {
      if (!faults.row_has_any(half, row)) continue;
      file.add("{:04x}_{:04x}", half, row);
      for (const auto mask : {&SumFaults::stuck0, &SumFaults::stuck1, &SumFaults::flip}) {
        for (int lane = shape.columns; lane >= 0; --lane) {
          file.add("_{:08x}", faults.at(half, row, lane).*mask);
        }
      }
      file.end_line();
    }
  }
  return file;
}

constexpr const char* kScript = R"sh(#!/bin/sh
# Replays this job in Icarus Verilog: sh run.sh RTL_FOLDER [+waves=FILE.vcd] [+edited]
set -eu
if [ $# -lt 1 ] || [ ! -f "$1/files.f" ]; then
  echo "usage: sh run.sh RTL_FOLDER [+waves=FILE.vcd] [+edited]; RTL_FOLDER has files.f" >&2
  exit 2
fi
here=$(cd "$(dirname "$0")" && pwd)
rtl=$1
shift
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
(cd "$rtl" && iverilog -g2012 -DBROWNOUT_FAULTS -s replay @PARAMETERS@ \
  -f files.f -f simulation/files.f -o "$build/replay.vvp")
status=0
vvp -n "$build/replay.vvp" "+folder=$here" "$@" >"$build/log" 2>&1 || status=$?
cat "$build/log"
# An assertion of the RTL prints ERROR and goes on.
if grep -q '^ERROR' "$build/log" || ! grep -q '^PASS' "$build/log"; then status=1; fi
exit $status
)sh";

bool is_manifest(const std::filesystem::path& file) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error)) return false;
  try {
    const Json json = parse_json(read_own_file(file), file.string());
    return json.is_object() && json.contains("top") && json["top"] == kTop;
  } catch (const InputError&) {
    return false;
  }
}

}  // namespace

void prepare_export(const std::filesystem::path& folder) {
  const std::string option = fmt::format("{}", Field{"export"});
  make_folder(folder);
  std::error_code error;
  const bool empty = std::filesystem::is_empty(folder, error);
  if (error) throw InputError("{}: {}", folder.string(), error.message());
  if (!empty && !is_manifest(folder / kManifest)) {
    throw InputError(
        "{}: {}: expected a new or empty folder, or one with an earlier export, found {}", option,
        folder.string(), std::filesystem::directory_iterator(folder)->path().filename().string());
  }
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::filesystem::path& file = entry.path();
    const bool ours = file.extension() == ".mem" || file.filename() == "run.sh";
    if (ours) claim_output(option, file);
  }
  claim_output(option, folder / kManifest);
  check_writable(folder / "run.sh", 1);
}

void export_job(const std::filesystem::path& folder, const CoreShape& shape, const Job& job,
                const ExpectedJob& expected) {
  BROWNOUT_CHECK(!job.strips.empty() && shape.words % kArrayRows == 0, "{} strips, {} words",
                 job.strips.size(), shape.words);
  const std::int64_t stored = expected.stored.size();
  BROWNOUT_CHECK(stored == shape.words, "{} words stored, {} in the memory", expected.stored.size(),
                 shape.words);
  BROWNOUT_CHECK(job.vectors.size() % shape.rows == 0, "{} activations for {} rows",
                 job.vectors.size(), shape.rows);
  cycle_field(expected.cycles);

  const std::vector<bool> read = words_read(shape, job);
  ReadFiles from_cells = read_files(shape, job, expected);
  const MemoryFile files[] = {weights_file(read, expected.stored),
                              faults_file(read, expected.faults),
                              writes_file(job),
                              commands_file(job),
                              vectors_file(shape, job),
                              strips_file(job),
                              std::move(from_cells.parameters),
                              drained_file(shape, expected),
                              accumulators_file(shape, job, expected.accumulators),
                              std::move(from_cells.reads)};

  Json parameters = {{"ROWS", shape.rows},
                     {"COLUMNS", shape.columns},
                     {"ARRAYS", shape.words / kArrayRows},
                     {"ARRAY_ROWS", kArrayRows},
                     {"DEPTH", shape.depth}};
  Json contents = Json::object();
  MemoryFile checksums{"checksums", "", "checksum:32; of the files above, in their order"};
  for (const MemoryFile& file : files) {
    checksums.add("{:08x}", checksum(file));
    checksums.end_line();
    parameters[file.counts] = file.lines;
    contents[fmt::format("{}.mem", file.name)] = {{"lines", file.lines}, {"fields", file.fields}};
  }
  contents["checksums.mem"] = {{"lines", checksums.lines}, {"fields", checksums.fields}};
  parameters["CHECK_CODE"] = rtl_number(job.mode.check);
  parameters["ON_ERROR"] = rtl_number(job.mode.on_error);
  parameters["CYCLES"] = expected.cycles;
  parameters["SUPPLY_MICROVMIN"] = std::llround(expected.supply * 1e6);
  parameters["ACCUMULATOR_SUPPLY_MICROVMIN"] = std::llround(expected.accumulator_supply * 1e6);

  std::string options;
  for (const auto& [name, value] : parameters.items()) {
    options += fmt::format("\\\n  -Preplay.{}={} ", name, json_text(value));
  }
  options.pop_back();
  std::string script = kScript;
  const std::string place = "@PARAMETERS@";
  script.replace(script.find(place), place.size(), options);

  make_folder(folder);
  std::filesystem::remove(folder / kManifest);
  for (const MemoryFile& file : files) {
    write_file_atomically(folder / fmt::format("{}.mem", file.name), file.text);
  }
  write_file_atomically(folder / "checksums.mem", checksums.text);
  write_file_atomically(folder / "run.sh", script);
  // The manifest is written last: if it is there, everything is.
  const Json manifest = {{"format", 2},
                         {"top", kTop},
                         {"define", "BROWNOUT_FAULTS"},
                         {"parameters", parameters},
                         {"files", contents}};
  write_file_atomically(folder / kManifest, json_text(manifest, 2) + "\n");
}

}  // namespace brownout::cosim
