// SPDX-License-Identifier: Apache-2.0
// What the result store keeps: one row per weight pattern (clean, or one chip at one voltage),
// under a key that hashes everything that the row depends on.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "sim/base/json.hpp"
#include "sim/experiment/model.hpp"
#include "sim/experiment/network_cost.hpp"
#include "sim/experiment/setup.hpp"
#include "sim/results/chip_result.hpp"
#include "sim/results/row_store.hpp"

namespace brownout::results {

/// Changes when the meaning of a stored number changes.
inline constexpr int kResultVersion = 3;

/// Changes when the accelerator's model takes other cycles or counts other events.
inline constexpr int kCountVersion = 1;

/// Versions of the definitions that decide which cells of a chip fail, and when: part of every key.
void put_definitions(nlohmann::ordered_json& key);

/// The images of a result: the first ones of a data set.
struct UsedImages {
  std::string dataset_sha256;
  std::int64_t count = 0;
};

/// Images and accelerator as a key contains them. The accelerator decides where weights lie and how
/// much time passes; both may change results.
Json dataset_json(const experiment::Images& images, const UsedImages& used);
Json accelerator_json(const experiment::TargetConfig& target);
/// Those that are given, by memory.
Json memory_rates_json(const experiment::MemoryRates& rates);

/// Where a sweep looks: at a voltage and its rate, or at a rate that has no voltage.
struct SweptPoint {
  std::optional<double> voltage;  // units of Vmin
  double rate = 0.0;              // bit error rate, a fraction
};

/// Everything that a row of one sweep and one network depends on, except mitigation, chip and
/// voltage or rate.
class RecordKeys {
 public:
  RecordKeys(const experiment::Setup& setup, const std::string& technology_sha256,
             const experiment::Model& model, const UsedImages& used);
  /// The same for all mitigations.
  std::string clean() const;
  /// `mitigation`: its mitigation::identity. `supply`: the rail, without a boost.
  std::string chip(const std::string& mitigation, const std::string& chip,
                   const SweptPoint& supply) const;
  /// Of what chips show on some of their images. `what`: which chips and images.
  std::string sampled(const std::string& mitigation, const SweptPoint& supply,
                      const Json& what) const;
  /// Of the order in which images are drawn; the same for all mitigations.
  std::string strata() const;

 private:
  /// With bit errors.
  Json perturbed(const std::string& mitigation, const std::string& pattern,
                 const SweptPoint& supply) const;

  std::string base_;
};

/// The key of what the accelerator's model counts for a network.
/// `stages`: those that mitigations add to a read of the weights.
std::string count_key(const experiment::TargetConfig& target, const experiment::Model& model,
                      int stages, std::int64_t images);
std::optional<experiment::CountedRun> find_count(const RowStore& store, const std::string& key);
void add_count(RowStore& store, const std::string& key, const std::string& model,
               const std::string& accelerator, const experiment::CountedRun& run);

/// `images`: the number of images of the row. InputError, which names its place, for a stored row
/// that does not have these fields.
std::optional<CleanResult> find_clean(const RowStore& store, const std::string& key,
                                      std::int64_t images);
std::optional<ChipResult> find_chip(const RowStore& store, const std::string& key,
                                    std::int64_t images);
/// Field "wrong_images" of a stored row. InputError when it is of other images.
WrongImages wrong_images_of(const JsonObject& row, std::int64_t images);
void add_clean(RowStore& store, const std::string& key, const std::string& model,
               const CleanResult& result);
/// `mitigation`: its canonical text.
void add_chip(RowStore& store, const std::string& key, const std::string& model,
              const std::string& mitigation, const SweptPoint& supply, const ChipResult& result);

}  // namespace brownout::results
