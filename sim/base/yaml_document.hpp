// SPDX-License-Identifier: Apache-2.0
// Internal to the strict YAML reader: from text to a document of yaml-cpp, within limits of our
// own.
#pragma once
#include <yaml-cpp/yaml.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace brownout {

/// Lists and maps within each other.
inline constexpr int kMaxYamlDepth = 64;
/// Values of a document; aliases are counted each time they are used.
inline constexpr int kMaxYamlValues = 1'000'000;

/// Why a text is not YAML that we read, and where; the place is null when the whole text is meant.
struct YamlProblem : std::runtime_error {
  YamlProblem(const YAML::Mark& at, const std::string& what) : std::runtime_error(what), mark(at) {}
  YAML::Mark mark;
};

/// The documents of a text. If there are several, which is never wanted, they are returned as that
/// many empty ones. yaml-cpp never returns from some texts (a lone comma is a document without end)
/// and builds everything that it reads, however large. Therefore its events are watched first, and
/// only what they allow is built. YamlProblem for everything that is not valid YAML in UTF-8, is
/// nested deeper or holds more values than the limits allow.
std::vector<YAML::Node> load_documents(const std::string& text);

}  // namespace brownout
