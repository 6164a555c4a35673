// SPDX-License-Identifier: Apache-2.0
// Two names for each dataflow.
#include "sim/mapping/dataflow.hpp"

#include "sim/base/enum_table.hpp"

namespace brownout::mapping {

namespace {

constexpr EnumNames<Stationary::kInputs> kShortDataflows({"ws", "os", "is"});
constexpr EnumNames<Stationary::kInputs> kLongDataflows({"weight-stationary", "output-stationary",
                                                         "input-stationary"});

}  // namespace

std::optional<Stationary> parse_dataflow(std::string_view text) {
  const std::optional<Stationary> found = kShortDataflows.find(text);
  return found ? found : kLongDataflows.find(text);
}

std::string short_name(Stationary stationary) { return kShortDataflows[stationary]; }
std::string long_name(Stationary stationary) { return kLongDataflows[stationary]; }

std::vector<std::string> dataflow_texts() {
  std::vector<std::string> texts = kShortDataflows.all();
  for (const std::string& name : kLongDataflows.all()) texts.push_back(name);
  return texts;
}

}  // namespace brownout::mapping
