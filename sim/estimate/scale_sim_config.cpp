// SPDX-License-Identifier: Apache-2.0
// Line by line; each key of SCALE-Sim is mapped, or set aside with a remark.
#include "sim/estimate/scale_sim_config.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/base/json.hpp"
#include "sim/base/text.hpp"
#include "sim/mapping/dataflow.hpp"

namespace brownout::estimate {

namespace {

constexpr std::uint64_t kMostConfigBytes = 1 << 20;
constexpr std::int64_t kMostArraySide = 4096;       // array.rows, array.columns
constexpr std::int64_t kMostSramKib = 1 << 21;      // two of them fit activations.kib
constexpr std::int64_t kMostBandwidth = 1'000'000;  // dram.bytes_per_cycle
constexpr std::int64_t kUsualDmaBytes = 16;         // dma.bytes_per_cycle

const char* const kSections[] = {"general", "architecture_presets", "layout", "sparsity",
                                 "run_presets"};
const char* const kGeneralKeys[] = {"run_name"};
const char* const kArchitectureKeys[] = {
    "ArrayHeight", "ArrayWidth",        "IfmapSramSzkB",     "FilterSramSzkB", "OfmapSramSzkB",
    "IfmapOffset", "FilterOffset",      "OfmapOffset",       "Bandwidth",      "Dataflow",
    "MemoryBanks", "ReadRequestBuffer", "WriteRequestBuffer"};

std::string lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
    return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  });
  return text;
}

