// SPDX-License-Identifier: Apache-2.0
// Reads and writes the text that names mitigations, part by part.
#include "sim/memory/mitigations.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <vector>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/base/text.hpp"
#include "sim/memory/fault.hpp"
#include "sim/memory/secded.hpp"
#include "sim/memory/word_path.hpp"
#include "sim/technology/protection.hpp"

namespace brownout::memory {

namespace {

constexpr int kMostSpareRows = 4096;
constexpr double kMostBoost = 1.0;  // units of Vmin
constexpr char kGrammar[] =
    "none, or parts joined by \"+\": secded[,on-error=pass|zero], parity[,on-error=zero], "
    "interleaved-parity[,on-error=mask|zero], msb=K, boost=DV, spares=RxS, placement=FILE.json";

/// A check code: its name, and what it may do with suspect bits, the default first.
struct CheckName {
  std::string_view name;
  CheckCode code;
  std::vector<OnError> on_error;
};
const std::vector<CheckName>& check_names() {
  static const std::vector<CheckName> names{
      {"secded", CheckCode::kSecded, {OnError::kPass, OnError::kZero}},
      {"parity", CheckCode::kParity, {OnError::kZero}},
      {"interleaved-parity", CheckCode::kInterleavedParity, {OnError::kMask, OnError::kZero}}};
  return names;
}

std::string_view name_of(OnError on_error) {
  constexpr std::string_view kNames[] = {"pass", "zero", "mask"};
  return kNames[static_cast<std::size_t>(on_error)];
}

/// The whole of `text` as a number; from_chars takes no sign '+' and no blanks.
template <typename T>
bool parse_whole(std::string_view text, T& value) {
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value);
  return result.ec == std::errc() && result.ptr == end;
}

class Parser {
 public:
  Parser(std::string_view text, const std::string& where) : text_(text), where_(where) {}

  Mitigations parse() {
    if (text_ == "none") return {};
    std::string_view rest = text_;
    for (bool more = true; more;) {
      const std::size_t plus = rest.find('+');
      more = plus != std::string_view::npos;
      part(rest.substr(0, plus));
      if (more) rest = rest.substr(plus + 1);
    }
    if (check_bits(result_.check) + result_.spare_columns > kCheckBits) {
      throw InputError(
          "{}: {}: expected at most {} spare columns beside the {} check bits of {}, got {}",
          where_, in_quotes(text_), kCheckBits - check_bits(result_.check),
          check_bits(result_.check), check_name(), result_.spare_columns);
    }
    return std::move(result_);
  }

 private:
  void part(std::string_view part) {
    const std::size_t end = part.find_first_of(",=");
    const std::string_view name = part.substr(0, end);
    const std::string_view value = end == std::string_view::npos ? "" : part.substr(end);
    const auto check = std::find_if(check_names().begin(), check_names().end(),
                                    [&](const CheckName& known) { return known.name == name; });
    if (check != check_names().end()) {
      once(part, result_.check == CheckCode::kNone, "one check code");
      result_.check = check->code;
      result_.on_error = on_error(part, value, check->on_error);
    } else if (value.substr(0, 1) != "=") {
      unknown(part);
    } else if (name == "msb") {
      once(part, result_.safe_msbs == 0, "it once");
      if (!parse_whole(value.substr(1), result_.safe_msbs) || result_.safe_msbs < 1 ||
          result_.safe_msbs > 8)
        wrong(part, "msb=K, K an integer in [1, 8]");
    } else if (name == "boost") {
      once(part, result_.boost_vmin == 0.0, "it once");
      // Negated, so that NaN fails too.
      if (!parse_whole(value.substr(1), result_.boost_vmin) ||
          !(result_.boost_vmin > 0.0 && result_.boost_vmin <= kMostBoost))
        wrong(part, fmt::format("boost=DV, DV above 0 and at most {} (units of Vmin)", kMostBoost));
    } else if (name == "spares") {
      once(part, result_.spare_rows == 0 && result_.spare_columns == 0, "it once");
      spares(part, value.substr(1));
    } else if (name == "placement") {
      once(part, result_.sensitivity.empty(), "it once");
      constexpr std::string_view kEnd = ".json";
      const std::string_view file = value.substr(1);
      if (file.size() <= kEnd.size() || file.substr(file.size() - kEnd.size()) != kEnd)
        wrong(part,
              "placement=FILE.json: a file of `brownout sensitivity` whose name ends in .json and "
              "has no "
              "\"+\"");
      result_.sensitivity = file;
    } else {
      unknown(part);
    }
  }

