// SPDX-License-Identifier: Apache-2.0
// Splits texts into parts and asks the policies; joins what they answer.
#include "sim/mitigation/mitigations.hpp"

#include <algorithm>
#include <string_view>

#include "sim/base/error.hpp"
#include "sim/base/text.hpp"
#include "sim/mitigation/policy.hpp"

namespace brownout::mitigation {

namespace {

/// What `answer` gives for every policy, without empty texts.
template <typename Answer>
std::string joined(const char* between, Answer answer) {
  std::string text;
  for (const Policy* policy : policies()) {
    const std::string one = answer(*policy);
    if (one.empty()) continue;
    if (!text.empty()) text += between;
    text += one;
  }
  return text;
}

/// The parts in use, in the order of the policies.
template <typename Form>
std::string joined_parts(const Mitigations& mitigations, Form form) {
  const std::string text = joined("+", [&](const Policy& policy) {
    return policy.in_use(mitigations) ? form(policy) : std::string();
  });
  return text.empty() ? "none" : text;
}

void parse_part(const Part& part, Mitigations& into) {
  for (const Policy* policy : policies()) {
    if (policy->parse(part, into)) return;
  }
  part.refuse("none, or parts joined by \"+\": " +
              joined(", ", [](const Policy& policy) { return policy.grammar(); }));
}

}  // namespace

bool Mitigations::any() const {
  return std::any_of(policies().begin(), policies().end(),
                     [&](const Policy* policy) { return policy->in_use(*this); });
}

Mitigations parse_mitigations(const std::string& text, const std::string& where) {
  Mitigations result;
  if (text == "none") return result;
  std::string_view rest = text;
  for (bool more = true; more;) {
    const std::size_t plus = rest.find('+');
    more = plus != std::string_view::npos;
    parse_part({text, rest.substr(0, plus), where}, result);
    if (more) rest = rest.substr(plus + 1);
  }
  for (const Policy* policy : policies()) {
    const std::string expected = policy->conflict(result);
    if (!expected.empty()) Part(text, text, where).refuse(expected);
  }
  return result;
}

Mitigations parse_mitigations(const std::string& text, const std::string& where,
                              const std::filesystem::path& folder) {
  Mitigations result = parse_mitigations(text, where);
  for (const Policy* policy : policies()) policy->find_files(folder, where, result);
  return result;
}

std::string part_forms() {
  return joined(", ", [](const Policy& policy) { return policy.form(); });
}

std::string to_string(const Mitigations& mitigations) {
  return joined_parts(mitigations, [&](const Policy& policy) { return policy.text(mitigations); });
}

std::string identity(const Mitigations& mitigations) {
  return joined_parts(mitigations,
                      [&](const Policy& policy) { return policy.identity(mitigations); });
}

int stages(const Mitigations& mitigations) {
  int sum = 0;
  for (const Policy* policy : policies()) sum += policy->stages(mitigations);
  return sum;
}

Part::Part(std::string_view text, std::string_view part, const std::string& where)
    : text_(text), part_(part), where_(where) {}

std::string_view Part::name() const { return part_.substr(0, part_.find_first_of(",=")); }

std::optional<std::string_view> Part::value_of(std::string_view name) const {
  if (this->name() != name || rest().substr(0, 1) != "=") return std::nullopt;
  return rest().substr(1);
}

void Part::refuse(const std::string& expected) const {
  throw InputError("{}: {}{}: expected {}", where_, in_quotes(text_),
                   part_ == text_ ? "" : fmt::format(", part {}", in_quotes(part_)), expected);
}

void Part::expect_first(bool first, const char* expected) const {
  if (!first) refuse(fmt::format("{}, a second time here", expected));
}

}  // namespace brownout::mitigation
