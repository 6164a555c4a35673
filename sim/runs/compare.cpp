// SPDX-License-Identifier: Apache-2.0
// One evaluation a network, then every pair.
#include "sim/runs/compare.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "sim/base/error.hpp"
#include "sim/experiment/model.hpp"

namespace brownout::runs {

namespace {

void check_models(const std::vector<std::filesystem::path>& models) {
  if (models.size() < 2) {
    throw InputError("{}: found one network; expected two or more to compare", Field{"models"});
  }
  for (std::size_t i = 1; i < models.size(); ++i) {
    for (std::size_t k = 0; k < i; ++k) {
      std::error_code ignored;  // a file that is missing is named when it is read
      if (models[i] == models[k] || std::filesystem::equivalent(models[i], models[k], ignored)) {
        throw InputError("{}: {} is given twice; expected different networks", Field{"models"},
                         models[i].string());
      }
    }
  }
}

/// The stems of the files, or whole paths if two stems are equal.
std::vector<std::string> names_of(const std::vector<EvalResult>& networks) {
  std::vector<std::string> names, paths;
  for (const EvalResult& network : networks) {
    names.push_back(network.model);
    paths.push_back(network.config.model.string());
  }
  return std::set<std::string>(names.begin(), names.end()).size() == names.size() ? names : paths;
}

results::ErrorTables clean_table(const EvalResult& network) {
  return {{network.clean.wrong_images}};
}

results::ErrorTables chip_table(const EvalResult& network) {
  results::ErrorTables tables(1);
  for (const results::ChipResult& chip : network.chips) tables[0].push_back(chip.wrong_images);
  return tables;
}

NetworkPair pair_of(const std::vector<EvalResult>& networks, std::size_t first,
                    std::size_t second) {
  const EvalResult& a = networks[first];
  const EvalResult& b = networks[second];
  NetworkPair pair{first, second, results::difference(clean_table(a), clean_table(b)), {}};
  if (!a.chips.empty()) pair.rerr = results::difference(chip_table(a), chip_table(b));
  return pair;
}

}  // namespace

const results::Difference& CompareResult::decided(const NetworkPair& pair) const {
  return pair.rerr ? *pair.rerr : pair.clean;
}

CompareResult run_compare(const CompareConfig& config, int threads, bool quiet) {
  check_models(config.models);
  // Before the first evaluation takes its time.
  for (const std::filesystem::path& model : config.models) experiment::load_model(model);
  CompareResult result;
  for (const std::filesystem::path& model : config.models) {
    EvalConfig one = config.common;
    one.model = model;
    result.networks.push_back(run_eval(std::move(one), threads, quiet));
  }
  result.names = names_of(result.networks);
  for (std::size_t first = 0; first < result.networks.size(); ++first) {
    for (std::size_t second = first + 1; second < result.networks.size(); ++second) {
      result.pairs.push_back(pair_of(result.networks, first, second));
    }
  }
  std::vector<results::Difference*> decided;
  for (NetworkPair& pair : result.pairs) {
    decided.push_back(pair.rerr ? &*pair.rerr : &pair.clean);
  }
  results::adjust_together(decided);
  return result;
}

}  // namespace brownout::runs
