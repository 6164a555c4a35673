// SPDX-License-Identifier: Apache-2.0
// What holds for every mitigation of the table: texts, coefficients, prices, fields, counts.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/mitigation/policy.hpp"
#include "sim/technology/technology.hpp"

namespace brownout::mitigation {
namespace {

const std::string kTechnologyFile = BROWNOUT_SOURCE_DIR "/profiles/14nm-finfet.yaml";
constexpr MemoryShape kShape{8, 512};

/// A policy, and canonical texts of its part.
struct Example {
  const Policy& policy;
  std::vector<std::string> texts;
};

std::vector<Example> examples() {
  std::vector<Example> all{{check_code(), {}},
                           {safe_msbs(), {"msb=1", "msb=8"}},
                           {boost(), {"boost=0.04", "boost=1"}},
                           {spares(), {"spares=8x2", "spares=0x1", "spares=4096x0"}},
                           {array_placement(), {"placement=a b.json"}}};
  for (const memory::WordCode& code : memory::word_codes()) {
    for (std::size_t i = 0; i < code.on_errors; ++i) {
      all[0].texts.push_back(
          std::string(code.name) +
          (i == 0 ? "" : ",on-error=" + std::string(to_string(code.on_error[i]))));
    }
  }
  return all;
}

Mitigations parse(const std::string& text) { return parse_mitigations(text, "here"); }

std::string message_of(const std::string& text) {
  try {
    parse(text);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

/// What a file with these fields would say.
class FieldsInMemory final : public ProtectionFile {
 public:
  explicit FieldsInMemory(nlohmann::ordered_json json) : json_(std::move(json)) {}
  std::string text(const char* key) const override { return json_.at(key); }
  double amount(const char* key) const override { return json_.at(key); }
  int count(const char* key, int low) const override {
    const int value = json_.at(key);
    if (value < low) refuse(key, "more");
    return value;
  }
  bool flag(const char* key) const override { return json_.at(key); }
  std::string place(const char* keys) const override { return keys; }

 private:
  nlohmann::ordered_json json_;
};

TEST(Policies, TheExamplesAreThoseOfTheTable) {
  const std::vector<Example> all = examples();
  ASSERT_EQ(all.size(), policies().size());
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(&all[i].policy, policies()[i]);
}

TEST(Policies, EveryTextRoundTripsAndBelongsToOnePolicy) {
  for (const Example& example : examples()) {
    for (const std::string& text : example.texts) {
      const Mitigations parsed = parse(text);
      EXPECT_EQ(to_string(parsed), text);
      EXPECT_TRUE(parsed.any()) << text;
      EXPECT_EQ(example.policy.text(parsed), text);
      for (const Policy* policy : policies()) {
        EXPECT_EQ(policy->in_use(parsed), policy == &example.policy) << text;
        EXPECT_EQ(policy->protects(protection(parsed, kShape)), policy == &example.policy) << text;
      }
      EXPECT_NE(message_of(text + "+" + text), "") << text;
      EXPECT_EQ(stages(parsed), &example.policy == &check_code() ? 1 : 0) << text;
    }
  }
  EXPECT_EQ(stages({}), 0);
}

TEST(Policies, EveryGrammarNamesItsTexts) {
  const std::string refused = message_of("unheard-of");
  for (const Example& example : examples()) {
    EXPECT_NE(refused.find(example.policy.grammar()), std::string::npos);
    EXPECT_NE(part_forms().find(example.policy.form()), std::string::npos);
    for (const std::string& text : example.texts) {
      const std::string name = text.substr(0, text.find_first_of(",="));
      EXPECT_NE(example.policy.grammar().find(name), std::string::npos) << text;
      EXPECT_NE(example.policy.form().find(name), std::string::npos) << text;
    }
  }
  EXPECT_EQ(refused,
            "here: \"unheard-of\": expected none, or parts joined by \"+\": "
            "secded[,on-error=pass|zero], parity[,on-error=zero], "
            "interleaved-parity[,on-error=mask|zero], msb=K, boost=DV, spares=RxS, "
            "placement=FILE.json");
  EXPECT_EQ(part_forms(),
            "secded, parity, interleaved-parity, msb=K, boost=DV, spares=RxS, placement=FILE");
}

TEST(Policies, TheIdentityOfAPlacementIsThatOfItsFile) {
  const std::filesystem::path file =
      std::filesystem::path(testing::TempDir()) / ("s" + std::to_string(::getpid()) + ".json");
  write_file_atomically(file, "{}");
  const Mitigations placed =
      parse_mitigations("parity+placement=" + file.filename().string(), "m", file.parent_path());
  EXPECT_EQ(placed.sensitivity, file.string());
  EXPECT_EQ(identity(placed), "parity+placement=sha256:" + sha256_hex("{}"));
  std::filesystem::remove(file);
  EXPECT_THROW(identity(placed), InputError);
  EXPECT_THROW(parse_mitigations("placement=none.json", "m", "/nowhere"), InputError);
  EXPECT_EQ(identity(parse("secded+msb=2+boost=0.1+spares=1x0")),
            "secded+msb=2+boost=0.1+spares=1x0");
}

TEST(Policies, TheirCoefficientsAreThoseOfATechnologyFile) {
  std::set<std::string> keys;
  for (const Coefficient& one : all_coefficients()) {
    EXPECT_TRUE(keys.insert(one.key).second) << one.key << " twice";
  }
  std::set<std::string> in_file;
  const std::string text = read_file(kTechnologyFile);
  for (std::size_t at = text.find("\nmitigation:\n") + 12; at < text.size();
       at = text.find('\n', at + 1)) {
    const std::size_t end = text.find('\n', at + 1);
    const std::string line = text.substr(at + 1, end - at - 1);
    if (line.size() > 2 && line.substr(0, 2) == "  " && line[2] != ' ' && line[2] != '#') {
      in_file.insert(line.substr(2, line.find(':') - 2));
    }
  }
  EXPECT_EQ(keys, in_file);
  const technology::Technology technology = technology::Technology::load(kTechnologyFile);
  for (const std::string& key : keys) EXPECT_GT(technology.mitigation().at(key), 0.0) << key;
}

// Each policy reads only the coefficients that it names, and costs nothing when it is not in use.
TEST(Policies, EachIsPricedByItsOwnCoefficients) {
  for (const Example& example : examples()) {
    for (const std::string& text : example.texts) {
      Coefficients own;
      for (const Coefficient& one : example.policy.coefficients()) own.set(one.key, 0.5);
      const Overhead added = overhead(protection(parse(text), kShape), own);
      EXPECT_GT(added.access_rel() + added.access_pj + added.boost_vmin, 0.0) << text;
    }
  }
  const Overhead none = overhead({}, {});
  EXPECT_EQ(none.access_rel() + none.leakage_rel() + none.access_pj + none.read_pj, 0.0);
  EXPECT_EQ(none.area_rel(), 1.0);
}

TEST(Policies, TogetherTheyCostTheSum) {
  const technology::Technology technology = technology::Technology::load(kTechnologyFile);
  const Protection all =
      protection(parse("parity+msb=2+boost=0.04+spares=8x2+placement=a.json"), kShape);
  const Overhead added = overhead(all, technology.mitigation());
  const double rows = 8.0 / 512;
  EXPECT_EQ(added.columns, 3);
  EXPECT_EQ(added.logic_columns, 1);
  EXPECT_NEAR(added.access_rel(), 3 * 0.016875 + rows + 0.25 * 0.2, 1e-12);
  EXPECT_NEAR(added.leakage_rel(), (1 + 3.0 / 64) * (1 + rows) - 1 + 0.25 * 0.33, 1e-12);
  EXPECT_NEAR(added.area_rel(), 1 + 3 * 0.01375 + 0.7 * (rows + 0.25 * 0.3) + 0.05, 1e-12);
  EXPECT_NEAR(added.access_pj, 8 * 0.0034 + 0.11, 1e-12);
  EXPECT_NEAR(added.read_pj, 0.036, 1e-12);
  EXPECT_NEAR(added.write_pj, 0.018, 1e-12);
  EXPECT_EQ(added.boost_vmin, 0.04);
  EXPECT_EQ(added.boost_loss_rel, 0.25);
}

TEST(Policies, AProtectionComesBackFromItsFields) {
  for (const char* text : {"none", "secded", "parity+msb=3",
                           "interleaved-parity+boost=0.04+placement=a.json", "spares=8x2"}) {
    const nlohmann::ordered_json json = protection_json(protection(parse(text), kShape));
    EXPECT_EQ(json.size(), 7u);
    EXPECT_EQ(protection_json(read_protection(FieldsInMemory(json))), json) << text;
  }
  nlohmann::ordered_json wrong = protection_json({});
  wrong["codec"] = "crc";
  EXPECT_THROW(read_protection(FieldsInMemory(wrong)), InputError);
  wrong = protection_json({});
  wrong["safe_share"] = 1.5;
  EXPECT_THROW(read_protection(FieldsInMemory(wrong)), InputError);
}

TEST(Policies, EachHasCountsOfItsOwn) {
  std::set<std::string> keys;
  for (const Policy* policy : policies()) {
    for (const NamedCount& one : policy->counts({})) {
      EXPECT_TRUE(keys.insert(one.key).second) << one.key;
    }
  }
  EXPECT_EQ(keys.size(), 9u);
  EXPECT_TRUE(named_counts({}, {}).empty());
  Outcome outcome;
  outcome.repair.rows_replaced = 3;
  const std::vector<NamedCount> counts = named_counts(parse("msb=1+spares=4x0"), outcome);
  ASSERT_EQ(counts.size(), 2u);
  EXPECT_STREQ(counts[0].key, "rows_replaced");
  EXPECT_EQ(counts[0].count, 3);
}

}  // namespace
}  // namespace brownout::mitigation
