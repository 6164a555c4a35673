// SPDX-License-Identifier: Apache-2.0
// Metrics as an event file that TensorBoard shows, also while the training runs.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "trainers/output/checkpoint.hpp"

namespace brownout::trainers {

/// Scalars loss, loss_with_errors, train_error_pct, test_error_pct, logit_margin, learning_rate and
/// images_per_s, one point an epoch (step = epoch, counted from 1).
class EventFile {
 public:
  /// Starts `file` anew with what is known so far, as a whole or not at all. TensorBoard requires
  /// "tfevents" in its name. InputError when it cannot be written.
  EventFile(std::filesystem::path file, const std::vector<EpochRecord>& history);

  /// Appends one epoch, so that a reader that follows the file sees it.
  void append(const EpochRecord& record) const;

 private:
  std::filesystem::path file_;
};

/// One record of the file format: length, payload, and a masked CRC-32C of each.
std::string framed(const std::string& payload);

}  // namespace brownout::trainers
