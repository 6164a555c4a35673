// SPDX-License-Identifier: Apache-2.0
// "secded", "parity,on-error=zero", …: each word is stored with check bits. What belongs to one
// code is in the table of sim/memory/word_code.cpp.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "sim/mitigation/policy.hpp"

namespace brownout::mitigation {

namespace {

using memory::CheckCode;
using memory::WordCode;

constexpr std::string_view kOnErrorOption = ",on-error=";

/// "secded[,on-error=pass|zero]".
std::string grammar_of(const WordCode& code) {
  std::string choices;
  for (std::size_t i = 0; i < code.on_errors; ++i) {
    choices += fmt::format("{}{}", i == 0 ? "" : "|", memory::to_string(code.on_error[i]));
  }
  return fmt::format("{}[{}{}]", code.name, kOnErrorOption, choices);
}

/// `text` of every code, joined.
template <typename Text>
std::string of_all_codes(Text text) {
  std::string all;
  for (const WordCode& code : memory::word_codes()) {
    if (code.code == CheckCode::kNone) continue;
    if (!all.empty()) all += ", ";
    all += text(code);
  }
  return all;
}

class CheckCodePolicy final : public Policy {
 public:
  std::string grammar() const override { return of_all_codes(grammar_of); }
  std::string form() const override {
    return of_all_codes([](const WordCode& code) { return code.name; });
  }

  bool parse(const Part& part, Mitigations& into) const override {
    const WordCode* code = memory::find_word_code(part.name());
    if (code == nullptr || code->code == CheckCode::kNone) return false;
    part.expect_first(into.check == CheckCode::kNone, "one check code");
    into.check = code->code;
    if (part.rest().empty()) {
      into.on_error = code->on_error[0];
      return true;
    }
    for (std::size_t i = 0; i < code->on_errors; ++i) {
      into.on_error = code->on_error[i];
      if (part.rest() == fmt::format("{}{}", kOnErrorOption, memory::to_string(into.on_error)))
        return true;
    }
    part.refuse(grammar_of(*code));
  }

  bool in_use(const Mitigations& mitigations) const override {
    return mitigations.check != CheckCode::kNone;
  }
  std::string text(const Mitigations& mitigations) const override {
    const WordCode& code = word_code(mitigations.check);
    std::string text(code.name);
    if (mitigations.on_error != code.on_error[0])
      text += fmt::format("{}{}", kOnErrorOption, memory::to_string(mitigations.on_error));
    return text;
  }

  int stages(const Mitigations& mitigations) const override {
    return word_code(mitigations.check).stages;
  }

  std::vector<Coefficient> coefficients() const override {
    std::vector<Coefficient> all{{kColumnAccessKey}, {kColumnAreaKey}};
    for (const WordCode& code : memory::word_codes()) {
      if (code.code == CheckCode::kNone) continue;
      all.push_back({code.encode_pj});
      all.push_back({code.decode_pj});
    }
    return all;
  }
  void protect(const Mitigations& mitigations, const MemoryShape&,
               Protection& into) const override {
    into.check = mitigations.check;
  }
  bool protects(const Protection& protection) const override {
    return protection.check != CheckCode::kNone;
  }
  void add_overhead(const Protection& protection, const Coefficients& coefficients,
                    Overhead& into) const override {
    if (!protects(protection)) return;
    const WordCode& code = word_code(protection.check);
    into.add_columns(code.check_bits, coefficients);
    into.logic_columns += code.check_bits;
    into.read_pj += coefficients.at(code.decode_pj);
    into.write_pj += coefficients.at(code.encode_pj);
  }

  void write(const Protection& protection, nlohmann::ordered_json& into) const override {
    into["codec"] = word_code(protection.check).name;
  }
  void read(const ProtectionFile& from, Protection& into) const override {
    const WordCode* code = memory::find_word_code(from.text("codec"));
    if (code == nullptr) refuse_codec_or_share(from);
    into.check = code->code;
  }
  std::vector<NamedCount> counts(const Outcome& outcome) const override {
    const ProtectionStats& words = outcome.words;
    return {{"words", nullptr, words.words},
            {"check_cells_hit", "check cells hit", words.check_cells_hit},
            {"words_corrected", "words corrected", words.corrected},
            {"words_detected", "words detected", words.detected},
            {"words_undetected", "words wrong, undetected", words.undetected}};
  }
};

}  // namespace

const Policy& check_code() {
  static const CheckCodePolicy policy;
  return policy;
}

}  // namespace brownout::mitigation
