// SPDX-License-Identifier: Apache-2.0
// Field by field; an unknown field is an error as a missing one is.
#include "sim/base/progress_report.hpp"

#include <algorithm>
#include <limits>

#include "sim/base/error.hpp"
#include "sim/base/json.hpp"

namespace brownout {

namespace {

constexpr const char* kProgressFields[] = {"progress", "done",    "total",
                                           "note",     "seconds", "seconds_left"};
constexpr std::int64_t kMostWork = std::numeric_limits<std::int64_t>::max();
constexpr double kMostSeconds = 1e15;

}  // namespace

double ProgressReport::share() const {
  return std::clamp(static_cast<double>(done) / static_cast<double>(total), 0.0, 1.0);
}

std::string progress_line(const ProgressReport& report) {
  const Json json = {{"progress", report.title},
                     {"done", report.done},
                     {"total", report.total},
                     {"note", report.note},
                     {"seconds", report.seconds},
                     {"seconds_left", report.seconds_left ? Json(*report.seconds_left) : Json()}};
  return json_text(json) + "\n";
}

ProgressReport read_progress_line(std::string_view line, const std::string& where) {
  if (line.empty() || line.find('\n') != line.size() - 1) {
    throw InputError("{}: expected one whole line of progress", where);
  }
  const Json json = parse_json(line, where);
  const JsonObject fields(json, where, "`brownout train --progress`");
  ProgressReport report;
  report.title = fields.text("progress");
  report.done = fields.integer("done", 0, kMostWork);
  report.total = fields.integer("total", 1, kMostWork);
  report.note = fields.text("note");
  report.seconds = fields.number("seconds", 0.0, kMostSeconds);
  if (!fields.at("seconds_left").is_null()) {
    report.seconds_left = fields.number("seconds_left", 0.0, kMostSeconds);
  }
  for (const auto& [name, value] : json.items()) {
    const std::string& key = name;
    const bool known = std::any_of(std::begin(kProgressFields), std::end(kProgressFields),
                                   [&](const char* field) { return key == field; });
    if (!known) throw InputError("{}: unknown field \"{}\"", where, key);
  }
  return report;
}

}  // namespace brownout
