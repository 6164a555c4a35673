// SPDX-License-Identifier: Apache-2.0
// Operators that change how many axes a value has, or their order.
#include <algorithm>

#include "sim/import/lowering.hpp"

namespace brownout::importing {

void Lowering::lower_flatten() {
  const std::int64_t axis = node_->integer("axis", 1);
  const std::int64_t first = axis < 0 ? axis + static_cast<std::int64_t>(dims(0).size()) : axis;
  // From axis 0 a batch becomes one vector: that of an image, where the batch is one image.
  if (first != 0 && first != 1) fail("flattens from axis {}", axis);
  lower_reshape();
}

/// Also squeeze and flatten: what counts is the output's shape.
void Lowering::lower_reshape() {
  const Dims& from = dims(0);
  const Dims& to = values_.dims(node_->outputs[0]);
  if (reshape_halves(from, to) || reshape_groups(from, to) || reshape_vector(from, to)) return;
  Lowered x = input(0);
  if (from == to) {
    define(x);
    return;
  }
  if (reshape_image(x, to)) return;
  // A vector, perhaps with axes of one element after it.
  const bool vector_shape = to.size() >= 2 && to.size() <= 3 && to[0] == from[0] &&
                            std::all_of(to.begin() + 2, to.end(), [](auto e) { return e == 1; });
  if (!vector_shape || from.empty() || x.flat)
    fail("makes {} of {}, expected a vector of each image", to_string(to), to_string(from));
  if (x.padded()) fail("reads a padded image, which only convolutions and average pools can");
  if (x.value == network::kInputImage) {
    Lowered vector = x;
    vector.flat = true;
    define(vector);
    return;
  }
  Lowered vector = x;
  vector.coded = x.coded || x.shared;
  vector.value = emit(network::Flatten{}, {vector.coded ? codes(x) : x.value});
  vector.flat = true;
  vector.shared = false;
  define(vector);
}

/// An image whose axes change places while its numbers keep their order, because it has one channel
/// or one pixel; an image that gets back an axis of size 1; or the vector that the graph reads, as
/// the image that it is.
bool Lowering::reshape_image(Lowered& x, const Dims& to) {
  const Dims& from = dims(0);
  const Dims first{from[0], x.image.channels, x.image.height, x.image.width};
  const Dims last{from[0], x.image.height, x.image.width, x.image.channels};
  const bool turns = x.image.channels == 1 || x.image.height * x.image.width == 1;
  if (x.flat && !x.coded && x.value == network::kInputImage && to == first) {
    x.flat = false;
    define(x);
    return true;
  }
  if (x.flat || to.size() != 4) return false;
  if (from.size() == 3 ? to != first : !turns || (to != first && to != last)) return false;
  x.channels_last = to != first;
  define(x);
  return true;
}

/// The reshapes around a channel shuffle: channels become two axes, which then become one again.
bool Lowering::reshape_halves(const Dims& from, const Dims& to) {
  const Lowered& open = open_input(0);
  if (from.size() == 4 && to.size() == 5 && !open.flat && !open.channels_last) {
    Lowered x = input(0);
    if (to[1] * to[2] != x.image.channels || to[3] != from[2] || to[4] != from[3]) return false;
    x.halves = {static_cast<int>(to[1]), static_cast<int>(to[2])};
    define(x);
    return true;
  }
  if (open.halves[0] == 0) return false;
  Lowered x = open;
  const auto [first, second] = x.halves;
  if (from.size() != 5 || to.size() != 4 || to[1] != x.image.channels || to[2] != from[3] ||
      to[3] != from[4])
    fail("makes {} of {}, expected an image with as many channels", to_string(to), to_string(from));
  x.halves = {0, 0};
  std::vector<int> channels;
  for (int c = 0; c < x.image.channels; ++c)
    channels.push_back(x.swapped ? c % first * second + c / first : c);
  x.swapped = false;
  define_channels(x, channels, 0);
  return true;
}

/// The reshapes around the norm of groups: [N, groups, rest], and back.
bool Lowering::reshape_groups(const Dims& from, const Dims& to) {
  const Lowered& open = open_input(0);
  if (open.grouped > 0) {
    Lowered x = open;
    const Dims image = x.flat ? Dims{from[0], x.image.size()}
                              : Dims{from[0], x.image.channels, x.image.height, x.image.width};
    if (to != image)
      fail("makes {} of {}, expected {}", to_string(to), to_string(from), to_string(image));
    x.grouped = 0;
    define(x);
    return true;
  }
  const auto next =
      std::find_if(graph_.nodes().begin(), graph_.nodes().end(), [&](const Node& node) {
        return !node.inputs.empty() && node.inputs[0] == node_->outputs[0];
      });
  if (to.size() != 3 || next == graph_.nodes().end() || next->op != "InstanceNormalization" ||
      open.channels_last)
    return false;
  Lowered x = input(0);
  const std::int64_t channels = x.flat ? x.image.size() : x.image.channels;
  if (x.padded() || to[1] < 1 || channels % to[1] != 0)
    fail("makes {} of {}, expected groups of the channels", to_string(to), to_string(from));
  x.grouped = static_cast<int>(to[1]);
  define(x);
  return true;
}

/// A vector that gets axes of one element, or loses them: an image of one pixel, channels first or
/// last, or a step on the way to one.
bool Lowering::reshape_vector(const Dims& from, const Dims& to) {
  if (!open_input(0).flat || open_input(0).value == network::kInputImage || from == to)
    return false;
  const auto ones = [](const Dims& dims, std::size_t but) {
    for (std::size_t i = 1; i < dims.size(); ++i) {
      if (i != but && dims[i] != 1) return false;
    }
    return true;
  };
  const std::size_t last = to.size() - 1;
  const bool first_axis = to.size() >= 2 && to.size() <= 4 && ones(to, 1);
  if (to.empty() || from.empty() || to[0] != from[0] ||
      (!first_axis && (last != 3 || !ones(to, 3))))
    return false;
  Lowered x = input(0);
  if (x.channels_last && x.image.size() != x.image.channels && to.size() == 4)
    fail("makes {} of a flattened image with channels last", to_string(to));
  if (to.size() == 4) {
    const bool keep = x.coded || x.shared;
    x.value = emit(network::Unflatten{}, {keep ? codes(x) : x.value});
    x.coded = keep;
    x.shared = false;
    x.flat = false;
    x.channels_last = !first_axis;
    x.image = {static_cast<int>(to[first_axis ? 1 : 3]), 1, 1};
  }
  define(x);
  return true;
}

/// One pixel that becomes as many as an image has; the product with that image does so by itself.
void Lowering::lower_expand() {
  Lowered x = input(0);
  const Dims& to = values_.dims(node_->outputs[0]);
  if (to != dims(0)) {
    if (x.flat || x.channels_last || x.padded() || x.image.height * x.image.width != 1 ||
        to.size() != 4 || to[1] != x.image.channels)
      fail("makes {} of {}, expected the pixels of an image", to_string(to), to_string(dims(0)));
    x.repeats = true;
  }
  define(x);
}

void Lowering::lower_transpose() {
  const Dims order = node_->integers("perm", {});
  if (open_input(0).halves[0] > 0) {
    Lowered halves = open_input(0);
    if (order != Dims{0, 2, 1, 3, 4} || halves.swapped)
      fail("orders axes as {}, expected two halves of the channels to change places",
           to_string(order));
    halves.swapped = true;
    define(halves);
    return;
  }
  Lowered x = input(0);
  if (!x.flat && !x.channels_last && order == Dims{0, 2, 3, 1}) {
    x.channels_last = true;
  } else if (!x.flat && x.channels_last && order == Dims{0, 3, 1, 2}) {
    x.channels_last = false;
  } else {
    fail("orders axes as {}, expected channels first or last", to_string(order));
  }
  define(x);
}

}  // namespace brownout::importing
