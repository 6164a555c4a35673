// SPDX-License-Identifier: Apache-2.0
// Where the values of a batch lie in the activation memory: first fit by lifetime, and a step's
// output preferably in another bank than what the step reads.
#include <algorithm>
#include <numeric>
#include <optional>

#include "sim/base/error.hpp"
#include "sim/mapping/compile_parts.hpp"

namespace brownout::mapping {

namespace {

constexpr std::int64_t kAlignment = 8;  // a 64-bit word

/// Steps, both included.
struct Interval {
  int first = 0, last = 0;
};

struct Item {
  Region* region = nullptr;
  std::int64_t bytes = 0;  // of all slots, aligned
  std::vector<Interval> live;
  std::vector<const Region*> apart;  // placed earlier; preferably in other banks
};

bool overlap(const Item& a, const Item& b) {
  for (const Interval& x : a.live) {
    for (const Interval& y : b.live) {
      if (x.first <= y.last && y.first <= x.last) return true;
    }
  }
  return false;
}

class Layout {
 public:
  explicit Layout(const ActivationMemoryConfig& memory) : memory_(memory) {}

  /// Places all items in the order given; false when one does not fit. `end` grows to the highest
  /// byte used, fitting or not.
  bool place(const std::vector<Item*>& order, bool spread, std::int64_t* end) const {
    bool fits = true;
    for (Item* item : order) item->region->address = -1;
    for (std::size_t i = 0; i < order.size(); ++i) {
      Item& item = *order[i];
      std::vector<Interval64> taken;
      for (std::size_t j = 0; j < i; ++j) {
        if (!overlap(item, *order[j])) continue;
        const std::int64_t begin = order[j]->region->address;
        taken.push_back({begin, begin + order[j]->bytes});
      }
      std::sort(taken.begin(), taken.end(),
                [](const Interval64& a, const Interval64& b) { return a.begin < b.begin; });
      std::optional<std::int64_t> address;
      if (spread) address = in_another_bank(item, taken);
      if (!address) address = first_gap(taken, item.bytes, 0);
      item.region->address = *address;
      item.region->bank_first = static_cast<int>(*address / memory_.bank_bytes());
      item.region->bank_last = static_cast<int>(
          (*address + std::max<std::int64_t>(item.bytes, 1) - 1) / memory_.bank_bytes());
      *end = std::max(*end, *address + item.bytes);
      fits = fits && *address + item.bytes <= memory_.bytes();
    }
    return fits;
  }

 private:
  struct Interval64 {
    std::int64_t begin, end;
  };

  static std::int64_t first_gap(const std::vector<Interval64>& taken, std::int64_t bytes,
                                std::int64_t from) {
    std::int64_t address = aligned(from);
    for (const Interval64& other : taken) {
      if (address + bytes <= other.begin) break;
      address = std::max(address, aligned(other.end));
    }
    return address;
  }

  static std::int64_t aligned(std::int64_t address) {
    return (address + kAlignment - 1) / kAlignment * kAlignment;
  }

  /// The lowest gap that shares no bank with the regions from which the item should stay apart.
  std::optional<std::int64_t> in_another_bank(const Item& item,
                                              const std::vector<Interval64>& taken) const {
    for (int bank = 0; bank < memory_.banks; ++bank) {
      const std::int64_t address = first_gap(taken, item.bytes, bank * memory_.bank_bytes());
      const std::int64_t end = address + item.bytes;
      if (end > memory_.bytes()) break;
      const bool apart =
          std::all_of(item.apart.begin(), item.apart.end(), [&](const Region* other) {
            return other->address < 0 || end <= other->bank_first * memory_.bank_bytes() ||
                   address >= (other->bank_last + 1) * memory_.bank_bytes();
          });
      if (apart) return address;
    }
    return std::nullopt;
  }