std::string without_blanks(const std::string& text) {
  const char* const blanks = " \t\r";
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// The first version of SCALE-Sim has names in quotation marks.
std::string without_quotes(const std::string& text) {
  const bool quoted = text.size() >= 2 && text.front() == '"' && text.back() == '"';
  return quoted ? text.substr(1, text.size() - 2) : text;
}

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

/// Whether it is a key of the section architecture_presets, in any case.
bool is_of_architecture(const std::string& key) {
  return std::any_of(
      std::begin(kArchitectureKeys), std::end(kArchitectureKeys), [&](const char* known) {
        return lower_case(known) == lower_case(key) || lower_case(known) == lower_case(key) + "kb";
      });
}

/// A line "Key: value".
struct Entry {
  std::string place, key, value;
  std::size_t figure = 0;  // of ScaleSimAccelerator::figures
};

/// The spelling of SCALE-Sim for a name in any case. InputError when there is none.
template <std::size_t N>
std::string known_name(const char* const (&names)[N], const std::string& name, const char* what,
                       const std::string& place) {
  for (const char* known : names) {
    if (lower_case(known) == lower_case(name)) return known;
  }
  const std::vector<std::string> all(std::begin(names), std::end(names));
  const std::string near = did_you_mean(name, all);
  throw InputError("{}: unknown {} {}; {}", place, what, in_quotes(name),
                   near.empty() ? fmt::format("known: {}", fmt::join(all, ", ")) : near);
}

class ScaleSimFile {
 public:
  ScaleSimFile(const std::string& text, const std::string& name) : name_(name) {
    std::size_t begin = 0;
    for (int line = 1; begin <= text.size(); ++line) {
      const std::size_t end = std::min(text.find('\n', begin), text.size());
      read_line(without_blanks(text.substr(begin, end - begin)), fmt::format("{}:{}", name, line));
      begin = end + 1;
    }
  }

  bool has(const std::string& key) const { return entries_.count(key) != 0; }
  const Entry& at(const std::string& key) const {
    const auto found = entries_.find(key);
    if (found == entries_.end()) {
      throw InputError("{}: {}: missing; expected it in section [{}]", name_, key,
                       key == "run_name" ? "general" : "architecture_presets");
    }
    return found->second;
  }
  std::int64_t integer(const std::string& key, std::int64_t low, std::int64_t high) const {
    return to_integer(at(key), at(key).value, low, high);
  }
  static std::int64_t to_integer(const Entry& entry, const std::string& text, std::int64_t low,
                                 std::int64_t high) {
    std::int64_t value = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc() || stop != end || value < low || value > high) {
      throw InputError("{}: {}: expected an integer in [{}, {}], got {}", entry.place, entry.key,
                       low, high, in_quotes(text));
    }
    return value;
  }
  std::vector<ScaleSimFigure>& figures() { return figures_; }

 private:
  void read_line(const std::string& line, const std::string& place) {
    if (line.empty() || line.front() == '#' || line.front() == ';') return;
    if (line.front() == '[') {
      if (line.back() != ']') {
        throw InputError("{}: expected [section], got {}", place, in_quotes(line));
      }
      section_ = known_name(kSections, line.substr(1, line.size() - 2), "section", place);
      return;
    }
    const std::size_t split = line.find_first_of(":=");
    if (split == std::string::npos || split == 0) {
      throw InputError("{}: expected \"Key: value\", got {}", place, in_quotes(line));
    }
    Entry entry{place, without_blanks(line.substr(0, split)),
                without_quotes(without_blanks(line.substr(split + 1))), 0};
    if (section_.empty()) {
      throw InputError("{}: expected a section, such as [{}], before the first key", place,
                       is_of_architecture(entry.key) ? "architecture_presets" : "general");
    }
    if (section_ == "general") {
      if (is_of_architecture(entry.key)) {
        throw InputError(
            "{}: {}: expected it in section [architecture_presets], found it in [general]; the "
            "line [architecture_presets] is missing above it",
            place, entry.key);
      }
      entry.key = known_name(kGeneralKeys, entry.key, "key", place);
    } else if (section_ == "architecture_presets") {
      // The first version wrote IfmapSramSz, in the same unit.
      if (ends_with(lower_case(entry.key), "sramsz")) entry.key += "kB";
      entry.key = known_name(kArchitectureKeys, entry.key, "key", place);
    }
    if (entry.value.empty()) throw InputError("{}: {}: expected a value", place, entry.key);
    entry.figure = figures_.size();
    figures_.push_back({place, entry.key, entry.value, "", remark_of(entry)});
    const bool read = section_ == "general" || section_ == "architecture_presets";
    const auto [first, is_new] =
        entries_.emplace(read ? entry.key : section_ + "." + lower_case(entry.key), entry);
    if (!is_new) {
      throw InputError("{}: {}: given twice; the first is at {}", place, entry.key,
                       first->second.place);
    }
  }

  /// Of keys that have no counterpart.
  std::string remark_of(const Entry& entry) const {
    if (entry.key.find("Offset") != std::string::npos) {
      return "ignored: addresses in the DRAM change no cycle here";
    }
    if (entry.key.find("RequestBuffer") != std::string::npos) {
      return "ignored: the DRAM has a latency and a bandwidth, no queue of requests";
    }
    if (entry.key == "MemoryBanks") return "ignored: there is one DRAM";
    if (lower_case(entry.key) == "sparsitysupport" && lower_case(entry.value) == "true") {
      return "ignored: zeros are not skipped, every layer is dense";
    }
    if (lower_case(entry.key) == "interfacebandwidth" && lower_case(entry.value) == "calc") {
      return "ignored: the bandwidth is the figure of the file here, never one that always "
             "suffices";
    }
    return "ignored: it has no counterpart";
  }

  std::string name_, section_;
  std::map<std::string, Entry> entries_;
  std::vector<ScaleSimFigure> figures_;
};

/// Collects keys of ours and notes of which figure they come.
class Translation {
 public:
  explicit Translation(ScaleSimFile& file) : file_(file) {}

  void give(const std::string& key, const std::string& value) { values_.emplace_back(key, value); }
  void take(const std::string& from, const std::string& key, const std::string& value,
            const std::string& remark = "") {
    give(key, value);
    note(from, fmt::format("{}: {}", key, value), remark);
  }
  void note(const std::string& from, const std::string& becomes, const std::string& remark) {
    ScaleSimFigure& figure = file_.figures()[file_.at(from).figure];
    figure.becomes = becomes;
    figure.remark = remark;
  }
  std::vector<std::pair<std::string, std::string>> values() { return std::move(values_); }

 private:
  ScaleSimFile& file_;
  std::vector<std::pair<std::string, std::string>> values_;
};

void take_dataflow(const ScaleSimFile& file, Translation& to) {
  const Entry& entry = file.at("Dataflow");
  const std::optional<mapping::Stationary> found = mapping::parse_dataflow(lower_case(entry.value));
  if (!found) {
    throw InputError("{}: Dataflow: expected ws or os, got {}", entry.place,
                     in_quotes(entry.value));
  }
  if (*found == mapping::Stationary::kInputs) {
    throw InputError(
        "{}: Dataflow: expected ws or os, got {}: our array holds weights or sums, never inputs; "
        "`brownout estimate --dataflow is --convention scalesim-v2` gives its cycles",
        entry.place, in_quotes(entry.value));
  }
  to.take("Dataflow", "array.dataflow", mapping::long_name(*found));
}

