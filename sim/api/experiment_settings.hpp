// SPDX-License-Identifier: Apache-2.0
// ExperimentConfig as the settings that the command has too, with their ranges checked.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "brownout/experiment.hpp"
#include "sim/base/error.hpp"
#include "sim/base/outputs.hpp"
#include "sim/base/watch.hpp"
#include "sim/runs/eval_settings.hpp"

namespace brownout::api {

/// InputError, with fields, for names that are not among those known and numbers out of range.
/// `engines`: the names of engines; `usual`: the one of an empty name.
runs::SetupSettings setup_settings(const ExperimentConfig& config,
                                   const std::vector<std::string>& engines,
                                   const std::string& usual);
runs::EvalSettings eval_settings(const ExperimentConfig& config);
/// A voltage or a rate as the text of an option.
std::string number_text(double number);

/// InputError for random chips that the command would not take.
void check_random_chips(int count, std::uint64_t seed);

/// 0: all of the machine. InputError below.
int thread_count(int threads);

/// Does a call's work, watched by `progress`. Errors call settings as the library does. With
/// `overwrite` it may replace results of others.
template <typename Work>
auto library_call(const ProgressFunction& progress, const Work& work, bool overwrite = false) {
  static const FieldNames names{{"data_folder", "data"},
                                {"supply", "supplies"},
                                {"memory_rate", "memory_rates"},
                                {"reads", "fresh_reads"},
                                {"out", "folder"}};
  const RequestFiles files(overwrite);
  const RunWatch watch(progress);
  return name_fields(names, work);
}

}  // namespace brownout::api
