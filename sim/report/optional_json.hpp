// SPDX-License-Identifier: Apache-2.0
// What is not known is null.
#pragma once
#include <optional>

#include "sim/base/json.hpp"

namespace brownout::report {

template <typename T>
Json maybe(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

}  // namespace brownout::report
