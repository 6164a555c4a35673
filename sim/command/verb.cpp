// SPDX-License-Identifier: Apache-2.0
// CLI11 checks the rules; their words are kept beside them.
#include "sim/command/verb.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace brownout::cli {

namespace {

// Between the name of a value and what it may be (arguments.cpp), in CLI11's name of the type.
constexpr char kRange[] = ": ";

/// What a value may be and its default stand after the description of an option.
class HelpFormatter : public CLI::Formatter {
 public:
  std::string make_option_opts(const CLI::Option* option) const override {
    const std::string name = value_name(*option).name;
    std::string text = name.empty() ? "" : " " + name;
    if (option->get_expected_max() == CLI::detail::expected_max_vector_size) text += " ...";
    if (option->get_required()) text += " " + get_label("REQUIRED");
    return text;
  }
  std::string make_option_desc(const CLI::Option* option) const override {
    std::string details = value_name(*option).range;
    if (const std::string usual = option->get_default_str(); !usual.empty()) {
      details += (details.empty() ? "default " : "; default ") + usual;
    }
    return option->get_description() + (details.empty() ? "" : " (" + details + ")");
  }
};

}  // namespace

ValueName value_name(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const std::size_t range = type.find(kRange);
  ValueName value;
  if (option.get_type_size() != 0) value.name = type.substr(0, range);
  if (range != std::string::npos) value.range = type.substr(range + sizeof kRange - 1);
  return value;
}

Verb::Verb(const std::string& help, const std::string& name, std::shared_ptr<Simulator> simulator)
    : CLI::App(help, name), simulator_(std::move(simulator)) {
  formatter(std::make_shared<HelpFormatter>());
}

void Verb::excludes(const std::string& option, const std::vector<std::string>& others,
                    const std::string& refusal) {
  for (const std::string& other : others) {
    get_option(option)->excludes(get_option(other));
    rules_.push_back({get_option(option), get_option(other), /*together=*/false, refusal});
  }
}

void Verb::needs(const std::string& option, const std::string& other, const std::string& refusal) {
  get_option(option)->needs(get_option(other));
  rules_.push_back({get_option(option), get_option(other), /*together=*/true, refusal});
}

void Verb::offers(const std::string& option, Offer offer) {
  offers_[get_option(option)] = std::move(offer);
}

const Offer* Verb::offer_of(const CLI::Option& option) const {
  const auto found = offers_.find(&option);
  return found == offers_.end() ? nullptr : &found->second;
}

void Verb::takes_shipped(CLI::Option* option, const ShippedKind& kind) {
  offers_[option] = {{}, &kind};
  const auto find = [option, &kind](std::string& text) -> std::string {
    const std::string where = option->get_name();
    if (text.empty()) return "";  // refused later, as every empty value
    try {
      text = find_shipped(kind, text, where).string();
    } catch (const InputError& error) {
      const std::string problem = error.what();  // CLI11 begins it with the name as well
      return problem.substr(where.size() + std::string(": ").size());
    }
    return "";
  };
  option->transform(CLI::Validator(find, ""));
}

std::string Verb::broken_rule() const {
  for (const Rule& rule : rules_) {
    if (rule.option->count() == 0 || (rule.other->count() > 0) == rule.together) continue;
    return fmt::format(fmt::runtime(rule.refusal), rule.other->get_name());
  }
  return "";
}

FieldNames Verb::field_names() const {
  FieldNames names;
  for (const CLI::Option* option : get_options()) {
    for (const std::string& name : option->get_lnames()) {
      std::string field = name;
      std::replace(field.begin(), field.end(), '-', '_');
      names[field] = "--" + name;
    }
  }
  if (names.count("data") != 0) names["data_folder"] = names["data"];
  return names;
}

}  // namespace brownout::cli
