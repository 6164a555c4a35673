// SPDX-License-Identifier: Apache-2.0
// Adds up what the policies say.
#include "sim/mitigation/protection.hpp"

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>

#include "sim/base/error.hpp"
#include "sim/mitigation/policy.hpp"

namespace brownout::mitigation {

std::vector<Coefficient> all_coefficients() {
  std::vector<Coefficient> all;
  for (const Policy* policy : policies()) {
    for (const Coefficient& one : policy->coefficients()) {
      const bool known = std::any_of(all.begin(), all.end(), [&](const Coefficient& other) {
        return std::strcmp(other.key, one.key) == 0;
      });
      if (!known) all.push_back(one);
    }
  }
  return all;
}

double Coefficients::at(std::string_view key) const {
  const auto found = values_.find(key);
  BROWNOUT_CHECK(found != values_.end(), "no coefficient {}", key);
  return found->second;
}

bool Protection::any() const {
  return std::any_of(policies().begin(), policies().end(),
                     [&](const Policy* policy) { return policy->protects(*this); });
}

Protection protection(const Mitigations& mitigations, const MemoryShape& memory) {
  Protection result;
  for (const Policy* policy : policies()) policy->protect(mitigations, memory, result);
  return result;
}

nlohmann::ordered_json protection_json(const Protection& protection) {
  nlohmann::ordered_json json;
  for (const Policy* policy : policies()) policy->write(protection, json);
  return json;
}

Protection read_protection(const ProtectionFile& file) {
  Protection result;
  for (const Policy* policy : policies()) policy->read(file, result);
  return result;
}

void Overhead::add_columns(int count, const Coefficients& coefficients) {
  columns += count;
  column_access_rel = coefficients.at(kColumnAccessKey);
  column_area_rel = coefficients.at(kColumnAreaKey);
}

double Overhead::access_rel() const {
  return columns * column_access_rel + row_share + cell_access_rel;
}

double Overhead::leakage_rel() const {
  return (1.0 + columns / double{memory::kWordBits}) * (1.0 + row_share) - 1.0 + cell_leakage_rel;
}

double Overhead::area_rel() const {
  return 1.0 + columns * column_area_rel + cell_area_share * (row_share + cell_area_rel) +
         booster_area_rel;
}

Overhead overhead(const Protection& protection, const Coefficients& coefficients) {
  Overhead result;
  for (const Policy* policy : policies()) policy->add_overhead(protection, coefficients, result);
  return result;
}

std::vector<NamedCount> named_counts(const Mitigations& mitigations, const Outcome& outcome) {
  std::vector<NamedCount> all;
  for (const Policy* policy : policies()) {
    if (!policy->in_use(mitigations)) continue;
    for (const NamedCount& one : policy->counts(outcome)) all.push_back(one);
  }
  return all;
}

}  // namespace brownout::mitigation
