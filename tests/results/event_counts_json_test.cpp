// SPDX-License-Identifier: Apache-2.0
// Event counts are the same after they are written to a file and read back, and wrong files are
// refused with name and place.
#include "sim/results/event_counts_json.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "sim/base/error.hpp"

namespace brownout::results {
namespace {

using OrderedJson = nlohmann::ordered_json;

EventCounts example_counts() {
  EventCounts counts;
  std::int64_t value = 0;
  for (const EventCountField& field : kEventCountFields) counts.*field.count = value++;
  counts.dram_write_bytes = std::numeric_limits<std::int64_t>::max();
  return counts;
}

std::string message_of(const OrderedJson& json) {
  try {
    read_event_counts(json, "run.json: event_counts");
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(EventCountsJson, NamesEveryFieldOfTheStruct) {
  EXPECT_EQ(event_counts_json({1, 2, 3, 4, 5, 6, 7, 8, 9, 10}).dump(),
            R"({"macs":1,"vector_ops":2,"weight_reads":3,"weight_writes":4,"activation_reads":5,)"
            R"("activation_writes":6,"accumulator_reads":7,"accumulator_writes":8,)"
            R"("dram_read_bytes":9,"dram_write_bytes":10})");
}

TEST(EventCountsJson, ReadsWhatItWrote) {
  const OrderedJson json = event_counts_json(example_counts());
  EXPECT_EQ(read_event_counts(json, "memory"), example_counts());
  EXPECT_EQ(read_event_counts(OrderedJson::parse(json.dump(2)), "text"), example_counts());
}

TEST(EventCountsJson, RefusesEverythingElse) {
  const auto with = [](const char* name, const OrderedJson& value) {
    OrderedJson json = event_counts_json(example_counts());
    json[name] = value;
    return message_of(json);
  };
  EXPECT_EQ(message_of(OrderedJson::array()),
            "run.json: event_counts: expected an object of event counts, got array");
  EXPECT_EQ(
      with("macs", -1),
      "run.json: event_counts: macs: expected an integer in [0, 9223372036854775807], got -1");
  EXPECT_NE(with("macs", 1.5).find("macs: expected an integer"), std::string::npos);
  EXPECT_NE(with("macs", "7").find("got \"7\""), std::string::npos);
  EXPECT_NE(with("macs", nullptr).find("got null"), std::string::npos);
  EXPECT_NE(with("macs", std::uint64_t{1} << 63).find("got 9223372036854775808"),
            std::string::npos);
  EXPECT_EQ(with("joules", 1), "run.json: event_counts: unknown event count \"joules\"");
  OrderedJson json = event_counts_json(example_counts());
  json.erase("weight_reads");
  EXPECT_EQ(message_of(json), "run.json: event_counts: weight_reads: missing");
}

TEST(EnergyJson, GivesPartsAndTheirTotal) {
  EnergyLedger energy;
  double value = 0.5;
  for (const EnergyLedgerField& field : kEnergyLedgerFields) energy.*field.energy = value *= 2;
  const OrderedJson json = energy_json(energy);
  EXPECT_EQ(
      json.dump(),
      R"({"weight_sram":1.0,"activation_sram":2.0,"accumulator_sram":4.0,"macs":8.0,)"
      R"("vector":16.0,"dram":32.0,"weight_leakage":64.0,"activation_leakage":128.0,)"
      R"("accumulator_leakage":256.0,"logic_leakage":512.0,"mitigation":1024.0,"total":2047.0})");
}

}  // namespace
}  // namespace brownout::results