  OnError on_error(std::string_view part, std::string_view value,
                   const std::vector<OnError>& allowed) const {
    if (value.empty()) return allowed.front();
    constexpr std::string_view kOption = ",on-error=";
    std::string names;
    for (const OnError one : allowed) {
      if (value.substr(0, kOption.size()) == kOption &&
          value.substr(kOption.size()) == name_of(one))
        return one;
      names += fmt::format("{}{}", names.empty() ? "" : "|", name_of(one));
    }
    wrong(part, fmt::format("{}[{}{}]", part.substr(0, part.find_first_of(",=")), kOption, names));
  }

  void spares(std::string_view part, std::string_view value) {
    const std::size_t times = value.find('x');
    if (times == std::string_view::npos ||
        !parse_whole(value.substr(0, times), result_.spare_rows) ||
        !parse_whole(value.substr(times + 1), result_.spare_columns) || result_.spare_rows < 0 ||
        result_.spare_rows > kMostSpareRows || result_.spare_columns < 0 ||
        result_.spare_columns > kCheckBits ||
        (result_.spare_rows == 0 && result_.spare_columns == 0))
      wrong(part, fmt::format("spares=RxS, R spare rows in [0, {}] and S spare columns in [0, {}] "
                              "of each array, not both 0",
                              kMostSpareRows, kCheckBits));
  }

  void once(std::string_view part, bool first, const char* expected) const {
    if (!first) wrong(part, fmt::format("{}, a second time here", expected));
  }
  [[noreturn]] void unknown(std::string_view part) const { wrong(part, kGrammar); }
  [[noreturn]] void wrong(std::string_view part, const std::string& expected) const {
    throw InputError("{}: {}{}: expected {}", where_, in_quotes(text_),
                     part == text_ ? "" : fmt::format(", part {}", in_quotes(part)), expected);
  }
  std::string_view check_name() const {
    return check_names()[static_cast<std::size_t>(result_.check) - 1].name;
  }

  std::string_view text_;
  const std::string& where_;
  Mitigations result_;
};

}  // namespace

Mitigations parse_mitigations(const std::string& text, const std::string& where) {
  return Parser(text, where).parse();
}

Mitigations parse_mitigations(const std::string& text, const std::string& where,
                              const std::filesystem::path& folder) {
  Mitigations result = parse_mitigations(text, where);
  if (result.sensitivity.empty()) return result;
  result.sensitivity = (folder / result.sensitivity).lexically_normal().string();
  std::error_code error;
  if (!std::filesystem::is_regular_file(result.sensitivity, error)) {
    throw InputError("{}: expected a file of sensitivities, found none at {}", where,
                     in_quotes(result.sensitivity));
  }
  return result;
}

std::string to_string(const Mitigations& mitigations) {
  std::string text;
  const auto add = [&text](const std::string& part) {
    if (!text.empty()) text += '+';
    text += part;
  };
  for (const CheckName& check : check_names()) {
    if (check.code != mitigations.check) continue;
    add(std::string(check.name));
    if (mitigations.on_error != check.on_error.front())
      text += fmt::format(",on-error={}", name_of(mitigations.on_error));
  }
  if (mitigations.safe_msbs > 0) add(fmt::format("msb={}", mitigations.safe_msbs));
  if (mitigations.boost_vmin > 0.0) add(fmt::format("boost={}", mitigations.boost_vmin));
  if (mitigations.spare_rows > 0 || mitigations.spare_columns > 0)
    add(fmt::format("spares={}x{}", mitigations.spare_rows, mitigations.spare_columns));
  if (!mitigations.sensitivity.empty()) add(fmt::format("placement={}", mitigations.sensitivity));
  return text.empty() ? "none" : text;
}

std::string identity(const Mitigations& mitigations) {
  Mitigations hashed = mitigations;
  if (!hashed.sensitivity.empty())
    hashed.sensitivity = "sha256:" + sha256_hex(read_file(hashed.sensitivity));
  return to_string(hashed);
}

double access_voltage(const Mitigations& mitigations, double voltage) {
  return technology::boosted_voltage(voltage, mitigations.boost_vmin);
}

}  // namespace brownout::memory
