// SPDX-License-Identifier: Apache-2.0
// Escapes, cuts and compares short texts.
#include "sim/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "sim/base/utf8.hpp"

namespace brownout {

namespace {

constexpr std::size_t kMostOfAValue = 100;
constexpr std::size_t kMostOfAName = 200;  // of a key that is compared with known ones

/// Control characters, line separators, and the marks that turn the direction of text, with which a
/// name can look like another one.
bool is_control(std::string_view character) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(character[i]); };
  if (character.size() == 1) return byte(0) < 0x20 || byte(0) == 0x7f;
  if (character.size() == 2) return byte(0) == 0xc2 && byte(1) < 0xa0;  // U+0080 to U+009F
  if (character.size() != 3 || byte(0) != 0xe2) return false;
  return (byte(1) == 0x80 && byte(2) >= 0xa8 && byte(2) <= 0xae) ||  // U+2028 to U+202E
         (byte(1) == 0x81 && byte(2) >= 0xa6 && byte(2) <= 0xa9);    // U+2066 to U+2069
}

std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, change});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t length = utf8_character(text);
    const std::string_view taken = text.substr(0, std::max<std::size_t>(length, 1));
    if (length > 0 && !is_control(taken)) {
      out += taken;
    } else if (taken == "\n") {
      out += "\\n";
    } else if (taken == "\t") {
      out += "\\t";
    } else {
      for (const char c : taken) out += fmt::format("\\x{:02x}", static_cast<std::uint8_t>(c));
    }
    text.remove_prefix(taken.size());
  }
  return out;
}

std::string for_terminal(std::string_view lines) {
  std::string out;
  for (;;) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    out += printable(lines.substr(0, end));
    if (end == lines.size()) return out;
    out += '\n';
    lines.remove_prefix(end + 1);
  }
}

std::string counted(std::int64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string shortened(std::string_view text, std::size_t most) {
  if (text.size() <= most) return printable(text);
  // A cut may fall into the middle of a character; its bytes are then left out.
  const auto inside = [&](std::size_t at) {
    return (static_cast<std::uint8_t>(text[at]) & 0xc0) == 0x80;
  };
  std::size_t head = most * 3 / 4;
  std::size_t tail = text.size() - most / 4;
  while (head > 0 && inside(head)) --head;
  while (tail < text.size() && inside(tail)) ++tail;
  return printable(text.substr(0, head)) + " … " + printable(text.substr(tail));
}

std::string in_quotes(std::string_view text) {
  std::string out = "\"" + shortened(text, kMostOfAValue) + "\"";
  if (text.size() > kMostOfAValue) out += fmt::format(" ({} bytes)", text.size());
  return out;
}

bool looks_like_utf16(std::string_view bytes) {
  constexpr std::size_t kMostLooked = 1024;
  const std::size_t units = std::min(bytes.size(), kMostLooked) / 2;
  std::size_t zeros[2] = {};
  for (std::size_t i = 0; i < 2 * units; ++i) zeros[i % 2] += bytes[i] == '\0' ? 1 : 0;
  const auto [fewer, more] = std::minmax(zeros[0], zeros[1]);
  return units >= 2 && fewer == 0 && 4 * more >= 3 * units;
}

std::string nearest_name(const std::string& word, const std::vector<std::string>& known) {
  std::string best;
  if (word.size() > kMostOfAName) return best;
  std::size_t best_distance = std::max<std::size_t>(2, word.size() / 2) + 1;
  for (const std::string& name : known) {
    if (name.size() > kMostOfAName) continue;
    const std::size_t distance = edit_distance(word, name);
    // Names that share nothing are not near, however short they are.
    if (distance < best_distance && distance < std::max(word.size(), name.size())) {
      best = name;
      best_distance = distance;
    }
  }
  return best;
}

std::string did_you_mean(const std::string& word, const std::vector<std::string>& known) {
  const std::string near = nearest_name(word, known);
  return near.empty() ? "" : fmt::format("did you mean \"{}\"?", near);
}

}  // namespace brownout
