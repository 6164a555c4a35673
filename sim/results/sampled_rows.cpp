// SPDX-License-Identifier: Apache-2.0
// Counts are stored, never estimates: a continued sweep computes from the same integers.
#include "sim/results/sampled_rows.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "sim/base/json.hpp"

namespace brownout::results {

namespace {

constexpr std::int64_t kMostSampled = std::numeric_limits<std::int64_t>::max();
constexpr char kSampledBy[] = "a sweep";

/// Each number from 0 on once.
bool is_order(std::vector<std::int64_t> order) {
  std::sort(order.begin(), order.end());
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (order[i] != static_cast<std::int64_t>(i)) return false;
  }
  return true;
}

constexpr std::pair<const char*, std::int64_t StratumCount::*> kStratumCounts[] = {
    {"sampled", &StratumCount::sampled},
    {"became_wrong", &StratumCount::became_wrong},
    {"became_right", &StratumCount::became_right}};

constexpr std::pair<const char*, std::int64_t SampledChip::*> kChipReads[] = {
    {"cells_hit", &SampledChip::cells_hit},
    {"bits_wrong", &SampledChip::bits_wrong},
    {"codes_changed", &SampledChip::codes_changed}};

/// What `read` makes of the row under a key, if there is one.
template <typename Read>
auto find_row(const RowStore& store, const std::string& key, const Read& read)
    -> std::optional<decltype(read(std::declval<const JsonObject&>()))> {
  const std::optional<std::string> text = store.find(key);
  if (!text) return std::nullopt;
  const std::string place = store.place(key);
  const Json json = parse_json(*text, place);
  return read(JsonObject(json, place, kSampledBy));
}

/// Whom and where a row is of.
Json named_row(const std::string& model, const std::string& mitigation, const SweptPoint& supply) {
  return {{"model", model},
          {"mitigation", mitigation},
          {"voltage", supply.voltage ? Json(*supply.voltage) : Json(nullptr)},
          {"rate", supply.rate}};
}

}  // namespace

std::optional<ImageStrata> find_strata(const RowStore& store, const std::string& key,
                                       std::int64_t images) {
  return find_row(store, key, [&](const JsonObject& row) {
    std::vector<std::int64_t> order = row.integers("order", 0, images - 1);
    if (static_cast<std::int64_t>(order.size()) != images || !is_order(order)) {
      row.fail("order", fmt::format("each of {} images once", images));
    }
    std::vector<std::int64_t> sizes = row.integers("strata", 1, images);
    std::int64_t left = images;
    for (const std::int64_t size : sizes) left -= size;
    if (left != 0) row.fail("strata", fmt::format("sizes with a sum of {}", images));
    return ImageStrata(std::move(order), std::move(sizes));
  });
}

void add_strata(RowStore& store, const std::string& key, const std::string& model,
                const ImageStrata& strata) {
  store.append(key, json_text(Json{
                        {"model", model}, {"strata", strata.sizes()}, {"order", strata.order()}}));
}

std::optional<std::vector<SampledChip>> find_sampled(const RowStore& store, const std::string& key,
                                                     std::int64_t count, std::size_t strata) {
  return find_row(store, key, [&](const JsonObject& row) {
    std::vector<SampledChip> chips(static_cast<std::size_t>(count));
    const auto expect = [&](const char* field, std::size_t found, std::size_t wanted) {
      if (found != wanted) row.fail(field, fmt::format("a list of {} numbers", wanted));
    };
    for (const auto& [field, number] : kChipReads) {
      const std::vector<std::int64_t> numbers = row.integers(field, 0, kMostSampled);
      expect(field, numbers.size(), chips.size());
      for (std::size_t i = 0; i < chips.size(); ++i) chips[i].*number = numbers[i];
    }
    const std::vector<double> confidences = row.numbers("confidences", 0.0, 1.0);
    expect("confidences", confidences.size(), chips.size());
    for (std::size_t i = 0; i < chips.size(); ++i) {
      chips[i].confidence = confidences[i];
      chips[i].strata.resize(strata);
    }
    for (const auto& [field, number] : kStratumCounts) {
      const std::vector<std::int64_t> numbers = row.integers(field, 0, kMostSampled);
      expect(field, numbers.size(), chips.size() * strata);
      for (std::size_t i = 0; i < numbers.size(); ++i) {
        chips[i / strata].strata[i % strata].*number = numbers[i];
      }
    }
    return chips;
  });
}

void add_sampled(RowStore& store, const std::string& key, const std::string& model,
                 const std::string& mitigation, const SweptPoint& supply, const std::string& first,
                 const std::vector<SampledChip>& chips) {
  Json row = named_row(model, mitigation, supply);
  row["first_chip"] = first;
  row["chips"] = chips.size();
  for (const auto& [field, number] : kChipReads) {
    row[field] = Json::array();
    for (const SampledChip& chip : chips) row[field].push_back(chip.*number);
  }
  row["confidences"] = Json::array();
  for (const SampledChip& chip : chips) row["confidences"].push_back(chip.confidence);
  for (const auto& [field, number] : kStratumCounts) {
    row[field] = Json::array();
    for (const SampledChip& chip : chips) {
      for (const StratumCount& count : chip.strata) row[field].push_back(count.*number);
    }
  }
  store.append(key, json_text(row));
}

std::optional<DieOutcome> find_outcome(const RowStore& store, const std::string& key,
                                       std::int64_t images) {
  return find_row(store, key, [&](const JsonObject& row) {
    DieOutcome outcome;
    outcome.within = row.boolean("within");
    outcome.shown.seen = row.integer("seen", 0, images);
    outcome.shown.became_wrong = row.integer("became_wrong", 0, outcome.shown.seen);
    outcome.shown.became_right = row.integer("became_right", 0, outcome.shown.seen);
    return outcome;
  });
}

void add_outcome(RowStore& store, const std::string& key, const std::string& model,
                 const std::string& mitigation, const SweptPoint& supply, const std::string& die,
                 const DieOutcome& outcome) {
  Json row = named_row(model, mitigation, supply);
  row["die"] = die;
  row["within"] = outcome.within;
  row["seen"] = outcome.shown.seen;
  row["became_wrong"] = outcome.shown.became_wrong;
  row["became_right"] = outcome.shown.became_right;
  store.append(key, json_text(row));
}

}  // namespace brownout::results
