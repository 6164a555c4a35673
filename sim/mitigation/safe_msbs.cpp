// SPDX-License-Identifier: Apache-2.0
// "msb=K": the top K bits of each code lie in columns of larger cells, which never fail.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "sim/base/error.hpp"
#include "sim/mitigation/policy.hpp"

namespace brownout::mitigation {

namespace {

class SafeMsbs final : public Policy {
 public:
  std::string grammar() const override { return "msb=K"; }

  bool parse(const Part& part, Mitigations& into) const override {
    const auto value = part.value_of("msb");
    if (!value) return false;
    part.expect_first(into.safe_msbs == 0, "it once");
    if (!parse_whole(*value, into.safe_msbs) || into.safe_msbs < 1 || into.safe_msbs > 8)
      part.refuse("msb=K, K an integer in [1, 8]");
    return true;
  }

  bool in_use(const Mitigations& mitigations) const override { return mitigations.safe_msbs > 0; }
  std::string text(const Mitigations& mitigations) const override {
    return fmt::format("msb={}", mitigations.safe_msbs);
  }

  void change_cells(const RepairPlan& plan, memory::WordFaultLists& cells) const override {
    if (plan.safe_columns == 0) return;
    const auto is_safe = [&](const memory::CellFault& fault) {
      return (plan.safe_columns >> fault.bit & 1) != 0;
    };
    cells.data.erase(std::remove_if(cells.data.begin(), cells.data.end(), is_safe),
                     cells.data.end());
  }

  std::vector<Coefficient> coefficients() const override {
    return {{kAccessKey}, {kLeakageKey}, {kAreaKey}, {kCellAreaShareKey, 1.0}};
  }
  void protect(const Mitigations& mitigations, const MemoryShape& memory,
               Protection& into) const override {
    // Widths that differ are refused where the bits are laid out.
    if (memory.code_bits > 0)
      into.safe_share = static_cast<double>(mitigations.safe_msbs) / memory.code_bits;
  }
  bool protects(const Protection& protection) const override { return protection.safe_share > 0.0; }
  void add_overhead(const Protection& protection, const Coefficients& coefficients,
                    Overhead& into) const override {
    const double share = protection.safe_share;
    BROWNOUT_CHECK(share >= 0.0 && share <= 1.0, "a share of {}", share);
    if (!protects(protection)) return;
    into.cell_access_rel += share * coefficients.at(kAccessKey);
    into.cell_leakage_rel += share * coefficients.at(kLeakageKey);
    into.cell_area_rel += share * coefficients.at(kAreaKey);
    into.cell_area_share = coefficients.at(kCellAreaShareKey);
  }

  void write(const Protection& protection, nlohmann::ordered_json& into) const override {
    into["safe_share"] = protection.safe_share;
  }
  void read(const ProtectionFile& from, Protection& into) const override {
    into.safe_share = from.amount("safe_share");
    if (into.safe_share > 1.0) refuse_codec_or_share(from);
  }

 private:
  // A column of 8T cells in place of 6T cells.
  static constexpr char kAccessKey[] = "safe_cell_access_rel";
  static constexpr char kLeakageKey[] = "safe_cell_leakage_rel";
  static constexpr char kAreaKey[] = "safe_cell_area_rel";
};

}  // namespace

const Policy& safe_msbs() {
  static const SafeMsbs policy;
  return policy;
}

}  // namespace brownout::mitigation
