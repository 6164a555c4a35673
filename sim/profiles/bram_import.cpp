// SPDX-License-Identifier: Apache-2.0
// Importer of BRAM hex files.
#include <algorithm>
#include <utility>

#include "sim/base/error.hpp"
#include "sim/base/text.hpp"
#include "sim/profiles/hex_words.hpp"
#include "sim/profiles/import_text.hpp"
#include "sim/profiles/profile_import.hpp"

namespace brownout::profiles {
namespace {

constexpr std::uint64_t kBramRows = 1024, kBramCells = 8;  // of a block, of a row
constexpr std::size_t kBramDigits = 4;                     // of a word
constexpr std::size_t kBramBlock = kBramRows * kBramDigits;

/// What one file says.
struct BramFile {
  std::string name;
  bool addresses = false;
  std::uint64_t words = 0, blocks = 0;
  std::vector<ProfileCell> cells;
};

class BramReader {
 public:
  BramReader(std::string name, std::string_view text) : text_(text) {
    file_.name = std::move(name);
    while (!text_.empty() && (text_.back() == '\n' || text_.back() == '\r')) text_.remove_suffix(1);
    one_line_ = text_.find('\n') == std::string_view::npos;
  }

  BramFile read() {
    const std::vector<HexRun> runs = hex_runs(file_.name, text_);
    check_amount(runs);
    for (const HexRun& run : runs) {
      if (run.has_address) {
        end_range();
        begin_ = address_ = run.address;
      }
      for (std::size_t i = 0; i < run.digits.size(); ++i) add_digit(run, run.digits[i]);
    }
    end_range();
    file_.blocks = (check_ranges() + kBramRows - 1) / kBramRows;
    std::sort(file_.cells.begin(), file_.cells.end(),
              [](const ProfileCell& a, const ProfileCell& b) { return a.cell < b.cell; });
    return std::move(file_);
  }

 private:
  void check_amount(const std::vector<HexRun>& runs) {
    std::size_t digits = 0, longest = 0;
    for (const HexRun& run : runs) {
      digits += run.digits.size();
      longest = std::max(longest, run.digits.size());
      file_.addresses = file_.addresses || run.has_address;
    }
    // Elsewhere a line may end within a word.
    const bool whole_words = file_.addresses || longest <= kBramDigits;
    for (const HexRun& run : runs) {
      if (!whole_words || run.digits.size() % kBramDigits == 0) continue;
      throw InputError("{}: expected words of {} hex digits, got {}",
                       hex_place(file_.name, one_line_, run, 0), kBramDigits,
                       in_quotes(run.digits));
    }
    if (digits % 2 != 0)
      throw InputError("{}: expected whole bytes, got an odd number of hex digits ({})", file_.name,
                       digits);
    if (digits == 0 || (!file_.addresses && digits % kBramBlock != 0))
      throw InputError("{}: expected blocks of {} rows of {} hex digits ({} digits), got {} digits",
                       file_.name, kBramRows, kBramDigits, kBramBlock, digits);
  }
  void add_digit(const HexRun& run, char digit) {
    if (word_digits_ == 0) word_line_ = run.line;
    word_ = (word_ << 4 | static_cast<unsigned>(hex_value(digit))) & 0xffff;
    if (++word_digits_ < kBramDigits) return;
    word_digits_ = 0;
    if (word_ >> 8 != (word_ & 0xff))
      throw InputError("{}: row {} of block {}: expected one byte twice, got \"{:04X}\"",
                       one_line_ ? file_.name : fmt::format("{}:{}", file_.name, word_line_),
                       address_ % kBramRows, address_ / kBramRows, word_);
    for (unsigned bit = 0; bit < kBramCells; ++bit) {
      if ((word_ >> bit & 1) == 0)
        file_.cells.push_back(stuck_cell(address_ * kBramCells + bit, false));
    }
    ++address_;
    ++file_.words;
  }
  void end_range() {
    if (address_ > begin_) ranges_.emplace_back(begin_, address_);
  }
  /// Returns the end of the last range.
  std::uint64_t check_ranges() {
    std::sort(ranges_.begin(), ranges_.end());
    for (std::size_t i = 1; i < ranges_.size(); ++i) {
      if (ranges_[i].first < ranges_[i - 1].second)
        throw InputError("{}: expected each word once, got that at address {:x} again", file_.name,
                         ranges_[i].first);
    }
    return ranges_.back().second;
  }

  std::string_view text_;
  bool one_line_ = true;
  BramFile file_;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges_;  // of words, the end not included
  std::uint64_t begin_ = 0, address_ = 0;                        // of this range, of the next word
  unsigned word_ = 0;
  std::size_t word_digits_ = 0;
  int word_line_ = 0;
};

/// Files without addresses have all words, so that they have the same number of blocks; others have
/// no more.
std::uint64_t blocks_of(const std::vector<BramFile>& files) {
  const BramFile* whole = nullptr;
  const BramFile* largest = nullptr;
  for (const BramFile& file : files) {
    if (largest == nullptr || file.blocks > largest->blocks) largest = &file;
    if (file.addresses) continue;
    if (whole == nullptr) whole = &file;
    if (file.blocks != whole->blocks)
      throw InputError("{}: expected {} blocks as in {}, got {}", file.name, whole->blocks,
                       whole->name, file.blocks);
  }
  if (largest == nullptr) return 1;
  if (whole != nullptr && largest->blocks > whole->blocks)
    throw InputError("{}: expected addresses in the {} blocks of {}, got one in block {}",
                     largest->name, whole->blocks, whole->name, largest->blocks - 1);
  constexpr std::uint64_t kMostBlocks = 1 << 24;
  if (largest->blocks > kMostBlocks)
    throw InputError("{}: expected at most {} blocks of {} rows, got {}", largest->name,
                     kMostBlocks, kBramRows, largest->blocks);
  return largest->blocks;
}

}  // namespace

Imported import_bram_hex(const std::vector<VoltageFile>& files, const ImportInfo& info,
                         std::vector<BramTotals>* totals) {
  Imported result{profile_of(info), {}};
  std::vector<BramTotals> found;
  std::vector<BramFile> read;
  for (const VoltageFile& source : files) {
    const std::string text = read_map_text(source.file);
    read.push_back(BramReader(source.file.string(), text).read());
  }
  const std::uint64_t blocks = blocks_of(read);
  for (std::size_t i = 0; i < files.size(); ++i) {
    BramFile& file = read[i];
    const double voltage = files[i].voltage;
    const auto bits = file.words * kBramCells, faults = std::uint64_t{file.cells.size()};
    found.push_back({voltage, 2 * bits, 2 * faults, bits, faults});
    if (file.words < blocks * kBramRows) {
      result.notes.push_back(
          fmt::format("{}: {} of {} words are not in the file; they are taken as free of faults",
                      file.name, blocks * kBramRows - file.words, blocks * kBramRows));
    }
    result.profile.levels.push_back({voltage, std::move(file.cells)});
  }
  result.profile.arrays = static_cast<int>(blocks);
  result.profile.rows = static_cast<int>(kBramRows);
  result.profile.columns = static_cast<int>(kBramCells);
  finish_import(result);
  std::sort(found.begin(), found.end(),
            [](const BramTotals& a, const BramTotals& b) { return a.voltage < b.voltage; });
  if (totals != nullptr) *totals = found;
  return result;
}

}  // namespace brownout::profiles