/// The scratchpad of filters: SRAM arrays of as many rows as make up the size.
void take_filters(const ScaleSimFile& file, Translation& to) {
  const std::int64_t kib = file.integer("FilterSramSzkB", 1, kMostSramKib);
  const std::int64_t array_kib = kib % 4 == 0 ? 4 : kib % 2 == 0 ? 2 : 1;
  const std::int64_t arrays = kib / array_kib;
  to.give("weights.array_rows", fmt::format("{}", array_kib * 128));
  to.take("FilterSramSzkB", "weights.kib", fmt::format("{}", kib),
          "its two halves take turns, as there");
  to.give("weights.residency", "streamed");
  // There a row of the array takes its weights in one cycle.
  std::int64_t words = std::max<std::int64_t>(1, file.integer("ArrayWidth", 1, kMostArraySide) / 8);
  while (arrays % words != 0) --words;
  to.give("weights.words_per_cycle", fmt::format("{}", words));
}

void take_bandwidth(const ScaleSimFile& file, Translation& to) {
  if (!file.has("Bandwidth")) return;
  const Entry& entry = file.at("Bandwidth");
  const std::size_t comma = entry.value.find(',');
  const std::int64_t bytes = ScaleSimFile::to_integer(
      entry, without_blanks(entry.value.substr(0, comma)), 1, kMostBandwidth);
  to.take("Bandwidth", "dram.bytes_per_cycle", fmt::format("{}", bytes),
          comma == std::string::npos ? "one byte a word, one DRAM for all three operands"
                                     : "the first of the list, one byte a word");
  to.give("dma.bytes_per_cycle", fmt::format("{}", std::max(bytes, kUsualDmaBytes)));
}

}  // namespace

ScaleSimAccelerator parse_scale_sim(const std::string& text, const std::string& name) {
  if (text.find('\0') != std::string::npos) {
    throw InputError("{}: expected a configuration of SCALE-Sim, found binary data", name);
  }
  ScaleSimFile file(text, name);
  Translation to(file);
  to.take("run_name", "name", json_text(Json(file.at("run_name").value)));
  to.take("ArrayHeight", "array.rows",
          fmt::format("{}", file.integer("ArrayHeight", 1, kMostArraySide)));
  to.take("ArrayWidth", "array.columns",
          fmt::format("{}", file.integer("ArrayWidth", 1, kMostArraySide)));
  take_dataflow(file, to);
  take_filters(file, to);
  const std::int64_t ifmap = file.integer("IfmapSramSzkB", 1, kMostSramKib);
  const std::int64_t ofmap = file.integer("OfmapSramSzkB", 1, kMostSramKib);
  const std::string both = fmt::format("{}", ifmap + ofmap);
  to.take("IfmapSramSzkB", "activations.kib", both, "one memory holds inputs and outputs");
  to.note("OfmapSramSzkB", "activations.kib: " + both, "likewise");
  take_bandwidth(file, to);
  to.give("vector.lanes", fmt::format("{}", file.integer("ArrayWidth", 1, kMostArraySide)));

  ScaleSimAccelerator result;
  result.values = to.values();
  result.figures = std::move(file.figures());
  result.assumed = {
      "SCALE-Sim has no clock: clock_mhz is the default, 500.",
      "SCALE-Sim has no vector unit: vector.lanes is one a column.",
      "SCALE-Sim has no accumulators beside its array and output memory: accumulators.depth is the "
      "default, 1024.",
      "SCALE-Sim has no ports of SRAM arrays: weights.words_per_cycle is what a row of the array "
      "takes in a cycle, as far as it divides the arrays."};
  if (!file.has("Bandwidth")) {
    result.assumed.emplace_back("No Bandwidth is given: dram.bytes_per_cycle is the default, 8.");
  }
  return result;
}

ScaleSimAccelerator read_scale_sim(const std::filesystem::path& file) {
  return parse_scale_sim(read_file(file, kMostConfigBytes), file.string());
}

}  // namespace brownout::estimate
