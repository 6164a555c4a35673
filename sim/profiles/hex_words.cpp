// SPDX-License-Identifier: Apache-2.0
// Passes over what is no digit, and counts lines.
#include "sim/profiles/hex_words.hpp"

#include <algorithm>
#include <utility>

#include "sim/base/error.hpp"
#include "sim/base/text.hpp"

namespace brownout::profiles {
namespace {

constexpr std::uint64_t kMostHexAddress = 1ull << 40;

class HexScanner {
 public:
  HexScanner(const std::string& name, std::string_view text, std::string_view also)
      : name_(name), text_(text), also_(also), one_line_(text.find('\n') == text.npos) {}

  std::vector<HexRun> runs() {
    HexRun next;
    while (at_ < text_.size()) {
      if (skip()) continue;
      const bool address = text_[at_] == '@';
      if (address) ++at_;
      HexRun run = next;
      run.line = line_;
      run.column = at_ - line_begin_;
      run.digits = digits();
      if (!address) {
        runs_.push_back(run);
        next = {};
        continue;
      }
      if (next.has_address || run.digits.empty()) {
        throw InputError("{}:{}: expected @ and an address, then words", name_, run.line);
      }
      next = {{}, address_of(run), true, 0, 0};
    }
    if (next.has_address) throw InputError("{}: expected words after the last address", name_);
    return std::move(runs_);
  }

 private:
  /// Passes over a blank, the end of a line, a comment or "0x".
  bool skip() {
    const char c = text_[at_];
    const std::string_view rest = text_.substr(at_);
    if (c == '\n') {
      next_line();
    } else if (c == ' ' || c == '\t' || c == '\r') {
      ++at_;
    } else if (rest.rfind("//", 0) == 0) {
      at_ = std::min(text_.find('\n', at_), text_.size());
    } else if (rest.rfind("/*", 0) == 0) {
      skip_block();
    } else if (rest.size() > 2 && c == '0' && (rest[1] == 'x' || rest[1] == 'X')) {
      at_ += 2;
    } else {
      return false;
    }
    return true;
  }
  void next_line() {
    ++at_;
    ++line_;
    line_begin_ = at_;
  }
  void skip_block() {
    const std::size_t end = text_.find("*/", at_ + 2);
    if (end == std::string_view::npos) {
      throw InputError("{}:{}: a comment begins with /* and does not end", name_, line_);
    }
    while (at_ < end) {
      if (text_[at_] == '\n') {
        next_line();
      } else {
        ++at_;
      }
    }
    at_ = end + 2;
  }
  /// Up to a blank, the end of a line, a comment or an address.
  std::string_view digits() {
    const std::size_t begin = at_;
    constexpr std::string_view kEnds = " \t\r\n/@";
    for (; at_ < text_.size() && kEnds.find(text_[at_]) == kEnds.npos; ++at_) {
      if (hex_value(text_[at_]) < 0 && also_.find(text_[at_]) == also_.npos) fail();
    }
    if (at_ < text_.size() && text_[at_] == '/' && !comment_follows()) fail();
    return text_.substr(begin, at_ - begin);
  }
  bool comment_follows() const {
    return at_ + 1 < text_.size() && (text_[at_ + 1] == '/' || text_[at_ + 1] == '*');
  }
  [[noreturn]] void fail() const {
    HexRun here;
    here.line = line_;
    here.column = at_ - line_begin_;
    throw InputError("{}: expected a hex digit, got {}", hex_place(name_, one_line_, here, 0),
                     in_quotes(text_.substr(at_, 1)));
  }
  std::uint64_t address_of(const HexRun& run) const {
    std::uint64_t address = 0;
    for (const char digit : run.digits) {
      if (hex_value(digit) < 0) continue;  // one of also_
      address = address << 4 | static_cast<std::uint64_t>(hex_value(digit));
      if (address > kMostHexAddress) {
        throw InputError("{}:{}: expected an address of at most {:x}, got {}", name_, run.line,
                         kMostHexAddress, in_quotes(run.digits));
      }
    }
    return address;
  }

  const std::string& name_;
  std::string_view text_, also_;
  bool one_line_;
  std::size_t at_ = 0, line_begin_ = 0;
  int line_ = 1;
  std::vector<HexRun> runs_;
};

}  // namespace

std::vector<HexRun> hex_runs(const std::string& name, std::string_view text,
                             std::string_view also) {
  return HexScanner(name, text, also).runs();
}

std::string hex_place(const std::string& name, bool one_line, const HexRun& run,
                      std::size_t digit) {
  return fmt::format("{}{}: digit {}", name, one_line ? "" : fmt::format(":{}", run.line),
                     run.column + digit);
}

int hex_value(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

}  // namespace brownout::profiles
