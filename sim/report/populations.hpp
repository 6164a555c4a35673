// SPDX-License-Identifier: Apache-2.0
// Which chips and images the interval of an error is for, by the name of its field.
#pragma once
#include <cstdint>
#include <string>

#include "sim/base/json.hpp"
#include "sim/runs/eval.hpp"

namespace brownout::report {

/// What an error is a mean over.
inline constexpr char kChips[] = "chips";
inline constexpr char kPlaces[] = "places of this die";
inline constexpr char kNoise[] = "draws of noise";

/// What that of an evaluation is.
inline const char* population_of(const runs::EvalResult& result) {
  return result.config.weight_noise ? kNoise : result.point->places ? kPlaces : kChips;
}

/// Of the fields of an error measured on so many of them; 0: only without bit errors.
inline Json populations_json(std::int64_t count, const std::string& of = kChips) {
  Json json = {{"err_ci95", "all images"}};
  if (count == 0) return json;
  const bool one = count == 1;
  json["rerr_ci95"] = one ? Json(nullptr) : Json("all " + of + ", these images");
  json["rerr_se_images"] = "these " + of + ", all images";
  json["rerr_ci95_all"] = (one ? "these " : "all ") + of + ", all images";
  return json;
}

/// Of points with a precision, which do not know other images.
inline Json adaptive_populations_json() {
  return {{"err_ci95", "all images"}, {"rerr_ci95", "all chips, these images"}};
}

}  // namespace brownout::report
