// SPDX-License-Identifier: Apache-2.0
// Numbers of the shipped networks and of the tests' own networks against golden.json. After a
// change that is meant to change them: BROWNOUT_REFRESH_GOLDEN=1 ctest -L golden, and look at the
// difference.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "sim/base/files.hpp"
#include "workplace.hpp"

namespace brownout::end_to_end {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

const fs::path kGolden = fs::path(BROWNOUT_SOURCE_DIR) / "tests/end_to_end/golden.json";
const fs::path kModels = fs::path(BROWNOUT_SOURCE_DIR) / "models";

/// How far a number may be off. Numbers that go through the C library's exp, log or erfc may differ
/// a little; all others must be equal.
double tolerance(const std::string& field) {
  const bool rounded =
      field.rfind("confidence", 0) == 0 || field == "rate" || field == "prop1_excess";
  return rounded ? 1e-9 : 0.0;
}

class Golden : public testing::Test {
 protected:
  /// The numbers of one network, or null when its dataset is not installed.
  Json measure(const std::string& name) const {
    const bool tiny = name.rfind("tiny-", 0) == 0;
    const fs::path file = (tiny ? workplace_.folder() : kModels) / (name + ".onnx");
    std::vector<std::string> arguments{"eval",    file.string(), "--voltage", "0.875",
                                       "--chips", "3",           "--images",  tiny ? "400" : "500",
                                       "--json",  "-",           "--quiet"};
    if (tiny) arguments.insert(arguments.end(), {"--data", "data"});
    const Outcome outcome = workplace_.run(BROWNOUT_BINARY, arguments);
    if (outcome.code == 2 && outcome.err.find("dataset-fashion-mnist") != std::string::npos) {
      return nullptr;
    }
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    const Json full = Json::parse(outcome.out);
    Json json;
    for (const char* field :
         {"weights", "rate", "images", "err", "rerr_mean", "rerr_std", "rerr_either_mean",
          "prop1_excess", "confidence_clean", "confidence_mean", "cells_hit_mean",
          "bits_wrong_mean", "codes_changed_mean", "logits_sha256"}) {
      json[field] = full.at(field);
    }
    json["chip_logits_sha256"] = full.at("per_chip").at(0).at("logits_sha256");
    return json;
  }
  Workplace workplace_;
};

TEST_F(Golden, NumbersStand) {
  if (std::getenv("BROWNOUT_REFRESH_GOLDEN") != nullptr) {
    Json golden;
    for (const char* name : {"tiny-rquant-8b", "tiny-uniform-4b"}) golden[name] = measure(name);
    std::vector<std::string> names;
    for (const fs::directory_entry& entry : fs::directory_iterator(kModels)) {
      if (entry.path().extension() == ".onnx") names.push_back(entry.path().stem().string());
    }
    std::sort(names.begin(), names.end());
    for (const std::string& name : names) golden[name] = measure(name);
    write_file_atomically(kGolden, golden.dump(2) + "\n");
  }
  const Json golden = Json::parse(read_file(kGolden));
  std::string missing;
  for (const auto& [name, expected] : golden.items()) {
    const Json found = measure(name);
    if (found.is_null()) {
      missing += " " + name;
      continue;
    }
    for (const auto& [field, value] : expected.items()) {
      if (tolerance(field) > 0 && value.is_number() && found.at(field).is_number()) {
        EXPECT_NEAR(found.at(field).get<double>(), value.get<double>(), tolerance(field))
            << name << " " << field;
      } else {
        EXPECT_EQ(found.at(field), value) << name << " " << field;
      }
    }
  }
  if (!missing.empty())
    GTEST_SKIP() << "dataset-fashion-mnist is not installed; left out:" << missing;
}

}  // namespace
}  // namespace brownout::end_to_end
