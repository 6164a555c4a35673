// SPDX-License-Identifier: Apache-2.0
// One mitigation, with everything that the rest of the program asks about it. Each is defined in a
// file of its own: check_code.cpp, safe_msbs.cpp, boost.cpp, spares.cpp, array_placement.cpp.
#pragma once

#include <array>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/memory/fault.hpp"
#include "sim/mitigation/mitigations.hpp"
#include "sim/mitigation/outcome.hpp"
#include "sim/mitigation/protection.hpp"
#include "sim/mitigation/repair.hpp"

namespace brownout::mitigation {

/// One part of a text, like "msb=2" in "secded+msb=2".
class Part {
 public:
  /// The texts must outlive the part.
  Part(std::string_view text, std::string_view part, const std::string& where);

  /// "msb" of "msb=2", "secded" of "secded,on-error=zero".
  std::string_view name() const;
  /// What follows the name: nothing, or a text that begins with ',' or '='.
  std::string_view rest() const { return part_.substr(name().size()); }
  /// The value of a part "name=value"; none if the part is not of this form.
  std::optional<std::string_view> value_of(std::string_view name) const;

  /// Throws an InputError that shows the text and the part.
  [[noreturn]] void refuse(const std::string& expected) const;
  /// Refuses the part unless it is the `first` one.
  void expect_first(bool first, const char* expected) const;

 private:
  std::string_view text_, part_;
  const std::string& where_;
};

/// Reads the whole of `text` as a number, without a sign '+' or blanks. False if it is none.
template <typename T>
bool parse_whole(std::string_view text, T& value) {
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value);
  return result.ec == std::errc() && result.ptr == end;
}

/// The block `protection` of a file that a run wrote. Each reader throws an InputError that names
/// the key if it is missing or has another kind of value.
class ProtectionFile {
 public:
  virtual ~ProtectionFile() = default;
  virtual std::string text(const char* key) const = 0;
  virtual double amount(const char* key) const = 0;  // not negative
  virtual int count(const char* key, int low) const = 0;
  virtual bool flag(const char* key) const = 0;
  /// File and place of fields, as messages begin with it.
  virtual std::string place(const char* keys) const = 0;

  [[noreturn]] void refuse(const char* keys, const std::string& expected) const;
};

/// Refuses a check code or a share of safe cells that no run writes; the message shows both.
[[noreturn]] void refuse_codec_or_share(const ProtectionFile& file);

class Policy {
 public:
  virtual ~Policy() = default;

  // Its part of the text.
  virtual std::string grammar() const = 0;
  /// The same in help texts, if it is shorter there.
  virtual std::string form() const { return grammar(); }
  /// False if the part is not one of this policy. InputError if its value is wrong.
  virtual bool parse(const Part& part, Mitigations& into) const = 0;
  /// What the whole text was expected to say instead; "" unless policies exclude each other.
  virtual std::string conflict(const Mitigations&) const { return {}; }
  /// Looks for the policy's files in a folder. InputError (beginning with `where`) if one is
  /// missing.
  virtual void find_files(const std::filesystem::path&, const std::string&, Mitigations&) const {}
  virtual bool in_use(const Mitigations& mitigations) const = 0;
  /// Its canonical text, if it is in use.
  virtual std::string text(const Mitigations& mitigations) const = 0;
  /// Everything that decides what it does, if it is in use. InputError if a file cannot be read.
  virtual std::string identity(const Mitigations& mitigations) const { return text(mitigations); }

  // What it does to cells, and the cycles that it takes.
  /// Its share of a plan, as far as it does not depend on the network.
  virtual void plan(const Mitigations&, RepairPlan&) const {}
  /// Changes the cells of a chip before any array is repaired.
  virtual void change_cells(const RepairPlan&, memory::WordFaultLists&) const {}
  /// Stages of the pipeline after the weight memory.
  virtual int stages(const Mitigations&) const { return 0; }

  // Its price.
  /// Its keys in the block `mitigation` of a technology file. Policies may share some.
  virtual std::vector<Coefficient> coefficients() const = 0;
  virtual void protect(const Mitigations& mitigations, const MemoryShape& memory,
                       Protection& into) const = 0;
  /// Whether a protection contains it.
  virtual bool protects(const Protection& protection) const = 0;
  /// Adds what it costs; nothing if the protection does not contain it. BROWNOUT_CHECK refuses
  /// settings that no text can state.
  virtual void add_overhead(const Protection& protection, const Coefficients& coefficients,
                            Overhead& into) const = 0;

  // Its fields in JSON.
  /// In the block `protection` of a run.
  virtual void write(const Protection& protection, nlohmann::ordered_json& into) const = 0;
  virtual void read(const ProtectionFile& from, Protection& into) const = 0;
  /// What it did on one chip.
  virtual std::vector<NamedCount> counts(const Outcome&) const { return {}; }
};

const Policy& check_code();
const Policy& safe_msbs();
const Policy& boost();
const Policy& spares();
const Policy& array_placement();

/// All policies, in the order of canonical texts.
const std::array<const Policy*, 5>& policies();

}  // namespace brownout::mitigation
