// SPDX-License-Identifier: Apache-2.0
// Numbers of a file; none of them is trusted.
#include "sim/import/axes.hpp"

#include <algorithm>
#include <limits>
#include <optional>

#include "sim/base/error.hpp"

namespace brownout::importing {

Dims broadcast(const Dims& a, const Dims& b, const std::string& place) {
  Dims dims(std::max(a.size(), b.size()), 1);
  for (std::size_t back = 1; back <= dims.size(); ++back) {
    const std::int64_t x = back <= a.size() ? a[a.size() - back] : 1;
    const std::int64_t y = back <= b.size() ? b[b.size() - back] : 1;
    if (x != y && x != 1 && y != 1) {
      throw InputError("{}: shapes {} and {} do not fit each other", place, to_string(a),
                       to_string(b));
    }
    dims[dims.size() - back] = x == 1 ? y : x;
  }
  return dims;
}

std::size_t axis_of(std::int64_t axis, std::size_t rank, const std::string& place) {
  const auto signed_rank = static_cast<std::int64_t>(rank);
  const std::int64_t found = axis < 0 ? axis + signed_rank : axis;
  if (found < 0 || found >= signed_rank) {
    throw InputError("{}: axis {} of a tensor of {} axes", place, axis, rank);
  }
  return static_cast<std::size_t>(found);
}

std::vector<SliceRange> slice_ranges(const Dims& dims, const std::vector<std::int64_t>& starts,
                                     const std::vector<std::int64_t>& ends,
                                     const std::vector<std::int64_t>& axes,
                                     const std::vector<std::int64_t>& steps,
                                     const std::string& place) {
  if (ends.size() != starts.size() || (!axes.empty() && axes.size() != starts.size()) ||
      (!steps.empty() && steps.size() != starts.size())) {
    throw InputError("{}: {} starts, {} ends, {} axes and {} steps", place, starts.size(),
                     ends.size(), axes.size(), steps.size());
  }
  std::vector<SliceRange> ranges;
  for (const std::int64_t extent : dims) ranges.push_back({0, extent, 1});
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const std::size_t axis =
        axis_of(axes.empty() ? static_cast<std::int64_t>(i) : axes[i], dims.size(), place);
    const std::int64_t extent = dims[axis];
    const std::int64_t step = steps.empty() ? 1 : steps[i];
    if (step == 0 || step == std::numeric_limits<std::int64_t>::min())
      throw InputError("{}: a step of {}", place, step);
    // Beyond an end means to that end; negative ones count from the back.
    const auto clamp = [extent](std::int64_t at, std::int64_t low, std::int64_t high) {
      return std::clamp(at < 0 ? at + extent : at, low, high);
    };
    const std::int64_t low = step > 0 ? 0 : -1;
    const std::int64_t high = step > 0 ? extent : extent - 1;
    const std::int64_t begin = clamp(starts[i], std::max<std::int64_t>(low, 0), high);
    const std::int64_t end = clamp(ends[i], low, high);
    const std::int64_t way = step > 0 ? end - begin : begin - end;
    const std::int64_t stride = step > 0 ? step : -step;
    ranges[axis] = {begin, way > 0 ? (way - 1) / stride + 1 : 0, step};
  }
  return ranges;
}

Dims reshaped(const Dims& dims, const std::vector<std::int64_t>& target, bool zero_is_zero,
              const std::string& place) {
  Dims result = target;
  const std::int64_t all = element_count(dims, place);
  std::optional<std::size_t> open;
  std::int64_t others = 1;
  for (std::size_t i = 0; i < result.size(); ++i) {
    if (result[i] == 0 && !zero_is_zero && i < dims.size()) result[i] = dims[i];
    if (result[i] == -1 && !open) {
      open = i;
    } else if (result[i] < 0 || result[i] > all) {
      throw InputError("{}: {} cannot become {}", place, to_string(dims), to_string(target));
    } else {
      others *= std::max<std::int64_t>(result[i], 1);
      if (others > all)
        throw InputError("{}: {} cannot become {}", place, to_string(dims), to_string(target));
    }
  }
  if (open) result[*open] = all / others;
  if (element_count(result, place) != all) {
    throw InputError("{}: {} cannot become {}", place, to_string(dims), to_string(target));
  }
  return result;
}

}  // namespace brownout::importing
