// SPDX-License-Identifier: Apache-2.0
// "placement=FILE.json": arrays and columns that errors hurt most lie in the best ones of the
// silicon.
#include <algorithm>
#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <numeric>
#include <vector>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/base/text.hpp"
#include "sim/mitigation/arrays.hpp"
#include "sim/mitigation/policy.hpp"

namespace brownout::mitigation {

namespace {

__extension__ using Cost = unsigned __int128;  // weights times sensitivities, summed

using ColumnSums = std::array<std::uint64_t, memory::kWordBits>;

class Placer {
 public:
  Placer(const RepairPlan& plan, const std::vector<ArrayCells>& arrays)
      : plan_(plan), faults_(arrays.size()) {
    for (std::size_t a = 0; a < arrays.size(); ++a) {
      faults_[a].fill(0);
      for (const ArrayCell& cell : arrays[a]) {
        if (cell.column < memory::kWordBits) {
          faults_[a][cell.column] += static_cast<std::uint64_t>(cell.weight());
        }
      }
    }
  }

  /// By array as it is addressed.
  std::vector<Seat> place() const {
    std::vector<std::uint32_t> as_addressed(faults_.size());
    std::iota(as_addressed.begin(), as_addressed.end(), 0u);
    std::vector<std::uint32_t> sensitive = as_addressed, good = as_addressed;
    const std::vector<std::uint64_t> need = sums([&](std::size_t a) { return sensitivity(a); });
    const std::vector<std::uint64_t> bad = sums([&](std::size_t a) { return faults_[a].data(); });
    std::stable_sort(sensitive.begin(), sensitive.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return need[a] > need[b]; });
    std::stable_sort(good.begin(), good.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return bad[a] < bad[b]; });
    std::vector<std::uint32_t> ranked(faults_.size());
    for (std::size_t i = 0; i < ranked.size(); ++i) ranked[sensitive[i]] = good[i];

    Cost cost_ranked = 0, cost_addressed = 0;
    std::vector<Seat> by_rank = rotate(ranked, cost_ranked);
    std::vector<Seat> by_address = rotate(as_addressed, cost_addressed);
    return cost_ranked < cost_addressed ? by_rank : by_address;
  }

 private:
  const std::uint64_t* sensitivity(std::size_t array) const {
    return plan_.sensitivity.data() + array * memory::kWordBits;
  }

  template <typename Columns>
  std::vector<std::uint64_t> sums(Columns columns_of) const {
    std::vector<std::uint64_t> totals(faults_.size());
    for (std::size_t a = 0; a < totals.size(); ++a) {
      const std::uint64_t* columns = columns_of(a);
      totals[a] = std::accumulate(columns, columns + memory::kWordBits, std::uint64_t{0});
    }
    return totals;
  }

  static Cost cost(const std::uint64_t* sensitive, const ColumnSums& faults,
                   std::uint32_t rotation) {
    Cost sum = 0;
    for (std::uint32_t c = 0; c < memory::kWordBits; ++c) {
      sum += Cost{sensitive[c]} * faults[(c + rotation) % memory::kWordBits];
    }
    return sum;
  }

  std::vector<Seat> rotate(const std::vector<std::uint32_t>& silicon, Cost& total) const {
    std::vector<Seat> seats(silicon.size());
    for (std::size_t a = 0; a < silicon.size(); ++a) {
      Seat& seat = seats[a];
      seat.array = silicon[a];
      Cost least = cost(sensitivity(a), faults_[seat.array], 0);
      for (std::uint32_t r = plan_.rotation_step; r < memory::kWordBits && least > 0;
           r += plan_.rotation_step) {
        const Cost other = cost(sensitivity(a), faults_[seat.array], r);
        if (other < least) {
          least = other;
          seat.rotation = r;
        }
      }
      total += least;
    }
    return seats;
  }

  const RepairPlan& plan_;
  std::vector<ColumnSums> faults_;  // by array and column of the silicon
};

class ArrayPlacement final : public Policy {
 public:
  std::string grammar() const override { return "placement=FILE.json"; }
  std::string form() const override { return "placement=FILE"; }

  bool parse(const Part& part, Mitigations& into) const override {
    const auto file = part.value_of("placement");
    if (!file) return false;
    part.expect_first(!in_use(into), "it once");
    constexpr std::string_view kEnd = ".json";
    if (file->size() <= kEnd.size() || file->substr(file->size() - kEnd.size()) != kEnd)
      part.refuse(
          "placement=FILE.json: a file of `brownout sensitivity` whose name ends in .json and "
          "has no "
          "\"+\"");
    into.sensitivity = *file;
    return true;
  }
  void find_files(const std::filesystem::path& folder, const std::string& where,
                  Mitigations& mitigations) const override {
    if (!in_use(mitigations)) return;
    mitigations.sensitivity = (folder / mitigations.sensitivity).lexically_normal().string();
    std::error_code error;
    if (std::filesystem::is_regular_file(mitigations.sensitivity, error)) return;
    throw InputError("{}: expected a file of sensitivities, found none at {}", where,
                     in_quotes(mitigations.sensitivity));
  }

  bool in_use(const Mitigations& mitigations) const override {
    return !mitigations.sensitivity.empty();
  }
  std::string text(const Mitigations& mitigations) const override {
    return "placement=" + mitigations.sensitivity;
  }
  std::string identity(const Mitigations& mitigations) const override {
    return "placement=sha256:" + sha256_hex(read_file(mitigations.sensitivity));
  }

  std::vector<Coefficient> coefficients() const override { return {{kRotateKey}}; }
  void protect(const Mitigations& mitigations, const MemoryShape&,
               Protection& into) const override {
    into.placed = in_use(mitigations);
  }
  bool protects(const Protection& protection) const override { return protection.placed; }
  void add_overhead(const Protection& protection, const Coefficients& coefficients,
                    Overhead& into) const override {
    if (protects(protection)) into.access_pj += coefficients.at(kRotateKey);
  }

  void write(const Protection& protection, nlohmann::ordered_json& into) const override {
    into["placed"] = protection.placed;
  }
  void read(const ProtectionFile& from, Protection& into) const override {
    into.placed = from.flag("placed");
  }
  std::vector<NamedCount> counts(const Outcome& outcome) const override {
    return {{"arrays_moved", nullptr, outcome.repair.arrays_moved},
            {"arrays_rotated", nullptr, outcome.repair.arrays_rotated}};
  }

 private:
  static constexpr char kRotateKey[] = "rotate_pj_per_word";  // array looked up, word turned
};

}  // namespace

std::vector<Seat> place_arrays(const RepairPlan& plan, const std::vector<ArrayCells>& arrays,
                               RepairStats& stats) {
  std::vector<Seat> seats(plan.arrays);
  for (std::uint32_t a = 0; a < plan.arrays; ++a) seats[a].array = a;
  if (plan.sensitivity.empty()) return seats;
  BROWNOUT_CHECK(plan.sensitivity.size() == std::size_t{plan.arrays} * memory::kWordBits,
                 "{} sensitivities of {} arrays", plan.sensitivity.size(), plan.arrays);
  seats = Placer(plan, arrays).place();
  for (std::uint32_t a = 0; a < plan.arrays; ++a) {
    if (seats[a].array != a) ++stats.arrays_moved;
    if (seats[a].rotation != 0) ++stats.arrays_rotated;
  }
  return seats;
}

const Policy& array_placement() {
  static const ArrayPlacement policy;
  return policy;
}

}  // namespace brownout::mitigation
