// SPDX-License-Identifier: Apache-2.0
// Operators that join, split and reorder channels.
#include <algorithm>
#include <numeric>

#include "sim/import/axes.hpp"
#include "sim/import/lowering.hpp"

namespace brownout::importing {

namespace {

/// The axis of the channels of an image or vector.
std::size_t channel_axis(const Lowered& x) { return x.channels_last && !x.flat ? 3 : 1; }

std::vector<int> from_to(std::int64_t first, std::int64_t count, std::int64_t step) {
  std::vector<int> channels;
  for (std::int64_t i = 0; i < count; ++i) channels.push_back(static_cast<int>(first + i * step));
  return channels;
}

}  // namespace

void Lowering::lower_concat() {
  std::vector<network::ValueIndex> parts;
  Lowered first;
  int channels = 0;
  for (std::size_t i = 0; i < node_->inputs.size(); ++i) {
    const Lowered x = input(i);
    if (i == 0) first = x;
    const std::size_t rank = dims(i).size();
    if (axis_of(node_->integer("axis", 1), rank, node_->place) != channel_axis(x) ||
        x.flat != first.flat || x.channels_last != first.channels_last ||
        (x.flat && x.channels_last))
      fail("joins {} along axis {}, expected channels", to_string(dims(i)),
           node_->integer("axis", 1));
    if (x.padded()) fail("reads a padded image, which only convolutions and average pools can");
    parts.push_back(codes(x));
    channels += x.flat ? static_cast<int>(dims(i)[1]) : x.image.channels;
  }
  if (parts.size() == 1) {
    define(first);
    return;
  }
  Lowered joined = same_form(first, emit(network::Concat{}, parts));
  joined.image.channels = channels;
  if (joined.flat) joined.image = {channels, 1, 1};
  define(joined);
}

void Lowering::define_channels(const Lowered& x, const std::vector<int>& channels,
                               std::size_t output) {
  std::vector<int> all(static_cast<std::size_t>(x.image.channels));
  std::iota(all.begin(), all.end(), 0);
  if (channels == all) {
    define_output(output, x);
    return;
  }
  if (x.padded()) fail("reads a padded image, which only convolutions and average pools can");
  network::ValueIndex source = codes(x);
  network::SelectChannels select{channels};
  // A choice of chosen channels is one choice.
  if (source != network::kInputImage) {
    const DraftNode& before = draft_.node_of(source);
    if (const auto* inner = std::get_if<network::SelectChannels>(&before.op)) {
      for (int& channel : select.channels)
        channel = inner->channels[static_cast<std::size_t>(channel)];
      source = before.inputs[0];
    }
  }
  Lowered chosen = same_form(x, emit(select, {source}));
  chosen.coded = true;
  chosen.integers = x.integers;
  chosen.grid = x.grid;
  chosen.image.channels = static_cast<int>(channels.size());
  define_output(output, chosen);
}

void Lowering::lower_slice() {
  const Lowered x = input(0);
  const std::vector<SliceRange> ranges = slice_ranges(
      dims(0), values_.setting(*node_, 1, "starts"), values_.setting(*node_, 2, "ends"),
      values_.setting(*node_, 3, "axes"), values_.setting(*node_, 4, "steps"), node_->place);
  const std::size_t axis = channel_axis(x);
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    const bool whole = ranges[i].begin == 0 && ranges[i].step == 1 && ranges[i].count == dims(0)[i];
    if (i != axis && !whole) fail("cuts axis {} of {}, expected channels", i, to_string(dims(0)));
  }
  if (x.flat && x.image.size() != x.image.channels) fail("cuts a flattened image");
  const SliceRange& range = ranges.at(axis);
  define_channels(x, from_to(range.begin, range.count, range.step), 0);
}

void Lowering::lower_split() {
  const Lowered x = input(0);
  if (axis_of(node_->integer("axis", 0), dims(0).size(), node_->place) != channel_axis(x) ||
      (x.flat && x.image.size() != x.image.channels))
    fail("splits axis {} of {}, expected channels", node_->integer("axis", 0), to_string(dims(0)));
  std::int64_t first = 0;
  for (std::size_t i = 0; i < node_->outputs.size(); ++i) {
    const std::int64_t count = values_.dims(node_->outputs[i])[channel_axis(x)];
    if (readers_.count(node_->outputs[i]) > 0) define_channels(x, from_to(first, count, 1), i);
    first += count;
  }
}

void Lowering::lower_gather() {
  const std::size_t axis = axis_of(node_->integer("axis", 0), dims(0).size(), node_->place);
  if (is_constant(1) && dims(1).empty() && dims(0)[axis] == 1) {
    const std::int64_t index = values_.constant(node_->inputs[1]).integers().at(0);
    if (index != 0 && index != -1) fail("gathers element {} of an axis of one", index);
    lower_reshape();  // which loses that axis
    return;
  }
  const Lowered x = input(0);
  if (!is_constant(1) || dims(1).size() != 1 || axis != channel_axis(x) ||
      (x.flat && x.image.size() != x.image.channels))
    fail("gathers {} of {}, expected a list of channels", to_string(dims(1)), to_string(dims(0)));
  std::vector<int> channels;
  for (std::int64_t index : values_.constant(node_->inputs[1]).integers()) {
    if (index < 0) index += x.image.channels;
    if (index < 0 || index >= x.image.channels)
      fail("gathers channel {} of {}", index, x.image.channels);
    channels.push_back(static_cast<int>(index));
  }
  define_channels(x, channels, 0);
}

}  // namespace brownout::importing
