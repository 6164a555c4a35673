// SPDX-License-Identifier: Apache-2.0
// What every output says when images without labels were compared with the network itself.
#pragma once
#include <string>

namespace brownout::report {

inline constexpr const char* kCleanLabels = "clean-predictions";

/// After a sentence on the images of a study.
inline constexpr const char* kCleanLabelsNote =
    "; no labels: wrong is another class than the network predicts without faults";

/// No field when the images have labels of their own.
template <typename Json>
void put_labels(Json& json, bool labelled) {
  if (!labelled) json["labels"] = kCleanLabels;
}

/// A line, or "".
inline std::string labels_text(bool labelled) {
  return labelled ? ""
                  : "No labels: an image is wrong when its class is another one than the network "
                    "predicts without faults.\n";
}

}  // namespace brownout::report
