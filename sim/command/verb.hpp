// SPDX-License-Identifier: Apache-2.0
// A verb of the command line: CLI11's App, which knows in which words a verb refuses options that
// do not go together.
#pragma once
#include <CLI/CLI.hpp>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sim/base/error.hpp"
#include "sim/base/shipped.hpp"

namespace brownout {
class Simulator;
}
namespace brownout::workers {
class Ranks;
}

namespace brownout::cli {

/// The value of an option, as help shows it.
struct ValueName {
  std::string name;   // "N"
  std::string range;  // "1 to 256"; "" when it is not said
};
ValueName value_name(const CLI::Option& option);

struct Offer {
  std::vector<std::string> words;
  const ShippedKind* shipped = nullptr;
};

class Verb : public CLI::App {
 public:
  Verb(const std::string& help, const std::string& name,
       std::shared_ptr<Simulator> simulator = nullptr);

  /// What the verb's runs on an accelerator use; null: none.
  const std::shared_ptr<Simulator>& simulator() const { return simulator_; }

  /// The processes of the run; null: this one is alone. Only a verb that has said that it runs on
  /// ranks is started with them.
  void runs_on_ranks() { on_ranks_ = true; }
  bool on_ranks() const { return on_ranks_; }
  void set_ranks(workers::Ranks* ranks) { ranks_ = ranks; }
  workers::Ranks* ranks() const { return ranks_; }

  /// None of `others` may be given beside `option`. "{}" in `refusal` stands for the one that was.
  void excludes(const std::string& option, const std::vector<std::string>& others,
                const std::string& refusal);
  /// `option` is given only together with `other`.
  void needs(const std::string& option, const std::string& other, const std::string& refusal);

  /// What completion offers for the value of an option: words, and the names of shipped files with
  /// files of their ending.
  void offers(const std::string& option, Offer offer);
  /// Null when nothing was said of the option.
  const Offer* offer_of(const CLI::Option& option) const;

  /// The value of an option is a file, or the name of a shipped one, which becomes its file.
  void takes_shipped(CLI::Option* option, const ShippedKind& kind);

  /// The refusal of the first rule, in the order of the calls above, that the options given break;
  /// "" when there is none.
  std::string broken_rule() const;

  /// What the verb's options are called in messages of rooms that know their settings.
  FieldNames field_names() const;

 private:
  struct Rule {
    const CLI::Option* option;
    const CLI::Option* other;
    bool together;  // else apart
    std::string refusal;
  };
  std::shared_ptr<Simulator> simulator_;
  workers::Ranks* ranks_ = nullptr;
  bool on_ranks_ = false;
  std::vector<Rule> rules_;
  std::map<const CLI::Option*, Offer> offers_;
};

}  // namespace brownout::cli
