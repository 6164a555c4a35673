// SPDX-License-Identifier: Apache-2.0
// One function an operator; all of them work on elements in row-major order.
#include "sim/import/fold.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "sim/base/error.hpp"
#include "sim/import/axes.hpp"

namespace brownout::importing {

namespace {

using Inputs = std::vector<const Tensor*>;

const Tensor& need(const Node& node, const Inputs& inputs, std::size_t i) {
  if (i >= inputs.size() || inputs[i] == nullptr) {
    throw InputError("{}: input {} is missing", node.place, i + 1);
  }
  return *inputs[i];
}

/// Integers of an input, or of the attribute that older opsets had in its place.
std::vector<std::int64_t> setting(const Node& node, const Inputs& inputs, std::size_t i,
                                  const char* attribute) {
  if (i < inputs.size() && inputs[i] != nullptr) return inputs[i]->integers();
  return node.integers(attribute, {});
}

/// The element number of each element of `out`, in a tensor of `dims` that is broadcast to it.
std::vector<std::size_t> broadcast_places(const Dims& dims, const Dims& out) {
  std::size_t count = 1;
  for (const std::int64_t extent : out) count *= static_cast<std::size_t>(extent);
  std::vector<std::size_t> places(count, 0);
  std::size_t stride = 1;  // in the tensor
  std::size_t repeat = 1;  // elements of `out` that share an index of the axis
  for (std::size_t back = 0; back < out.size(); ++back) {
    const auto extent = static_cast<std::size_t>(out[out.size() - 1 - back]);
    const std::size_t own =
        back < dims.size() ? static_cast<std::size_t>(dims[dims.size() - 1 - back]) : 1;
    if (own > 1) {
      for (std::size_t i = 0; i < count; ++i) places[i] += i / repeat % extent * stride;
    }
    stride *= own;
    repeat *= extent;
  }
  return places;
}

/// The elements of `tensor` at these places.
Tensor gathered(const Tensor& tensor, Dims dims, const std::vector<std::size_t>& places) {
  Tensor result;
  result.dims = std::move(dims);
  result.data = std::visit(
      [&](const auto& elements) -> Tensor::Data {
        std::decay_t<decltype(elements)> taken;
        taken.reserve(places.size());
        for (const std::size_t place : places) taken.push_back(elements[place]);
        return taken;
      },
      tensor.data);
  return result;
}

template <typename OnFloats, typename OnIntegers>
Tensor elementwise(const Node& node, const Inputs& inputs, OnFloats on_floats,
                   OnIntegers on_integers) {
  const Tensor& a = need(node, inputs, 0);
  const Tensor& b = need(node, inputs, 1);
  const Dims dims = broadcast(a.dims, b.dims, node.place);
  const std::vector<std::size_t> at = broadcast_places(a.dims, dims);
  const std::vector<std::size_t> bt = broadcast_places(b.dims, dims);
  if (a.is_float() || b.is_float()) {
    const std::vector<float> x = a.floats();
    const std::vector<float> y = b.floats();
    std::vector<float> result(at.size());
    for (std::size_t i = 0; i < at.size(); ++i) result[i] = on_floats(x[at[i]], y[bt[i]]);
    return float_tensor(dims, std::move(result));
  }
  const std::vector<std::int64_t> x = a.integers();
  const std::vector<std::int64_t> y = b.integers();
  std::vector<std::int64_t> result(at.size());
  for (std::size_t i = 0; i < at.size(); ++i) result[i] = on_integers(x[at[i]], y[bt[i]]);
  return integer_tensor(dims, std::move(result));
}

/// ONNX leaves the sum of integers that overflow open; here they wrap.
std::int64_t wrapped(std::uint64_t value) { return static_cast<std::int64_t>(value); }

Tensor fold_add(const Node& node, const Inputs& inputs) {
  return elementwise(
      node, inputs, [](float a, float b) { return a + b; },
      [](std::int64_t a, std::int64_t b) {
        return wrapped(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
      });
}

Tensor fold_sub(const Node& node, const Inputs& inputs) {
  return elementwise(
      node, inputs, [](float a, float b) { return a - b; },
      [](std::int64_t a, std::int64_t b) {
        return wrapped(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
      });
}

Tensor fold_equal(const Node& node, const Inputs& inputs) {
  return elementwise(
      node, inputs, [](float a, float b) { return a == b ? 1.0f : 0.0f; },
      [](std::int64_t a, std::int64_t b) { return std::int64_t{a == b}; });
}

/// Exporters choose between extents with it.
Tensor fold_where(const Node& node, const Inputs& inputs) {
  const Tensor& condition = need(node, inputs, 0);
  const Tensor& x = need(node, inputs, 1);
  const Tensor& y = need(node, inputs, 2);
  if (x.is_float() || y.is_float()) {
    throw InputError("{}: chooses between floats, expected integers", node.place);
  }
  const Dims dims = broadcast(broadcast(condition.dims, x.dims, node.place), y.dims, node.place);
  const std::vector<std::size_t> ct = broadcast_places(condition.dims, dims);
  const std::vector<std::size_t> xt = broadcast_places(x.dims, dims);
  const std::vector<std::size_t> yt = broadcast_places(y.dims, dims);
  const std::vector<std::int64_t> chosen = condition.integers();
  const std::vector<std::int64_t> first = x.integers();
  const std::vector<std::int64_t> second = y.integers();
  std::vector<std::int64_t> result;
  for (std::size_t i = 0; i < ct.size(); ++i) {
    result.push_back(chosen[ct[i]] != 0 ? first[xt[i]] : second[yt[i]]);
  }
  return integer_tensor(dims, std::move(result));
}

Tensor fold_mul(const Node& node, const Inputs& inputs) {
  return elementwise(
      node, inputs, [](float a, float b) { return a * b; },
      [](std::int64_t a, std::int64_t b) {
        return wrapped(static_cast<std::uint64_t>(a) * static_cast<std::uint64_t>(b));
      });
}

Tensor fold_div(const Node& node, const Inputs& inputs) {
  return elementwise(
      node, inputs, [](float a, float b) { return a / b; },
      [&node](std::int64_t a, std::int64_t b) {
        if (b == 0 || (b == -1 && a == std::numeric_limits<std::int64_t>::min()))
          throw InputError("{}: divides {} by {}", node.place, a, b);
        return a / b;
      });
}

template <typename OnFloats>
Tensor unary(const Node& node, const Inputs& inputs, OnFloats on_floats) {
  const Tensor& x = need(node, inputs, 0);
  std::vector<float> data = x.floats();
  for (float& value : data) value = on_floats(value);
  return float_tensor(x.dims, std::move(data));
}

Tensor fold_sqrt(const Node& node, const Inputs& inputs) {
  return unary(node, inputs, [](float x) { return std::sqrt(x); });
}

Tensor rounded(const Node& node, const Inputs& inputs, float (*round)(float)) {
  const Tensor& x = need(node, inputs, 0);
  if (!x.is_float()) return x;
  return unary(node, inputs, round);
}

Tensor fold_floor(const Node& node, const Inputs& inputs) {
  return rounded(node, inputs, [](float x) { return std::floor(x); });
}

Tensor fold_ceil(const Node& node, const Inputs& inputs) {
  return rounded(node, inputs, [](float x) { return std::ceil(x); });
}

Tensor fold_identity(const Node& node, const Inputs& inputs) { return need(node, inputs, 0); }

Tensor fold_cast(const Node& node, const Inputs& inputs) {
  constexpr std::int64_t kFloats[] = {1, 10, 11, 16};  // float, half, double, bfloat16
  const Tensor& x = need(node, inputs, 0);
  const std::int64_t to = node.integer("to", 0);
  if (std::find(std::begin(kFloats), std::end(kFloats), to) != std::end(kFloats))
    return float_tensor(x.dims, x.floats());
  return integer_tensor(x.dims, x.integers());
}

Tensor with_dims(const Tensor& x, Dims dims) {
  Tensor result = x;
  result.dims = std::move(dims);
  return result;
}

Tensor fold_reshape(const Node& node, const Inputs& inputs) {
  const Tensor& x = need(node, inputs, 0);
  return with_dims(x, reshaped(x.dims, setting(node, inputs, 1, "shape"),
                               node.integer("allowzero", 0) != 0, node.place));
}

Tensor fold_unsqueeze(const Node& node, const Inputs& inputs) {
  const Tensor& x = need(node, inputs, 0);
  const std::vector<std::int64_t> axes = setting(node, inputs, 1, "axes");
  const std::size_t rank = x.dims.size() + axes.size();
  std::vector<bool> added(rank, false);
  for (const std::int64_t axis : axes) added[axis_of(axis, rank, node.place)] = true;
  Dims dims;
  auto next = x.dims.begin();
  for (const bool one : added) {
    if (one || next == x.dims.end()) {
      dims.push_back(1);
    } else {
      dims.push_back(*next++);
    }
  }
  return with_dims(x, std::move(dims));
}

Tensor fold_squeeze(const Node& node, const Inputs& inputs) {
  const Tensor& x = need(node, inputs, 0);
  std::vector<bool> removed(x.dims.size(), false);
  const std::vector<std::int64_t> axes = setting(node, inputs, 1, "axes");
  for (const std::int64_t axis : axes) removed[axis_of(axis, x.dims.size(), node.place)] = true;
  Dims dims;
  for (std::size_t i = 0; i < x.dims.size(); ++i) {
    const bool goes = axes.empty() ? x.dims[i] == 1 : removed[i];
    if (goes && x.dims[i] != 1)
      throw InputError("{}: axis {} of {} is not 1", node.place, i, to_string(x.dims));
    if (!goes) dims.push_back(x.dims[i]);
  }
  return with_dims(x, std::move(dims));
}

/// Row-major strides.
std::vector<std::size_t> strides_of(const Dims& dims) {
  std::vector<std::size_t> strides(dims.size(), 1);
  for (std::size_t i = dims.size(); i-- > 1;) {
    strides[i - 1] = strides[i] * static_cast<std::size_t>(dims[i]);
  }
  return strides;
}

/// Places of all elements of `dims`, whose axes begin at `base` and go on by `steps`.
std::vector<std::size_t> strided_places(const Dims& dims, std::size_t base,
                                        const std::vector<std::ptrdiff_t>& steps) {
  std::vector<std::size_t> places{base};
  for (std::size_t axis = 0; axis < dims.size(); ++axis) {
    std::vector<std::size_t> next;
    next.reserve(places.size() * static_cast<std::size_t>(dims[axis]));
    for (const std::size_t place : places) {
      for (std::int64_t i = 0; i < dims[axis]; ++i) {
        next.push_back(place + static_cast<std::size_t>(i * steps[axis]));
      }
    }
    places = std::move(next);
  }
  return places;
}

Tensor fold_transpose(const Node& node, const Inputs& inputs) {
  const Tensor& x = need(node, inputs, 0);
  std::vector<std::int64_t> order(x.dims.size());
  std::iota(order.rbegin(), order.rend(), 0);
  order = node.integers("perm", order);
  if (order.size() != x.dims.size())
    throw InputError("{}: perm has {} axes, the input {}", node.place, order.size(), x.dims.size());
  const std::vector<std::size_t> strides = strides_of(x.dims);
  Dims dims;
  std::vector<std::ptrdiff_t> steps;
  for (const std::int64_t axis : order) {
    const std::size_t a = axis_of(axis, x.dims.size(), node.place);
    dims.push_back(x.dims[a]);
    steps.push_back(static_cast<std::ptrdiff_t>(strides[a]));
  }
  return gathered(x, dims, strided_places(dims, 0, steps));
}

Tensor fold_slice(const Node& node, const Inputs& inputs) {
  const Tensor& x = need(node, inputs, 0);
  const std::vector<SliceRange> ranges =
      slice_ranges(x.dims, setting(node, inputs, 1, "starts"), setting(node, inputs, 2, "ends"),
                   setting(node, inputs, 3, "axes"), setting(node, inputs, 4, "steps"), node.place);
  const std::vector<std::size_t> strides = strides_of(x.dims);
  Dims dims;
  std::vector<std::ptrdiff_t> steps;
  std::size_t base = 0;
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    dims.push_back(ranges[i].count);
    base += static_cast<std::size_t>(ranges[i].begin) * strides[i];
    steps.push_back(static_cast<std::ptrdiff_t>(strides[i]) * ranges[i].step);
  }
  return gathered(x, dims, strided_places(dims, base, steps));
}

Tensor fold_gather(const Node& node, const Inputs& inputs) {
  const Tensor& x = need(node, inputs, 0);
  const Tensor& indices = need(node, inputs, 1);
  const std::size_t axis = axis_of(node.integer("axis", 0), x.dims.size(), node.place);
  const std::int64_t extent = x.dims[axis];
  const std::size_t inner = strides_of(x.dims)[axis];
  const std::size_t outer = x.size() == 0 ? 0 : static_cast<std::size_t>(x.size() / extent) / inner;
  std::vector<std::size_t> places;
  for (std::size_t o = 0; o < outer; ++o) {
    for (std::int64_t index : indices.integers()) {
      if (index < 0) index += extent;
      if (index < 0 || index >= extent)
        throw InputError("{}: index {} of an axis of {}", node.place, index, extent);
      for (std::size_t i = 0; i < inner; ++i) {
        places.push_back(
            (o * static_cast<std::size_t>(extent) + static_cast<std::size_t>(index)) * inner + i);
      }
    }
  }
  Dims dims(x.dims.begin(), x.dims.begin() + static_cast<std::ptrdiff_t>(axis));
  dims.insert(dims.end(), indices.dims.begin(), indices.dims.end());
  dims.insert(dims.end(), x.dims.begin() + static_cast<std::ptrdiff_t>(axis) + 1, x.dims.end());
  return gathered(x, std::move(dims), places);
}

Tensor fold_concat(const Node& node, const Inputs& inputs) {
  Tensor result = need(node, inputs, 0);
  const std::size_t axis = axis_of(node.integer("axis", 0), result.dims.size(), node.place);
  if (axis != 0) throw InputError("{}: constants are joined along axis 0 only", node.place);
  for (std::size_t i = 1; i < inputs.size(); ++i) {
    const Tensor& next = need(node, inputs, i);
    if (next.dims.size() != result.dims.size())
      throw InputError("{}: joins {} and {}", node.place, to_string(result.dims),
                       to_string(next.dims));
    result.dims[0] += next.dims[0];
    if (result.is_float()) {
      std::vector<float> data = result.floats();
      const std::vector<float> more = next.floats();
      data.insert(data.end(), more.begin(), more.end());
      result.data = std::move(data);
    } else {
      std::vector<std::int64_t> data = result.integers();
      const std::vector<std::int64_t> more = next.integers();
      data.insert(data.end(), more.begin(), more.end());
      result.data = std::move(data);
    }
  }
  return result;
}

Tensor fold_constant_of_shape(const Node& node, const Inputs& inputs) {
  const Dims dims = need(node, inputs, 0).integers();
  const auto count = static_cast<std::size_t>(element_count(dims, node.place));
  const auto found = node.attributes.find("value");
  if (found == node.attributes.end()) return float_tensor(dims, std::vector<float>(count, 0.0f));
  const auto* value = std::get_if<std::shared_ptr<const Tensor>>(&found->second);
  if (value == nullptr || (*value)->size() != 1)
    throw InputError("{}: attribute value: expected a tensor of one element", node.place);
  return gathered(**value, dims, std::vector<std::size_t>(count, 0));
}

Tensor fold_expand(const Node& node, const Inputs& inputs) {
  const Tensor& x = need(node, inputs, 0);
  const Dims dims = broadcast(x.dims, need(node, inputs, 1).integers(), node.place);
  return gathered(x, dims, broadcast_places(x.dims, dims));
}

/// How many consecutive elements share a scale.
std::size_t elements_a_scale(const Node& node, const Dims& dims, std::size_t scales,
                             std::size_t zero_points) {
  if (zero_points != scales)
    throw InputError("{}: {} zero points for {} scales", node.place, zero_points, scales);
  if (scales == 1) {
    return std::max<std::size_t>(static_cast<std::size_t>(element_count(dims, node.place)), 1);
  }
  const std::size_t axis = axis_of(node.integer("axis", 1), dims.size(), node.place);
  if (static_cast<std::int64_t>(scales) != dims[axis])
    throw InputError("{}: {} scales for an axis of {}", node.place, scales, dims[axis]);
  return strides_of(dims)[axis];
}

/// w = scale·(q - zero point), per tensor or along an axis.
Tensor fold_dequantize(const Node& node, const Inputs& inputs) {
  const Tensor& q = need(node, inputs, 0);
  const std::vector<float> scale = need(node, inputs, 1).floats();
  std::vector<std::int64_t> zero(scale.size(), 0);
  if (inputs.size() > 2 && inputs[2] != nullptr) zero = inputs[2]->integers();
  const std::size_t inner = elements_a_scale(node, q.dims, scale.size(), zero.size());
  const std::vector<std::int64_t> integers = q.integers();
  std::vector<float> data(integers.size());
  for (std::size_t i = 0; i < data.size(); ++i) {
    const std::size_t at = i / inner % scale.size();
    data[i] = scale[at] * static_cast<float>(integers[i] - zero[at]);
  }
  return float_tensor(q.dims, std::move(data));
}

/// q = saturate(rint(w/scale) + zero point), per tensor or along an axis; uint8 unless the zero
/// point says otherwise.
Tensor fold_quantize(const Node& node, const Inputs& inputs) {
  const Tensor& w = need(node, inputs, 0);
  const std::vector<float> scale = need(node, inputs, 1).floats();
  std::vector<std::int64_t> zero(scale.size(), 0);
  bool is_signed = false;
  if (inputs.size() > 2 && inputs[2] != nullptr) {
    zero = inputs[2]->integers();
    is_signed = std::holds_alternative<std::vector<std::int8_t>>(inputs[2]->data);
  }
  const std::size_t inner = elements_a_scale(node, w.dims, scale.size(), zero.size());
  const double low = is_signed ? -128.0 : 0.0;
  const std::vector<float> numbers = w.floats();
  Tensor result;
  result.dims = w.dims;
  std::vector<std::int8_t> bytes;
  std::vector<std::uint8_t> unsigned_bytes;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const std::size_t at = i / inner % scale.size();
    const double steps = std::nearbyint(double{numbers[i] / scale[at]});
    const double q = std::clamp(steps + static_cast<double>(zero[at]), low, low + 255.0);
    if (is_signed) {
      bytes.push_back(static_cast<std::int8_t>(q));
    } else {
      unsigned_bytes.push_back(static_cast<std::uint8_t>(q));
    }
  }
  if (is_signed) {
    result.data = std::move(bytes);
  } else {
    result.data = std::move(unsigned_bytes);
  }
  return result;
}

using Fold = Tensor (*)(const Node&, const Inputs&);
const std::map<std::string, Fold>& folds() {
  static const std::map<std::string, Fold> table{
      {"Add", fold_add},
      {"Cast", fold_cast},
      {"Ceil", fold_ceil},
      {"Concat", fold_concat},
      {"ConstantOfShape", fold_constant_of_shape},
      {"DequantizeLinear", fold_dequantize},
      {"Div", fold_div},
      {"Dropout", fold_identity},
      {"Equal", fold_equal},
      {"Expand", fold_expand},
      {"Floor", fold_floor},
      {"Gather", fold_gather},
      {"Identity", fold_identity},
      {"Mul", fold_mul},
      {"QuantizeLinear", fold_quantize},
      {"Reshape", fold_reshape},
      {"Slice", fold_slice},
      {"Sqrt", fold_sqrt},
      {"Squeeze", fold_squeeze},
      {"Sub", fold_sub},
      {"Transpose", fold_transpose},
      {"Unsqueeze", fold_unsqueeze},
      {"Where", fold_where},
  };
  return table;
}

}  // namespace

std::optional<Tensor> fold(const Node& node, const Inputs& inputs) {
  const auto found = folds().find(node.op);
  if (found == folds().end()) return std::nullopt;
  return found->second(node, inputs);
}

}  // namespace brownout::importing
