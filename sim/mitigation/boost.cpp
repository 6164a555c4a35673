// SPDX-License-Identifier: Apache-2.0
// "boost=DV": the supply rises by DV during accesses, up to Vmin.
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "sim/base/error.hpp"
#include "sim/mitigation/policy.hpp"

namespace brownout::mitigation {

namespace {

constexpr double kMostBoost = 1.0;  // units of Vmin

class Boost final : public Policy {
 public:
  std::string grammar() const override { return "boost=DV"; }

  bool parse(const Part& part, Mitigations& into) const override {
    const auto value = part.value_of("boost");
    if (!value) return false;
    part.expect_first(into.boost_vmin == 0.0, "it once");
    // Negated, so that NaN fails too.
    if (!parse_whole(*value, into.boost_vmin) ||
        !(into.boost_vmin > 0.0 && into.boost_vmin <= kMostBoost))
      part.refuse(fmt::format("boost=DV, DV above 0 and at most {} (units of Vmin)", kMostBoost));
    return true;
  }

  bool in_use(const Mitigations& mitigations) const override {
    return mitigations.boost_vmin > 0.0;
  }
  std::string text(const Mitigations& mitigations) const override {
    return fmt::format("boost={}", mitigations.boost_vmin);
  }

  std::vector<Coefficient> coefficients() const override { return {{kLossKey}, {kAreaKey}}; }
  void protect(const Mitigations& mitigations, const MemoryShape&,
               Protection& into) const override {
    into.boost_vmin = mitigations.boost_vmin;
  }
  bool protects(const Protection& protection) const override { return protection.boost_vmin > 0.0; }
  void add_overhead(const Protection& protection, const Coefficients& coefficients,
                    Overhead& into) const override {
    const double boost = protection.boost_vmin;
    BROWNOUT_CHECK(std::isfinite(boost) && boost >= 0.0, "a boost of {}", boost);
    if (!protects(protection)) return;
    into.boost_vmin = boost;
    into.boost_loss_rel = coefficients.at(kLossKey);
    into.booster_area_rel = coefficients.at(kAreaKey);
  }

  void write(const Protection& protection, nlohmann::ordered_json& into) const override {
    into["boost_vmin"] = protection.boost_vmin;
  }
  void read(const ProtectionFile& from, Protection& into) const override {
    into.boost_vmin = from.amount("boost_vmin");
  }

 private:
  static constexpr char kLossKey[] = "boost_loss_rel";  // of the energy that the boost adds
  static constexpr char kAreaKey[] = "boost_area_rel";
};

}  // namespace

double boosted_voltage(double voltage, double boost_vmin) {
  return std::max(voltage, std::min(1.0, voltage + boost_vmin));
}

double access_voltage(const Mitigations& mitigations, double voltage) {
  return boosted_voltage(voltage, mitigations.boost_vmin);
}

const Policy& boost() {
  static const Boost policy;
  return policy;
}

}  // namespace brownout::mitigation
