// SPDX-License-Identifier: Apache-2.0
// Evaluates a network on random chips at several voltages. Prints what
// `brownout eval NETWORK --voltage V --chips N --images M` prints as RErr, digit by digit.
#include <brownout/experiment.hpp>
#include <cstdio>
#include <cstdlib>

int main(int argc, char** argv) {
  try {
    const char* const name = argc > 1 ? argv[1] : "fmnist-simplenet16-randbet-8b";
    const int chips = argc > 2 ? std::atoi(argv[2]) : 10;

    brownout::ExperimentConfig config;  // Fashion-MNIST, engine functional
    config.images = argc > 3 ? std::atoll(argv[3]) : 1000;
    config.threads = 0;  // all of the machine
    brownout::Experiment experiment(brownout::Network::load(name), config);

    for (const double voltage : {0.90, 0.86, 0.82}) {
      const brownout::EvalResult result =
          experiment.run(brownout::Conditions::at_voltage(voltage), brownout::random_chips(chips),
                         [](std::int64_t done, std::int64_t total) {
                           std::fprintf(stderr, "\r%lld/%lld ", static_cast<long long>(done),
                                        static_cast<long long>(total));
                           return true;  // false would end the run
                         });
      std::printf("%s at %g Vmin: error %.10g %%, on %zu chips %.10g %%\n", result.model.c_str(),
                  voltage, result.err, result.chips.size(), result.rerr->mean);
    }
  } catch (const brownout::Error& error) {
    std::fprintf(stderr, "evaluate-chips: %s\n", error.what());
    return error.exit_code();
  }
}
