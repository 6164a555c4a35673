// SPDX-License-Identifier: Apache-2.0
// Parses the words, runs the verb, and says what to do next.
#include "sim/cli/command_line.hpp"

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "sim/base/error.hpp"
#include "sim/base/outputs.hpp"
#include "sim/cli/application.hpp"
#include "sim/cli/next_steps.hpp"
#include "sim/cli/refusals.hpp"
#include "sim/cli/verbs.hpp"
#include "sim/command/declarations.hpp"
#include "sim/engines/engine.hpp"
#include "sim/workers/jobs.hpp"
#include "sim/workers/ranks.hpp"

namespace brownout::cli {

namespace {

void expect_one_process(const Verb& verb, const workers::Ranks* ranks) {
  if (ranks == nullptr || verb.on_ranks()) return;
  throw InputError("brownout {} runs as one process; expected it without mpirun, got {} ranks",
                   verb_name(verb), ranks->size());
}

}  // namespace

int run(int argc, char** argv, const std::shared_ptr<Simulator>& simulator, workers::Ranks* ranks) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  // The trainer parses its own options.
  if (!words.empty() && words.front() == "train") {
    if (ranks != nullptr)
      throw InputError("brownout train runs as one process; expected it without mpirun");
    return run_train(std::vector<std::string>(words.begin() + 1, words.end()));
  }

  engines::check_environment();
  remember_command("brownout", words);
  Application application(simulator);
  try {
    parse_or_refuse(application.app, words);
  } catch (const CLI::Success& request) {
    // One rank shows it.
    if (ranks != nullptr && ranks->rank() > 0) return workers::serve_refused(*ranks, "", 0);
    return application.app.exit(request);
  }
  for (const auto& [verb, action] : application.actions) {
    if (!verb->parsed()) continue;
    expect_one_process(*verb, ranks);
    verb->set_ranks(ranks);
    const int code = name_fields(verb->field_names(), action);
    if (code == 0) print_next_step(*verb);
    return code;
  }
  BROWNOUT_CHECK(false, "no verb ran");
  return 1;
}

}  // namespace brownout::cli