  const ActivationMemoryConfig& memory_;
};

/// Bytes that are live at once in the worst step: no layout needs less.
std::pair<std::int64_t, int> peak(const std::vector<Item>& items, int steps) {
  std::pair<std::int64_t, int> worst{0, 0};
  for (int step = 0; step < steps; ++step) {
    std::int64_t bytes = 0;
    Item now;
    now.live = {{step, step}};
    for (const Item& item : items) bytes += overlap(item, now) ? item.bytes : 0;
    if (bytes > worst.first) worst = {bytes, step};
  }
  return worst;
}

std::int64_t aligned_bytes(std::int64_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

std::vector<Item> items_of(const network::Network& network, const network::Shapes& shapes,
                           Program& program) {
  const int steps = static_cast<int>(program.layers.size());
  const std::int64_t batch = program.batch;
  Table<network::ValueIndex, int> last_read(shapes.size(), 0);
  for (int s = 0; s < steps; ++s) {
    const Step& step = program.layers[s].step;
    last_read[step.input] = s;
    for (const network::ValueIndex value : step.operands) last_read[value] = s;
  }
  std::vector<Item> items;
  const auto add = [&](Region& region, std::int64_t slot_bytes, std::vector<Interval> live) {
    region.slot_bytes = slot_bytes;
    items.push_back({&region, aligned_bytes(slot_bytes * batch), std::move(live), {}});
  };
  // DMA works on these regions while others compute.
  for (Region& pixels : program.input_pixels) add(pixels, shapes[0].size(), {{0, steps - 1}});
  const network::ValueIndex logits = program.layers.back().step.output;
  for (int s = 0; s < steps; ++s) {
    const Step& step = program.layers[s].step;
    const network::ValueIndex value = step.output;
    const std::int64_t slot = shapes[value].size() * number_bytes(network, value);
    if (value == logits) {
      add(program.logits, slot, {{0, steps - 1}});
    } else {
      add(program.regions[value], slot, {{s, std::max(s, last_read[value])}});
    }
    const auto keep_apart = [&](network::ValueIndex read) {
      if (read == network::kInputImage) {
        for (const Region& pixels : program.input_pixels) items.back().apart.push_back(&pixels);
      } else {
        items.back().apart.push_back(&program.regions[read]);
      }
    };
    keep_apart(step.input);
    for (const network::ValueIndex read : step.operands) keep_apart(read);
  }
  std::int64_t staging = 0;
  std::vector<Interval> staged;
  for (int s = 0; s < steps; ++s) {
    const LayerProgram& layer = program.layers[s];
    if (!layer.staged) continue;
    staging = std::max(staging, layer.staged_shape.size() * 4);
    staged.push_back({s, s});
  }
  if (staging > 0) add(program.staging, staging, staged);
  return items;
}

}  // namespace

void place_activations(const network::Network& network, const network::Shapes& shapes,
                       const std::string& where, Program& program) {
  const ActivationMemoryConfig& memory = program.accelerator.activations;
  program.regions.assign(shapes.size(), Region{});
  std::vector<Item> items = items_of(network, shapes, program);
  std::vector<Item*> order;
  for (Item& item : items) order.push_back(&item);
  const Layout layout(memory);
  std::int64_t end = 0;
  bool fits = layout.place(order, true, &end) || layout.place(order, false, &end);
  if (!fits) {
    std::stable_sort(order.begin(), order.end(),
                     [](const Item* a, const Item* b) { return a->bytes > b->bytes; });
    end = 0;
    fits = layout.place(order, false, &end);
  }
  if (!fits) {
    const auto [bytes, step] = peak(items, static_cast<int>(program.layers.size()));
    throw InputError(
        "{}: a batch of {} needs {} bytes of activations (at least {} at layer \"{}\"), the "
        "activation memory has {} ({} KiB); raise activations.kib in {}{}",
        where, program.batch, end, bytes, program.layers[step].name, memory.bytes(), memory.kib,
        program.accelerator.place_of("activations.kib"),
        program.batch > 1 ? fmt::format(", or take fewer images at a time ({})", Field{"batch"})
                          : "");
  }
  program.regions[program.layers.back().step.output] = program.logits;
}

}  // namespace brownout::mapping
