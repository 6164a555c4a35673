// SPDX-License-Identifier: Apache-2.0
// Importer of the masks that `profile export --format masks` writes.
#include <charconv>
#include <utility>

#include "sim/base/error.hpp"
#include "sim/base/text.hpp"
#include "sim/profiles/hex_words.hpp"
#include "sim/profiles/import_text.hpp"
#include "sim/profiles/profile_format.hpp"
#include "sim/profiles/profile_import.hpp"

namespace brownout::profiles {
namespace {

struct MaskSize {
  int words = 0, bits = 0;
};

/// Of "// brownout masks words 4 bits 10: ...", the first line of a file.
MaskSize read_mask_size(const std::string& name, std::string_view text) {
  Lines lines(text);
  std::string_view line;
  lines.next(line);
  MaskSize size;
  for (const auto& [word, value] :
       {std::pair<std::string_view, int*>{"// brownout masks words ", &size.words},
        {" bits ", &size.bits}}) {
    const char* const end = line.data() + line.size();
    const bool begins = line.substr(0, word.size()) == word;
    const auto read =
        std::from_chars(line.data() + (begins ? word.size() : line.size()), end, *value);
    if (!begins || read.ec != std::errc() || *value < 1 || *value > kMostPerAxis) {
      throw InputError("{}:1: expected \"// brownout masks words N bits W: ...\", got {}", name,
                       in_quotes(text.substr(0, text.find('\n'))));
    }
    line.remove_prefix(static_cast<std::size_t>(read.ptr - line.data()));
  }
  return size;
}

/// Bit `bit` of a number of so many digits.
bool mask_bit(std::string_view digits, int bit) {
  const auto digit = digits.size() - 1 - static_cast<std::size_t>(bit / 4);
  return (hex_value(digits[digit]) >> bit % 4 & 1) != 0;
}

ProfileLevel read_masks(const std::string& name, std::string_view text, const MaskSize& size) {
  const std::vector<HexRun> runs = hex_runs(name, text, "_");
  const std::size_t digits = (static_cast<std::size_t>(size.bits) + 3) / 4;
  ProfileLevel level;
  std::uint64_t word = 0;
  for (const HexRun& run : runs) {
    std::string_view masks[3];  // stuck0, stuck1, flip
    bool good = run.digits.size() == 3 * digits + 2 && !run.has_address;
    for (std::size_t i = 0; good && i < 3; ++i) {
      masks[i] = run.digits.substr(i * (digits + 1), digits);
      good = masks[i].find('_') == std::string_view::npos &&
             (i == 2 || run.digits[i * (digits + 1) + digits] == '_');
    }
    if (!good) {
      throw InputError("{}:{}: expected stuck0_stuck1_flip of {} hex digits each, got {}", name,
                       run.line, digits, in_quotes(run.digits));
    }
    for (int bit = 0; bit < static_cast<int>(4 * digits); ++bit) {
      const bool stuck0 = mask_bit(masks[0], bit), stuck1 = mask_bit(masks[1], bit),
                 flip = mask_bit(masks[2], bit);
      // read = ((stored & ~stuck0) | stuck1) ^ flip
      const bool read0 = stuck1 != flip, read1 = (!stuck0 || stuck1) != flip;
      if (!read0 && read1) continue;
      if (bit >= size.bits) {
        throw InputError("{}:{}: expected masks of {} bits, got bit {}", name, run.line, size.bits,
                         bit);
      }
      level.cells.push_back(
          {word * static_cast<std::uint64_t>(size.bits) + static_cast<std::uint64_t>(bit),
           read0 ? 1.0f : 0.0f, read1 ? 0.0f : 1.0f});
    }
    ++word;
  }
  if (word != static_cast<std::uint64_t>(size.words)) {
    throw InputError("{}: expected {} words as its first line says, got {}", name, size.words,
                     word);
  }
  return level;
}

}  // namespace

Imported import_masks(const std::vector<VoltageFile>& files, const ImportInfo& info) {
  Imported result{profile_of(info), {}};
  Profile& profile = result.profile;
  profile.rows = profile.columns = 1;  // without files, which is refused
  for (const VoltageFile& source : files) {
    const std::string name = source.file.string();
    const std::string text = read_map_text(source.file);
    const MaskSize size = read_mask_size(name, text);
    if (!profile.levels.empty() && (size.words != profile.rows || size.bits != profile.columns)) {
      throw InputError("{}: expected {} words of {} bits as in {}, got {} of {}", name,
                       profile.rows, profile.columns, files.front().file.string(), size.words,
                       size.bits);
    }
    profile.rows = size.words;
    profile.columns = size.bits;
    ProfileLevel level = read_masks(name, text, size);
    level.voltage = source.voltage;
    profile.levels.push_back(std::move(level));
  }
  finish_import(result);
  return result;
}

}  // namespace brownout::profiles
