// SPDX-License-Identifier: Apache-2.0
// What the result store keeps: one row per weight pattern (clean, or one chip at one voltage),
// under a key that hashes everything that the row depends on.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "sim/base/json.hpp"
#include "sim/results/error_bars.hpp"
#include "sim/results/store.hpp"
#include "sim/runs/evaluator.hpp"
#include "sim/runs/sweep_file.hpp"

namespace brownout::runs {

/// Changes when the meaning of a stored number changes.
inline constexpr int kResultVersion = 3;

/// Versions of the definitions that decide which cells of a chip fail, and when: part of every key.
void put_definitions(nlohmann::ordered_json& key);

/// The images of a result: the first ones of a data set.
struct UsedImages {
  std::string dataset_sha256;
  std::int64_t count = 0;
};

/// Everything that a row of one sweep and one network depends on, except mitigation, chip and
/// voltage.
class RecordKeys {
 public:
  RecordKeys(const SweepConfig& config, const experiment::Model& model, const UsedImages& used);
  /// The same for all mitigations.
  std::string clean() const;
  /// `supply`: the rail, without a boost.
  std::string chip(const SweepMitigation& mitigation, const std::string& chip,
                   const chips::OperatingPoint& supply) const;

 private:
  std::string base_;
};

/// The sweep a folder belongs to, as pretty JSON: everything that decides its numbers.
std::string identity(const SweepConfig& config, const std::vector<SweepModel>& models,
                     const UsedImages& used, const std::string& first_chip);

/// `images`: the number of images of the row. InputError, which names its place, for a stored row
/// that does not have these fields.
std::optional<CleanResult> find_clean(const results::Store& store, const std::string& key,
                                      std::int64_t images);
std::optional<ChipResult> find_chip(const results::Store& store, const std::string& key,
                                    std::int64_t images);
/// Field "wrong_images" of a stored row. InputError when it is of other images.
results::WrongImages wrong_images_of(const JsonObject& row, std::int64_t images);
void add_clean(results::Store& store, const std::string& key, const std::string& model,
               const CleanResult& result);
void add_chip(results::Store& store, const std::string& key, const std::string& model,
              const SweepMitigation& mitigation, const chips::OperatingPoint& supply,
              const ChipResult& result);

}  // namespace brownout::runs
