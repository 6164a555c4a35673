// SPDX-License-Identifier: Apache-2.0
// Extents of windows and products from the attributes of their nodes.
#include "sim/import/matrix_shapes.hpp"

#include <algorithm>

#include "sim/base/error.hpp"
#include "sim/base/text.hpp"
#include "sim/import/axes.hpp"

namespace brownout::importing {

namespace {

/// Convolutions: x and weights O x I/groups x window.
Dims convolved(const Node& node, const Dims& x, const Dims& weights) {
  if (weights.size() < 3) {
    throw InputError("{}: weights are {}, expected outputs x inputs x window", node.place,
                     to_string(weights));
  }
  expect_image(node, x, weights.size() - 2);
  const std::int64_t groups = node.integer("group", 1);
  if (groups < 1 || groups > weights[0] || x[1] != weights[1] * groups ||
      weights[0] % groups != 0) {
    throw InputError("{}: weights are {} in {} groups, the input is {}", node.place,
                     to_string(weights), groups, to_string(x));
  }
  return window_dims(node, x, Dims(weights.begin() + 2, weights.end()), weights[0]);
}

Dims product(const Node& node, const Dims& a, const Dims& b) {
  if (a.size() < 2 || b.size() < 2 || a.back() != b[b.size() - 2])
    throw InputError("{}: multiplies {} and {}", node.place, to_string(a), to_string(b));
  Dims dims = broadcast(Dims(a.begin(), a.end() - 2), Dims(b.begin(), b.end() - 2), node.place);
  dims.push_back(a[a.size() - 2]);
  dims.push_back(b.back());
  return dims;
}

std::string auto_pad_of(const Node& node) {
  const std::string automatic = node.text("auto_pad", "NOTSET");
  if (automatic.empty()) return "NOTSET";  // as other tools take it
  for (const char* known : {"NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"}) {
    if (automatic == known) return automatic;
  }
  throw InputError("{}: auto_pad is {}, expected NOTSET, SAME_UPPER, SAME_LOWER or VALID",
                   node.place, in_quotes(automatic));
}

/// InputError when the pads that a window states for an axis are neither zeros nor those that
/// auto_pad gives it, `all` of both sides.
void expect_same_pads(const Node& node, const std::string& automatic, const Dims& stated,
                      std::size_t axis, std::int64_t all) {
  const std::int64_t before = automatic == "SAME_LOWER" ? all - all / 2 : all / 2;
  const std::int64_t own[] = {stated[axis], stated[axis + stated.size() / 2]};
  if ((own[0] == 0 && own[1] == 0) || (own[0] == before && own[1] == all - before)) return;
  throw InputError("{}: auto_pad is {} and pads are {}, expected one of them", node.place,
                   automatic, to_string(stated));
}

}  // namespace

const std::vector<std::int64_t>& bounded(const Node& node,
                                         const std::vector<std::int64_t>& numbers) {
  constexpr std::int64_t kMost = std::int64_t{1} << 31;
  for (const std::int64_t number : numbers) {
    if (number < -kMost || number > kMost)
      throw InputError("{}: found {}, expected numbers within 2^31", node.place, number);
  }
  return numbers;
}

void expect_image(const Node& node, const Dims& input, std::size_t window) {
  if (input.size() != window + 2) {
    throw InputError("{}: the input is {}, expected batch, channels and {} extents", node.place,
                     to_string(input), window);
  }
}

std::vector<Dims> conv(const Values& values, const Node& node) {
  return {convolved(node, values.input_dims(node, 0), values.input_dims(node, 1))};
}

std::vector<Dims> transposed_conv(const Values& values, const Node& node) {
  const Dims& x = values.input_dims(node, 0);
  const Dims& weights = values.input_dims(node, 1);
  if (weights.size() < 3) throw InputError("{}: weights are {}", node.place, to_string(weights));
  const std::size_t window = weights.size() - 2;
  expect_image(node, x, window);
  const auto strides = node.integers("strides", Dims(window, 1));
  const auto dilations = node.integers("dilations", Dims(window, 1));
  const auto pads = node.integers("pads", Dims(2 * window, 0));
  const auto extra = node.integers("output_padding", Dims(window, 0));
  if (strides.size() != window || dilations.size() != window || pads.size() != 2 * window ||
      extra.size() != window)
    throw InputError("{}: strides, dilations and pads do not fit the window", node.place);
  for (const Dims* numbers : {&strides, &dilations, &pads, &extra}) bounded(node, *numbers);
  const std::int64_t groups = node.integer("group", 1);
  if (groups < 1 || groups > x[1]) throw InputError("{}: {} groups", node.place, groups);
  Dims dims{x[0], weights[1] * groups};
  for (std::size_t i = 0; i < window; ++i) {
    dims.push_back(strides[i] * (x[i + 2] - 1) + extra[i] + (weights[i + 2] - 1) * dilations[i] +
                   1 - pads[i] - pads[i + window]);
  }
  return {dims};
}

std::vector<Dims> pool(const Values& values, const Node& node) {
  const Dims& x = values.input_dims(node, 0);
  const std::vector<std::int64_t> kernel = node.integers("kernel_shape", {});
  expect_image(node, x, kernel.size());
  return std::vector<Dims>(node.outputs.size(), window_dims(node, x, kernel, x[1]));
}

std::vector<Dims> global_pool(const Values& values, const Node& node) {
  Dims dims = values.input_dims(node, 0);
  for (std::size_t i = 2; i < dims.size(); ++i) dims[i] = 1;
  return {dims};
}

std::vector<Dims> gemm(const Values& values, const Node& node) {
  const Dims& a = values.input_dims(node, 0);
  const Dims& b = values.input_dims(node, 1);
  if (a.size() != 2 || b.size() != 2)
    throw InputError("{}: multiplies {} and {}", node.place, to_string(a), to_string(b));
  const bool turn_a = node.integer("transA", 0) != 0;
  const bool turn_b = node.integer("transB", 0) != 0;
  if (a[turn_a ? 0 : 1] != b[turn_b ? 1 : 0])
    throw InputError("{}: multiplies {} and {}", node.place, to_string(a), to_string(b));
  return {{a[turn_a ? 1 : 0], b[turn_b ? 0 : 1]}};
}

std::vector<Dims> matmul(const Values& values, const Node& node) {
  return {product(node, values.input_dims(node, 0), values.input_dims(node, 1))};
}

Dims window_dims(const Node& node, const Dims& input, const Dims& kernel, std::int64_t channels) {
  const std::size_t window = kernel.size();
  const Dims strides = node.integers("strides", Dims(window, 1));
  const Dims dilations = node.integers("dilations", Dims(window, 1));
  const Dims pads = node.integers("pads", Dims(2 * window, 0));
  const std::string automatic = auto_pad_of(node);
  const bool ceil = node.integer("ceil_mode", 0) != 0;
  if (strides.size() != window || dilations.size() != window || pads.size() != 2 * window) {
    throw InputError("{}: strides, dilations and pads do not fit a window of {}", node.place,
                     to_string(kernel));
  }
  for (const Dims* numbers : {&kernel, &strides, &dilations, &pads}) bounded(node, *numbers);
  Dims dims{input[0], channels};
  for (std::size_t i = 0; i < window; ++i) {
    const std::int64_t extent = input[i + 2];
    if (strides[i] < 1 || dilations[i] < 1 || kernel[i] < 1)
      throw InputError("{}: strides, dilations and windows are at least 1", node.place);
    const std::int64_t reach = (kernel[i] - 1) * dilations[i] + 1;
    std::int64_t count = 0;
    if (automatic == "SAME_UPPER" || automatic == "SAME_LOWER") {
      count = (extent + strides[i] - 1) / strides[i];
      const std::int64_t covered = (count - 1) * strides[i] + reach;
      expect_same_pads(node, automatic, pads, i, std::max<std::int64_t>(covered - extent, 0));
    } else {
      if (automatic == "VALID") expect_same_pads(node, automatic, pads, i, 0);
      const std::int64_t padding = automatic == "VALID" ? 0 : pads[i] + pads[i + window];
      const std::int64_t room = extent + padding - reach;
      if (room < 0) {
        throw InputError("{}: a window of {} does not fit an input of {} with padding {}",
                         node.place, to_string(kernel), to_string(input), padding);
      }
      count = (room + (ceil ? strides[i] - 1 : 0)) / strides[i] + 1;
      // A window that would begin in the padding after the image is left out.
      if (ceil && automatic != "VALID" && (count - 1) * strides[i] >= extent + pads[i]) --count;
    }
    dims.push_back(count);
  }
  return dims;
}

}  // namespace brownout::importing
